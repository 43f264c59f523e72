//! What a report holds, and what it refuses.

use raduet_study::metrics::METRICS;
use raduet_study::random::Stream;
use raduet_study::report::{Level, Report, ReportSettings, common_samples};
use raduet_study::uncertainty::Bootstrap;
use raduet_study::{
    Arm, CaseId, CaseRecord, ClassNames, Cohort, Label, Part, PatientId, PredictionRow,
    Predictions, SampleId, Split, StudyError,
};

/// 24 mild, 18 moderate and 12 severe patients, one case each.
fn cohort() -> Cohort {
    let cases = (0..54)
        .map(|i| CaseRecord {
            id: CaseId::new(format!("case {i:02}")),
            patient: PatientId::new(format!("patient {i:02}")),
            sequence: None,
            site: None,
            label: Label(usize::from(i >= 24) + usize::from(i >= 42)),
            published_part: None,
        })
        .collect();
    let classes = ClassNames::new(["mild", "moderate", "severe"]).expect("three names");
    Cohort::new(classes, cases).expect("distinct cases")
}

fn settings() -> ReportSettings {
    ReportSettings {
        bootstrap: Bootstrap {
            resamples: 200,
            ..Bootstrap::default()
        },
        ..ReportSettings::default()
    }
}

/// How sure a model is of the truth on the validation and on the test part, 0 for a guess.
#[derive(Clone, Copy)]
struct Skill {
    valid: f64,
    test: f64,
}

/// Answers on the validation and test slices (two to four a patient) of every fold.
fn model(name: &str, arm: Arm, cohort: &Cohort, split: &Split, skill: Skill) -> Predictions {
    let mut rows = Vec::new();
    for (index, fold) in split.folds.iter().enumerate() {
        for (number, case) in cohort.cases().iter().enumerate() {
            let part = fold.part(&case.patient).expect("everyone is placed");
            let skill = match part {
                Part::Train => continue,
                Part::Valid => skill.valid,
                Part::Test => skill.test,
            };
            let mut stream = Stream::new(5, name, number as u64);
            for slice in 0..2 + u32::try_from(number % 3).expect("a few") {
                let mut raw: Vec<f64> = (0..3).map(|_| stream.unit()).collect();
                raw[case.label.0] += skill;
                let sum: f64 = raw.iter().sum();
                rows.push(PredictionRow {
                    sample: SampleId::slice(case.id.clone(), slice),
                    patient: case.patient.clone(),
                    part,
                    fold: index,
                    truth: case.label,
                    probabilities: raw.iter().map(|v| v / sum).collect(),
                });
            }
        }
    }
    Predictions::new(name, arm, cohort.classes().clone(), rows).expect("probabilities")
}

fn with_rows(like: &Predictions, rows: Vec<PredictionRow>) -> Predictions {
    Predictions::new(like.model(), like.arm(), like.classes().clone(), rows).expect("probabilities")
}

const STRONG: Skill = Skill {
    valid: 2.0,
    test: 0.4,
};
const WEAK: Skill = Skill {
    valid: 0.1,
    test: 0.1,
};
const DECEPTIVE: Skill = Skill {
    valid: 0.0,
    test: 3.0,
};

struct Study {
    cohort: Cohort,
    split: Split,
    models: Vec<Predictions>,
}

impl Study {
    fn report(&self) -> Result<Report, StudyError> {
        Report::new(
            "phantoms",
            &self.cohort,
            &self.split,
            &self.models,
            &settings(),
        )
    }
}

/// Two networks and two learners; the second network is better on the test part only.
fn study() -> Study {
    let cohort = cohort();
    let split = Split::holdout(&cohort, 0.4, 0.2, 3).expect("a split");
    let make = |name, arm, skill| model(name, arm, &cohort, &split, skill);
    let models = vec![
        make("network", Arm::Deep, STRONG),
        make("lucky network", Arm::Deep, DECEPTIVE),
        make(
            "weak learner",
            Arm::Radiomics,
            Skill {
                valid: 0.0,
                test: 0.0,
            },
        ),
        make("learner", Arm::Radiomics, Skill { valid: 0.9, ..WEAK }),
    ];
    Study {
        cohort,
        split,
        models,
    }
}

