//! Tokens (N, L, C): depthwise convolutions along them, rows in other orders, a class token, halves
//! interleaved.

use candle_core::{DType, Result, Tensor, bail};

use super::batch_norm::{Columns, width};
use super::launch::{Arg, Gpu, Grid, Source};
use super::layout::gather;
use super::pointwise::{Function, cast};
use super::suffix;

/// A depthwise convolution over tokens of a grid: where each tap looks, and what follows.
#[derive(Debug, Clone)]
pub(crate) struct TokenTaps {
    pub(crate) grid: [usize; 2],
    /// (rows down, columns right) of each tap.
    pub(crate) taps: Vec<[isize; 2]>,
    pub(crate) function: Function,
}

/// Numbers of taps that kernels are compiled for.
const TAPS: [usize; 3] = [3, 4, 9];

impl TokenTaps {
    /// One of the offsets' axes, four bits a tap from -8 on.
    fn nibbles(&self, axis: usize) -> Result<u64> {
        self.taps
            .iter()
            .enumerate()
            .try_fold(0_u64, |all, (k, tap)| match u64::try_from(tap[axis] + 8) {
                Ok(nibble) if nibble < 16 => Ok(all | (nibble << (4 * k))),
                _ => bail!("a tap of {tap:?}; the device reaches from -8 to 7"),
            })
    }

    /// Rows, channels and the kernels' common arguments.
    fn sizes<'a>(&self, xs: &Tensor, weight: &Tensor) -> Result<(usize, usize, Vec<Arg<'a>>)> {
        let (batch, tokens, channels) = xs.dims3()?;
        let taps = self.taps.len();
        if !TAPS.contains(&taps) {
            bail!("{taps} taps; the device has kernels for {TAPS:?}");
        }
        if weight.elem_count() != channels * taps
            || weight.dtype() != xs.dtype()
            || self.grid[0] * self.grid[1] != tokens
        {
            bail!(
                "taps {:?} over {:?} on {:?}",
                weight.shape(),
                xs.shape(),
                self.grid
            );
        }
        let rows = batch * tokens;
        let args = vec![
            Arg::Long(rows),
            Arg::Int(channels),
            Arg::Int(tokens),
            Arg::Int(self.grid[0]),
            Arg::Int(self.grid[1]),
            Arg::Key(self.nibbles(0)?),
            Arg::Key(self.nibbles(1)?),
        ];
        Ok((rows, channels, args))
    }

    /// f(b + sum over taps).
    pub(crate) fn forward(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (rows, channels, tail) = self.sizes(xs, weight)?;
        let gpu = Gpu::of(xs.device())?;
        let ys = gpu.empty(xs.shape(), xs.dtype())?;
        let end = suffix(&[xs, &ys], channels)?;
        let plan = Columns::of(rows, channels, width(end));
        let mut args = vec![Arg::Of(xs), Arg::Of(weight), Arg::Maybe(bias), Arg::Of(&ys)];
        args.extend(tail);
        args.push(Arg::Int(self.function as usize));
        let name = format!("taps{}_{end}", self.taps.len());
        gpu.launch(Source::Sequence, &name, plan.grid, &args)?;
        Ok(ys)
    }

    /// Gradients of x, w and b (f32).
    pub(crate) fn backward(
        &self,
        [xs, weight, dys]: [&Tensor; 3],
        bias: Option<&Tensor>,
    ) -> Result<[Tensor; 3]> {
        let (rows, channels, tail) = self.sizes(xs, weight)?;
        let gpu = Gpu::of(xs.device())?;
        let taps = self.taps.len();
        let end = suffix(&[xs, dys], channels)?;
        let plan = Columns::of(rows, channels, width(end));
        let d_sum = if self.function == Function::Identity {
            dys.clone()
        } else {
            let d_sum = gpu.empty(xs.shape(), xs.dtype())?;
            let mut args = vec![
                Arg::Of(xs),
                Arg::Of(weight),
                Arg::Maybe(bias),
                Arg::Of(dys),
                Arg::Of(&d_sum),
            ];
            args.extend_from_slice(&tail);
            args.push(Arg::Int(self.function as usize));
            let name = format!("taps{taps}_sum_back_{end}");
            gpu.launch(Source::Sequence, &name, plan.grid, &args)?;
            d_sum
        };
        let dxs = gpu.empty(xs.shape(), xs.dtype())?;
        let mut args = vec![Arg::Of(&d_sum), Arg::Of(weight), Arg::Of(&dxs)];
        args.extend_from_slice(&tail);
        let name = format!("taps{taps}_back_{end}");
        gpu.launch(Source::Sequence, &name, plan.grid, &args)?;
        let partial = gpu.empty((plan.chunks, taps + 1, channels), DType::F32)?;
        let mut args = vec![Arg::Of(xs), Arg::Of(&d_sum), Arg::Of(&partial)];
        args.extend_from_slice(&tail);
        let name = format!("taps{taps}_weight_{end}");
        gpu.launch(Source::Sequence, &name, plan.grid, &args)?;
        let totals = gpu.empty((taps + 1, channels), DType::F32)?;
        let args = [
            Arg::Of(&partial),
            Arg::Int(plan.chunks),
            Arg::Int(taps + 1),
            Arg::Int(channels),
            Arg::Of(&totals),
        ];
        let grid = Grid::exactly((taps + 1) * channels);
        gpu.launch(Source::Columns, "column_finish", grid, &args)?;
        let dw = gather(&totals, 0, &[channels, taps], &[1, channels])?;
        let dw = cast(&dw, weight.dtype())?.reshape(weight.shape())?;
        let db = totals.narrow(0, taps, 1)?.reshape(channels)?;
        Ok([dxs, dw, db])
    }
}

