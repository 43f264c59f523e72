//! Rows without a model, to measure models against.

use std::collections::BTreeMap;

use crate::cohort::{CaseRecord, Cohort};
use crate::error::{Result, StudyError};
use crate::labels::{ClassNames, Label};
use crate::predictions::{Arm, PredictionRow, Predictions};
use crate::split::{Part, Split};

/// The name of the majority row in every output.
pub const MAJORITY: &str = "majority class";

/// Answers every sample of `like` with the class frequencies of the training rows of its fold, so that
/// the answer is the majority class, the earlier one on a tie.
///
/// `training[fold]` holds the labels of the rows a model of that fold is trained on.
///
/// # Errors
/// [`StudyError::Split`] for a fold without training rows.
///
/// # Panics
/// When a training label lies outside the classes of `like`.
pub fn majority(like: &Predictions, training: &[Vec<Label>]) -> Result<Predictions> {
    let frequencies: Vec<Option<Vec<f64>>> = training
        .iter()
        .map(|labels| frequencies(like.classes(), labels))
        .collect();
    let rows = like
        .rows()
        .iter()
        .filter(|row| row.part != Part::Train)
        .map(|row| {
            let probabilities = frequencies.get(row.fold).cloned().flatten();
            let probabilities = probabilities.ok_or_else(|| StudyError::Split {
                found: format!("fold {} without training rows", row.fold),
                remedy: "give the labels that the models of every fold were trained on".into(),
            })?;
            Ok(PredictionRow {
                probabilities,
                ..row.clone()
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Predictions::new(MAJORITY, Arm::Reference, like.classes().clone(), rows)
}

fn frequencies(classes: &ClassNames, labels: &[Label]) -> Option<Vec<f64>> {
    let mut counts = vec![0_u64; classes.len()];
    for label in labels {
        counts[label.0] += 1;
    }
    let total = labels.len() as f64;
    (!labels.is_empty()).then(|| counts.iter().map(|&n| n as f64 / total).collect())
}

/// The classes of every fold's training patients: one entry per patient, or one per case where patients have
/// cases of several classes.
pub fn training_patients(cohort: &Cohort, split: &Split) -> Vec<Vec<Label>> {
    if cohort.mixed_patients() > 0 {
        let of_fold = |fold: &crate::split::Fold| {
            let train = |case: &&CaseRecord| fold.part(&case.patient) == Some(Part::Train);
            let cases = cohort.cases().iter().filter(train);
            cases.map(|case| case.label).collect()
        };
        return split.folds.iter().map(of_fold).collect();
    }
    let labels = cohort.patients();
    let of_fold = |fold: &crate::split::Fold| {
        fold.patients_in(Part::Train)
            .filter_map(|patient| labels.get(patient).copied())
            .collect()
    };
    split.folds.iter().map(of_fold).collect()
}

/// The classes of every fold's training rows, where predictions hold any.
pub(crate) fn training_rows(predictions: &Predictions) -> Vec<Vec<Label>> {
    let mut folds: BTreeMap<usize, Vec<Label>> = BTreeMap::new();
    for row in predictions.rows().iter().filter(|r| r.part == Part::Train) {
        folds.entry(row.fold).or_default().push(row.truth);
    }
    let count = folds.keys().last().map_or(0, |last| last + 1);
    (0..count)
        .map(|fold| folds.remove(&fold).unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CaseId, PatientId, SampleId};

    #[test]
    fn the_majority_of_the_training_rows_answers() {
        let classes = ClassNames::new(["mild", "severe"]).unwrap();
        let row = |fold| PredictionRow {
            sample: SampleId::whole(CaseId::new(format!("c{fold}"))),
            patient: PatientId::new(format!("p{fold}")),
            part: Part::Test,
            fold,
            truth: Label(0),
            probabilities: vec![1.0, 0.0],
        };
        let like = Predictions::new("m", Arm::Deep, classes, vec![row(0), row(1)]).unwrap();
        let training = [
            vec![Label(1), Label(0), Label(1), Label(1)],
            vec![Label(0), Label(1)],
        ];
        let reference = majority(&like, &training).unwrap();
        assert_eq!(reference.arm(), Arm::Reference);
        assert_eq!(reference.rows()[0].probabilities, [0.25, 0.75]);
        assert_eq!(reference.rows()[0].answer(), Label(1));
        assert_eq!(reference.rows()[1].answer(), Label(0));
        assert!(majority(&like, &training[..1]).is_err());
    }
}