#[test]
fn a_report_is_complete_and_every_figure_is_stamped() {
    let study = study();
    let report = study.report().unwrap();
    let names: Vec<&str> = report.models.iter().map(|m| m.model.as_str()).collect();
    assert_eq!(
        names,
        [
            "network",
            "lucky network",
            "weak learner",
            "learner",
            "majority class"
        ]
    );
    let test = study.models[0].on(Part::Test).rows().len();
    let patients = study.split.folds[0].patients_in(Part::Test).count();
    assert_eq!((report.test_slices, report.test_patients), (test, patients));
    for model in &report.models {
        for (level, slices) in [(&model.slice, test), (&model.patient, patients)] {
            assert_eq!(level.figures.len(), METRICS.len());
            for figure in &level.figures {
                assert_eq!((figure.slices, figure.patients), (slices, patients));
                assert_eq!(
                    (figure.split.as_str(), figure.seed),
                    (study.split.id().as_str(), 42)
                );
                let interval = figure.interval().unwrap();
                assert!(figure.value.is_some() && interval.lower <= interval.upper);
            }
            let counted: u64 = level.confusion.iter().flatten().sum();
            assert_eq!(counted, slices as u64);
            assert_eq!(level.per_class.len(), 3);
        }
    }
    assert_eq!(report.split.shared_patients, 0);
    let total: usize = report.split.parts.iter().map(|part| part.patients).sum();
    assert_eq!(total, 54);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
}

#[test]
fn the_best_of_an_arm_is_chosen_on_validation() {
    let report = study().report().unwrap();
    let accuracy = |name: &str| {
        let figure = report.model(name).unwrap().patient.figure("accuracy");
        figure.unwrap().value.unwrap()
    };
    // The choice costs test accuracy here: that is the point.
    assert!(accuracy("lucky network") > accuracy("network"));
    let comparison = report.comparison.as_ref().unwrap();
    assert_eq!(
        (comparison.deep.as_str(), comparison.radiomics.as_str()),
        ("network", "learner")
    );
    let difference = comparison.difference(Level::Patient, "accuracy").unwrap();
    let expected = accuracy("network") - accuracy("learner");
    assert!((difference.value.unwrap() - expected).abs() < 1e-15);
    let mcnemar = comparison.mcnemar;
    let points =
        (mcnemar.only_first as f64 - mcnemar.only_second as f64) / report.test_patients as f64;
    assert!((points - expected).abs() < 1e-15);
    assert!(comparison.established && mcnemar.p < 0.05);
    let needed = comparison.needed.unwrap();
    assert_eq!(
        comparison.verdict,
        format!(
            "established with {} patients: deep is ahead; a difference like the seen one needs about {} patients \
             (power 80 %)",
            report.test_patients,
            needed.patients()
        )
    );
    let leader = report.leaderboard.unwrap();
    assert_eq!((leader.model.as_str(), leader.others.len()), ("network", 3));
    assert!(
        leader
            .others
            .iter()
            .all(|other| other.p_holm >= other.mcnemar.p)
    );
}

#[test]
fn two_guessing_arms_establish_nothing() {
    let mut study = study();
    study.models = vec![
        model("network", Arm::Deep, &study.cohort, &study.split, WEAK),
        model("learner", Arm::Radiomics, &study.cohort, &study.split, WEAK),
    ];
    let report = study.report().unwrap();
    let comparison = report.comparison.unwrap();
    assert!(!comparison.established);
    let said = format!("not established with {} patients; ", report.test_patients);
    assert!(
        comparison.verdict.starts_with(&said),
        "{}",
        comparison.verdict
    );
}

