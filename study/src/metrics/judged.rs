//! One model's answers laid out so that every figure can be read for any weighting of the patients.
//!
//! A bootstrap over patients asks the same figures thousands of times with whole-number weights. So
//! confusion counts and losses are summed per patient once, and the probabilities are sorted once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::error::Result;
use crate::ids::PatientId;
use crate::labels::Label;
use crate::metrics::Metric;
use crate::metrics::calibration::{
    ReliabilityBin, brier, confidence_bin, expected_calibration_error, log_loss,
};
use crate::metrics::confusion::Confusion;
use crate::metrics::roc::{Concordance, sorted_by};
use crate::predictions::PredictionRow;

/// Answers of one model with truths, grouped by patient.
#[derive(Debug, Clone)]
pub struct Judged {
    classes: usize,
    /// Sorted, so that the same weights mean the same patients for every model.
    patients: Vec<PatientId>,
    truths: Vec<usize>,
    probabilities: Vec<f64>,
    /// Of every sample: position in `patients`.
    patient_of: Vec<usize>,
    /// Of every sample: confidence bin, confidence, whether right.
    confidences: Vec<(usize, f64, u64)>,
    orders: Vec<Vec<usize>>,
    sums: Vec<PatientSums>,
}

/// What one patient adds to the figures.
#[derive(Debug, Clone)]
struct PatientSums {
    samples: u64,
    confusion: Confusion,
    log_loss: f64,
    brier: f64,
}

impl Judged {
    /// Lays out rows of a model over `classes` classes.
    ///
    /// # Panics
    /// When a row belongs to other classes; rows of [`crate::Predictions`] never do.
    pub fn new<'a>(classes: usize, rows: impl IntoIterator<Item = &'a PredictionRow>) -> Self {
        let rows: Vec<&PredictionRow> = rows.into_iter().collect();
        let mut positions: BTreeMap<&PatientId, usize> =
            rows.iter().map(|row| (&row.patient, 0)).collect();
        for (position, value) in positions.values_mut().enumerate() {
            *value = position;
        }
        let mut sums = vec![
            PatientSums {
                samples: 0,
                confusion: Confusion::empty(classes),
                log_loss: 0.0,
                brier: 0.0,
            };
            positions.len()
        ];
        let mut confidences = Vec::with_capacity(rows.len());
        let mut patient_of = Vec::with_capacity(rows.len());
        for row in &rows {
            let patient = positions[&row.patient];
            let answer = row.answer();
            let confidence = row.probabilities[answer.0];
            let sum = &mut sums[patient];
            sum.samples += 1;
            sum.confusion.record(row.truth, answer);
            sum.log_loss += log_loss(&row.probabilities, row.truth.0);
            sum.brier += brier(&row.probabilities, row.truth.0);
            patient_of.push(patient);
            confidences.push((
                confidence_bin(confidence),
                confidence,
                u64::from(answer == row.truth),
            ));
        }
        let column = |k: usize| -> Vec<f64> { rows.iter().map(|r| r.probabilities[k]).collect() };
        Self {
            classes,
            patients: positions.into_keys().cloned().collect(),
            truths: rows.iter().map(|row| row.truth.0).collect(),
            probabilities: rows
                .iter()
                .flat_map(|row| row.probabilities.iter().copied())
                .collect(),
            patient_of,
            confidences,
            orders: (0..classes).map(|k| sorted_by(&column(k))).collect(),
            sums,
        }
    }

    /// The patients, sorted by id.
    pub fn patients(&self) -> &[PatientId] {
        &self.patients
    }

    /// How many samples were judged.
    pub fn samples(&self) -> usize {
        self.truths.len()
    }

    /// Every patient counted once.
    pub fn once(&self) -> Tally<'_> {
        self.weighted(vec![1; self.patients.len()])
    }

    /// Every patient counted as often as `weights` says, one entry per patient.
    pub(crate) fn weighted(&self, weights: Vec<u32>) -> Tally<'_> {
        let mut confusion = Confusion::empty(self.classes);
        for (sum, &weight) in self.sums.iter().zip(&weights) {
            confusion.add(&sum.confusion, weight);
        }
        Tally {
            judged: self,
            weights,
            confusion,
            concordance: OnceCell::new(),
        }
    }
}

/// Judged answers under one weighting of the patients: what a metric sees.
#[derive(Debug)]
pub struct Tally<'a> {
    judged: &'a Judged,
    weights: Vec<u32>,
    confusion: Confusion,
    concordance: OnceCell<Concordance>,
}

impl Tally<'_> {
    /// The value of a metric.
    ///
    /// # Errors
    /// [`crate::StudyError::Undefined`] where it has none.
    pub fn figure(&self, metric: &Metric) -> Result<f64> {
        (metric.formula)(self)
    }

    /// Truths against answers.
    pub fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    pub(crate) fn concordance(&self) -> &Concordance {
        self.concordance.get_or_init(|| {
            let judged = self.judged;
            let weights: Vec<u32> = judged
                .patient_of
                .iter()
                .map(|&patient| self.weights[patient])
                .collect();
            Concordance::count(
                &judged.truths,
                &weights,
                &judged.probabilities,
                &judged.orders,
            )
        })
    }

    /// The reliability diagram of the largest probabilities.
    pub fn reliability(&self) -> Vec<ReliabilityBin> {
        let mut bins = ReliabilityBin::all();
        let judged = self.judged;
        for (&patient, &(bin, confidence, correct)) in
            judged.patient_of.iter().zip(&judged.confidences)
        {
            let weight = self.weights[patient];
            let bin = &mut bins[bin];
            bin.samples += u64::from(weight);
            bin.confidence_sum += f64::from(weight) * confidence;
            bin.correct += u64::from(weight) * correct;
        }
        bins
    }

    /// Mean over samples of a loss that is summed per patient.
    fn mean(&self, of: impl Fn(&PatientSums) -> f64) -> f64 {
        let (mut sum, mut samples) = (0.0, 0.0);
        for (patient, &weight) in self.judged.sums.iter().zip(&self.weights) {
            sum += f64::from(weight) * of(patient);
            samples += f64::from(weight) * patient.samples as f64;
        }
        sum / samples
    }

    /// The majority among the truths: its class and count, the earlier class on a tie.
    pub fn largest_class(&self) -> Option<(Label, u64)> {
        let supports = (0..self.judged.classes).map(|k| (Label(k), self.confusion.support(k)));
        supports
            .rev()
            .max_by_key(|&(_, n)| n)
            .filter(|&(_, n)| n > 0)
    }
}

/// Mean log loss of the samples.
pub(crate) fn mean_log_loss(tally: &Tally<'_>) -> Result<f64> {
    tally.confusion.some("log loss")?;
    Ok(tally.mean(|sums| sums.log_loss))
}

/// Mean Brier score of the samples.
pub(crate) fn mean_brier(tally: &Tally<'_>) -> Result<f64> {
    tally.confusion.some("Brier score")?;
    Ok(tally.mean(|sums| sums.brier))
}

/// Expected calibration error of the samples.
pub(crate) fn calibration_error(tally: &Tally<'_>) -> Result<f64> {
    tally.confusion.some("calibration error")?;
    Ok(expected_calibration_error(&tally.reliability()))
}
