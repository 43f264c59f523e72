//! The figures of one model at one level.

use crate::decision::decision_curves;
use crate::metrics::{Judged, METRICS, Metric};
use crate::predictions::Grading;
use crate::report::class_figures::{calibration, discrimination};
use crate::report::comparison::Contender;
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
    pub(super) fn level(&self, level: Level, contender: &Contender<'_>) -> LevelReport {
        let (rows, judged, replicates) = match level {
            Level::Slice => (
                &contender.slices,
                &contender.judged_slices,
                &contender.slice_replicates,
            ),
            Level::Patient => (
                &contender.patients,
                &contender.judged_patients,
                &contender.patient_replicates,
            ),
        };
        let classes = rows.classes();
        let tally = judged.once();
        let per_class = tally.confusion().per_class();
        // The settings were checked when the replicates were made.
        let intervals = self.bootstrap.of_classes(judged).unwrap_or_default();
        let decides = level == Level::Patient && rows.grading() == Grading::Probabilities;
        LevelReport {
            level,
            figures: METRICS
                .iter()
                .zip(replicates.estimates())
                .map(|(metric, estimate)| self.figure(metric, estimate, judged))
                .collect(),
            per_class: classes
                .names()
                .iter()
                .zip(per_class)
                .enumerate()
                .map(|(at, (class, figures))| ClassRow {
                    class: class.clone(),
                    figures,
                    intervals: intervals.get(at).copied().unwrap_or_default(),
                })
                .collect(),
            confusion: tally.confusion().rows().map(<[u64]>::to_vec).collect(),
            reliability: if rows.grading() == Grading::Probabilities {
                tally.reliability()
            } else {
                Vec::new()
            },
            discrimination: discrimination(rows, self.bootstrap.confidence),
            calibration: calibration(rows, self.bootstrap.confidence),
            decision: if decides {
                decision_curves(classes, rows.rows())
            } else {
                Vec::new()
            },
        }
    }
}
