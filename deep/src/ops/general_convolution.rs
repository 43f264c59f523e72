//! Two-dimensional convolution of every kind: rectangular kernels, strides, paddings and dilations of each
//! axis, groups, and a bias in the same pass.
//!
//! y[n, o, i, j] = b[o] + Σ w[o, c, u, v] x[n, g C/G + c, i s + u d - p, j s' + v d' - p'], zero outside,
//! over the channels c of o's group g. x: (N, C, H, W); w: (O, C/G, K, K'); b: (O); y: (N, O, H', W') with
//! H' = floor((H + 2 p - d (K - 1) - 1) / s) + 1. What [`super::convolution`] covers goes there, since it is
//! faster; the rest is unfolded group by group and multiplied (the kernels are in [`super::unfold`]).

use candle_core::{Result, Tensor, bail};

use super::bias::{add_in_place, channel_sums};
use super::convolution::{Channels, Convolution};
use super::memory::{read, read2};
use super::unfold::{self, Axis, Sizes};
use crate::graph::{Value, record};
use crate::tally::multiply_adds;

/// Stride, padding and dilation of rows and columns, and the groups of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GeneralConvolution {
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
}

impl GeneralConvolution {
    /// One stride and one padding, no dilation, one group.
    pub(crate) fn dense(stride: usize, padding: usize) -> Self {
        Self {
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [1; 2],
            groups: 1,
        }
    }

    /// The convolution of `xs` with `weight`, plus a bias per channel where there is one.
    ///
    /// # Errors
    /// When shapes do not fit together or the image is smaller than the kernel.
    pub(crate) fn apply(self, xs: &Value, weight: &Value, bias: Option<&Value>) -> Result<Value> {
        on_gpu!(xs.tensor(), self.on_gpu(xs, weight, bias));
        if let Some(covered) = self.covered(xs, weight)? {
            return covered.apply_biased(xs, weight, bias);
        }
        let s = self.sizes(xs, weight)?;
        let places = [s.batch, s.rows.output, s.columns.output];
        multiply_adds(&[weight.tensor().elem_count(), places.iter().product()]);
        let mut ys = read2(xs.tensor(), weight.tensor(), |x, w| {
            Ok(unfold::forward(&s, x, w))
        })?;
        if let Some(bias) = bias {
            read(bias.tensor(), |bias| {
                if bias.len() != s.output {
                    bail!("convolution: {} biases for {}", bias.len(), s.output);
                }
                add_in_place(&mut ys, bias, s.rows.output * s.columns.output);
                Ok(())
            })?;
        }
        let shape = (s.batch, s.output, s.rows.output, s.columns.output);
        let ys = Tensor::from_vec(ys, shape, xs.device())?;
        let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
        let back = move |dys: &Tensor, [x_needs, w_needs]: [bool; 2]| {
            let dx = || {
                let dx = read2(&w, dys, |w, dy| Ok(unfold::backward_input(&s, w, dy)))?;
                Tensor::from_vec(dx, x.shape(), x.device())
            };
            let dw = || {
                let dw = read2(&x, dys, |x, dy| Ok(unfold::backward_weight(&s, x, dy)))?;
                Tensor::from_vec(dw, w.shape(), w.device())
            };
            Ok([x_needs.then(dx).transpose()?, w_needs.then(dw).transpose()?])
        };
        let Some(bias) = bias else {
            return Ok(record([xs, weight], ys, back));
        };
        Ok(record(
            [xs, weight, bias],
            ys,
            move |dys, [x_needs, w_needs, b_needs]| {
                let [dx, dw] = back(dys, [x_needs, w_needs])?;
                Ok([dx, dw, b_needs.then(|| channel_sums(dys)).transpose()?])
            },
        ))
    }

