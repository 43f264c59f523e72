//! Batch normalisation with its activation, and sums down columns.

use candle_core::{DType, Result, Tensor, bail};

use super::launch::{Arg, Gpu, Grid, Source};
use super::pointwise::Function;
use super::suffix;

/// Threads of a block over columns, as `kernels/columns.cu` counts on.
const THREADS: usize = 256;
/// Blocks wanted in all, some per multiprocessor of any present device.
const WANTED: usize = 1056;
/// Most chunks of rows: one thread adds them up in the end.
const MOST_CHUNKS: usize = 256;

/// How a matrix (rows, columns) is laid over blocks.
pub(super) struct Columns {
    pub(super) grid: Grid,
    pub(super) chunks: usize,
}

impl Columns {
    /// For packs of `width` columns.
    pub(super) fn of(rows: usize, columns: usize, width: usize) -> Self {
        let packs = columns.div_ceil(width);
        let lanes = packs.next_power_of_two().min(32);
        let lines = THREADS / lanes;
        let across = packs.div_ceil(lanes);
        let chunks = rows
            .div_ceil(lines)
            .min((WANTED / across).clamp(1, MOST_CHUNKS))
            .max(1);
        Self {
            grid: Grid {
                blocks: [across, chunks, 1],
                threads: [lanes, lines],
            },
            chunks,
        }
    }
}

pub(super) fn width(end: &str) -> usize {
    if end.ends_with('8') { 8 } else { 1 }
}

