//! Between images and tokens: (N, C, H, W) to (N, H W, C) and back, token h W + w for pixel (h, w).

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

/// Each of `count` matrices (rows, columns) transposed.
fn transpose(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    /// Side of the squares that stay in the nearest cache.
    const TILE: usize = 16;
    let mut y = vec![0.0; x.len()];
    if rows * columns == 0 {
        return y;
    }
    // A task is a band of output rows (input columns) of one matrix.
    let band = TILE * rows;
    let bands = columns.div_ceil(TILE);
    let matrices = x.par_chunks(rows * columns);
    y.par_chunks_mut(rows * columns)
        .zip(matrices)
        .for_each(|(y, x)| {
            debug_assert!(bands * band >= y.len());
            y.par_chunks_mut(band).enumerate().for_each(|(at, y)| {
                let first = at * TILE;
                let width = y.len() / rows;
                for top in (0..rows).step_by(TILE) {
                    for row in top..(top + TILE).min(rows) {
                        let from = &x[row * columns + first..row * columns + first + width];
                        for (column, value) in from.iter().enumerate() {
                            y[column * rows + row] = *value;
                        }
                    }
                }
            });
        });
    y
}

fn image_to_tokens(xs: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = xs.dims4()?;
    // On the GPU images lie channels-last: the numbers are in this order already.
    on_gpu!(xs, xs.reshape((batch, height * width, channels)));
    let data = read(xs, |x| Ok(transpose(x, channels, height * width)))?;
    Tensor::from_vec(data, (batch, height * width, channels), xs.device())
}

fn tokens_to_image(xs: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (batch, tokens, channels) = xs.dims3()?;
    if tokens != height * width {
        bail!("{tokens} tokens for an image of {height} x {width}");
    }
    on_gpu!(xs, xs.reshape((batch, channels, height, width)));
    let data = read(xs, |x| Ok(transpose(x, tokens, channels)))?;
    Tensor::from_vec(data, (batch, channels, height, width), xs.device())
}

/// An image (N, C, H, W) as tokens (N, H W, C).
pub(crate) fn to_tokens(xs: &Value) -> Result<Value> {
    let (_, _, height, width) = xs.dims4()?;
    let ys = image_to_tokens(xs.tensor())?;
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(tokens_to_image(dys, height, width)?)])
    }))
}

/// Tokens (N, H W, C) as an image (N, C, H, W).
pub(crate) fn from_tokens(xs: &Value, height: usize, width: usize) -> Result<Value> {
    let ys = tokens_to_image(xs.tensor(), height, width)?;
    Ok(record([xs], ys, |dys, _| Ok([Some(image_to_tokens(dys)?)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn tokens_closed_form_and_back() {
        let x = noise(1, &[2, 19, 5, 7]);
        let image = Value::constant(x.clone());
        let tokens = to_tokens(&image).unwrap();
        assert_eq!(tokens.dims(), [2, 35, 19]);
        let plain = x.reshape((2, 19, 35)).unwrap().transpose(1, 2).unwrap();
        let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(numbers(tokens.tensor()), numbers(&plain));
        let back = from_tokens(&tokens, 5, 7).unwrap();
        assert_eq!(numbers(back.tensor()), numbers(&x));
        assert!(from_tokens(&tokens, 7, 6).is_err());
        check(&[x], |v| to_tokens(&v[0]));
        check(&[noise(2, &[2, 6, 3])], |v| from_tokens(&v[0], 2, 3));
    }
}
