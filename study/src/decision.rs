//! Decision curves: what acting on a class's probability is worth to patients.
//!
//! Vickers and Elkin (2006, doi 10.1177/0272989X06295361): whoever acts from a probability t on weighs one false alarm as t / (1 − t)
//! of a found case, so among n samples
//!
//! net benefit = TP / n − FP / n · t / (1 − t)
//!
//! with TP and FP counted among samples whose probability is at least t. Acting on everyone has prevalence − (1 − prevalence) ·
//! t / (1 − t), acting on nobody has 0. For more than two classes each class stands against all others.

use serde::{Deserialize, Serialize};

use crate::labels::ClassNames;
use crate::predictions::PredictionRow;

/// Thresholds of a curve: 0.01, 0.02, …, 0.99.
const PERCENTS: std::ops::RangeInclusive<u32> = 1..=99;

/// The curve of one class; acting on nobody is 0 everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionCurve {
    /// Name of the class.
    pub class: String,
    /// Share of samples that truly are of it.
    pub prevalence: f64,
    /// Probabilities from which on one acts.
    pub thresholds: Vec<f64>,
    /// Net benefit of acting by the model.
    pub model: Vec<f64>,
    /// Net benefit of acting on everyone.
    pub all: Vec<f64>,
}

/// Net benefit of acting on samples whose score is at least the threshold, and of acting on everyone.
///
/// # Panics
/// When there are more or fewer scores than samples, none at all, or a threshold outside 0..1 (1 excluded).
///
/// # Examples
/// ```
/// use raduet_study::decision::net_benefit;
///
/// // At 0.5 a false alarm costs as much as a found case gains: (2 − 1) / 4.
/// let [model, all] = net_benefit(&[0.9, 0.6, 0.7, 0.1], &[true, false, true, false], 0.5);
/// assert_eq!((model, all), (0.25, 0.0));
/// ```
pub fn net_benefit(scores: &[f64], positive: &[bool], threshold: f64) -> [f64; 2] {
    assert_eq!(scores.len(), positive.len(), "a score for every sample");
    assert!(!scores.is_empty(), "nobody to act on");
    assert!((0.0..1.0).contains(&threshold), "threshold {threshold}");
    let acted = scores
        .iter()
        .zip(positive)
        .filter(|(s, _)| **s >= threshold);
    let (mut right, mut wrong) = (0_u64, 0_u64);
    for (_, &positive) in acted {
        if positive {
            right += 1;
        } else {
            wrong += 1;
        }
    }
    let n = scores.len() as f64;
    let prevalence = positive.iter().filter(|&&p| p).count() as f64 / n;
    let odds = threshold / (1.0 - threshold);
    [
        right as f64 / n - wrong as f64 / n * odds,
        prevalence - (1.0 - prevalence) * odds,
    ]
}

/// The curve of every class that is answered; none without rows.
pub fn decision_curves(classes: &ClassNames, rows: &[PredictionRow]) -> Vec<DecisionCurve> {
    if rows.is_empty() {
        return Vec::new();
    }
    let of_class = |class: crate::Label| {
        let scores: Vec<f64> = rows.iter().map(|row| row.probabilities[class.0]).collect();
        let positive: Vec<bool> = rows.iter().map(|row| row.truth == class).collect();
        let thresholds: Vec<f64> = PERCENTS.map(|percent| f64::from(percent) / 100.0).collect();
        let points = thresholds
            .iter()
            .map(|&t| net_benefit(&scores, &positive, t));
        let (model, all) = points.map(|[model, all]| (model, all)).unzip();
        DecisionCurve {
            class: classes.name(class).to_owned(),
            prevalence: positive.iter().filter(|&&p| p).count() as f64 / rows.len() as f64,
            thresholds,
            model,
            all,
        }
    };
    classes.labels().map(of_class).collect()
}
