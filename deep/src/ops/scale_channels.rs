//! y[n, c, i, j] = x[n, c, i, j] s[n, c]: the gate of a squeeze-and-excitation block.
//!
//! x: (N, C, H, W); s: (N, C). Backward: dx = dy s, ds = sum over the plane of dy x.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{dot, read2, tensor_like};
use crate::graph::{Value, record};

/// Planes handled by one task at least.
const LEAST_PLANES: usize = 16;

/// x with every plane multiplied by its factor.
pub(crate) fn scale_channels(xs: &Value, factors: &Value) -> Result<Value> {
    let (batch, channels, _, _) = xs.dims4()?;
    if factors.dims() != [batch, channels] {
        bail!("scale_channels of {:?} by {:?}", xs.dims(), factors.dims());
    }
    let ys = scaled(xs.tensor(), factors.tensor())?;
    let (x, s) = (xs.tensor().clone(), factors.tensor().clone());
    Ok(record([xs, factors], ys, move |dys, [x_needs, s_needs]| {
        Ok([
            x_needs.then(|| scaled(dys, &s)).transpose()?,
            s_needs.then(|| plane_products(&x, dys)).transpose()?,
        ])
    }))
}

fn scaled(xs: &Tensor, factors: &Tensor) -> Result<Tensor> {
    on_gpu!(xs, super::cuda::scale_channels(xs, factors));
    let (_, _, height, width) = xs.dims4()?;
    let data = read2(xs, factors, |x, s| Ok(scale(x, s, height * width)))?;
    tensor_like(data, xs)
}

/// Sum over each plane of x dy: (N, C).
fn plane_products(xs: &Tensor, dys: &Tensor) -> Result<Tensor> {
    on_gpu!(xs, super::cuda::plane_sums(xs, Some(dys), 1.0));
    let (batch, channels, height, width) = xs.dims4()?;
    let plane = height * width;
    let data = read2(xs, dys, |x, dy| {
        Ok(x.par_chunks(plane)
            .with_min_len(LEAST_PLANES)
            .zip(dy.par_chunks(plane))
            .map(|(x, dy)| dot(x, dy))
            .collect())
    })?;
    Tensor::from_vec(data, (batch, channels), xs.device())
}

fn scale(x: &[f32], factors: &[f32], plane: usize) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(plane)
        .with_min_len(LEAST_PLANES)
        .zip(x.par_chunks(plane).zip(factors))
        .for_each(|(y, (x, factor))| {
            for (y, x) in y.iter_mut().zip(x) {
                *y = x * factor;
            }
        });
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn scale_channels_closed_form_and_gradient() {
        let x = noise(1, &[2, 3, 4, 5]);
        let s = noise(2, &[2, 3]);
        let y = scale_channels(&Value::constant(x.clone()), &Value::constant(s.clone())).unwrap();
        let expected = x.broadcast_mul(&s.reshape((2, 3, 1, 1)).unwrap()).unwrap();
        let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(y.tensor()), values(&expected));
        check(&[x, s], |a| scale_channels(&a[0], &a[1]));
    }
}
