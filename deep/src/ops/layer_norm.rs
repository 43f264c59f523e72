//! Layer normalisation over the last dimension: J. L. Ba et al., arXiv 1607.06450.
//!
//! y = w (x - μ) / sqrt(σ² + ε) + b for every row of D numbers, with its mean μ and its biased variance σ².
//! x, y: (…, D); w, b: (D). Backward, with x̂ the normalised row and g = w dy:
//! dx = (g - mean(g) - x̂ mean(g x̂)) / sqrt(σ² + ε); dw = Σ dy x̂ and db = Σ dy over all rows.
//! [`super::layer_norm_image`] does the same over the channels of an image.

use candle_core::{Result, bail};
use rayon::prelude::*;

use super::memory::{read, read2, tensor_like};
use super::vectors::{sum1, sum2, vectorised};
use crate::graph::{Value, record};

/// Partial sums of the gradients of w and b at most: cut by the sizes alone, added in order.
const PARTS: usize = 32;
/// Numbers worth a task of their own at least.
const LEAST_NUMBERS: usize = 8 * 1024;

/// Mean and 1 / sqrt(σ² + ε) of a row.
pub(super) type Moments = [f32; 2];

/// y and each row's moments.
fn forward(x: &[f32], w: &[f32], b: &[f32], epsilon: f32) -> (Vec<f32>, Vec<Moments>) {
    let width = w.len();
    let rows = (LEAST_NUMBERS / width).max(1);
    let mut y = vec![0.0; x.len()];
    let mut moments = vec![[0.0; 2]; x.len() / width];
    y.par_chunks_mut(rows * width)
        .zip(x.par_chunks(rows * width))
        .zip(moments.par_chunks_mut(rows))
        .for_each(|((y, x), moments)| {
            vectorised(
                #[inline(always)]
                || {
                    let lines = y.chunks_exact_mut(width).zip(x.chunks_exact(width));
                    for ((y, x), kept) in lines.zip(moments) {
                        let n = width as f32;
                        let mean = sum1(x, |x| x) / n;
                        let variance = sum1(x, |x| (x - mean) * (x - mean)) / n;
                        let scale = 1.0 / (variance + epsilon).sqrt();
                        for ((y, x), (w, b)) in y.iter_mut().zip(x).zip(w.iter().zip(b)) {
                            *y = (x - mean) * scale * w + b;
                        }
                        *kept = [mean, scale];
                    }
                },
            );
        });
    (y, moments)
}

