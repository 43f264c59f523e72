//! Areas under receiver operating characteristics, with ties counted half.
//!
//! The area of a score is the share of pairs (a positive, a negative) in which the positive has the
//! higher score (Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747). Pairs are counted as
//! whole numbers, so no order of rows and no resampling weight can change a digit.

use crate::error::{Result, StudyError};

/// Pairs won by class i's own probability, for every ordered pair of classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Concordance {
    classes: usize,
    /// Samples of each class.
    supports: Vec<u64>,
    /// `[i, j]`: over samples a of class i and b of class j, 2 where `p_i(a) > p_i(b)`, 1 where equal.
    twice_won: Vec<u64>,
}

impl Concordance {
    /// Counts the pairs.
    ///
    /// * `truths`, `weights`: class and multiplicity of every sample;
    /// * `probabilities`: samples × K, row after row;
    /// * `orders`: for each class, the samples sorted by that class's probability, smallest first.
    pub(crate) fn count(
        truths: &[usize],
        weights: &[u32],
        probabilities: &[f64],
        orders: &[Vec<usize>],
    ) -> Self {
        let classes = orders.len();
        let mut supports = vec![0; classes];
        for (&truth, &weight) in truths.iter().zip(weights) {
            supports[truth] += u64::from(weight);
        }
        let mut twice_won = vec![0; classes * classes];
        let mut below = vec![0_u64; classes];
        let mut tied = vec![0_u64; classes];
        for (i, order) in orders.iter().enumerate() {
            below.fill(0);
            let mut start = 0;
            while start < order.len() {
                let score = |position: usize| probabilities[order[position] * classes + i];
                let mut end = start;
                tied.fill(0);
                // Samples of one and the same score win against nobody among themselves.
                #[expect(clippy::float_cmp, reason = "a tie is equality of the stored scores")]
                while end < order.len() && score(end) == score(start) {
                    tied[truths[order[end]]] += u64::from(weights[order[end]]);
                    end += 1;
                }
                for j in 0..classes {
                    twice_won[i * classes + j] += tied[i] * (2 * below[j] + tied[j]);
                }
                for (sum, n) in below.iter_mut().zip(&tied) {
                    *sum += n;
                }
                start = end;
            }
        }
        Self {
            classes,
            supports,
            twice_won,
        }
    }

    /// Area of class i's probability for class i against class j.
    fn pair(&self, i: usize, j: usize) -> f64 {
        let pairs = self.supports[i] as f64 * self.supports[j] as f64;
        self.twice_won[i * self.classes + j] as f64 / (2.0 * pairs)
    }

    /// Area of class i's probability for class i against everyone else.
    fn one_versus_rest(&self, i: usize) -> f64 {
        let rest: u64 = self.supports.iter().sum::<u64>() - self.supports[i];
        let won: u64 = (0..self.classes)
            .filter(|&j| j != i)
            .map(|j| self.twice_won[i * self.classes + j])
            .sum();
        won as f64 / (2.0 * self.supports[i] as f64 * rest as f64)
    }

    /// Plain mean over the classes of each one's area against the rest; for two classes the area of
    /// the second.
    pub(crate) fn macro_one_versus_rest(&self) -> Result<f64> {
        self.every_class("one-versus-rest AUC")?;
        if self.classes == 2 {
            return Ok(self.pair(1, 0));
        }
        let sum: f64 = (0..self.classes).map(|i| self.one_versus_rest(i)).sum();
        Ok(sum / self.classes as f64)
    }

    /// Hand and Till's M: the mean over pairs of classes of both areas (2001,
    /// doi 10.1023/A:1010920819831); for two classes the area of the second.
    pub(crate) fn hand_till(&self) -> Result<f64> {
        self.every_class("Hand and Till's AUC")?;
        if self.classes == 2 {
            return Ok(self.pair(1, 0));
        }
        let mut sum = 0.0;
        for i in 0..self.classes {
            for j in 0..i {
                sum += f64::midpoint(self.pair(i, j), self.pair(j, i));
            }
        }
        Ok(2.0 * sum / (self.classes * (self.classes - 1)) as f64)
    }

    /// Fails when a class has no sample, or there are no two classes.
    fn every_class(&self, figure: &'static str) -> Result<()> {
        let reason = if self.classes < 2 {
            "there is one class only".into()
        } else if let Some(k) = self.supports.iter().position(|&n| n == 0) {
            format!("no sample is truly of class {k} (0-based)")
        } else {
            return Ok(());
        };
        Err(StudyError::Undefined { figure, reason })
    }
}

/// Area under the curve of one score for positives against negatives, ties counted half.
///
/// # Errors
/// [`StudyError::Undefined`] without a positive or a negative, or with a score that is NaN.
///
/// # Examples
/// ```
/// use raduet_study::metrics::auc;
///
/// // Of the four pairs two are won and one is tied.
/// assert_eq!(auc(&[0.1, 0.4, 0.4, 0.3], &[false, false, true, true]), Ok(0.625));
/// ```
pub fn auc(scores: &[f64], positive: &[bool]) -> Result<f64> {
    let figure = "AUC";
    if scores.iter().any(|score| score.is_nan()) {
        return Err(StudyError::Undefined {
            figure,
            reason: "a score is NaN".into(),
        });
    }
    let truths: Vec<usize> = positive.iter().map(|&p| usize::from(p)).collect();
    // Only the column of the positives' score is read for the pair (1, 0).
    let columns: Vec<f64> = scores.iter().flat_map(|&score| [0.0, score]).collect();
    let orders = vec![Vec::new(), sorted_by(scores)];
    Concordance::count(&truths, &vec![1; truths.len()], &columns, &orders).macro_one_versus_rest()
}

/// Positions of `scores`, smallest first; equal scores keep their order.
pub(crate) fn sorted_by(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    order
}
