//! What happens to a table before a learner sees it, estimated from training rows only.
//!
//! | step | setting | what it does |
//! |---|---|---|
//! | 1 | `undefined`, `add_indicator` | drops columns without any defined value; refuses NaN, replaces it, or leaves it |
//! | 2 | `combat` | takes offsets and spreads of sites out ([`Combat`]) |
//! | 3 | | drops columns that do not vary |
//! | 4 | `scaling` | brings columns to a common scale ([`Scaling`]) |
//!
//! Infinite values are always refused. Every column left out is recorded with its reason. Steps see
//! rows in an order that depends on their contents, and columns in the order of their names, so the
//! order of neither leaves a trace.

mod column;
pub mod combat;
mod constant;
mod fitted;
mod normal;
pub mod record;
pub mod scaling;
pub(crate) mod statistics;
pub mod undefined;
pub(crate) mod working;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::samples::Samples;

pub use combat::Combat;
pub use fitted::FittedPreprocess;
pub use record::{ColumnRecord, Dropped, DroppedColumn, StepRecord};
pub use scaling::Scaling;
pub use undefined::Undefined;

use working::Working;

/// Name in messages.
pub(crate) const NAME: &str = "preprocess";

/// The settings of all steps. The default refuses undefined values, drops constant columns and scales
/// to mean 0 and standard deviation 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preprocess {
    /// Undefined values.
    pub undefined: Undefined,
    /// Adds a column of 0 and 1 for each column with undefined training values.
    pub add_indicator: bool,
    /// Harmonisation of sites, if any.
    pub combat: Option<Combat>,
    /// Common scale or none.
    pub scaling: Scaling,
}

impl Preprocess {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`LearnError::Settings`].
    pub fn check(&self) -> Result<()> {
        if self.leaves_undefined() && self.combat.is_some() {
            return Err(LearnError::settings(
                NAME,
                "combat does not read undefined values: choose undefined = \"median\" or \"mean\"",
            ));
        }
        Ok(())
    }

    /// Whether undefined values reach the learner.
    pub fn leaves_undefined(&self) -> bool {
        self.undefined == Undefined::Keep
    }

    /// Fits every step, and gives the learner's view of the training rows in their order.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for values that may not pass, [`LearnError::NoColumns`] when none is
    /// left, [`LearnError::TooFewRows`] without any row, and those of the steps.
    pub fn fit(&self, samples: &Samples) -> Result<(FittedPreprocess, Samples)> {
        self.check()?;
        if samples.rows() == 0 {
            return Err(LearnError::TooFewRows {
                learner: NAME,
                found: 0,
                needed: 1,
            });
        }
        let mut work = Working::new(samples);
        undefined::fit(&mut work, self.undefined, self.add_indicator)?;
        let sites = match &self.combat {
            Some(settings) => combat::fit(&mut work, settings)?,
            None => Vec::new(),
        };
        let spreads = constant::fit(&mut work)?;
        left(&work)?;
        scaling::fit(&mut work, self.scaling, &spreads);
        let values = work.written();
        let fitted = FittedPreprocess {
            settings: self.clone(),
            inputs: samples.columns().to_vec(),
            sites,
            kept: work.columns.into_iter().map(|c| c.fitted).collect(),
            dropped: work.dropped,
            record: work.record,
        };
        let samples = samples.with_columns(fitted.names(), values);
        Ok((fitted, samples))
    }
}

/// Refuses to go on without any column.
fn left(work: &Working) -> Result<()> {
    if work.columns.is_empty() {
        return Err(LearnError::NoColumns {
            learner: NAME,
            found: format!(
                "{} of {} left out",
                work.dropped.len(),
                work.samples.width()
            ),
        });
    }
    Ok(())
}