    #[cfg(feature = "cuda")]
    fn on_gpu(self, xs: &Value, weight: &Value, bias: Option<&Value>) -> Result<Value> {
        use super::cuda;
        let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
        let steps = [self.stride, self.padding, self.dilation];
        let shape = cuda::ConvolutionShape::of(&x, &w, steps, self.groups)?;
        let ys = cuda::convolve(&x, &w, bias.map(Value::tensor), &shape)?;
        let Some(bias) = bias else {
            return Ok(record([xs, weight], ys, move |dys, [input, weight]| {
                let needs = [input, weight, false];
                let [dx, dw, _] = cuda::convolve_back(&x, &w, dys, &shape, needs)?;
                Ok([dx, dw])
            }));
        };
        Ok(record([xs, weight, bias], ys, move |dys, needs| {
            cuda::convolve_back(&x, &w, dys, &shape, needs)
        }))
    }

    /// The same as a convolution of the faster kind, where it is one.
    fn covered(self, xs: &Value, weight: &Value) -> Result<Option<Convolution>> {
        let (_, input, _, _) = xs.dims4()?;
        let (output, seen, kernel, kernel_width) = weight.dims4()?;
        let is_square = |pair: [usize; 2]| pair[0] == pair[1];
        let fits = kernel == kernel_width
            && is_square(self.stride)
            && is_square(self.padding)
            && self.dilation == [1, 1];
        let channels = if self.groups == 1 && seen == input {
            Channels::Dense
        } else if self.groups == input && output == input && seen == 1 {
            Channels::Depthwise
        } else {
            return Ok(None);
        };
        Ok(fits.then_some(Convolution {
            stride: self.stride[0],
            padding: self.padding[0],
            channels,
        }))
    }

