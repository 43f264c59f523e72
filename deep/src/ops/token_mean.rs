//! Mean over the tokens: (N, L, D) to (N, D).

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

fn forward(x: &[f32], tokens: usize, row: usize) -> Vec<f32> {
    let mut y = vec![0.0; x.len() / tokens];
    y.par_chunks_mut(row)
        .zip(x.par_chunks(tokens * row))
        .for_each(|(y, x)| {
            for x in x.chunks_exact(row) {
                for (y, x) in y.iter_mut().zip(x) {
                    *y += x;
                }
            }
            for y in y {
                *y /= tokens as f32;
            }
        });
    y
}

fn backward(dy: &[f32], tokens: usize, row: usize) -> Vec<f32> {
    let mut dx = vec![0.0; dy.len() * tokens];
    dx.par_chunks_mut(tokens * row)
        .zip(dy.par_chunks(row))
        .for_each(|(dx, dy)| {
            for dx in dx.chunks_exact_mut(row) {
                for (dx, dy) in dx.iter_mut().zip(dy) {
                    *dx = dy / tokens as f32;
                }
            }
        });
    dx
}

/// The mean row of every sample.
pub(crate) fn token_mean(xs: &Value) -> Result<Value> {
    let (batch, tokens, row) = xs.dims3()?;
    if tokens * row == 0 {
        bail!("mean over the tokens of {:?}", xs.dims());
    }
    on_gpu!(xs.tensor(), {
        use super::cuda::{sample_sums, spread_means};
        let y = sample_sums(xs.tensor(), None, [batch, tokens, row], 1.0 / tokens as f64)?;
        Ok(record([xs], y, move |dy, _| {
            // The same as an image of one column.
            let dx = spread_means(dy, &[batch, row, tokens, 1])?;
            Ok([Some(dx.reshape((batch, tokens, row))?)])
        }))
    });
    let y = read(xs.tensor(), |x| Ok(forward(x, tokens, row)))?;
    let y = Tensor::from_vec(y, (batch, row), xs.device())?;
    Ok(record([xs], y, move |dy, _| {
        let dx = read(dy, |dy| Ok(backward(dy, tokens, row)))?;
        Ok([Some(Tensor::from_vec(
            dx,
            (batch, tokens, row),
            dy.device(),
        )?)])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn token_mean_closed_form() {
        let x = Tensor::new(
            &[[[1.0_f32, 2.0], [3.0, 6.0]], [[0.0, 0.0], [-1.0, 1.0]]],
            &device(),
        );
        let y = token_mean(&Value::constant(x.unwrap())).unwrap();
        assert_eq!(
            y.tensor().to_vec2::<f32>().unwrap(),
            [[2.0, 4.0], [-0.5, 0.5]]
        );
    }

    #[test]
    fn token_mean_gradient_finite_differences() {
        check(&[noise(1, &[3, 7, 5])], |v| token_mean(&v[0]));
    }
}
