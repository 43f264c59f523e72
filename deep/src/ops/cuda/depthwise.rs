//! Depthwise convolutions.

use candle_core::{DType, Result, Tensor};

use super::batch_norm::width;
use super::convolution::Shape;
use super::launch::{Arg, Gpu, Grid, Source, THREADS};
use super::{letter, suffix};

/// Lanes of a block along the channels, as in `kernels/depthwise.cu`.
const LANES: usize = 8;
/// Blocks wanted in all.
const WANTED: usize = 2112;
/// Pixels of a row that a thread computes, by stride.
const TILES: [usize; 3] = [1, 4, 2];
/// Most chunks of rows in a weight's gradient: one thread adds them up.
const MOST_CHUNKS: usize = 128;

/// The fast kernel's name where there is one: sides 3, 5 and 7, strides 1 and 2, no dilation.
fn special(s: &Shape) -> Option<String> {
    let side = s.kernel[0];
    let fits = matches!(side, 3 | 5 | 7)
        && s.kernel[1] == side
        && matches!(s.stride, [1, 1] | [2, 2])
        && s.dilation == [1, 1]
        && s.padding[0] == s.padding[1];
    fits.then(|| format!("k{side}s{}", s.stride[0]))
}

fn shape<'a>(s: &Shape) -> [Arg<'a>; 9] {
    [
        Arg::Int(s.batch),
        Arg::Int(s.height),
        Arg::Int(s.width),
        Arg::Int(s.out_height),
        Arg::Int(s.out_width),
        Arg::Int(s.input),
        Arg::Int(s.stride[0]),
        Arg::Int(s.padding[0]),
        Arg::Int(s.dilation[0]),
    ]
}

/// A grid of (pieces of images, pieces of channels).
fn grid(items: usize, channels: usize, width: usize) -> Grid {
    let across = channels.div_ceil(LANES * width);
    let along = items.div_ceil(THREADS / LANES);
    Grid {
        blocks: [along.min((WANTED / across).max(1)).max(1), across, 1],
        threads: [THREADS, 1],
    }
}

/// Forward pass, with a bias where given; also the way back to the input at stride 1, the kernel turned.
fn run(
    gpu: &Gpu,
    [xs, weight, ys]: [&Tensor; 3],
    bias: Option<&Tensor>,
    s: &Shape,
    turned: bool,
) -> Result<()> {
    let end = suffix(&[xs, ys], s.input)?;
    let mut args = vec![Arg::Of(xs), Arg::Of(weight), Arg::Maybe(bias), Arg::Of(ys)];
    args.extend(shape(s));
    let (name, grid) = if let Some(name) = special(s) {
        args.push(Arg::Int(usize::from(turned)));
        let tiles = s.out_width.div_ceil(TILES[s.stride[0]]);
        let grid = grid(s.batch * s.out_height * tiles, s.input, width(end));
        (format!("depthwise_{name}_{end}"), grid)
    } else {
        args.push(Arg::Int(s.kernel[0]));
        let grid = Grid::over(ys.elem_count() / width(end));
        (format!("depthwise_any_{end}"), grid)
    };
    gpu.launch(Source::Depthwise, &name, grid, &args)
}

pub(super) fn forward(
    xs: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    s: &Shape,
) -> Result<Tensor> {
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty((s.batch, s.output, s.out_height, s.out_width), xs.dtype())?;
    run(&gpu, [xs, weight, &ys], bias, s, false)?;
    Ok(ys)
}

pub(super) fn backward_input(weight: &Tensor, dys: &Tensor, s: &Shape) -> Result<Tensor> {
    let gpu = Gpu::of(dys.device())?;
    let dxs = gpu.empty((s.batch, s.input, s.height, s.width), dys.dtype())?;
    let side = s.kernel[0];
    if special(s).is_some() && s.stride == [1, 1] && s.padding[0] < side {
        // The same convolution of the gradient, the kernel turned round.
        let turned = Shape {
            height: s.out_height,
            width: s.out_width,
            out_height: s.height,
            out_width: s.width,
            padding: [side - 1 - s.padding[0]; 2],
            ..*s
        };
        run(&gpu, [dys, weight, &dxs], None, &turned, true)?;
        return Ok(dxs);
    }
    let end = suffix(&[dys, &dxs], s.input)?;
    let mut args = vec![Arg::Of(dys), Arg::Of(weight), Arg::Of(&dxs)];
    args.extend(shape(s));
    args.push(Arg::Int(side));
    let grid = grid(s.batch * s.height * s.width, s.input, width(end));
    gpu.launch(
        Source::Depthwise,
        &format!("depthwise_back_any_{end}"),
        grid,
        &args,
    )?;
    Ok(dxs)
}

pub(super) fn backward_weight(
    xs: &Tensor,
    dys: &Tensor,
    weight: &Tensor,
    s: &Shape,
) -> Result<Tensor> {
    let gpu = Gpu::of(xs.device())?;
    let side = s.kernel[0];
    let taps = side * side;
    let (name, pack, layers) = match special(s) {
        Some(name) => {
            let pack = if s.input.is_multiple_of(2) { 2 } else { 1 };
            let end = format!("{}{pack}", letter(xs.dtype())?);
            (format!("depthwise_weight_{name}_{end}"), pack, side)
        }
        None => (
            format!("depthwise_weight_any_{}", letter(xs.dtype())?),
            1,
            taps,
        ),
    };
    let packs = s.input.div_ceil(pack);
    let lanes = packs.next_power_of_two().min(32);
    let lines = THREADS / lanes;
    let across = packs.div_ceil(lanes);
    let chunks = (s.batch * s.out_height)
        .div_ceil(lines)
        .min((WANTED / (across * layers)).clamp(1, MOST_CHUNKS))
        .max(1);
    let partial = gpu.empty((chunks, taps, s.input), DType::F32)?;
    let mut args = vec![Arg::Of(xs), Arg::Of(dys), Arg::Of(&partial)];
    args.extend(shape(s));
    if special(s).is_none() {
        args.push(Arg::Int(side));
    }
    let grid = Grid {
        blocks: [across, chunks, layers],
        threads: [lanes, lines],
    };
    gpu.launch(Source::Depthwise, &name, grid, &args)?;
    let dw = gpu.empty(weight.shape(), weight.dtype())?;
    let args = [
        Arg::Of(&partial),
        Arg::Int(chunks),
        Arg::Int(taps),
        Arg::Int(s.input),
        Arg::Of(&dw),
    ];
    let name = format!("depthwise_weight_finish_{}", letter(weight.dtype())?);
    gpu.launch(Source::Depthwise, &name, Grid::sums(taps * s.input), &args)?;
    Ok(dw)
}
