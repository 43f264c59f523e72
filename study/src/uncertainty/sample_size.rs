//! How many patients would be needed to establish a seen difference of two models.
//!
//! The plan is for McNemar's test of two models on the same patients, two-sided at level α. With the shares p₁₀ and p₀₁ of
//! patients that only one of them answers rightly, ψ = p₁₀ + p₀₁ and δ = p₁₀ − p₀₁:
//!
//! * asymptotic (Connor 1987, doi 10.2307/2531961): `n = (z₁₋α⸝₂ √ψ + z_power √(ψ − δ²))² / δ²`, rounded up;
//! * exact: the power of the exact test is Σ over the discordant m of Bin(m; n, ψ) times the chance that a binomial of m and
//!   p₁₀ / ψ falls where the test rejects; n is the smallest number from which on that reaches the power wanted.
//!
//! The seen difference is an estimate like any other: what is told is how many patients *that* difference would need.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::uncertainty::binomial::{at_least, mass};
use crate::uncertainty::mcnemar::McNemar;
use crate::uncertainty::normal;

/// The usual power of a plan.
pub const POWER: f64 = 0.8;

/// Beyond this many patients the exact power is not searched: it agrees with the asymptotic one to a percent.
const MOST_EXACT: u64 = 2_000;

/// Probabilities below this change no digit of a power.
const NEGLIGIBLE: f64 = 1e-20;

/// What a plan for a seen difference comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PatientsNeeded {
    /// Share of patients that only the first model answered rightly.
    pub only_first: f64,
    /// Share that only the second answered rightly.
    pub only_second: f64,
    /// Level of the two-sided test.
    pub alpha: f64,
    /// Chance to establish the difference where it is true.
    pub power: f64,
    /// Patients by the asymptotic formula.
    pub asymptotic: u64,
    /// Patients by the exact power; none above 2000, where both agree.
    pub exact: Option<u64>,
}

impl PatientsNeeded {
    /// The plan for the difference that a test has seen.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] where both models are right alone equally often, or for a level or a power outside
    /// 0..1 (both excluded).
    pub fn of(seen: &McNemar, alpha: f64, power: f64) -> Result<Self> {
        let patients = seen.both + seen.only_first + seen.only_second + seen.neither;
        let undefined = |reason: String| StudyError::Undefined {
            figure: "number of patients needed",
            reason,
        };
        if ![alpha, power].iter().all(|&v| v > 0.0 && v < 1.0) {
            return Err(undefined(format!("level {alpha}, power {power}")));
        }
        if seen.only_first == seen.only_second {
            return Err(undefined("no difference was seen".into()));
        }
        let share = |count: u64| count as f64 / patients as f64;
        let (first, second) = (share(seen.only_first), share(seen.only_second));
        let asymptotic = asymptotic(first, second, alpha, power);
        Ok(Self {
            only_first: first,
            only_second: second,
            alpha,
            power,
            asymptotic,
            exact: (asymptotic <= MOST_EXACT)
                .then(|| smallest(first, second, alpha, power, asymptotic))
                .flatten(),
        })
    }

    /// The number to tell: exact where it is known.
    pub fn patients(&self) -> u64 {
        self.exact.unwrap_or(self.asymptotic)
    }
}

/// Patients needed by the asymptotic formula, for shares of patients that only one of two models answers rightly.
///
/// # Panics
/// When both shares are equal: no number establishes what is not there.
pub fn asymptotic_patients(first: f64, second: f64, alpha: f64, power: f64) -> u64 {
    assert!((first - second).abs() > 0.0, "no difference");
    asymptotic(first, second, alpha, power)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of patients: at least 1, and `as` stops at the largest u64"
)]
fn asymptotic(first: f64, second: f64, alpha: f64, power: f64) -> u64 {
    let (discordant, difference) = (first + second, first - second);
    let z = normal::quantile(1.0 - alpha / 2.0) * discordant.sqrt()
        + normal::quantile(power) * (discordant - difference * difference).max(0.0).sqrt();
    (z / difference).powi(2).ceil() as u64
}

/// Chance that the exact test rejects at level `alpha` with `patients` patients of whom shares `first` and `second` are
/// answered rightly by one model only.
///
/// # Panics
/// When the shares are negative or sum to more than one.
pub fn exact_power(patients: u64, first: f64, second: f64, alpha: f64) -> f64 {
    Rejections::new(first, second, alpha).power(patients)
}

