//! What the steps did: columns left out with their reason, and scores of those that were judged.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};

/// Why a column was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dropped {
    /// It has the same value in every training row, up to rounding.
    Constant,
    /// It has no defined value in the training rows.
    Undefined,
    /// It varies between sites only, so nothing of it remains when these are harmonised.
    SiteOnly,
    /// It says the same as another column up to offset and scale.
    Duplicate {
        /// The column that stays.
        of: String,
    },
    /// It is too close to a column that stays.
    Redundant {
        /// The column that stays.
        with: String,
    },
    /// A selection did not choose it.
    NotSelected {
        /// The method, and what it held against the column.
        because: String,
    },
}

/// A column that the learner does not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroppedColumn {
    /// Its name.
    pub column: String,
    /// Why.
    pub reason: Dropped,
}

impl fmt::Display for DroppedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column '{}' left out: ", self.column)?;
        match &self.reason {
            Dropped::Constant => write!(f, "it does not vary over the training rows"),
            Dropped::Undefined => write!(f, "it is undefined in every training row"),
            Dropped::SiteOnly => write!(f, "it does not vary within any site"),
            Dropped::Duplicate { of } => write!(f, "it says the same as '{of}'"),
            Dropped::Redundant { with } => write!(f, "it is redundant beside '{with}'"),
            Dropped::NotSelected { because } => write!(f, "not selected: {because}"),
        }
    }
}

/// What one step did with the columns that it saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// Name of the step, and of its method (`selection: anova_f`).
    pub step: String,
    /// What the scores are (`F`), empty where the step has none.
    pub score: String,
    /// The columns that it saw, in the order of their names; components in their order.
    pub columns: Vec<ColumnRecord>,
}

/// One column in a [`StepRecord`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRecord {
    /// Its name.
    pub column: String,
    /// Its score, where it has one; a score beyond all bounds is the largest number.
    pub score: Option<f64>,
    /// Whether it went on to the next step.
    pub kept: bool,
}

impl ColumnRecord {
    /// A column with a score that may be undefined or infinite.
    pub(crate) fn new(column: &str, score: Option<f64>, kept: bool) -> Self {
        Self {
            column: column.to_owned(),
            score: score
                .filter(|s| !s.is_nan())
                .map(|s| s.clamp(f64::MIN, f64::MAX)),
            kept,
        }
    }
}

impl StepRecord {
    /// What a record from a file must fulfil.
    pub(crate) fn check(&self) -> Result<()> {
        let scores = self.columns.iter().filter_map(|column| column.score);
        match scores.into_iter().find(|score| !score.is_finite()) {
            Some(score) => Err(LearnError::saved(
                format!("record of '{}'", self.step),
                score.to_string(),
                "finite scores",
            )),
            None => Ok(()),
        }
    }
}
