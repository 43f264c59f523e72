//! Depthwise convolution over tokens, with the activation x sigmoid(x) in the same pass where asked for.
//!
//! x, y: (N, L, C), L = H W tokens of a grid; w: (C, 1, T), (C, 1, Kh, Kw) with T taps; b: (C) or absent.
//! y[n, t, c] = f(b[c] + sum over taps k of w[c, k] x[n, t + offset(k), c]), zero outside the grid.
//!
//! ```text
//! Taps::causal(4):  -3 -2 -1  0     a sequence that sees its past (Mamba)
//! Taps::future(4):   3  2  1  0     the same on the sequence turned over (Vision Mamba's second way)
//! Taps::centred(3):     -1  0  1    both sides (MambaVision)
//! Taps::square(3):   3 x 3 around the token, on a grid (MedMamba)
//! ```
//!
//! Channels lie side by side, so every vector of channels is handled on its own and nothing is
//! transposed. The way back convolves again instead of keeping what the activation saw.

use candle_core::{Result, Tensor, bail};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{dispatch, load, sigmoid, store};
use super::memory::{read, read2};
use crate::graph::{Value, record, record_all};
use crate::tally::multiply_adds;

/// Which tokens a kernel sees: (rows down, columns to the right) of each of its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taps(Vec<[isize; 2]>);

impl Taps {
    /// The token itself comes last.
    pub(crate) fn causal(len: isize) -> Self {
        Self((0..len).map(|k| [0, k + 1 - len]).collect())
    }

    /// [`Self::causal`] for a sequence read from its end.
    pub(crate) fn future(len: isize) -> Self {
        Self((0..len).map(|k| [0, len - 1 - k]).collect())
    }

    /// As many tokens before as after, for an odd length.
    pub(crate) fn centred(len: isize) -> Self {
        Self((0..len).map(|k| [0, k - len / 2]).collect())
    }

    /// A square of odd side around the token.
    pub(crate) fn square(side: isize) -> Self {
        let half = side / 2;
        Self(
            (0..side * side)
                .map(|k| [k / side - half, k % side - half])
                .collect(),
        )
    }

    fn mirrored(&self) -> Self {
        Self(self.0.iter().map(|[row, column]| [-row, -column]).collect())
    }
}

/// What follows the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing.
    Plain,
    /// x sigmoid(x) (S. Elfwing et al., arXiv 1702.03118).
    Silu,
}

/// The convolution's settings.
#[derive(Debug, Clone)]
pub(crate) struct TokenConvolution {
    /// H and W.
    pub(crate) grid: [usize; 2],
    pub(crate) taps: Taps,
    pub(crate) then: Then,
}

/// Sizes and neighbours.
#[derive(Debug, Clone)]
struct Plan {
    tokens: usize,
    channels: usize,
    grid: [usize; 2],
    taps: Taps,
}

impl Plan {
    /// Calls `visit` with (token, [(tap, token seen)]) for every token in order.
    #[expect(
        clippy::inline_always,
        reason = "compiled anew for its callers' vectors"
    )]
    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(usize, &[(usize, usize)])) {
        let [height, width] = self.grid;
        let mut seen = Vec::with_capacity(self.taps.0.len());
        for row in 0..height {
            for column in 0..width {
                seen.clear();
                for (k, [down, right]) in self.taps.0.iter().enumerate() {
                    let at = row
                        .checked_add_signed(*down)
                        .zip(column.checked_add_signed(*right));
                    if let Some((r, c)) = at.filter(|(r, c)| *r < height && *c < width) {
                        seen.push((k, r * width + c));
                    }
                }
                visit(row * width + column, &seen);
            }
        }
    }

    fn row<'a>(&self, slice: &'a [f32], index: usize) -> &'a [f32] {
        &slice[index * self.channels..(index + 1) * self.channels]
    }

    fn row_mut<'a>(&self, slice: &'a mut [f32], index: usize) -> &'a mut [f32] {
        &mut slice[index * self.channels..(index + 1) * self.channels]
    }
}

