//! Exact binomial tails, and the exact test of a model against the no-information rate.
//!
//! Rows of one patient are not independent. Where patients have several, all rows together count as many independent ones as
//! there are patients: with the share s of rows and n patients the tail is that of s · n among n, a number that need not be
//! whole, by `P(≥ x) = I_p(x, n − x + 1)` (Korn and Graubard 1998, Survey Methodology 24:193–201, who take their effective
//! number in the same way). Nothing is rounded.

use serde::{Deserialize, Serialize};

use crate::uncertainty::interval::Interval;
use crate::uncertainty::student::incomplete_beta;

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
    let of = |successes: u64| end(confidence, |p| at_least(successes, trials, p));
    Interval {
        lower: of(successes),
        upper: 1.0 - of(trials - successes),
    }
}

/// Clopper and Pearson's interval of a share of rows that count as `patients` independent ones.
///
/// # Panics
/// When there are more successes than rows, or no row.
pub fn clopper_pearson_of_patients(
    successes: u64,
    rows: u64,
    patients: u64,
    confidence: f64,
) -> Interval {
    if rows == patients {
        return clopper_pearson(successes, rows, confidence);
    }
    let of = |successes: u64| end(confidence, |p| at_least_of(successes, rows, patients, p));
    Interval {
        lower: of(successes),
        upper: 1.0 - of(rows - successes),
    }
}

/// The tail of a share of rows that count as `patients` independent ones.
fn at_least_of(successes: u64, rows: u64, patients: u64, p: f64) -> f64 {
    assert!(successes <= rows && rows > 0, "{successes} of {rows} rows");
    if successes == 0 {
        return 1.0;
    }
    let n = patients as f64;
    let x = successes as f64 / rows as f64 * n;
    incomplete_beta(p, x, n - x + 1.0)
}

/// The probability at which an upper tail that grows with it reaches half of what the confidence leaves.
fn end(confidence: f64, tail_at: impl Fn(f64) -> f64) -> f64 {
    let tail = (1.0 - confidence) / 2.0;
    if tail_at(0.0) >= tail {
        return 0.0;
    }
    // 100 halvings leave less than the spacing of f64.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if tail_at(middle) < tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Whether a model knows more than the class that is most frequent among those judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoInformation {
    /// Share of the most frequent true class.
    pub rate: f64,
    /// Rows answered rightly: patients, unless patients have rows of several classes.
    pub right: u64,
    /// Patients judged.
    pub patients: u64,
    /// Probability of as many right answers or more at that rate (one-sided, exact).
    pub p: f64,
}

impl NoInformation {
    /// The exact one-sided test of `right` among `rows` of `patients` against the share of the largest class.
    ///
    /// # Panics
    /// When `right` or `largest` exceeds `rows`, or nobody was judged.
    pub fn test(right: u64, largest: u64, rows: u64, patients: u64) -> Self {
        assert!(rows > 0 && patients > 0, "a rate of nobody");
        let rate = largest as f64 / rows as f64;
        Self {
            rate,
            right,
            patients,
            p: if rows == patients {
                at_least(right, patients, rate)
            } else {
                at_least_of(right, rows, patients, rate)
            },
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
    /// Twelve patients with three rows each: 26 of 36 rows are 8 ⅔ of 12, not 8.
    #[test]
    fn rows_of_patients_are_not_rounded() {
        let whole = NoInformation::test(24, 18, 36, 12);
        assert!((whole.p - at_least(8, 12, 0.5)).abs() < 1e-14);
        let between = NoInformation::test(26, 18, 36, 12).p;
        assert!(between < whole.p && between > at_least(9, 12, 0.5));
        // The share of the largest class is that of rows: of 2 of 5 in 2 patients not 0 of 2.
        let rate = NoInformation::test(5, 2, 5, 2);
        assert!((rate.rate - 0.4).abs() < 1e-15 && (rate.p - 0.16).abs() < 1e-14);
        let all = clopper_pearson_of_patients(36, 36, 12, 0.95);
        assert!((all.lower - 0.025_f64.powf(1.0 / 12.0)).abs() < 1e-13);
        assert!((all.upper - 1.0).abs() < 1e-15);
    }
}
