//! The confusion matrix and every figure that follows from its counts alone.
//!
//! With n[i, j] samples of true class i that were answered j, for a class k:
//!
//! ```text
//! TP = n[k, k]      FN = rest of row k      FP = rest of column k      TN = everything else
//! precision = TP / (TP + FP)        sensitivity = TP / (TP + FN)
//! specificity = TN / (TN + FP)      F1 = 2 TP / (2 TP + FP + FN)
//! ```
//!
//! A quotient without a denominator is 0 (scikit-learn's `zero_division=0`): a class nobody was
//! answered to be has precision 0. *Macro* is the plain mean, *weighted* the mean by true counts, both
//! over the classes that occur in truths or answers (scikit-learn's default of `labels`). Figures that
//! compare classes have no value while only one class occurs among the truths; they return
//! [`StudyError::Undefined`], never a made-up number.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::labels::Label;

/// Counts of true class × answered class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row-major, `[truth, answer]`.
    counts: Vec<u64>,
}

/// The figures of one class against all others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// Samples that truly are of this class.
    pub support: u64,
    /// Samples that were answered to be of this class.
    pub answered: u64,
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN), also called recall.
    pub sensitivity: f64,
    /// TN / (TN + FP).
    pub specificity: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
}

/// How the figures of the classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// Every class counts the same.
    Macro,
    /// A class counts as often as it is true.
    Weighted,
}

impl Confusion {
    /// No sample yet.
    pub fn empty(classes: usize) -> Self {
        Self {
            classes,
            counts: vec![0; classes * classes],
        }
    }

    /// Counts pairs of true and answered label.
    ///
    /// # Panics
    /// When a label is not below `classes`.
    pub fn from_labels(classes: usize, pairs: impl IntoIterator<Item = (Label, Label)>) -> Self {
        let mut confusion = Self::empty(classes);
        for (truth, answer) in pairs {
            confusion.record(truth, answer);
        }
        confusion
    }

    /// Counts one sample.
    ///
    /// # Panics
    /// When a label is not below the number of classes.
    pub fn record(&mut self, truth: Label, answer: Label) {
        assert!(
            truth.0 < self.classes && answer.0 < self.classes,
            "label {truth} or {answer} of {} classes",
            self.classes
        );
        self.counts[truth.0 * self.classes + answer.0] += 1;
    }

    /// Adds another matrix `times` over.
    pub(crate) fn add(&mut self, other: &Self, times: u32) {
        for (sum, n) in self.counts.iter_mut().zip(&other.counts) {
            *sum += u64::from(times) * n;
        }
    }

    /// How many classes (K).
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Samples of one true class with one answer.
    pub fn count(&self, truth: Label, answer: Label) -> u64 {
        self.counts[truth.0 * self.classes + answer.0]
    }

