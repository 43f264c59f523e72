//! How many columns go on, by their scores.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::selection::{Verdict, refused};

/// Columns kept where nothing is said, as by scikit-learn's `SelectKBest`.
pub(crate) const DEFAULT_K: usize = 10;

/// How many columns go on: the best `k`, the best `percentile` of all, or those that reach `threshold`. At
/// most one of them; none means ten.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Univariate {
    /// This many, or all where there are fewer.
    pub k: Option<usize>,
    /// This share in percent, at least one column.
    pub percentile: Option<f64>,
    /// All whose score is at least this.
    pub threshold: Option<f64>,
}

impl Univariate {
    /// Refuses two rules at once and values that make no sense.
    pub(crate) fn check(&self) -> Result<()> {
        let rules = [
            self.k.is_some(),
            self.percentile.is_some(),
            self.threshold.is_some(),
        ];
        if rules.iter().filter(|given| **given).count() > 1 {
            return Err(refused("quota", "give one of k, percentile and threshold"));
        }
        if self.k == Some(0) {
            return Err(refused("quota", "k = 0: at least one column is needed"));
        }
        if self.percentile.is_some_and(|p| !(p > 0.0 && p <= 100.0)) {
            return Err(refused(
                "quota",
                "percentile: a number above 0 and up to 100",
            ));
        }
        if self.threshold.is_some_and(|t| !t.is_finite()) {
            return Err(refused("quota", "threshold: a finite number"));
        }
        Ok(())
    }

    /// Who goes on; undefined scores come last.
    pub(crate) fn verdict(&self, scores: Vec<f64>) -> Verdict {
        let kept = match (self.threshold, self.percentile) {
            (Some(threshold), _) => scores.iter().map(|s| *s >= threshold).collect(),
            (None, Some(percentile)) => best(&scores, count_of(percentile, scores.len())),
            (None, None) => best(&scores, self.k.unwrap_or(DEFAULT_K)),
        };
        Verdict { scores, kept }
    }
}

/// Ranks above the percentile's position among the sorted scores: scikit-learn's count where no
/// scores are equal.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position within the list"
)]
fn count_of(percentile: f64, columns: usize) -> usize {
    let last = columns.saturating_sub(1);
    let position = (100.0 - percentile) / 100.0 * last as f64;
    if percentile >= 100.0 {
        return columns;
    }
    (last - (position.floor() as usize).min(last)).max(1)
}

/// Marks the `count` best scores, the earlier of equal ones first.
pub(crate) fn best(scores: &[f64], count: usize) -> Vec<bool> {
    let mut kept = vec![false; scores.len()];
    for &at in by_score(scores).iter().take(count) {
        kept[at] = true;
    }
    kept
}

/// Positions by falling score, undefined ones last, the earlier of equal ones first.
pub(crate) fn by_score(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let value = |at: usize| {
        if scores[at].is_nan() {
            f64::NEG_INFINITY
        } else {
            scores[at]
        }
    };
    order.sort_by(|&a, &b| value(b).total_cmp(&value(a)).then(a.cmp(&b)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_count_as_scikit_learn_does() {
        // SelectPercentile(10) of 20, 25 and 3 distinct scores keeps 2, 3 and 1.
        assert_eq!([20, 25, 3].map(|p| count_of(10.0, p)), [2, 3, 1]);
        assert_eq!(count_of(100.0, 7), 7);
    }

    #[test]
    fn equal_scores_go_to_the_earlier_name_and_undefined_ones_come_last() {
        let scores = [1.0, f64::NAN, 2.0, 1.0, f64::INFINITY];
        assert_eq!(by_score(&scores), [4, 2, 0, 3, 1]);
        assert_eq!(best(&scores, 3), [true, false, true, false, true]);
    }

    #[test]
    fn two_rules_or_none_at_all() {
        let rule = |k, percentile, threshold| Univariate {
            k,
            percentile,
            threshold,
        };
        assert!(rule(None, None, None).check().is_ok());
        assert!(rule(Some(3), Some(5.0), None).check().is_err());
        assert!(rule(Some(0), None, None).check().is_err());
        assert!(rule(None, Some(0.0), None).check().is_err());
        assert!(rule(None, None, Some(f64::NAN)).check().is_err());
        let above = rule(None, None, Some(1.5)).verdict(vec![1.0, 2.0, f64::NAN]);
        assert_eq!(above.kept, [false, true, false]);
    }
}
