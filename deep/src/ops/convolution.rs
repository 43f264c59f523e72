//! Two-dimensional convolution (cross-correlation, as every framework calls it), dense and depthwise.
//!
//! y[n, o, i, j] = sum over c, u, v of w[o, c, u, v] x[n, c, i s + u - p, j s + v - p], zero outside.
//!
//! x: (N, C, H, W); w: (O, C, K, K), or (C, 1, K, K) when depthwise; y: (N, O, H', W') with
//! H' = floor((H + 2 p - K) / s) + 1. Square kernels, one stride s and one padding p for both axes.
//! The kernels are in [`super::im2col`] (dense) and [`super::depthwise`].

use candle_core::{Result, Shape, Tensor, bail};

use super::bias::{add_in_place, channel_sums};
use super::memory::{read, read2};
use super::sizes::Sizes;
use super::{depthwise, im2col};
use crate::graph::{Value, record};
use crate::tally::multiply_adds;

/// Which input channels an output channel sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    /// All of them.
    Dense,
    /// Its own only.
    Depthwise,
}

/// Stride, padding and connection of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Convolution {
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) channels: Channels,
}

impl Convolution {
    /// The convolution of `xs` with `weight`, wherever they lie.
    #[cfg(test)]
    fn apply(self, xs: &Value, weight: &Value) -> Result<Value> {
        on_gpu!(xs.tensor(), self.on_gpu(xs, weight));
        self.apply_biased(xs, weight, None)
    }

    /// The same on the CPU, plus a number per output channel where there is one.
    pub(super) fn apply_biased(
        self,
        xs: &Value,
        weight: &Value,
        bias: Option<&Value>,
    ) -> Result<Value> {
        let sizes = self.sizes(xs.tensor().shape(), weight.tensor().shape())?;
        let bias_tensor = bias.map(Value::tensor);
        let ys = self.forward(&sizes, xs.tensor(), weight.tensor(), bias_tensor)?;
        let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
        let back = move |dys: &Tensor, [input, weight]: [bool; 2]| {
            Ok([
                // The image itself does not learn: its gradient would be thrown away.
                input
                    .then(|| self.backward_input(&sizes, &w, dys))
                    .transpose()?,
                weight
                    .then(|| self.backward_weight(&sizes, &x, dys))
                    .transpose()?,
            ])
        };
        let Some(bias) = bias else {
            return Ok(record([xs, weight], ys, back));
        };
        Ok(record(
            [xs, weight, bias],
            ys,
            move |dys, [input, weight, bias]| {
                let [dx, dw] = back(dys, [input, weight])?;
                Ok([dx, dw, bias.then(|| channel_sums(dys)).transpose()?])
            },
        ))
    }

    #[cfg(all(test, feature = "cuda"))]
    fn on_gpu(self, xs: &Value, weight: &Value) -> Result<Value> {
        use super::cuda;
        let groups = match self.channels {
            Channels::Dense => 1,
            Channels::Depthwise => xs.dims()[1],
        };
        let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
        let steps = [[self.stride; 2], [self.padding; 2], [1; 2]];
        let shape = cuda::ConvolutionShape::of(&x, &w, steps, groups)?;
        let ys = cuda::convolve(&x, &w, None, &shape)?;
        Ok(record([xs, weight], ys, move |dys, [input, weight]| {
            let needs = [input, weight, false];
            let [dx, dw, _] = cuda::convolve_back(&x, &w, dys, &shape, needs)?;
            Ok([dx, dw])
        }))
    }

    fn forward(
        self,
        s: &Sizes,
        xs: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        multiply_adds(&[weight.elem_count(), s.batch, s.out_height, s.out_width]);
        let mut data = read2(xs, weight, |x, w| {
            Ok(match self.channels {
                Channels::Dense => im2col::forward(s, x, w),
                Channels::Depthwise => depthwise::forward(s, x, w),
            })
        })?;
        if let Some(bias) = bias {
            read(bias, |bias| {
                if bias.len() != s.output {
                    bail!("convolution: {} biases for {}", bias.len(), s.output);
                }
                add_in_place(&mut data, bias, s.out_plane());
                Ok(())
            })?;
        }
        let shape = (s.batch, s.output, s.out_height, s.out_width);
        Tensor::from_vec(data, shape, xs.device())
    }

    fn backward_input(self, s: &Sizes, weight: &Tensor, dys: &Tensor) -> Result<Tensor> {
        let data = read2(weight, dys, |w, dy| {
            Ok(match self.channels {
                Channels::Dense => im2col::backward_input(s, w, dy),
                Channels::Depthwise => depthwise::backward_input(s, w, dy),
            })
        })?;
        let shape = (s.batch, s.input, s.height, s.width);
        Tensor::from_vec(data, shape, dys.device())
    }

    fn backward_weight(self, s: &Sizes, xs: &Tensor, dys: &Tensor) -> Result<Tensor> {
        let (data, seen) = read2(xs, dys, |x, dy| {
            Ok(match self.channels {
                Channels::Dense => (im2col::backward_weight(s, x, dy), s.input),
                Channels::Depthwise => (depthwise::backward_weight(s, x, dy), 1),
            })
        })?;
        Tensor::from_vec(data, (s.output, seen, s.kernel, s.kernel), dys.device())
    }