#[test]
fn the_majority_row_answers_the_training_majority() {
    let report = study().report().unwrap();
    let majority = report.model("majority class").unwrap();
    let accuracy = majority.patient.figure("accuracy").unwrap().value.unwrap();
    assert!((accuracy - report.majority_share_patients).abs() < 1e-15);
    assert!(majority.no_information.p > 0.5);
    assert_eq!(majority.no_information_holm, None);
    assert_eq!(majority.patient.figure("auc_ovr").unwrap().value, Some(0.5));
    let network = report.model("network").unwrap();
    assert!(network.no_information_holm.unwrap() >= network.no_information.p);
}

#[test]
fn order_of_rows_leaves_no_trace_and_json_keeps_every_digit() {
    let study = study();
    let report = study.report().unwrap();
    let text = serde_json::to_string(&report).unwrap();
    let read: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(read, report);
    assert_eq!(
        serde_json::to_string(&study.report().unwrap()).unwrap(),
        text
    );

    let reversed = Study {
        models: study
            .models
            .iter()
            .map(|model| with_rows(model, model.rows().iter().rev().cloned().collect()))
            .collect(),
        cohort: study.cohort,
        split: study.split,
    };
    let again = reversed.report().unwrap();
    assert_eq!(
        again.comparison.unwrap().mcnemar,
        report.comparison.unwrap().mcnemar
    );
    for (a, b) in again.models.iter().zip(&report.models) {
        assert_eq!(a.slice.confusion, b.slice.confusion);
        for (a, b) in a.patient.figures.iter().zip(&b.patient.figures) {
            assert!(
                (a.value.unwrap() - b.value.unwrap()).abs() < 1e-12,
                "{}",
                a.metric
            );
        }
    }
}

#[test]
fn folds_are_pooled_and_everyone_is_judged_once() {
    let cohort = cohort();
    let split = Split::folds(&cohort, 4, 0.2, 3).unwrap();
    let models = vec![
        model("network", Arm::Deep, &cohort, &split, STRONG),
        model("learner", Arm::Radiomics, &cohort, &split, WEAK),
    ];
    let report = Report::new("phantoms", &cohort, &split, &models, &settings()).unwrap();
    assert_eq!((report.test_patients, report.split.folds), (54, 4));
    assert_eq!(report.split.parts.len(), 12);
}

#[test]
fn predictions_alone_give_the_same_figures() {
    let study = study();
    let whole = study.report().unwrap();
    let alone = Report::from_predictions("phantoms", &study.models, &settings()).unwrap();
    assert_eq!(alone.models.len(), 4);
    assert!(alone.warnings[0].contains("no training rows"));
    for (a, b) in alone.models.iter().zip(&whole.models) {
        for (a, b) in a.patient.figures.iter().zip(&b.patient.figures) {
            assert_eq!(
                (a.value, a.percentile, a.bca),
                (b.value, b.percentile, b.bca)
            );
        }
    }
}

#[test]
fn without_validation_rows_nothing_is_chosen() {
    let mut study = study();
    study.models = study
        .models
        .iter()
        .map(|model| model.on(Part::Test))
        .collect();
    let report = study.report().unwrap();
    assert_eq!((report.comparison, report.leaderboard), (None, None));
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
    study.models = vec![study.models[0].clone(), study.models[3].clone()];
    assert!(study.report().unwrap().comparison.is_some());
}

