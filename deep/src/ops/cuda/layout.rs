//! Between the processor's order of memory and the device's, and views that move numbers.

use candle_core::{DType, Device, Result, Tensor, bail};

use super::launch::{Arg, Gpu, Grid, Source};
use super::letter;
use super::pointwise::cast;

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

fn move_numbers(
    name: &str,
    gpu: &Gpu,
    from: &Tensor,
    to: &Tensor,
    n: usize,
    d: [usize; AXES],
    s: [usize; AXES],
) -> Result<()> {
    let mut args = vec![Arg::Of(from), Arg::Of(to), Arg::Long(n)];
    args.extend(d[1..].iter().map(|d| Arg::Int(*d)));
    args.extend(s.iter().map(|s| Arg::Long(*s)));
    let name = format!("{name}_{}", letter(from.dtype())?);
    gpu.launch(Source::Pointwise, &name, Grid::over(n), &args)
}

/// An empty tensor for [`scatter`] to fill.
pub(crate) fn empty_like(xs: &Tensor, shape: &[usize]) -> Result<Tensor> {
    Gpu::of(xs.device())?.empty(shape.to_vec(), xs.dtype())
}

/// Zeros of a tensor's type.
pub(crate) fn zeros_like(xs: &Tensor, shape: &[usize]) -> Result<Tensor> {
    Gpu::of(xs.device())?.zeros(shape.to_vec(), xs.dtype())
}

/// Rows in another order: y[n, k] = x[n, index[k]], zeros where the index is negative. x: (N, L, C) in
/// memory; `index` (i32, on the device) has the output's rows.
pub(crate) fn take_rows(
    xs: &Tensor,
    [samples, rows, columns]: [usize; 3],
    index: &Tensor,
    shape: &[usize],
) -> Result<Tensor> {
    let gpu = Gpu::of(xs.device())?;
    let out = gpu.empty(shape.to_vec(), xs.dtype())?;
    let (n, taken) = (out.elem_count(), index.elem_count());
    if xs.elem_count() != samples * rows * columns
        || n != samples * taken * columns
        || index.dtype() != DType::I32
    {
        bail!("{taken} rows of {:?} into {shape:?}", xs.shape());
    }
    let args = [
        Arg::Of(xs),
        Arg::Of(index),
        Arg::Of(&out),
        Arg::Long(n),
        Arg::Int(taken),
        Arg::Int(rows),
        Arg::Int(columns),
    ];
    let name = format!("take_rows_{}", letter(xs.dtype())?);
    gpu.launch(Source::Pointwise, &name, Grid::over(n), &args)?;
    Ok(out)
}