/// Sums of `quantities` down the columns of (rows, columns): the kernel `name` writes the chunks' parts.
pub(super) fn column_totals(
    source: (&str, usize),
    inputs: &[Arg<'_>],
    packed: &[&Tensor],
    rows: usize,
    columns: usize,
) -> Result<Tensor> {
    let (name, quantities) = source;
    let gpu = Gpu::of(packed[0].device())?;
    let end = suffix(packed, columns)?;
    let plan = Columns::of(rows, columns, width(end));
    let partial = gpu.empty((plan.chunks, quantities, columns), DType::F32)?;
    let total = gpu.empty((quantities, columns), DType::F32)?;
    let mut args = inputs.to_vec();
    args.extend([Arg::Of(&partial), Arg::Long(rows), Arg::Int(columns)]);
    gpu.launch(Source::Columns, &format!("{name}_{end}"), plan.grid, &args)?;
    let args = [
        Arg::Of(&partial),
        Arg::Int(plan.chunks),
        Arg::Int(quantities),
        Arg::Int(columns),
        Arg::Of(&total),
    ];
    let grid = Grid::exactly(quantities * columns);
    gpu.launch(Source::Columns, "column_finish", grid, &args)?;
    Ok(total)
}

/// Sums down the columns of what lies as (rows, columns), in f32.
pub(crate) fn column_sums(dys: &Tensor, columns: usize) -> Result<Tensor> {
    let rows = dys.elem_count() / columns;
    column_totals(("column_sums", 1), &[Arg::Of(dys)], &[dys], rows, columns)?.reshape(columns)
}

/// Sums of a b down the columns of what lies as (rows, columns), in f32.
pub(crate) fn column_products(a: &Tensor, b: &Tensor, columns: usize) -> Result<Tensor> {
    let rows = a.elem_count() / columns;
    if a.elem_count() != b.elem_count() {
        bail!("column products: {:?} and {:?}", a.shape(), b.shape());
    }
    let inputs = [Arg::Of(a), Arg::Of(b)];
    column_totals(("column_products", 1), &inputs, &[a, b], rows, columns)?.reshape(columns)
}

/// What the forward pass of a training step leaves for the way back: μ and 1 / sqrt(σ² + ε) per channel.
pub(crate) struct Found {
    mean: Tensor,
    inverse: Tensor,
}

/// Channels and values per channel of (N, C, H, W) or (N, C).
fn sizes(xs: &Tensor) -> Result<(usize, usize)> {
    match *xs.dims() {
        [n, c] => Ok((c, n)),
        [n, c, height, width] => Ok((c, n * height * width)),
        _ => bail!("batch norm: input of shape {:?}", xs.shape()),
    }
}

fn check(parameters: &[&Tensor], channels: usize) -> Result<()> {
    for p in parameters {
        if p.elem_count() != channels || p.dtype() != DType::F32 {
            bail!(
                "batch norm: {:?} {:?} for {channels} channels",
                p.shape(),
                p.dtype()
            );
        }
    }
    Ok(())
}

/// f(normalised by the batch); moves the running statistics (mean, variance) where given.
pub(crate) fn train_batch_norm(
    xs: &Tensor,
    [weight, bias]: [&Tensor; 2],
    running: Option<[&Tensor; 2]>,
    [epsilon, momentum]: [f64; 2],
    function: Function,
) -> Result<(Tensor, Found)> {
    let (channels, count) = sizes(xs)?;
    if count < 2 {
        bail!("batch norm: one value per channel has no variance; use batches of two or more");
    }
    check(&[weight, bias], channels)?;
    if let Some(running) = &running {
        check(running, channels)?;
    }
    let gpu = Gpu::of(xs.device())?;
    let end = suffix(&[xs], channels)?;
    let plan = Columns::of(count, channels, width(end));
    let partial = gpu.empty((plan.chunks, 2, channels), DType::F32)?;
    let mean = gpu.empty(channels, DType::F32)?;
    let inverse = gpu.empty(channels, DType::F32)?;
    let args = [
        Arg::Of(xs),
        Arg::Of(&partial),
        Arg::Long(count),
        Arg::Int(channels),
    ];
    gpu.launch(Source::Columns, &format!("moments_{end}"), plan.grid, &args)?;
    #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
    let args = [
        Arg::Of(xs),
        Arg::Of(&partial),
        Arg::Int(plan.chunks),
        Arg::Long(count),
        Arg::Int(channels),
        Arg::Float(epsilon as f32),
        Arg::Float(momentum as f32),
        Arg::Of(&mean),
        Arg::Of(&inverse),
        Arg::Maybe(running.map(|r| r[0])),
        Arg::Maybe(running.map(|r| r[1])),
    ];
    let name = format!("statistics_{}", &end[..1]);
    gpu.launch(Source::Columns, &name, Grid::exactly(channels), &args)?;
    let ys = normalise(&gpu, xs, [&mean, &inverse, weight, bias], function)?;
    Ok((ys, Found { mean, inverse }))
}

fn normalise(
    gpu: &Gpu,
    xs: &Tensor,
    [mean, inverse, weight, bias]: [&Tensor; 4],
    function: Function,
) -> Result<Tensor> {
    let (channels, count) = sizes(xs)?;
    let end = suffix(&[xs], channels)?;
    let plan = Columns::of(count, channels, width(end));
    let ys = gpu.empty(xs.shape(), xs.dtype())?;
    let args = [
        Arg::Of(xs),
        Arg::Of(mean),
        Arg::Of(inverse),
        Arg::Of(weight),
        Arg::Of(bias),
        Arg::Of(&ys),
        Arg::Long(count),
        Arg::Int(channels),
        Arg::Int(function as usize),
    ];
    gpu.launch(
        Source::Columns,
        &format!("normalise_{end}"),
        plan.grid,
        &args,
    )?;
    Ok(ys)
}

/// Gradients of x, γ and β.
pub(crate) fn train_batch_norm_back(
    xs: &Tensor,
    dys: &Tensor,
    [weight, bias]: [&Tensor; 2],
    found: &Found,
    function: Function,
) -> Result<[Tensor; 3]> {
    let (channels, count) = sizes(xs)?;
    let gpu = Gpu::of(xs.device())?;
    let end = suffix(&[xs, dys], channels)?;
    let plan = Columns::of(count, channels, width(end));
    let partial = gpu.empty((plan.chunks, 2, channels), DType::F32)?;
    let d_weight = gpu.empty(channels, DType::F32)?;
    let d_bias = gpu.empty(channels, DType::F32)?;
    let common = [
        Arg::Of(xs),
        Arg::Of(dys),
        Arg::Of(&found.mean),
        Arg::Of(&found.inverse),
        Arg::Of(weight),
        Arg::Of(bias),
    ];
    let tail = [
        Arg::Long(count),
        Arg::Int(channels),
        Arg::Int(function as usize),
    ];
    let args = [&common[..], &[Arg::Of(&partial)], &tail].concat();
    gpu.launch(
        Source::Columns,
        &format!("norm_sums_{end}"),
        plan.grid,
        &args,
    )?;
    let args = [
        Arg::Of(&partial),
        Arg::Int(plan.chunks),
        Arg::Int(channels),
        Arg::Of(&found.inverse),
        Arg::Of(&d_weight),
        Arg::Of(&d_bias),
    ];
    gpu.launch(
        Source::Columns,
        "norm_finish",
        Grid::exactly(channels),
        &args,
    )?;
    let sums = [&d_weight, &d_bias];
    let dxs = spread_back(&gpu, [xs, dys], [weight, bias], found, sums, function)?;
    Ok([dxs, d_weight, d_bias])
}

/// The gradient of x from those of γ and β.
fn spread_back(
    gpu: &Gpu,
    [xs, dys]: [&Tensor; 2],
    [weight, bias]: [&Tensor; 2],
    found: &Found,
    [d_weight, d_bias]: [&Tensor; 2],
    function: Function,
) -> Result<Tensor> {
    let (channels, count) = sizes(xs)?;
    let dxs = gpu.empty(xs.shape(), xs.dtype())?;
    let end = suffix(&[xs, dys, &dxs], channels)?;
    let plan = Columns::of(count, channels, width(end));
    let args = [
        Arg::Of(xs),
        Arg::Of(dys),
        Arg::Of(&found.mean),
        Arg::Of(&found.inverse),
        Arg::Of(weight),
        Arg::Of(bias),
        Arg::Of(d_weight),
        Arg::Of(d_bias),
        Arg::Of(&dxs),
        Arg::Long(count),
        Arg::Int(channels),
        Arg::Int(function as usize),
    ];
    gpu.launch(
        Source::Columns,
        &format!("norm_back_{end}"),
        plan.grid,
        &args,
    )?;
    Ok(dxs)
}

/// f(normalised by running statistics).
pub(crate) fn evaluate_batch_norm(
    xs: &Tensor,
    [weight, bias]: [&Tensor; 2],
    [mean, variance]: [&Tensor; 2],
    epsilon: f64,
    function: Function,
) -> Result<(Tensor, Found)> {
    let (channels, _) = sizes(xs)?;
    check(&[weight, bias, mean, variance], channels)?;
    let gpu = Gpu::of(xs.device())?;
    let inverse = gpu.empty(channels, DType::F32)?;
    #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
    let args = [
        Arg::Of(variance),
        Arg::Of(&inverse),
        Arg::Int(channels),
        Arg::Float(epsilon as f32),
    ];
    gpu.launch(
        Source::Columns,
        "inverse_deviation",
        Grid::exactly(channels),
        &args,
    )?;
    let ys = normalise(&gpu, xs, [mean, &inverse, weight, bias], function)?;
    let mean = mean.clone();
    Ok((ys, Found { mean, inverse }))
}

/// The gradient of x where the statistics are fixed.
pub(crate) fn evaluate_batch_norm_back(
    xs: &Tensor,
    dys: &Tensor,
    [weight, bias]: [&Tensor; 2],
    found: &Found,
    function: Function,
) -> Result<Tensor> {
    let (channels, _) = sizes(xs)?;
    let gpu = Gpu::of(xs.device())?;
    // Nothing comes back through statistics that do not move.
    let none = gpu.zeros(channels, DType::F32)?;
    spread_back(
        &gpu,
        [xs, dys],
        [weight, bias],
        found,
        [&none, &none],
        function,
    )
}
