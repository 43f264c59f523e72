//! Normalisations and softmax along rows.

use candle_core::{DType, Result, Tensor, bail};

use super::batch_norm::column_totals;
use super::launch::{Arg, Gpu, Grid, Source, THREADS};
use super::suffix;

/// A warp a row.
fn grid(rows: usize) -> Grid {
    Grid::blocks(rows.div_ceil(THREADS / 32))
}

/// What the forward pass leaves for the way back: μ (layer norm only) and 1 / σ per row.
pub(crate) struct RowStatistics {
    mean: Option<Tensor>,
    inverse: Tensor,
}

/// Which normalisation of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowNorm {
    /// Mean taken away, divided by the deviation.
    Layer,
    /// Divided by the root of the mean square.
    Rms,
}

fn rows_of(xs: &Tensor, columns: usize, parameters: &[&Tensor]) -> Result<usize> {
    let fits = parameters
        .iter()
        .all(|p| p.elem_count() == columns && p.dtype() == DType::F32);
    if columns == 0 || !xs.elem_count().is_multiple_of(columns) || !fits {
        bail!("a norm over {columns} columns of {:?}", xs.shape());
    }
    Ok(xs.elem_count() / columns)
}

/// Rows of what lies as (M, C) normalised, times a weight, plus a bias.
pub(crate) fn row_norm(
    kind: RowNorm,
    xs: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    epsilon: f64,
) -> Result<(Tensor, RowStatistics)> {
    let columns = weight.elem_count();
    let mut parameters = vec![weight];
    parameters.extend(bias);
    let rows = rows_of(xs, columns, &parameters)?;
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty(xs.shape(), xs.dtype())?;
    let mean = match kind {
        RowNorm::Layer => Some(gpu.empty(rows, DType::F32)?),
        RowNorm::Rms => None,
    };
    let inverse = gpu.empty(rows, DType::F32)?;
    #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
    let args = [
        Arg::Of(xs),
        Arg::Of(weight),
        Arg::Maybe(bias),
        Arg::Of(&ys),
        Arg::Maybe(mean.as_ref()),
        Arg::Of(&inverse),
        Arg::Long(rows),
        Arg::Int(columns),
        Arg::Float(epsilon as f32),
    ];
    let name = format!("row_norm_{}", suffix(&[xs, &ys], columns)?);
    gpu.launch(Source::Rows, &name, grid(rows), &args)?;
    Ok((ys, RowStatistics { mean, inverse }))
}

/// Gradients of x, weight and bias; the last two in f32.
pub(crate) fn row_norm_back(
    xs: &Tensor,
    dys: &Tensor,
    weight: &Tensor,
    found: &RowStatistics,
) -> Result<[Tensor; 3]> {
    let columns = weight.elem_count();
    let rows = rows_of(xs, columns, &[weight])?;
    let gpu = Gpu::of(xs.device())?;
    let dxs = gpu.empty(xs.shape(), xs.dtype())?;
    let args = [
        Arg::Of(xs),
        Arg::Of(dys),
        Arg::Of(weight),
        Arg::Maybe(found.mean.as_ref()),
        Arg::Of(&found.inverse),
        Arg::Of(&dxs),
        Arg::Long(rows),
        Arg::Int(columns),
    ];
    let name = format!("row_norm_back_{}", suffix(&[xs, dys, &dxs], columns)?);
    gpu.launch(Source::Rows, &name, grid(rows), &args)?;
    let inputs = [
        Arg::Of(xs),
        Arg::Of(dys),
        Arg::Maybe(found.mean.as_ref()),
        Arg::Of(&found.inverse),
    ];
    let totals = column_totals(("row_norm_sums", 2), &inputs, &[xs, dys], rows, columns)?;
    let d_bias = totals.narrow(0, 0, 1)?.reshape(columns)?;
    let d_weight = totals.narrow(0, 1, 1)?.reshape(columns)?;
    Ok([dxs, d_weight, d_bias])
}

/// softmax(factor x) over the last axis of `columns`.
pub(crate) fn softmax(xs: &Tensor, columns: usize, factor: f64) -> Result<Tensor> {
    let rows = rows_of(xs, columns, &[])?;
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty(xs.shape(), xs.dtype())?;
    #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
    let args = [
        Arg::Of(xs),
        Arg::Of(&ys),
        Arg::Long(rows),
        Arg::Int(columns),
        Arg::Float(factor as f32),
    ];
    let name = format!("softmax_{}", suffix(&[xs, &ys], columns)?);
    gpu.launch(Source::Rows, &name, grid(rows), &args)?;
    Ok(ys)
}

/// The gradient of x from the result.
pub(crate) fn softmax_back(
    ys: &Tensor,
    dys: &Tensor,
    columns: usize,
    factor: f64,
) -> Result<Tensor> {
    let rows = rows_of(ys, columns, &[])?;
    let gpu = Gpu::of(ys.device())?;
    let dxs = gpu.empty(ys.shape(), ys.dtype())?;
    #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
    let args = [
        Arg::Of(ys),
        Arg::Of(dys),
        Arg::Of(&dxs),
        Arg::Long(rows),
        Arg::Int(columns),
        Arg::Float(factor as f32),
    ];
    let name = format!("softmax_back_{}", suffix(&[ys, dys, &dxs], columns)?);
    gpu.launch(Source::Rows, &name, grid(rows), &args)?;
    Ok(dxs)
}
