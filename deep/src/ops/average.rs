//! The running mean of weights: a ← d a + (1 - d) w, in place.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor};
use rayon::prelude::*;

use super::update::{CHUNK, slice_mut};

/// Moves `average` towards `weights` (both f32, of one shape, apart in memory).
#[expect(
    clippy::cast_possible_truncation,
    reason = "factors are computed in f64 and applied to f32 tensors"
)]
pub(crate) fn average(average: &Tensor, weights: &Tensor, decay: f64) -> Result<()> {
    on_gpu!(average, super::cuda::follow(average, weights, decay));
    let op = Average {
        keep: decay as f32,
        take: (1.0 - decay) as f32,
    };
    average.inplace_op2(&weights.contiguous()?, &op)
}

struct Average {
    keep: f32,
    take: f32,
}

impl InplaceOp2 for Average {
    fn name(&self) -> &'static str {
        "average"
    }

    fn cpu_fwd(
        &self,
        average: &mut CpuStorage,
        average_layout: &Layout,
        weights: &CpuStorage,
        weights_layout: &Layout,
    ) -> Result<()> {
        let weights = super::memory::slice(weights, weights_layout)?;
        let average = slice_mut(average, average_layout, self.name())?;
        average
            .par_chunks_mut(CHUNK)
            .zip(weights.par_chunks(CHUNK))
            .for_each(|(average, weights)| {
                for (a, w) in average.iter_mut().zip(weights) {
                    *a = self.keep * *a + self.take * w;
                }
            });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn average_closed_form() {
        let mean = Var::new(&[1.0_f32, -2.0], &Device::Cpu).unwrap();
        let weights = Tensor::new(&[3.0_f32, 2.0], &Device::Cpu).unwrap();
        average(&mean, &weights, 0.75).unwrap();
        assert_eq!(mean.to_vec1::<f32>().unwrap(), [1.5, -1.0]);
    }
}
