//! Batch normalisation with an optional activation in the same pass.
//!
//! S. Ioffe and C. Szegedy, *Batch normalization*, ICML 2015, arXiv 1502.03167.
//!
//! Over the m = N H W values of a channel: mean μ, biased variance σ²;
//! z = (x - μ) / sqrt(σ² + ε), y = f(γ z + β).
//! Backward with g = dy f'(γ z + β): dβ = Σ g, dγ = Σ g z,
//! dx = γ / sqrt(σ² + ε) (g - dβ / m - z dγ / m).
//!
//! x: (N, C, H, W) or (N, C); γ, β: (C). Channel sums run over samples in order, in f64 above planes.

use std::sync::Arc;

use candle_core::{Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::activation::{Activation, Hardsigmoid, Hardswish, Identity, Pointwise, Relu};
use super::memory::{read, read2, tensor_like};
use super::vectors::{sum1, vectorised};
use crate::graph::{Value, record};

/// What a batch says about its channels.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    /// μ per channel.
    pub(crate) mean: Vec<f32>,
    /// m / (m - 1) σ² per channel: what running statistics collect.
    pub(crate) unbiased_variance: Vec<f32>,
    /// 1 / sqrt(σ² + ε) per channel.
    inverse_deviation: Vec<f32>,
}

/// Normalises by the batch itself; also returns what it found.
pub(crate) fn train(
    xs: &Value,
    weight: &Value,
    bias: &Value,
    epsilon: f64,
    activation: Activation,
) -> Result<(Value, Arc<Statistics>)> {
    let s = Sizes::of(xs.tensor().shape())?;
    if s.batch * s.plane < 2 {
        bail!("batch norm: one value per channel has no variance; use batches of two or more");
    }
    let [x, w, b] = [xs, weight, bias].map(|value| value.tensor().clone());
    let (ys, found) = normalised(s, &x, [&w, &b], epsilon, activation)?;
    let found = Arc::new(found);
    let kept = Arc::clone(&found);
    let ys = record([xs, weight, bias], ys, move |dys, _| {
        gradients(s, &x, [&w, &b], dys, &kept, activation)
    });
    Ok((ys, found))
}

/// Like [`train`] on the GPU, where the running statistics (mean, variance) are moved at once.
#[cfg(feature = "cuda")]
pub(crate) fn train_on_gpu(
    xs: &Value,
    [weight, bias]: [&Value; 2],
    running: [&Tensor; 2],
    [epsilon, momentum]: [f64; 2],
    activation: Activation,
) -> Result<Value> {
    use super::cuda;
    let [x, w, b] = [xs, weight, bias].map(|value| value.tensor().clone());
    let settings = [epsilon, momentum];
    let function = activation.into();
    let (ys, found) = cuda::train_batch_norm(&x, [&w, &b], Some(running), settings, function)?;
    Ok(record([xs, weight, bias], ys, move |dys, _| {
        let [dx, dw, db] = cuda::train_batch_norm_back(&x, dys, [&w, &b], &found, function)?;
        Ok([Some(dx), Some(dw), Some(db)])
    }))
}

/// Like [`evaluate`] on the GPU.
#[cfg(feature = "cuda")]
fn evaluate_on_gpu(
    xs: &Value,
    [weight, bias]: [&Tensor; 2],
    running: [&Tensor; 2],
    epsilon: f64,
    activation: Activation,
) -> Result<Value> {
    use super::cuda;
    let [x, w, b] = [xs.tensor(), weight, bias].map(Tensor::clone);
    let function = activation.into();
    let (ys, found) = cuda::evaluate_batch_norm(&x, [&w, &b], running, epsilon, function)?;
    Ok(record([xs], ys, move |dys, _| {
        let dx = cuda::evaluate_batch_norm_back(&x, dys, [&w, &b], &found, function)?;
        Ok([Some(dx)])
    }))
}

/// Sizes of a normalised tensor.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    channels: usize,
    plane: usize,
}

impl Sizes {
    fn of(shape: &Shape) -> Result<Self> {
        match *shape.dims() {
            [batch, channels] => Ok(Self {
                batch,
                channels,
                plane: 1,
            }),
            [batch, channels, height, width] => Ok(Self {
                batch,
                channels,
                plane: height * width,
            }),
            _ => bail!("batch norm: input of shape {shape:?}"),
        }
    }

