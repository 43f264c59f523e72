//! Pools over windows of images.

use candle_core::{DType, Result, Tensor, bail};

use super::batch_norm::{Columns, width};
use super::launch::{Arg, Gpu, Grid, Source};
use super::suffix;

/// A window of a pool: side, stride and padding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

/// The window's arguments, as every kernel of `pool.cu` takes them.
fn window<'a>(xs: &[usize], ys: &[usize], w: Window) -> [Arg<'a>; 9] {
    [
        Arg::Int(xs[2]),
        Arg::Int(xs[3]),
        Arg::Int(ys[2]),
        Arg::Int(ys[3]),
        Arg::Int(xs[1]),
        Arg::Int(w.kernel),
        Arg::Int(w.stride),
        Arg::Int(w.padding),
        Arg::Int(1),
    ]
}

/// Runs a kernel of arguments (inputs …, outputs …, n, window) over the packs of `over`.
fn run(
    name: &str,
    gpu: &Gpu,
    tensors: &[&Tensor],
    over: &Tensor,
    [xs, ys]: [&[usize]; 2],
    w: Window,
) -> Result<()> {
    let packed: Vec<&Tensor> = tensors
        .iter()
        .copied()
        .filter(|t| t.dtype() != DType::U8)
        .collect();
    let end = suffix(&packed, xs[1])?;
    let packs = over.elem_count() / width(end);
    let mut args: Vec<Arg<'_>> = tensors.iter().map(|t| Arg::Of(t)).collect();
    args.push(Arg::Long(packs));
    args.extend(window(xs, ys, w));
    gpu.launch(
        Source::Pool,
        &format!("{name}_{end}"),
        Grid::over(packs),
        &args,
    )
}

/// Largest kernel whose positions fit a byte.
const LARGEST_KERNEL: usize = 15;

/// Maxima of windows, and which of the window's positions won.
pub(crate) fn max_pool(
    xs: &Tensor,
    [height, width]: [usize; 2],
    w: Window,
) -> Result<(Tensor, Tensor)> {
    let (n, c, _, _) = xs.dims4()?;
    if w.kernel > LARGEST_KERNEL {
        bail!(
            "max pool over {0}x{0}; the device knows up to {LARGEST_KERNEL}",
            w.kernel
        );
    }
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty((n, c, height, width), xs.dtype())?;
    let winners = gpu.empty((n, c, height, width), DType::U8)?;
    let dims = [xs.dims(), ys.dims()];
    run("max_pool", &gpu, &[xs, &ys, &winners], &ys, dims, w)?;
    Ok((ys, winners))
}

/// The gradient of a max pool's input of shape `xs`.
pub(crate) fn max_pool_back(
    dys: &Tensor,
    winners: &Tensor,
    xs: &[usize],
    w: Window,
) -> Result<Tensor> {
    let gpu = Gpu::of(dys.device())?;
    let dxs = gpu.empty(xs.to_vec(), dys.dtype())?;
    let dims = [xs, dys.dims()];
    run("max_pool_back", &gpu, &[dys, winners, &dxs], &dxs, dims, w)?;
    Ok(dxs)
}

/// Averages of windows; zeros of the padding count.
pub(crate) fn average_pool(xs: &Tensor, [height, width]: [usize; 2], w: Window) -> Result<Tensor> {
    let (n, c, _, _) = xs.dims4()?;
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty((n, c, height, width), xs.dtype())?;
    let dims = [xs.dims(), ys.dims()];
    run("average", &gpu, &[xs, &ys], &ys, dims, w)?;
    Ok(ys)
}

/// The gradient of an average pool's input of shape `xs`.
pub(crate) fn average_pool_back(dys: &Tensor, xs: &[usize], w: Window) -> Result<Tensor> {
    let gpu = Gpu::of(dys.device())?;
    let dxs = gpu.empty(xs.to_vec(), dys.dtype())?;
    let dims = [xs, dys.dims()];
    run("average_back", &gpu, &[dys, &dxs], &dxs, dims, w)?;
    Ok(dxs)
}

const UNUSED: Window = Window {
    kernel: 1,
    stride: 1,
    padding: 0,
};

/// Averages over a grid of windows that cover the image.
pub(crate) fn adaptive_pool(xs: &Tensor, [height, width]: [usize; 2]) -> Result<Tensor> {
    let (n, c, _, _) = xs.dims4()?;
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty((n, c, height, width), xs.dtype())?;
    let dims = [xs.dims(), ys.dims()];
    run("adaptive", &gpu, &[xs, &ys], &ys, dims, UNUSED)?;
    Ok(ys)
}

/// The gradient of an adaptive pool's input of shape `xs`.
pub(crate) fn adaptive_pool_back(dys: &Tensor, xs: &[usize]) -> Result<Tensor> {
    let gpu = Gpu::of(dys.device())?;
    let dxs = gpu.empty(xs.to_vec(), dys.dtype())?;
    let dims = [xs, dys.dims()];
    run("adaptive_back", &gpu, &[dys, &dxs], &dxs, dims, UNUSED)?;
    Ok(dxs)
}

/// Sums over the planes of images (N, C, H, W) to (N, C), times a factor: of x, or of x times `other`.
pub(crate) fn plane_sums(xs: &Tensor, other: Option<&Tensor>, factor: f64) -> Result<Tensor> {
    let (n, c, height, columns) = xs.dims4()?;
    sample_sums(xs, other, [n, height * columns, c], factor)
}

/// Sums over P of what lies as (N, P, C), times a factor, to (N, C).
pub(crate) fn sample_sums(
    xs: &Tensor,
    other: Option<&Tensor>,
    [n, p, c]: [usize; 3],
    factor: f64,
) -> Result<Tensor> {
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty((n, c), xs.dtype())?;
    let mut packed = vec![xs, &ys];
    packed.extend(other);
    let end = suffix(&packed, c)?;
    let plan = Columns::of(p, c, width(end));
    let grid = Grid {
        blocks: [plan.grid.blocks[0], n, 1],
        ..plan.grid
    };
    #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
    let args = [
        Arg::Of(xs),
        Arg::Maybe(other),
        Arg::Of(&ys),
        Arg::Int(p),
        Arg::Int(c),
        Arg::Float(factor as f32),
    ];
    gpu.launch(Source::Columns, &format!("plane_sums_{end}"), grid, &args)?;
    Ok(ys)
}
