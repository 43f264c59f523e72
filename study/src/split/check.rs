//! Whether a split fits its cohort, with the counts of every part.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::labels::Label;
use crate::split::classes::listed;
use crate::split::{Fold, Part, Split};

/// Patients per class in each part of one fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldCounts {
    /// Training patients, one entry per class.
    pub train: Vec<usize>,
    /// Validation patients, one entry per class.
    pub valid: Vec<usize>,
    /// Test patients, one entry per class.
    pub test: Vec<usize>,
}

impl FoldCounts {
    /// The counts of one part.
    pub fn of(&self, part: Part) -> &[usize] {
        match part {
            Part::Train => &self.train,
            Part::Valid => &self.valid,
            Part::Test => &self.test,
        }
    }
}

/// Something about a split that its reader must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum SplitWarning {
    /// Nobody of a class stands in a part that should judge or choose.
    ClassMissing {
        /// 0-based fold.
        fold: usize,
        /// The part.
        part: Part,
        /// The class nobody belongs to.
        class: String,
        /// All counts of that part.
        counts: String,
    },
    /// Patients of the cohort stand in no part.
    Excluded {
        /// How many.
        patients: usize,
    },
    /// The split names patients that the cohort does not have.
    Unknown {
        /// How many.
        patients: usize,
    },
    /// A cross-validation never tests some patients.
    NeverTested {
        /// How many.
        patients: usize,
    },
}

impl fmt::Display for SplitWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClassMissing {
                fold,
                part,
                class,
                counts,
            } => write!(
                f,
                "fold {fold}: nobody of class '{class}' in the {} part ({counts})",
                part.name()
            ),
            Self::Excluded { patients } => {
                write!(f, "{patients} patient(s) of the cohort stand in no part")
            }
            Self::Unknown { patients } => write!(
                f,
                "{patients} patient(s) of the split are not in the cohort"
            ),
            Self::NeverTested { patients } => {
                write!(f, "{patients} patient(s) are tested in no fold")
            }
        }
    }
}

/// What [`Split::check`] found in a usable split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitCheck {
    /// Patients per part and class, one entry per fold.
    pub folds: Vec<FoldCounts>,
    /// Patients of the cohort that stand in no part, sorted by id.
    pub excluded: Vec<PatientId>,
    /// Patients of the split that the cohort does not have, sorted by id.
    pub unknown: Vec<PatientId>,
    /// What the reader must know.
    pub warnings: Vec<SplitWarning>,
}

impl Split {
    /// Compares the split with its cohort: every patient is placed or listed as excluded, every class
    /// can be learned, nobody is tested twice. That no patient stands on two sides of a fold is held
    /// by [`Fold`] itself.
    ///
    /// # Errors
    /// [`StudyError::Split`] with the counts when there is no fold, a fold has no training or no test
    /// patient, a class of the cohort has nobody to train on, the folds speak of different patients,
    /// or a patient is tested in two folds.
    pub fn check(&self, cohort: &Cohort) -> Result<SplitCheck> {
        let labels = cohort.patients();
        let Some(first) = self.folds.first() else {
            return Err(StudyError::Split {
                found: "no fold at all".into(),
                remedy: "draw the split again".into(),
            });
        };
        check_same_patients(&self.folds)?;
        let tested = check_tested_once(&self.folds)?;
        let mut warnings = Vec::new();
        let mut counts = Vec::new();
        for (index, fold) in self.folds.iter().enumerate() {
            let of_fold = count(fold, &labels, cohort.classes().len());
            check_fold(index, &of_fold, cohort, &mut warnings)?;
            counts.push(of_fold);
        }
        let named: BTreeSet<&PatientId> = first.patients().map(|(patient, _)| patient).collect();
        let excluded: Vec<PatientId> = labels
            .keys()
            .filter(|patient| !named.contains(patient))
            .cloned()
            .collect();
        let unknown: Vec<PatientId> = named
            .iter()
            .filter(|patient| !labels.contains_key(**patient))
            .map(|&patient| patient.clone())
            .collect();
        if !excluded.is_empty() {
            warnings.push(SplitWarning::Excluded {
                patients: excluded.len(),
            });
        }
        if !unknown.is_empty() {
            warnings.push(SplitWarning::Unknown {
                patients: unknown.len(),
            });
        }
        if self.folds.len() > 1 && tested < named.len() {
            warnings.push(SplitWarning::NeverTested {
                patients: named.len() - tested,
            });
        }
        Ok(SplitCheck {
            folds: counts,
            excluded,
            unknown,
            warnings,
        })
    }
}

fn count(fold: &Fold, labels: &BTreeMap<PatientId, Label>, classes: usize) -> FoldCounts {
    let mut counts = FoldCounts {
        train: vec![0; classes],
        valid: vec![0; classes],
        test: vec![0; classes],
    };
    for (patient, part) in fold.patients() {
        if let Some(label) = labels.get(patient) {
            match part {
                Part::Train => counts.train[label.0] += 1,
                Part::Valid => counts.valid[label.0] += 1,
                Part::Test => counts.test[label.0] += 1,
            }
        }
    }
    counts
}

/// A class nobody trains on is an error; one that nobody judges or chooses by is a warning.
fn check_fold(
    index: usize,
    counts: &FoldCounts,
    cohort: &Cohort,
    warnings: &mut Vec<SplitWarning>,
) -> Result<()> {
    let classes = cohort.classes();
    let fault = |found: String| {
        Err(StudyError::Split {
            found,
            remedy: "give every part patients of every class, or leave the class out of the study"
                .into(),
        })
    };
    for part in [Part::Train, Part::Test] {
        if counts.of(part).iter().all(|&n| n == 0) {
            return fault(format!(
                "fold {index}: no patient of the cohort in the {} part",
                part.name()
            ));
        }
    }
    for part in Part::ALL {
        let of_part = counts.of(part);
        // A study may do without a validation part.
        if of_part.iter().all(|&n| n == 0) {
            continue;
        }
        for (k, _) in of_part.iter().enumerate().filter(|&(_, &n)| n == 0) {
            let class = classes.names()[k].clone();
            let counts = listed(classes, of_part);
            if part == Part::Train {
                return fault(format!(
                    "fold {index}: nobody of class '{class}' to train on ({counts})"
                ));
            }
            warnings.push(SplitWarning::ClassMissing {
                fold: index,
                part,
                class,
                counts,
            });
        }
    }
    Ok(())
}

fn check_same_patients(folds: &[Fold]) -> Result<()> {
    let of = |fold: &Fold| -> BTreeSet<PatientId> {
        fold.patients()
            .map(|(patient, _)| patient.clone())
            .collect()
    };
    let first = of(&folds[0]);
    for (index, fold) in folds.iter().enumerate().skip(1) {
        let differing = first.symmetric_difference(&of(fold)).count();
        if differing > 0 {
            return Err(StudyError::Split {
                found: format!(
                    "folds 0 and {index} differ by {differing} patient(s) that one of them does not name"
                ),
                remedy: "name every patient in every fold".into(),
            });
        }
    }
    Ok(())
}

/// How many patients are tested; an error for those tested in several folds.
fn check_tested_once(folds: &[Fold]) -> Result<usize> {
    let mut tested = BTreeSet::new();
    for fold in folds {
        for patient in fold.patients_in(Part::Test) {
            if !tested.insert(patient) {
                return Err(StudyError::Split {
                    found: format!("patient '{patient}' is tested in two folds"),
                    remedy: "test every patient once".into(),
                });
            }
        }
    }
    Ok(tested.len())
}
