//! Root mean square normalisation of rows: B. Zhang and R. Sennrich, arXiv 1910.07467.
//!
//! y = x r w with r = 1 / sqrt(mean(x²) + ε). x, y: (..., D); w: (D).
//! Backward: dx = r (w dy - x r² mean(w dy x)), dw = sum over rows of dy x r.

use candle_core::{Result, bail};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{dispatch, load, store};
use super::memory::{read, read2, tensor_like};
use crate::graph::{Value, record};

/// Rows handled by one task: a fixed number, so that dw is summed in one order on any number of threads.
const ROWS: usize = 64;

/// 1 / sqrt(mean(x²) + ε) of a row.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
fn factor<S: Simd>(simd: S, x: &[f32], epsilon: f32) -> f32 {
    let mut squares = simd.splat_f32s(0.0);
    for x in x.chunks(S::F32_LANES) {
        let x = load(simd, x);
        squares = simd.mul_add_e_f32s(x, x, squares);
    }
    1.0 / (simd.reduce_sum_f32s(squares) / x.len() as f32 + epsilon).sqrt()
}

struct Forward<'a> {
    x: &'a [f32],
    w: &'a [f32],
    y: &'a mut [f32],
    epsilon: f32,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.x.chunks_exact(self.w.len());
        for (x, y) in rows.zip(self.y.chunks_exact_mut(self.w.len())) {
            let r = factor(simd, x, self.epsilon);
            for (y, (x, w)) in y.iter_mut().zip(x.iter().zip(self.w)) {
                *y = x * r * w;
            }
        }
    }
}

struct Backward<'a> {
    x: &'a [f32],
    w: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
    dw: &'a mut [f32],
    epsilon: f32,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (len, lanes) = (self.w.len(), S::F32_LANES);
        let rows = self.x.chunks_exact(len).zip(self.dy.chunks_exact(len));
        for ((x, dy), dx) in rows.zip(self.dx.chunks_exact_mut(len)) {
            let r = factor(simd, x, self.epsilon);
            let mut sum = simd.splat_f32s(0.0);
            for first in (0..len).step_by(lanes) {
                let [x, dy, w] = [x, dy, self.w].map(|row| load(simd, &row[first..]));
                sum = simd.mul_add_e_f32s(simd.mul_f32s(x, dy), w, sum);
            }
            let shared = simd.reduce_sum_f32s(sum) / len as f32 * r * r * r;
            let (factor, shared) = (simd.splat_f32s(r), simd.splat_f32s(-shared));
            for first in (0..len).step_by(lanes) {
                let [x, dy, w] = [x, dy, self.w].map(|row| load(simd, &row[first..]));
                let scaled = simd.mul_f32s(dy, factor);
                let dw = &mut self.dw[first..];
                store(simd, dw, simd.mul_add_e_f32s(scaled, x, load(simd, dw)));
                let d = simd.mul_add_e_f32s(x, shared, simd.mul_f32s(scaled, w));
                store(simd, &mut dx[first..], d);
            }
        }
    }
}

fn forward(x: &[f32], w: &[f32], epsilon: f32) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(ROWS * w.len())
        .zip(x.par_chunks(ROWS * w.len()))
        .for_each(|(y, x)| dispatch(Forward { x, w, y, epsilon }));
    y
}

fn backward(x: &[f32], w: &[f32], dy: &[f32], epsilon: f32) -> (Vec<f32>, Vec<f32>) {
    let task = ROWS * w.len();
    let mut dx = vec![0.0; x.len()];
    let parts: Vec<Vec<f32>> = dx
        .par_chunks_mut(task)
        .zip(x.par_chunks(task).zip(dy.par_chunks(task)))
        .map(|(dx, (x, dy))| {
            let mut dw = vec![0.0; w.len()];
            dispatch(Backward {
                x,
                w,
                dy,
                dx,
                dw: &mut dw,
                epsilon,
            });
            dw
        })
        .collect();
    let mut dw = vec![0.0; w.len()];
    for part in &parts {
        for (sum, part) in dw.iter_mut().zip(part) {
            *sum += part;
        }
    }
    (dx, dw)
}

/// y of x; rows are the last axis.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
pub(crate) fn rms_norm(xs: &Value, weight: &Value, epsilon: f64) -> Result<Value> {
    let len = weight.tensor().elem_count();
    if len == 0 || xs.dims().last() != Some(&len) {
        bail!("rms norm: {len} weights for rows of {:?}", xs.dims());
    }
    on_gpu!(xs.tensor(), on_gpu(xs, weight, epsilon));
    let epsilon = epsilon as f32;
    let y = read2(xs.tensor(), weight.tensor(), |x, w| {
        Ok(forward(x, w, epsilon))
    })?;
    let y = tensor_like(y, xs.tensor())?;
    let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
    Ok(record([xs, weight], y, move |dy, _| {
        let (dx, dw) = read2(&x, &w, |x, w| {
            read(dy, |dy| Ok(backward(x, w, dy, epsilon)))
        })?;
        Ok([Some(tensor_like(dx, &x)?), Some(tensor_like(dw, &w)?)])
    }))
}

#[cfg(feature = "cuda")]
fn on_gpu(xs: &Value, weight: &Value, epsilon: f64) -> Result<Value> {
    use super::cuda::{RowNorm, row_norm, row_norm_back};
    let [x, w] = [xs, weight].map(|value| value.tensor().clone());
    let (ys, found) = row_norm(RowNorm::Rms, &x, &w, None, epsilon)?;
    Ok(record([xs, weight], ys, move |dys, _| {
        let [dx, dw, _] = row_norm_back(&x, dys, &w, &found)?;
        Ok([Some(dx), Some(dw)])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    const SHAPES: [[usize; 3]; 4] = [[2, 3, 5], [1, 1, 1], [2, 70, 33], [1, 2, 16]];

    #[test]
    fn rms_norm_closed_form() {
        for shape in SHAPES {
            let (x, w) = (noise(1, &shape), noise(2, &shape[2..]));
            let of = |t: &candle_core::Tensor| Value::constant(t.clone());
            let found = rms_norm(&of(&x), &of(&w), 1e-5).unwrap();
            let found = found
                .tensor()
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap();
            let x = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let w = w.to_vec1::<f32>().unwrap();
            for (x, found) in x.chunks(shape[2]).zip(found.chunks(shape[2])) {
                let squares: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
                let root = (squares / shape[2] as f64 + 1e-5).sqrt();
                for ((x, w), found) in x.iter().zip(&w).zip(found) {
                    let expected = f64::from(*x) / root * f64::from(*w);
                    assert!((f64::from(*found) - expected).abs() < 1e-6, "{shape:?}");
                }
            }
        }
    }

    #[test]
    fn rms_norm_gradient_finite_differences() {
        for shape in SHAPES {
            // Rows of one number only feel ε: a large one keeps the difference quotient straight.
            let epsilon = if shape[2] == 1 { 1.0 } else { 0.1 };
            check(&[noise(1, &shape), noise(2, &shape[2..])], |v| {
                rms_norm(&v[0], &v[1], epsilon)
            });
        }
    }
}
