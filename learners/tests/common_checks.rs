//! Checks that every registered learner and back end passes, after scikit-learn's `check_estimator`.

mod chain;
mod common;
mod files;

use common::{Data, every_entry, fit, noise, saved, seeded, separable};
use raduet_learners::{LearnError, Pipeline, Preprocess, Samples, Undefined};
use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};

/// Every value's bits, so that equality means equality.
fn bits(probabilities: &[Vec<f64>]) -> Vec<u64> {
    probabilities
        .iter()
        .flatten()
        .map(|p| p.to_bits())
        .collect()
}

fn assert_distributions(id: &str, probabilities: &[Vec<f64>], classes: usize) {
    for row in probabilities {
        assert_eq!(row.len(), classes, "{id}");
        assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{id}: {row:?}");
        assert!(
            (row.iter().sum::<f64>() - 1.0).abs() < 1e-9,
            "{id}: {row:?}"
        );
    }
}

#[test]
fn probabilities_are_distributions_and_find_separable_classes() {
    every_entry(|id| {
        let data = separable(90, 6, 3, 1);
        let probabilities = data.predict(&fit(id, &data, 5));
        assert_distributions(id, &probabilities, 3);
        let hits = probabilities
            .iter()
            .zip(&data.labels)
            .filter(|(p, label)| (0..3).all(|k| p[k] <= p[label.0]));
        assert!(hits.count() >= 85, "{id}");
    });
}

#[test]
fn values_that_are_not_finite_are_refused_by_name() {
    every_entry(|id| {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut data = separable(30, 4, 2, 2);
            data.values[4 * 7 + 2] = bad;
            let error = data.try_fit(id, 0).unwrap_err();
            let named = matches!(&error, LearnError::NotFinite { column, sample, .. }
                if column == "f2" && sample == "'P7'");
            assert!(named, "{id}: {error}");
            // The learner itself, without a pipeline before it.
            let learner = raduet_learners::registry::find(id).unwrap().make();
            let answer = learner.fit(&data.samples(), 0);
            if bad.is_nan() && learner.reads_undefined() {
                assert!(answer.is_ok(), "{id}: {:?}", answer.err());
            } else {
                let refused = answer.err();
                let named = matches!(&refused, Some(LearnError::NotFinite { column, .. })
                    if column == "f2");
                assert!(named, "{id}: {refused:?}");
            }
            // At prediction.
            let fitted = fit(id, &separable(30, 4, 2, 2), 0);
            let error = fitted.predict_proba(&data.table(), &[0, 7]).unwrap_err();
            assert!(
                matches!(&error, LearnError::NotFinite { column, sample, .. }
                if column == "f2" && sample == "'P7'"),
                "{id}: {error}"
            );
            assert!(fitted.predict_proba(&data.table(), &[0, 6]).is_ok(), "{id}");
        }
    });
}

#[test]
fn undefined_values_may_be_replaced_by_medians() {
    every_entry(|id| {
        let mut data = separable(40, 4, 2, 3);
        for row in 0..9 {
            data.values[row * 4 * 4 + 1] = f64::NAN;
        }
        let preprocess = Preprocess {
            undefined: Undefined::Median,
            ..Preprocess::default()
        };
        let pipeline = Pipeline::new(raduet_learners::registry::find(id).unwrap(), preprocess);
        let fitted = pipeline.fit(&data.samples(), 0).unwrap();
        assert_distributions(id, &data.predict(&fitted), 2);
    });
}

