//! The bootstrap over patients: slices of one patient are never drawn apart.
//!
//! Slices of a patient resemble each other, so drawing slices would make any interval far too narrow.
//! A resample draws as many patients as there are, with replacement, and takes all of their samples.
//! Resample b of a seed is the same draw for every model and figure: differences are paired.
//!
//! The jackknife behind the BCa interval leaves out one patient at a time; of more than 1000 patients, 1000 groups of
//! them (the k-th of every thousand), which estimates the same acceleration: Σ d³ / (Σ d²)^(3/2) of groups is that of
//! patients, since a mean of g is √g times less skewed and there are g times fewer.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::metrics::{Judged, Metric, Tally};
use crate::random::Stream;
use crate::uncertainty::interval::{Interval, bca, percentile};

/// Largest share of resamples in which a figure may have no value: beyond it the rest would speak of a
/// chosen kind of resample only.
const UNDEFINED_LIMIT: f64 = 0.05;

/// Most fits of the jackknife.
const MOST_LEFT_OUT: usize = 1000;

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
        Ok(self.replicates(judged, metrics)?.estimates())
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
        same_patients(first.patients(), second.patients())?;
        let first = self.replicates(first, metrics)?;
        first.minus(&self.replicates(second, metrics)?)
    }

    /// Every metric on everyone, on every resample and without each patient.
    ///
    /// # Errors
    /// Those of [`Bootstrap::checked`].
    pub fn replicates(self, judged: &Judged, metrics: &[Metric]) -> Result<Replicates> {
        self.replicates_of(judged, |tally| {
            let figures = metrics.iter().map(|metric| tally.figure(metric));
            figures.collect()
        })
    }

    /// The same for any figures that are read off a tally.
    pub(super) fn replicates_of(
        self,
        judged: &Judged,
        figures: impl Fn(&Tally<'_>) -> Vec<Result<f64>> + Sync,
    ) -> Result<Replicates> {
        let settings = self.checked()?;
        let patients = judged.patients().len();
        let everyone = figures(&judged.once());
        let figures = |weights: Vec<u32>| -> Vec<f64> {
            let values = figures(&judged.weighted(weights)).into_iter();
            // Undefined in this draw (no case of a class, say): left out of the interval, and counted.
            values.map(|figure| figure.unwrap_or(f64::NAN)).collect()
        };
        // One patient cannot vary: there is nothing to draw from.
        let (resamples, groups) = if patients > 1 {
            (settings.resamples, patients.min(MOST_LEFT_OUT))
        } else {
            (0, 0)
        };
        // Collected in order: the same values on any number of threads.
        let resampled = (0..resamples).into_par_iter();
        let resampled = resampled.map(|resample| figures(draw(settings.seed, resample, patients)));
        let left_out = (0..groups).into_par_iter().map(|group| {
            let mut weights = vec![1; patients];
            for weight in weights.iter_mut().skip(group).step_by(groups) {
                *weight = 0;
            }
            figures(weights)
        });
        Ok(Replicates {
            settings,
            patients: judged.patients().to_vec(),
            everyone,
            resampled: resampled.collect(),
            left_out: left_out.collect(),
        })
    }
}

/// Figures of one model under every weighting of the patients that a bootstrap asks for.
#[derive(Debug, Clone)]
pub struct Replicates {
    settings: Bootstrap,
    patients: Vec<PatientId>,
    everyone: Vec<Result<f64>>,
    /// Resample after resample the figures; NaN where one has no value.
    resampled: Vec<Vec<f64>>,
    /// The same with patients, or groups of them, left out.
    left_out: Vec<Vec<f64>>,
}

impl Replicates {
    /// The figures with their intervals.
    pub fn estimates(&self) -> Vec<Estimate> {
        let everyone = self.everyone.iter().enumerate();
        let estimates = everyone.map(|(at, value)| {
            let column = |rows: &[Vec<f64>]| rows.iter().map(|row| row[at]).collect();
            self.estimate(
                value.clone(),
                column(&self.resampled),
                column(&self.left_out),
            )
        });
        estimates.collect()
    }

    /// The figures of `self` minus those of `other`, resample by resample.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] when the two speak of different patients, metrics or draws.
    pub fn minus(&self, other: &Self) -> Result<Vec<Estimate>> {
        let all: Vec<usize> = (0..self.everyone.len()).collect();
        if self.everyone.len() != other.everyone.len() {
            return Err(unpaired("other metrics"));
        }
        self.minus_at(other, &all)
    }

    /// As [`Replicates::minus`], of the metrics at some positions only.
    ///
    /// # Errors
    /// As [`Replicates::minus`].
    ///
    /// # Panics
    /// When a position is behind the last metric.
    pub fn minus_at(&self, other: &Self, metrics: &[usize]) -> Result<Vec<Estimate>> {
        same_patients(&self.patients, &other.patients)?;
        if self.settings != other.settings {
            return Err(unpaired("other draws"));
        }
        let estimates = metrics.iter().map(|&at| {
            let value = match (&self.everyone[at], &other.everyone[at]) {
                (Ok(first), Ok(second)) => Ok(first - second),
                (Err(fault), _) | (_, Err(fault)) => Err(fault.clone()),
            };
            let column = |first: &[Vec<f64>], second: &[Vec<f64>]| {
                let rows = first.iter().zip(second);
                rows.map(|(first, second)| first[at] - second[at]).collect()
            };
            self.estimate(
                value,
                column(&self.resampled, &other.resampled),
                column(&self.left_out, &other.left_out),
            )
        });
        Ok(estimates.collect())
    }

    fn estimate(
        &self,
        value: Result<f64>,
        mut resampled: Vec<f64>,
        mut left_out: Vec<f64>,
    ) -> Estimate {
        let Bootstrap {
            resamples,
            confidence,
            ..
        } = self.settings;
        let groups = left_out.len();
        resampled.retain(|figure| !figure.is_nan());
        left_out.retain(|figure| !figure.is_nan());
        let undefined_resamples = resamples - resampled.len();
        let enough = undefined_resamples as f64 <= UNDEFINED_LIMIT * resamples as f64;
        resampled.sort_unstable_by(f64::total_cmp);
        let usable = value.as_ref().ok().filter(|_| enough && groups > 0);
        Estimate {
            percentile: usable.map(|_| percentile(&resampled, confidence)),
            bca: usable
                .filter(|_| left_out.len() == groups)
                .and_then(|&value| bca(&resampled, &left_out, value, confidence)),
            value,
            undefined_resamples,
        }
    }
}

fn same_patients(first: &[PatientId], second: &[PatientId]) -> Result<()> {
    if first == second {
        return Ok(());
    }
    Err(unpaired("different patients"))
}

fn unpaired(what: &str) -> StudyError {
    StudyError::Undefined {
        figure: "paired difference",
        reason: format!("the two models were judged on {what}"),
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
