//! What a pipeline goes by: nothing where nothing is, the same whatever the threads, and sums that add up.

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use common::{noise, seeded};
use raduet_learners::calibration::Method;
use raduet_learners::explain::{
    CurvePoint, Dependence, LearningCurve, Rule, choose, learning_curve, linear_shap,
    partial_dependence, permutation_importance, shap, thresholds, tree_shap,
};
use raduet_learners::tuning::{Folds, Score, out_of_fold};
use raduet_learners::{LearnError, Pipeline, Preprocess, Samples, registry};
use raduet_study::Label;

fn pipeline(id: &str) -> Pipeline {
    Pipeline::new(
        registry::find(id).expect("whole test data"),
        Preprocess::default(),
    )
}

/// Two classes told apart by the first column alone; the third never varies.
fn one_column_tells(rows: usize) -> Samples {
    let mut data = noise(rows, 4, 2, 50);
    for row in 0..rows {
        data.values[row * 4] += 3.0 * (row % 2) as f64;
        data.values[row * 4 + 2] = 7.0;
    }
    data.samples()
}

#[test]
fn importance_belongs_to_the_column_that_tells() {
    let samples = one_column_tells(120);
    for id in ["random_forest", "logistic_regression", "k_neighbors"] {
        let fitted = pipeline(id).fit(&samples, 1).unwrap();
        for score in [Score::LogLoss, Score::BalancedAccuracy, Score::MacroAuc] {
            let found = permutation_importance(&fitted, &samples, score, 5, 1).unwrap();
            let mean: Vec<f64> = found.columns.iter().map(|column| column.mean).collect();
            assert!(mean[0] > 0.25, "{id} {score:?}: {mean:?}");
            assert!(
                mean[0] > 4.0 * mean[1].max(mean[3]),
                "{id} {score:?}: {mean:?}"
            );
            // A dropped column has no say at all.
            assert_eq!(found.columns[2].repeats, [0.0; 5], "{id}");
        }
    }
}

#[test]
fn importances_do_not_depend_on_threads_or_the_order_of_rows() {
    let data = seeded(60, 4, 3, 51, 0.4);
    let mut order: Vec<usize> = (0..60).rev().collect();
    order.swap(3, 30);
    let turned = data.with_rows(&order).samples();
    let fitted = pipeline("logistic_regression")
        .fit(&data.samples(), 1)
        .unwrap();
    let on = |threads: usize, samples: &Samples| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| permutation_importance(&fitted, samples, Score::LogLoss, 3, 9).unwrap())
    };
    let one = on(1, &data.samples());
    assert_eq!(one, on(3, &data.samples()));
    assert_eq!(one, on(2, &turned));
    assert_ne!(
        one,
        permutation_importance(&fitted, &turned, Score::LogLoss, 3, 10).unwrap()
    );
    let none = permutation_importance(&fitted, &turned, Score::LogLoss, 0, 1);
    assert!(matches!(none, Err(LearnError::Samples { .. })));
}

#[test]
fn linear_values_make_the_score_and_other_learners_are_refused() {
    let samples = one_column_tells(80);
    for id in ["logistic_regression", "linear_discriminant"] {
        let calibrated = pipeline(id).with_calibration(Some(Method::Sigmoid));
        for (fitted, plain) in [
            (pipeline(id).fit(&samples, 0).unwrap(), true),
            (calibrated.fit(&samples, 0).unwrap(), false),
        ] {
            let found = linear_shap(&fitted, &samples, &samples).unwrap();
            assert_eq!((found.outputs.len(), found.columns.len()), (1, 4), "{id}");
            let answers = fitted.predict_samples(&samples).unwrap();
            for (row, answer) in found.values.chunks_exact(4).zip(&answers) {
                let score = found.base[0] + row.iter().sum::<f64>();
                let p = 1.0 / (1.0 + (-score).exp());
                assert!(
                    !plain || (p - answer[1]).abs() < 1e-9,
                    "{id}: {p} {answer:?}"
                );
                assert_eq!(
                    row[2].to_bits(),
                    0.0_f64.to_bits(),
                    "{id}: a dropped column"
                );
            }
            // Over the background they average to nothing.
            let mean = found.values.iter().step_by(4).sum::<f64>() / 80.0;
            assert!(mean.abs() < 1e-9, "{id}: {mean}");
        }
    }
    let tree = pipeline("decision_tree").fit(&samples, 0).unwrap();
    assert!(matches!(
        linear_shap(&tree, &samples, &samples),
        Err(LearnError::Samples { .. })
    ));
}

