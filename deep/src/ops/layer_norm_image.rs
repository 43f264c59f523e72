//! Layer normalisation over the channels of each pixel of an image, as `ConvNeXt` does between its stages.
//!
//! y[n, c, p] = w[c] (x[n, c, p] - μ[n, p]) / sqrt(σ²[n, p] + ε) + b[c], with mean and biased variance
//! over c. x, y: (N, C, H, W); w, b: (C). The formulas are those of [`super::layer_norm`].

use candle_core::{Result, bail};
use rayon::prelude::*;

use super::layer_norm::Moments;
use super::memory::{read, read2, tensor_like};
use super::vectors::{sum1, vectorised};
use crate::graph::{Value, record};

/// Pixels summed over all channels by one task.
const PIXELS: usize = 256;

/// Runs `work` on every (sample, tile of pixels) and returns the tiles' results in order, sample by sample.
fn per_tile<R: Send>(
    samples: usize,
    plane: usize,
    work: impl Fn(usize, std::ops::Range<usize>) -> Vec<R> + Sync,
) -> Vec<R> {
    let tiles = plane.div_ceil(PIXELS);
    let parts: Vec<Vec<R>> = (0..samples * tiles)
        .into_par_iter()
        .map(|at| {
            let first = at % tiles * PIXELS;
            work(at / tiles, first..(first + PIXELS).min(plane))
        })
        .collect();
    parts.into_iter().flatten().collect()
}

/// Mean and 1 / sqrt(σ² + ε) of every pixel, (N, H W).
fn moments(x: &[f32], channels: usize, plane: usize, epsilon: f32) -> Vec<Moments> {
    per_tile(x.len() / (channels * plane), plane, |n, tile| {
        let count = channels as f32;
        let mut means = vec![0.0_f32; tile.len()];
        let mut variances = vec![0.0_f32; tile.len()];
        let rows = || {
            (0..channels).map(|c| {
                let row = (n * channels + c) * plane;
                &x[row + tile.start..row + tile.end]
            })
        };
        vectorised(
            #[inline(always)]
            || {
                for row in rows() {
                    for (sum, x) in means.iter_mut().zip(row) {
                        *sum += x;
                    }
                }
                for mean in &mut means {
                    *mean /= count;
                }
                for row in rows() {
                    for ((sum, x), mean) in variances.iter_mut().zip(row).zip(&means) {
                        *sum += (x - mean) * (x - mean);
                    }
                }
            },
        );
        means
            .into_iter()
            .zip(variances)
            .map(|(mean, sum)| [mean, 1.0 / (sum / count + epsilon).sqrt()])
            .collect()
    })
}

fn forward(x: &[f32], w: &[f32], b: &[f32], plane: usize, moments: &[Moments]) -> Vec<f32> {
    let channels = w.len();
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(plane)
        .zip(x.par_chunks(plane))
        .enumerate()
        .for_each(|(at, (y, x))| {
            let (n, c) = (at / channels, at % channels);
            let moments = &moments[n * plane..(n + 1) * plane];
            for ((y, x), [mean, scale]) in y.iter_mut().zip(x).zip(moments) {
                *y = (x - mean) * scale * w[c] + b[c];
            }
        });
    y
}

/// Gradients of x, w and b.
fn backward(x: &[f32], w: &[f32], dy: &[f32], plane: usize, moments: &[Moments]) -> [Vec<f32>; 3] {
    let channels = w.len();
    let samples = x.len() / (channels * plane);
    // mean(g) and mean(g x̂) of every pixel.
    let means: Vec<[f32; 2]> = per_tile(samples, plane, |n, tile| {
        let mut sums = vec![[0.0_f32; 2]; tile.len()];
        let moments = &moments[n * plane + tile.start..n * plane + tile.end];
        for (c, w) in w.iter().enumerate() {
            let row = (n * channels + c) * plane;
            let (x, dy) = (
                &x[row + tile.start..row + tile.end],
                &dy[row + tile.start..row + tile.end],
            );
            for ((sums, [mean, scale]), (x, dy)) in
                sums.iter_mut().zip(moments).zip(x.iter().zip(dy))
            {
                sums[0] += dy * w;
                sums[1] += dy * w * (x - mean) * scale;
            }
        }
        for sums in &mut sums {
            *sums = sums.map(|sum| sum / channels as f32);
        }
        sums
    });
    let mut dx = vec![0.0; x.len()];
    dx.par_chunks_mut(plane)
        .zip(x.par_chunks(plane).zip(dy.par_chunks(plane)))
        .enumerate()
        .for_each(|(at, (dx, (x, dy)))| {
            let (n, c) = (at / channels, at % channels);
            let pixels = n * plane..(n + 1) * plane;
            let known = moments[pixels.clone()].iter().zip(&means[pixels]);
            for ((dx, (x, dy)), ([mean, scale], [mean_g, mean_gx])) in
                dx.iter_mut().zip(x.iter().zip(dy)).zip(known)
            {
                let normalised = (x - mean) * scale;
                *dx = (dy * w[c] - mean_g - normalised * mean_gx) * scale;
            }
        });
    // Each channel by itself, its samples in order.
    let sums: Vec<[f32; 2]> = (0..channels)
        .into_par_iter()
        .map(|c| {
            let mut total = [0.0; 2];
            for n in 0..samples {
                let row = (n * channels + c) * plane;
                let (x, dy) = (&x[row..row + plane], &dy[row..row + plane]);
                let moments = &moments[n * plane..(n + 1) * plane];
                let products: Vec<f32> = x
                    .iter()
                    .zip(dy)
                    .zip(moments)
                    .map(|((x, dy), [mean, scale])| dy * (x - mean) * scale)
                    .collect();
                total[0] += sum1(&products, |p| p);
                total[1] += sum1(dy, |dy| dy);
            }
            total
        })
        .collect();
    let part = |k: usize| sums.iter().map(|sum| sum[k]).collect();
    [dx, part(0), part(1)]
}

