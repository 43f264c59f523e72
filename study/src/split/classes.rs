//! The patients of a cohort by class, checked to be divisible at all.

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::labels::ClassNames;
use crate::random::Stream;

/// Patients of every class, sorted by id: the order of cases in the manifest leaves no trace.
pub(super) fn patients_by_class(cohort: &Cohort) -> Result<Vec<Vec<PatientId>>> {
    let mut by_class = vec![Vec::new(); cohort.classes().len()];
    for (patient, label) in cohort.patients() {
        by_class[label.0].push(patient);
    }
    let counts: Vec<usize> = by_class.iter().map(Vec::len).collect();
    let present = counts.iter().filter(|&&n| n > 0).count();
    let fault = |found: String, remedy: &str| {
        Err(StudyError::Split {
            found,
            remedy: remedy.into(),
        })
    };
    if present < 2 {
        return fault(
            format!(
                "patients of one class only ({})",
                listed(cohort.classes(), &counts)
            ),
            "a comparison needs patients of two classes at least",
        );
    }
    if let Some(k) = counts.iter().position(|&n| n < 2) {
        let name = &cohort.classes().names()[k];
        return fault(
            format!(
                "class '{name}' has {} patient(s) ({})",
                counts[k],
                listed(cohort.classes(), &counts)
            ),
            "every class needs a patient to train on and another to test on: add patients, join the class with a neighbour or leave it out",
        );
    }
    Ok(by_class)
}

/// Each class in its own random order.
pub(super) fn shuffle_each(by_class: &mut [Vec<PatientId>], seed: u64, purpose: &str) {
    for (k, patients) in by_class.iter_mut().enumerate() {
        Stream::new(seed, purpose, k as u64).shuffle(patients);
    }
}

/// `mild 12, severe 3`.
pub(super) fn listed(classes: &ClassNames, counts: &[usize]) -> String {
    let entries: Vec<String> = classes
        .names()
        .iter()
        .zip(counts)
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    entries.join(", ")
}
