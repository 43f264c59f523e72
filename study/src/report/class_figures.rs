//! What a class's probability is worth by itself: areas, calibration and decision curves, class by class.

use serde::{Deserialize, Serialize};

use crate::labels::{ClassNames, Label};
use crate::metrics::{ReliabilityBin, area_and_precision, class_reliability, weak_calibration};
use crate::predictions::{Grading, Predictions};
use crate::uncertainty::{Interval, delong};

/// Areas of one class's probability against all other classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassDiscrimination {
    /// Name of the class.
    pub class: String,
    /// Samples that truly are of it.
    pub positives: u64,
    /// All others.
    pub negatives: u64,
    /// Area under the receiver operating characteristic, ties half.
    pub auc: Option<f64>,
    /// DeLong's standard error, where samples are independent: one row a patient.
    pub standard_error: Option<f64>,
    /// DeLong's interval, where samples are independent.
    pub interval: Option<Interval>,
    /// Average precision: precision at each threshold, weighted by the recall it adds.
    pub average_precision: Option<f64>,
    /// Why something has no value.
    pub undefined: Option<String>,
}

/// Whether one class's probability means what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassCalibration {
    /// Name of the class.
    pub class: String,
    /// Share of samples that truly are of it.
    pub observed: f64,
    /// Mean probability.
    pub expected: f64,
    /// Calibration in the large: log odds that observations lie above the probabilities, 0 when right.
    pub intercept: Option<Coefficient>,
    /// Calibration slope: 1 when right, below 1 when probabilities are too extreme.
    pub slope: Option<Coefficient>,
    /// Why the slope, or both, have no value.
    pub undefined: Option<String>,
    /// Bars of the reliability diagram of this probability; `correct` counts samples of the class.
    pub bins: Vec<ReliabilityBin>,
}

/// A coefficient of a fit with its uncertainty over patients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The value.
    pub value: f64,
    /// Standard error, robust against the likeness of samples of one patient.
    pub standard_error: f64,
    /// Normal interval.
    pub interval: Interval,
}

const NO_PROBABILITIES: &str = "the model gave answers without probabilities";
const NO_VARIANCE: &str = "every pair is won, every one lost or every one tied: DeLong's variance is 0 and gives no interval";

/// The areas of every class.
pub(super) fn discrimination(
    predictions: &Predictions,
    confidence: f64,
) -> Vec<ClassDiscrimination> {
    let independent = one_row_a_patient(predictions);
    let of_class = |class: Label| {
        let column = Column::of(predictions, class);
        let positives = column.positive.iter().filter(|&&p| p).count() as u64;
        let mut found = ClassDiscrimination {
            class: name(predictions.classes(), class),
            positives,
            negatives: column.positive.len() as u64 - positives,
            auc: None,
            standard_error: None,
            interval: None,
            average_precision: None,
            undefined: None,
        };
        if predictions.grading() == Grading::Answers {
            found.undefined = Some(NO_PROBABILITIES.into());
            return found;
        }
        match area_and_precision(&column.scores, &column.positive) {
            Ok([area, precision]) => {
                found.auc = Some(area);
                found.average_precision = Some(precision);
            }
            Err(fault) => {
                found.undefined = Some(fault.to_string());
                return found;
            }
        }
        if !independent {
            let why = "samples of one patient are not independent: DeLong's variance does not hold";
            found.undefined = Some(why.into());
            return found;
        }
        match delong(&column.scores, &column.positive, confidence) {
            Ok(area) if area.interval.is_some() => {
                found.standard_error = Some(area.standard_error);
                found.interval = area.interval;
            }
            Ok(_) => found.undefined = Some(NO_VARIANCE.into()),
            Err(fault) => found.undefined = Some(fault.to_string()),
        }
        found
    };
    predictions.classes().labels().map(of_class).collect()
}

/// The calibration of every class; none where the model gave no probabilities.
pub(super) fn calibration(predictions: &Predictions, confidence: f64) -> Vec<ClassCalibration> {
    if predictions.grading() == Grading::Answers || predictions.rows().is_empty() {
        return Vec::new();
    }
    let patients: Vec<_> = predictions.rows().iter().map(|row| &row.patient).collect();
    let of_class = |class: Label| {
        let Column { scores, positive } = Column::of(predictions, class);
        let n = scores.len() as f64;
        let coefficient = |[value, standard_error]: [f64; 2]| Coefficient {
            value,
            standard_error,
            interval: crate::uncertainty::normal_interval(value, standard_error, confidence),
        };
        let (intercept, slope) = match weak_calibration(&scores, &positive, &patients) {
            Ok(fit) => (Some(coefficient(fit.intercept)), fit.slope),
            Err(fault) => (None, Err(fault)),
        };
        ClassCalibration {
            class: name(predictions.classes(), class),
            observed: positive.iter().filter(|&&p| p).count() as f64 / n,
            expected: scores.iter().sum::<f64>() / n,
            intercept,
            undefined: slope.as_ref().err().map(ToString::to_string),
            slope: slope.ok().map(coefficient),
            bins: class_reliability(&scores, &positive),
        }
    };
    predictions.classes().labels().map(of_class).collect()
}

fn name(classes: &ClassNames, class: Label) -> String {
    classes.name(class).to_owned()
}

/// Whether each row is of a patient of its own.
pub(super) fn one_row_a_patient(predictions: &Predictions) -> bool {
    let patients: std::collections::BTreeSet<_> =
        predictions.rows().iter().map(|row| &row.patient).collect();
    patients.len() == predictions.rows().len()
}

/// One class's probabilities and whether each sample is of it.
pub(super) struct Column {
    pub(super) scores: Vec<f64>,
    pub(super) positive: Vec<bool>,
}

impl Column {
    pub(super) fn of(predictions: &Predictions, class: Label) -> Self {
        let rows = predictions.rows().iter();
        let (scores, positive) = rows
            .map(|row| (row.probabilities[class.0], row.truth == class))
            .unzip();
        Self { scores, positive }
    }
}