    /// m, values per channel.
    fn count(&self) -> f64 {
        (self.batch * self.plane) as f64
    }

    /// The channel's plane in every sample, in order.
    fn planes(self, x: &[f32], channel: usize) -> impl Iterator<Item = &[f32]> {
        (0..self.batch).map(move |n| {
            let at = (n * self.channels + channel) * self.plane;
            &x[at..at + self.plane]
        })
    }
}

/// y cut into planes, those of a channel together.
fn by_channel(s: Sizes, y: &mut [f32]) -> Vec<Vec<&mut [f32]>> {
    let mut channels: Vec<Vec<&mut [f32]>> = (0..s.channels)
        .map(|_| Vec::with_capacity(s.batch))
        .collect();
    for (index, plane) in y.chunks_exact_mut(s.plane).enumerate() {
        channels[index % s.channels].push(plane);
    }
    channels
}

/// [μ, σ² m / (m - 1), 1 / sqrt(σ² + ε)] of one channel.
#[expect(
    clippy::cast_possible_truncation,
    reason = "statistics are kept in the tensors' f32"
)]
fn statistics(s: Sizes, x: &[f32], channel: usize, epsilon: f64) -> [f32; 3] {
    let m = s.count();
    let mut sum = 0.0;
    for plane in s.planes(x, channel) {
        sum += f64::from(vectorised(
            #[inline(always)]
            || sum1(plane, |x| x),
        ));
    }
    let mean = sum / m;
    let centre = mean as f32;
    let mut squares = 0.0;
    for plane in s.planes(x, channel) {
        squares += f64::from(vectorised(
            #[inline(always)]
            || sum1(plane, |x| (x - centre) * (x - centre)),
        ));
    }
    let inverse = 1.0 / (squares / m + epsilon).sqrt();
    [centre, (squares / (m - 1.0)) as f32, inverse as f32]
}

/// y = f(γ z + β) by the batch's own statistics. A channel is read three times in a row: its planes
/// usually fit the second-level cache.
fn forward(
    s: Sizes,
    f: impl Pointwise,
    x: &[f32],
    [weight, bias]: [&[f32]; 2],
    epsilon: f64,
) -> (Vec<f32>, Statistics) {
    let mut y = vec![0.0; x.len()];
    let per_channel: Vec<[f32; 3]> = by_channel(s, &mut y)
        .into_par_iter()
        .enumerate()
        .map(|(channel, planes)| {
            let found = statistics(s, x, channel, epsilon);
            let [centre, _, inverse] = found;
            let (scale, shift) = (weight[channel] * inverse, bias[channel]);
            for (y, x) in planes.into_iter().zip(s.planes(x, channel)) {
                vectorised(
                    #[inline(always)]
                    || {
                        for (y, x) in y.iter_mut().zip(x) {
                            *y = f.value((x - centre) * scale + shift);
                        }
                    },
                );
            }
            found
        })
        .collect();
    let found = Statistics {
        mean: per_channel.iter().map(|c| c[0]).collect(),
        unbiased_variance: per_channel.iter().map(|c| c[1]).collect(),
        inverse_deviation: per_channel.iter().map(|c| c[2]).collect(),
    };
    (y, found)
}

/// y = f((x - centre) scale + shift), all three per channel.
fn transform(
    s: Sizes,
    f: impl Pointwise,
    x: &[f32],
    channel_of: impl Fn(usize) -> [f32; 3] + Sync,
) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let sample = s.channels * s.plane;
    y.par_chunks_mut(sample)
        .zip(x.par_chunks(sample))
        .for_each(|(y, x)| {
            for (channel, (y, x)) in y
                .chunks_exact_mut(s.plane)
                .zip(x.chunks_exact(s.plane))
                .enumerate()
            {
                let [centre, scale, shift] = channel_of(channel);
                vectorised(
                    #[inline(always)]
                    || {
                        for (y, x) in y.iter_mut().zip(x) {
                            *y = f.value((x - centre) * scale + shift);
                        }
                    },
                );
            }
        });
    y
}

