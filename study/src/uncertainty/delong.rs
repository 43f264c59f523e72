//! DeLong's variance of areas under the curve, and the paired test of two areas on the same samples.
//!
//! DeLong, DeLong and Clarke-Pearson (1988, doi 10.2307/2531595): the area is a two-sample U statistic. With
//! ψ(x, y) = 1 for x > y, ½ for x = y, 0 else, its structural components are the mean ψ of each positive over all
//! negatives and of each negative over all positives; variance = S₁₀ / m + S₀₁ / n with their sample (co)variances
//! over m positives and n negatives. Sun and Xu (2014, doi 10.1109/LSP.2014.2337313) read the components off
//! midranks: one sort in place of m · n comparisons.
//!
//! Samples must be independent: one row a patient.
//!
//! Where every pair is won, or every one lost or tied, all components are equal and the estimated variance is 0. That is no
//! certainty but the end of what the estimate can tell: other patients would give another area. So such an area has no
//! interval (pROC prints 1 to 1 with a warning), and a difference whose variance is 0 has no test unless it is 0 itself.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::metrics::sorted_by;
use crate::uncertainty::interval::Interval;
use crate::uncertainty::normal;

/// Below this a variance is rounding: one pair among those of 10⁶ samples makes more.
const NOTHING: f64 = 1e-15;
/// Two areas differ by no less than half a pair; half of that is below any difference and above its rounding.
const SMALLEST: f64 = 0.25;

/// An area with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Area under the curve.
    pub auc: f64,
    /// DeLong's standard error; 0 where every pair is won, every one lost or every one tied.
    pub standard_error: f64,
    /// Normal interval around the area, cut at 0 and 1; none where the standard error is 0.
    pub interval: Option<Interval>,
}

/// Two areas on the same samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DeLongTest {
    /// Area of the first score.
    pub first: f64,
    /// Area of the second score.
    pub second: f64,
    /// First minus second.
    pub difference: f64,
    /// Standard error of the difference, with the covariance of both.
    pub standard_error: f64,
    /// Normal interval of the difference; none where the standard error is 0.
    pub interval: Option<Interval>,
    /// Two-sided p; 1 where the difference and its standard error are 0, as of scores that order all pairs alike.
    pub p: f64,
}

/// The structural components of one score.
struct Components {
    auc: f64,
    /// Of every positive: share of negatives below it.
    positives: Vec<f64>,
    /// Of every negative: share of positives above it.
    negatives: Vec<f64>,
}

/// The area of one score with DeLong's interval.
///
/// # Errors
/// [`StudyError::Undefined`] with fewer than two positives or negatives, or with a score that is NaN.
///
/// # Panics
/// When there are more or fewer scores than samples.
pub fn delong(scores: &[f64], positive: &[bool], confidence: f64) -> Result<Area> {
    let components = Components::of(scores, positive)?;
    let standard_error = root(components.covariance(&components));
    let cut = |around: Interval| Interval {
        lower: around.lower.max(0.0),
        upper: around.upper.min(1.0),
    };
    Ok(Area {
        auc: components.auc,
        standard_error,
        interval: around(components.auc, standard_error, confidence).map(cut),
    })
}

/// The paired test of two scores of the same samples.
///
/// # Errors
/// As [`delong`]; [`StudyError::Undefined`] as well for areas that differ without any variance, such as those of a perfect score
/// and a constant one.
///
/// # Panics
/// When there are more or fewer scores than samples.
pub fn delong_test(
    first: &[f64],
    second: &[f64],
    positive: &[bool],
    confidence: f64,
) -> Result<DeLongTest> {
    let (a, b) = (
        Components::of(first, positive)?,
        Components::of(second, positive)?,
    );
    let standard_error = root(a.covariance(&a) + b.covariance(&b) - 2.0 * a.covariance(&b));
    let difference = a.auc - b.auc;
    let pairs = (a.positives.len() * a.negatives.len()) as f64;
    let p = if standard_error > 0.0 {
        2.0 * normal::cdf(-(difference / standard_error).abs())
    } else if difference.abs() * pairs < SMALLEST {
        1.0
    } else {
        return Err(StudyError::Undefined {
            figure: "DeLong's test",
            reason: "the areas differ, but the estimated variance of their difference is 0".into(),
        });
    };
    Ok(DeLongTest {
        first: a.auc,
        second: b.auc,
        difference,
        standard_error,
        interval: around(difference, standard_error, confidence),
        p,
    })
}

/// The standard error of a variance, 0 where it is rounding only.
fn root(variance: f64) -> f64 {
    if variance > NOTHING {
        variance.sqrt()
    } else {
        0.0
    }
}

/// The normal interval of an estimate that varies.
fn around(value: f64, standard_error: f64, confidence: f64) -> Option<Interval> {
    (standard_error > 0.0).then(|| normal_interval(value, standard_error, confidence))
}

