//! y[n, c, i, j] = x[n, c, i, j] s[n, c]: the gate of a squeeze-and-excitation block.
//!
//! x: (N, C, H, W); s: (N, C). Backward: dx = dy s, ds = sum over the plane of dy x.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::memory::{dot, read2, slice, tensor_like};

/// Planes handled by one task at least.
const LEAST_PLANES: usize = 16;

/// A factor per plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScaleChannels;

impl ScaleChannels {
    /// x with every plane multiplied by its factor.
    pub(crate) fn apply(self, xs: &Tensor, factors: &Tensor) -> Result<Tensor> {
        xs.contiguous()?.apply_op2(&factors.contiguous()?, self)
    }
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

impl CustomOp2 for ScaleChannels {
    fn name(&self) -> &'static str {
        "scale_channels"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        factors: &CpuStorage,
        factors_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, height, width) = x_layout.shape().dims4()?;
        if factors_layout.shape().dims() != [batch, channels] {
            bail!("scale_channels of {x_layout:?} by {factors_layout:?}");
        }
        let x = slice(x, x_layout, self.name())?;
        let factors = slice(factors, factors_layout, self.name())?;
        let y = scale(x, factors, height * width);
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        xs: &Tensor,
        factors: &Tensor,
        _ys: &Tensor,
        ys_gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, _, height, width) = xs.dims4()?;
        let plane = height * width;
        let dx = read2(ys_gradient, factors, |dy, f| Ok(scale(dy, f, plane)))?;
        let ds = read2(xs, ys_gradient, |x, dy| {
            Ok(x.par_chunks(plane)
                .with_min_len(LEAST_PLANES)
                .zip(dy.par_chunks(plane))
                .map(|(x, dy)| dot(x, dy))
                .collect())
        })?;
        Ok((Some(tensor_like(dx, xs)?), Some(tensor_like(ds, factors)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn scale_channels_closed_form_and_gradient() {
        let x = noise(1, &[2, 3, 4, 5]);
        let s = noise(2, &[2, 3]);
        let y = ScaleChannels.apply(&x, &s).unwrap();
        let expected = x.broadcast_mul(&s.reshape((2, 3, 1, 1)).unwrap()).unwrap();
        let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(&y), values(&expected));
        check(&[x, s], |a| ScaleChannels.apply(&a[0], &a[1]));
    }
}
