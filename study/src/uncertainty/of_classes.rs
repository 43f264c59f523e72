//! Intervals of the figures of each class against all others, over patients as everywhere.
//!
//! The conventions are those of [`crate::metrics::ClassFigures`], but for resamples: one without a sample of the class
//! says nothing of its sensitivity, and one without any other class nothing of its specificity. Such resamples are left
//! out, like those in which a metric has no value.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::metrics::{ClassFigures, Judged};
use crate::uncertainty::bootstrap::{Bootstrap, Estimate};
use crate::uncertainty::interval::Interval;

/// Figures of a class with an interval.
const FIGURES: usize = 4;

/// The intervals of one class: BCa where it has a value, else percentile.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassIntervals {
    /// Of TP / (TP + FP).
    pub precision: Option<Interval>,
    /// Of TP / (TP + FN).
    pub sensitivity: Option<Interval>,
    /// Of TN / (TN + FP).
    pub specificity: Option<Interval>,
    /// Of 2 TP / (2 TP + FP + FN).
    pub f1: Option<Interval>,
}

impl Bootstrap {
    /// The intervals of every class, in order.
    ///
    /// # Errors
    /// Those of [`Bootstrap::checked`].
    pub fn of_classes(self, judged: &Judged) -> Result<Vec<ClassIntervals>> {
        let replicates = self.replicates_of(judged, |tally| {
            let per_class = tally.confusion().per_class();
            let all: u64 = per_class.iter().map(|class| class.support).sum();
            per_class
                .iter()
                .flat_map(|class| figures(class, all))
                .collect()
        })?;
        let estimates = replicates.estimates();
        let interval = |estimate: &Estimate| estimate.bca.or(estimate.percentile);
        Ok(estimates
            .chunks_exact(FIGURES)
            .map(|of_class| ClassIntervals {
                precision: interval(&of_class[0]),
                sensitivity: interval(&of_class[1]),
                specificity: interval(&of_class[2]),
                f1: interval(&of_class[3]),
            })
            .collect())
    }
}

/// The figures of a class among `all` samples, where they have a value.
fn figures(class: &ClassFigures, all: u64) -> [Result<f64>; FIGURES] {
    let defined = |is_defined: bool, value: f64, figure| {
        is_defined
            .then_some(value)
            .ok_or_else(|| StudyError::Undefined {
                figure,
                reason: "no sample in its denominator".into(),
            })
    };
    let (is_there, has_others) = (class.support > 0, class.support < all);
    [
        defined(is_there || class.answered > 0, class.precision, "precision"),
        defined(is_there, class.sensitivity, "sensitivity"),
        defined(has_others, class.specificity, "specificity"),
        defined(is_there || class.answered > 0, class.f1, "F1"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CaseId, PatientId, SampleId};
    use crate::labels::Label;
    use crate::predictions::PredictionRow;
    use crate::split::Part;

    /// Twenty patients, one sample each; the answer is wrong for every fourth.
    fn judged() -> Judged {
        let rows: Vec<PredictionRow> = (0..20)
            .map(|k| {
                let truth = k % 2;
                let answer = if k % 4 == 3 { 1 - truth } else { truth };
                let mut probabilities = vec![0.25; 2];
                probabilities[answer] = 0.75;
                PredictionRow {
                    sample: SampleId::slice(CaseId::new(format!("c{k}")), 0),
                    patient: PatientId::new(format!("p{k:02}")),
                    part: Part::Test,
                    fold: 0,
                    truth: Label(truth),
                    probabilities,
                }
            })
            .collect();
        Judged::new(2, &rows)
    }

    /// The mean of the classes' sensitivities is the balanced accuracy, whose interval has an oracle: with every class
    /// in every resample but a vanishing few, the interval of the one class that varies is twice as wide.
    #[test]
    fn a_class_that_is_always_right_has_no_width_and_the_other_twice_that_of_the_mean() {
        let judged = judged();
        let bootstrap = Bootstrap {
            resamples: 500,
            ..Bootstrap::default()
        };
        let classes = bootstrap.of_classes(&judged).unwrap();
        let first = classes[0].sensitivity.unwrap();
        assert!((first.lower - 1.0).abs() < 1e-12 && (first.upper - 1.0).abs() < 1e-12);
        let second = classes[1].sensitivity.unwrap();
        let metric = [*crate::metrics::by_id("sensitivity_macro").unwrap()];
        let mean = &bootstrap.figures(&judged, &metric).unwrap()[0];
        let mean = mean.bca.or(mean.percentile).unwrap();
        assert!((2.0 * mean.lower - 1.0 - second.lower).abs() < 1e-9);
        assert!((2.0 * mean.upper - 1.0 - second.upper).abs() < 1e-9);
        assert!(second.lower < 0.5 && second.upper > 0.5);
    }
}