/// The value and as many standard errors around it as the confidence asks for.
pub(crate) fn normal_interval(value: f64, standard_error: f64, confidence: f64) -> Interval {
    let reach = normal::quantile(f64::midpoint(1.0, confidence)) * standard_error;
    Interval {
        lower: value - reach,
        upper: value + reach,
    }
}

impl Components {
    fn of(scores: &[f64], positive: &[bool]) -> Result<Self> {
        assert_eq!(scores.len(), positive.len(), "a score for every sample");
        let m = positive.iter().filter(|&&p| p).count();
        let n = positive.len() - m;
        let undefined = |reason: String| StudyError::Undefined {
            figure: "DeLong's variance",
            reason,
        };
        if m.min(n) < 2 {
            let reason = format!("{m} positives and {n} negatives; two of each are needed");
            return Err(undefined(reason));
        }
        if scores.iter().any(|score| score.is_nan()) {
            return Err(undefined("a score is NaN".into()));
        }
        let of = |wanted: bool| -> Vec<f64> {
            let chosen = scores.iter().zip(positive).filter(|(_, p)| **p == wanted);
            chosen.map(|(score, _)| *score).collect()
        };
        let everyone = midranks(scores);
        let among = |wanted: bool, others: usize| -> Vec<f64> {
            let own = midranks(&of(wanted));
            let ranks = everyone.iter().zip(positive);
            let ranks = ranks.filter(|(_, p)| **p == wanted).map(|(rank, _)| *rank);
            // Rank among everyone less rank among its own: how many others lie below, ties half.
            let below = ranks.zip(own).map(|(all, own)| all - own);
            below.map(|below| below / others as f64).collect()
        };
        let positives = among(true, n);
        let negatives = among(false, m).into_iter().map(|below| 1.0 - below);
        Ok(Self {
            auc: positives.iter().sum::<f64>() / m as f64,
            negatives: negatives.collect(),
            positives,
        })
    }

    fn covariance(&self, other: &Self) -> f64 {
        covariance(&self.positives, &other.positives) / self.positives.len() as f64
            + covariance(&self.negatives, &other.negatives) / self.negatives.len() as f64
    }
}

/// Sample covariance (n − 1).
fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let products = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b));
    products.sum::<f64>() / (n - 1.0)
}

/// Ranks from 1, equal values sharing the mean of theirs.
fn midranks(values: &[f64]) -> Vec<f64> {
    let order = sorted_by(values);
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start]];
        #[expect(clippy::float_cmp, reason = "a tie is equality of the stored scores")]
        let tied = order[start..].iter().take_while(|&&at| values[at] == value);
        let end = start + tied.count();
        for &at in &order[start..end] {
            // Mean of start + 1 ..= end.
            ranks[at] = (start + 1 + end) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midranks_by_hand() {
        assert_eq!(midranks(&[2.0, 1.0, 2.0, 3.0]), [2.5, 1.0, 2.5, 4.0]);
        // Both zeros are one value.
        assert_eq!(midranks(&[0.0, -0.0]), [1.5, 1.5]);
    }

    #[test]
    fn perfect_order_has_no_interval_and_one_of_a_kind_no_variance() {
        let positive = [false, false, true, true];
        let area = delong(&[0.1, 0.2, 0.3, 0.4], &positive, 0.95).unwrap();
        assert_eq!((area.auc, area.standard_error), (1.0, 0.0));
        assert_eq!(area.interval, None);
        let constant = delong(&[0.5; 4], &positive, 0.95).unwrap();
        assert_eq!((constant.auc, constant.interval), (0.5, None));
        assert!(delong(&[0.1, 0.2, 0.3], &[false, false, true], 0.95).is_err());
        assert!(delong(&[0.1, f64::NAN, 0.3, 0.4], &positive, 0.95).is_err());
    }

    #[test]
    fn scores_of_one_order_do_not_differ() {
        let positive = [false, true, false, true, true];
        let (first, second) = ([0.1, 0.2, 0.3, 0.4, 0.5], [1.0, 2.0, 3.0, 4.0, 5.0]);
        let test = delong_test(&first, &second, &positive, 0.95).unwrap();
        assert_eq!((test.difference, test.p), (0.0, 1.0));
        assert_eq!(test.interval, None);
    }

    /// Perfect, constant and upside down: each without variance, each pair of them different.
    #[test]
    fn areas_that_differ_without_variance_have_no_test() {
        let positive = [false, false, true, true];
        let scores = [[0.1, 0.2, 0.3, 0.4], [0.5; 4], [0.4, 0.3, 0.2, 0.1]];
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            let test = delong_test(&scores[first], &scores[second], &positive, 0.95);
            let reason = test.unwrap_err().to_string();
            assert!(reason.contains("variance"), "{reason}");
        }
        let perfect_twice = delong_test(&scores[0], &[1.0, 2.0, 5.0, 9.0], &positive, 0.95);
        assert_eq!(
            perfect_twice.map(|test| (test.difference, test.p)),
            Ok((0.0, 1.0))
        );
    }
}
