//! A class token in the middle of the sequence, and the position table added.
//!
//! x: (N, L, D); token: (1, 1, D); positions: (1, L + 1, D); y: (N, L + 1, D). The token stands at
//! position L / 2: y = `[x_0 .. x_{L/2-1}, token, x_{L/2} ..]` + positions
//! (L. Zhu et al., *Vision Mamba*, arXiv 2401.09417, section 3.2 and table 5).

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read, read2};
use crate::graph::{Value, record};

/// Position of the class token among L others.
pub(crate) fn middle(tokens: usize) -> usize {
    tokens / 2
}

fn forward(x: &[f32], token: &[f32], positions: &[f32]) -> Vec<f32> {
    let row = token.len();
    let long = positions.len();
    let short = long - row;
    let at = middle(short / row) * row;
    let mut y = vec![0.0; x.len() / short.max(1) * long];
    y.par_chunks_mut(long)
        .zip(x.par_chunks(short.max(1)))
        .for_each(|(y, x)| {
            y[..at].copy_from_slice(&x[..at]);
            y[at..at + row].copy_from_slice(token);
            y[at + row..].copy_from_slice(&x[at..]);
            for (y, position) in y.iter_mut().zip(positions) {
                *y += position;
            }
        });
    y
}

/// Gradients of x, the token and the positions.
fn backward(dy: &[f32], row: usize, long: usize) -> [Vec<f32>; 3] {
    let short = long - row;
    let at = middle(short / row) * row;
    let mut dx = vec![0.0; dy.len() / long * short];
    dx.par_chunks_mut(short.max(1))
        .zip(dy.par_chunks(long))
        .for_each(|(dx, dy)| {
            dx[..at].copy_from_slice(&dy[..at]);
            dx[at..].copy_from_slice(&dy[at + row..]);
        });
    let mut d_positions = vec![0.0; long];
    for dy in dy.chunks_exact(long) {
        for (sum, dy) in d_positions.iter_mut().zip(dy) {
            *sum += dy;
        }
    }
    // The token stands in every sample at one position: its gradient is that position's.
    let d_token = d_positions[at..at + row].to_vec();
    [dx, d_token, d_positions]
}

/// y of x.
pub(crate) fn insert_class_token(xs: &Value, token: &Value, positions: &Value) -> Result<Value> {
    let (batch, tokens, row) = xs.dims3()?;
    if tokens * row == 0 || token.dims() != [1, 1, row] {
        bail!("class token {:?} among {:?}", token.dims(), xs.dims());
    }
    if positions.dims() != [1, tokens + 1, row] {
        bail!(
            "position table of {:?} for {tokens} tokens and the class token of {row} numbers: \
             the network was built for another image size",
            positions.dims()
        );
    }
    on_gpu!(xs.tensor(), on_gpu(xs, token, positions));
    let y = read2(xs.tensor(), token.tensor(), |x, token| {
        read(positions.tensor(), |positions| {
            Ok(forward(x, token, positions))
        })
    })?;
    let y = Tensor::from_vec(y, (batch, tokens + 1, row), xs.device())?;
    Ok(record([xs, token, positions], y, move |dy, _| {
        let device = dy.device();
        let [dx, d_token, d_positions] = read(dy, |dy| Ok(backward(dy, row, (tokens + 1) * row)))?;
        Ok([
            Some(Tensor::from_vec(dx, (batch, tokens, row), device)?),
            Some(Tensor::from_vec(d_token, (1, 1, row), device)?),
            Some(Tensor::from_vec(d_positions, (1, tokens + 1, row), device)?),
        ])
    }))
}

#[cfg(feature = "cuda")]
fn on_gpu(xs: &Value, token: &Value, positions: &Value) -> Result<Value> {
    use super::cuda::{Move, column_sums, insert_token, move_rows};
    let (batch, tokens, row) = xs.dims3()?;
    let at = middle(tokens);
    let y = insert_token(xs.tensor(), token.tensor(), positions.tensor(), at)?;
    Ok(record([xs, token, positions], y, move |dy, _| {
        let sizes = [tokens + 1, tokens, row];
        let shape = [batch, tokens, row];
        let dx = move_rows(Move::Without, dy, sizes, [1, tokens], at, &shape)?;
        let all = column_sums(dy, (tokens + 1) * row)?.reshape((1, tokens + 1, row))?;
        // The token stands in every sample at one position: its gradient is that position's.
        let d_token = all.narrow(1, at, 1)?;
        Ok([Some(dx), Some(d_token), Some(all)])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn class_token_closed_form() {
        let of = |shape: &[usize], numbers: &[f32]| {
            Value::constant(Tensor::from_slice(numbers, shape, &device()).unwrap())
        };
        let x = of(&[2, 3, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let token = of(&[1, 1, 1], &[9.0]);
        let positions = of(&[1, 4, 1], &[0.1, 0.2, 0.3, 0.4]);
        let y = insert_class_token(&x, &token, &positions).unwrap();
        assert_eq!(y.dims(), [2, 4, 1]);
        let y = y.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(y, [1.1, 9.2, 2.3, 3.4, 4.1, 9.2, 5.3, 6.4]);
        assert!(insert_class_token(&x, &token, &of(&[1, 3, 1], &[0.0; 3])).is_err());
    }

    #[test]
    fn class_token_gradient_finite_differences() {
        for tokens in [1, 4, 5] {
            let arguments = [
                noise(1, &[3, tokens, 2]),
                noise(2, &[1, 1, 2]),
                noise(3, &[1, tokens + 1, 2]),
            ];
            check(&arguments, |v| insert_class_token(&v[0], &v[1], &v[2]));
        }
    }
}