/// Gradients of x, w and b.
fn backward(x: &[f32], w: &[f32], dy: &[f32], moments: &[Moments]) -> [Vec<f32>; 3] {
    let width = w.len();
    let rows = moments
        .len()
        .div_ceil(PARTS)
        .max((LEAST_NUMBERS / width).max(1));
    let mut dx = vec![0.0; x.len()];
    let parts: Vec<Vec<f32>> = dx
        .par_chunks_mut(rows * width)
        .zip(x.par_chunks(rows * width).zip(dy.par_chunks(rows * width)))
        .zip(moments.par_chunks(rows))
        .map(|((dx, (x, dy)), moments)| {
            let mut sums = vec![0.0; 2 * width];
            let (dw, db) = sums.split_at_mut(width);
            vectorised(
                #[inline(always)]
                || {
                    let lines = x.chunks_exact(width).zip(dy.chunks_exact(width));
                    for ((dx, (x, dy)), [mean, scale]) in
                        dx.chunks_exact_mut(width).zip(lines).zip(moments)
                    {
                        backward_row(dx, [x, dy, w], [*mean, *scale], dw, db);
                    }
                },
            );
            sums
        })
        .collect();
    let mut sums = vec![0.0; 2 * width];
    for part in parts {
        for (sum, part) in sums.iter_mut().zip(part) {
            *sum += part;
        }
    }
    let db = sums.split_off(width);
    [dx, sums, db]
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
fn backward_row(
    dx: &mut [f32],
    [x, dy, w]: [&[f32]; 3],
    [mean, scale]: Moments,
    dw: &mut [f32],
    db: &mut [f32],
) {
    let n = dx.len() as f32;
    for ((dx, dy), w) in dx.iter_mut().zip(dy).zip(w) {
        *dx = dy * w;
    }
    let mean_g = sum1(dx, |g| g) / n;
    let mean_gx = sum2(dx, x, |g, x| g * (x - mean)) * scale / n;
    let columns = x.iter().zip(dy).zip(dw.iter_mut().zip(db.iter_mut()));
    for (dx, ((x, dy), (dw, db))) in dx.iter_mut().zip(columns) {
        let normalised = (x - mean) * scale;
        *dx = (*dx - mean_g - normalised * mean_gx) * scale;
        *dw += dy * normalised;
        *db += dy;
    }
}

/// Normalises every row of `xs`.
///
/// # Errors
/// When the last dimension is not that of `weight` and `bias`, or empty.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
pub(crate) fn layer_norm(xs: &Value, weight: &Value, bias: &Value, epsilon: f64) -> Result<Value> {
    let width = xs.dims().last().copied().unwrap_or(0);
    if width == 0 || weight.dims() != [width] || bias.dims() != [width] {
        bail!(
            "layer norm of {:?} with weight {:?} and bias {:?}",
            xs.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    on_gpu!(xs.tensor(), on_gpu(xs, weight, bias, epsilon));
    let (ys, moments) = read(xs.tensor(), |x| {
        read2(weight.tensor(), bias.tensor(), |w, b| {
            Ok(forward(x, w, b, epsilon as f32))
        })
    })?;
    let ys = tensor_like(ys, xs.tensor())?;
    let (kept_x, kept_w) = (xs.tensor().clone(), weight.tensor().clone());
    Ok(record([xs, weight, bias], ys, move |dys, _| {
        let [dx, dw, db] = read(&kept_w, |w| {
            read2(&kept_x, dys, |x, dy| Ok(backward(x, w, dy, &moments)))
        })?;
        Ok([
            Some(tensor_like(dx, &kept_x)?),
            Some(tensor_like(dw, &kept_w)?),
            Some(tensor_like(db, &kept_w)?),
        ])
    }))
}

/// Rows of the last axis in memory: tokens, or an image's pixels.
#[cfg(feature = "cuda")]
pub(super) fn on_gpu(xs: &Value, weight: &Value, bias: &Value, epsilon: f64) -> Result<Value> {
    use super::cuda::{RowNorm, row_norm, row_norm_back};
    let [x, w] = [xs, weight].map(|value| value.tensor().clone());
    let (ys, found) = row_norm(RowNorm::Layer, &x, &w, Some(bias.tensor()), epsilon)?;
    Ok(record([xs, weight, bias], ys, move |dys, _| {
        Ok(row_norm_back(&x, dys, &w, &found)?.map(Some))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    /// Rows and widths around the vectors' length.
    const CASES: [[usize; 2]; 5] = [[1, 1], [3, 5], [7, 16], [2, 33], [600, 96]];

    #[test]
    fn layer_norm_closed_form() {
        for [rows, width] in CASES {
            let (x, w, b) = (
                noise(1, &[rows, width]),
                noise(2, &[width]),
                noise(3, &[width]),
            );
            let values = [&x, &w, &b].map(|t| Value::constant(t.clone()));
            let y = layer_norm(&values[0], &values[1], &values[2], 1e-5).unwrap();
            let y = y.tensor().to_vec2::<f32>().unwrap();
            let (w, b) = (w.to_vec1::<f32>().unwrap(), b.to_vec1::<f32>().unwrap());
            for (y, x) in y.iter().zip(x.to_vec2::<f32>().unwrap()) {
                let x: Vec<f64> = x.into_iter().map(f64::from).collect();
                let n = width as f64;
                let mean = x.iter().sum::<f64>() / n;
                let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                for k in 0..width {
                    let normalised = (x[k] - mean) / (variance + 1e-5).sqrt();
                    let expected = normalised * f64::from(w[k]) + f64::from(b[k]);
                    // A few roundings of numbers below four.
                    assert!((f64::from(y[k]) - expected).abs() < 3e-6, "{rows}x{width}");
                }
            }
        }
    }

    #[test]
    fn layer_norm_gradient_finite_differences() {
        for [rows, width] in [[3, 5], [7, 16], [2, 33], [40, 24]] {
            let x = noise(1, &[rows, width]).affine(2.0, 0.5).unwrap();
            check(&[x, noise(2, &[width]), noise(3, &[width])], |v| {
                layer_norm(&v[0], &v[1], &v[2], 1e-5)
            });
        }
    }

    #[test]
    fn other_widths_are_refused() {
        let value = |shape: &[usize]| Value::constant(noise(1, shape));
        assert!(layer_norm(&value(&[2, 3]), &value(&[2]), &value(&[3]), 1e-5).is_err());
    }
}