#[test]
fn dependence_rises_with_what_tells_and_is_flat_elsewhere() {
    let samples = one_column_tells(120);
    let fitted = pipeline("logistic_regression").fit(&samples, 1).unwrap();
    let settings = Dependence {
        individual: true,
        ..Dependence::default()
    };
    let curve = partial_dependence(&fitted, &samples, "f0", &settings).unwrap();
    assert_eq!((curve.grid.len(), curve.average.len()), (20, 20));
    assert!(curve.average.windows(2).all(|pair| pair[0][1] < pair[1][1]));
    let rows = curve.individual.unwrap();
    for (at, mean) in curve.average.iter().enumerate() {
        let of_rows = rows.iter().map(|row| row[at][1]).sum::<f64>() / 120.0;
        assert!((of_rows - mean[1]).abs() < 1e-12);
    }
    let flat = partial_dependence(&fitted, &samples, "f2", &Dependence::default()).unwrap();
    assert_eq!(flat.grid, [7.0], "a column of one value has one point");
    let missing = partial_dependence(&fitted, &samples, "f9", &settings);
    assert!(matches!(missing, Err(LearnError::Columns { .. })));
    for (resolution, quantiles) in [(1, (0.05, 0.95)), (5, (0.9, 0.1)), (5, (-0.1, 1.0))] {
        let bad = Dependence {
            grid_resolution: resolution,
            quantiles,
            individual: false,
        };
        assert!(partial_dependence(&fitted, &samples, "f0", &bad).is_err());
    }
}

