//! Cross-entropy in one launch, its gradient included.

use candle_core::{DType, Result, Tensor, bail};

use super::launch::{Arg, Gpu, Grid, Source};
use super::letter;

/// Cross-entropy of logits (N, K), and its gradient (N, K) in f32: the sum of `factors` (N, K) times
/// (1 - p)^`focal` (-log p), over `divisor`.
pub(crate) fn cross_entropy(
    logits: &Tensor,
    factors: &[f32],
    focal: f64,
    divisor: f64,
) -> Result<(Tensor, Tensor)> {
    let (rows, classes) = logits.dims2()?;
    if factors.len() != rows * classes {
        bail!(
            "cross-entropy: {} factors for {rows} rows of {classes} classes",
            factors.len()
        );
    }
    let gpu = Gpu::of(logits.device())?;
    let factors = Tensor::from_slice(factors, (rows, classes), logits.device())?;
    let loss = gpu.empty((), DType::F32)?;
    let gradient = gpu.empty((rows, classes), DType::F32)?;
    #[expect(clippy::cast_possible_truncation, reason = "kernels take f32")]
    let args = [
        Arg::Of(logits),
        Arg::Of(&factors),
        Arg::Float(focal as f32),
        Arg::Float(divisor as f32),
        Arg::Int(rows),
        Arg::Int(classes),
        Arg::Of(&loss),
        Arg::Of(&gradient),
    ];
    let name = format!("cross_entropy_{}", letter(logits.dtype())?);
    gpu.launch(Source::Rows, &name, Grid::blocks(1), &args)?;
    Ok((loss, gradient))
}

/// f32 numbers times a number on the device, as `dtype`.
pub(crate) fn times(xs: &Tensor, factor: &Tensor, dtype: DType) -> Result<Tensor> {
    if xs.dtype() != DType::F32 || factor.dtype() != DType::F32 {
        bail!(
            "{:?} times {:?}: both must be f32",
            xs.dtype(),
            factor.dtype()
        );
    }
    let gpu = Gpu::of(xs.device())?;
    let out = gpu.empty(xs.shape(), dtype)?;
    let n = xs.elem_count();
    let args = [Arg::Of(xs), Arg::Of(factor), Arg::Of(&out), Arg::Long(n)];
    let name = format!("times_{}", letter(dtype)?);
    gpu.launch(Source::Rows, &name, Grid::over(n), &args)?;
    Ok(out)
}
