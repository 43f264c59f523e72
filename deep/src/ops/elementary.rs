//! Elementary functions without branches, so that loops over them vectorise.
//!
//! exp(x) = 2ⁿ exp(r) with n = round(x / ln 2) and a polynomial in r (the coefficients of S. L. Moshier's
//! Cephes library, `expf`). erf(x) = x P(x²) below one and 1 - exp(-x Q(x)) above, with P and Q fitted in
//! f64 to the least largest error. Both lie within two units in the last place of the true value.

/// From here on exp is infinite.
const EXP_LARGEST: f32 = 89.0;
/// Below this exp is taken as zero: results below 2⁻¹²⁵ are not worth the slow arithmetic of subnormal numbers.
const EXP_LEAST: f32 = -86.5;
/// ln 2 in two parts, the first of few bits: n times it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// 1.5 · 2²³: adding it rounds to an integer, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// eˣ.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
pub(crate) fn exp(x: f32) -> f32 {
    let bounded = x.clamp(EXP_LEAST, EXP_LARGEST);
    let shifted = bounded * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (bounded - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 5e-1;
    p = p * r * r + r + 1.0;
    // 2ⁿ⁻¹, since n may be 128.
    let half_scale = f32::from_bits(shifted.to_bits().wrapping_add(126) << 23);
    let value = p * half_scale * 2.0;
    if x < EXP_LEAST { 0.0 } else { value }
}

/// 2 / sqrt(π) ∫ exp(-t²) dt from 0 to x.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    /// Where 1 - erf(x) falls below half a unit in the last place.
    const ONE_FROM: f32 = 4.0;
    let t = x * x;
    let mut small = 7.889_123e-5;
    small = small * t - 8.020_842e-4;
    small = small * t + 5.189_535_6e-3;
    small = small * t - 2.685_444_5e-2;
    small = small * t + 1.128_36e-1;
    small = small * t - 3.761_262_7e-1;
    small = small * t + 1.283_791_7e-1;
    // The largest part of the factor, one, costs no rounding.
    small = x + x * small;
    let z = x.abs().min(ONE_FROM);
    let mut q = 1.413_368_2e-5;
    q = q * z - 3.523_306e-4;
    q = q * z + 3.764_654e-3;
    q = q * z - 2.402_549_6e-2;
    q = q * z + 1.065_490_9e-1;
    q = q * z + 6.349_583e-1;
    q = q * z + 1.128_697_2;
    let large = (1.0 - exp(-z * q)).copysign(x);
    // `min` has lost a NaN; the first branch keeps it.
    if x.abs() > 1.0 { large } else { small }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units in the last place of the expectation.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is what is tested")]
    fn ulps(found: f32, expected: f64) -> f64 {
        let near = expected as f32;
        let unit = f64::from(near.abs().next_up()) - f64::from(near.abs());
        (f64::from(found) - expected).abs() / unit
    }

    #[test]
    fn exp_closed_form() {
        let mut worst = 0.0_f64;
        for k in -86_000..88_700 {
            let x = k as f32 / 1000.0;
            worst = worst.max(ulps(exp(x), f64::from(x).exp()));
        }
        assert!(worst < 2.0, "{worst}");
        assert_eq!(exp(0.0).to_bits(), 1.0_f32.to_bits());
        assert_eq!(exp(f32::NEG_INFINITY).to_bits(), 0);
        assert_eq!(exp(-200.0).to_bits(), 0);
        assert!(exp(f32::INFINITY).is_infinite() && exp(88.8).is_infinite());
        assert!(exp(f32::NAN).is_nan());
    }

    /// erf by its series in f64 (Abramowitz and Stegun 7.1.6), which adds positive terms only.
    fn series(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= 2.0 * x * x / (2.0 * f64::from(n) + 1.0);
            sum += term;
        }
        std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
    }

    #[test]
    fn erf_closed_form() {
        // Two values of tables: erf(0.5) and erf(1).
        assert!((series(0.5) - 0.520_499_877_813_046_5).abs() < 1e-15);
        assert!((series(1.0) - 0.842_700_792_949_714_9).abs() < 1e-15);
        let mut worst = 0.0_f64;
        for k in 1..6000 {
            let x = k as f32 / 1000.0;
            worst = worst.max(ulps(erf(x), series(f64::from(x))));
            assert_eq!(erf(-x).to_bits(), (-erf(x)).to_bits());
        }
        assert!(worst < 2.0, "{worst}");
        assert_eq!(erf(0.0).to_bits(), 0);
        assert_eq!(erf(f32::INFINITY).to_bits(), 1.0_f32.to_bits());
        assert!(erf(f32::NAN).is_nan());
    }
}
