//! Calibrated pipelines: made from answers out of fold, saved, checked, and better where it matters.

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use common::{Data, noise, saved, seeded};
use raduet_learners::calibration::{FittedCalibration, Method};
use raduet_learners::tuning::{Folds, out_of_fold};
use raduet_learners::{FittedPipeline, LearnError, Pipeline, Preprocess, registry};
use raduet_study::Label;

const METHODS: [Method; 3] = [Method::Sigmoid, Method::Isotonic, Method::Temperature];

fn pipeline(id: &str) -> Pipeline {
    Pipeline::new(
        registry::find(id).expect("whole test data"),
        Preprocess::default(),
    )
}

/// Mean squared distance from certainty about the true class. Isotonic maps end in 0 and 1, on which a
/// log loss is infinite.
fn brier(probabilities: &[Vec<f64>], labels: &[Label]) -> f64 {
    let pairs = probabilities.iter().zip(labels);
    let sum: f64 = pairs.map(|(p, label)| (1.0 - p[label.0]).powi(2)).sum();
    sum / labels.len() as f64
}

#[test]
fn a_calibrated_pipeline_is_its_parts() {
    let data = seeded(90, 4, 3, 21, 0.5);
    let samples = data.samples();
    for method in METHODS {
        let whole = pipeline("gaussian_nb").with_calibration(Some(method));
        assert_eq!(
            whole.settings()["calibration"],
            serde_json::to_value(method).expect("whole test data")
        );
        let found = whole
            .fit(&samples, 5)
            .expect("whole test data")
            .predict_samples(&samples)
            .expect("whole test data");
        let plain = pipeline("gaussian_nb");
        let folds = Folds::at_most(&samples, 5, 5).expect("whole test data");
        let answers = out_of_fold(&plain, &samples, &folds, 5).expect("whole test data");
        let map = FittedCalibration::fit(method, &answers, samples.labels(), &[1.0; 90], 3)
            .expect("whole test data");
        let mut expected = plain
            .fit(&samples, 5)
            .expect("whole test data")
            .predict_samples(&samples)
            .expect("whole test data")
            .concat();
        map.apply(&mut expected);
        for (a, b) in found.iter().flatten().zip(&expected) {
            assert!((a - b).abs() < 1e-9, "{method:?}: {a} {b}");
        }
    }
}

#[test]
fn calibration_mends_probabilities_that_are_too_sure() {
    // Each column four times over: naive Bayes counts the evidence four times.
    let once = seeded(400, 3, 2, 22, 0.3);
    let repeated: Vec<usize> = (0..12).map(|i| i % 3).collect();
    let mut data = once.with_columns(&repeated);
    data.columns = (0..12).map(|i| format!("f{i}")).collect();
    let (train, test): (Vec<usize>, Vec<usize>) = (0..400).partition(|row| row % 4 < 2);
    let (train, test) = (data.with_rows(&train), data.with_rows(&test));
    let score = |method| {
        let fitted = pipeline("gaussian_nb")
            .with_calibration(method)
            .fit(&train.samples(), 1);
        brier(
            &test.predict(&fitted.expect("whole test data")),
            &test.labels,
        )
    };
    let plain = score(None);
    for method in METHODS {
        let calibrated = score(Some(method));
        assert!(
            calibrated < plain - 0.01,
            "{method:?}: {calibrated} against {plain}"
        );
    }
}

#[test]
fn a_temperature_keeps_the_most_probable_class() {
    let data = seeded(90, 4, 3, 23, 0.3);
    let best = |p: &Vec<f64>| (0..3).fold(0, |best, k| if p[k] > p[best] { k } else { best });
    let of = |method| {
        let fitted = pipeline("logistic_regression")
            .with_calibration(method)
            .fit(&data.samples(), 1);
        data.predict(&fitted.expect("whole test data"))
            .iter()
            .map(best)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(None), of(Some(Method::Temperature)));
}

fn assert_distributions(what: &str, probabilities: &[Vec<f64>]) {
    for row in probabilities {
        assert!(
            row.iter().all(|p| (0.0..=1.0).contains(p)),
            "{what}: {row:?}"
        );
        assert!(
            (row.iter().sum::<f64>() - 1.0).abs() < 1e-9,
            "{what}: {row:?}"
        );
    }
}

#[test]
fn saved_ones_predict_the_same_bits_and_hostile_ones_are_refused() {
    for method in METHODS {
        let data = noise(40, 3, 3, 24);
        let fitted = pipeline("gaussian_nb")
            .with_calibration(Some(method))
            .fit(&data.samples(), 3);
        let json = fitted
            .as_ref()
            .expect("whole test data")
            .to_json()
            .expect("whole test data");
        let read = FittedPipeline::from_json(&json).expect("whole test data");
        let expected = data.predict(&fitted.expect("whole test data"));
        assert_distributions("fresh", &expected);
        assert_eq!(expected, data.predict(&read), "{method:?}");
        assert_eq!(json, read.to_json().expect("whole test data"), "{method:?}");
        saved::mutations(&json, |what, text| match FittedPipeline::from_json(text) {
            Ok(read) => {
                let rows: Vec<usize> = (0..40).collect();
                if let Ok(answer) = read.predict_proba(&data.table(), &rows) {
                    assert_distributions(&format!("{method:?}: {what}"), &answer);
                }
            }
            Err(error) => assert!(matches!(error, LearnError::Saved { .. }), "{what}: {error}"),
        });
    }
}

#[test]
fn neither_threads_nor_the_order_of_rows_leave_a_trace() {
    let data = noise(60, 4, 2, 25);
    let mut order: Vec<usize> = (0..60).rev().collect();
    order.swap(4, 31);
    let turned = data.with_rows(&order);
    for method in METHODS {
        let on = |threads: usize, data: &Data| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("whole test data");
            let fit = || {
                pipeline("random_forest")
                    .with_calibration(Some(method))
                    .fit(&data.samples(), 7)
            };
            pool.install(fit)
                .expect("whole test data")
                .to_json()
                .expect("whole test data")
        };
        let one = on(1, &data);
        assert!(one == on(3, &data), "{method:?}: threads");
        assert!(one == on(2, &turned), "{method:?}: order");
    }
}

#[test]
fn a_class_absent_from_training_keeps_zeros_and_one_class_is_refused() {
    let mut data = seeded(60, 3, 2, 26, 1.0);
    data.classes = raduet_study::ClassNames::new(["a", "b", "c"]).expect("whole test data");
    for label in &mut data.labels {
        *label = Label(2 * label.0);
    }
    for method in METHODS {
        let whole = pipeline("decision_tree").with_calibration(Some(method));
        let answers = data.predict(&whole.fit(&data.samples(), 0).expect("whole test data"));
        assert_distributions("absent class", &answers);
        assert!(answers.iter().all(|p| p[1].to_bits() == 0), "{method:?}");
        let mut one = data.clone();
        one.labels = vec![Label(0); 60];
        let refused = whole.fit(&one.samples(), 0).unwrap_err();
        assert!(
            matches!(refused, LearnError::OneClass { .. }),
            "{method:?}: {refused}"
        );
    }
}
