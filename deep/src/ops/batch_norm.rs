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

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::activation::{Activation, Hardsigmoid, Hardswish, Identity, Pointwise, Relu};
use super::memory::{read, read2, slice};

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

/// Normalisation by the batch's own statistics.
struct Training {
    epsilon: f64,
    activation: Activation,
    /// Filled by the forward pass, read by the backward pass.
    statistics: Arc<OnceLock<Statistics>>,
}

/// Normalises by the batch itself; also returns what it found.
pub(crate) fn train(
    xs: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f64,
    activation: Activation,
) -> Result<(Tensor, Statistics)> {
    let cell = Arc::new(OnceLock::new());
    let op = Training {
        epsilon,
        activation,
        statistics: Arc::clone(&cell),
    };
    let ys = xs.contiguous()?.apply_op3(weight, bias, op)?;
    match cell.get() {
        Some(statistics) => Ok((ys, statistics.clone())),
        None => bail!("batch norm: the forward pass left no statistics"),
    }
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

/// Sum of f(x) in 16 running sums.
fn lane_sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|x| f(*x)).sum();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += f(*x);
        }
    }
    f64::from(sums.iter().sum::<f32>() + rest)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "statistics are kept in the tensors' f32"
)]
fn statistics(s: Sizes, x: &[f32], epsilon: f64) -> Statistics {
    let m = s.count();
    let per_channel: Vec<[f32; 3]> = (0..s.channels)
        .into_par_iter()
        .map(|channel| {
            let mean = s
                .planes(x, channel)
                .map(|p| lane_sum(p, |x| x))
                .sum::<f64>()
                / m;
            let centre = mean as f32;
            let squares: f64 = s
                .planes(x, channel)
                .map(|p| lane_sum(p, |x| (x - centre) * (x - centre)))
                .sum();
            let inverse = 1.0 / (squares / m + epsilon).sqrt();
            [centre, (squares / (m - 1.0)) as f32, inverse as f32]
        })
        .collect();
    Statistics {
        mean: per_channel.iter().map(|c| c[0]).collect(),
        unbiased_variance: per_channel.iter().map(|c| c[1]).collect(),
        inverse_deviation: per_channel.iter().map(|c| c[2]).collect(),
    }
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
                for (y, x) in y.iter_mut().zip(x) {
                    *y = f.value((x - centre) * scale + shift);
                }
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
    const LANES: usize = 16;
    let m = s.count();
    // Σ g and Σ g z per channel.
    let sums: Vec<[f32; 2]> = (0..s.channels)
        .into_par_iter()
        .map(|channel| {
            let centre = found.mean[channel];
            let inverse = found.inverse_deviation[channel];
            let (scale, shift) = (weight[channel] * inverse, bias[channel]);
            let (mut total, mut total_z) = (0.0_f64, 0.0_f64);
            for (x, dy) in s.planes(x, channel).zip(s.planes(dy, channel)) {
                let (mut sum, mut sum_z) = ([0.0_f32; LANES], [0.0_f32; LANES]);
                for (x, dy) in x.chunks(LANES).zip(dy.chunks(LANES)) {
                    for (lane, (x, dy)) in x.iter().zip(dy).enumerate() {
                        let g = dy * f.slope((x - centre) * scale + shift);
                        sum[lane] += g;
                        sum_z[lane] += g * (x - centre);
                    }
                }
                total += f64::from(sum.iter().sum::<f32>());
                total_z += f64::from(sum_z.iter().sum::<f32>());
            }
            [total as f32, (total_z * f64::from(inverse)) as f32]
        })
        .collect();
    let mut dx = vec![0.0; x.len()];
    let sample = s.channels * s.plane;
    dx.par_chunks_mut(sample)
        .zip(x.par_chunks(sample).zip(dy.par_chunks(sample)))
        .for_each(|(dx, (x, dy))| {
            for (channel, [sum, sum_z]) in sums.iter().enumerate() {
                let range = channel * s.plane..(channel + 1) * s.plane;
                let centre = found.mean[channel];
                let inverse = found.inverse_deviation[channel];
                let (scale, shift) = (weight[channel] * inverse, bias[channel]);
                let mean_g = (f64::from(*sum) / m) as f32;
                let slope_z = (f64::from(*sum_z) / m) as f32 * inverse;
                for (dx, (x, dy)) in dx[range.clone()]
                    .iter_mut()
                    .zip(x[range.clone()].iter().zip(&dy[range]))
                {
                    let g = dy * f.slope((x - centre) * scale + shift);
                    *dx = scale * (g - mean_g - (x - centre) * slope_z);
                }
            }
        });
    let d_weight = sums.iter().map(|s| s[1]).collect();
    let d_bias = sums.iter().map(|s| s[0]).collect();
    [dx, d_weight, d_bias]
}

