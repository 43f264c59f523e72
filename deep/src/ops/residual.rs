//! The end of a residual block in one pass: y = s + f[n] γ[c] b.
//!
//! Shortcut s and branch b have one shape; γ (C numbers, in any shape) is the layer scale of H. Touvron et
//! al., arXiv 2103.17239; f (N), which is no variable, is the stochastic depth of G. Huang et al., arXiv
//! 1603.09382. Each of the two may be absent. Backward: ds = dy; db = f γ dy; dγ = Σ f b dy.

use candle_core::{DType, Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read, read2, tensor_like};
use super::vectors::{sum2, vectorised};
use crate::graph::{Value, record};

/// Rows handled by one task at least, in numbers.
const LEAST_NUMBERS: usize = 16 * 1024;
/// Partial sums of the gradient of γ, for tokens, at most.
const PARTS: usize = 32;

/// Where the channels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// (N, …, C).
    Tokens,
    /// (N, C, H, W).
    Image,
}

/// Samples, channels, and numbers of one channel (image) or rows (tokens) of a sample.
#[derive(Clone, Copy)]
struct Sizes {
    samples: usize,
    channels: usize,
    rest: usize,
}

fn sizes(place: Place, dims: &[usize]) -> Result<Sizes> {
    let (samples, channels, rest) = match (place, dims) {
        (Place::Image, [n, c, h, w]) => (*n, *c, h * w),
        (Place::Tokens, [n, rest @ .., c]) => (*n, *c, rest.iter().product()),
        _ => bail!("residual {place:?} of {dims:?}"),
    };
    if samples * channels * rest == 0 {
        bail!("residual {place:?} of {dims:?}");
    }
    Ok(Sizes {
        samples,
        channels,
        rest,
    })
}

/// out[i] = f γ b[i] plus, where there is one, s[i].
fn combine(
    place: Place,
    s: Sizes,
    [branch, gamma, keep]: [&[f32]; 3],
    shortcut: Option<&[f32]>,
) -> Vec<f32> {
    let mut out = vec![0.0; branch.len()];
    // A row has one factor per number (tokens) or one for all (image).
    let row = match place {
        Place::Tokens => s.channels,
        Place::Image => s.rest,
    };
    let per_sample = s.channels * s.rest / row;
    let rows = (LEAST_NUMBERS / row).max(1);
    out.par_chunks_mut(rows * row)
        .zip(branch.par_chunks(rows * row))
        .enumerate()
        .for_each(|(at, (out, branch))| {
            let shortcut = shortcut.map(|s| &s[at * rows * row..][..out.len()]);
            vectorised(
                #[inline(always)]
                || {
                    let lines = out.chunks_exact_mut(row).zip(branch.chunks_exact(row));
                    for (k, (out, branch)) in lines.enumerate() {
                        let index = at * rows + k;
                        let keep = keep[index / per_sample];
                        match place {
                            Place::Tokens => {
                                for ((o, b), g) in out.iter_mut().zip(branch).zip(gamma) {
                                    *o = keep * g * b;
                                }
                            }
                            Place::Image => {
                                let factor = keep * gamma[index % s.channels];
                                for (o, b) in out.iter_mut().zip(branch) {
                                    *o = factor * b;
                                }
                            }
                        }
                        // The row is still in the nearest cache.
                        if let Some(shortcut) = shortcut {
                            for (o, s) in out.iter_mut().zip(&shortcut[k * row..]) {
                                *o += s;
                            }
                        }
                    }
                },
            );
        });
    out
}

