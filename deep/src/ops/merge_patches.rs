//! Squares of 2 x 2 tokens as one token of four times the channels, as MedMamba and Swin halve their grid
//! (Z. Liu et al., arXiv 2103.14030, section 3.1).
//!
//! x: (N, H W, C); y: (N, H/2 · W/2, 4 C), the four in the order top left, bottom left, top right, bottom
//! right. A last odd row or column is left out.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

/// (row, column) within the square.
const PLACES: [[usize; 2]; 4] = [[0, 0], [1, 0], [0, 1], [1, 1]];

/// Calls `visit` with the positions of (token, merged token's quarter) in units of C numbers.
fn pairs([height, width]: [usize; 2], mut visit: impl FnMut(usize, usize)) {
    for row in 0..height / 2 {
        for column in 0..width / 2 {
            let to = row * (width / 2) + column;
            for (quarter, [down, right]) in PLACES.into_iter().enumerate() {
                let from = (2 * row + down) * width + 2 * column + right;
                visit(from, 4 * to + quarter);
            }
        }
    }
}

/// Which of both slices is written.
fn merged(x: &[f32], sample: usize, channels: usize, grid: [usize; 2]) -> Vec<f32> {
    let len = 4 * (grid[0] / 2) * (grid[1] / 2) * channels;
    let mut y = vec![0.0; x.len() / sample * len];
    y.par_chunks_mut(len.max(1))
        .zip(x.par_chunks(sample))
        .for_each(|(y, x)| {
            pairs(grid, |from, to| {
                y[to * channels..(to + 1) * channels]
                    .copy_from_slice(&x[from * channels..(from + 1) * channels]);
            });
        });
    y
}

fn parted(dy: &[f32], batch: usize, channels: usize, grid: [usize; 2]) -> Vec<f32> {
    let sample = grid[0] * grid[1] * channels;
    let mut dx = vec![0.0; batch * sample];
    dx.par_chunks_mut(sample)
        .zip(dy.par_chunks(dy.len() / batch))
        .for_each(|(dx, dy)| {
            pairs(grid, |to, from| {
                dx[to * channels..(to + 1) * channels]
                    .copy_from_slice(&dy[from * channels..(from + 1) * channels]);
            });
        });
    dx
}

/// y of x for tokens of a grid H x W.
pub(crate) fn merge_patches(xs: &Value, [height, width]: [usize; 2]) -> Result<Value> {
    let (batch, tokens, channels) = xs.dims3()?;
    if tokens != height * width || height < 2 || width < 2 || batch * channels == 0 {
        bail!(
            "merging squares of {:?} on a grid {height} x {width}",
            xs.dims()
        );
    }
    let grid = [height, width];
    on_gpu!(xs.tensor(), {
        use super::cuda::{Move, move_rows};
        let cells = (height / 2) * (width / 2);
        let sizes = [tokens, 4 * cells, channels];
        let shape = [batch, cells, 4 * channels];
        let y = move_rows(Move::Merge, xs.tensor(), sizes, grid, 2, &shape)?;
        Ok(record([xs], y, move |dy, _| {
            let sizes = [4 * cells, tokens, channels];
            let shape = [batch, tokens, channels];
            Ok([Some(move_rows(Move::Part, dy, sizes, grid, 2, &shape)?)])
        }))
    });
    let y = read(xs.tensor(), |x| {
        Ok(merged(x, tokens * channels, channels, grid))
    })?;
    let shape = (batch, (height / 2) * (width / 2), 4 * channels);
    let y = Tensor::from_vec(y, shape, xs.device())?;
    Ok(record([xs], y, move |dy, _| {
        let dx = read(dy, |dy| Ok(parted(dy, batch, channels, grid)))?;
        Ok([Some(Tensor::from_vec(
            dx,
            (batch, tokens, channels),
            dy.device(),
        )?)])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn merge_patches_closed_form() {
        // 0 1 2      rows of 3: the last column is left out
        // 3 4 5
        let x = Tensor::arange(0.0_f32, 6.0, &device()).unwrap();
        let x = Value::constant(x.reshape((1, 6, 1)).unwrap());
        let y = merge_patches(&x, [2, 3]).unwrap();
        assert_eq!(
            y.tensor().to_vec3::<f32>().unwrap(),
            [[[0.0, 3.0, 1.0, 4.0]]]
        );
        assert!(merge_patches(&x, [6, 1]).is_err());
        assert!(merge_patches(&x, [2, 2]).is_err());
    }

    #[test]
    fn merge_patches_gradient_finite_differences() {
        for grid in [[2, 2], [4, 6], [5, 3]] {
            check(&[noise(1, &[2, grid[0] * grid[1], 3])], |v| {
                merge_patches(&v[0], grid)
            });
        }
    }
}