#[test]
fn a_curve_grows_by_whole_patients_and_ends_in_cross_validation() {
    let data = seeded(120, 3, 2, 52, 0.4);
    let groups: Vec<usize> = (0..120).map(|row| row / 4 * 2 + row % 2).collect();
    let samples = data.samples().with_groups(groups).unwrap();
    let settings = LearningCurve {
        folds: 4,
        ..LearningCurve::default()
    };
    let curve = learning_curve(&pipeline("gaussian_nb"), &samples, &settings, 3).unwrap();
    assert_eq!(curve.len(), 5);
    for point in &curve {
        let expected = (point.share * 45.0).ceil();
        for &patients in &point.patients {
            assert!(
                (patients as f64 - expected).abs() <= 1.0,
                "{patients} of {expected}"
            );
        }
        assert!(point.failures.is_empty(), "{:?}", point.failures);
    }
    let means: Vec<f64> = curve
        .iter()
        .map(|point| CurvePoint::summary(&point.held_out).0)
        .collect();
    assert!(means[4] < means[0], "more patients help here: {means:?}");
    assert!(
        curve
            .iter()
            .all(|p| CurvePoint::summary(&p.learned).0 <= CurvePoint::summary(&p.held_out).0)
    );
    // All patients: plain cross-validation, by hand from answers out of fold.
    let folds = Folds::new(&samples.clone(), 4, 1, 3).unwrap();
    let answers = out_of_fold(&pipeline("gaussian_nb"), &samples, &folds, 3).unwrap();
    for (part, found) in folds.parts().iter().zip(&curve[4].held_out) {
        let patients = |rows: &[usize]| {
            let mut all: Vec<usize> = rows
                .iter()
                .map(|&row| samples.groups().unwrap()[row])
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let floor = 1.0 / (patients(&part.learn).len() as f64 + 2.0);
        let judged = patients(&part.judge);
        let losses = judged.iter().map(|patient| {
            let of: Vec<usize> = (0..120)
                .filter(|&row| samples.groups().unwrap()[row] == *patient)
                .collect();
            let class = samples.labels()[of[0]].0;
            let p = of.iter().map(|&row| answers[row * 2 + class]).sum::<f64>() / of.len() as f64;
            -p.max(floor).ln()
        });
        let hand = losses.sum::<f64>() / judged.len() as f64;
        assert!((hand - found).abs() < 1e-9, "{found} by hand {hand}");
    }
    let bad = LearningCurve {
        shares: vec![0.0],
        ..settings
    };
    assert!(learning_curve(&pipeline("gaussian_nb"), &samples, &bad, 3).is_err());
}

#[test]
fn cuts_are_the_best_of_all() {
    // Every rule against all cuts tried one by one.
    let scores: Vec<f64> = (0..60_u32).map(|i| f64::from(i * 37 % 60) / 60.0).collect();
    let positive: Vec<bool> = (0..60)
        .map(|i| (i * 37 % 60) + (i * 11 % 23) > 55)
        .collect();
    let count = |at: f64, side: bool| {
        let pairs = scores
            .iter()
            .zip(&positive)
            .filter(|(s, p)| **s >= at && **p == side);
        pairs.count() as f64
    };
    let (all_p, all_n) = (count(0.0, true), count(0.0, false));
    let best = |of: &dyn Fn(f64, f64) -> f64| {
        let cuts = (0..60).map(|i| f64::from(i) / 60.0);
        cuts.map(|at| of(count(at, true), count(at, false)))
            .fold(f64::NEG_INFINITY, f64::max)
    };
    let youden = choose(Rule::Youden, &scores, &positive).unwrap();
    let expected = best(&|tp, fp| tp / all_p - fp / all_n);
    assert!((youden.chosen.sensitivity + youden.chosen.specificity - 1.0 - expected).abs() < 1e-12);
    assert!(youden.gain() >= 0.0);
    let f1 = choose(Rule::F1, &scores, &positive).unwrap();
    let expected = best(&|tp, fp| 2.0 * tp / (tp + fp + all_p));
    assert!((f1.chosen.f1 - expected).abs() < 1e-12);
    for least in [0.0, 0.5, 0.8, 1.0] {
        let found = choose(Rule::Sensitivity(least), &scores, &positive)
            .unwrap()
            .chosen;
        let expected = best(&|tp, fp| {
            if tp / all_p >= least {
                1.0 - fp / all_n
            } else {
                -1.0
            }
        });
        assert!(found.sensitivity >= least && (found.specificity - expected).abs() < 1e-12);
    }
    for bad in [f64::NAN, -0.1, 1.5] {
        assert!(choose(Rule::Sensitivity(bad), &scores, &positive).is_err());
        let mut scores = scores.clone();
        scores[3] = bad;
        assert!(choose(Rule::Youden, &scores, &positive).is_err());
    }
    assert!(choose(Rule::Youden, &scores, &[true; 60]).is_err());
    assert!(choose(Rule::Youden, &scores, &positive[1..]).is_err());
}

#[test]
fn cuts_come_from_answers_out_of_fold() {
    // A tree answers its own training rows with 0 and 1: a cut chosen on them would know everything.
    let mut data = noise(120, 4, 2, 53);
    data.labels = (0..120)
        .map(|row| Label(usize::from(row % 4 == 0)))
        .collect();
    let samples = data.samples();
    let found = thresholds(&pipeline("decision_tree"), &samples, &[Rule::Youden], 5, 1).unwrap();
    let index = found[0].chosen.sensitivity + found[0].chosen.specificity - 1.0;
    assert!(index < 0.4, "noise stays noise: {index}");
    let three = noise(60, 3, 3, 54).samples();
    assert!(thresholds(&pipeline("decision_tree"), &three, &[Rule::F1], 5, 1).is_err());
}

/// Contributions of trees through a whole pipeline: of undefined values, a constant column, duplicates and a scale.
#[test]
fn contributions_of_trees_and_their_base_make_the_answer() {
    let mut data = seeded(90, 5, 3, 61, 0.8);
    for row in 0..90 {
        data.values[row * 5 + 1] = 4.0;
        data.values[row * 5 + 4] = 3.0 * data.values[row * 5] - 1.0;
        if row % 8 == 0 {
            data.values[row * 5 + 2] = f64::NAN;
        }
    }
    let steps = r#"{"undefined": "median", "add_indicator": true, "duplicates": "drop", "scaling": "robust"}"#;
    let steps: Preprocess = serde_json::from_str(steps).unwrap();
    let binary = {
        let mut two = data.with_rows(&(0..90).filter(|row| row % 3 < 2).collect::<Vec<_>>());
        two.classes = raduet_study::ClassNames::new(["stage 0", "stage 1"]).unwrap();
        two
    };
    for (id, scores) in [
        ("decision_tree", false),
        ("random_forest", false),
        ("extra_trees", false),
        ("gradient_boosting", true),
        ("hist_gradient_boosting", true),
    ] {
        for data in [&data, &binary] {
            let samples = data.samples();
            let entry = registry::find(id).unwrap();
            let fitted = Pipeline::new(entry, steps.clone())
                .fit(&samples, 3)
                .unwrap();
            let few = samples.subset(&[0, 1, 2, 8, 16, 33]);
            let found = tree_shap(&fitted, &few).unwrap();
            let named = shap(&fitted, &samples, &few).unwrap();
            assert_eq!(
                (&named.base, &named.values),
                (&found.expected, &found.values)
            );
            assert_eq!(named.columns, fitted.columns());
            let (p, count) = (fitted.columns().len(), found.outputs.len());
            let sums: Vec<f64> = found
                .values
                .chunks_exact(p)
                .enumerate()
                .map(|(at, row)| found.expected[at % count] + row.iter().sum::<f64>())
                .collect();
            let answers = fitted.predict_samples(&few).unwrap();
            for (sums, answer) in sums.chunks_exact(count).zip(&answers) {
                let exponentials: Vec<f64> = match sums {
                    [score] => vec![1.0, score.exp()],
                    scores => scores.iter().map(|score| score.exp()).collect(),
                };
                let total: f64 = exponentials.iter().sum();
                for (k, p) in answer.iter().enumerate() {
                    let from = if scores {
                        exponentials[k] / total
                    } else {
                        sums[k]
                    };
                    assert!((from - p).abs() < 1e-9, "{id}: {from} {p}");
                }
            }
            // Dropped columns have no say, the others together do.
            for row in found.values.chunks_exact(p) {
                assert_eq!(row[1].to_bits(), 0.0_f64.to_bits(), "{id}");
                assert_eq!(row[4].to_bits(), 0.0_f64.to_bits(), "{id}");
            }
            let sizes = named.mean_absolute();
            assert!(
                sizes[0] > 0.01 && sizes.len() == count * p,
                "{id}: {sizes:?}"
            );
        }
    }
    let fitted = pipeline("k_neighbors")
        .fit(&one_column_tells(40), 1)
        .unwrap();
    let refused = shap(&fitted, &one_column_tells(40), &one_column_tells(40));
    assert!(matches!(refused, Err(LearnError::Samples { .. })));
}