#[test]
fn very_few_rows_work_or_are_refused_by_type() {
    every_entry(|id| {
        for rows in 0..=5 {
            let data = separable(rows, 3, 2, 4);
            match data.try_fit(id, 0) {
                Ok(fitted) => assert_distributions(id, &data.predict(&fitted), 2),
                Err(error) => assert!(
                    matches!(
                        error,
                        LearnError::TooFewRows { .. }
                            | LearnError::OneClass { .. }
                            | LearnError::NoColumns { .. }
                            | LearnError::RankDeficient { .. }
                            | LearnError::Backend { .. }
                    ),
                    "{id}, {rows} rows: {error}"
                ),
            }
            // The bare learner as well: no pipeline catches anything for it.
            let entry = raduet_learners::registry::find(id).unwrap();
            if let Ok(model) = entry.make().fit(&data.samples(), 0) {
                let answer = model.predict_proba(&data.values, rows);
                assert_eq!(answer.len(), rows * 2, "{id}");
                assert!(answer.iter().all(|p| p.is_finite()), "{id}, {rows} rows");
            }
        }
    });
}

/// The learner that refuses columns that depend on each other, as scikit-learn's does.
const INVERTS_COVARIANCES: &str = "quadratic_discriminant";

#[test]
fn one_column_constant_columns_and_doubled_columns_are_fine() {
    every_entry(|id| {
        let one = separable(40, 1, 2, 5);
        assert_distributions(id, &one.predict(&fit(id, &one, 0)), 2);
        let mut constant = separable(40, 3, 2, 6);
        for row in 0..40 {
            constant.values[row * 3 + 1] = 7.25;
        }
        let fitted = fit(id, &constant, 0);
        assert_eq!(fitted.warnings().len(), 1, "{id}");
        assert_eq!(fitted.warnings()[0].column, "f1", "{id}");
        assert_distributions(id, &constant.predict(&fitted), 2);
        // Without a pipeline the learner meets the constant column itself.
        let entry = raduet_learners::registry::find(id).unwrap();
        let bare = entry.make().fit(&constant.samples(), 0);
        if id == INVERTS_COVARIANCES {
            assert!(matches!(bare.err(), Some(LearnError::RankDeficient { .. })));
        } else {
            let answer = bare.unwrap().predict_proba(&constant.values, 40);
            assert!(answer.iter().all(|p| (0.0..=1.0).contains(p)), "{id}");
        }
        let mut doubled = separable(40, 4, 2, 7);
        for row in 0..40 {
            doubled.values[row * 4 + 3] = doubled.values[row * 4];
        }
        match doubled.try_fit(id, 0) {
            Ok(fitted) => assert_distributions(id, &doubled.predict(&fitted), 2),
            Err(error) => assert!(
                id == INVERTS_COVARIANCES && matches!(error, LearnError::RankDeficient { .. }),
                "{id}: {error}"
            ),
        }
    });
}

#[test]
fn columns_are_matched_by_name() {
    every_entry(|id| {
        let data = separable(40, 5, 2, 8);
        let fitted = fit(id, &data, 0);
        let expected = bits(&data.predict(&fitted));
        let turned = data.with_columns(&[3, 0, 4, 2, 1]);
        let rows: Vec<usize> = (0..40).collect();
        let answer = fitted.predict_proba(&turned.table(), &rows).unwrap();
        assert_eq!(bits(&answer), expected, "{id}");
        let fewer = data.with_columns(&[0, 1, 2, 4]);
        let error = fitted.predict_proba(&fewer.table(), &rows).unwrap_err();
        assert!(
            matches!(&error, LearnError::Columns { missing, unknown }
            if missing == &["f3"] && unknown.is_empty()),
            "{id}: {error}"
        );
        let mut renamed = data.clone();
        renamed.columns[1] = "other".into();
        let error = fitted.predict_proba(&renamed.table(), &rows).unwrap_err();
        assert!(
            matches!(&error, LearnError::Columns { missing, unknown }
            if missing == &["f1"] && unknown == &["other"]),
            "{id}: {error}"
        );
        let outside = fitted.predict_proba(&data.table(), &[40]).unwrap_err();
        assert_eq!(
            outside,
            LearnError::Row {
                found: 40,
                rows: 40
            },
            "{id}"
        );
    });
}

