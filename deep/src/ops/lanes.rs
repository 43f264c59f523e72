//! Elementary functions over the vectors of the processor, for kernels written lane by lane.
//!
//! exp(x) = 2ⁿ 2^f with n the nearest integer and a polynomial in f (least largest relative error 1.9e-9);
//! ln(1 + e) for e in 0..=1 by the odd series of the inverse hyperbolic tangent, s = e / (2 + e):
//! ln(1 + e) = 2 (s + s³/3 + s⁵/5 ...), its tail fitted on 0..=1/9 (relative error 4e-9). Within three
//! units in the last place of the true value, exponentials within two.

use pulp::{Arch, Simd, WithSimd};

/// Runs `kernel` compiled for the widest vectors that the processor has.
#[inline]
pub(crate) fn dispatch<K: WithSimd>(kernel: K) -> K::Output {
    Arch::new().dispatch(kernel)
}

/// Numbers of one vector under [`dispatch`].
pub(crate) fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    dispatch(Lanes)
}

/// Below this the result is taken as 2⁻¹²⁶, the least normal number: nothing to a sum that holds a one.
const LEAST: f32 = -126.0;
/// 1.5 · 2²³ and the exponent's bias: adding it rounds to an integer, and the low bits of the sum are
/// the exponent field of 2 to that integer.
const ROUND: f32 = 12_582_912.0 + 127.0;
/// Bits of an f32 below its exponent.
const FRACTION_BITS: u32 = 23;
/// 2^f for |f| <= 1/2, highest power first.
const POWER: [f32; 6] = [
    1.534_581_2e-4,
    1.339_993_1e-3,
    9.618_489e-3,
    5.550_328_6e-2,
    2.402_264_6e-1,
    std::f32::consts::LN_2,
];
/// atanh(s) / s in powers of s², highest first.
const ARTANH: [f32; 4] = [
    1.408_916_7e-1,
    1.398_030_2e-1,
    2.001_245_5e-1,
    3.333_315_8e-1,
];
/// What log2(e) lacks as an f32.
const LOG2_E_LOW: f32 = 1.925_963_4e-8;

/// 2^(y + low), for y up to 127 and |low| far below one.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
fn power<S: Simd>(simd: S, y: S::f32s, low: Option<S::f32s>) -> S::f32s {
    let y = simd.max_f32s(y, simd.splat_f32s(LEAST));
    let round = simd.splat_f32s(ROUND);
    let shifted = simd.add_f32s(y, round);
    let mut f = simd.sub_f32s(y, simd.sub_f32s(shifted, round));
    if let Some(low) = low {
        f = simd.add_f32s(f, low);
    }
    let mut p = simd.splat_f32s(POWER[0]);
    for c in &POWER[1..] {
        p = simd.mul_add_e_f32s(p, f, simd.splat_f32s(*c));
    }
    p = simd.mul_add_e_f32s(p, f, simd.splat_f32s(1.0));
    let bits = simd.transmute_u32s_f32s(shifted);
    let exponent = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(FRACTION_BITS));
    simd.mul_f32s(p, simd.transmute_f32s_u32s(exponent))
}

/// 2^y for y <= 127.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
pub(crate) fn exp2<S: Simd>(simd: S, y: S::f32s) -> S::f32s {
    power(simd, y, None)
}

/// e^x for x <= 88.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let log2_e = simd.splat_f32s(std::f32::consts::LOG2_E);
    let y = simd.mul_f32s(x, log2_e);
    // The part of the product that its rounding lost. Beyond the bounds it does not matter.
    let lost = simd.mul_add_f32s(x, log2_e, simd.neg_f32s(y));
    let low = simd.mul_add_e_f32s(x, simd.splat_f32s(LOG2_E_LOW), lost);
    power(simd, y, Some(low))
}

/// ln(1 + e^x) and its derivative 1 / (1 + e^-x).
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
pub(crate) fn softplus<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s) {
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    // In (0, 1], and shared by both.
    let e = exp(simd, simd.neg_f32s(simd.abs_f32s(x)));
    let s = simd.div_f32s(e, simd.add_f32s(e, simd.splat_f32s(2.0)));
    let square = simd.mul_f32s(s, s);
    let mut p = simd.splat_f32s(ARTANH[0]);
    for c in &ARTANH[1..] {
        p = simd.mul_add_e_f32s(p, square, simd.splat_f32s(*c));
    }
    let half = simd.mul_add_e_f32s(simd.mul_f32s(p, square), s, s);
    let value = simd.add_f32s(simd.max_f32s(x, zero), simd.add_f32s(half, half));
    let numerator = simd.select_f32s(simd.less_than_f32s(x, zero), e, one);
    (value, simd.div_f32s(numerator, simd.add_f32s(e, one)))
}