/// Normalises the channels of every pixel.
///
/// # Errors
/// When `weight` and `bias` do not have one number per channel.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
pub(crate) fn layer_norm_image(
    xs: &Value,
    weight: &Value,
    bias: &Value,
    epsilon: f64,
) -> Result<Value> {
    let (_, channels, height, width) = xs.dims4()?;
    let plane = height * width;
    if channels * plane == 0 || weight.dims() != [channels] || bias.dims() != [channels] {
        bail!(
            "layer norm of image {:?} with weight {:?} and bias {:?}",
            xs.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    // On the GPU the channels of a pixel lie together, as a token's do.
    on_gpu!(
        xs.tensor(),
        super::layer_norm::on_gpu(xs, weight, bias, epsilon)
    );
    let (ys, moments) = read(xs.tensor(), |x| {
        read2(weight.tensor(), bias.tensor(), |w, b| {
            let moments = moments(x, channels, plane, epsilon as f32);
            Ok((forward(x, w, b, plane, &moments), moments))
        })
    })?;
    let ys = tensor_like(ys, xs.tensor())?;
    let (kept_x, kept_w) = (xs.tensor().clone(), weight.tensor().clone());
    Ok(record([xs, weight, bias], ys, move |dys, _| {
        let [dx, dw, db] = read(&kept_w, |w| {
            read2(&kept_x, dys, |x, dy| {
                Ok(backward(x, w, dy, plane, &moments))
            })
        })?;
        Ok([
            Some(tensor_like(dx, &kept_x)?),
            Some(tensor_like(dw, &kept_w)?),
            Some(tensor_like(db, &kept_w)?),
        ])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};
    use crate::ops::layer_norm::layer_norm;
    use crate::ops::tokens::{from_tokens, to_tokens};

    /// The twin: tokens, the norm of rows, and back.
    #[test]
    fn image_and_tokens_agree() {
        for [n, c, h, w] in [[1, 1, 1, 1], [2, 5, 3, 4], [3, 33, 17, 19]] {
            let value = |tag: u32, shape: &[usize]| Value::constant(noise(tag, shape));
            let (x, weight, bias) = (value(1, &[n, c, h, w]), value(2, &[c]), value(3, &[c]));
            let found = layer_norm_image(&x, &weight, &bias, 1e-6).unwrap();
            let tokens = layer_norm(&to_tokens(&x).unwrap(), &weight, &bias, 1e-6).unwrap();
            let expected = from_tokens(&tokens, h, w).unwrap();
            let numbers = |v: &Value| v.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for (f, e) in numbers(&found).iter().zip(numbers(&expected)) {
                // Sums in another order: a few units in the last place of numbers below six.
                assert!((f - e).abs() < 4e-6, "{n} {c} {h} {w}: {f} {e}");
            }
        }
    }

    #[test]
    fn layer_norm_image_gradient_finite_differences() {
        for [n, c, h, w] in [[2, 5, 3, 4], [1, 16, 17, 19], [3, 7, 1, 2]] {
            let x = noise(1, &[n, c, h, w]).affine(2.0, 0.5).unwrap();
            check(&[x, noise(2, &[c]), noise(3, &[c])], |v| {
                layer_norm_image(&v[0], &v[1], &v[2], 1e-5)
            });
        }
    }
}
