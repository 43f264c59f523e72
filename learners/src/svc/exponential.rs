//! exp without branches or calls, so that loops over it become vector instructions.
//!
//! `exp(x) = 2ⁿ exp(r)` with n the integer nearest to x / ln 2 and r = x − n ln 2, |r| ≤ ln 2 / 2;
//! exp(r) by its Taylor series up to the term below half a unit in the last place; ln 2 in two parts,
//! the first with so few bits that n times it is exact (Cody and Waite, Software Manual for the
//! Elementary Functions, 1980).

/// Adding it to a small number leaves the nearest integer in the lowest bits: 1.5 · 2²³.
const SHIFT_32: f32 = 12_582_912.0;

/// The upper 12 bits of ln 2, and the rest.
const LN2_32: (f32, f32) = (0.693_115_23, 3.194_618_3e-5);

/// Below it 2ⁿ is no longer a normal number.
const LOWEST_32: f32 = -87.0;

/// Above it the result is infinite.
const HIGHEST_32: f32 = 88.0;

/// 1 / k!, from the highest power down.
const TERMS_32: [f32; 8] = [
    1.0 / 5040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// 1.5 · 2⁵².
const SHIFT_64: f64 = 6_755_399_441_055_744.0;

/// The upper 32 bits of ln 2, and the rest.
const LN2_64: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);

/// Below it 2ⁿ is no longer a normal number.
const LOWEST_64: f64 = -708.0;

/// Above it the result is infinite.
const HIGHEST_64: f64 = 709.0;

/// 1 / k!, from the highest power down.
const TERMS_64: [f64; 14] = [
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

/// exp in single precision; arguments outside −87..88 count as these.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
pub(crate) fn exp_32(x: f32) -> f32 {
    let x = x.clamp(LOWEST_32, HIGHEST_32);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT_32;
    let n = shifted - SHIFT_32;
    let r = x - n * LN2_32.0 - n * LN2_32.1;
    let mut sum = 0.0;
    for term in TERMS_32 {
        sum = sum * r + term;
    }
    // The exponent's bits of 2ⁿ; those of SHIFT_32 itself are shifted out.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    sum * power
}

/// exp in double precision; arguments outside −708..709 count as these.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
pub(crate) fn exp_64(x: f64) -> f64 {
    let x = x.clamp(LOWEST_64, HIGHEST_64);
    let shifted = x * std::f64::consts::LOG2_E + SHIFT_64;
    let n = shifted - SHIFT_64;
    let r = x - n * LN2_64.0 - n * LN2_64.1;
    let mut sum = 0.0;
    for term in TERMS_64 {
        sum = sum * r + term;
    }
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    sum * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_agree_with_the_standard_library() {
        for i in -70_000..=70_000 {
            let x = f64::from(i) * 0.001_003;
            let exact = x.exp();
            assert!((exp_64(x) / exact - 1.0).abs() < 4e-16, "{x}");
            #[expect(clippy::cast_possible_truncation, reason = "an argument of exp_32")]
            let single = x as f32;
            let found = f64::from(exp_32(single)) / f64::from(single).exp();
            assert!((found - 1.0).abs() < 2e-7, "{x} {found}");
        }
        assert_eq!(exp_64(0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(exp_32(0.0).to_bits(), 1.0_f32.to_bits());
        assert!(exp_64(-1e9) < 1e-300 && exp_32(-1e9) < 2e-38);
        assert!(exp_64(1e9).is_finite() && exp_32(1e9).is_finite());
    }
}
