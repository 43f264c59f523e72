//! What happens to a table before a learner sees it, estimated from training rows only.
//!
//! | step | setting | what it does |
//! |---|---|---|
//! | 1 | `undefined`, `add_indicator` | drops columns without any defined value; refuses NaN, replaces it, or leaves it |
//! | 2 | `combat` | takes offsets and spreads of sites out ([`Combat`]) |
//! | 3 | `duplicates` | drops columns that do not vary, and duplicates ([`duplicates`]) |
//! | 4 | `scaling` | brings columns to a common scale ([`scaling`]) |
//! | 5 | `redundancy` | keeps one of columns that say nearly the same ([`redundancy`]) |
//! | 6 | `selection` | chooses columns by what they say about the class ([`crate::selection`]) |
//! | 7 | `pca` | puts principal components in place of columns ([`pca`]) |
//!
//! Infinite values are always refused. Every column left out is recorded with its reason. Steps see
//! rows in an order that depends on their contents, and columns in the order of their names, so the
//! order of neither leaves a trace.

pub(crate) mod column;
pub mod combat;
mod constant;
pub(crate) mod correlation;
pub mod duplicates;
mod fitted;
mod normal;
pub mod pca;
pub mod record;
pub mod redundancy;
pub mod scaling;
pub(crate) mod statistics;
pub mod undefined;
pub(crate) mod working;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::samples::Samples;
use crate::selection::{self, Selection};

pub use combat::Combat;
pub use duplicates::Duplicates;
pub use fitted::FittedPreprocess;
pub use pca::{ComponentCount, Pca};
pub use record::{ColumnRecord, Dropped, DroppedColumn, StepRecord};
pub use redundancy::{CorrelationFilter, Redundancy, Representative, SpearmanClusters};
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
    /// Columns equal to another one up to offset and scale.
    pub duplicates: Duplicates,
    /// Common scale or none.
    pub scaling: Scaling,
    /// Columns that say nearly the same, if any are to go.
    pub redundancy: Option<Redundancy>,
    /// Choice of columns by the class, if any.
    pub selection: Option<Selection>,
    /// Principal components, if any.
    pub pca: Option<Pca>,
}

impl Preprocess {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`LearnError::Settings`].
    pub fn check(&self) -> Result<()> {
        let blind = [
            ("combat", self.combat.is_some()),
            ("redundancy", self.redundancy.is_some()),
            ("selection", self.selection.is_some()),
            ("pca", self.pca.is_some()),
        ];
        if let Some((step, _)) = blind.iter().find(|(_, on)| *on && self.leaves_undefined()) {
            return Err(LearnError::settings(
                NAME,
                format!(
                    "{step} does not read undefined values: choose undefined = \"median\" or \"mean\""
                ),
            ));
        }
        self.redundancy.map_or(Ok(()), |rule| rule.check())?;
        self.selection.as_ref().map_or(Ok(()), Selection::check)?;
        self.pca.map_or(Ok(()), Pca::check)
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
        let mut spreads = constant::fit(&mut work)?;
        left(&work)?;
        if self.duplicates == Duplicates::Drop {
            let stays = duplicates::fit(&mut work);
            let mut stays = stays.into_iter();
            spreads.retain(|_| stays.next() == Some(true));
        }
        scaling::fit(&mut work, self.scaling, &spreads);
        if let Some(rule) = &self.redundancy {
            redundancy::fit(&mut work, rule)?;
        }
        if let Some(method) = &self.selection {
            selection::fit(&mut work, method)?;
            left(&work)?;
        }
        let components = if let Some(settings) = self.pca {
            // Sums over columns stay in the order of names.
            Some(pca::fit(&mut work, settings)?)
        } else {
            work.in_table_order();
            None
        };
        let positions: Vec<usize> = work.columns.iter().map(|c| c.at).collect();
        let fitted = FittedPreprocess {
            settings: self.clone(),
            inputs: samples.columns().to_vec(),
            sites,
            kept: work.columns.iter().map(|c| c.fitted.clone()).collect(),
            components,
            dropped: std::mem::take(&mut work.dropped),
            record: std::mem::take(&mut work.record),
        };
        let values = fitted.made(samples.rows(), &positions, |row| {
            (samples.row(row), work.site(row))
        });
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
