//! Matrix products with weights (O, I): fully connected layers and 1 x 1 convolutions.

use candle_core::{DType, Result, Shape, Tensor, bail};

use super::batch_norm::column_sums;
use super::launch::Gpu;
use super::pointwise::{Function, add_bias, cast};
use super::product::{Gemm, Side};

/// Rows M, inputs I and outputs O of x (…, I) and w (O, I).
fn sizes(xs: &Tensor, weight: &Tensor, inputs: usize) -> Result<(usize, usize)> {
    let outputs = weight.dims()[0];
    if weight.elem_count() != outputs * inputs || !xs.elem_count().is_multiple_of(inputs.max(1)) {
        bail!(
            "linear: weight {:?} for input {:?}",
            weight.shape(),
            xs.shape()
        );
    }
    if xs.dtype() != weight.dtype() {
        bail!(
            "linear: weight of {:?} for input of {:?}",
            weight.dtype(),
            xs.dtype()
        );
    }
    Ok((xs.elem_count() / inputs, outputs))
}

/// x wᵀ + b over what lies as (M, I), as a tensor of `shape`.
pub(crate) fn linear(
    xs: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    inputs: usize,
    shape: impl Into<Shape>,
) -> Result<Tensor> {
    let (rows, outputs) = sizes(xs, weight, inputs)?;
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty(shape, xs.dtype())?;
    if ys.elem_count() != rows * outputs {
        bail!("linear: {rows} x {outputs} results as {:?}", ys.shape());
    }
    let product = Gemm::packed([rows, inputs, outputs], Side::AsIs, Side::Turned);
    gpu.gemm(&product, xs, weight, &ys)?;
    match bias {
        None => Ok(ys),
        Some(bias) => add_bias(&ys, bias, Function::Identity),
    }
}

/// Gradients of x, w and b (f32), where needed.
pub(crate) fn linear_back(
    xs: &Tensor,
    weight: &Tensor,
    dys: &Tensor,
    inputs: usize,
    [need_input, need_weight, need_bias]: [bool; 3],
) -> Result<[Option<Tensor>; 3]> {
    let (rows, outputs) = sizes(xs, weight, inputs)?;
    let gpu = Gpu::of(xs.device())?;
    if dys.elem_count() != rows * outputs || dys.dtype() != xs.dtype() {
        bail!("linear: gradient {:?} for {rows} x {outputs}", dys.shape());
    }
    let input = need_input
        .then(|| {
            let dxs = gpu.empty(xs.shape(), xs.dtype())?;
            let product = Gemm::packed([rows, outputs, inputs], Side::AsIs, Side::AsIs);
            gpu.gemm(&product, dys, weight, &dxs)?;
            Ok::<_, candle_core::Error>(dxs)
        })
        .transpose()?;
    let weight = need_weight
        .then(|| {
            let dw = gpu.empty(weight.shape(), weight.dtype())?;
            let product = Gemm::packed([outputs, rows, inputs], Side::Turned, Side::AsIs);
            gpu.gemm(&product, dys, xs, &dw)?;
            Ok::<_, candle_core::Error>(dw)
        })
        .transpose()?;
    let bias = need_bias
        .then(|| cast(&column_sums(dys, outputs)?, DType::F32))
        .transpose()?;
    Ok([input, weight, bias])
}

/// One matrix (rows, inner), or its transpose where turned, times each of `batch` packed matrices (inner,
/// columns), as a tensor of `shape`.
pub(crate) fn mix(
    matrix: &[f32],
    turn: Turn,
    xs: &Tensor,
    [batch, rows, inner, columns]: [usize; 4],
    shape: impl Into<Shape>,
) -> Result<Tensor> {
    if matrix.len() != rows * inner || xs.elem_count() != batch * inner * columns {
        bail!("{rows} x {inner} numbers times {batch} of {:?}", xs.shape());
    }
    let gpu = Gpu::of(xs.device())?;
    let matrix = Tensor::from_slice(matrix, matrix.len(), xs.device())?;
    let matrix = cast(&matrix, xs.dtype())?;
    let ys = gpu.empty(shape, xs.dtype())?;
    let side = match turn {
        Turn::No => Side::AsIs,
        Turn::Yes => Side::Turned,
    };
    let product = Gemm {
        a_batch: 0,
        ..Gemm::packed([rows, inner, columns], side, Side::AsIs).batched(batch)
    };
    gpu.gemm(&product, &matrix, xs, &ys)?;
    Ok(ys)
}

/// A factor of a batch of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    No,
    Yes,
}

/// A B for batches of packed matrices, A (B, rows, inner) and B (B, inner, columns) as they lie or
/// turned, to (B, rows, columns) of `shape`.
pub(crate) fn products(
    [a, b]: [&Tensor; 2],
    [a_turn, b_turn]: [Turn; 2],
    [batch, rows, inner, columns]: [usize; 4],
    shape: impl Into<Shape>,
) -> Result<Tensor> {
    if a.elem_count() != batch * rows * inner
        || b.elem_count() != batch * inner * columns
        || a.dtype() != b.dtype()
    {
        bail!(
            "{batch} products {rows} x {inner} x {columns} of {:?} and {:?}",
            a.shape(),
            b.shape()
        );
    }
    let side = |turn| match turn {
        Turn::No => Side::AsIs,
        Turn::Yes => Side::Turned,
    };
    let gpu = Gpu::of(a.device())?;
    let c = gpu.empty(shape, a.dtype())?;
    let gemm = Gemm::packed([rows, inner, columns], side(a_turn), side(b_turn)).batched(batch);
    gpu.gemm(&gemm, a, b, &c)?;
    Ok(c)
}