/// The chance of rejection for each number of discordant patients, computed as far as it was asked for.
struct Rejections {
    discordant: f64,
    first: f64,
    alpha: f64,
    /// Smallest count that was not refused so far.
    critical: u64,
    of: Vec<f64>,
}

impl Rejections {
    fn new(first: f64, second: f64, alpha: f64) -> Self {
        let discordant = first + second;
        assert!(
            first >= 0.0 && second >= 0.0 && discordant > 0.0 && discordant <= 1.0 + 1e-12,
            "shares {first} and {second}"
        );
        Self {
            discordant: discordant.min(1.0),
            first: first / discordant,
            alpha,
            critical: 1,
            of: vec![0.0],
        }
    }

    /// Chance of rejection with the next number m of discordant patients: both tails from the smallest count whose
    /// two-sided p lies below α. That count grows with m by one at most.
    fn extend(&mut self) {
        let m = self.of.len() as u64;
        let rejects = |count: u64| 2.0 * at_least(count, m, 0.5) < self.alpha;
        while self.critical <= m && !rejects(self.critical) {
            self.critical += 1;
        }
        self.of.push(if self.critical > m {
            0.0
        } else {
            let tail = |p: f64| at_least(self.critical, m, p);
            tail(self.first) + tail(1.0 - self.first)
        });
    }

    fn power(&mut self, n: u64) -> f64 {
        while (self.of.len() as u64) <= n {
            self.extend();
        }
        let chance = |m: u64| self.of[usize::try_from(m).unwrap_or(usize::MAX)];
        if self.discordant >= 1.0 {
            return chance(n);
        }
        // Out from the mean of the discordant, where the mass is; what is left out is below rounding.
        let odds = self.discordant / (1.0 - self.discordant);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share in 0..1 of a number of patients"
        )]
        let middle = (self.discordant * n as f64) as u64;
        let peak = mass(middle, n, self.discordant);
        let mut sum = peak * chance(middle);
        let mut term = peak;
        for m in middle..n {
            term *= (n - m) as f64 / (m + 1) as f64 * odds;
            if term < NEGLIGIBLE {
                break;
            }
            sum += term * chance(m + 1);
        }
        term = peak;
        for m in (1..=middle).rev() {
            term *= m as f64 / (n - m + 1) as f64 / odds;
            if term < NEGLIGIBLE {
                break;
            }
            sum += term * chance(m - 1);
        }
        sum
    }
}

/// The smallest n from which on the exact power reaches the one wanted, looked for around the asymptotic one.
fn smallest(first: f64, second: f64, alpha: f64, power: f64, around: u64) -> Option<u64> {
    let mut rejections = Rejections::new(first, second, alpha);
    // The exact test is conservative: it needs more than the formula says, by some patients or a third.
    let farthest = around + around / 2 + 40;
    if rejections.power(farthest) < power {
        return None;
    }
    // From above, so that no later n falls below again.
    let enough = |n: &u64| rejections.power(*n) >= power;
    let from_above = (1..=farthest).rev();
    from_above.take_while(enough).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of m discordant patients on one side: rejection needs 2 · 2⁻ᵐ < 0.05, so m ≥ 6.
    #[test]
    fn one_sided_difference_closed_form() {
        assert!(exact_power(5, 1.0, 0.0, 0.05).abs() < 1e-300);
        assert!((exact_power(6, 1.0, 0.0, 0.05) - 1.0).abs() < 1e-12);
        let needed = PatientsNeeded::of(&McNemar::from_counts(0, 10, 0, 0), 0.05, POWER).unwrap();
        assert_eq!(needed.exact, Some(6));
        // A fifth discordant, all on one side: P(Bin(n, 0.2) >= 6) reaches 0.8.
        let needed = PatientsNeeded::of(&McNemar::from_counts(5, 2, 0, 3), 0.05, POWER).unwrap();
        let n = needed.exact.unwrap();
        assert!(at_least(6, n, 0.2) >= POWER && at_least(6, n - 1, 0.2) < POWER);
    }

    #[test]
    fn no_difference_needs_no_number() {
        assert!(PatientsNeeded::of(&McNemar::from_counts(5, 2, 2, 3), 0.05, POWER).is_err());
        assert!(PatientsNeeded::of(&McNemar::from_counts(5, 2, 1, 3), 0.0, POWER).is_err());
    }
}
