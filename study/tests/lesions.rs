//! Targets of lesions: patients with cases of several classes.

use raduet_study::report::{Level, Report, ReportSettings};
use raduet_study::uncertainty::McNemar;
use raduet_study::{
    Arm, CaseId, CaseRecord, ClassNames, Cohort, Label, Part, PatientId, Pooling, PredictionRow,
    Predictions, SampleId, Split, StudyError,
};

fn classes() -> ClassNames {
    ClassNames::new(["benign", "malignant"]).expect("distinct names")
}

/// Thirty patients with three benign lesions each; every fifth has a malignant one beside them.
fn cases() -> Vec<CaseRecord> {
    (0..30)
        .flat_map(|patient| {
            let lesions = if patient % 5 == 0 { 4 } else { 3 };
            (0..lesions).map(move |lesion| CaseRecord {
                id: CaseId::new(format!("p{patient:02}-{lesion}")),
                patient: PatientId::new(format!("p{patient:02}")),
                sequence: None,
                site: None,
                label: Label(usize::from(lesion == 3)),
                published_part: None,
            })
        })
        .collect()
}

#[test]
fn lesions_of_one_patient_are_divided_together_and_by_the_rarest_class() {
    assert!(matches!(
        Cohort::new(classes(), cases()),
        Err(StudyError::TwoLabels { .. })
    ));
    let cohort = Cohort::of_lesions(classes(), cases()).unwrap();
    assert_eq!(cohort.mixed_patients(), 6);
    let malignant = cohort.patients().values().filter(|l| l.0 == 1).count();
    assert_eq!(malignant, 6);
    // As from a stratified grouped cross-validation: every fold tests patients who carry the rare class.
    let split = Split::folds(&cohort, 3, 0.0, 7).unwrap();
    let check = split.check(&cohort).unwrap();
    for fold in &check.folds {
        assert_eq!(fold.test, [8, 2]);
    }
    assert!(check.warnings.is_empty());
}

/// Answers on the test lesions; right where `right` says so.
fn model(name: &str, split: &Split, right: impl Fn(&CaseRecord) -> bool) -> Predictions {
    let rows = cases().into_iter().filter_map(|case| {
        let part = split.folds[0].part(&case.patient)?;
        let answer = if right(&case) {
            case.label.0
        } else {
            1 - case.label.0
        };
        let mut probabilities = vec![0.25; 2];
        probabilities[answer] = 0.75;
        (part == Part::Test).then(|| PredictionRow {
            sample: SampleId::whole(case.id.clone()),
            patient: case.patient.clone(),
            part,
            fold: 0,
            truth: case.label,
            probabilities,
        })
    });
    Predictions::new(name, Arm::Radiomics, classes(), rows.collect()).expect("distributions")
}

#[test]
fn figures_are_of_rows_with_intervals_over_patients() {
    let cohort = Cohort::of_lesions(classes(), cases()).unwrap();
    let split = Split::holdout(&cohort, 0.4, 0.0, 3).unwrap();
    let good = model("good", &split, |case| !case.id.as_str().ends_with("-1"));
    assert!(!good.has_classes_of_patients());
    assert!(good.by_patient(&Pooling::default()).is_err());
    let report = Report::new(
        "lesions",
        &cohort,
        &split,
        std::slice::from_ref(&good),
        &ReportSettings::default(),
    )
    .unwrap();
    assert!(
        report
            .warnings
            .iter()
            .any(|told| told.contains("figures of rows"))
    );
    assert!(report.test_patients < report.test_slices);
    let found = report.model("good").unwrap();
    assert_eq!(
        (found.slice.level, found.patient.level),
        (Level::Slice, Level::Patient)
    );
    for (rows, patients) in found.slice.figures.iter().zip(&found.patient.figures) {
        assert_eq!(rows.value, patients.value, "{}", rows.metric);
        assert_eq!(patients.patients, report.test_patients);
    }
    // The reference answers by the training lesions, of which few are malignant.
    let reference = report.models.last().unwrap();
    assert_eq!(reference.arm, Arm::Reference);
    let benign = reference.patient.confusion[0][0];
    assert!(benign > 0 && reference.patient.confusion[0][1] == 0);
    // An exact test over patients cannot be surer than their number allows.
    let width = found.patient_accuracy_exact.upper - found.patient_accuracy_exact.lower;
    assert!(width > 0.3, "{width}");
}

#[test]
fn mcnemar_counts_patients_however_many_rows_they_have() {
    let cohort = Cohort::of_lesions(classes(), cases()).unwrap();
    let split = Split::holdout(&cohort, 0.4, 0.0, 3).unwrap();
    let first = model("first", &split, |_| true);
    let second = model("second", &split, |case| {
        case.patient.as_str() > "p09" || case.id.as_str().ends_with("-0")
    });
    let patients = |from: &str| {
        let mut tested: Vec<&str> = first
            .rows()
            .iter()
            .map(|row| row.patient.as_str())
            .collect();
        tested.dedup();
        tested.iter().filter(|patient| **patient > from).count() as u64
    };
    let test = McNemar::of(&first, &second).unwrap();
    assert_eq!(test.only_first, patients("") - patients("p09"));
    assert_eq!(
        (test.both, test.only_second, test.neither),
        (patients("p09"), 0, 0)
    );
}
