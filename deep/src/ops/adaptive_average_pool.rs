//! Means over windows that cut an image into a given number of rows and columns, as PyTorch cuts it.
//!
//! y[n, c, i, j] is the mean of x[n, c] over rows floor(i H / H') .. ceil((i + 1) H / H') and the same for
//! columns; windows overlap by a pixel where H' does not divide H, and repeat pixels where H' > H.
//! x: (N, C, H, W); y: (N, C, H', W').

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

/// Planes handled by one task at least.
const LEAST_PLANES: usize = 16;

/// H, W, H', W'.
type Sizes = [usize; 4];

/// Pixels of window `i` of `count` over `size` pixels.
fn window(i: usize, count: usize, size: usize) -> std::ops::Range<usize> {
    i * size / count..((i + 1) * size).div_ceil(count)
}

fn forward([height, width, rows, columns]: Sizes, x: &[f32]) -> Vec<f32> {
    let planes = x.len() / (height * width);
    let mut y = vec![0.0; planes * rows * columns];
    y.par_chunks_mut(rows * columns)
        .with_min_len(LEAST_PLANES)
        .zip(x.par_chunks(height * width))
        .for_each(|(y, x)| {
            for i in 0..rows {
                let down = window(i, rows, height);
                for j in 0..columns {
                    let across = window(j, columns, width);
                    let mut sum = 0.0;
                    for row in down.clone() {
                        for x in &x[row * width + across.start..row * width + across.end] {
                            sum += x;
                        }
                    }
                    y[i * columns + j] = sum / (down.len() * across.len()) as f32;
                }
            }
        });
    y
}

fn backward([height, width, rows, columns]: Sizes, dy: &[f32]) -> Vec<f32> {
    let planes = dy.len() / (rows * columns);
    let mut dx = vec![0.0; planes * height * width];
    dx.par_chunks_mut(height * width)
        .with_min_len(LEAST_PLANES)
        .zip(dy.par_chunks(rows * columns))
        .for_each(|(dx, dy)| {
            for i in 0..rows {
                let down = window(i, rows, height);
                for j in 0..columns {
                    let across = window(j, columns, width);
                    let share = dy[i * columns + j] / (down.len() * across.len()) as f32;
                    for row in down.clone() {
                        for dx in &mut dx[row * width + across.start..row * width + across.end] {
                            *dx += share;
                        }
                    }
                }
            }
        });
    dx
}

/// The means of `rows` x `columns` windows.
///
/// # Errors
/// When an image or the result has no pixels.
pub(crate) fn adaptive_average_pool(xs: &Value, rows: usize, columns: usize) -> Result<Value> {
    let (batch, channels, height, width) = xs.dims4()?;
    if height * width * rows * columns == 0 {
        bail!("adaptive pool of {:?} to {rows} x {columns}", xs.dims());
    }
    on_gpu!(xs.tensor(), {
        let dims = xs.dims().to_vec();
        let ys = super::cuda::adaptive_pool(xs.tensor(), [rows, columns])?;
        Ok(record([xs], ys, move |dys, _| {
            Ok([Some(super::cuda::adaptive_pool_back(dys, &dims)?)])
        }))
    });
    let sizes = [height, width, rows, columns];
    let ys = read(xs.tensor(), |x| Ok(forward(sizes, x)))?;
    let ys = Tensor::from_vec(ys, (batch, channels, rows, columns), xs.device())?;
    Ok(record([xs], ys, move |dys, _| {
        let dx = read(dys, |dy| Ok(backward(sizes, dy)))?;
        Ok([Some(Tensor::from_vec(
            dx,
            (batch, channels, height, width),
            dys.device(),
        )?)])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    /// PyTorch's documentation of the windows by hand: five columns to three are 0..2, 1..4, 3..5; one row
    /// to two is the row twice.
    #[test]
    fn adaptive_average_pool_closed_form() {
        let x = Tensor::new(&[[[[1.0_f32, 2.0, 3.0, 4.0, 9.0]]]], &device()).unwrap();
        let y = adaptive_average_pool(&Value::constant(x), 2, 3).unwrap();
        let y = y.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(y, [1.5, 3.0, 6.5, 1.5, 3.0, 6.5]);
    }

    #[test]
    fn one_window_per_pixel_changes_nothing() {
        let x = noise(1, &[2, 3, 7, 7]);
        let y = adaptive_average_pool(&Value::constant(x.clone()), 7, 7).unwrap();
        let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(numbers(y.tensor()), numbers(&x));
    }

    #[test]
    fn adaptive_average_pool_gradient_finite_differences() {
        for [h, w, rows, columns] in [[8, 8, 7, 7], [1, 2, 7, 7], [5, 9, 2, 3], [14, 14, 7, 7]] {
            check(&[noise(2, &[2, 3, h, w])], |v| {
                adaptive_average_pool(&v[0], rows, columns)
            });
        }
    }
}
