//! Between the processor's order of memory and the device's, and views that move numbers.

use candle_core::{DType, Device, Result, Tensor, bail};

use super::batch_norm::width;
use super::launch::{Arg, Gpu, Grid, Source};
use super::pointwise::cast;
use super::{letter, suffix};

/// (N, C, P) in C order to (N, P, C), or back with `channels` and `pixels` exchanged.
fn turned(numbers: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let mut out = vec![0.0; numbers.len()];
    let sample = (channels * pixels).max(1);
    for (from, to) in numbers.chunks(sample).zip(out.chunks_mut(sample)) {
        for (channel, plane) in from.chunks(pixels.max(1)).enumerate() {
            for (pixel, number) in plane.iter().enumerate() {
                to[pixel * channels + channel] = *number;
            }
        }
    }
    out
}

/// Numbers in the processor's order as a tensor of the device: channels-last where the rank is 4.
pub(crate) fn upload(
    numbers: &[f32],
    shape: &[usize],
    device: &Device,
    dtype: DType,
) -> Result<Tensor> {
    let tensor = match *shape {
        [_, channels, height, width] => {
            Tensor::from_vec(turned(numbers, channels, height * width), shape, device)?
        }
        _ => Tensor::from_slice(numbers, shape, device)?,
    };
    cast(&tensor, dtype)
}

/// The numbers of a tensor in the processor's order.
pub(crate) fn download(tensor: &Tensor) -> Result<Vec<f32>> {
    let numbers = match tensor.dtype() {
        DType::F32 | DType::BF16 => cast(tensor, DType::F32)?
            .reshape(tensor.elem_count())?
            .to_vec1::<f32>()?,
        other => bail!("numbers of {other:?} cannot be read as f32"),
    };
    Ok(match *tensor.dims() {
        [_, channels, height, width] => turned(&numbers, height * width, channels),
        _ => numbers,
    })
}

/// Images of `channels` equal channels from one (N, H, W) slice of f32; turned on the device.
pub(crate) fn upload_images(
    pixels: &[f32],
    [count, channels, height, width]: [usize; 4],
    device: &Device,
    dtype: DType,
) -> Result<Tensor> {
    let gpu = Gpu::of(device)?;
    let plane = height * width;
    let out = gpu.empty((count, channels, height, width), dtype)?;
    let n = out.elem_count();
    let from = Tensor::from_slice(pixels, pixels.len(), device)?;
    let end = letter(dtype)?;
    if pixels.len() == count * plane {
        let args = [
            Arg::Of(&from),
            Arg::Of(&out),
            Arg::Long(n),
            Arg::Int(channels),
        ];
        gpu.launch(
            Source::Pointwise,
            &format!("upload_grey_{end}"),
            Grid::over(n),
            &args,
        )?;
    } else if pixels.len() == n {
        let args = [
            Arg::Of(&from),
            Arg::Of(&out),
            Arg::Long(n),
            Arg::Int(channels),
            Arg::Long(plane),
        ];
        gpu.launch(
            Source::Pointwise,
            &format!("upload_{end}"),
            Grid::over(n),
            &args,
        )?;
    } else {
        bail!(
            "{} pixels for {count} images of {channels}x{height}x{width}",
            pixels.len()
        );
    }
    Ok(out)
}

/// Numbers of a wide unit.
const WIDE: usize = 8;
/// Largest number of axes that the moving kernels know.
const AXES: usize = 5;

/// `sizes` and `strides` filled up in front to five axes.
fn five(sizes: &[usize], strides: &[usize]) -> Result<([usize; AXES], [usize; AXES])> {
    if sizes.len() > AXES || sizes.len() != strides.len() {
        bail!(
            "a view of {} axes; the device knows up to {AXES}",
            sizes.len()
        );
    }
    let (mut d, mut s) = ([1; AXES], [0; AXES]);
    d[AXES - sizes.len()..].copy_from_slice(sizes);
    s[AXES - sizes.len()..].copy_from_slice(strides);
    Ok((d, s))
}

/// The numbers at `start` + the strides, in C order of `sizes` (C-order tensors of rank up to 5).
pub(crate) fn gather(
    xs: &Tensor,
    start: usize,
    sizes: &[usize],
    strides: &[usize],
) -> Result<Tensor> {
    let gpu = Gpu::of(xs.device())?;
    let (d, s) = five(sizes, strides)?;
    let out = gpu.empty(sizes.to_vec(), xs.dtype())?;
    let n = out.elem_count();
    let reach: usize = start
        + d.iter()
            .zip(s)
            .map(|(d, s)| d.saturating_sub(1) * s)
            .sum::<usize>();
    if n > 0 && reach >= xs.elem_count() {
        bail!(
            "a view beyond the {} numbers of {:?}",
            xs.elem_count(),
            xs.shape()
        );
    }
    let flat = xs.reshape(xs.elem_count())?;
    let from = flat.narrow(0, start, xs.elem_count() - start)?;
    move_numbers("strided", &gpu, &from, &out, n, d, s)?;
    Ok(out)
}

/// Writes `xs` (C order of `sizes`) to the places of `out` at `start` + the strides.
pub(crate) fn scatter(
    xs: &Tensor,
    out: &Tensor,
    start: usize,
    sizes: &[usize],
    strides: &[usize],
) -> Result<()> {
    let gpu = Gpu::of(xs.device())?;
    let (d, s) = five(sizes, strides)?;
    let n = xs.elem_count();
    let reach: usize = start
        + d.iter()
            .zip(s)
            .map(|(d, s)| d.saturating_sub(1) * s)
            .sum::<usize>();
    if d.iter().product::<usize>() != n
        || xs.dtype() != out.dtype()
        || (n > 0 && reach >= out.elem_count())
    {
        bail!("{:?} into {:?} from {start}", xs.shape(), out.shape());
    }
    let flat = out.reshape(out.elem_count())?;
    let to = flat.narrow(0, start, out.elem_count() - start)?;
    move_numbers("scatter", &gpu, xs, &to, n, d, s)
}

/// Units of eight numbers where the last axis lies together and everything else is a multiple of eight.
fn move_numbers(
    name: &str,
    gpu: &Gpu,
    from: &Tensor,
    to: &Tensor,
    n: usize,
    mut d: [usize; AXES],
    mut s: [usize; AXES],
) -> Result<()> {
    let last = AXES - 1;
    let together = s[last] == 1 && d[last].is_multiple_of(WIDE);
    let multiples = s[..last].iter().all(|s| s.is_multiple_of(WIDE));
    let end = suffix(&[from, to], if together && multiples { WIDE } else { 1 })?;
    let width = width(end);
    if width == WIDE {
        d[last] /= WIDE;
        for s in &mut s[..last] {
            *s /= WIDE;
        }
    }
    let mut args = vec![Arg::Of(from), Arg::Of(to), Arg::Long(n / width)];
    args.extend(d[1..].iter().map(|d| Arg::Int(*d)));
    args.extend(s.iter().map(|s| Arg::Long(*s)));
    let grid = Grid::over(n / width);
    gpu.launch(Source::Pointwise, &format!("{name}_{end}"), grid, &args)
}

/// An empty tensor for [`scatter`] to fill.
pub(crate) fn empty_like(xs: &Tensor, shape: &[usize]) -> Result<Tensor> {
    Gpu::of(xs.device())?.empty(shape.to_vec(), xs.dtype())
}

/// Zeros of a tensor's type.
pub(crate) fn zeros_like(xs: &Tensor, shape: &[usize]) -> Result<Tensor> {
    Gpu::of(xs.device())?.zeros(shape.to_vec(), xs.dtype())
}