/// 1 / (1 + e^-x).
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
pub(crate) fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let e = exp(simd, simd.neg_f32s(simd.abs_f32s(x))); // in (0, 1]
    let numerator = simd.select_f32s(simd.less_than_f32s(x, simd.splat_f32s(0.0)), e, one);
    simd.div_f32s(numerator, simd.add_f32s(e, one))
}

/// Writes a vector, or as many of its first numbers as the slice takes.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
pub(crate) fn store<S: Simd>(simd: S, slice: &mut [f32], vector: S::f32s) {
    match S::as_mut_simd_f32s(slice) {
        ([first, ..], _) => *first = vector,
        ([], rest) => simd.partial_store_f32s(rest, vector),
    }
}

/// The first vector of a slice, with zeros where it ends early.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
pub(crate) fn load<S: Simd>(simd: S, slice: &[f32]) -> S::f32s {
    match S::as_simd_f32s(slice).0.first() {
        Some(vector) => *vector,
        None => simd.partial_load_f32s(slice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Map<'a, F>(&'a [f32], F);

    /// A function of one vector, for every kind of vector.
    trait Function {
        fn of<S: Simd>(&self, simd: S, x: S::f32s) -> S::f32s;
    }

    impl<F: Function> WithSimd for Map<'_, F> {
        type Output = Vec<f32>;
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let mut ys = vec![0.0; self.0.len()];
            for (x, y) in self.0.chunks(S::F32_LANES).zip(ys.chunks_mut(S::F32_LANES)) {
                store(simd, y, self.1.of(simd, load(simd, x)));
            }
            ys
        }
    }

    struct Exp;
    struct Exp2;
    struct Softplus;
    struct Sigmoid;
    struct Slope;
    impl Function for Exp {
        fn of<S: Simd>(&self, simd: S, x: S::f32s) -> S::f32s {
            exp(simd, x)
        }
    }
    impl Function for Exp2 {
        fn of<S: Simd>(&self, simd: S, x: S::f32s) -> S::f32s {
            exp2(simd, x)
        }
    }
    impl Function for Softplus {
        fn of<S: Simd>(&self, simd: S, x: S::f32s) -> S::f32s {
            softplus(simd, x).0
        }
    }
    impl Function for Sigmoid {
        fn of<S: Simd>(&self, simd: S, x: S::f32s) -> S::f32s {
            sigmoid(simd, x)
        }
    }
    impl Function for Slope {
        fn of<S: Simd>(&self, simd: S, x: S::f32s) -> S::f32s {
            softplus(simd, x).1
        }
    }

    /// The largest distance in units in the last place of the truth, over thousandths in a range.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is what is tested")]
    fn worst(range: std::ops::Range<i32>, f: impl Function, truth: fn(f64) -> f64) -> f64 {
        let xs: Vec<f32> = range.map(|k| k as f32 / 1000.0).collect();
        let ys = dispatch(Map(&xs, f));
        xs.iter().zip(ys).fold(0.0, |worst, (x, found)| {
            let expected = truth(f64::from(*x));
            let near = (expected as f32).abs();
            let unit = f64::from(near.next_up()) - f64::from(near);
            let distance = (f64::from(found) - expected).abs() / unit;
            assert!(distance.is_finite(), "{x} {found}");
            distance.max(worst)
        })
    }

    #[test]
    fn exponentials_closed_form() {
        let found = worst(-87_000..88_000, Exp, f64::exp);
        assert!(found < 2.0, "{found}");
        let found = worst(-125_900..127_000, Exp2, f64::exp2);
        assert!(found < 2.0, "{found}");
        let ys = dispatch(Map(&[0.0, -1e4, f32::NEG_INFINITY], Exp2));
        assert_eq!(ys[0].to_bits(), 1.0_f32.to_bits());
        assert!(ys[1..].iter().all(|y| *y <= f32::MIN_POSITIVE));
    }

    /// Units in the last place: nearly two of the exponential, a half each of a sum and a quotient.
    const QUOTIENT: f64 = 3.0;

    #[test]
    fn softplus_and_sigmoid_closed_form() {
        let found = worst(-80_000..80_000, Softplus, |x| {
            x.max(0.0) + (-x.abs()).exp().ln_1p()
        });
        assert!(found < QUOTIENT, "{found}");
        let sigmoid = |x: f64| {
            let e = (-x.abs()).exp();
            (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
        };
        let found = worst(-80_000..80_000, Sigmoid, sigmoid);
        assert!(found < QUOTIENT, "{found}");
        let found = worst(-80_000..80_000, Slope, sigmoid);
        assert!(found < QUOTIENT, "{found}");
    }

    #[test]
    fn short_slices_are_filled_with_zeros() {
        let ys = dispatch(Map(&[1.0; 5], Softplus));
        assert!(ys.iter().all(|y| (y - 1.313_261_7).abs() < 1e-6));
        assert!(lanes().is_power_of_two());
    }
}