    fn sizes(&self, x: &Shape, w: &Shape) -> Result<Sizes> {
        let (batch, input, height, width) = x.dims4()?;
        let (output, seen, kernel, kernel_width) = w.dims4()?;
        let expected = match self.channels {
            Channels::Dense => input,
            Channels::Depthwise => 1,
        };
        if seen != expected || kernel != kernel_width {
            bail!("convolution: weight {w:?} for input {x:?}");
        }
        if self.channels == Channels::Depthwise && output != input {
            bail!("depthwise convolution: {output} kernels for {input} channels");
        }
        if height + 2 * self.padding < kernel || width + 2 * self.padding < kernel {
            bail!("convolution: input {x:?} is smaller than the {kernel}x{kernel} kernel");
        }
        Ok(Sizes {
            batch,
            input,
            height,
            width,
            output,
            kernel,
            stride: self.stride,
            padding: self.padding,
            out_height: (height + 2 * self.padding - kernel) / self.stride + 1,
            out_width: (width + 2 * self.padding - kernel) / self.stride + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    /// The definition in f64.
    fn plain(conv: &Convolution, x: &Tensor, w: &Tensor) -> Vec<f64> {
        let s = conv.sizes(x.shape(), w.shape()).unwrap();
        let xv = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let wv = w.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let seen = if conv.channels == Channels::Dense {
            s.input
        } else {
            1
        };
        let mut out = Vec::new();
        for n in 0..s.batch {
            for o in 0..s.output {
                for i in 0..s.out_height {
                    for j in 0..s.out_width {
                        let mut sum = 0.0;
                        for c in 0..seen {
                            let channel = if conv.channels == Channels::Dense {
                                c
                            } else {
                                o
                            };
                            for u in 0..s.kernel {
                                for v in 0..s.kernel {
                                    let (row, column) = (i * s.stride + u, j * s.stride + v);
                                    let inside = row >= s.padding
                                        && column >= s.padding
                                        && row - s.padding < s.height
                                        && column - s.padding < s.width;
                                    if inside {
                                        let at = ((n * s.input + channel) * s.height + row
                                            - s.padding)
                                            * s.width
                                            + column
                                            - s.padding;
                                        let weight =
                                            wv[((o * seen + c) * s.kernel + u) * s.kernel + v];
                                        sum += f64::from(xv[at]) * f64::from(weight);
                                    }
                                }
                            }
                        }
                        out.push(sum);
                    }
                }
            }
        }
        out
    }

    /// (N, C, H, W, O, K, s, p): borders, strides, 1x1, grouped small planes, blocks of rows.
    const DENSE: [[usize; 8]; 9] = [
        [2, 3, 5, 4, 4, 3, 1, 1],
        [3, 2, 7, 6, 3, 3, 2, 1],
        [1, 3, 9, 9, 2, 7, 2, 3],
        [5, 4, 3, 3, 6, 1, 1, 0],
        [5, 4, 4, 5, 3, 1, 2, 0],
        [9, 2, 1, 1, 3, 3, 1, 1],
        [2, 40, 13, 14, 5, 3, 1, 1],
        [3, 2, 17, 12, 2, 5, 1, 0],
        [2, 32, 16, 16, 32, 3, 1, 1],
    ];
    const DEPTHWISE: [[usize; 8]; 5] = [
        [2, 3, 5, 4, 3, 3, 1, 1],
        [2, 3, 6, 7, 3, 3, 2, 1],
        [1, 4, 9, 8, 4, 5, 1, 2],
        [3, 2, 9, 20, 2, 5, 2, 2],
        [2, 2, 1, 1, 2, 5, 2, 2],
    ];

    fn cases() -> impl Iterator<Item = (Convolution, Tensor, Tensor)> {
        let with = |channels: Channels| {
            move |[n, c, h, w, o, k, stride, padding]: [usize; 8]| {
                let seen = if channels == Channels::Dense { c } else { 1 };
                (
                    Convolution {
                        stride,
                        padding,
                        channels,
                    },
                    noise(1, &[n, c, h, w]),
                    noise(2, &[o, seen, k, k]),
                )
            }
        };
        DENSE
            .into_iter()
            .map(with(Channels::Dense))
            .chain(DEPTHWISE.into_iter().map(with(Channels::Depthwise)))
    }

    #[test]
    fn convolution_closed_form() {
        for (conv, x, w) in cases() {
            let found = conv
                .apply(&Value::constant(x.clone()), &Value::constant(w.clone()))
                .unwrap();
            let found = found.tensor().flatten_all().unwrap();
            let found = found.to_vec1::<f32>().unwrap();
            let expected = plain(&conv, &x, &w);
            assert_eq!(found.len(), expected.len());
            for (f, e) in found.iter().zip(&expected) {
                // Up to 360 products of |value| <= 1, each rounded once: 360 half units in the last place.
                assert!((f64::from(*f) - e).abs() < 4e-5, "{conv:?} {x:?} {f} {e}");
            }
        }
    }

    #[test]
    fn convolution_gradient_finite_differences() {
        for (conv, x, w) in cases() {
            check(&[x, w], move |a| conv.apply(&a[0], &a[1]));
        }
    }
}
