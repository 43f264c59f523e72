//! Convolutions: depthwise by own kernels, 1 x 1 as matrix products, the rest by cuDNN, and where cuDNN has
//! nothing for a shape by cutting out windows and one matrix product.

use candle_core::{Result, Tensor, bail};

use super::batch_norm::{column_sums, width};
use super::cudnn::{Direction, Plan};
use super::launch::{Arg, Gpu, Grid, Source};
use super::pointwise::{Function, add_bias};
use super::product::{Gemm, Side};
use super::{depthwise, linear, suffix};

pub(super) use super::cudnn::Plans;

/// All sizes of one convolution of x (N, C, H, W) with w (O, C / G, K, K') to (N, O, H', W').
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) input: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) output: usize,
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
}

/// Numbers of a cut-out batch above which the batch is cut in parts: 2^28, half a gigabyte of bf16.
const MOST_CUT: usize = 1 << 28;

impl Shape {
    /// Of tensors as they are.
    pub(crate) fn of(
        xs: &Tensor,
        weight: &Tensor,
        [stride, padding, dilation]: [[usize; 2]; 3],
        groups: usize,
    ) -> Result<Self> {
        let (batch, input, height, width) = xs.dims4()?;
        let (output, seen, tall, wide) = weight.dims4()?;
        let side = |size: usize, kernel: usize, axis: usize| {
            (size + 2 * padding[axis])
                .checked_sub(dilation[axis] * (kernel - 1) + 1)
                .map(|rest| rest / stride[axis] + 1)
        };
        let (Some(out_height), Some(out_width)) = (side(height, tall, 0), side(width, wide, 1))
        else {
            bail!(
                "convolution: input {:?} is smaller than the kernel {:?}",
                xs.shape(),
                weight.shape()
            );
        };
        if groups == 0 || seen * groups != input || !output.is_multiple_of(groups) {
            bail!(
                "convolution: weight {:?} for input {:?} in {groups} groups",
                weight.shape(),
                xs.shape()
            );
        }
        if xs.dtype() != weight.dtype() {
            bail!(
                "convolution: weight of {:?} for input of {:?}",
                weight.dtype(),
                xs.dtype()
            );
        }
        Ok(Self {
            batch,
            input,
            height,
            width,
            output,
            out_height,
            out_width,
            kernel: [tall, wide],
            stride,
            padding,
            dilation,
            groups,
        })
    }

    fn is_depthwise(&self) -> bool {
        self.groups > 1
            && self.groups == self.input
            && self.output == self.input
            && self.kernel[0] == self.kernel[1]
            && self.stride[0] == self.stride[1]
            && self.padding[0] == self.padding[1]
            && self.dilation[0] == self.dilation[1]
    }

    fn is_product(&self) -> bool {
        self.groups == 1 && self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0]
    }

    fn inputs(&self) -> (usize, usize, usize, usize) {
        (self.batch, self.input, self.height, self.width)
    }

    fn outputs(&self) -> (usize, usize, usize, usize) {
        (self.batch, self.output, self.out_height, self.out_width)
    }

    /// Numbers of one window of one group, C / G K K'.
    fn window(&self) -> usize {
        self.input / self.groups * self.kernel[0] * self.kernel[1]
    }

    /// Samples that are cut out at once.
    fn part(&self) -> usize {
        let sample = self.out_height * self.out_width * self.groups * self.window();
        (MOST_CUT / sample.max(1)).clamp(1, self.batch)
    }
}

/// y = x * w (+ bias per output channel, f32).
pub(crate) fn convolve(
    xs: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    s: &Shape,
) -> Result<Tensor> {
    if s.is_depthwise() {
        return depthwise::forward(xs, weight, bias, s);
    }
    if s.is_product() {
        return linear::linear(xs, weight, bias, s.input, s.outputs());
    }
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty(s.outputs(), xs.dtype())?;
    if !Plan::run(&gpu, Direction::Forward, s, [xs, weight, &ys])? {
        cut_forward(&gpu, xs, weight, &ys, s)?;
    }
    match bias {
        None => Ok(ys),
        Some(bias) => add_bias(&ys, bias, Function::Identity),
    }
}

/// Gradients of x, w and bias (f32), where needed.
pub(crate) fn convolve_back(
    xs: &Tensor,
    weight: &Tensor,
    dys: &Tensor,
    s: &Shape,
    [need_input, need_weight, need_bias]: [bool; 3],
) -> Result<[Option<Tensor>; 3]> {
    let bias = need_bias.then(|| column_sums(dys, s.output)).transpose()?;
    if s.is_depthwise() {
        let input = need_input
            .then(|| depthwise::backward_input(weight, dys, s))
            .transpose()?;
        let weight = need_weight
            .then(|| depthwise::backward_weight(xs, dys, weight, s))
            .transpose()?;
        return Ok([input, weight, bias]);
    }
    if s.is_product() {
        let needs = [need_input, need_weight, false];
        let [input, weight, _] = linear::linear_back(xs, weight, dys, s.input, needs)?;
        return Ok([input, weight, bias]);
    }
    let gpu = Gpu::of(xs.device())?;
    let input = need_input
        .then(|| {
            let dxs = gpu.empty(s.inputs(), xs.dtype())?;
            if !Plan::run(&gpu, Direction::Input, s, [&dxs, weight, dys])? {
                cut_input(&gpu, weight, dys, &dxs, s)?;
            }
            Ok::<_, candle_core::Error>(dxs)
        })
        .transpose()?;
    let weight = need_weight
        .then(|| {
            let dw = gpu.empty(weight.shape(), weight.dtype())?;
            if !Plan::run(&gpu, Direction::Weight, s, [xs, &dw, dys])? {
                cut_weight(&gpu, xs, dys, &dw, s)?;
            }
            Ok::<_, candle_core::Error>(dw)
        })
        .transpose()?;
    Ok([input, weight, bias])
}

