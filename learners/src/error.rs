//! Errors of this room: what was found, what was expected, and where.

use raduet_study::StudyError;

/// Result of this room.
pub type Result<T> = std::result::Result<T, LearnError>;

/// Why a learner, a pipeline or a saved model refuses its input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// The parts of a set of samples do not fit together.
    #[error("samples: found {found}, expected {expected}")]
    Samples {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A value is NaN or infinite.
    #[error(
        "column '{column}' of sample {sample} is {found}: {count} value(s) are not finite; \
         remove those samples or columns, or choose median imputation for undefined values"
    )]
    NotFinite {
        /// The first column concerned.
        column: String,
        /// The first sample concerned.
        sample: String,
        /// The value found there.
        found: String,
        /// How many values of the table are concerned.
        count: usize,
    },
    /// There are too few training rows.
    #[error("{learner}: {found} training row(s), at least {needed} needed")]
    TooFewRows {
        /// Who refuses.
        learner: &'static str,
        /// Rows given.
        found: usize,
        /// Rows needed.
        needed: usize,
    },
    /// All training rows belong to one class.
    #[error("{learner}: every training row is '{class}', at least two classes needed")]
    OneClass {
        /// Who refuses.
        learner: &'static str,
        /// The only class.
        class: String,
    },
    /// No usable column is left.
    #[error(
        "{learner}: no column to learn from ({found}); give features that vary over the training rows"
    )]
    NoColumns {
        /// Who refuses.
        learner: &'static str,
        /// What became of the columns.
        found: String,
    },
    /// A learner that cannot weigh samples was given weights.
    #[error("{learner} takes no sample weights: leave them out or choose another learner")]
    WeightsUnsupported {
        /// Who refuses.
        learner: &'static str,
    },
    /// The table to be predicted has other columns than the training table.
    #[error(
        "columns differ from training: missing [{}], unknown [{}]",
        missing.join(", "),
        unknown.join(", ")
    )]
    Columns {
        /// Columns of the training that are absent, in training order.
        missing: Vec<String>,
        /// Columns that the training did not have, in table order.
        unknown: Vec<String>,
    },
    /// Sites are to be harmonised, but nobody said where the rows are from.
    #[error("combat needs the site of every row: name the site column, or leave combat out")]
    NoSites,
    /// A row is from a site that training did not have.
    #[error(
        "sample '{sample}' is from site '{site}', which training did not have: its effect is unknown; \
         known sites: {}",
        known.join(", ")
    )]
    UnknownSite {
        /// The site.
        site: String,
        /// The sample.
        sample: String,
        /// Sites of the training rows.
        known: Vec<String>,
    },
    /// A row number lies outside the table.
    #[error("row {found} of a table of {rows} rows")]
    Row {
        /// The row asked for.
        found: usize,
        /// The rows there are.
        rows: usize,
    },
    /// No learner has this name.
    #[error("no learner '{found}'; there are: {}", known.join(", "))]
    UnknownLearner {
        /// The name asked for.
        found: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// A setting has an unknown name or a value that makes no sense.
    #[error("{learner}: {reason}")]
    Settings {
        /// Whose setting.
        learner: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// Columns depend on each other where they must not.
    #[error("{learner}: {what} is rank deficient: {remedy}")]
    RankDeficient {
        /// Who refuses.
        learner: &'static str,
        /// Which matrix.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// An optimiser stopped before its tolerance.
    #[error(
        "{learner} did not converge in {iterations} iterations (gradient {gradient:e}, wanted {wanted:e}): \
         scale the columns"
    )]
    NotConverged {
        /// Who stopped.
        learner: &'static str,
        /// Iterations done.
        iterations: usize,
        /// Largest component of the gradient there.
        gradient: f64,
        /// The tolerance.
        wanted: f64,
    },
    /// A foreign library failed, or answered what it must not.
    #[error("{learner}: its back end reports: {reason}")]
    Backend {
        /// Whose back end.
        learner: &'static str,
        /// What it said.
        reason: String,
    },
    /// A saved model is not one of ours, or is damaged.
    #[error("saved model, {place}: found {found}, expected {expected}")]
    Saved {
        /// Which part of the file.
        place: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Training rows cannot be divided into folds.
    #[error("folds of the training rows: found {found}; {remedy}")]
    Folds {
        /// What was found.
        found: String,
        /// What to do about it.
        remedy: String,
    },
    /// The contract's own checks failed.
    #[error(transparent)]
    Study(#[from] StudyError),
}

impl LearnError {
    /// A fault of a saved model.
    pub(crate) fn saved(
        place: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Saved {
            place: place.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// A setting that makes no sense.
    pub(crate) fn settings(learner: &'static str, reason: impl Into<String>) -> Self {
        Self::Settings {
            learner,
            reason: reason.into(),
        }
    }

    /// A fault in the parts of a set of samples.
    pub(crate) fn samples(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Samples {
            found: found.into(),
            expected: expected.into(),
        }
    }
}
