//! Errors of this room: what was found, what was expected, and where.

use crate::ids::{CaseId, PatientId};

/// Result of this room.
pub type Result<T> = std::result::Result<T, StudyError>;

/// Why a study's data do not fit together.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The list of classes is unusable.
    #[error("class names: found {found}, expected distinct non-empty names")]
    Classes {
        /// What is wrong with the list.
        found: String,
    },
    /// A case id stands twice in a cohort.
    #[error("case '{case}' occurs twice: give every image its own id")]
    DuplicateCase {
        /// The repeated id.
        case: CaseId,
    },
    /// One patient carries two different labels.
    #[error(
        "patient '{patient}' is labelled both '{first}' and '{second}': a patient has one class"
    )]
    TwoLabels {
        /// The patient.
        patient: PatientId,
        /// Class of an earlier case.
        first: String,
        /// Class of a later case.
        second: String,
    },
    /// Patients stand on both sides of a split.
    #[error("{} patient(s) in more than one part of the split: {}", patients.len(), listed(patients))]
    SharedPatients {
        /// Who, in order.
        patients: Vec<PatientId>,
    },
    /// A split cannot be made or does not fit its cohort.
    #[error("split: {found}; {remedy}")]
    Split {
        /// What was found.
        found: String,
        /// What to change.
        remedy: String,
    },
    /// A table's shape, names or keys do not agree.
    #[error("feature table: found {found}, expected {expected}")]
    Table {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Predictions that are no probabilities, or do not fit their classes.
    #[error("predictions of '{model}', row {row}: found {found}, expected {expected}")]
    Predictions {
        /// Whose predictions.
        model: String,
        /// 0-based row.
        row: usize,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A statistic that has no value for these data.
    #[error("{figure} is undefined: {reason}")]
    Undefined {
        /// The figure asked for.
        figure: &'static str,
        /// Why it has no value.
        reason: String,
    },
}

/// The first few names, so that an error stays readable.
fn listed(patients: &[PatientId]) -> String {
    const SHOWN: usize = 8;
    let mut text = patients
        .iter()
        .take(SHOWN)
        .map(PatientId::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if patients.len() > SHOWN {
        text.push_str(", …");
    }
    text
}
