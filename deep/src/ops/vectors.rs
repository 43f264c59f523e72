//! Loops compiled for the widest vectors of the processor at hand, found while running.

/// Runs `work` compiled for the processor. Only what is inlined into it is compiled anew: the closure
/// and what it calls must be `#[inline(always)]`.
///
/// The compiler neither reorders sums nor fuses products with them, so the result is the same, bit for
/// bit, on every processor.
#[inline]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Running sums that the compiler may keep in vectors.
const LANES: usize = 16;

/// Σ f(a, b) over two slices of one length, in a fixed order.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
pub(crate) fn sum2(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let mut rest = 0.0;
    for (a, b) in a_chunks.remainder().iter().zip(b_chunks.remainder()) {
        rest += f(*a, *b);
    }
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += f(a[lane], b[lane]);
        }
    }
    let mut total = rest;
    for sum in sums {
        total += sum;
    }
    total
}

/// Σ f(a) over a slice, in a fixed order.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
pub(crate) fn sum1(a: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    sum2(a, a, |a, _| f(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_closed_form() {
        for n in [0_u8, 1, 15, 16, 17, 100] {
            let a: Vec<f32> = (0..n).map(f32::from).collect();
            let expected = f32::from(n) * (f32::from(n) - 1.0) / 2.0;
            let found = vectorised(|| sum1(&a, |a| a));
            assert!((found - expected).abs() < 1e-3, "{n}");
            let found = vectorised(|| sum2(&a, &a, |a, b| a - b + 1.0));
            assert!((found - f32::from(n)).abs() < 1e-3, "{n}");
        }
    }
}
