//! exp without branches or calls, so that loops over it become vector instructions.
//!
//! `exp(x) = 2ⁿ exp(r)` with n the integer nearest to x / ln 2 and r = x − n ln 2, |r| ≤ ln 2 / 2;
//! exp(r) by its Taylor series up to the term below half a unit in the last place; ln 2 in two parts,
//! the first with so few bits that n times it is exact (Cody and Waite, Software Manual for the
//! Elementary Functions, 1980).

/// 1.5 · 2⁵²: adding it to a small number leaves the nearest integer in the lowest bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// The upper 32 bits of ln 2, and the rest.
const LN2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);

/// Below it 2ⁿ is no longer a normal number.
const LOWEST: f64 = -708.0;

/// Above it the result is infinite.
const HIGHEST: f64 = 709.0;

/// 1 / k!, from the highest power down.
const TERMS: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// exp; arguments outside −708..709 count as these.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(LOWEST, HIGHEST);
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    let r = x - n * LN2.0 - n * LN2.1;
    let mut sum = 0.0;
    for term in TERMS {
        sum = sum * r + term;
    }
    // The exponent's bits of 2ⁿ; those of SHIFT itself are shifted out.
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    sum * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_standard_library() {
        for i in -70_000..=70_000 {
            let x = f64::from(i) * 0.001_003;
            assert!((exp(x) / x.exp() - 1.0).abs() < 4e-16, "{x}");
        }
        assert_eq!(exp(0.0).to_bits(), 1.0_f64.to_bits());
        assert!(exp(-1e9) < 1e-300);
        assert!(exp(1e9).is_finite());
    }
}