/// One sample's sums: y = f(b + Σ w x).
struct Slide<'a> {
    plan: &'a Plan,
    then: Then,
    x: &'a [f32],
    /// (T, C).
    weight: &'a [f32],
    bias: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Slide<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled anew for every kind of vector"
    )]
    fn with_simd<S: Simd>(self, simd: S) {
        let plan = self.plan;
        plan.each(
            #[inline(always)]
            |token, seen| {
                let y = plan.row_mut(self.y, token);
                for first in (0..plan.channels).step_by(S::F32_LANES) {
                    let mut sum = load(simd, &self.bias[first..]);
                    for (k, from) in seen {
                        let w = load(simd, &plan.row(self.weight, *k)[first..]);
                        let x = load(simd, &plan.row(self.x, *from)[first..]);
                        sum = simd.mul_add_e_f32s(w, x, sum);
                    }
                    if self.then == Then::Silu {
                        sum = simd.mul_f32s(sum, sigmoid(simd, sum));
                    }
                    store(simd, &mut y[first..], sum);
                }
            },
        );
    }
}

/// One sample's gradients of what the activation saw, in place of what it saw.
struct ThroughSilu<'a> {
    seen: &'a mut [f32],
    dy: &'a [f32],
}

impl WithSimd for ThroughSilu<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled anew for every kind of vector"
    )]
    fn with_simd<S: Simd>(self, simd: S) {
        let one = simd.splat_f32s(1.0);
        let pieces = self.seen.chunks_mut(S::F32_LANES);
        for (seen, dy) in pieces.zip(self.dy.chunks(S::F32_LANES)) {
            let x = load(simd, seen);
            let gate = sigmoid(simd, x);
            // d/dx x σ(x) = σ (1 + x (1 - σ))
            let inner = simd.mul_add_e_f32s(x, simd.sub_f32s(one, gate), one);
            let slope = simd.mul_f32s(gate, inner);
            store(simd, seen, simd.mul_f32s(slope, load(simd, dy)));
        }
    }
}

/// One sample's part of the gradients of w and b, together ((T + 1), C), zeros at first.
struct Weights<'a> {
    plan: &'a Plan,
    x: &'a [f32],
    d_sum: &'a [f32],
    gradient: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled anew for every kind of vector"
    )]
    fn with_simd<S: Simd>(self, simd: S) {
        let plan = self.plan;
        let taps = plan.taps.0.len();
        plan.each(
            #[inline(always)]
            |token, seen| {
                for first in (0..plan.channels).step_by(S::F32_LANES) {
                    let d = load(simd, &plan.row(self.d_sum, token)[first..]);
                    for (k, from) in seen {
                        let x = load(simd, &plan.row(self.x, *from)[first..]);
                        let to = &mut plan.row_mut(self.gradient, *k)[first..];
                        store(simd, to, simd.mul_add_e_f32s(d, x, load(simd, to)));
                    }
                    let to = &mut plan.row_mut(self.gradient, taps)[first..];
                    store(simd, to, simd.add_f32s(d, load(simd, to)));
                }
            },
        );
    }
}

/// (C, T) to (T, C), or back.
fn transposed(x: &[f32], rows: usize) -> Vec<f32> {
    let columns = x.len() / rows.max(1);
    (0..x.len())
        .map(|at| x[at % rows * columns + at / rows])
        .collect()
}

fn forward(plan: &Plan, then: Then, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let len = plan.tokens * plan.channels;
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(len)
        .zip(x.par_chunks(len))
        .for_each(|(y, x)| {
            dispatch(Slide {
                plan,
                then,
                x,
                weight,
                bias,
                y,
            });
        });
    y
}

/// Gradients of x, w as (T, C), and b.
fn backward(
    plan: &Plan,
    then: Then,
    [x, dy]: [&[f32]; 2],
    weight: &[f32],
    bias: &[f32],
) -> [Vec<f32>; 3] {
    let len = plan.tokens * plan.channels;
    let mirrored = Plan {
        taps: plan.taps.mirrored(),
        ..plan.clone()
    };
    let none = vec![0.0; plan.channels];
    let mut dx = vec![0.0; x.len()];
    let parts: Vec<Vec<f32>> = dx
        .par_chunks_mut(len)
        .zip(x.par_chunks(len).zip(dy.par_chunks(len)))
        .map(|(dx, (x, dy))| {
            let mut d_sum;
            let d_sum = match then {
                Then::Plain => dy,
                Then::Silu => {
                    d_sum = vec![0.0; len];
                    dispatch(Slide {
                        plan,
                        then: Then::Plain,
                        x,
                        weight,
                        bias,
                        y: &mut d_sum,
                    });
                    dispatch(ThroughSilu {
                        seen: &mut d_sum,
                        dy,
                    });
                    &d_sum
                }
            };
            // Token t was seen by t - offset.
            dispatch(Slide {
                plan: &mirrored,
                then: Then::Plain,
                x: d_sum,
                weight,
                bias: &none,
                y: dx,
            });
            let mut gradient = vec![0.0; weight.len() + plan.channels];
            dispatch(Weights {
                plan,
                x,
                d_sum,
                gradient: &mut gradient,
            });
            gradient
        })
        .collect();
    let mut sums = vec![0.0; weight.len() + plan.channels];
    for part in &parts {
        for (sum, part) in sums.iter_mut().zip(part) {
            *sum += part;
        }
    }
    let d_bias = sums.split_off(weight.len());
    [dx, sums, d_bias]
}

