//! The figures of one model at one level.

use crate::error::Result;
use crate::labels::ClassNames;
use crate::metrics::{Judged, METRICS, Metric};
use crate::report::{ClassRow, Figure, Level, LevelReport};
use crate::uncertainty::{Bootstrap, Estimate};

/// What every figure of a report carries.
pub(super) struct Stamp<'a> {
    pub(super) split: &'a str,
    pub(super) bootstrap: Bootstrap,
}

impl Stamp<'_> {
    /// An estimate with everything needed to read it.
    pub(super) fn figure(&self, metric: &Metric, estimate: Estimate, judged: &Judged) -> Figure {
        let (value, undefined) = match estimate.value {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Figure {
            metric: metric.id.to_owned(),
            value,
            undefined,
            percentile: estimate.percentile,
            bca: estimate.bca,
            undefined_resamples: estimate.undefined_resamples,
            slices: judged.samples(),
            patients: judged.patients().len(),
            split: self.split.to_owned(),
            seed: self.bootstrap.seed,
        }
    }

    /// All figures, classes and counts of one model at one level.
    pub(super) fn level(
        &self,
        level: Level,
        judged: &Judged,
        classes: &ClassNames,
    ) -> Result<LevelReport> {
        let estimates = self.bootstrap.figures(judged, METRICS)?;
        let tally = judged.once();
        let per_class = tally.confusion().per_class();
        let intervals = self.bootstrap.of_classes(judged)?;
        Ok(LevelReport {
            level,
            figures: METRICS
                .iter()
                .zip(estimates)
                .map(|(metric, estimate)| self.figure(metric, estimate, judged))
                .collect(),
            per_class: classes
                .names()
                .iter()
                .zip(per_class)
                .zip(intervals)
                .map(|((class, figures), intervals)| ClassRow {
                    class: class.clone(),
                    figures,
                    intervals,
                })
                .collect(),
            confusion: tally.confusion().rows().map(<[u64]>::to_vec).collect(),
            reliability: tally.reliability(),
        })
    }
}
