//! y = max(a + b, 0): the end of a residual block in one pass. a, b, y of one shape.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read2, slice, tensor_like};

/// Numbers handled by one task.
const CHUNK: usize = 32 * 1024;

/// Sum and rectifier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddRelu;

impl AddRelu {
    /// max(a + b, 0).
    pub(crate) fn apply(self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        a.contiguous()?.apply_op2(&b.contiguous()?, self)
    }
}

impl CustomOp2 for AddRelu {
    fn name(&self) -> &'static str {
        "add_relu"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        if a_layout.shape() != b_layout.shape() {
            bail!("add_relu of {:?} and {:?}", a_layout, b_layout);
        }
        let a = slice(a, a_layout, self.name())?;
        let b = slice(b, b_layout, self.name())?;
        let mut y = vec![0.0; a.len()];
        y.par_chunks_mut(CHUNK)
            .zip(a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)))
            .for_each(|(y, (a, b))| {
                for (y, (a, b)) in y.iter_mut().zip(a.iter().zip(b)) {
                    let sum = a + b;
                    // Not `max`: a NaN must stay visible.
                    *y = if sum < 0.0 { 0.0 } else { sum };
                }
            });
        Ok((CpuStorage::F32(y), a_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _a: &Tensor,
        _b: &Tensor,
        ys: &Tensor,
        ys_gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let data = read2(ys, ys_gradient, |y, dy| {
            let mut gradient = vec![0.0; y.len()];
            gradient
                .par_chunks_mut(CHUNK)
                .zip(y.par_chunks(CHUNK).zip(dy.par_chunks(CHUNK)))
                .for_each(|(g, (y, dy))| {
                    for (g, (y, dy)) in g.iter_mut().zip(y.iter().zip(dy)) {
                        *g = if *y > 0.0 { *dy } else { 0.0 };
                    }
                });
            Ok(gradient)
        })?;
        let gradient = tensor_like(data, ys)?;
        Ok((Some(gradient.clone()), Some(gradient)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise_off_zero};

    #[test]
    fn add_relu_gradient_finite_differences() {
        let a = noise_off_zero(1, &[3, 40]);
        // b has a's sign, so the sum stays off the kink as well.
        let b = a.affine(0.5, 0.0).unwrap();
        check(&[a, b], |t| AddRelu.apply(&t[0], &t[1]));
    }
}