#[test]
fn one_class_works_or_is_refused_by_type() {
    every_entry(|id| {
        let mut data = separable(20, 3, 2, 9);
        data.labels = vec![Label(1); 20];
        match data.try_fit(id, 0) {
            Ok(fitted) => {
                for row in data.predict(&fitted) {
                    assert_eq!(row, [0.0, 1.0], "{id}");
                }
            }
            Err(error) => {
                assert!(
                    matches!(&error, LearnError::OneClass { class, .. } if class == "stage 1"),
                    "{id}: {error}"
                );
            }
        }
    });
}

#[test]
fn a_class_absent_from_training_keeps_a_column_of_zeros() {
    every_entry(|id| {
        for absent in 0..3 {
            let mut data = separable(60, 4, 2, 10);
            data.classes = ClassNames::new(["mild", "moderate", "severe"]).unwrap();
            for label in &mut data.labels {
                *label = Label((0..3).filter(|k| *k != absent).nth(label.0).unwrap());
            }
            let probabilities = data.predict(&fit(id, &data, 0));
            assert_distributions(id, &probabilities, 3);
            for row in &probabilities {
                assert_eq!(row[absent].to_bits(), 0.0_f64.to_bits(), "{id}: {row:?}");
            }
        }
    });
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads_and_every_time() {
    every_entry(|id| {
        let data = noise(60, 5, 3, 11);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let fitted = fit(id, &data, 17);
                (fitted.to_json().unwrap(), bits(&data.predict(&fitted)))
            })
        };
        let one = on(1);
        assert!(one == on(2) && one == on(3), "{id}: threads leave a trace");
        assert!(one == on(1), "{id}: the second fit differs from the first");
    });
}

#[test]
fn the_order_of_rows_leaves_no_trace() {
    every_entry(|id| {
        let data = noise(60, 5, 3, 13);
        let mut order: Vec<usize> = (0..60).collect();
        order.reverse();
        order.swap(3, 40);
        order.rotate_left(11);
        let other = data.with_rows(&order);
        let expected = data.predict(&fit(id, &data, 2));
        let found = data.predict(&fit(id, &other, 2));
        for (a, b) in expected.iter().flatten().zip(found.iter().flatten()) {
            assert!((a - b).abs() <= 1e-12, "{id}: {a} {b}");
        }
    });
}

#[test]
fn trees_do_not_depend_on_the_scale_of_a_column() {
    // Bare learners: a pipeline would bring every scale to the same before they see it.
    for id in [
        "decision_tree",
        "random_forest",
        "extra_trees",
        "gradient_boosting",
        "hist_gradient_boosting",
        "random_forest:smartcore",
    ] {
        let data = noise(80, 6, 3, 14);
        let structure = |data: &Data| {
            let entry = raduet_learners::registry::find(id).unwrap();
            let model = entry.make().fit(&data.samples(), 4).unwrap();
            let answer = model.predict_proba(&data.values, 80);
            let text = serde_json::to_value(model.to_saved()).unwrap();
            (saved::links(&text), answer)
        };
        let (links, answer) = structure(&data);
        assert!(!links.is_empty());
        for scale in [1e-6, 1e6] {
            let mut scaled = data.clone();
            for (at, value) in scaled.values.iter_mut().enumerate() {
                if at % 6 < 3 {
                    *value *= scale;
                }
            }
            let (scaled_links, scaled_answer) = structure(&scaled);
            assert!(links == scaled_links, "{id}, scale {scale}: another tree");
            assert_eq!(answer, scaled_answer, "{id}, scale {scale}");
        }
    }
}

#[test]
fn labels_without_meaning_are_not_predicted() {
    every_entry(|id| {
        // Mean over tables, since one small table's area scatters by more than the tolerance.
        let areas: Vec<f64> = (0..10)
            .map(|number| {
                let data = noise(240, 5, 2, 100 + number);
                let (train, test): (Vec<usize>, Vec<usize>) = (0..240).partition(|i| i % 4 < 2);
                let fitted = fit(id, &data.with_rows(&train), number);
                let test = data.with_rows(&test);
                let positive: Vec<f64> = test.predict(&fitted).iter().map(|p| p[1]).collect();
                area_under_curve(&positive, &test.labels)
            })
            .collect();
        let mean = areas.iter().sum::<f64>() / areas.len() as f64;
        assert!((mean - 0.5).abs() < 0.1, "{id}: {mean} of {areas:?}");
    });
}

