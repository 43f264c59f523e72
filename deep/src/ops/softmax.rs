//! Softmax over the last dimension: y[i] = exp(x[i] - m) / Σ exp(x[j] - m) with m the row's largest number.
//!
//! x, y: (…, D). Backward: dx = y (dy - Σ y dy).

#![cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "attention has its own softmax inside; kept for networks that need probabilities between layers"
    )
)]

use candle_core::{Result, bail};
use rayon::prelude::*;

use super::elementary::exp;
use super::memory::{read, read2, tensor_like};
use super::vectors::{sum1, sum2, vectorised};
use crate::graph::{Value, record};

/// Numbers handled by one task at least.
const LEAST_NUMBERS: usize = 8 * 1024;

/// The largest of a row; NaN where one is among them, so that it is not lost.
#[inline(always)]
pub(super) fn largest(row: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut best = [f32::NEG_INFINITY; LANES];
    let chunks = row.chunks_exact(LANES);
    let keep = |best: &mut f32, x: f32| {
        if x > *best || x.is_nan() {
            *best = x;
        }
    };
    for (best, x) in best.iter_mut().zip(chunks.remainder()) {
        keep(best, *x);
    }
    for chunk in chunks {
        for lane in 0..LANES {
            // A NaN in `best` stays: no comparison with it is true.
            keep(&mut best[lane], chunk[lane]);
        }
    }
    let mut all = f32::NEG_INFINITY;
    for best in best {
        keep(&mut all, best);
    }
    all
}

fn forward(x: &[f32], width: usize) -> Vec<f32> {
    let rows = (LEAST_NUMBERS / width).max(1);
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(rows * width)
        .zip(x.par_chunks(rows * width))
        .for_each(|(y, x)| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                        let top = largest(x);
                        for (y, x) in y.iter_mut().zip(x) {
                            *y = exp(x - top);
                        }
                        let factor = 1.0 / sum1(y, |y| y);
                        for y in y {
                            *y *= factor;
                        }
                    }
                },
            );
        });
    y
}

fn backward(y: &[f32], dy: &[f32], width: usize) -> Vec<f32> {
    let rows = (LEAST_NUMBERS / width).max(1);
    let mut dx = vec![0.0; y.len()];
    dx.par_chunks_mut(rows * width)
        .zip(y.par_chunks(rows * width).zip(dy.par_chunks(rows * width)))
        .for_each(|(dx, (y, dy))| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = y.chunks_exact(width).zip(dy.chunks_exact(width));
                    for (dx, (y, dy)) in dx.chunks_exact_mut(width).zip(rows) {
                        let inner = sum2(y, dy, |y, dy| y * dy);
                        for (dx, (y, dy)) in dx.iter_mut().zip(y.iter().zip(dy)) {
                            *dx = y * (dy - inner);
                        }
                    }
                },
            );
        });
    dx
}

/// The softmax of every row.
///
/// # Errors
/// When the last dimension is empty.
pub(crate) fn softmax(xs: &Value) -> Result<Value> {
    let width = xs.dims().last().copied().unwrap_or(0);
    if width == 0 {
        bail!("softmax of {:?}", xs.dims());
    }
    on_gpu!(xs.tensor(), on_gpu(xs, width));
    let ys = read(xs.tensor(), |x| Ok(forward(x, width)))?;
    let ys = tensor_like(ys, xs.tensor())?;
    let kept = ys.clone();
    Ok(record([xs], ys, move |dys, _| {
        let dx = read2(&kept, dys, |y, dy| Ok(backward(y, dy, width)))?;
        Ok([Some(tensor_like(dx, &kept)?)])
    }))
}

#[cfg(feature = "cuda")]
fn on_gpu(xs: &Value, width: usize) -> Result<Value> {
    use super::cuda::{softmax, softmax_back};
    let ys = softmax(xs.tensor(), width, 1.0)?;
    let kept = ys.clone();
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(softmax_back(&kept, dys, width, 1.0)?)])
    }))
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;

    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn softmax_closed_form() {
        for width in [1, 3, 16, 37] {
            let x = noise(1, &[5, width]).affine(30.0, 50.0).unwrap();
            let y = softmax(&Value::constant(x.clone())).unwrap();
            let y = y.tensor().to_vec2::<f32>().unwrap();
            for (y, x) in y.iter().zip(x.to_vec2::<f32>().unwrap()) {
                let e: Vec<f64> = x.iter().map(|x| f64::from(*x).exp()).collect();
                let sum: f64 = e.iter().sum();
                for (y, e) in y.iter().zip(e) {
                    // Relative: x - m, of up to 64, is rounded by up to 2⁻¹⁹ before it becomes an exponent.
                    assert!((f64::from(*y) - e / sum).abs() <= 3e-6 * e / sum);
                }
            }
        }
    }

    #[test]
    fn softmax_keeps_what_is_not_a_number() {
        for at in [0, 5, 20] {
            let mut row = vec![1.0_f32; 21];
            row[at] = f32::NAN;
            assert!(largest(&row).is_nan());
            let x = Tensor::new(row.as_slice(), &device()).unwrap();
            let y = softmax(&Value::constant(x)).unwrap();
            assert!(y.tensor().to_vec1::<f32>().unwrap()[at].is_nan());
        }
    }

    #[test]
    fn softmax_gradient_finite_differences() {
        for width in [1, 3, 16, 37] {
            let x = noise(1, &[4, width]).affine(3.0, 0.0).unwrap();
            check(&[x], |v| softmax(&v[0]));
        }
    }
}