fn dispatch_transform(
    s: Sizes,
    activation: Activation,
    x: &[f32],
    channel_of: impl Fn(usize) -> [f32; 3] + Sync,
) -> Vec<f32> {
    match activation {
        Activation::Identity => transform(s, Identity, x, channel_of),
        Activation::Relu => transform(s, Relu, x, channel_of),
        Activation::Hardswish => transform(s, Hardswish, x, channel_of),
        Activation::Hardsigmoid => transform(s, Hardsigmoid, x, channel_of),
    }
}

/// Gradients of x, γ and β.
#[expect(
    clippy::cast_possible_truncation,
    reason = "channel sums return to the tensors' f32"
)]
fn backward(
    s: Sizes,
    f: impl Pointwise,
    found: &Statistics,
    [weight, bias]: [&[f32]; 2],
    [x, dy]: [&[f32]; 2],
) -> [Vec<f32>; 3] {
    let m = s.count();
    let mut dx = vec![0.0; x.len()];
    // Σ g and Σ g z per channel.
    let sums: Vec<[f32; 2]> = by_channel(s, &mut dx)
        .into_par_iter()
        .enumerate()
        .map(|(channel, planes)| {
            let centre = found.mean[channel];
            let inverse = found.inverse_deviation[channel];
            let (scale, shift) = (weight[channel] * inverse, bias[channel]);
            let (mut total, mut total_z) = (0.0_f64, 0.0_f64);
            for (x, dy) in s.planes(x, channel).zip(s.planes(dy, channel)) {
                let [sum, sum_z] = vectorised(
                    #[inline(always)]
                    || plane_sums(f, [x, dy], [centre, scale, shift]),
                );
                total += f64::from(sum);
                total_z += f64::from(sum_z);
            }
            let total_z = total_z * f64::from(inverse);
            let mean_g = (total / m) as f32;
            let slope_z = (total_z / m) as f32 * inverse;
            let inputs = s.planes(x, channel).zip(s.planes(dy, channel));
            for (dx, (x, dy)) in planes.into_iter().zip(inputs) {
                vectorised(
                    #[inline(always)]
                    || {
                        for (dx, (x, dy)) in dx.iter_mut().zip(x.iter().zip(dy)) {
                            let g = dy * f.slope((x - centre) * scale + shift);
                            *dx = scale * (g - mean_g - (x - centre) * slope_z);
                        }
                    },
                );
            }
            [total as f32, total_z as f32]
        })
        .collect();
    let d_weight = sums.iter().map(|s| s[1]).collect();
    let d_bias = sums.iter().map(|s| s[0]).collect();
    [dx, d_weight, d_bias]
}