/// Another order of a sample's rows, numbered as in `kernels/sequence.cu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// Squares of 2 x 2 tokens, the four one after the other.
    Merge = 0,
    /// Back; rows and columns that were left out get zeros.
    Part = 1,
    /// Windows of a side, zeros where they reach beyond the image.
    Windows = 2,
    /// Back.
    Join = 3,
    /// All rows but one.
    Without = 4,
}

/// What lies as (N, `from_rows`, C) in another order, to (N, `rows`, C) of `shape`; `grid` is the image's, `k`
/// the window's side or the row left out.
pub(crate) fn move_rows(
    kind: Move,
    xs: &Tensor,
    [from_rows, rows, channels]: [usize; 3],
    grid: [usize; 2],
    k: usize,
    shape: &[usize],
) -> Result<Tensor> {
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty(shape.to_vec(), xs.dtype())?;
    let samples = xs.elem_count() / (from_rows * channels).max(1);
    if xs.elem_count() != samples * from_rows * channels
        || ys.elem_count() != samples * rows * channels
    {
        bail!("{kind:?} of {:?} to {shape:?}", xs.shape());
    }
    let end = suffix(&[xs, &ys], channels)?;
    let packs = ys.elem_count() / width(end);
    let args = [
        Arg::Of(xs),
        Arg::Of(&ys),
        Arg::Long(packs),
        Arg::Int(kind as usize),
        Arg::Int(rows),
        Arg::Int(from_rows),
        Arg::Int(channels),
        Arg::Int(grid[0]),
        Arg::Int(grid[1]),
        Arg::Int(k),
    ];
    gpu.launch(
        Source::Sequence,
        &format!("move_rows_{end}"),
        Grid::over(packs),
        &args,
    )?;
    Ok(ys)
}

/// x (N, L, C) with a token put in at row `at`, and positions (L + 1, C) added.
pub(crate) fn insert_token(
    xs: &Tensor,
    token: &Tensor,
    positions: &Tensor,
    at: usize,
) -> Result<Tensor> {
    let (batch, tokens, channels) = xs.dims3()?;
    let (token, positions) = (cast(token, xs.dtype())?, cast(positions, xs.dtype())?);
    if token.elem_count() != channels || positions.elem_count() != (tokens + 1) * channels {
        bail!("token {:?} into {:?}", token.shape(), xs.shape());
    }
    let gpu = Gpu::of(xs.device())?;
    let ys = gpu.empty((batch, tokens + 1, channels), xs.dtype())?;
    let end = suffix(&[xs, &token, &positions, &ys], channels)?;
    let packs = ys.elem_count() / width(end);
    let args = [
        Arg::Of(xs),
        Arg::Of(&token),
        Arg::Of(&positions),
        Arg::Of(&ys),
        Arg::Long(packs),
        Arg::Int(tokens + 1),
        Arg::Int(channels),
        Arg::Int(at),
    ];
    gpu.launch(
        Source::Sequence,
        &format!("insert_token_{end}"),
        Grid::over(packs),
        &args,
    )?;
    Ok(ys)
}

/// Halves interleaved, and a shortcut of twice their width added.
pub(crate) fn shuffle_add(left: &Tensor, right: &Tensor, shortcut: &Tensor) -> Result<Tensor> {
    let n = left.elem_count();
    if right.elem_count() != n || shortcut.elem_count() != 2 * n {
        bail!("halves {:?} of {:?}", left.shape(), shortcut.shape());
    }
    let gpu = Gpu::of(left.device())?;
    let ys = gpu.empty(shortcut.shape(), left.dtype())?;
    let end = suffix(&[left, right, shortcut, &ys], n)?;
    let args = [
        Arg::Of(left),
        Arg::Of(right),
        Arg::Of(shortcut),
        Arg::Of(&ys),
        Arg::Long(n),
    ];
    let grid = Grid::over(n / width(end));
    gpu.launch(Source::Sequence, &format!("shuffle_add_{end}"), grid, &args)?;
    Ok(ys)
}

/// Gradients of both halves.
pub(crate) fn shuffle_back(dys: &Tensor, shape: &[usize]) -> Result<[Tensor; 2]> {
    let gpu = Gpu::of(dys.device())?;
    let left = gpu.empty(shape.to_vec(), dys.dtype())?;
    let right = gpu.empty(shape.to_vec(), dys.dtype())?;
    let n = left.elem_count();
    if dys.elem_count() != 2 * n {
        bail!("halves {shape:?} of {:?}", dys.shape());
    }
    let end = suffix(&[dys, &left, &right], n)?;
    let args = [Arg::Of(dys), Arg::Of(&left), Arg::Of(&right), Arg::Long(n)];
    let grid = Grid::over(n / width(end));
    gpu.launch(
        Source::Sequence,
        &format!("shuffle_back_{end}"),
        grid,
        &args,
    )?;
    Ok([left, right])
}
