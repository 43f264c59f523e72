//! Mean over each plane: (N, C, H, W) to (N, C).

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::memory::{read, slice};

/// Mean over each plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GlobalAveragePool;

impl GlobalAveragePool {
    /// The means.
    pub(crate) fn apply(self, xs: &Tensor) -> Result<Tensor> {
        xs.contiguous()?.apply_op1(self)
    }
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

impl CustomOp1 for GlobalAveragePool {
    fn name(&self) -> &'static str {
        "global_average_pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, height, width) = layout.shape().dims4()?;
        let plane = height * width;
        let x = slice(x, layout, self.name())?;
        let y = x
            .par_chunks(plane)
            .with_min_len(64)
            .map(|x| sum(x) / plane as f32)
            .collect();
        Ok((CpuStorage::F32(y), (batch, channels).into()))
    }

    fn bwd(&self, xs: &Tensor, _ys: &Tensor, ys_gradient: &Tensor) -> Result<Option<Tensor>> {
        let (_, _, height, width) = xs.dims4()?;
        let plane = height * width;
        let data = read(ys_gradient, |dy| {
            let mut dx = vec![0.0; dy.len() * plane];
            dx.par_chunks_mut(plane)
                .with_min_len(64)
                .zip(dy)
                .for_each(|(dx, dy)| dx.fill(dy / plane as f32));
            Ok(dx)
        })?;
        Tensor::from_vec(data, xs.shape(), xs.device()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn average_pool_closed_form_and_gradient() {
        let x = Tensor::arange(0.0_f32, 12.0, &candle_core::Device::Cpu).unwrap();
        let x = x.reshape((1, 2, 2, 3)).unwrap();
        let y = GlobalAveragePool.apply(&x).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[2.5, 8.5]]);
        let x = noise(4, &[2, 3, 5, 7]);
        check(&[x], |a| GlobalAveragePool.apply(&a[0]));
    }
}
