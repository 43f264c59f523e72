//! Tokens of a grid at another size: linear or cubic interpolation of both axes, as PyTorch's
//! `interpolate` with `align_corners=False`.
//!
//! x: (N, H W, C); y: (N, H' W', C). Output i of n looks at the place (i + 1/2) H / n - 1/2. Plain: the two or
//! four tokens around it, those beyond the border taken from it (R. Keys, doi 10.1109/TASSP.1981.1163711,
//! with a = -3/4). Smoothing: the kernel, with a = -1/2, is widened by H / n where that is above one, cut at
//! the border and scaled to sum one, so that every token counts when a grid shrinks.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

/// The kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// A triangle over two tokens.
    Linear,
    /// A cubic over four.
    Cubic,
}

/// Whether the kernel grows when a grid shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Smoothing {
    No,
    Yes,
}

/// Keys' parameter in PyTorch's plain and smoothing forms.
const PLAIN_A: f64 = -0.75;
const SMOOTHING_A: f64 = -0.5;

/// What one output is made of.
#[derive(Debug, Clone, PartialEq)]
struct Output {
    /// The first input.
    first: usize,
    /// Of that and those after it.
    weights: Vec<f32>,
}

/// Keys' cubic at a distance.
fn cubic(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * a
    } else {
        0.0
    }
}

fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

/// The weights of every output of an axis.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are clamped to the axis before the conversion"
)]
fn outputs(from: usize, to: usize, filter: Filter, smoothing: Smoothing) -> Vec<Output> {
    let scale = from as f64 / to as f64;
    let reach = match filter {
        Filter::Linear => 1.0,
        Filter::Cubic => 2.0,
    };
    let last = from.saturating_sub(1);
    (0..to)
        .map(|at| {
            let centre = scale * (at as f64 + 0.5);
            if smoothing == Smoothing::Yes {
                let wide = scale.max(1.0);
                let inside = |x: f64| x.clamp(0.0, from as f64) as usize;
                let first = inside(centre - reach * wide + 0.5);
                let end = inside(centre + reach * wide + 0.5);
                let weights: Vec<f64> = (first..end)
                    .map(|token| {
                        let x = (token as f64 - centre + 0.5) / wide;
                        match filter {
                            Filter::Linear => triangle(x),
                            Filter::Cubic => cubic(x, SMOOTHING_A),
                        }
                    })
                    .collect();
                let sum: f64 = weights.iter().sum();
                let weights = weights.iter().map(|w| (w / sum) as f32).collect();
                return Output { first, weights };
            }
            let place = match filter {
                Filter::Linear => (centre - 0.5).max(0.0),
                Filter::Cubic => centre - 0.5,
            };
            let floor = place.floor();
            // Tokens beyond the border are the border's: their weights add up there.
            let near = |offset: f64| (floor + offset).clamp(0.0, last as f64) as usize;
            let first = near(1.0 - reach);
            let mut weights = vec![0.0; near(reach) - first + 1];
            let mut offset = 1.0 - reach;
            while offset <= reach {
                let x = place - floor - offset;
                weights[near(offset) - first] += match filter {
                    Filter::Linear => triangle(x),
                    Filter::Cubic => cubic(x, PLAIN_A),
                };
                offset += 1.0;
            }
            let weights = weights.iter().map(|w: &f64| *w as f32).collect();
            Output { first, weights }
        })
        .collect()
}

/// (M, from, inner) to (M, to, inner).
fn along(x: &[f32], from: usize, inner: usize, outputs: &[Output]) -> Vec<f32> {
    let mut y = vec![0.0; x.len() / from * outputs.len()];
    y.par_chunks_mut(outputs.len() * inner)
        .zip(x.par_chunks(from * inner))
        .for_each(|(y, x)| {
            for (y, output) in y.chunks_exact_mut(inner).zip(outputs) {
                let seen = x[output.first * inner..].chunks_exact(inner);
                for (weight, x) in output.weights.iter().zip(seen) {
                    for (y, x) in y.iter_mut().zip(x) {
                        *y += weight * x;
                    }
                }
            }
        });
    y
}

/// The gradient of [`along`]: (M, to, inner) to (M, from, inner).
fn back_along(dy: &[f32], from: usize, inner: usize, outputs: &[Output]) -> Vec<f32> {
    let mut dx = vec![0.0; dy.len() / outputs.len() * from];
    dx.par_chunks_mut(from * inner)
        .zip(dy.par_chunks(outputs.len() * inner))
        .for_each(|(dx, dy)| {
            for (dy, output) in dy.chunks_exact(inner).zip(outputs) {
                let seen = dx[output.first * inner..].chunks_exact_mut(inner);
                for (weight, dx) in output.weights.iter().zip(seen) {
                    for (dx, dy) in dx.iter_mut().zip(dy) {
                        *dx += weight * dy;
                    }
                }
            }
        });
    dx
}

/// A change of size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interpolation {
    /// H and W.
    pub(crate) from: [usize; 2],
    /// H' and W'.
    pub(crate) to: [usize; 2],
    pub(crate) filter: Filter,
    pub(crate) smoothing: Smoothing,
}

impl Interpolation {
    fn tables(&self) -> [Vec<Output>; 2] {
        [0, 1].map(|axis| outputs(self.from[axis], self.to[axis], self.filter, self.smoothing))
    }

    /// The same of plain numbers: (N, H W, C) to (N, H' W', C).
    pub(crate) fn numbers(&self, x: &[f32], channels: usize) -> Vec<f32> {
        let [rows, columns] = self.tables();
        let wide = along(x, self.from[1], channels, &columns);
        along(&wide, self.from[0], self.to[1] * channels, &rows)
    }