/// Σ g and Σ g (x - centre) over a plane, each in 16 running sums.
#[inline(always)]
fn plane_sums(
    f: impl Pointwise,
    [x, dy]: [&[f32]; 2],
    [centre, scale, shift]: [f32; 3],
) -> [f32; 2] {
    const LANES: usize = 16;
    let mut sums = [[0.0_f32; LANES]; 2];
    let mut add = |lane: usize, x: f32, dy: f32| {
        let g = dy * f.slope((x - centre) * scale + shift);
        sums[0][lane] += g;
        sums[1][lane] += g * (x - centre);
    };
    let (x_chunks, dy_chunks) = (x.chunks_exact(LANES), dy.chunks_exact(LANES));
    let rest = x_chunks.remainder().iter().zip(dy_chunks.remainder());
    for (lane, (x, dy)) in rest.enumerate() {
        add(lane, *x, *dy);
    }
    for (x, dy) in x_chunks.zip(dy_chunks) {
        for lane in 0..LANES {
            add(lane, x[lane], dy[lane]);
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

fn normalised(
    s: Sizes,
    xs: &Tensor,
    [weight, bias]: [&Tensor; 2],
    epsilon: f64,
    activation: Activation,
) -> Result<(Tensor, Statistics)> {
    let (data, found) = read(xs, |x| {
        read2(weight, bias, |weight, bias| {
            let parameters = [weight, bias];
            Ok(match activation {
                Activation::Identity => forward(s, Identity, x, parameters, epsilon),
                Activation::Relu => forward(s, Relu, x, parameters, epsilon),
                Activation::Hardswish => forward(s, Hardswish, x, parameters, epsilon),
                Activation::Hardsigmoid => forward(s, Hardsigmoid, x, parameters, epsilon),
            })
        })
    })?;
    Ok((tensor_like(data, xs)?, found))
}

fn gradients(
    s: Sizes,
    xs: &Tensor,
    [weight, bias]: [&Tensor; 2],
    dys: &Tensor,
    found: &Statistics,
    activation: Activation,
) -> Result<[Option<Tensor>; 3]> {
    let [dx, d_weight, d_bias] = read2(weight, bias, |weight, bias| {
        read2(xs, dys, |x, dy| {
            let parameters = [weight, bias];
            Ok(match activation {
                Activation::Identity => backward(s, Identity, found, parameters, [x, dy]),
                Activation::Relu => backward(s, Relu, found, parameters, [x, dy]),
                Activation::Hardswish => backward(s, Hardswish, found, parameters, [x, dy]),
                Activation::Hardsigmoid => backward(s, Hardsigmoid, found, parameters, [x, dy]),
            })
        })
    })?;
    Ok([
        Some(tensor_like(dx, xs)?),
        Some(tensor_like(d_weight, weight)?),
        Some(tensor_like(d_bias, bias)?),
    ])
}

/// Normalises by running statistics (mean, variance); the parameters do not learn by this way.
pub(crate) fn evaluate(
    xs: &Value,
    [weight, bias]: [&Tensor; 2],
    [mean, variance]: [&Tensor; 2],
    epsilon: f64,
    activation: Activation,
) -> Result<Value> {
    on_gpu!(
        xs.tensor(),
        evaluate_on_gpu(xs, [weight, bias], [mean, variance], epsilon, activation)
    );
    let s = Sizes::of(xs.tensor().shape())?;
    // (centre, scale, shift) per channel.
    let channels: Vec<[f32; 3]> = read2(weight, bias, |weight, bias| {
        read2(mean, variance, |mean, variance| {
            Ok((0..mean.len())
                .map(|c| {
                    let deviation = (f64::from(variance[c]) + epsilon).sqrt();
                    #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
                    let scale = (f64::from(weight[c]) / deviation) as f32;
                    [mean[c], scale, bias[c]]
                })
                .collect())
        })
    })?;
    if s.channels != channels.len() {
        bail!(
            "batch norm: {} channels for statistics of {}",
            s.channels,
            channels.len()
        );
    }
    let data = read(xs.tensor(), |x| {
        Ok(dispatch_transform(s, activation, x, |c| channels[c]))
    })?;
    let ys = tensor_like(data, xs.tensor())?;
    let kept = xs.tensor().clone();
    Ok(record([xs], ys, move |dys, _| {
        let data = read2(&kept, dys, |x, dy| {
            Ok(match activation {
                Activation::Identity => fixed_backward(s, Identity, &channels, [x, dy]),
                Activation::Relu => fixed_backward(s, Relu, &channels, [x, dy]),
                Activation::Hardswish => fixed_backward(s, Hardswish, &channels, [x, dy]),
                Activation::Hardsigmoid => fixed_backward(s, Hardsigmoid, &channels, [x, dy]),
            })
        })?;
        Ok([Some(tensor_like(data, &kept)?)])
    }))
}

/// dx where the statistics are fixed: scale f'((x - centre) scale + shift) dy.
fn fixed_backward(
    s: Sizes,
    f: impl Pointwise,
    channels: &[[f32; 3]],
    [x, dy]: [&[f32]; 2],
) -> Vec<f32> {
    let mut dx = vec![0.0; x.len()];
    dx.par_chunks_mut(s.plane)
        .zip(x.par_chunks(s.plane).zip(dy.par_chunks(s.plane)))
        .enumerate()
        .for_each(|(plane, (dx, (x, dy)))| {
            let [centre, scale, shift] = channels[plane % s.channels];
            for (dx, (x, dy)) in dx.iter_mut().zip(x.iter().zip(dy)) {
                *dx = dy * f.slope((x - centre) * scale + shift) * scale;
            }
        });
    dx
}

/// The numbers of a vector.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    read(tensor, |v| Ok(v.to_vec()))
}

#[cfg(test)]
mod tests;
