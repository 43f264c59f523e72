//! The bootstrap over patients: slices of one patient are never drawn apart.
//!
//! Slices of a patient resemble each other, so drawing slices would make any interval far too narrow.
//! A resample draws as many patients as there are, with replacement, and takes all of their samples.
//! Resample b of a seed is the same draw for every model and figure: differences are paired.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::metrics::{Judged, Metric};
use crate::random::Stream;
use crate::uncertainty::interval::{Interval, bca, percentile};

/// Largest share of resamples in which a figure may have no value: beyond it the rest would speak of a
/// chosen kind of resample only.
const UNDEFINED_LIMIT: f64 = 0.05;

/// How intervals are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// How many resamples.
    pub resamples: usize,
    /// Share of intervals that hold the truth in the long run, such as 0.95.
    pub confidence: f64,
    /// Names the draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 2000 resamples, 95 %, seed 42.
    fn default() -> Self {
        Self {
            resamples: 2000,
            confidence: 0.95,
            seed: 42,
        }
    }
}

/// A figure with its uncertainty over patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The figure of everyone.
    pub value: Result<f64>,
    /// Percentile interval, where at least 95 % of the resamples have a value.
    pub percentile: Option<Interval>,
    /// BCa interval, where the correction has a value too.
    pub bca: Option<Interval>,
    /// Resamples in which the figure has no value, for example because a class was not drawn.
    pub undefined_resamples: usize,
}

impl Bootstrap {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] without resamples or with a confidence outside 0..1 (both excluded).
    pub fn checked(self) -> Result<Self> {
        let reason = if self.resamples == 0 {
            "no resample was asked for".to_owned()
        } else if !(self.confidence > 0.0 && self.confidence < 1.0) {
            format!("a confidence of {} is not between 0 and 1", self.confidence)
        } else {
            return Ok(self);
        };
        Err(StudyError::Undefined {
            figure: "confidence interval",
            reason,
        })
    }

    /// Every metric of one model's answers.
    ///
    /// # Errors
    /// Those of [`Bootstrap::checked`].
    pub fn figures(self, judged: &Judged, metrics: &[Metric]) -> Result<Vec<Estimate>> {
        self.run(judged.patients().len(), metrics.len(), |weights| {
            let tally = judged.weighted(weights);
            metrics.iter().map(|metric| tally.figure(metric)).collect()
        })
    }

    /// Every metric of `first` minus that of `second`, on the same resamples of the same patients.
    ///
    /// # Errors
    /// Those of [`Bootstrap::checked`]; [`StudyError::Undefined`] when the two speak of different
    /// patients.
    pub fn differences(
        self,
        first: &Judged,
        second: &Judged,
        metrics: &[Metric],
    ) -> Result<Vec<Estimate>> {
        if first.patients() != second.patients() {
            return Err(StudyError::Undefined {
                figure: "paired difference",
                reason: "the two models were judged on different patients".into(),
            });
        }
        self.run(first.patients().len(), metrics.len(), |weights| {
            let (first, second) = (first.weighted(weights.clone()), second.weighted(weights));
            metrics
                .iter()
                .map(|metric| Ok(first.figure(metric)? - second.figure(metric)?))
                .collect()
        })
    }

    /// Estimates `count` figures that `compute` reads off whole-number weights of the patients.
    fn run(
        self,
        patients: usize,
        count: usize,
        compute: impl Fn(Vec<u32>) -> Vec<Result<f64>>,
    ) -> Result<Vec<Estimate>> {
        let settings = self.checked()?;
        let everyone = compute(vec![1; patients]);
        let mut resampled = vec![Vec::with_capacity(settings.resamples); count];
        let mut left_out = vec![Vec::with_capacity(patients); count];
        // One patient cannot vary: there is nothing to draw from.
        if patients > 1 {
            for resample in 0..settings.resamples {
                let figures = compute(draw(settings.seed, resample, patients));
                keep_defined(&mut resampled, figures);
            }
            for patient in 0..patients {
                let mut weights = vec![1; patients];
                weights[patient] = 0;
                keep_defined(&mut left_out, compute(weights));
            }
        }
        let estimates = everyone.into_iter().zip(resampled).zip(left_out);
        Ok(estimates
            .map(|((value, resampled), left_out)| {
                settings.estimate(value, resampled, &left_out, patients)
            })
            .collect())
    }

    fn estimate(
        self,
        value: Result<f64>,
        mut resampled: Vec<f64>,
        left_out: &[f64],
        patients: usize,
    ) -> Estimate {
        let undefined_resamples = self.resamples - resampled.len();
        let enough = undefined_resamples as f64 <= UNDEFINED_LIMIT * self.resamples as f64;
        resampled.sort_by(f64::total_cmp);
        let usable = value.as_ref().ok().filter(|_| enough && patients > 1);
        Estimate {
            percentile: usable.map(|_| percentile(&resampled, self.confidence)),
            bca: usable
                .filter(|_| left_out.len() == patients)
                .and_then(|&value| bca(&resampled, left_out, value, self.confidence)),
            value,
            undefined_resamples,
        }
    }
}

fn keep_defined(kept: &mut [Vec<f64>], figures: Vec<Result<f64>>) {
    for (values, figure) in kept.iter_mut().zip(figures) {
        values.extend(figure.ok());
    }
}

/// How often each patient is drawn in one resample; the weights sum to the number of patients.
pub(crate) fn draw(seed: u64, resample: usize, patients: usize) -> Vec<u32> {
    let mut stream = Stream::new(seed, "bootstrap over patients", resample as u64);
    let mut weights = vec![0; patients];
    for _ in 0..patients {
        weights[stream.below(patients)] += 1;
    }
    weights
}
