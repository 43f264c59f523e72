//! Cross-entropy in one launch, its gradient included.

use candle_core::{DType, Result, Tensor, bail};

use super::launch::{Arg, Gpu, Grid, Source};
use super::letter;

/// Mean cross-entropy of logits (N, K) against class indices, and its gradient (N, K) in f32. Weights per
/// class and label smoothing as in PyTorch's `cross_entropy`.
pub(crate) fn cross_entropy(
    logits: &Tensor,
    labels: &[usize],
    weights: Option<&[f32]>,
    smoothing: f64,
) -> Result<(Tensor, Tensor)> {
    let (rows, classes) = logits.dims2()?;
    if labels.len() != rows || labels.iter().any(|label| *label >= classes) {
        bail!("cross-entropy: labels {labels:?} for {rows} rows of {classes} classes");
    }
    if weights.is_some_and(|w| w.len() != classes) {
        bail!("cross-entropy: weights {weights:?} for {classes} classes");
    }
    let gpu = Gpu::of(logits.device())?;
    let labels = labels
        .iter()
        .map(|label| u32::try_from(*label).map_err(candle_core::Error::wrap))
        .collect::<Result<Vec<u32>>>()?;
    let labels = Tensor::from_vec(labels, rows, logits.device())?;
    let weights = weights
        .map(|w| Tensor::from_slice(w, classes, logits.device()))
        .transpose()?;
    let loss = gpu.empty((), DType::F32)?;
    let gradient = gpu.empty((rows, classes), DType::F32)?;
    #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
    let args = [
        Arg::Of(logits),
        Arg::Of(&labels),
        Arg::Maybe(weights.as_ref()),
        Arg::Float(smoothing as f32),
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
