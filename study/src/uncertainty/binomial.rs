//! Exact binomial tails, and the exact test of a model against the no-information rate.

use serde::{Deserialize, Serialize};

use crate::uncertainty::interval::Interval;

/// Probability of `successes` or more among `trials` of probability `p`.
///
/// # Panics
/// When there are more successes than trials, or `p` lies outside 0..=1.
pub fn at_least(successes: u64, trials: u64, p: f64) -> f64 {
    assert!(successes <= trials, "{successes} successes of {trials}");
    assert!((0.0..=1.0).contains(&p), "probability {p}");
    if successes == 0 || p >= 1.0 {
        return 1.0;
    }
    if p <= 0.0 {
        return 0.0;
    }
    let odds = p / (1.0 - p);
    let mut term = mass(successes, trials, p);
    // Far below the mode a tail is nearly one: summing the other side keeps its digits.
    if (successes as f64) < p * trials as f64 {
        let mut below = 0.0;
        for k in (0..successes).rev() {
            term *= (k + 1) as f64 / (trials - k) as f64 / odds;
            below += term;
        }
        return 1.0 - below;
    }
    let mut sum = term;
    for k in successes..trials {
        term *= (trials - k) as f64 / (k + 1) as f64 * odds;
        sum += term;
    }
    sum.min(1.0)
}

/// Probability of exactly `k` among `n`, through logarithms so that nothing overflows.
pub(super) fn mass(k: u64, n: u64, p: f64) -> f64 {
    let few = k.min(n - k);
    let ln_choose: f64 = (1..=few)
        .map(|i| ((n - few + i) as f64 / i as f64).ln())
        .sum();
    (ln_choose + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p()).exp()
}

/// Clopper and Pearson's exact interval of a share (1934, doi 10.1093/biomet/26.4.404): right where a
/// bootstrap is blind, such as when every patient was answered rightly.
///
/// # Panics
/// When there are more successes than trials, or no trial.
pub fn clopper_pearson(successes: u64, trials: u64, confidence: f64) -> Interval {
    assert!(trials > 0, "an interval of no trial");
    let tail = (1.0 - confidence) / 2.0;
    let lower_end = |successes: u64| {
        if successes == 0 {
            return 0.0;
        }
        // The tail grows with p; 100 halvings leave less than the spacing of f64.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if at_least(successes, trials, middle) < tail {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    };
    Interval {
        lower: lower_end(successes),
        upper: 1.0 - lower_end(trials - successes),
    }
}

/// Whether a model knows more than the class that is most frequent among those judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoInformation {
    /// Share of the most frequent true class.
    pub rate: f64,
    /// Patients answered rightly.
    pub right: u64,
    /// Patients judged.
    pub patients: u64,
    /// Probability of as many right answers or more at that rate (one-sided, exact).
    pub p: f64,
}

impl NoInformation {
    /// The exact one-sided test of `right` among `patients` against the share of the largest class.
    ///
    /// # Panics
    /// When `right` or `largest` exceeds `patients`, or nobody was judged.
    pub fn test(right: u64, largest: u64, patients: u64) -> Self {
        assert!(patients > 0, "a rate of nobody");
        let rate = largest as f64 / patients as f64;
        Self {
            rate,
            right,
            patients,
            p: at_least(right, patients, rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_closed_form() {
        // Two fair coins: P(>= 1) = 3/4; P(all of n) = p^n.
        assert!((at_least(1, 2, 0.5) - 0.75).abs() < 1e-15);
        assert!((at_least(5, 5, 0.3) - 0.3_f64.powi(5)).abs() < 1e-17);
        assert!((at_least(1, 5, 0.3) - (1.0 - 0.7_f64.powi(5))).abs() < 1e-15);
        assert!((at_least(3, 9, 0.0)).abs() < 1e-300);
        assert!((at_least(3, 9, 1.0) - 1.0).abs() < 1e-300);
    }

    #[test]
    fn clopper_pearson_closed_form() {
        // All of n: the lower end solves p^n = 0.025.
        let all = clopper_pearson(29, 29, 0.95);
        assert!((all.lower - 0.025_f64.powf(1.0 / 29.0)).abs() < 1e-14);
        assert!((all.upper - 1.0).abs() < 1e-15);
        let none = clopper_pearson(0, 29, 0.95);
        assert!((none.upper - (1.0 - all.lower)).abs() < 1e-15 && none.lower.abs() < 1e-300);
    }
}
