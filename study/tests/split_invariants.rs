//! What holds for every split of every cohort.

use std::collections::BTreeMap;

use proptest::prelude::*;
use raduet_study::{
    CaseId, CaseRecord, ClassNames, Cohort, Label, Part, PatientId, SharedPatients, Split,
    StudyError,
};

/// A cohort with `counts[k]` patients of class k; patient i has 1 + i mod 3 cases.
fn cohort(counts: &[usize]) -> Cohort {
    let mut cases = Vec::new();
    let mut number = 0;
    for (k, &count) in counts.iter().enumerate() {
        for _ in 0..count {
            // Ids that do not sort by class.
            let patient = format!("p{:04}", (number * 7919) % 10_007);
            for visit in 0..=number % 3 {
                cases.push(CaseRecord {
                    id: CaseId::new(format!("{patient}_{visit}")),
                    patient: PatientId::new(&patient),
                    sequence: None,
                    site: None,
                    label: Label(k),
                    published_part: None,
                });
            }
            number += 1;
        }
    }
    let names = (0..counts.len()).map(|k| format!("class {k}"));
    let classes = ClassNames::new(names).expect("distinct names");
    Cohort::new(classes, cases).expect("distinct cases")
}

fn reversed(cohort: &Cohort) -> Cohort {
    let cases = cohort.cases().iter().rev().cloned().collect();
    Cohort::new(cohort.classes().clone(), cases).expect("the same cases")
}

/// |given − ideal| for every class.
fn distances(given: &[usize], counts: &[usize], share: f64) -> Vec<f64> {
    given
        .iter()
        .zip(counts)
        .map(|(&g, &n)| (g as f64 - share * n as f64).abs())
        .collect()
}

fn some_counts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(2_usize..60, 2..5)
}

proptest! {
    #[test]
    fn holdout_places_everyone_once_in_their_share(
        counts in some_counts(),
        test in 0.02_f64..0.5,
        valid in 0.0_f64..0.45,
        seed in any::<u64>(),
    ) {
        let cohort = cohort(&counts);
        let split = Split::holdout(&cohort, test, valid, seed).unwrap();
        prop_assert_eq!(split.folds[0].patients().count(), counts.iter().sum::<usize>());
        let check = split.check(&cohort).unwrap();
        prop_assert!(check.excluded.is_empty() && check.unknown.is_empty());
        let parts = &check.folds[0];
        prop_assert!(parts.train.iter().all(|&n| n >= 1) && parts.test.iter().all(|&n| n >= 1));
        for (given, share) in [(&parts.test, test), (&parts.valid, valid)] {
            let worst = distances(given, &counts, share).into_iter().fold(0.0, f64::max);
            prop_assert!(worst < 1.0 + 1e-9, "{given:?} of {counts:?}, share {share}");
        }
    }

    #[test]
    fn holdout_depends_on_seed_and_patients_only(counts in some_counts(), seed in any::<u64>()) {
        let cohort = cohort(&counts);
        let split = Split::holdout(&cohort, 0.2, 0.1, seed).unwrap();
        prop_assert_eq!(&split, &Split::holdout(&cohort, 0.2, 0.1, seed).unwrap());
        prop_assert_eq!(&split, &Split::holdout(&reversed(&cohort), 0.2, 0.1, seed).unwrap());
    }

    #[test]
    fn folds_test_everyone_once(
        counts in some_counts(),
        k in 2_usize..8,
        valid in 0.0_f64..0.3,
        seed in any::<u64>(),
    ) {
        let everyone: usize = counts.iter().sum();
        prop_assume!(k <= everyone);
        let cohort = cohort(&counts);
        let split = Split::folds(&cohort, k, valid, seed).unwrap();
        prop_assert_eq!(&split, &Split::folds(&reversed(&cohort), k, valid, seed).unwrap());
        prop_assert_eq!(split.folds.len(), k);
        let mut tested: BTreeMap<PatientId, usize> = BTreeMap::new();
        for fold in &split.folds {
            prop_assert_eq!(fold.patients().count(), everyone);
            for patient in fold.patients_in(Part::Test) {
                *tested.entry(patient.clone()).or_default() += 1;
            }
        }
        prop_assert_eq!(tested.len(), everyone);
        prop_assert!(tested.values().all(|&times| times == 1));
        for parts in split.check(&cohort).unwrap().folds {
            let share = 1.0 / k as f64;
            prop_assert!(distances(&parts.test, &counts, share).iter().all(|&d| d < 1.0));
            let size = parts.test.iter().sum::<usize>() as f64;
            prop_assert!((size - everyone as f64 * share).abs() < 1.0);
            prop_assert!(parts.train.iter().all(|&n| n >= 1));
        }
    }
}

#[test]
fn another_seed_makes_another_split() {
    let cohort = cohort(&[40, 30, 20]);
    let ids: Vec<String> = (0..20)
        .map(|seed| Split::holdout(&cohort, 0.2, 0.1, seed).unwrap().id())
        .collect();
    for (i, id) in ids.iter().enumerate() {
        assert!(!ids[..i].contains(id), "{ids:?}");
    }
}

/// Guards against drift: a change here changes every split that users have drawn.
#[test]
fn holdout_regression() {
    let cohort = cohort(&[6, 4]);
    let split = Split::holdout(&cohort, 0.3, 0.2, 42).unwrap();
    let test: Vec<&str> = split.folds[0]
        .patients_in(Part::Test)
        .map(PatientId::as_str)
        .collect();
    assert_eq!(
        (test, split.id().as_str()),
        (vec!["p5398", "p7919", "p9574"], "28381c1797375d47")
    );
}