/// Share of (positive, negative) pairs in the right order, ties half.
fn area_under_curve(scores: &[f64], labels: &[Label]) -> f64 {
    let of = |class| {
        let rows = scores.iter().zip(labels).filter(move |(_, l)| l.0 == class);
        rows.map(|(s, _)| *s).collect::<Vec<f64>>()
    };
    let (positives, negatives) = (of(1), of(0));
    let mut sum = 0.0;
    for p in &positives {
        for n in &negatives {
            sum += if p > n {
                1.0
            } else if p < n {
                0.0
            } else {
                0.5
            };
        }
    }
    sum / (positives.len() * negatives.len()) as f64
}

#[test]
fn weights_count_as_repetitions_or_are_refused() {
    every_entry(|id| {
        let data = noise(40, 3, 2, 15);
        let weights: Vec<f64> = (0..40).map(|i| f64::from(1 + i % 3)).collect();
        let entry = raduet_learners::registry::find(id).unwrap();
        let weighted = data.samples().with_weights(weights.clone()).unwrap();
        let model = match entry.make().fit(&weighted, 0) {
            Ok(model) => model,
            Err(error) => {
                assert!(
                    matches!(error, LearnError::WeightsUnsupported { .. }),
                    "{id}: {error}"
                );
                return;
            }
        };
        let others = [
            "random_forest",
            "extra_trees",
            "gaussian_nb",
            "svc",
            "hist_gradient_boosting",
        ];
        if others.contains(&id) {
            // A forest draws among other rows, and extra trees grow until single rows are left, with other
            // draws where there are more; naive Bayes smooths by unweighted variances; a machine is
            // calibrated on folds, and repetitions of a row fall into several; the leaves of histogram
            // boosting need so many rows, whatever these weigh.
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "1, 2 or 3"
        )]
        let repeated: Vec<usize> = (0..40)
            .flat_map(|i| std::iter::repeat_n(i, weights[i] as usize))
            .collect();
        let repeated = data.with_rows(&repeated);
        let table = Samples::new(
            repeated.values.clone(),
            repeated.columns.clone(),
            repeated.labels.clone(),
            repeated.classes.clone(),
        );
        let expected = entry.make().fit(&table.unwrap(), 0).unwrap();
        let answers = model.predict_proba(&data.values, 40);
        for (a, b) in answers.iter().zip(expected.predict_proba(&data.values, 40)) {
            assert!((a - b).abs() < 1e-6, "{id}: {a} {b}");
        }
    });
}

#[test]
fn a_table_whose_samples_have_text_classes_and_slices_is_fine() {
    every_entry(|id| {
        let data = seeded(24, 2, 2, 17, 3.0);
        let ids = (0..24_u32).map(|i| SampleId::slice(CaseId::new("Ä case, with comma"), i));
        let table = FeatureTable::new(ids.collect(), data.columns.clone(), data.values.clone());
        let classes = ClassNames::new(["gering = leicht", "schwer, «3»"]).unwrap();
        let rows: Vec<usize> = (0..24).rev().collect();
        let labels: Vec<Label> = rows.iter().map(|&row| data.labels[row]).collect();
        let pipeline = Pipeline::new(
            raduet_learners::registry::find(id).unwrap(),
            Preprocess::default(),
        );
        let table = table.unwrap();
        let fitted = pipeline
            .fit_table(&table, &rows, &labels, &classes, 0)
            .unwrap();
        assert_eq!(fitted.classes(), &classes, "{id}");
        assert_distributions(id, &fitted.predict_proba(&table, &rows).unwrap(), 2);
    });
}
