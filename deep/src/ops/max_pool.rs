//! Maximum over windows, with padding that never wins.
//!
//! y[n, c, i, j] = max over u, v of x[n, c, i s + u - p, j s + v - p] inside the image.
//! The gradient goes to the first maximum in row-major order, as in PyTorch.
//! x: (N, C, H, W) to (N, C, H', W'), H' = floor((H + 2 p - K) / s) + 1; padding at most K / 2.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read2, slice, tensor_like};

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
    pub(crate) fn apply(self, xs: &Tensor) -> Result<Tensor> {
        xs.contiguous()?.apply_op1(self)
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

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, height, width) = layout.shape().dims4()?;
        let p = self.planes(height, width)?;
        let x = slice(x, layout, self.name())?;
        let mut y = vec![0.0; batch * channels * p.out_height * p.out_width];
        y.par_chunks_mut(p.out_height * p.out_width)
            .zip(x.par_chunks(height * width))
            .for_each(|(y, x)| self.winners(&p, x, |to, from| y[to] = x[from]));
        let shape = (batch, channels, p.out_height, p.out_width);
        Ok((CpuStorage::F32(y), shape.into()))
    }

    fn bwd(&self, xs: &Tensor, _ys: &Tensor, ys_gradient: &Tensor) -> Result<Option<Tensor>> {
        let (_, _, height, width) = xs.dims4()?;
        let p = self.planes(height, width)?;
        let data = read2(xs, ys_gradient, |x, dy| {
            let mut dx = vec![0.0; x.len()];
            dx.par_chunks_mut(height * width)
                .zip(
                    x.par_chunks(height * width)
                        .zip(dy.par_chunks(p.out_height * p.out_width)),
                )
                .for_each(|(dx, (x, dy))| self.winners(&p, x, |from, to| dx[to] += dy[from]));
            Ok(dx)
        })?;
        tensor_like(data, xs).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::ops::gradient_check::check;

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
            &Device::Cpu,
        )
        .unwrap();
        let x = Var::from_tensor(&x).unwrap();
        let y = POOL.apply(&x).unwrap();
        // All values of the first windows are negative: padding must not win with its zero.
        assert_eq!(
            y.squeeze(0)
                .unwrap()
                .squeeze(0)
                .unwrap()
                .to_vec2::<f32>()
                .unwrap(),
            [[-1.0, -2.0], [9.0, 9.0]]
        );
        // The 9 wins two windows and collects both gradients.
        let gradients = y.sum_all().unwrap().backward().unwrap();
        let dx = gradients.get(&x).unwrap().flatten_all().unwrap();
        assert_eq!(
            dx.to_vec1::<f32>().unwrap(),
            [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]
        );
    }

    #[test]
    fn ties_go_to_the_first() {
        let x = Var::from_tensor(
            &Tensor::ones((1, 1, 3, 3), candle_core::DType::F32, &Device::Cpu).unwrap(),
        )
        .unwrap();
        let pool = MaxPool {
            kernel: 3,
            stride: 3,
            padding: 0,
        };
        let gradients = pool
            .apply(&x)
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap();
        let dx = gradients.get(&x).unwrap().flatten_all().unwrap();
        assert_eq!(
            dx.to_vec1::<f32>().unwrap(),
            [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
    }

    #[test]
    fn max_pool_gradient_finite_differences() {
        // Distinct values further apart than the step of the difference: no window changes its winner.
        let n = 2 * 3 * 7 * 6;
        let data: Vec<f32> = (0..n).map(|i| ((i * 101) % n) as f32 / 16.0).collect();
        let x = Tensor::from_vec(data, (2, 3, 7, 6), &Device::Cpu).unwrap();
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
