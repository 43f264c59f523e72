//! How good answers on held-out rows are, patient by patient.
//!
//! A patient's rows are pooled by the mean of their probabilities before anything is counted, as in the
//! study's own figures; rows of one patient that belong to different classes are pooled class by class.
//! So a patient with many slices weighs no more than one with few.
//!
//! Choosing by log loss is the default. It is a strictly proper score, so nothing but the truth improves
//! it, and every patient's probability enters, where accuracies move in steps of one patient: with some
//! dozens of them many settings tie, and with rare classes most settings share one balanced accuracy.
//! A probability of 0 would cost infinitely much for a single patient. It is taken for 1 / (n + 2), n the
//! patients learned from: what Laplace's rule leaves to an event that n patients never showed.

use raduet_study::metrics::auc;
use serde::{Deserialize, Serialize};

use super::groups::Groups;
use crate::samples::Samples;

/// A figure to choose by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Mean of −ln p(true class) over patients, p at least 1 / (n + 2); smaller is better.
    #[default]
    LogLoss,
    /// Mean sensitivity of the classes that occur, a tie going to the earlier class; larger is better.
    BalancedAccuracy,
    /// Mean over classes of the area under the curve against the rest, ties half; larger is better.
    MacroAuc,
}

impl Score {
    /// Whether `a` is truly better than `b`; an undefined score (NaN) never is, and any other is
    /// better than it.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        if b.is_nan() {
            return !a.is_nan();
        }
        self.gain(a, b) > 0.0
    }

    /// By how much `a` is better than `b`: their difference, positive for an improvement.
    pub fn gain(self, a: f64, b: f64) -> f64 {
        match self {
            Self::LogLoss => b - a,
            Self::BalancedAccuracy | Self::MacroAuc => a - b,
        }
    }
}

/// Rows to be judged, pooled into patients.
pub(crate) struct Judge {
    /// Class and rows of each patient.
    units: Vec<(usize, Vec<usize>)>,
    classes: usize,
    floor: f64,
}

impl Judge {
    /// Judges answers on `samples` of a model that learned from so many patients.
    pub(crate) fn new(samples: &Samples, learned_patients: usize) -> Self {
        let groups = Groups::new(samples);
        let classes = samples.classes().len();
        let mut units = Vec::new();
        for rows in &groups.rows {
            for class in 0..classes {
                let of_class = |row: &&usize| samples.labels()[**row].0 == class;
                let rows: Vec<usize> = rows.iter().filter(of_class).copied().collect();
                if !rows.is_empty() {
                    units.push((class, rows));
                }
            }
        }
        Self {
            units,
            classes,
            floor: 1.0 / (learned_patients as f64 + 2.0),
        }
    }

    /// Class and probabilities of each patient, of answers row-major n × K.
    pub(crate) fn pooled(&self, answers: &[f64]) -> Vec<(usize, Vec<f64>)> {
        let pool = |(class, rows): &(usize, Vec<usize>)| {
            let mut mean = vec![0.0; self.classes];
            for &row in rows {
                let answer = &answers[row * self.classes..(row + 1) * self.classes];
                mean.iter_mut().zip(answer).for_each(|(m, p)| *m += p);
            }
            for m in &mut mean {
                *m /= rows.len() as f64;
            }
            (*class, mean)
        };
        self.units.iter().map(pool).collect()
    }

    /// The figure of answers, row-major n × K; NaN where the patients do not define it.
    pub(crate) fn score(&self, score: Score, answers: &[f64]) -> f64 {
        let pooled = self.pooled(answers);
        match score {
            Score::LogLoss => {
                let losses = pooled
                    .iter()
                    .map(|(class, p)| -p[*class].max(self.floor).ln());
                losses.sum::<f64>() / pooled.len() as f64
            }
            Score::BalancedAccuracy => mean(self.classes, |class| {
                let of_class = pooled.iter().filter(|(truth, _)| *truth == class);
                let right = of_class.clone().filter(|(_, p)| most_probable(p) == class);
                let count = of_class.count();
                (count > 0).then(|| right.count() as f64 / count as f64)
            }),
            Score::MacroAuc => {
                // Of two classes both have the same area, up to rounding.
                let first = usize::from(self.classes == 2);
                let side = |class: usize| -> Vec<bool> {
                    pooled.iter().map(|(truth, _)| *truth == class).collect()
                };
                mean(self.classes - first, |class| {
                    let class = class + first;
                    let scores: Vec<f64> = pooled.iter().map(|(_, p)| p[class]).collect();
                    auc(&scores, &side(class)).ok()
                })
            }
        }
    }
}

/// The mean of what is defined, NaN where nothing is.
fn mean(count: usize, of: impl Fn(usize) -> Option<f64>) -> f64 {
    let defined: Vec<f64> = (0..count).filter_map(of).collect();
    defined.iter().sum::<f64>() / defined.len() as f64
}

/// The first of the largest.
pub(crate) fn most_probable(p: &[f64]) -> usize {
    (0..p.len()).fold(0, |best, k| if p[k] > p[best] { k } else { best })
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    /// Patients: 0 with rows 0 and 2 (class 0), 1 with row 1 (class 1), 2 with row 3 (class 1).
    fn judge() -> Judge {
        let labels = [0, 1, 0, 1].map(Label).to_vec();
        let classes = ClassNames::new(["no", "yes"]).unwrap();
        let samples = Samples::new(vec![4.0, 3.0, 2.0, 1.0], vec!["x".into()], labels, classes);
        Judge::new(&samples.unwrap().with_groups(vec![0, 1, 0, 2]).unwrap(), 98)
    }

    /// Means of patients: 0.7, 0.4 and 0.0 for their classes.
    const ANSWERS: [f64; 8] = [0.9, 0.1, 0.6, 0.4, 0.5, 0.5, 1.0, 0.0];

    #[test]
    fn patients_count_once_and_zero_costs_what_laplace_leaves() {
        let expected = -(0.7_f64.ln() + 0.4_f64.ln() + 0.01_f64.ln()) / 3.0;
        assert!((judge().score(Score::LogLoss, &ANSWERS) - expected).abs() < 1e-12);
        assert!((judge().score(Score::BalancedAccuracy, &ANSWERS) - 0.5).abs() < 1e-12);
        // The one patient of the first class has p(yes) 0.3, between 0.4 and 0.0.
        assert!((judge().score(Score::MacroAuc, &ANSWERS) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn an_undefined_score_is_never_better() {
        for score in [Score::LogLoss, Score::BalancedAccuracy, Score::MacroAuc] {
            assert!(!score.is_better(f64::NAN, 0.5) && score.is_better(0.5, f64::NAN));
            assert!(!score.is_better(0.5, 0.5));
        }
        assert!(Score::LogLoss.is_better(0.4, 0.5) && Score::MacroAuc.is_better(0.5, 0.4));
    }
}
