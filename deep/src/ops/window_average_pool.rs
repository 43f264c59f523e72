//! Means over moving windows, zeros of the padding counted, as PyTorch's `avg_pool2d` does by default.
//!
//! y[n, c, i, j] = Σ x[n, c, i s + u - p, j s + v - p] / K² over u, v < K, zero outside the image.
//! x: (N, C, H, W); y: (N, C, H', W') with H' = floor((H + 2 p - K) / s) + 1; p at most K / 2.

#![cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "no network of the list pools by windows of means yet"
    )
)]

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

/// Planes handled by one task at least.
const LEAST_PLANES: usize = 8;

/// Window side K, stride s and padding p.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowAveragePool {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

/// H, W, H', W'.
type Sizes = [usize; 4];

impl WindowAveragePool {
    fn sizes(&self, height: usize, width: usize) -> Result<Sizes> {
        let side = |size: usize| {
            let rest = (size + 2 * self.padding).checked_sub(self.kernel)?;
            Some(rest.checked_div(self.stride)? + 1)
        };
        match (side(height), side(width)) {
            (Some(rows), Some(columns)) if 2 * self.padding <= self.kernel && self.kernel > 0 => {
                Ok([height, width, rows, columns])
            }
            _ => bail!("average pool {self:?} of a {height}x{width} image"),
        }
    }

    /// Calls `visit` with the output's position and the input's row and range of columns under it.
    fn windows(&self, s: Sizes, mut visit: impl FnMut(usize, std::ops::Range<usize>)) {
        let [height, width, rows, columns] = s;
        let inside = |at: usize, size: usize| {
            let start = at * self.stride;
            let end = (start + self.kernel).saturating_sub(self.padding);
            start.saturating_sub(self.padding)..end.min(size)
        };
        for i in 0..rows {
            for j in 0..columns {
                let across = inside(j, width);
                for row in inside(i, height) {
                    visit(
                        i * columns + j,
                        row * width + across.start..row * width + across.end,
                    );
                }
            }
        }
    }

    fn forward(&self, s: Sizes, x: &[f32]) -> Vec<f32> {
        let [height, width, rows, columns] = s;
        let count = (self.kernel * self.kernel) as f32;
        let planes = x.len() / (height * width);
        let mut y = vec![0.0; planes * rows * columns];
        y.par_chunks_mut(rows * columns)
            .with_min_len(LEAST_PLANES)
            .zip(x.par_chunks(height * width))
            .for_each(|(y, x)| {
                self.windows(s, |to, from| y[to] += x[from].iter().sum::<f32>());
                for y in y {
                    *y /= count;
                }
            });
        y
    }

    fn backward(&self, s: Sizes, dy: &[f32]) -> Vec<f32> {
        let [height, width, rows, columns] = s;
        let count = (self.kernel * self.kernel) as f32;
        let planes = dy.len() / (rows * columns);
        let mut dx = vec![0.0; planes * height * width];
        dx.par_chunks_mut(height * width)
            .with_min_len(LEAST_PLANES)
            .zip(dy.par_chunks(rows * columns))
            .for_each(|(dx, dy)| {
                self.windows(s, |from, to| {
                    for dx in &mut dx[to] {
                        *dx += dy[from] / count;
                    }
                });
            });
        dx
    }

    /// The pooled image.
    ///
    /// # Errors
    /// When the window does not fit the image.
    pub(crate) fn apply(self, xs: &Value) -> Result<Value> {
        let (batch, channels, height, width) = xs.dims4()?;
        let s = self.sizes(height, width)?;
        on_gpu!(xs.tensor(), {
            use super::cuda::{Window, average_pool, average_pool_back};
            let window = Window {
                kernel: self.kernel,
                stride: self.stride,
                padding: self.padding,
            };
            let dims = xs.dims().to_vec();
            let ys = average_pool(xs.tensor(), [s[2], s[3]], window)?;
            Ok(record([xs], ys, move |dys, _| {
                Ok([Some(average_pool_back(dys, &dims, window)?)])
            }))
        });
        let ys = read(xs.tensor(), |x| Ok(self.forward(s, x)))?;
        let ys = Tensor::from_vec(ys, (batch, channels, s[2], s[3]), xs.device())?;
        Ok(record([xs], ys, move |dys, _| {
            let dx = read(dys, |dy| Ok(self.backward(s, dy)))?;
            let shape = (batch, channels, height, width);
            Ok([Some(Tensor::from_vec(dx, shape, dys.device())?)])
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    const POOL: WindowAveragePool = WindowAveragePool {
        kernel: 3,
        stride: 2,
        padding: 1,
    };

    #[test]
    fn window_average_pool_closed_form() {
        let x = Tensor::new(
            &[[[[9.0_f32, 18.0, 0.0], [27.0, 0.0, 0.0], [0.0, 0.0, 90.0]]]],
            &device(),
        )
        .unwrap();
        let y = POOL.apply(&Value::constant(x)).unwrap();
        let y = y.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(y, [6.0, 2.0, 3.0, 10.0]);
    }

    #[test]
    fn window_average_pool_gradient_finite_differences() {
        for (kernel, stride, padding) in [(3, 2, 1), (2, 2, 0), (3, 1, 1), (2, 3, 1), (5, 2, 0)] {
            let pool = WindowAveragePool {
                kernel,
                stride,
                padding,
            };
            check(&[noise(1, &[2, 3, 7, 6])], |v| pool.apply(&v[0]));
        }
    }

    #[test]
    fn windows_that_do_not_fit_are_refused() {
        let x = Value::constant(noise(1, &[1, 1, 2, 2]));
        for (kernel, stride, padding) in [(5, 1, 1), (2, 0, 0), (2, 1, 2), (0, 1, 0)] {
            let pool = WindowAveragePool {
                kernel,
                stride,
                padding,
            };
            assert!(pool.apply(&x).is_err(), "{pool:?}");
        }
    }
}