#[test]
fn models_that_cannot_be_compared_are_refused() {
    let study = study();
    let with_second = |second: Predictions| {
        let models = vec![study.models[0].clone(), second];
        Report::new(
            "phantoms",
            &study.cohort,
            &study.split,
            &models,
            &settings(),
        )
        .unwrap_err()
        .to_string()
    };
    let rows = || study.models[3].rows().to_vec();
    let altered = |alter: &dyn Fn(&mut Vec<PredictionRow>)| {
        let mut rows = rows();
        alter(&mut rows);
        with_second(with_rows(&study.models[3], rows))
    };
    let test_row = rows()
        .iter()
        .position(|row| row.part == Part::Test)
        .unwrap();
    let cases: [(&str, String); 6] = [
        (
            "first difference at",
            altered(&|rows| {
                rows.remove(test_row);
            }),
        ),
        (
            "a second time",
            altered(&|rows| {
                let copy = rows[test_row].clone();
                rows.push(copy);
            }),
        ),
        (
            "a name that another model has",
            with_second(study.models[0].clone()),
        ),
        ("classes a, b, c", {
            let classes = ClassNames::new(["a", "b", "c"]).unwrap();
            with_second(Predictions::new("other", Arm::Radiomics, classes, rows()).unwrap())
        }),
        (
            "first difference at",
            altered(&|rows| {
                rows[test_row].truth = Label((rows[test_row].truth.0 + 1) % 3);
            }),
        ),
        (
            "first difference at",
            altered(&|rows| {
                rows.retain(|row| row.part == Part::Test || row.sample.slice != Some(1));
            }),
        ),
    ];
    for (expected, found) in cases {
        assert!(
            found.contains(expected),
            "expected '{expected}', found '{found}'"
        );
    }
    let none = Report::new("phantoms", &study.cohort, &study.split, &[], &settings());
    assert!(none.is_err());
}

#[test]
fn models_are_narrowed_to_what_all_answered_when_told_to() {
    let study = study();
    let mut rows = study.models[3].rows().to_vec();
    let test_row = rows.iter().position(|row| row.part == Part::Test).unwrap();
    rows.remove(test_row);
    let models = [
        study.models[0].clone(),
        study.models[1].on(Part::Test),
        with_rows(&study.models[3], rows),
    ];
    let common = common_samples(&models).unwrap();
    assert_eq!(common.dropped, [1, 1, 0]);
    let narrowed = Study {
        models: common.models,
        ..study
    };
    let whole = narrowed.models[0].rows().len();
    assert_eq!(narrowed.models[2].rows().len(), whole);
    assert!(narrowed.report().is_ok());
}

#[test]
fn rows_that_cohort_and_split_do_not_agree_with_are_refused() {
    let study = study();
    let single = |alter: &dyn Fn(&mut PredictionRow)| {
        let mut rows = study.models[0].rows().to_vec();
        alter(&mut rows[0]);
        let models = [with_rows(&study.models[0], rows)];
        Report::new(
            "phantoms",
            &study.cohort,
            &study.split,
            &models,
            &settings(),
        )
        .unwrap_err()
        .to_string()
    };
    let cases: [(&str, String); 4] = [
        (
            "a case of the cohort",
            single(&|row| {
                row.sample.case = CaseId::new("stranger");
            }),
        ),
        (
            "as in the cohort",
            single(&|row| {
                row.patient = PatientId::new("stranger");
            }),
        ),
        (
            "as in the split",
            single(&|row| {
                row.part = if row.part == Part::Test {
                    Part::Valid
                } else {
                    Part::Test
                };
            }),
        ),
        ("a patient of that fold", single(&|row| row.fold = 7)),
    ];
    for (expected, found) in cases {
        assert!(
            found.contains(expected),
            "expected '{expected}', found '{found}'"
        );
    }
}

#[test]
fn folds_of_bare_predictions_are_numbered_without_gaps() {
    let study = study();
    let mut rows = study.models[0].rows().to_vec();
    for row in &mut rows {
        row.fold = usize::MAX;
    }
    let wild = [with_rows(&study.models[0], rows)];
    let error = Report::from_predictions("phantoms", &wild, &settings()).unwrap_err();
    assert!(error.to_string().contains("no row of fold 0"), "{error}");
}

#[test]
fn a_shared_patient_in_bare_predictions_is_named() {
    let study = study();
    let mut rows = study.models[0].rows().to_vec();
    let index = rows.iter().position(|row| row.part == Part::Valid).unwrap();
    rows[index].part = Part::Test;
    let leaking = [with_rows(&study.models[0], rows.clone())];
    let error = Report::from_predictions("phantoms", &leaking, &settings()).unwrap_err();
    assert_eq!(
        error,
        StudyError::SharedPatients {
            patients: vec![rows[index].patient.clone()]
        }
    );
}