    fn gradient(&self, dy: &[f32], channels: usize) -> Vec<f32> {
        let [rows, columns] = self.tables();
        let wide = back_along(dy, self.from[0], self.to[1] * channels, &rows);
        back_along(&wide, self.from[1], channels, &columns)
    }

    /// Both axes' weights as matrices (to, from).
    #[cfg(feature = "cuda")]
    fn matrices(&self) -> [Vec<f32>; 2] {
        let tables = self.tables();
        [0, 1].map(|axis| {
            let mut matrix = vec![0.0; self.to[axis] * self.from[axis]];
            for (row, output) in matrix.chunks_exact_mut(self.from[axis]).zip(&tables[axis]) {
                let end = output.first + output.weights.len();
                row[output.first..end].copy_from_slice(&output.weights);
            }
            matrix
        })
    }

    #[cfg(feature = "cuda")]
    fn on_gpu(&self, x: &Tensor, [batch, channels]: [usize; 2]) -> Result<Tensor> {
        use super::cuda::{Turn, mix};
        let ([height, width], [rows, columns]) = (self.from, self.to);
        let [down, across] = self.matrices();
        let sizes = [batch * height, columns, width, channels];
        let wide = mix(
            &across,
            Turn::No,
            x,
            sizes,
            batch * height * columns * channels,
        )?;
        let sizes = [batch, rows, height, columns * channels];
        mix(
            &down,
            Turn::No,
            &wide,
            sizes,
            (batch, rows * columns, channels),
        )
    }

    #[cfg(feature = "cuda")]
    fn gradient_on_gpu(&self, dy: &Tensor, [batch, channels]: [usize; 2]) -> Result<Tensor> {
        use super::cuda::{Turn, mix};
        let ([height, width], [rows, columns]) = (self.from, self.to);
        let [down, across] = self.matrices();
        let sizes = [batch, height, rows, columns * channels];
        let wide = mix(
            &down,
            Turn::Yes,
            dy,
            sizes,
            batch * height * columns * channels,
        )?;
        let sizes = [batch * height, width, columns, channels];
        mix(
            &across,
            Turn::Yes,
            &wide,
            sizes,
            (batch, height * width, channels),
        )
    }

    /// y of x.
    pub(crate) fn apply(self, xs: &Value) -> Result<Value> {
        let (batch, tokens, channels) = xs.dims3()?;
        let sizes = [batch, channels, tokens, self.to[0] * self.to[1]];
        if tokens != self.from[0] * self.from[1] || sizes.contains(&0) {
            bail!("interpolation {self:?} of {:?}", xs.dims());
        }
        on_gpu!(xs.tensor(), {
            let y = self.on_gpu(xs.tensor(), [batch, channels])?;
            Ok(record([xs], y, move |dy, _| {
                Ok([Some(self.gradient_on_gpu(dy, [batch, channels])?)])
            }))
        });
        let y = read(xs.tensor(), |x| Ok(self.numbers(x, channels)))?;
        let y = Tensor::from_vec(y, (batch, sizes[3], channels), xs.device())?;
        Ok(record([xs], y, move |dy, _| {
            let dx = read(dy, |dy| Ok(self.gradient(dy, channels)))?;
            let shape = (batch, tokens, channels);
            Ok([Some(Tensor::from_vec(dx, shape, dy.device())?)])
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn interpolate_torch() {
        let text = include_str!("../../../tests/reference/torch/interpolate.json");
        let table: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = table["grids"].as_array().unwrap();
        assert_eq!(cases.len(), 20);
        for case in cases {
            let pair = |key: &str| -> [usize; 2] {
                [0, 1].map(|k| usize::try_from(case[key][k].as_u64().unwrap()).unwrap())
            };
            let interpolation = Interpolation {
                from: pair("from"),
                to: pair("to"),
                filter: match case["mode"].as_str().unwrap() {
                    "bilinear" => Filter::Linear,
                    _ => Filter::Cubic,
                },
                smoothing: if case["antialias"].as_bool().unwrap() {
                    Smoothing::Yes
                } else {
                    Smoothing::No
                },
            };
            let [height, width] = interpolation.from;
            let x: Vec<f32> = (0..2 * height * width * 3)
                .map(|i| ((37 * i) % 101) as f32 / 50.0 - 1.0)
                .collect();
            let found = interpolation.numbers(&x, 3);
            let expected = case["y"].as_array().unwrap();
            assert_eq!(found.len(), expected.len());
            for (f, e) in found.iter().zip(expected) {
                // Up to 16 numbers below one with weights that sum to less than two.
                let distance = (f64::from(*f) - e.as_f64().unwrap()).abs();
                assert!(distance < 1e-6, "{interpolation:?} {f} {e}");
            }
        }
    }

    #[test]
    fn interpolate_gradient_finite_differences() {
        for (from, to) in [([3, 4], [5, 2]), ([1, 1], [3, 2]), ([6, 5], [2, 2])] {
            for filter in [Filter::Linear, Filter::Cubic] {
                for smoothing in [Smoothing::No, Smoothing::Yes] {
                    let interpolation = Interpolation {
                        from,
                        to,
                        filter,
                        smoothing,
                    };
                    let x = noise(1, &[2, from[0] * from[1], 3]);
                    check(&[x], |v| interpolation.apply(&v[0]));
                }
            }
        }
    }
}
