//! Element by element, and along periods of the memory.

use candle_core::{DType, Result, Tensor, bail};

use super::launch::{Arg, Gpu, Grid, Source};
use super::{letter, suffix};

/// Runs a kernel of arguments (packed …, plain …, output, n, rest …). `packed` are read element by
/// element and agree in size and type; packs never cross a period.
fn run(
    name: &str,
    packed: &[&Tensor],
    plain: &[&Tensor],
    period: usize,
    rest: &[Arg<'_>],
) -> Result<Tensor> {
    let like = packed[0];
    let n = like.elem_count();
    for other in packed {
        if other.elem_count() != n {
            bail!("{name}: {:?} and {:?}", like.shape(), other.shape());
        }
    }
    let gpu = Gpu::of(like.device())?;
    let out = gpu.empty(like.shape(), like.dtype())?;
    let end = suffix(packed, period)?;
    let mut args: Vec<Arg<'_>> = packed.iter().chain(plain).map(|t| Arg::Of(t)).collect();
    args.push(Arg::Of(&out));
    args.push(Arg::Long(n));
    args.extend_from_slice(rest);
    let width = if end.ends_with('8') { 8 } else { 1 };
    let grid = Grid::over(n / width);
    gpu.launch(Source::Pointwise, &format!("{name}_{end}"), grid, &args)?;
    Ok(out)
}

/// The number of times that `period` numbers fit into a tensor.
fn periods(name: &str, tensor: &Tensor, period: usize) -> Result<usize> {
    let n = tensor.elem_count();
    if period == 0 || !n.is_multiple_of(period) {
        bail!(
            "{name}: {:?} does not consist of pieces of {period}",
            tensor.shape()
        );
    }
    Ok(n / period)
}

fn expect_len(name: &str, tensor: &Tensor, len: usize) -> Result<()> {
    if tensor.elem_count() == len {
        return Ok(());
    }
    bail!(
        "{name}: {:?} where {len} numbers are expected",
        tensor.shape()
    )
}

fn expect_f32(name: &str, tensor: &Tensor) -> Result<()> {
    if tensor.dtype() == DType::F32 {
        return Ok(());
    }
    bail!("{name}: factors of {:?} instead of f32", tensor.dtype())
}

/// A pointwise function, numbered as in `kernels/common.cu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Identity = 0,
    Relu = 1,
    Hardswish = 2,
    Hardsigmoid = 3,
    Gelu = 4,
    GeluTanh = 5,
    Silu = 6,
}

/// f(x).
pub(crate) fn activation(function: Function, xs: &Tensor) -> Result<Tensor> {
    let rest = [Arg::Int(function as usize)];
    run("activation", &[xs], &[], xs.elem_count(), &rest)
}

/// dy f'(x).
pub(crate) fn activation_back(function: Function, xs: &Tensor, dys: &Tensor) -> Result<Tensor> {
    let rest = [Arg::Int(function as usize)];
    run("activation_back", &[xs, dys], &[], xs.elem_count(), &rest)
}

/// a + b.
pub(crate) fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    run("add", &[a, b], &[], a.elem_count(), &[])
}

/// a b, element by element.
pub(crate) fn multiply(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    run("multiply", &[a, b], &[], a.elem_count(), &[])
}

/// x times a number.
#[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
pub(crate) fn scale(xs: &Tensor, factor: f64) -> Result<Tensor> {
    let rest = [Arg::Float(factor as f32)];
    run("scale", &[xs], &[], xs.elem_count(), &rest)
}

/// max(a + b, 0).
pub(crate) fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    run("add_relu", &[a, b], &[], a.elem_count(), &[])
}

/// The gradient of both terms, from the result.
pub(crate) fn add_relu_back(ys: &Tensor, dys: &Tensor) -> Result<Tensor> {
    run("add_relu_back", &[ys, dys], &[], ys.elem_count(), &[])
}

