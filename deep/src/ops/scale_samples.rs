//! Each sample times its own number: y[n, …] = f[n] x[n, …]; f is no variable.
//!
//! Stochastic depth by itself; [`super::residual`] has it in one pass with the shortcut.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read, tensor_like};
use crate::graph::{Value, record};

fn scale(x: &[f32], factors: &[f32]) -> Vec<f32> {
    let len = x.len() / factors.len();
    let mut y = vec![0.0; x.len()];
    if len == 0 {
        return y;
    }
    y.par_chunks_mut(len)
        .zip(x.par_chunks(len).zip(factors))
        .for_each(|(y, (x, factor))| {
            for (y, x) in y.iter_mut().zip(x) {
                *y = factor * x;
            }
        });
    y
}

fn scaled(xs: &Tensor, factors: &[f32]) -> Result<Tensor> {
    on_gpu!(xs, {
        let factors = Tensor::from_slice(factors, factors.len(), xs.device())?;
        super::cuda::scale_samples(xs, &factors)
    });
    let data = read(xs, |x| Ok(scale(x, factors)))?;
    tensor_like(data, xs)
}

/// `xs` with every sample multiplied by its factor.
///
/// # Errors
/// When there is not one factor per sample.
pub(crate) fn scale_samples(xs: &Value, factors: Vec<f32>) -> Result<Value> {
    if xs.dims().first() != Some(&factors.len()) || factors.is_empty() {
        bail!("{} factors for samples of {:?}", factors.len(), xs.dims());
    }
    let ys = scaled(xs.tensor(), &factors)?;
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(scaled(dys, &factors)?)])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn scale_samples_closed_form_and_gradient() {
        let x = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &device()).unwrap();
        let y = scale_samples(&Value::constant(x.clone()), vec![0.0, 1.25]).unwrap();
        assert_eq!(
            y.tensor().to_vec2::<f32>().unwrap(),
            [[0.0, 0.0], [3.75, 5.0]]
        );
        assert!(scale_samples(&Value::constant(x), vec![1.0]).is_err());
        check(&[noise(1, &[3, 4, 2, 5])], |v| {
            scale_samples(&v[0], vec![0.5, 0.0, 2.0])
        });
    }
}
