//! Two halves of the channels interleaved, and a shortcut added: the end of a MedMamba block. A channel
//! shuffle of two groups (X. Zhang et al., *ShuffleNet*, arXiv 1707.01083).
//!
//! left, right: (..., C); shortcut, y: (..., 2 C): y[2 i] = left[i] + shortcut[2 i],
//! y[2 i + 1] = right[i] + shortcut[2 i + 1].

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read, read2};
use crate::graph::{Value, record};

/// Numbers of a half handled by one task.
const CHUNK: usize = 16 * 1024;

fn forward(left: &[f32], right: &[f32], shortcut: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; shortcut.len()];
    y.par_chunks_mut(2 * CHUNK)
        .zip(shortcut.par_chunks(2 * CHUNK))
        .zip(left.par_chunks(CHUNK).zip(right.par_chunks(CHUNK)))
        .for_each(|((y, shortcut), (left, right))| {
            let pairs = y.chunks_exact_mut(2).zip(shortcut.chunks_exact(2));
            for ((y, shortcut), (left, right)) in pairs.zip(left.iter().zip(right)) {
                y[0] = left + shortcut[0];
                y[1] = right + shortcut[1];
            }
        });
    y
}

/// Every second number, from the first or the second on.
fn every_second(dy: &[f32], from: usize) -> Vec<f32> {
    let mut half = vec![0.0; dy.len() / 2];
    half.par_chunks_mut(CHUNK)
        .zip(dy.par_chunks(2 * CHUNK))
        .for_each(|(half, dy)| {
            for (half, pair) in half.iter_mut().zip(dy.chunks_exact(2)) {
                *half = pair[from];
            }
        });
    half
}

/// y of both halves and the shortcut.
pub(crate) fn shuffle_add(left: &Value, right: &Value, shortcut: &Value) -> Result<Value> {
    let fits = left.dims() == right.dims()
        && left.dims().len() == shortcut.dims().len()
        && left
            .dims()
            .split_last()
            .zip(shortcut.dims().split_last())
            .is_some_and(|((half, before), (whole, others))| {
                2 * half == *whole && before == others
            });
    if !fits {
        bail!(
            "halves {:?} and {:?} of {:?}",
            left.dims(),
            right.dims(),
            shortcut.dims()
        );
    }
    on_gpu!(left.tensor(), {
        let y = super::cuda::shuffle_add(left.tensor(), right.tensor(), shortcut.tensor())?;
        let shape = left.dims().to_vec();
        Ok(record([left, right, shortcut], y, move |dy, _| {
            let [left, right] = super::cuda::shuffle_back(dy, &shape)?;
            Ok([Some(left), Some(right), Some(dy.clone())])
        }))
    });
    let y = read2(left.tensor(), right.tensor(), |left, right| {
        read(shortcut.tensor(), |shortcut| {
            Ok(forward(left, right, shortcut))
        })
    })?;
    let y = Tensor::from_vec(y, shortcut.dims(), shortcut.device())?;
    let shape = left.dims().to_vec();
    Ok(record([left, right, shortcut], y, move |dy, needs| {
        let half = |from: usize| {
            let data = read(dy, |dy| Ok(every_second(dy, from)))?;
            Tensor::from_vec(data, shape.as_slice(), dy.device())
        };
        Ok([
            needs[0].then(|| half(0)).transpose()?,
            needs[1].then(|| half(1)).transpose()?,
            Some(dy.clone()),
        ])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn shuffle_closed_form() {
        let of = |numbers: &[f32]| Value::constant(Tensor::new(numbers, &device()).unwrap());
        let (left, right) = (of(&[1.0, 2.0]), of(&[3.0, 4.0]));
        let y = shuffle_add(&left, &right, &of(&[10.0, 20.0, 30.0, 40.0])).unwrap();
        assert_eq!(
            y.tensor().to_vec1::<f32>().unwrap(),
            [11.0, 23.0, 32.0, 44.0]
        );
        assert!(shuffle_add(&left, &right, &right).is_err());
    }

    #[test]
    fn shuffle_gradient_finite_differences() {
        let arguments = [
            noise(1, &[2, 5, 3]),
            noise(2, &[2, 5, 3]),
            noise(3, &[2, 5, 6]),
        ];
        check(&arguments, |v| shuffle_add(&v[0], &v[1], &v[2]));
    }
}