    /// The counts as rows of true classes.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks_exact(self.classes.max(1))
    }

    /// All samples.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Samples answered rightly.
    pub fn correct(&self) -> u64 {
        (0..self.classes).map(|k| self.at(k, k)).sum()
    }

    /// Samples truly of class k.
    pub(crate) fn support(&self, k: usize) -> u64 {
        (0..self.classes).map(|j| self.at(k, j)).sum()
    }

    /// Samples answered to be of class k.
    fn answered(&self, k: usize) -> u64 {
        (0..self.classes).map(|i| self.at(i, k)).sum()
    }

    fn at(&self, truth: usize, answer: usize) -> u64 {
        self.counts[truth * self.classes + answer]
    }

    /// The figures of every class in order.
    pub fn per_class(&self) -> Vec<ClassFigures> {
        let total = self.total();
        (0..self.classes)
            .map(|k| {
                let (tp, support, answered) = (self.at(k, k), self.support(k), self.answered(k));
                let negatives = total - support;
                let fp = answered - tp;
                ClassFigures {
                    support,
                    answered,
                    precision: quotient(tp, answered),
                    sensitivity: quotient(tp, support),
                    specificity: quotient(negatives - fp, negatives),
                    f1: quotient(2 * tp, support + answered),
                }
            })
            .collect()
    }

    /// Share of right answers.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] without samples.
    pub fn accuracy(&self) -> Result<f64> {
        self.some("accuracy")?;
        Ok(quotient(self.correct(), self.total()))
    }

    /// Mean sensitivity of the classes that truly occur.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] without samples.
    pub fn balanced_accuracy(&self) -> Result<f64> {
        self.some("balanced accuracy")?;
        let present: Vec<f64> = self
            .per_class()
            .iter()
            .filter(|class| class.support > 0)
            .map(|class| class.sensitivity)
            .collect();
        Ok(present.iter().sum::<f64>() / present.len() as f64)
    }

    /// Averaged precision.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] without samples.
    pub fn precision(&self, average: Average) -> Result<f64> {
        self.averaged("precision", average, |class| class.precision)
    }

    /// Averaged sensitivity.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] without samples.
    pub fn sensitivity(&self, average: Average) -> Result<f64> {
        self.averaged("sensitivity", average, |class| class.sensitivity)
    }

    /// Averaged specificity.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] while only one class occurs among the truths: it has no negatives.
    pub fn specificity(&self, average: Average) -> Result<f64> {
        self.two_classes("specificity")?;
        self.averaged("specificity", average, |class| class.specificity)
    }

    /// Averaged F1.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] without samples.
    pub fn f1(&self, average: Average) -> Result<f64> {
        self.averaged("F1", average, |class| class.f1)
    }

    fn averaged(
        &self,
        figure: &'static str,
        average: Average,
        of: impl Fn(&ClassFigures) -> f64,
    ) -> Result<f64> {
        self.some(figure)?;
        let classes = self.per_class();
        let occurring = classes
            .iter()
            .filter(|class| class.support + class.answered > 0);
        let (mut sum, mut weights) = (0.0, 0.0);
        for class in occurring {
            let weight = match average {
                Average::Macro => 1.0,
                Average::Weighted => class.support as f64,
            };
            sum += weight * of(class);
            weights += weight;
        }
        Ok(sum / weights)
    }

    /// Fails without samples.
    pub(crate) fn some(&self, figure: &'static str) -> Result<()> {
        if self.total() > 0 {
            return Ok(());
        }
        Err(StudyError::Undefined {
            figure,
            reason: "there is no sample".into(),
        })
    }

    /// Fails while fewer than two classes occur among the truths.
    pub(crate) fn two_classes(&self, figure: &'static str) -> Result<()> {
        self.some(figure)?;
        let present = (0..self.classes).filter(|&k| self.support(k) > 0).count();
        if present >= 2 {
            return Ok(());
        }
        Err(StudyError::Undefined {
            figure,
            reason: format!("all {} samples are truly of one class", self.total()),
        })
    }
}

/// a / b, and 0 without a denominator.
fn quotient(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of true class, columns of answers.
    fn of<const K: usize>(rows: [[u64; K]; K]) -> Confusion {
        Confusion {
            classes: K,
            counts: rows.concat(),
        }
    }

    #[test]
    fn two_classes_by_hand() {
        let confusion = of([[3, 1], [2, 4]]);
        assert_eq!(confusion.accuracy(), Ok(0.7));
        assert_eq!(
            confusion.balanced_accuracy(),
            Ok(f64::midpoint(3.0 / 4.0, 4.0 / 6.0))
        );
        let second = confusion.per_class()[1];
        assert_eq!((second.support, second.answered), (6, 5));
        assert_eq!(second.precision.to_bits(), (4.0_f64 / 5.0).to_bits());
        assert_eq!(second.specificity.to_bits(), (3.0_f64 / 4.0).to_bits());
        assert_eq!(second.f1.to_bits(), (8.0_f64 / 11.0).to_bits());
    }

    #[test]
    fn a_class_never_answered_has_precision_zero_and_counts() {
        let majority = of([[5, 0], [3, 0]]);
        assert_eq!(majority.precision(Average::Macro), Ok(5.0 / 8.0 / 2.0));
        assert_eq!(majority.specificity(Average::Macro), Ok(0.5));
    }

    #[test]
    fn a_class_that_never_occurs_does_not_count() {
        let confusion = of([[3, 1, 0], [2, 4, 0], [0, 0, 0]]);
        let without = of([[3, 1], [2, 4]]);
        for average in [Average::Macro, Average::Weighted] {
            assert_eq!(confusion.f1(average), without.f1(average));
            assert_eq!(confusion.specificity(average), without.specificity(average));
        }
    }

    #[test]
    fn one_true_class_has_an_accuracy_but_no_specificity() {
        let confusion = of([[3, 1], [0, 0]]);
        assert_eq!(confusion.accuracy(), Ok(0.75));
        assert!(matches!(
            confusion.specificity(Average::Macro),
            Err(StudyError::Undefined {
                figure: "specificity",
                ..
            })
        ));
    }

    #[test]
    fn no_sample_has_no_figure() {
        let none = Confusion::empty(3);
        assert!(none.accuracy().is_err());
        assert!(none.balanced_accuracy().is_err());
        assert!(none.f1(Average::Weighted).is_err());
    }
}
