//! Who trains, who chooses, who is tested: always decided by patient.
//!
//! | to | call |
//! |---|---|
//! | draw one division | [`Split::holdout`] |
//! | draw a cross-validation | [`Split::folds`] |
//! | take the authors' division | [`Split::published`] |
//! | see whether a split fits a cohort | [`Split::check`] |

mod check;
mod classes;
mod file;
mod folds;
mod holdout;
mod published;
mod quota;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::fingerprint::Fingerprint;
use crate::ids::PatientId;

pub use check::{FoldCounts, SplitCheck, SplitWarning};
pub use published::SharedPatients;

/// The role of a patient within one fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Fits the model and everything that is estimated from data.
    Train,
    /// Chooses between models and epochs.
    Valid,
    /// Judges; nothing is fitted or chosen on it.
    Test,
}

impl Part {
    /// All parts in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// The name used in every file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }

    /// Reads a name as data sets write it (`train`/`training`, `val`/`valid`/`validation`, `test`/`testing`).
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Valid),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }
}

/// One assignment of patients to parts. A map from patient to part cannot put a patient on two sides.
///
/// Serialised as that map; reading one refuses a patient who is named twice with different parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Fold {
    parts: BTreeMap<PatientId, Part>,
}

impl Fold {
    /// Collects an assignment.
    ///
    /// # Errors
    /// [`StudyError::SharedPatients`] listing everyone who was assigned to two parts.
    pub fn new(assignment: impl IntoIterator<Item = (PatientId, Part)>) -> Result<Self> {
        let mut parts = BTreeMap::new();
        let mut shared = Vec::new();
        for (patient, part) in assignment {
            let kept = *parts.entry(patient.clone()).or_insert(part);
            if kept != part && !shared.contains(&patient) {
                shared.push(patient);
            }
        }
        if shared.is_empty() {
            return Ok(Self { parts });
        }
        shared.sort();
        Err(StudyError::SharedPatients { patients: shared })
    }

    /// The part of a patient, if the fold speaks of them.
    pub fn part(&self, patient: &PatientId) -> Option<Part> {
        self.parts.get(patient).copied()
    }

    /// Everyone with their part, sorted by id.
    pub fn patients(&self) -> impl Iterator<Item = (&PatientId, Part)> {
        self.parts.iter().map(|(patient, &part)| (patient, part))
    }

    /// The patients of one part, sorted by id.
    pub fn patients_in(&self, part: Part) -> impl Iterator<Item = &PatientId> {
        self.patients()
            .filter(move |&(_, p)| p == part)
            .map(|(patient, _)| patient)
    }
}

/// One holdout split (a single fold) or a cross-validation, with the rule and seed that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// How it was made, in words: `stratified holdout`, `stratified folds`, `published`.
    pub rule: String,
    /// The seed it was made with; 0 where nothing was drawn.
    pub seed: u64,
    /// At least one fold.
    pub folds: Vec<Fold>,
}

impl Split {
    /// A short stable name of the assignment: 16 hexadecimal digits over every fold's patients and
    /// parts. Rule and seed do not enter: two ways to the same assignment are the same split.
    pub fn id(&self) -> String {
        let mut print = Fingerprint::default();
        for fold in &self.folds {
            print.text("fold");
            for (patient, part) in fold.patients() {
                print.text(patient.as_str());
                print.text(part.name());
            }
        }
        print.hex()
    }
}