#[test]
fn what_cannot_be_divided_is_refused_with_counts() {
    let text = |result: Result<Split, StudyError>| result.unwrap_err().to_string();
    let one_patient = text(Split::holdout(&cohort(&[12, 1]), 0.2, 0.1, 0));
    assert!(
        one_patient.contains("class 'class 1' has 1 patient(s) (class 0 12, class 1 1)"),
        "{one_patient}"
    );
    let one_class = text(Split::folds(&cohort(&[12, 0]), 3, 0.1, 0));
    assert!(
        one_class.contains("one class only (class 0 12, class 1 0)"),
        "{one_class}"
    );
    let too_many = text(Split::folds(&cohort(&[3, 3]), 7, 0.0, 0));
    assert!(too_many.contains("7 fold(s) for 6 patients"), "{too_many}");
    for (test, valid) in [
        (0.0, 0.1),
        (0.5, 0.5),
        (f64::NAN, 0.1),
        (0.2, -0.1),
        (0.2, f64::NAN),
    ] {
        assert!(Split::holdout(&cohort(&[9, 9]), test, valid, 0).is_err());
    }
    assert!(Split::folds(&cohort(&[9, 9]), 3, 0.7, 0).is_err());
    assert!(Split::folds(&cohort(&[9, 9]), 3, f64::NAN, 0).is_err());
}

#[test]
fn a_class_rarer_than_the_folds_is_warned_of() {
    let cohort = cohort(&[12, 2]);
    let check = Split::folds(&cohort, 3, 0.0, 1)
        .unwrap()
        .check(&cohort)
        .unwrap();
    assert_eq!(check.warnings.len(), 1);
    let warning = check.warnings[0].to_string();
    assert!(
        warning.contains("nobody of class 'class 1' in the test part"),
        "{warning}"
    );
}

/// Two sequences of three patients; `b` is trained on in one and tested in the other.
fn published_cohort() -> Cohort {
    let case = |patient: &str, sequence: &str, label: usize, part: Option<Part>| CaseRecord {
        id: CaseId::new(format!("{patient}_{sequence}")),
        patient: PatientId::new(patient),
        sequence: Some(sequence.into()),
        site: None,
        label: Label(label),
        published_part: part,
    };
    let cases = vec![
        case("a", "t1", 0, Some(Part::Train)),
        case("a", "t2", 0, None),
        case("b", "t1", 1, Some(Part::Train)),
        case("b", "t2", 1, Some(Part::Test)),
        case("c", "t1", 1, Some(Part::Train)),
        case("d", "t1", 0, Some(Part::Test)),
        case("e", "t1", 0, None),
    ];
    let classes = ClassNames::new(["mild", "severe"]).expect("distinct names");
    Cohort::new(classes, cases).expect("distinct cases")
}

#[test]
fn a_published_split_with_a_shared_patient_is_refused_or_resolved_as_told() {
    let cohort = published_cohort();
    let error = Split::published(&cohort, SharedPatients::Refuse).unwrap_err();
    assert_eq!(
        error,
        StudyError::SharedPatients {
            patients: vec![PatientId::new("b")]
        }
    );
    let part = |split: &Split, patient: &str| split.folds[0].part(&PatientId::new(patient));

    let dropped = Split::published(&cohort, SharedPatients::Drop).unwrap();
    assert_eq!(part(&dropped, "b"), None);
    assert_eq!(part(&dropped, "a"), Some(Part::Train));
    let check = dropped.check(&cohort).unwrap();
    assert_eq!(check.excluded, [PatientId::new("b"), PatientId::new("e")]);

    let strict = Split::published(&cohort, SharedPatients::KeepStrictest).unwrap();
    assert_eq!(part(&strict, "b"), Some(Part::Test));
    assert_ne!(strict.id(), dropped.id());
    assert!(strict.rule.contains("strictest"));
}

#[test]
fn a_split_that_does_not_fit_is_refused() {
    let cohort = cohort(&[6, 6]);
    let split = Split::folds(&cohort, 3, 0.0, 5).unwrap();
    let twice = Split {
        folds: vec![split.folds[0].clone(), split.folds[0].clone()],
        ..split.clone()
    };
    assert!(
        twice
            .check(&cohort)
            .unwrap_err()
            .to_string()
            .contains("tested in two folds")
    );
    let none = Split {
        folds: Vec::new(),
        ..split.clone()
    };
    assert!(none.check(&cohort).is_err());
    let only_first_class: Vec<(PatientId, Part)> = cohort
        .patients()
        .into_iter()
        .map(|(patient, label)| {
            (
                patient,
                if label.0 == 0 {
                    Part::Train
                } else {
                    Part::Test
                },
            )
        })
        .collect();
    let unlearnable = Split {
        folds: vec![raduet_study::Fold::new(only_first_class).unwrap()],
        ..split
    };
    let error = unlearnable.check(&cohort).unwrap_err().to_string();
    assert!(
        error.contains("nobody of class 'class 1' to train on (class 0 6, class 1 0)"),
        "{error}"
    );
}

#[test]
fn a_file_that_names_a_patient_twice_is_refused() {
    let good = r#"{"rule":"by hand","seed":0,"folds":[{"a":"train","b":"test"}]}"#;
    let split: Split = serde_json::from_str(good).unwrap();
    assert_eq!(serde_json::to_string(&split).unwrap(), good);
    let leak = r#"{"rule":"by hand","seed":0,"folds":[{"a":"train","b":"test","a":"test"}]}"#;
    let error = serde_json::from_str::<Split>(leak).unwrap_err().to_string();
    assert!(
        error.contains("more than one part of the split: a"),
        "{error}"
    );
}
