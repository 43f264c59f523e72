//! Mean over each plane: (N, C, H, W) to (N, C).

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

/// The mean over each plane.
pub(crate) fn global_average_pool(xs: &Value) -> Result<Value> {
    let (_, _, height, width) = xs.dims4()?;
    let ys = means(xs.tensor())?;
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(spread(dys, height, width)?)])
    }))
}

/// Planes handled by one task at least.
const LEAST_PLANES: usize = 64;

fn means(xs: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = xs.dims4()?;
    on_gpu!(
        xs,
        super::cuda::plane_sums(xs, None, 1.0 / (height * width) as f64)
    );
    let plane = height * width;
    let data = read(xs, |x| {
        Ok(x.par_chunks(plane)
            .with_min_len(LEAST_PLANES)
            .map(|x| sum(x) / plane as f32)
            .collect())
    })?;
    Tensor::from_vec(data, (batch, channels), xs.device())
}

/// A plane of dy / (H W) for every dy.
fn spread(dys: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (batch, channels) = dys.dims2()?;
    on_gpu!(
        dys,
        super::cuda::spread_means(dys, &[batch, channels, height, width])
    );
    let plane = height * width;
    let data = read(dys, |dy| {
        let mut dx = vec![0.0; dy.len() * plane];
        dx.par_chunks_mut(plane)
            .with_min_len(LEAST_PLANES)
            .zip(dy)
            .for_each(|(dx, dy)| dx.fill(dy / plane as f32));
        Ok(dx)
    })?;
    Tensor::from_vec(data, (batch, channels, height, width), dys.device())
}

/// Sum in 16 running sums.
fn sum(x: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    for chunk in x.chunks(LANES) {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn average_pool_closed_form_and_gradient() {
        let x = Tensor::arange(0.0_f32, 12.0, &candle_core::Device::Cpu).unwrap();
        let x = x.reshape((1, 2, 2, 3)).unwrap();
        let y = global_average_pool(&Value::constant(x)).unwrap();
        assert_eq!(y.tensor().to_vec2::<f32>().unwrap(), [[2.5, 8.5]]);
        let x = noise(4, &[2, 3, 5, 7]);
        check(&[x], |a| global_average_pool(&a[0]));
    }
}
