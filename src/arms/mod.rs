//! The two arms: each fits one model on one fold and answers for that fold's held-out rows.
//!
//! Both get the same [`FoldRows`], positions in the one list of slices, and neither sees more of the
//! held-out rows than what it needs to answer.

#[cfg(feature = "deep")]
pub mod deep;
pub mod explanation;
#[cfg(feature = "learners")]
pub mod pipelines;
#[cfg(feature = "learners")]
pub mod radiomics;

use std::cell::Cell;

pub use explanation::Explanation;
use raduet_study::{Arm, Fold, Label, Part, PredictionRow};
use serde::{Deserialize, Serialize};

#[cfg(any(feature = "learners", feature = "deep"))]
use crate::error::{Code, Result, ToolError};
use crate::io::feature_csv::FeatureRow;
#[cfg(any(feature = "learners", feature = "deep"))]
use crate::settings::nearest::suggestion;

/// A model to be fitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedModel {
    /// Its name in the registry and in every output.
    pub name: String,
    /// Which arm fits it.
    pub arm: Arm,
}

/// A fitted model's answers on one fold, as the journal keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedModel {
    /// Its name.
    pub name: String,
    /// Its arm.
    pub arm: Arm,
    /// The fold it was fitted on.
    pub fold: usize,
    /// One row per held-out slice, in the order of [`Examiner::held_out`].
    pub probabilities: Vec<Vec<f64>>,
    /// Every setting, expanded.
    pub settings: serde_json::Value,
    /// What was left out or is doubtful.
    pub notes: Vec<String>,
    /// What it goes by and how it grows with patients, where that was asked for.
    #[serde(default)]
    pub explanation: Explanation,
    /// How often it looked at the test rows of its fold.
    #[serde(default)]
    pub test_reads: TestReads,
    /// What it took; the one thing here in which two runs differ.
    pub seconds: ModelSeconds,
}

/// How often a model looked at the test rows of its fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TestReads {
    /// To answer: once by each model and fold, or the test part would have been used to choose.
    pub answered: u32,
    /// To be explained when it was fitted: importance, contributions, pictures of where it looks.
    pub explained: u32,
}

/// Seconds by the clock, while other models may have worked beside it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelSeconds {
    /// Fitting.
    pub fit: f64,
    /// Answering for the held-out rows.
    pub predict: f64,
    /// A network's epochs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<EpochTime>,
}

/// What an epoch of a network took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochTime {
    /// Seconds, validation included.
    pub seconds: f64,
    /// Training images per second, validation not counted.
    pub images_per_second: f64,
}

/// The rows of one fold, as positions in the list of slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldRows {
    /// Which fold.
    pub fold: usize,
    /// Rows that are learned from.
    pub train: Vec<usize>,
    /// Rows that choose between models and epochs.
    pub valid: Vec<usize>,
    /// Rows that judge; who looks at them is counted.
    test: Vec<usize>,
    /// Classes of all rows as they are learned from, where these are not the true ones.
    learned: Option<Vec<Label>>,
}

/// The one way to the test rows of a fold, which counts how often it is gone.
#[derive(Debug)]
pub struct Examiner<'a> {
    fold: &'a FoldRows,
    reads: Cell<TestReads>,
}

impl<'a> Examiner<'a> {
    /// Validation rows, then test rows, to answer them.
    pub fn held_out(&self) -> Vec<usize> {
        let mut reads = self.reads.get();
        reads.answered += 1;
        self.reads.set(reads);
        let rows = self.fold.valid.iter().chain(&self.fold.test);
        rows.copied().collect()
    }

    /// The test rows, to explain a fitted model on.
    pub fn explained(&self) -> &'a [usize] {
        let mut reads = self.reads.get();
        reads.explained += 1;
        self.reads.set(reads);
        &self.fold.test
    }

    /// How often the rows were asked for.
    pub fn reads(&self) -> TestReads {
        self.reads.get()
    }
}

impl FoldRows {
    /// Sorts the slices by their patients' part. Patients the fold does not name take no part.
    pub fn new(fold: usize, parts: &Fold, rows: &[FeatureRow]) -> Self {
        let of = |part| {
            let belongs = |row: &&FeatureRow| parts.part(&row.patient) == Some(part);
            (0..rows.len())
                .filter(|&index| belongs(&&rows[index]))
                .collect()
        };
        Self {
            fold,
            train: of(Part::Train),
            valid: of(Part::Valid),
            test: of(Part::Test),
            learned: None,
        }
    }

    /// The same fold, learned from with other classes: one a row.
    #[must_use]
    pub fn learned_as(self, labels: Vec<Label>) -> Self {
        Self {
            learned: Some(labels),
            ..self
        }
    }

    /// The class of a row as it is learned from, where that is not the true one.
    pub fn learned(&self, row: usize) -> Option<Label> {
        self.learned.as_ref()?.get(row).copied()
    }

    /// The class of a row as it is learned from.
    pub fn label(&self, row: usize, rows: &[FeatureRow]) -> Label {
        self.learned(row).unwrap_or(rows[row].label)
    }

    /// How many rows judge.
    pub fn tested(&self) -> usize {
        self.test.len()
    }

    /// A model's way to the rows that judge it.
    pub fn examiner(&self) -> Examiner<'_> {
        Examiner {
            fold: self,
            reads: Cell::new(TestReads::default()),
        }
    }

    /// The answers with what they are answers to.
    pub fn answers(&self, rows: &[FeatureRow], probabilities: &[Vec<f64>]) -> Vec<PredictionRow> {
        let parts = self
            .valid
            .iter()
            .map(|&row| (row, Part::Valid))
            .chain(self.test.iter().map(|&row| (row, Part::Test)));
        parts
            .zip(probabilities)
            .map(|((row, part), probabilities)| PredictionRow {
                sample: rows[row].sample.clone(),
                patient: rows[row].patient.clone(),
                part,
                fold: self.fold,
                truth: rows[row].label,
                probabilities: probabilities.clone(),
            })
            .collect()
    }
}

/// Refuses a name that no registry knows, with the nearest one it does.
#[cfg(any(feature = "learners", feature = "deep"))]
fn check_names(what: &str, wanted: &[String], known: &[&str]) -> Result<()> {
    for (index, name) in wanted.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let found = format!("unknown {what} '{name}'");
            return Err(ToolError::new(Code::Settings, found).remedy(suggestion(name, known)));
        }
        if wanted[..index].contains(name) {
            return Err(
                ToolError::new(Code::Settings, format!("{what} '{name}' twice"))
                    .remedy("name it once"),
            );
        }
    }
    Ok(())
}
