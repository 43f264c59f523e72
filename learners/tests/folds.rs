//! Folds within the training rows: whole patients, classes in proportion, no trace of order, no leak.

use proptest::prelude::*;
use raduet_learners::tuning::{Folds, out_of_fold};
use raduet_learners::{ClassWeight, LearnError, Pipeline, Preprocess, Samples, registry};
use raduet_study::random::Stream;
use raduet_study::{ClassNames, Label};

/// Rows with random values; `of_row` holds a row's patient and class.
fn samples(of_row: &[(usize, usize)], classes: usize, seed: u64) -> Samples {
    let mut stream = Stream::new(seed, "test values", 0);
    let values = (0..of_row.len() * 3).map(|_| stream.normal()).collect();
    Samples::new(
        values,
        vec!["a".into(), "b".into(), "c".into()],
        of_row.iter().map(|(_, class)| Label(*class)).collect(),
        ClassNames::new((0..classes).map(|k| format!("class {k}"))).expect("whole test data"),
    )
    .and_then(|samples| samples.with_groups(of_row.iter().map(|(patient, _)| *patient).collect()))
    .expect("whole test data")
}

/// Patients of one class each with one to four rows.
fn cohorts() -> impl Strategy<Value = (Vec<(usize, usize)>, usize, u64)> {
    let patient = (0_usize..3, 1_usize..5);
    (
        prop::collection::vec(patient, 12..40),
        2_usize..6,
        0_u64..1000,
    )
        .prop_map(|(patients, folds, seed)| {
            // Two of every class come first, so that there are folds.
            let first = (0..6).map(|i| (i % 3, 1 + i % 2));
            let all = first.chain(patients).enumerate();
            let rows = all.flat_map(|(number, (class, rows))| {
                std::iter::repeat_n((number * 7 % 101, class), rows)
            });
            (rows.collect(), folds, seed)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn patients_stay_whole_and_classes_in_proportion((of_row, k, seed) in cohorts()) {
        let samples = samples(&of_row, 3, seed);
        let folds = Folds::new(&samples, k, 2, seed).unwrap();
        prop_assert_eq!(folds.parts().len(), 2 * k);
        for repeat in 0..2 {
            let parts = &folds.parts()[repeat * k..(repeat + 1) * k];
            let mut judged: Vec<usize> = parts.iter().flat_map(|part| part.judge.clone()).collect();
            judged.sort_unstable();
            prop_assert_eq!(judged, (0..of_row.len()).collect::<Vec<_>>());
            let mut patients: Vec<Vec<usize>> = vec![Vec::new(); 4];
            for part in parts {
                for &row in &part.judge {
                    let apart = part.learn.iter().all(|&other| of_row[other].0 != of_row[row].0);
                    prop_assert!(apart, "patient {} on both sides", of_row[row].0);
                }
                prop_assert_eq!(part.judge.len() + part.learn.len(), of_row.len());
                let mut of_part: Vec<(usize, usize)> =
                    part.judge.iter().map(|&row| of_row[row]).collect();
                of_part.sort_unstable();
                of_part.dedup();
                for (class, counts) in patients.iter_mut().enumerate() {
                    let counted = of_part.iter().filter(|(_, c)| class == 3 || *c == class);
                    counts.push(counted.count());
                }
            }
            for counts in &patients {
                let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
                prop_assert!(most - least <= 1, "{patients:?}");
            }
        }
    }

    #[test]
    fn the_order_of_rows_and_the_numbers_of_patients_leave_no_trace(
        (of_row, k, seed) in cohorts(),
    ) {
        let straight = samples(&of_row, 3, seed);
        let mut order: Vec<usize> = (0..of_row.len()).collect();
        Stream::new(seed, "test order", 0).shuffle(&mut order);
        let groups = order.iter().map(|&row| 1000 - of_row[row].0).collect();
        let turned = straight.subset(&order).with_groups(groups).unwrap();
        let expected = Folds::new(&straight, k, 1, seed).unwrap();
        let found = Folds::new(&turned, k, 1, seed).unwrap();
        for (a, b) in expected.parts().iter().zip(found.parts()) {
            let mut rows: Vec<usize> = b.judge.iter().map(|&row| order[row]).collect();
            rows.sort_unstable();
            prop_assert_eq!(&a.judge, &rows);
        }
    }
}

#[test]
fn patients_of_two_classes_are_kept_whole_too() {
    // Lesions of one patient may differ in class.
    let of_row: Vec<(usize, usize)> = (0..60)
        .map(|row| (row / 3, usize::from(row % 7 < 3)))
        .collect();
    let samples = samples(&of_row, 2, 1);
    let folds = Folds::new(&samples, 5, 1, 3).expect("whole test data");
    for part in folds.parts() {
        assert_eq!(part.judge.len(), 12);
        for &row in &part.judge {
            assert!(
                part.learn
                    .iter()
                    .all(|&other| of_row[other].0 != of_row[row].0)
            );
        }
        let positive = part.judge.iter().filter(|&&row| of_row[row].1 == 1).count();
        assert!((3..=8).contains(&positive), "{positive} of 12");
    }
}

#[test]
fn rare_classes_are_named_or_refused() {
    let mut of_row: Vec<(usize, usize)> = (0..20).map(|row| (row, 0)).collect();
    of_row.extend([(20, 1), (21, 1), (22, 1)]);
    let folds = Folds::new(&samples(&of_row, 2, 0), 5, 1, 0).expect("whole test data");
    let said: Vec<String> = folds.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("'class 1' has 3 patients for 5 folds"),
        "{said:?}"
    );
    let fewer = Folds::at_most(&samples(&of_row, 2, 0), 5, 0).expect("whole test data");
    assert_eq!((fewer.parts().len(), fewer.warnings().len()), (3, 0));
    // A single patient cannot be learned from and judged by, however many rows it has.
    of_row[21].0 = 20;
    of_row[22].0 = 20;
    let error = Folds::new(&samples(&of_row, 2, 0), 5, 1, 0).unwrap_err();
    assert!(
        matches!(&error, LearnError::Folds { found, .. } if found.contains("class 1")),
        "{error}"
    );
    for (folds, repeats) in [(1, 1), (0, 1), (24, 1), (5, 0)] {
        let refused = Folds::new(&samples(&of_row[..20], 2, 0), folds, repeats, 0);
        assert!(
            matches!(refused, Err(LearnError::Folds { .. })),
            "{folds} {repeats}"
        );
    }
}

#[test]
fn repeats_and_seeds_draw_other_folds() {
    let of_row: Vec<(usize, usize)> = (0..30).map(|row| (row, row % 2)).collect();
    let samples = samples(&of_row, 2, 0);
    let folds = |seed| Folds::new(&samples, 3, 2, seed).expect("whole test data");
    let first = folds(1);
    assert_eq!(first, folds(1));
    assert_ne!(first, folds(2));
    assert_ne!(first.parts()[0].judge, first.parts()[3].judge);
}

/// Accuracy of nearest neighbours out of fold on patients whose rows are near copies of each other and
/// whose classes were drawn: what is right beyond chance was recognised, not learned.
fn recognised(grouped: bool) -> f64 {
    let mut stream = Stream::new(5, "test patients", 0);
    let (mut values, mut labels, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for patient in 0..60 {
        let centre = [stream.normal(), stream.normal(), stream.normal()];
        let label = Label(patient % 2);
        for _ in 0..6 {
            values.extend(centre.map(|c| c + 0.01 * stream.normal()));
            labels.push(label);
            groups.push(patient);
        }
    }
    let columns = vec!["a".into(), "b".into(), "c".into()];
    let classes = ClassNames::new(["no", "yes"]).expect("whole test data");
    let mut samples =
        Samples::new(values, columns, labels.clone(), classes).expect("whole test data");
    if grouped {
        samples = samples.with_groups(groups).expect("whole test data");
    }
    let folds = Folds::new(&samples, 5, 1, 0).expect("whole test data");
    let pipeline = Pipeline::new(
        registry::find("k_neighbors").expect("whole test data"),
        Preprocess::default(),
    );
    let answers = out_of_fold(&pipeline, &samples, &folds, 0).expect("whole test data");
    let pairs = answers.chunks_exact(2).zip(&labels);
    let right = pairs.filter(|(p, label)| (p[1] > 0.5) == (label.0 == 1));
    right.count() as f64 / labels.len() as f64
}

#[test]
fn folds_by_patient_do_not_leak() {
    let (leaking, honest) = (recognised(false), recognised(true));
    assert!(leaking > 0.95, "rows of a patient on both sides: {leaking}");
    assert!(
        (honest - 0.5).abs() < 0.15,
        "whole patients held out: {honest}"
    );
}

#[test]
fn class_weights_are_sample_weights() {
    let of_row: Vec<(usize, usize)> = (0..40)
        .map(|row| (row, usize::from(row % 4 == 0)))
        .collect();
    let samples = samples(&of_row, 2, 4);
    let weights: Vec<f64> = of_row
        .iter()
        .map(|(_, class)| if *class == 1 { 2.0 } else { 2.0 / 3.0 })
        .collect();
    let entry = registry::find("logistic_regression").expect("whole test data");
    let pipeline = || Pipeline::new(entry, Preprocess::default());
    let weighed = samples
        .clone()
        .with_weights(weights.clone())
        .expect("whole test data");
    let expected = pipeline()
        .fit(&weighed, 0)
        .expect("whole test data")
        .predict_samples(&samples)
        .expect("whole test data");
    let by_class = ClassWeight::ByClass(
        [
            ("class 1".to_owned(), 2.0),
            ("class 0".to_owned(), 2.0 / 3.0),
        ]
        .into(),
    );
    for weight in [ClassWeight::Balanced, by_class] {
        let weighing = pipeline()
            .with_class_weight(Some(weight))
            .expect("whole test data");
        let found = weighing
            .fit(&samples, 0)
            .expect("whole test data")
            .predict_samples(&samples)
            .expect("whole test data");
        for (a, b) in expected.iter().flatten().zip(found.iter().flatten()) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }
    let plain = pipeline()
        .fit(&samples, 0)
        .expect("whole test data")
        .predict_samples(&samples)
        .expect("whole test data");
    assert!(
        plain.iter().zip(&expected).all(|(a, b)| a[1] < b[1]),
        "the rare class gains"
    );
}

#[test]
fn class_weights_that_cannot_be_used_are_refused() {
    let of_row: Vec<(usize, usize)> = (0..20).map(|row| (row, row % 2)).collect();
    let samples = samples(&of_row, 2, 4);
    let pipeline = |id: &str| {
        Pipeline::new(
            registry::find(id).expect("whole test data"),
            Preprocess::default(),
        )
    };
    let named =
        |class: &str, weight| Some(ClassWeight::ByClass([(class.to_owned(), weight)].into()));
    let neighbours = pipeline("k_neighbors")
        .with_class_weight(Some(ClassWeight::Balanced))
        .expect("whole test data");
    let refused = neighbours.fit(&samples, 0).unwrap_err();
    assert!(
        matches!(
            refused,
            LearnError::WeightsUnsupported {
                learner: "k_neighbors"
            }
        ),
        "{refused}"
    );
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = pipeline("decision_tree")
            .with_class_weight(named("class 0", weight))
            .err();
        assert!(
            matches!(refused, Some(LearnError::Settings { .. })),
            "{weight}"
        );
    }
    let unknown = pipeline("decision_tree")
        .with_class_weight(named("class 7", 2.0))
        .expect("whole test data");
    let refused = unknown.fit(&samples, 0).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("'class 7'; the classes are class 0, class 1"),
        "{refused}"
    );
    assert_eq!(
        unknown.settings()["class_weight"]["by_class"]["class 7"],
        2.0
    );
    assert!(pipeline("decision_tree").settings()["class_weight"].is_null());
}

#[test]
fn parameters_reach_the_learner() {
    let pipeline = Pipeline::new(
        registry::find("random_forest").expect("whole test data"),
        Preprocess::default(),
    );
    let parameters = serde_json::json!({ "n_estimators": 3 });
    let pipeline = pipeline
        .with_parameters(parameters.as_object().expect("whole test data"))
        .expect("whole test data");
    assert_eq!(pipeline.settings()["settings"]["n_estimators"], 3);
    let unknown = serde_json::json!({ "colour": 3 });
    assert!(
        pipeline
            .with_parameters(unknown.as_object().expect("whole test data"))
            .is_err()
    );
}
