//! Entropy in bits, with PyRadiomics' small number inside the logarithm or without it.

use std::sync::LazyLock;

/// The distance from 1.0 to the next `f64`, which PyRadiomics adds inside every logarithm and to some
/// denominators. It shows where a probability is 1: the entropy of a flat region is about -3.2e-16.
pub(crate) const EPSILON: f64 = f64::EPSILON;

/// `-p log2(p + ε)`; exactly 0 for `p = 0`.
pub(crate) fn term(p: f64) -> f64 {
    if p > 0.0 {
        -p * (p + EPSILON).log2()
    } else {
        0.0
    }
}

/// `-Σ p log2(p + ε)`.
pub(crate) fn of(probabilities: impl IntoIterator<Item = f64>) -> f64 {
    probabilities.into_iter().map(term).sum()
}

/// An element of a matrix before it becomes a probability: how often something was counted, or a sum of
/// such numbers with weights.
pub(crate) trait Count: Copy {
    /// As a number; exact for counts.
    fn value(self) -> f64;

    /// `c log2 c`, 0 for none.
    fn times_log(self) -> f64;
}

impl Count for u64 {
    fn value(self) -> f64 {
        self as f64
    }

    fn times_log(self) -> f64 {
        let known = usize::try_from(self).ok().and_then(|c| SMALL_COUNTS.get(c));
        known.copied().unwrap_or_else(|| (self as f64).times_log())
    }
}

impl Count for u32 {
    fn value(self) -> f64 {
        f64::from(self)
    }

    fn times_log(self) -> f64 {
        u64::from(self).times_log()
    }
}

impl Count for f64 {
    fn value(self) -> f64 {
        self
    }

    fn times_log(self) -> f64 {
        // Sums of counts are whole numbers, mostly small.
        let whole = whole_part(self);
        let is_whole = f64::from(whole).to_bits() == self.to_bits();
        match SMALL_COUNTS.get(whole as usize) {
            Some(known) if is_whole => *known,
            _ if self > 0.0 => self * self.log2(),
            _ => 0.0,
        }
    }
}

/// `c log2 c` for `c` = 0, 1, 2, …: most elements of most matrices are small, and a look-up costs a tenth
/// of a logarithm.
static SMALL_COUNTS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let counts = (0_u32..1 << 11).map(f64::from);
    let logarithms = counts.map(|c| if c > 0.0 { c * c.log2() } else { 0.0 });
    logarithms.collect()
});

/// `log2 c` for the same `c`: sums of small matrices. 0 for 0.
static SMALL_LOGARITHMS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let counts = (0_u32..1 << 11).map(f64::from);
    counts.map(|c| c.max(1.0).log2()).collect()
});

/// `log2 x` of a number above 0.
fn logarithm(x: f64) -> f64 {
    let whole = whole_part(x);
    match SMALL_LOGARITHMS.get(whole as usize) {
        Some(known) if f64::from(whole).to_bits() == x.to_bits() => *known,
        _ => x.log2(),
    }
}

/// The whole part of a number that is not negative, capped.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of numbers that do not fit saturate, far beyond the table"
)]
fn whole_part(number: f64) -> u32 {
    number as u32
}

/// Entropy of elements whose sum is known only at the end.
///
/// ```text
/// -Σ c/n log2(c/n + ε) = log2 n - (Σ c log2 c) / n - ε m / ln 2
/// ```
///
/// for `m` elements that are not zero, to first order in `ε`; the next order is smaller than the rounding
/// of the sum unless a probability comes near `ε`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entropy {
    total: f64,
    logs: f64,
    elements: usize,
}

impl Entropy {
    /// Adds an element; one that is zero changes nothing.
    pub(crate) fn add(&mut self, count: impl Count) {
        let value = count.value();
        if value > 0.0 {
            self.total += value;
            self.logs += count.times_log();
            self.elements += 1;
        }
    }

    /// Adds two elements of this size.
    pub(crate) fn add_twice(&mut self, count: impl Count) {
        let value = count.value();
        if value > 0.0 {
            self.total += 2.0 * value;
            self.logs += 2.0 * count.times_log();
            self.elements += 2;
        }
    }

    /// Adds one element of twice this size: `2c log2 2c = 2 (c log2 c + c)`.
    pub(crate) fn add_doubled(&mut self, count: impl Count) {
        let value = count.value();
        if value > 0.0 {
            self.total += 2.0 * value;
            self.logs += 2.0 * (count.times_log() + value);
            self.elements += 1;
        }
    }

    /// In bits; 0 of nothing.
    pub(crate) fn bits(self, epsilon: f64) -> f64 {
        let correction = epsilon * std::f64::consts::LOG2_E * self.elements as f64;
        if self.elements < 2 {
            // Certainty, without the rounding of the two logarithms.
            return -correction;
        }
        logarithm(self.total) - self.logs / self.total - correction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_probabilities_have_one_entropy() {
        let counts = [3_u32, 1, 0, 4000, 17, 2047, 2048];
        let n: u32 = counts.iter().sum();
        let mut entropy = Entropy::default();
        let mut weighted = Entropy::default();
        for count in counts {
            entropy.add(count);
            weighted.add(0.3 * f64::from(count));
        }
        let p = counts.map(|count| f64::from(count) / f64::from(n));
        let expected = of(p);
        assert!((entropy.bits(EPSILON) - expected).abs() < 1e-14);
        assert!((weighted.bits(EPSILON) - expected).abs() < 1e-14);
        let exact: f64 = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum();
        assert!((entropy.bits(0.0) - exact).abs() < 1e-14);
    }

    #[test]
    fn twice_and_doubled_are_short_for_plain_elements() {
        let (mut short, mut plain) = (Entropy::default(), Entropy::default());
        short.add_twice(7_u64);
        short.add_doubled(12_u64);
        for count in [7.0, 7.0, 24.0] {
            plain.add(count);
        }
        assert!((short.bits(EPSILON) - plain.bits(EPSILON)).abs() < 1e-15);
    }

    #[test]
    fn certainty_has_no_entropy_but_the_small_number() {
        let mut entropy = Entropy::default();
        assert_eq!(entropy.bits(0.0).abs().to_bits(), 0.0_f64.to_bits());
        entropy.add(12_345_u32);
        assert_eq!(entropy.bits(0.0).abs().to_bits(), 0.0_f64.to_bits());
        assert!((entropy.bits(EPSILON) / of([1.0]) - 1.0).abs() < 1e-12);
    }
}
