//! Areas under receiver operating characteristics, with ties counted half.
//!
//! The area of a score is the share of pairs (a positive, a negative) in which the positive has the
//! higher score (Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747). Pairs are counted as
//! whole numbers, so no order of rows and no resampling weight can change a digit.

use crate::error::{Result, StudyError};

/// Pairs won by class i's own probability, for every ordered pair of classes, and what each threshold finds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Concordance {
    classes: usize,
    /// Samples of each class.
    supports: Vec<u64>,
    /// `[i, j]`: over samples a of class i and b of class j, 2 where `p_i(a) > p_i(b)`, 1 where equal.
    twice_won: Vec<u64>,
    /// Of every class: Σ over thresholds of (samples of the class found at it) · precision from it on.
    precisions: Vec<f64>,
}

/// One class's probability of all samples, sorted once so that any weighting can be counted in one pass.
#[derive(Debug, Clone)]
pub(crate) struct Ranking {
    /// Samples by probability, smallest first: truth, and position of whose weight counts.
    samples: Vec<(u32, u32)>,
    /// Where each group of equal probabilities ends.
    ends: Vec<u32>,
}

impl Ranking {
    /// Sorts samples by their scores.
    ///
    /// * `truths`: class of every sample;
    /// * `owners`: position of every sample's weight.
    ///
    /// # Panics
    /// With 2³² samples or more.
    pub(crate) fn new(scores: &[f64], truths: &[usize], owners: &[usize]) -> Self {
        let order = sorted_by(scores);
        let small = |n: usize| u32::try_from(n).expect("fewer than 2^32 samples");
        let mut ends = Vec::new();
        for (position, pair) in order.windows(2).enumerate() {
            // Samples of one and the same score win against nobody among themselves.
            #[expect(clippy::float_cmp, reason = "a tie is equality of the stored scores")]
            if scores[pair[0]] != scores[pair[1]] {
                ends.push(small(position + 1));
            }
        }
        if !order.is_empty() {
            ends.push(small(order.len()));
        }
        let samples = order.iter();
        let samples = samples.map(|&at| (small(truths[at]), small(owners[at])));
        Self {
            samples: samples.collect(),
            ends,
        }
    }

    /// Truth and owner of every sample, in groups of equal scores, the highest first.
    pub(crate) fn groups_from_the_top(&self) -> impl Iterator<Item = &[(u32, u32)]> {
        (0..self.ends.len()).rev().map(|group| {
            let start = if group == 0 { 0 } else { self.ends[group - 1] };
            &self.samples[start as usize..self.ends[group] as usize]
        })
    }
}

impl Concordance {
    /// Counts the pairs of samples, each as often as its owner's weight says.
    ///
    /// `rankings`: of every class its own probability.
    pub(crate) fn count(rankings: &[Ranking], weights: &[u32]) -> Self {
        let classes = rankings.len();
        let mut supports = vec![0_u64; classes];
        if let Some(first) = rankings.first() {
            for &(truth, owner) in &first.samples {
                supports[truth as usize] += u64::from(weights[owner as usize]);
            }
        }
        let total: u64 = supports.iter().sum();
        let mut counted = Self {
            classes,
            supports,
            twice_won: vec![0; classes * classes],
            precisions: vec![0.0; classes],
        };
        for (i, ranking) in rankings.iter().enumerate() {
            counted.count_class(i, ranking, weights, total);
        }
        counted
    }

    fn count_class(&mut self, i: usize, ranking: &Ranking, weights: &[u32], total: u64) {
        let classes = self.classes;
        let won = &mut self.twice_won[i * classes..(i + 1) * classes];
        let mut below = vec![0_u64; classes];
        let mut tied = vec![0_u64; classes];
        let mut below_all = 0;
        let mut precisions = 0.0;
        let mut start = 0;
        for &end in &ranking.ends {
            let group = &ranking.samples[start..end as usize];
            start = end as usize;
            // From this score on all but those below are called positive.
            let precision = |below_own: u64, below_all: u64| {
                (self.supports[i] - below_own) as f64 / (total - below_all) as f64
            };
            if let [(truth, owner)] = *group {
                // Most scores are of one sample: no tie to count.
                let (truth, weight) = (truth as usize, u64::from(weights[owner as usize]));
                if truth == i && weight > 0 {
                    for (won, &below) in won.iter_mut().zip(&below) {
                        *won += 2 * weight * below;
                    }
                    // Against its own kind the sample ties with its copies.
                    won[i] += weight * weight;
                    precisions += weight as f64 * precision(below[i], below_all);
                }
                below[truth] += weight;
                below_all += weight;
                continue;
            }
            tied.fill(0);
            for &(truth, owner) in group {
                tied[truth as usize] += u64::from(weights[owner as usize]);
            }
            if tied[i] > 0 {
                for j in 0..classes {
                    won[j] += tied[i] * (2 * below[j] + tied[j]);
                }
                precisions += tied[i] as f64 * precision(below[i], below_all);
            }
            for (sum, n) in below.iter_mut().zip(&tied) {
                *sum += n;
                below_all += n;
            }
        }
        self.precisions[i] = precisions;
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

    /// Mean over the classes of each one's area against the rest, by true counts; for two classes the area of the
    /// second.
    pub(crate) fn weighted_one_versus_rest(&self) -> Result<f64> {
        self.every_class("weighted one-versus-rest AUC")?;
        if self.classes == 2 {
            return Ok(self.pair(1, 0));
        }
        let (mut sum, mut samples) = (0.0, 0.0);
        for (i, &support) in self.supports.iter().enumerate() {
            sum += support as f64 * self.one_versus_rest(i);
            samples += support as f64;
        }
        Ok(sum / samples)
    }

    /// Plain mean over the classes of each one's average precision; for two classes that of the second.
    pub(crate) fn macro_average_precision(&self) -> Result<f64> {
        self.every_class("average precision")?;
        let of = |i: usize| self.precisions[i] / self.supports[i] as f64;
        if self.classes == 2 {
            return Ok(of(1));
        }
        let sum: f64 = (0..self.classes).map(of).sum();
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
    area_and_precision(scores, positive).map(|[area, _]| area)
}

/// Area under the curve and average precision of one score for positives against negatives: Σ over thresholds of the recall a
/// threshold adds times the precision from it on.
///
/// # Errors
/// As [`auc`].
pub fn area_and_precision(scores: &[f64], positive: &[bool]) -> Result<[f64; 2]> {
    let figure = "AUC";
    if scores.iter().any(|score| score.is_nan()) {
        return Err(StudyError::Undefined {
            figure,
            reason: "a score is NaN".into(),
        });
    }
    let truths: Vec<usize> = positive.iter().map(|&p| usize::from(p)).collect();
    let owners: Vec<usize> = (0..truths.len()).collect();
    // Of two classes only the positives' score is read; it stands for the other's as well.
    let ranking = Ranking::new(scores, &truths, &owners);
    let counted = Concordance::count(&[ranking.clone(), ranking], &vec![1; truths.len()]);
    let area = counted.macro_one_versus_rest()?;
    Ok([area, counted.macro_average_precision()?])
}

/// Positions of `scores`, smallest first; equal scores keep their order.
pub(crate) fn sorted_by(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    order
}
