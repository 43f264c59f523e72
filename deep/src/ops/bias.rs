//! The bias of a convolution: y[n, c, i, j] = x[n, c, i, j] + b[c]. x: (N, C, H, W); b: (C).
//!
//! Parts of [`super::convolution`] and [`super::general_convolution`].

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::memory::read;
use super::vectors::{sum1, vectorised};

/// Adds a number to each channel of planes of `plane` numbers, before they become a tensor.
pub(super) fn add_in_place(planes: &mut [f32], bias: &[f32], plane: usize) {
    planes
        .par_chunks_mut(plane)
        .enumerate()
        .for_each(|(at, planes)| {
            let bias = bias[at % bias.len()];
            for number in planes {
                *number += bias;
            }
        });
}

/// The sum over samples, in order, and pixels of each channel: the gradient of a bias.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
pub(super) fn channel_sums(dys: &Tensor) -> Result<Tensor> {
    let (_, channels, height, width) = dys.dims4()?;
    on_gpu!(dys, super::cuda::column_sums(dys, channels));
    let plane = height * width;
    let data = read(dys, |dy| {
        Ok((0..channels)
            .into_par_iter()
            .map(|c| {
                let planes = dy.chunks_exact(plane).skip(c).step_by(channels);
                let sum = |p: &[f32]| {
                    vectorised(
                        #[inline(always)]
                        || sum1(p, |p| p),
                    )
                };
                planes.map(|p| f64::from(sum(p))).sum::<f64>() as f32
            })
            .collect())
    })?;
    Tensor::from_vec(data, channels, dys.device())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::noise;

    #[test]
    fn bias_and_its_gradient_closed_form() {
        let x = noise(1, &[2, 3, 4, 5]);
        let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let mut found = numbers(&x);
        add_in_place(&mut found, &[0.5, -1.0, 2.0], 20);
        let bias = Tensor::new(&[0.5_f32, -1.0, 2.0], x.device()).unwrap();
        let expected = x
            .broadcast_add(&bias.reshape((1, 3, 1, 1)).unwrap())
            .unwrap();
        assert_eq!(found, numbers(&expected));
        let sums = numbers(&channel_sums(&x).unwrap());
        let expected = numbers(&x.sum((0, 2, 3)).unwrap());
        for (found, expected) in sums.iter().zip(&expected) {
            // Forty numbers below one, added in another order.
            assert!((found - expected).abs() < 5e-6);
        }
    }
}
