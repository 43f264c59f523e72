//! One model's answers laid out so that every figure can be read for any weighting of the patients.
//!
//! A bootstrap over patients asks the same figures thousands of times with whole-number weights. So
//! confusion counts and losses are summed per patient once, the probabilities are sorted once, and what a patient adds to
//! a bin of a reliability diagram is one number.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::labels::Label;
use crate::metrics::Metric;
use crate::metrics::calibration::{
    CONFIDENCE_BINS, ReliabilityBin, brier, confidence_bin, log_loss,
};
use crate::metrics::confusion::Confusion;
use crate::metrics::roc::{Concordance, Ranking};
use crate::predictions::{Grading, PredictionRow, Predictions};

/// Answers of one model with truths, grouped by patient.
#[derive(Debug, Clone)]
pub struct Judged {
    classes: usize,
    /// Sorted, so that the same weights mean the same patients for every model.
    patients: Vec<PatientId>,
    grading: Grading,
    samples: usize,
    /// Of every sample: position in `patients`.
    patient_of: Vec<usize>,
    /// Of every sample: confidence bin, confidence, whether right.
    confidences: Vec<(usize, f64, u64)>,
    /// Gaps of the largest probability.
    gaps: Gaps,
    /// Gaps of every class's probability.
    class_gaps: Vec<Gaps>,
    rankings: Vec<Ranking>,
    sums: Vec<PatientSums>,
}

/// What each patient adds to (observed − expected) of each bin of a reliability diagram.
#[derive(Debug, Clone)]
struct Gaps {
    /// Bin after bin: patient and sum of its samples' [right] − probability.
    of_patients: Vec<(u32, f64)>,
    /// Where each bin ends.
    ends: Vec<usize>,
}

impl Gaps {
    fn new(samples: impl Iterator<Item = (usize, f64, bool)>) -> Self {
        let mut bins: Vec<BTreeMap<u32, f64>> = vec![BTreeMap::new(); CONFIDENCE_BINS];
        for (patient, probability, right) in samples {
            let patient = u32::try_from(patient).expect("fewer than 2^32 patients");
            *bins[confidence_bin(probability)]
                .entry(patient)
                .or_default() += f64::from(u8::from(right)) - probability;
        }
        let (mut of_patients, mut ends) = (Vec::new(), Vec::new());
        for bin in bins {
            of_patients.extend(bin);
            ends.push(of_patients.len());
        }
        Self { of_patients, ends }
    }

    /// Σ over bins of |Σ observed − Σ expected|: samples × calibration error.
    fn sum(&self, weights: &[u32]) -> f64 {
        let mut start = 0;
        let of_bin = |&end: &usize| {
            let bin = &self.of_patients[start..end];
            start = end;
            let gaps = bin.iter();
            let gaps = gaps.map(|&(patient, gap)| f64::from(weights[patient as usize]) * gap);
            gaps.sum::<f64>().abs()
        };
        self.ends.iter().map(of_bin).sum()
    }
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
    /// Lays out all rows of a model. Of answers without probabilities only figures of answers have a value.
    pub fn of(predictions: &Predictions) -> Self {
        Self {
            grading: predictions.grading(),
            ..Self::new(predictions.classes().len(), predictions.rows())
        }
    }

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
        let truths: Vec<usize> = rows.iter().map(|row| row.truth.0).collect();
        let gaps = Gaps::new(
            patient_of
                .iter()
                .zip(&confidences)
                .map(|(&patient, &(_, confidence, right))| (patient, confidence, right > 0)),
        );
        let class_gaps = |k: usize| {
            let samples = patient_of.iter().zip(&rows);
            Gaps::new(
                samples.map(|(&patient, row)| (patient, row.probabilities[k], row.truth.0 == k)),
            )
        };
        Self {
            classes,
            grading: Grading::Probabilities,
            samples: rows.len(),
            patients: positions.into_keys().cloned().collect(),
            rankings: (0..classes)
                .map(|k| Ranking::new(&column(k), &truths, &patient_of))
                .collect(),
            gaps,
            class_gaps: (0..classes).map(class_gaps).collect(),
            patient_of,
            confidences,
            sums,
        }
    }

    /// The patients, sorted by id.
    pub fn patients(&self) -> &[PatientId] {
        &self.patients
    }

    /// How many samples were judged.
    pub fn samples(&self) -> usize {
        self.samples
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
    /// [`StudyError::Undefined`] where it has none.
    pub fn figure(&self, metric: &Metric) -> Result<f64> {
        if metric.needs == Grading::Probabilities && self.judged.grading == Grading::Answers {
            return Err(StudyError::Undefined {
                figure: metric.title,
                reason: "the model gave answers without probabilities".into(),
            });
        }
        (metric.formula)(self)
    }

    /// Truths against answers.
    pub fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    pub(crate) fn concordance(&self) -> &Concordance {
        self.concordance
            .get_or_init(|| Concordance::count(&self.judged.rankings, &self.weights))
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

/// Expected calibration error of the samples: the mean over samples of |accuracy − mean confidence| of their bin.
pub(crate) fn calibration_error(tally: &Tally<'_>) -> Result<f64> {
    tally.confusion.some("calibration error")?;
    let samples = tally.confusion.total() as f64;
    Ok(tally.judged.gaps.sum(&tally.weights) / samples)
}

/// Classwise calibration error: the mean over classes of the calibration error of each one's probability.
pub(crate) fn classwise_calibration_error(tally: &Tally<'_>) -> Result<f64> {
    tally.confusion.some("classwise calibration error")?;
    let samples = tally.confusion.total() as f64;
    let classes = tally.judged.class_gaps.iter();
    let sum: f64 = classes.map(|gaps| gaps.sum(&tally.weights)).sum();
    Ok(sum / samples / tally.judged.classes as f64)
}