    fn sizes(self, xs: &Value, weight: &Value) -> Result<Sizes> {
        let (batch, input, height, width) = xs.dims4()?;
        let (output, seen, kernel, kernel_width) = weight.dims4()?;
        let axis = |k: usize, size: usize, kernel: usize| {
            let reach = self.dilation[k].checked_mul(kernel.checked_sub(1)?)? + 1;
            let rest = (size + 2 * self.padding[k]).checked_sub(reach)?;
            Some(Axis {
                input: size,
                kernel,
                stride: self.stride[k],
                padding: self.padding[k],
                dilation: self.dilation[k],
                output: rest.checked_div(self.stride[k])? + 1,
            })
        };
        let groups = self.groups;
        let divides = groups > 0 && output.is_multiple_of(groups) && seen * groups == input;
        match (axis(0, height, kernel), axis(1, width, kernel_width)) {
            (Some(rows), Some(columns)) if divides && batch * input * output > 0 => Ok(Sizes {
                batch,
                input,
                output,
                groups,
                rows,
                columns,
            }),
            _ => bail!(
                "convolution {self:?} of {:?} with {:?}",
                xs.dims(),
                weight.dims()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    /// The definition in f64.
    fn plain(s: &Sizes, x: &[f32], w: &[f32], b: &[f32]) -> Vec<f64> {
        let seen = s.input / s.groups;
        let per_group = s.output / s.groups;
        let (r, c) = (s.rows, s.columns);
        let mut y = Vec::new();
        for n in 0..s.batch {
            for (o, bias) in b.iter().enumerate() {
                for i in 0..r.output {
                    for j in 0..c.output {
                        let mut sum = f64::from(*bias);
                        for k in 0..seen * r.kernel * c.kernel {
                            let (channel, u, v) = (
                                k / (r.kernel * c.kernel),
                                k / c.kernel % r.kernel,
                                k % c.kernel,
                            );
                            let row = (i * r.stride + u * r.dilation).wrapping_sub(r.padding);
                            let column = (j * c.stride + v * c.dilation).wrapping_sub(c.padding);
                            if row < r.input && column < c.input {
                                let channel = n * s.input + o / per_group * seen + channel;
                                let x = x[(channel * r.input + row) * c.input + column];
                                let w = w[o * seen * r.kernel * c.kernel + k];
                                sum += f64::from(x) * f64::from(w);
                            }
                        }
                        y.push(sum);
                    }
                }
            }
        }
        y
    }

    struct Case {
        /// N, C, H, W.
        image: [usize; 4],
        /// O, K, K'.
        kernels: [usize; 3],
        op: GeneralConvolution,
    }

    fn case(
        image: [usize; 4],
        kernels: [usize; 3],
        [stride, padding, dilation]: [[usize; 2]; 3],
        groups: usize,
    ) -> Case {
        Case {
            image,
            kernels,
            op: GeneralConvolution {
                stride,
                padding,
                dilation,
                groups,
            },
        }
    }

    /// Rectangles, dilation, groups with one or several outputs a channel, and both covered kinds.
    fn cases() -> Vec<Case> {
        vec![
            case([2, 3, 6, 5], [4, 3, 3], [[1, 1], [1, 1], [1, 1]], 1),
            case([2, 4, 6, 5], [4, 3, 3], [[2, 2], [1, 1], [1, 1]], 4),
            case([2, 3, 6, 7], [4, 1, 5], [[1, 2], [0, 2], [1, 1]], 1),
            case([1, 4, 9, 8], [6, 3, 3], [[1, 1], [2, 2], [2, 2]], 2),
            case([3, 4, 7, 9], [8, 3, 2], [[2, 3], [1, 0], [1, 3]], 4),
            case([2, 2, 8, 8], [2, 3, 3], [[1, 1], [2, 2], [2, 2]], 2),
            case([2, 3, 40, 70], [2, 2, 3], [[1, 1], [3, 1], [1, 1]], 1),
        ]
    }

    fn tensors(case: &Case) -> [Tensor; 3] {
        let [output, kernel, kernel_width] = case.kernels;
        let seen = case.image[1] / case.op.groups;
        [
            noise(1, &case.image),
            noise(2, &[output, seen, kernel, kernel_width]),
            noise(3, &[output]),
        ]
    }

    #[test]
    fn general_convolution_closed_form() {
        for case in cases() {
            let [x, w, b] = tensors(&case);
            let values = [&x, &w, &b].map(|t| Value::constant(t.clone()));
            let y = case.op.apply(&values[0], &values[1], Some(&values[2]));
            let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let s = case.op.sizes(&values[0], &values[1]).unwrap();
            let expected = plain(&s, &numbers(&x), &numbers(&w), &numbers(&b));
            let y = y.unwrap();
            assert_eq!(
                y.dims(),
                [s.batch, s.output, s.rows.output, s.columns.output]
            );
            for (found, expected) in numbers(y.tensor()).iter().zip(expected) {
                // At most 27 products of numbers below one, each rounded once.
                assert!((f64::from(*found) - expected).abs() < 4e-6, "{:?}", case.op);
            }
        }
    }

    #[test]
    fn general_convolution_gradient_finite_differences() {
        for case in cases() {
            check(&tensors(&case), |v| {
                case.op.apply(&v[0], &v[1], Some(&v[2]))
            });
        }
    }

    #[test]
    fn unfit_shapes_are_refused() {
        let value = |shape: &[usize]| Value::constant(noise(1, shape));
        let op = GeneralConvolution {
            groups: 2,
            ..GeneralConvolution::dense(1, 0)
        };
        for (x, w) in [
            ([1, 4, 5, 5], [4, 4, 3, 3]),
            ([1, 4, 5, 5], [3, 2, 3, 3]),
            ([1, 4, 2, 5], [4, 2, 3, 3]),
        ] {
            assert!(op.apply(&value(&x), &value(&w), None).is_err());
        }
        let still = GeneralConvolution {
            stride: [0, 1],
            ..op
        };
        assert!(
            still
                .apply(&value(&[1, 4, 5, 5]), &value(&[4, 2, 3, 3]), None)
                .is_err()
        );
    }
}
