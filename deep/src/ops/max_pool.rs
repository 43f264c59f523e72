//! Maximum over windows, with padding that never wins.
//!
//! y[n, c, i, j] = max over u, v of x[n, c, i s + u - p, j s + v - p] inside the image.
//! The gradient goes to the first maximum in row-major order, as in PyTorch.
//! x: (N, C, H, W) to (N, C, H', W'), H' = floor((H + 2 p - K) / s) + 1; padding at most K / 2.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read, read2, tensor_like};
use crate::graph::{Value, record};

/// Window side K, stride s and padding p.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MaxPool {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

/// Input and output plane.
struct Planes {
    height: usize,
    width: usize,
    out_height: usize,
    out_width: usize,
}

impl MaxPool {
    /// The pooled tensor.
    pub(crate) fn apply(self, xs: &Value) -> Result<Value> {
        on_gpu!(xs.tensor(), self.on_gpu(xs));
        let ys = self.forward(xs.tensor())?;
        let kept = xs.tensor().clone();
        Ok(record([xs], ys, move |dys, _| {
            Ok([Some(self.backward(&kept, dys)?)])
        }))
    }

    #[cfg(feature = "cuda")]
    fn on_gpu(self, xs: &Value) -> Result<Value> {
        let (_, _, height, width) = xs.dims4()?;
        let p = self.planes(height, width)?;
        let window = super::cuda::Window {
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
        };
        let sides = [p.out_height, p.out_width];
        let (ys, winners) = super::cuda::max_pool(xs.tensor(), sides, window)?;
        let dims = xs.dims().to_vec();
        Ok(record([xs], ys, move |dys, _| {
            Ok([Some(super::cuda::max_pool_back(
                dys, &winners, &dims, window,
            )?)])
        }))
    }

    fn forward(self, xs: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = xs.dims4()?;
        let p = self.planes(height, width)?;
        let data = read(xs, |x| {
            let mut y = vec![0.0; batch * channels * p.out_height * p.out_width];
            y.par_chunks_mut(p.out_height * p.out_width)
                .zip(x.par_chunks(height * width))
                .for_each(|(y, x)| self.winners(&p, x, |to, from| y[to] = x[from]));
            Ok(y)
        })?;
        let shape = (batch, channels, p.out_height, p.out_width);
        Tensor::from_vec(data, shape, xs.device())
    }

    fn backward(self, xs: &Tensor, dys: &Tensor) -> Result<Tensor> {
        let (_, _, height, width) = xs.dims4()?;
        let p = self.planes(height, width)?;
        let data = read2(xs, dys, |x, dy| {
            let mut dx = vec![0.0; x.len()];
            dx.par_chunks_mut(height * width)
                .zip(
                    x.par_chunks(height * width)
                        .zip(dy.par_chunks(p.out_height * p.out_width)),
                )
                .for_each(|(dx, (x, dy))| self.winners(&p, x, |from, to| dx[to] += dy[from]));
            Ok(dx)
        })?;
        tensor_like(data, xs)
    }

    fn planes(&self, height: usize, width: usize) -> Result<Planes> {
        let side = |n: usize| {
            (n + 2 * self.padding)
                .checked_sub(self.kernel)
                .map(|rest| rest / self.stride + 1)
        };
        match (side(height), side(width)) {
            (Some(out_height), Some(out_width)) if 2 * self.padding <= self.kernel => Ok(Planes {
                height,
                width,
                out_height,
                out_width,
            }),
            _ => bail!("max pool {self:?} of a {height}x{width} image"),
        }
    }

    /// Position of the maximum of each window, in output order.
    fn winners(&self, p: &Planes, x: &[f32], mut visit: impl FnMut(usize, usize)) {
        for i in 0..p.out_height {
            let rows = window(i * self.stride, self.padding, self.kernel, p.height);
            for j in 0..p.out_width {
                let columns = window(j * self.stride, self.padding, self.kernel, p.width);
                let mut best = rows.0 * p.width + columns.0;
                for row in rows.0..rows.1 {
                    for at in row * p.width + columns.0..row * p.width + columns.1 {
                        // A NaN wins and stays, so that a broken forward pass is seen.
                        if x[at] > x[best] || x[at].is_nan() {
                            best = at;
                        }
                    }
                }
                visit(i * p.out_width + j, best);
            }
        }
    }
}

/// The part of a window that lies in the image, half open.
fn window(start: usize, padding: usize, kernel: usize, size: usize) -> (usize, usize) {
    (
        start.saturating_sub(padding),
        (start + kernel - padding).min(size),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::backward;
    use crate::ops::gradient_check::{check, device};

    const POOL: MaxPool = MaxPool {
        kernel: 3,
        stride: 2,
        padding: 1,
    };

    #[test]
    fn max_pool_closed_form() {
        let x = Tensor::new(
            &[[[
                [-1.0_f32, -2.0, -3.0, -4.0],
                [-5.0, -6.0, -7.0, -8.0],
                [-9.0, 9.0, -9.0, -9.0],
            ]]],
            &device(),
        )
        .unwrap();
        let x = Value::parameter(0, x);
        let y = POOL.apply(&x).unwrap();
        // All values of the first windows are negative: padding must not win with its zero.
        let found = y.tensor().flatten_all().unwrap();
        assert_eq!(found.to_vec1::<f32>().unwrap(), [-1.0, -2.0, 9.0, 9.0]);
        // The 9 wins two windows and collects both gradients.
        assert_eq!(
            input_gradient(y),
            [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]
        );
    }

    /// The gradient of the sum over `y`.
    fn input_gradient(y: Value) -> Vec<f32> {
        let ones = y.tensor().ones_like().unwrap();
        let found = backward(y, ones, 1).unwrap().remove(0).unwrap();
        found.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn ties_go_to_the_first() {
        let ones = Tensor::ones((1, 1, 3, 3), candle_core::DType::F32, &device()).unwrap();
        let pool = MaxPool {
            kernel: 3,
            stride: 3,
            padding: 0,
        };
        let y = pool.apply(&Value::parameter(0, ones)).unwrap();
        assert_eq!(
            input_gradient(y),
            [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
    }

    #[test]
    fn max_pool_gradient_finite_differences() {
        // Distinct values further apart than the step of the difference: no window changes its winner.
        let n = 2 * 3 * 7 * 6;
        let data: Vec<f32> = (0..n).map(|i| ((i * 101) % n) as f32 / 16.0).collect();
        let x = Tensor::from_vec(data, (2, 3, 7, 6), &device()).unwrap();
        for pool in [
            POOL,
            MaxPool {
                kernel: 2,
                stride: 2,
                padding: 0,
            },
        ] {
            check(std::slice::from_ref(&x), move |a| pool.apply(&a[0]));
        }
    }
}