impl TokenConvolution {
    #[cfg(feature = "cuda")]
    fn on_gpu(self, xs: &Value, weight: &Value, bias: Option<&Value>) -> Result<Value> {
        use super::cuda::{Function, TokenTaps};
        let plan = TokenTaps {
            grid: self.grid,
            taps: self.taps.0,
            function: match self.then {
                Then::Plain => Function::Identity,
                Then::Silu => Function::Silu,
            },
        };
        let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
        let b = bias.map(|bias| bias.tensor().clone());
        let y = plan.forward(&x, &w, b.as_ref())?;
        let back = move |dy: &Tensor| plan.backward([&x, &w, dy], b.as_ref());
        Ok(match bias {
            Some(bias) => record([xs, weight, bias], y, move |dy, _| Ok(back(dy)?.map(Some))),
            None => record([xs, weight], y, move |dy, _| {
                let [dx, dw, _] = back(dy)?;
                Ok([Some(dx), Some(dw)])
            }),
        })
    }

    /// y of x.
    pub(crate) fn apply(self, xs: &Value, weight: &Value, bias: Option<&Value>) -> Result<Value> {
        let (_, tokens, channels) = xs.dims3()?;
        let taps = self.taps.0.len();
        let [height, width] = self.grid;
        if tokens != height * width || tokens * channels == 0 {
            bail!(
                "token convolution: {:?} on a grid {height} x {width}",
                xs.dims()
            );
        }
        if weight.tensor().elem_count() != channels * taps || weight.dims()[0] != channels {
            bail!(
                "token convolution: weight {:?}, expected {channels} kernels of {taps}",
                weight.dims()
            );
        }
        on_gpu!(xs.tensor(), self.on_gpu(xs, weight, bias));
        multiply_adds(&[xs.tensor().elem_count(), taps]);
        let plan = Plan {
            tokens,
            channels,
            grid: self.grid,
            taps: self.taps,
        };
        let w = read(weight.tensor(), |w| Ok(transposed(w, channels)))?;
        let b = match bias {
            None => vec![0.0; channels],
            Some(bias) => read(bias.tensor(), |b| Ok(b.to_vec()))?,
        };
        if b.len() != channels {
            bail!(
                "token convolution: {} biases for {channels} channels",
                b.len()
            );
        }
        let y = read(xs.tensor(), |x| Ok(forward(&plan, self.then, x, &w, &b)))?;
        let y = Tensor::from_vec(y, xs.dims(), xs.device())?;
        let (x, then) = (xs.tensor().clone(), self.then);
        let shape = weight.dims().to_vec();
        let back = move |dy: &Tensor| -> Result<_> {
            let [dx, dw, db] = read2(&x, dy, |x, dy| Ok(backward(&plan, then, [x, dy], &w, &b)))?;
            let device = dy.device();
            let dx = Tensor::from_vec(dx, x.shape(), device)?;
            let dw = Tensor::from_vec(transposed(&dw, taps), shape, device)?;
            let db = Tensor::from_vec(db, channels, device)?;
            Ok([dx, dw, db])
        };
        Ok(match bias {
            Some(bias) => record([xs, weight, bias], y, move |dy, _| Ok(back(dy)?.map(Some))),
            None => record_all(&[xs, weight], y, move |dy, _| {
                let [dx, dw, _] = back(dy)?;
                Ok(vec![Some(dx), Some(dw)])
            }),
        })
    }
}

#[cfg(test)]
mod tests;