/// Zeroes numbers with a probability and scales the rest. The mask follows from `key` and the position:
/// the way back is the same call on the gradient.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a probability as a 32-bit threshold; kernels compute in f32"
)]
pub(crate) fn dropout(xs: &Tensor, key: u64, rate: f64) -> Result<Tensor> {
    let threshold = (rate * 2.0_f64.powi(32)).clamp(0.0, f64::from(u32::MAX)) as u32;
    let kept = (1.0 / (1.0 - rate)) as f32;
    let rest = [Arg::Key(key), Arg::Word(threshold), Arg::Float(kept)];
    run("dropout", &[xs], &[], xs.elem_count(), &rest)
}

/// x times a factor per sample.
pub(crate) fn scale_samples(xs: &Tensor, factors: &Tensor) -> Result<Tensor> {
    let name = "scale_samples";
    let sample = xs.elem_count() / factors.elem_count().max(1);
    expect_len(name, factors, periods(name, xs, sample)?)?;
    expect_f32(name, factors)?;
    run(name, &[xs], &[factors], sample, &[Arg::Long(sample)])
}

/// Launches a kernel over packs of `n` numbers with arguments as they are.
fn over(name: &str, packed: &[&Tensor], period: usize, n: usize, args: &[Arg<'_>]) -> Result<()> {
    let end = suffix(packed, period)?;
    let grid = Grid::over(n / if end.ends_with('8') { 8 } else { 1 });
    let gpu = Gpu::of(packed[0].device())?;
    gpu.launch(Source::Pointwise, &format!("{name}_{end}"), grid, args)
}

/// a + b γ[c] k[n]: the channels are the last axis in memory; a, γ and k are 0 and 1 where not given.
pub(crate) fn residual(
    a: Option<&Tensor>,
    b: &Tensor,
    gamma: Option<&Tensor>,
    keep: Option<&Tensor>,
    channels: usize,
) -> Result<Tensor> {
    let name = "residual";
    let n = b.elem_count();
    let sample = n / keep.map_or(1, Tensor::elem_count).max(1);
    periods(name, b, channels)?;
    periods(name, b, sample)?;
    for factors in [gamma, keep].into_iter().flatten() {
        expect_f32(name, factors)?;
    }
    if let Some(gamma) = gamma {
        expect_len(name, gamma, channels)?;
    }
    let mut packed = vec![b];
    packed.extend(a);
    let y = Gpu::of(b.device())?.empty(b.shape(), b.dtype())?;
    let args = [
        Arg::Maybe(a),
        Arg::Of(b),
        Arg::Maybe(gamma),
        Arg::Maybe(keep),
        Arg::Of(&y),
        Arg::Long(n),
        Arg::Int(channels),
        Arg::Long(sample),
    ];
    over(name, &packed, channels, n, &args)?;
    Ok(y)
}

/// factor (a + b) silu(z); without b, factor a silu(z).
pub(crate) fn gate(a: &Tensor, b: Option<&Tensor>, z: &Tensor, factor: f32) -> Result<Tensor> {
    let n = a.elem_count();
    expect_len("gate", z, n)?;
    let mut packed = vec![a, z];
    packed.extend(b);
    let y = Gpu::of(a.device())?.empty(a.shape(), a.dtype())?;
    let args = [
        Arg::Of(a),
        Arg::Maybe(b),
        Arg::Of(z),
        Arg::Of(&y),
        Arg::Long(n),
        Arg::Float(factor),
    ];
    over("gate", &packed, n, n, &args)?;
    Ok(y)
}

/// Gradients of a (and b) and of z.
pub(crate) fn gate_back(
    a: &Tensor,
    b: Option<&Tensor>,
    [z, dy]: [&Tensor; 2],
    factor: f32,
) -> Result<[Tensor; 2]> {
    let n = a.elem_count();
    expect_len("gate", dy, n)?;
    let mut packed = vec![a, z, dy];
    packed.extend(b);
    let gpu = Gpu::of(a.device())?;
    let da = gpu.empty(a.shape(), a.dtype())?;
    let dz = gpu.empty(a.shape(), a.dtype())?;
    let args = [
        Arg::Of(a),
        Arg::Maybe(b),
        Arg::Of(z),
        Arg::Of(dy),
        Arg::Of(&da),
        Arg::Of(&dz),
        Arg::Long(n),
        Arg::Float(factor),
    ];
    over("gate_back", &packed, n, n, &args)?;
    Ok([da, dz])
}

/// f(x + bias), the bias along the last axis in memory.
pub(crate) fn add_bias(xs: &Tensor, bias: &Tensor, function: Function) -> Result<Tensor> {
    let c = bias.elem_count();
    periods("bias", xs, c)?;
    expect_f32("bias", bias)?;
    let rest = [Arg::Int(c), Arg::Int(function as usize)];
    run("bias", &[xs], &[bias], c, &rest)
}

/// Images (N, C, H, W) times factors (N, C).
pub(crate) fn scale_channels(xs: &Tensor, factors: &Tensor) -> Result<Tensor> {
    let (n, c, height, width) = xs.dims4()?;
    expect_len("scale_channels", factors, n * c)?;
    let rest = [Arg::Int(height * width), Arg::Int(c)];
    run("scale_channels", &[xs], &[factors], c, &rest)
}

/// Every pixel of images of shape (N, C, H, W) gets its share of a gradient of means (N, C).
pub(crate) fn spread_means(dys: &Tensor, shape: &[usize; 4]) -> Result<Tensor> {
    let [n, c, height, width] = *shape;
    let name = "spread_means";
    expect_len(name, dys, n * c)?;
    let gpu = Gpu::of(dys.device())?;
    let out = gpu.empty((n, c, height, width), dys.dtype())?;
    let end = suffix(&[&out, dys], c)?;
    let len = out.elem_count();
    let width_of = if end.ends_with('8') { 8 } else { 1 };
    let args = [
        Arg::Of(dys),
        Arg::Of(&out),
        Arg::Long(len),
        Arg::Int(height * width),
        Arg::Int(c),
    ];
    let grid = Grid::over(len / width_of);
    gpu.launch(Source::Pointwise, &format!("{name}_{end}"), grid, &args)?;
    Ok(out)
}

/// a ← d a + (1 - d) w, in place (both f32).
#[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
pub(crate) fn follow(average: &Tensor, weights: &Tensor, decay: f64) -> Result<()> {
    let n = average.elem_count();
    expect_len("follow", weights, n)?;
    expect_f32("follow", weights)?;
    expect_f32("follow", average)?;
    let args = [
        Arg::Of(average),
        Arg::Of(weights),
        Arg::Long(n),
        Arg::Float(decay as f32),
    ];
    let gpu = Gpu::of(average.device())?;
    gpu.launch(Source::Pointwise, "follow", Grid::over(n), &args)
}

/// The same numbers as f32 or bf16.
pub(crate) fn cast(xs: &Tensor, dtype: DType) -> Result<Tensor> {
    let name = match (xs.dtype(), dtype) {
        (from, to) if from == to => return Ok(xs.clone()),
        (DType::F32, DType::BF16) => "to_bf16",
        (DType::BF16, DType::F32) => "to_float",
        (from, to) => bail!("no kernel turns {from:?} into {to:?}"),
    };
    let gpu = Gpu::of(xs.device())?;
    let out = gpu.empty(xs.shape(), dtype)?;
    let n = xs.elem_count();
    let args = [Arg::Of(xs), Arg::Of(&out), Arg::Long(n)];
    gpu.launch(Source::Pointwise, name, Grid::over(n), &args)?;
    Ok(out)
}

/// A tensor of one number everywhere.
pub(crate) fn filled(like: &Tensor, value: f32) -> Result<Tensor> {
    let gpu = Gpu::of(like.device())?;
    let out = gpu.empty(like.shape(), like.dtype())?;
    let n = out.elem_count();
    let name = format!("fill_{}", letter(out.dtype())?);
    let args = [Arg::Of(&out), Arg::Long(n), Arg::Float(value)];
    gpu.launch(Source::Pointwise, &name, Grid::over(n), &args)?;
    Ok(out)
}