/// Σ f b dy per channel.
fn gamma_gradient(place: Place, s: Sizes, branch: &[f32], dy: &[f32], keep: &[f32]) -> Vec<f32> {
    match place {
        Place::Image => (0..s.channels)
            .into_par_iter()
            .map(|c| {
                let mut total = 0.0;
                for (n, keep) in keep.iter().enumerate() {
                    let at = (n * s.channels + c) * s.rest;
                    let (b, dy) = (&branch[at..at + s.rest], &dy[at..at + s.rest]);
                    total += keep
                        * vectorised(
                            #[inline(always)]
                            || sum2(b, dy, |b, dy| b * dy),
                        );
                }
                total
            })
            .collect(),
        Place::Tokens => {
            let rows = (s.samples * s.rest)
                .div_ceil(PARTS)
                .max(LEAST_NUMBERS / s.channels)
                .max(1);
            let parts: Vec<Vec<f32>> = branch
                .par_chunks(rows * s.channels)
                .zip(dy.par_chunks(rows * s.channels))
                .enumerate()
                .map(|(at, (branch, dy))| {
                    let mut sums = vec![0.0; s.channels];
                    let lines = branch
                        .chunks_exact(s.channels)
                        .zip(dy.chunks_exact(s.channels));
                    for (k, (b, dy)) in lines.enumerate() {
                        let keep = keep[(at * rows + k) / s.rest];
                        for (sum, (b, dy)) in sums.iter_mut().zip(b.iter().zip(dy)) {
                            *sum += keep * b * dy;
                        }
                    }
                    sums
                })
                .collect();
            let mut sums = vec![0.0; s.channels];
            for part in parts {
                for (sum, part) in sums.iter_mut().zip(part) {
                    *sum += part;
                }
            }
            sums
        }
    }
}

/// `shortcut` + `keep` · `gamma` · `branch`.
///
/// # Errors
/// When shapes do not fit together.
pub(crate) fn residual(
    shortcut: &Value,
    branch: &Value,
    gamma: Option<&Value>,
    keep: Option<Vec<f32>>,
    place: Place,
) -> Result<Value> {
    let s = sizes(place, branch.dims())?;
    on_gpu!(
        branch.tensor(),
        on_gpu([shortcut, branch], gamma, keep, s.channels)
    );
    let keep = keep.unwrap_or_else(|| vec![1.0; s.samples]);
    let fits = gamma.is_none_or(|gamma| gamma.tensor().elem_count() == s.channels);
    if shortcut.dims() != branch.dims() || keep.len() != s.samples || !fits {
        bail!(
            "residual of {:?} and {:?} with {} samples kept",
            shortcut.dims(),
            branch.dims(),
            keep.len()
        );
    }
    let ones;
    let is_learned = gamma.is_some();
    let gamma = if let Some(gamma) = gamma {
        gamma
    } else {
        let tensor = Tensor::ones(s.channels, DType::F32, branch.device())?;
        ones = Value::constant(tensor);
        &ones
    };
    let y = read(gamma.tensor(), |gamma| {
        read2(shortcut.tensor(), branch.tensor(), |shortcut, branch| {
            Ok(combine(place, s, [branch, gamma, &keep], Some(shortcut)))
        })
    })?;
    let y = tensor_like(y, branch.tensor())?;
    let kept_gamma = gamma.tensor().clone();
    // The branch is asked for by the gradient of γ only.
    let kept_branch = is_learned.then(|| branch.tensor().clone());
    Ok(record(
        [shortcut, branch, gamma],
        y,
        move |dys, [shortcut, branch, gamma]| {
            let branch = if branch {
                let data = read2(&kept_gamma, dys, |gamma, dy| {
                    Ok(combine(place, s, [dy, gamma, &keep], None))
                })?;
                Some(tensor_like(data, dys)?)
            } else {
                None
            };
            let gamma = if let Some(branch) = kept_branch.filter(|_| gamma) {
                let data = read2(&branch, dys, |branch, dy| {
                    Ok(gamma_gradient(place, s, branch, dy, &keep))
                })?;
                Some(tensor_like(data, &kept_gamma)?)
            } else {
                None
            };
            Ok([shortcut.then(|| dys.clone()), branch, gamma])
        },
    ))
}