/// Cuts samples `start`.. out of `xs` into windows, or joins windows into them.
fn windows(
    name: &str,
    gpu: &Gpu,
    tensors: [&Tensor; 2],
    packs_of: &Tensor,
    s: &Shape,
) -> Result<()> {
    let end = suffix(&tensors, s.input / s.groups)?;
    let packs = packs_of.elem_count() / width(end);
    let mut args = vec![Arg::Of(tensors[0]), Arg::Of(tensors[1]), Arg::Long(packs)];
    args.extend(
        [
            s.height,
            s.width,
            s.out_height,
            s.out_width,
            s.input,
            s.groups,
        ]
        .into_iter()
        .chain(s.kernel)
        .chain(s.stride)
        .chain(s.padding)
        .chain(s.dilation)
        .map(Arg::Int),
    );
    gpu.launch(
        Source::Convolution,
        &format!("{name}_{end}"),
        Grid::over(packs),
        &args,
    )
}

/// The products of one group and one part of the batch: rows are pixels of the output.
fn group_product(s: &Shape, rows: usize) -> Gemm {
    let (window, outputs) = (s.window(), s.output / s.groups);
    Gemm {
        rows,
        columns: outputs,
        inner: window,
        batch: s.groups,
        a_step: s.groups * window,
        b_step: window,
        c_step: s.output,
        a_batch: window,
        b_batch: outputs * window,
        c_batch: outputs,
        ..Gemm::packed([rows, window, outputs], Side::AsIs, Side::Turned)
    }
}

/// Parts of the batch as (first sample, samples).
fn parts(s: &Shape) -> impl Iterator<Item = (usize, usize)> {
    let (batch, part) = (s.batch, s.part());
    (0..batch)
        .step_by(part)
        .map(move |first| (first, part.min(batch - first)))
}

fn cut_forward(gpu: &Gpu, xs: &Tensor, weight: &Tensor, ys: &Tensor, s: &Shape) -> Result<()> {
    let plane = s.out_height * s.out_width;
    for (first, count) in parts(s) {
        let columns = gpu.empty(count * plane * s.groups * s.window(), xs.dtype())?;
        windows(
            "cut",
            gpu,
            [&xs.narrow(0, first, count)?, &columns],
            &columns,
            s,
        )?;
        let product = group_product(s, count * plane);
        gpu.gemm(&product, &columns, weight, &ys.narrow(0, first, count)?)?;
    }
    Ok(())
}

fn cut_input(gpu: &Gpu, weight: &Tensor, dys: &Tensor, dxs: &Tensor, s: &Shape) -> Result<()> {
    let plane = s.out_height * s.out_width;
    for (first, count) in parts(s) {
        let columns = gpu.empty(count * plane * s.groups * s.window(), dys.dtype())?;
        let forward = group_product(s, count * plane);
        let product = Gemm {
            columns: forward.inner,
            inner: forward.columns,
            b_side: Side::AsIs,
            a_step: forward.c_step,
            c_step: forward.a_step,
            a_batch: forward.c_batch,
            c_batch: forward.a_batch,
            ..forward
        };
        gpu.gemm(&product, &dys.narrow(0, first, count)?, weight, &columns)?;
        let part = dxs.narrow(0, first, count)?;
        windows("join", gpu, [&columns, &part], &part, s)?;
    }
    Ok(())
}

fn cut_weight(gpu: &Gpu, xs: &Tensor, dys: &Tensor, dw: &Tensor, s: &Shape) -> Result<()> {
    let plane = s.out_height * s.out_width;
    for (first, count) in parts(s) {
        let columns = gpu.empty(count * plane * s.groups * s.window(), xs.dtype())?;
        windows(
            "cut",
            gpu,
            [&xs.narrow(0, first, count)?, &columns],
            &columns,
            s,
        )?;
        let forward = group_product(s, count * plane);
        // dw (O / G, window) = dyᵀ columns.
        let product = Gemm {
            rows: forward.columns,
            columns: forward.inner,
            inner: forward.rows,
            a_side: Side::Turned,
            b_side: Side::AsIs,
            a_step: forward.c_step,
            b_step: forward.a_step,
            c_step: forward.b_step,
            a_batch: forward.c_batch,
            b_batch: forward.a_batch,
            c_batch: forward.b_batch,
            beta: if first == 0 { 0.0 } else { 1.0 },
            ..forward
        };
        gpu.gemm(&product, &dys.narrow(0, first, count)?, &columns, dw)?;
    }
    Ok(())
}
