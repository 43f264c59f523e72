//! Whether predictions of several models can stand in one report.

use std::collections::{BTreeMap, BTreeSet};

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::ids::{CaseId, PatientId, SampleId};
use crate::labels::Label;
use crate::predictions::{PredictionRow, Predictions};
use crate::split::{Fold, Part, Split};

/// One question put to a model: where, what, whose and the right answer.
type Question<'a> = (usize, &'a SampleId, &'a PatientId, Label);

/// A fault of row `row` of a model.
fn fault(
    predictions: &Predictions,
    row: usize,
    found: String,
    expected: impl Into<String>,
) -> StudyError {
    StudyError::Predictions {
        model: predictions.model().to_owned(),
        row,
        found,
        expected: expected.into(),
    }
}

/// All models have distinct names, the same classes, each sample once, and the same test samples;
/// those with validation rows have the same of these too.
pub(super) fn same_questions(models: &[Predictions]) -> Result<()> {
    let Some(first) = models.first() else {
        return Err(StudyError::Undefined {
            figure: "report",
            reason: "there is no model".into(),
        });
    };
    let mut names = BTreeSet::new();
    for model in models {
        if !names.insert(model.model()) {
            return Err(fault(
                model,
                0,
                "a name that another model has too".into(),
                "distinct names of models",
            ));
        }
        if model.classes() != first.classes() {
            return Err(fault(
                model,
                0,
                format!("classes {}", model.classes().names().join(", ")),
                format!(
                    "{} as for '{}'",
                    first.classes().names().join(", "),
                    first.model()
                ),
            ));
        }
        each_sample_once(model)?;
    }
    if !first.rows().iter().any(|row| row.part == Part::Test) {
        return Err(fault(
            first,
            0,
            "no test row".into(),
            "answers on the test part",
        ));
    }
    same_part(models, Part::Test)?;
    let choosable: Vec<&Predictions> = models
        .iter()
        .filter(|model| model.rows().iter().any(|row| row.part == Part::Valid))
        .collect();
    same_part(choosable, Part::Valid)
}

fn each_sample_once(model: &Predictions) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (index, row) in model.rows().iter().enumerate() {
        if !seen.insert((row.fold, &row.sample)) {
            return Err(fault(
                model,
                index,
                format!("sample {} a second time in fold {}", row.sample, row.fold),
                "one answer per sample and fold",
            ));
        }
    }
    Ok(())
}

fn same_part<'a>(models: impl IntoIterator<Item = &'a Predictions>, part: Part) -> Result<()> {
    let questions = |model: &'a Predictions| -> BTreeSet<Question<'a>> {
        let of_part = model.rows().iter().filter(|row| row.part == part);
        of_part
            .map(|row| (row.fold, &row.sample, &row.patient, row.truth))
            .collect()
    };
    let mut models = models.into_iter();
    let Some(first) = models.next() else {
        return Ok(());
    };
    let expected = questions(first);
    for model in models {
        let found = questions(model);
        if let Some((fold, sample, _, _)) = expected.symmetric_difference(&found).next() {
            return Err(fault(
                model,
                0,
                format!(
                    "{} {} samples, first difference at {sample} of fold {fold}",
                    found.len(),
                    part.name()
                ),
                format!(
                    "the {} samples, patients and classes of '{}'",
                    expected.len(),
                    first.model()
                ),
            ));
        }
    }
    Ok(())
}

/// Every row speaks of a case, patient, class and part that cohort and split agree with.
pub(super) fn fit_cohort(models: &[Predictions], cohort: &Cohort, split: &Split) -> Result<()> {
    let cases: BTreeMap<&CaseId, (&PatientId, Label)> = cohort
        .cases()
        .iter()
        .map(|case| (&case.id, (&case.patient, case.label)))
        .collect();
    for model in models {
        if model.classes() != cohort.classes() {
            return Err(fault(
                model,
                0,
                format!("classes {}", model.classes().names().join(", ")),
                format!("{} as in the cohort", cohort.classes().names().join(", ")),
            ));
        }
        for (index, row) in model.rows().iter().enumerate() {
            fit_row(row, &cases, split)
                .map_err(|(found, expected)| fault(model, index, found, expected))?;
        }
    }
    Ok(())
}

fn fit_row(
    row: &PredictionRow,
    cases: &BTreeMap<&CaseId, (&PatientId, Label)>,
    split: &Split,
) -> std::result::Result<(), (String, String)> {
    let Some(&(patient, label)) = cases.get(&row.sample.case) else {
        return Err((
            format!("case '{}'", row.sample.case),
            "a case of the cohort".into(),
        ));
    };
    if *patient != row.patient || label != row.truth {
        return Err((
            format!("patient '{}' of class {}", row.patient, row.truth),
            format!("patient '{patient}' of class {label} as in the cohort"),
        ));
    }
    let part = split
        .folds
        .get(row.fold)
        .and_then(|fold| fold.part(&row.patient));
    if part != Some(row.part) {
        return Err((
            format!(
                "patient '{}' in the {} part of fold {}",
                row.patient,
                row.part.name(),
                row.fold
            ),
            match part {
                Some(part) => format!("the {} part, as in the split", part.name()),
                None => "a patient of that fold of the split".into(),
            },
        ));
    }
    Ok(())
}

/// The split that the rows themselves tell of, for predictions without a cohort.
///
/// # Errors
/// [`StudyError::SharedPatients`] for patients in two parts of a fold, [`StudyError::Split`] for a patient tested
/// in two folds or a gap in the numbers of the folds.
pub(super) fn split_of(models: &[Predictions]) -> Result<Split> {
    let mut tested: BTreeMap<&PatientId, usize> = BTreeMap::new();
    let mut folds: BTreeMap<usize, Vec<(PatientId, Part)>> = BTreeMap::new();
    for model in models {
        for row in model.rows() {
            let fold = folds.entry(row.fold).or_default();
            fold.push((row.patient.clone(), row.part));
            if row.part == Part::Test && *tested.entry(&row.patient).or_insert(row.fold) != row.fold
            {
                return Err(StudyError::Split {
                    found: format!("patient '{}' is tested in two folds", row.patient),
                    remedy: "test every patient once".into(),
                });
            }
        }
    }
    // A wild number in a file must not become a list of that length.
    if let Some((gap, _)) = folds.keys().enumerate().find(|&(i, &fold)| i != fold) {
        return Err(StudyError::Split {
            found: format!("no row of fold {gap} among {} fold(s)", folds.len()),
            remedy: "number the folds from 0 without gaps".into(),
        });
    }
    let folds = folds.into_values().map(Fold::new).collect::<Result<_>>()?;
    Ok(Split {
        rule: "as in the predictions".into(),
        seed: 0,
        folds,
    })
}