#[cfg(feature = "cuda")]
fn on_gpu(
    [shortcut, branch]: [&Value; 2],
    gamma: Option<&Value>,
    keep: Option<Vec<f32>>,
    channels: usize,
) -> Result<Value> {
    use candle_core::DType;

    use super::cuda::{cast, column_products, residual, scale_samples};
    if shortcut.dims() != branch.dims() {
        bail!("residual of {:?} and {:?}", shortcut.dims(), branch.dims());
    }
    let keep = match keep {
        None => None,
        Some(keep) => {
            let samples = keep.len();
            if branch.dims()[0] != samples {
                bail!("{samples} samples kept of {:?}", branch.dims());
            }
            Some(Tensor::from_vec(keep, samples, branch.device())?)
        }
    };
    let factors = match gamma {
        None => None,
        Some(gamma) => Some(cast(gamma.tensor(), DType::F32)?),
    };
    let (a, b) = (shortcut.tensor(), branch.tensor());
    let ys = residual(Some(a), b, factors.as_ref(), keep.as_ref(), channels)?;
    let Some(gamma) = gamma else {
        return Ok(record([shortcut, branch], ys, move |dys, needs| {
            let branch = needs[1].then(|| match &keep {
                None => Ok(dys.clone()),
                Some(keep) => scale_samples(dys, keep),
            });
            Ok([needs[0].then(|| dys.clone()), branch.transpose()?])
        }));
    };
    let (kept, shape) = (b.clone(), gamma.dims().to_vec());
    Ok(record([shortcut, branch, gamma], ys, move |dys, needs| {
        let branch = needs[1]
            .then(|| residual(None, dys, factors.as_ref(), keep.as_ref(), channels))
            .transpose()?;
        let gamma = needs[2]
            .then(|| {
                let dys = match &keep {
                    None => dys.clone(),
                    Some(keep) => scale_samples(dys, keep)?,
                };
                column_products(&kept, &dys, channels)?.reshape(shape)
            })
            .transpose()?;
        Ok([needs[0].then(|| dys.clone()), branch, gamma])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    const KEEP: [f32; 3] = [1.25, 0.0, 1.25];

    fn numbers(value: &Value) -> Vec<f32> {
        value.tensor().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn residual_closed_form() {
        for (place, shape) in [
            (Place::Tokens, &[3, 5, 4][..]),
            (Place::Tokens, &[3, 4]),
            (Place::Image, &[3, 4, 2, 7]),
        ] {
            let (s, b, g) = (noise(1, shape), noise(2, shape), noise(3, &[4, 1, 1]));
            let values = [&s, &b, &g].map(|t| Value::constant(t.clone()));
            let [s, b, g] = [&values[0], &values[1], &values[2]].map(numbers);
            let rest = b.len() / 12;
            let channel = |i: usize| match place {
                Place::Tokens => i % 4,
                Place::Image => i / rest % 4,
            };
            let found = residual(
                &values[0],
                &values[1],
                Some(&values[2]),
                Some(KEEP.to_vec()),
                place,
            );
            for (i, found) in numbers(&found.unwrap()).into_iter().enumerate() {
                let expected = s[i] + KEEP[i / (4 * rest)] * g[channel(i)] * b[i];
                assert!((found - expected).abs() < 1e-6, "{place:?} {i}");
            }
            let plain = residual(&values[0], &values[1], None, None, place).unwrap();
            for (i, found) in numbers(&plain).into_iter().enumerate() {
                assert_eq!(found.to_bits(), (s[i] + b[i]).to_bits());
            }
        }
    }

    #[test]
    fn residual_gradient_finite_differences() {
        for (place, shape) in [
            (Place::Tokens, &[3, 5, 4][..]),
            (Place::Image, &[3, 4, 2, 7]),
            // Several partial sums.
            (Place::Tokens, &[3, 4000, 17]),
        ] {
            let channels = if place == Place::Image { 4 } else { shape[2] };
            let (s, b) = (noise(1, shape), noise(2, shape));
            check(&[s.clone(), b.clone(), noise(3, &[channels])], |v| {
                residual(&v[0], &v[1], Some(&v[2]), Some(KEEP.to_vec()), place)
            });
            check(&[s, b], |v| residual(&v[0], &v[1], None, None, place));
        }
    }
}
