//! Who stands where, with the counts that are behind the figures.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{PatientId, SampleId};
use crate::labels::{ClassNames, Label};
use crate::predictions::Predictions;
use crate::split::{Part, Split};

/// One class in one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// Name of the class.
    pub class: String,
    /// Its patients in the part.
    pub patients: usize,
    /// Their answered samples; 0 where no model wrote rows of this part.
    pub slices: usize,
}

/// One part of one fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSummary {
    /// 0-based fold.
    pub fold: usize,
    /// Which part.
    pub part: Part,
    /// Patients in it.
    pub patients: usize,
    /// Answered samples in it; 0 where no model wrote rows of this part.
    pub slices: usize,
    /// The same by class, in order.
    pub classes: Vec<ClassCount>,
}

/// The split of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// [`Split::id`].
    pub id: String,
    /// How it was made.
    pub rule: String,
    /// Its seed.
    pub seed: u64,
    /// How many folds.
    pub folds: usize,
    /// Patients in more than one part of a fold: 0, or there would be no report.
    pub shared_patients: usize,
    /// Patients of the cohort in no part.
    pub excluded: Vec<PatientId>,
    /// Every part of every fold.
    pub parts: Vec<PartSummary>,
}

/// Counts the parts: patients from the split and their classes, samples from all models' rows.
pub(super) fn summarise(
    split: &Split,
    classes: &ClassNames,
    labels: &BTreeMap<PatientId, Label>,
    excluded: Vec<PatientId>,
    models: &[Predictions],
) -> SplitSummary {
    let samples: BTreeSet<(usize, &SampleId, Part, Label)> = models
        .iter()
        .flat_map(Predictions::rows)
        .map(|row| (row.fold, &row.sample, row.part, row.truth))
        .collect();
    let mut slices: BTreeMap<(usize, Part, Label), usize> = BTreeMap::new();
    for &(fold, _, part, truth) in &samples {
        *slices.entry((fold, part, truth)).or_default() += 1;
    }
    let mut parts = Vec::new();
    for (index, fold) in split.folds.iter().enumerate() {
        for part in Part::ALL {
            let of_class = |label: Label| ClassCount {
                class: classes.name(label).to_owned(),
                patients: fold
                    .patients_in(part)
                    .filter(|patient| labels.get(patient) == Some(&label))
                    .count(),
                slices: slices.get(&(index, part, label)).copied().unwrap_or(0),
            };
            let classes: Vec<ClassCount> = classes.labels().map(of_class).collect();
            parts.push(PartSummary {
                fold: index,
                part,
                patients: classes.iter().map(|class| class.patients).sum(),
                slices: classes.iter().map(|class| class.slices).sum(),
                classes,
            });
        }
    }
    SplitSummary {
        id: split.id(),
        rule: split.rule.clone(),
        seed: split.seed,
        folds: split.folds.len(),
        // `Fold` holds one part per patient, and every row was checked against it.
        shared_patients: 0,
        excluded,
        parts,
    }
}