impl CustomOp3 for Training {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let s = Sizes::of(x_layout.shape())?;
        if s.batch * s.plane < 2 {
            bail!("batch norm: one value per channel has no variance; use batches of two or more");
        }
        let x = slice(x, x_layout, self.name())?;
        let weight = slice(weight, weight_layout, self.name())?;
        let bias = slice(bias, bias_layout, self.name())?;
        let found = statistics(s, x, self.epsilon);
        let found = self.statistics.get_or_init(|| found);
        let y = dispatch_transform(s, self.activation, x, |c| {
            [
                found.mean[c],
                weight[c] * found.inverse_deviation[c],
                bias[c],
            ]
        });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _ys: &Tensor,
        ys_gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let s = Sizes::of(xs.shape())?;
        let Some(found) = self.statistics.get() else {
            bail!("batch norm: backward before forward")
        };
        let [dx, d_weight, d_bias] = read2(weight, bias, |weight, bias| {
            read2(xs, ys_gradient, |x, dy| {
                let parameters = [weight, bias];
                Ok(match self.activation {
                    Activation::Identity => backward(s, Identity, found, parameters, [x, dy]),
                    Activation::Relu => backward(s, Relu, found, parameters, [x, dy]),
                    Activation::Hardswish => backward(s, Hardswish, found, parameters, [x, dy]),
                    Activation::Hardsigmoid => backward(s, Hardsigmoid, found, parameters, [x, dy]),
                })
            })
        })?;
        Ok((
            Some(Tensor::from_vec(dx, xs.shape(), xs.device())?),
            Some(Tensor::from_vec(d_weight, weight.shape(), xs.device())?),
            Some(Tensor::from_vec(d_bias, bias.shape(), xs.device())?),
        ))
    }
}

/// Normalisation by stored statistics: (centre, scale, shift) per channel.
struct Evaluation {
    activation: Activation,
    channels: Vec<[f32; 3]>,
}

/// Normalises by running statistics (mean, variance), without a gradient.
pub(crate) fn evaluate(
    xs: &Tensor,
    [weight, bias]: [&Tensor; 2],
    [mean, variance]: [&Tensor; 2],
    epsilon: f64,
    activation: Activation,
) -> Result<Tensor> {
    let channels = read2(weight, bias, |weight, bias| {
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
    xs.contiguous()?.apply_op1_no_bwd(&Evaluation {
        activation,
        channels,
    })
}

impl CustomOp1 for Evaluation {
    fn name(&self) -> &'static str {
        "batch_norm_evaluation"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let s = Sizes::of(layout.shape())?;
        if s.channels != self.channels.len() {
            bail!(
                "batch norm: {} channels for statistics of {}",
                s.channels,
                self.channels.len()
            );
        }
        let x = slice(x, layout, self.name())?;
        let y = dispatch_transform(s, self.activation, x, |c| self.channels[c]);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }
}

/// The numbers of a vector.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    read(tensor, |v| Ok(v.to_vec()))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::ops::gradient_check::{check, noise};

    const EPSILON: f64 = 1e-5;

    #[test]
    fn batch_norm_closed_form() {
        // Channel 0 holds 1, 3, 5, 7 (mean 4, biased variance 5); channel 1 is constant.
        let x = Tensor::new(
            &[
                [[[1.0_f32, 3.0]], [[2.0, 2.0]]],
                [[[5.0, 7.0]], [[2.0, 2.0]]],
            ],
            &Device::Cpu,
        )
        .unwrap();
        let weight = Tensor::new(&[2.0_f32, 3.0], &Device::Cpu).unwrap();
        let bias = Tensor::new(&[0.5_f32, -1.0], &Device::Cpu).unwrap();
        let (y, found) = train(&x, &weight, &bias, EPSILON, Activation::Relu).unwrap();
        assert_eq!(found.mean, [4.0, 2.0]);
        assert_eq!(found.unbiased_variance, [20.0_f32 / 3.0, 0.0]);
        let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let z = |x: f64| (2.0 * (x - 4.0) / (5.0 + EPSILON).sqrt() + 0.5).max(0.0);
        let expected = [z(1.0), z(3.0), 0.0, 0.0, z(5.0), z(7.0), 0.0, 0.0];
        for (f, e) in y.iter().zip(expected) {
            assert!((f64::from(*f) - e).abs() < 1e-6, "{f} {e}");
        }
    }

    #[test]
    fn batch_norm_gradient_finite_differences() {
        for (shape, tag) in [
            (vec![3, 2, 4, 5], 1),
            (vec![6, 3], 2),
            (vec![2, 4, 1, 1], 3),
        ] {
            let channels = shape[1];
            // Away from the kink of the rectifier: a shift of the same sign for all of a channel.
            let bias = Tensor::from_vec(
                (0..channels)
                    .map(|c| if c % 2 == 0 { 4.0 } else { -4.0_f32 })
                    .collect(),
                channels,
                &Device::Cpu,
            )
            .unwrap();
            for activation in [
                Activation::Identity,
                Activation::Relu,
                Activation::Hardswish,
            ] {
                // Two values per channel normalise to ±1 whatever they are: spread them, so that the
                // difference's step is small against their distance.
                let x = noise(tag, &shape).affine(4.0, 0.3).unwrap();
                let bias = if activation == Activation::Hardswish {
                    bias.affine(0.05, 0.0).unwrap()
                } else {
                    bias.clone()
                };
                let weight = noise(tag + 10, &[channels]).affine(0.5, 1.0).unwrap();
                check(&[x, weight, bias], move |a| {
                    Ok(train(&a[0], &a[1], &a[2], EPSILON, activation)?.0)
                });
            }
        }
    }

    #[test]
    fn one_value_per_channel_is_refused() {
        let x = noise(1, &[1, 3, 1, 1]);
        let p = noise(2, &[3]);
        assert!(train(&x, &p, &p, EPSILON, Activation::Identity).is_err());
    }
}
