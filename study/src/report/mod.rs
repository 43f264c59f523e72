//! The comparison as data: every figure with its counts, its interval, its split and its seed.
//!
//! A [`Report`] is built from nothing but [`crate::Predictions`] that share one split; the tool turns
//! it into JSON, tables and pages. Figures are fractions. Its rules:
//!
//! * every model answers the same test samples of the same patients, or there is no report;
//! * the best model of an arm is chosen on validation patients, never on the test part;
//! * the majority row is always there where the training classes are known;
//! * uncertainty is over patients, for slices too.

mod build;
mod checks;
mod class_figures;
mod common;
mod comparison;
mod folds;
mod level;
mod majority;
mod pairwise;
mod summary;

use serde::{Deserialize, Serialize};

use crate::decision::DecisionCurve;
use crate::labels::ClassNames;
use crate::metrics::{ClassFigures, ReliabilityBin};
use crate::pooling::{Pooling, PoolingName};
use crate::predictions::Arm;
use crate::uncertainty::{Bootstrap, ClassIntervals, Interval, NoInformation};

pub use class_figures::{ClassCalibration, ClassDiscrimination, Coefficient};
pub use common::{Common, common_samples};
pub use comparison::{Comparison, Difference, Leader, Ranked};
pub use majority::{AgainstMajority, MajorityVerdict, Standing};
pub use pairwise::{ClassDeLong, PAIRED, PairDifference, PairedFigure};
pub use summary::{ClassCount, PartSummary, SplitSummary};

/// What a report needs beyond the predictions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportSettings {
    /// Resamples, confidence and seed of every interval.
    pub bootstrap: Bootstrap,
    /// From slices to patients.
    pub pooling: Pooling,
    /// What is judged as a patient.
    pub unit: Unit,
}

/// What is judged at the level of patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Patients, pooled from their samples where every patient has one class.
    #[default]
    Patient,
    /// Samples as they are; intervals and tests are over patients all the same.
    Slice,
}

/// The settings as a report keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UsedSettings {
    /// Resamples, confidence and seed of every interval.
    pub bootstrap: Bootstrap,
    /// From slices to patients.
    pub pooling: PoolingName,
    /// What is judged as a patient.
    #[serde(default)]
    pub unit: Unit,
}

/// What a row of a level stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every sample by itself: a slice, or a case judged as a whole.
    Slice,
    /// Every patient once, pooled from the samples.
    Patient,
}

/// One metric of one model, with everything needed to read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Id in [`crate::metrics::METRICS`].
    pub metric: String,
    /// The value, where there is one.
    pub value: Option<f64>,
    /// Why there is none.
    pub undefined: Option<String>,
    /// Percentile interval over patients.
    pub percentile: Option<Interval>,
    /// BCa interval over patients.
    pub bca: Option<Interval>,
    /// Resamples without a value, left out of the intervals.
    pub undefined_resamples: usize,
    /// Samples behind the value.
    pub slices: usize,
    /// Patients behind the value.
    pub patients: usize,
    /// [`crate::Split::id`] of the split.
    pub split: String,
    /// Seed of the intervals.
    pub seed: u64,
}

impl Figure {
    /// The interval to print: BCa where it has a value, else percentile.
    pub fn interval(&self) -> Option<Interval> {
        self.bca.or(self.percentile)
    }
}

/// One class of one model (the rows of per-stage tables).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassRow {
    /// Name of the class.
    pub class: String,
    /// The class against all others.
    #[serde(flatten)]
    pub figures: ClassFigures,
    /// Their intervals over patients.
    #[serde(default)]
    pub intervals: ClassIntervals,
}

/// One model at one level of the test part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelReport {
    /// What a row stands for.
    pub level: Level,
    /// One figure per metric, in the order of [`crate::metrics::METRICS`].
    pub figures: Vec<Figure>,
    /// One row per class, in order.
    pub per_class: Vec<ClassRow>,
    /// Counts, rows of true classes, columns of answers.
    pub confusion: Vec<Vec<u64>>,
    /// Bars of the reliability diagram.
    pub reliability: Vec<ReliabilityBin>,
    /// Areas of every class's probability, in order.
    #[serde(default)]
    pub discrimination: Vec<ClassDiscrimination>,
    /// Calibration of every class's probability, in order; empty without probabilities.
    #[serde(default)]
    pub calibration: Vec<ClassCalibration>,
    /// Decision curves of every class, in order; of patients only, empty without probabilities.
    #[serde(default)]
    pub decision: Vec<DecisionCurve>,
}

impl LevelReport {
    /// The figure of a metric id.
    pub fn figure(&self, metric: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.metric == metric)
    }
}

/// What a model showed on the validation part: the grounds of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValidationFigures {
    /// Balanced accuracy on validation patients.
    pub balanced_accuracy: f64,
    /// Log loss on validation samples.
    pub log_loss: f64,
    /// Validation patients.
    pub patients: usize,
    /// Validation samples.
    pub slices: usize,
}

/// Everything about one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Its name.
    pub model: String,
    /// Its arm.
    pub arm: Arm,
    /// The validation part, where the model answered it.
    pub validation: Option<ValidationFigures>,
    /// The test samples.
    pub slice: LevelReport,
    /// The test patients.
    pub patient: LevelReport,
    /// Exact (Clopper–Pearson) interval of the patient accuracy: right where a bootstrap is blind,
    /// such as when every patient was answered rightly.
    pub patient_accuracy_exact: Interval,
    /// Patient accuracy against the largest class of the test patients.
    pub no_information: NoInformation,
    /// That p after Holm's correction over all models but references; `None` for a reference.
    pub no_information_holm: Option<f64>,
}

/// What a control with permuted labels came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Whether no model is established above the majority, as it must be.
    pub passed: bool,
    /// The same in a sentence.
    pub sentence: String,
}

/// The comparison of all models on one split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the cohort.
    pub cohort: String,
    /// Classes in order.
    pub classes: ClassNames,
    /// The split and who stands where.
    pub split: SplitSummary,
    /// How intervals and patients were made.
    pub settings: UsedSettings,
    /// Test samples that every model answered.
    pub test_slices: usize,
    /// Their patients.
    pub test_patients: usize,
    /// Share of the most frequent true class among test samples.
    pub majority_share_slices: f64,
    /// Share of the most frequent true class among test patients.
    pub majority_share_patients: f64,
    /// Models in the order given, references last.
    pub models: Vec<ModelReport>,
    /// Best network against best learner, where both arms are there and could be chosen.
    pub comparison: Option<Comparison>,
    /// Whether any model is better than always answering the majority class, where there is such a row.
    #[serde(default)]
    pub majority: Option<MajorityVerdict>,
    /// Every model against the one chosen on validation, corrected by Holm.
    pub leaderboard: Option<Leader>,
    /// Every pair of models but references, in order.
    #[serde(default)]
    pub pairwise: Vec<PairDifference>,
    /// What a control with permuted labels came to; none of any other run. Filled in by the tool.
    #[serde(default)]
    pub control: Option<Control>,
    /// Columns that give the target away, as found by [`crate::leakage`]; filled in by the tool.
    pub leaks: Vec<crate::leakage::Leak>,
    /// What a reader must know, in sentences.
    pub warnings: Vec<String>,
}

impl Report {
    /// A model by name.
    pub fn model(&self, name: &str) -> Option<&ModelReport> {
        self.models.iter().find(|model| model.model == name)
    }
}
