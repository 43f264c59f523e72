//! The selective scan: `kernels/scan.cu` between two batches of matrix products for the steps.

use candle_core::{DType, Result, Tensor, bail};

use super::batch_norm::{column_sums, width};
use super::launch::{Arg, Gpu, Grid, Source};
use super::layout::zeros_like;
use super::pointwise::{cast, scale};
use super::product::{Gemm, Side};
use super::{letter, suffix};

/// N, L, E, K, S and R of a scan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScanSizes {
    pub(crate) batch: usize,
    pub(crate) tokens: usize,
    pub(crate) channels: usize,
    pub(crate) directions: usize,
    pub(crate) states: usize,
    pub(crate) rank: usize,
    pub(crate) bias_factor: f32,
}

/// `A_log`, weight and bias of the steps, and D; all but the weight in f32.
pub(crate) type Learned = [Tensor; 4];

/// What the way back needs.
pub(crate) struct Scanned {
    u: Tensor,
    projected: Tensor,
    pre: Tensor,
    /// The states before every chunk.
    states: Tensor,
    order: Tensor,
    learned: Learned,
}

/// Times between two kept states, and channels of a forward block, as in `kernels/scan.cu`.
const CHUNK: usize = 16;
const FORWARD_CHANNELS: usize = 128;
/// Threads of a block on the way back: (channels, states).
const BACK_THREADS: usize = 256;

impl ScanSizes {
    fn row(&self) -> usize {
        self.rank + 2 * self.states
    }

    /// N · L.
    fn lines(&self) -> usize {
        self.batch * self.tokens
    }

    fn chunks(&self) -> usize {
        self.tokens.div_ceil(CHUNK)
    }

    fn groups(&self) -> usize {
        self.channels.div_ceil(BACK_THREADS / self.states)
    }

    fn tail<'a>(&self) -> [Arg<'a>; 5] {
        [
            Arg::Int(self.tokens),
            Arg::Int(self.channels),
            Arg::Int(self.directions),
            Arg::Int(self.rank),
            Arg::Float(self.bias_factor),
        ]
    }

    /// pre (N L, K E) = p Wᵀ, a product for each direction.
    fn steps(&self) -> Gemm {
        Gemm {
            batch: self.directions,
            a_step: self.directions * self.row(),
            c_step: self.directions * self.channels,
            a_batch: self.row(),
            b_batch: self.channels * self.rank,
            c_batch: self.channels,
            ..Gemm::packed(
                [self.lines(), self.rank, self.channels],
                Side::AsIs,
                Side::Turned,
            )
        }
    }

    /// y of u, projection and what is learned; `orders`: (K, L) positions.
    pub(crate) fn forward(
        &self,
        u: &Tensor,
        projected: &Tensor,
        [a_log, weight, bias, skip]: [&Tensor; 4],
        orders: &[u32],
    ) -> Result<(Tensor, Scanned)> {
        let gpu = Gpu::of(u.device())?;
        let whole = |t: &Tensor| cast(t, DType::F32);
        let learned = [
            whole(a_log)?,
            cast(weight, u.dtype())?,
            whole(bias)?,
            whole(skip)?,
        ];
        let all = self.directions * self.channels;
        let counts = [all * self.states, all * self.rank, all, all];
        if learned.each_ref().map(Tensor::elem_count) != counts
            || u.elem_count() != self.lines() * self.channels
            || projected.elem_count() != self.lines() * self.directions * self.row()
            || projected.dtype() != u.dtype()
            || orders.len() != self.directions * self.tokens
            || orders.iter().any(|at| *at as usize >= self.tokens)
            || !matches!(self.states, 8 | 16)
        {
            bail!(
                "selective scan {self:?} of {:?} and {:?}",
                u.shape(),
                projected.shape()
            );
        }
        let order = Tensor::from_slice(orders, orders.len(), u.device())?;
        let pre = gpu.empty((self.lines(), all), DType::F32)?;
        gpu.gemm(&self.steps(), projected, &learned[1], &pre)?;
        let states = gpu.empty(self.batch * self.chunks() * all * self.states, DType::F32)?;
        let ys = gpu.empty((self.lines(), all), u.dtype())?;
        let mut args = vec![
            Arg::Of(u),
            Arg::Of(&pre),
            Arg::Of(projected),
            Arg::Of(&learned[0]),
            Arg::Of(&learned[2]),
            Arg::Of(&learned[3]),
            Arg::Of(&order),
            Arg::Of(&ys),
            Arg::Of(&states),
        ];
        args.extend(self.tail());
        let grid = Grid {
            blocks: [
                self.channels.div_ceil(FORWARD_CHANNELS),
                self.directions,
                self.batch,
            ],
            threads: [FORWARD_CHANNELS, 1],
        };
        let name = format!("scan{}_{}", self.states, letter(u.dtype())?);
        gpu.launch(Source::Scan, &name, grid, &args)?;
        let y = self.over_directions(&gpu, &ys, u)?;
        let kept = Scanned {
            u: u.clone(),
            projected: projected.clone(),
            pre,
            states,
            order,
            learned,
        };
        Ok((y, kept))
    }

    /// (N L, K, E) added over K, in the shape of `like`.
    fn over_directions(&self, gpu: &Gpu, xs: &Tensor, like: &Tensor) -> Result<Tensor> {
        if self.directions == 1 {
            return xs.reshape(like.shape());
        }
        let ys = gpu.empty(like.shape(), xs.dtype())?;
        let end = suffix(&[xs, &ys], self.channels)?;
        let n = ys.elem_count();
        let args = [
            Arg::Of(xs),
            Arg::Of(&ys),
            Arg::Long(n),
            Arg::Int(self.directions),
            Arg::Int(self.channels),
        ];
        let grid = Grid::over(n / width(end));
        gpu.launch(Source::Scan, &format!("add_directions_{end}"), grid, &args)?;
        Ok(ys)
    }

    /// Gradients of u, the projection, and what is learned (the weight's in its own type, the rest f32).
    pub(crate) fn backward(&self, kept: &Scanned, dys: &Tensor) -> Result<[Tensor; 6]> {
        let gpu = Gpu::of(dys.device())?;
        let all = self.directions * self.channels;
        let dtype = kept.u.dtype();
        let dus = gpu.empty((self.lines(), all), dtype)?;
        let dpre = gpu.empty((self.lines(), all), dtype)?;
        let twice = 2 * self.states;
        let slots = self.lines() * self.directions * twice;
        let parts = gpu.empty(self.groups() * slots, DType::F32)?;
        let da = gpu.empty((self.batch, all * self.states), DType::F32)?;
        let dskip = gpu.empty((self.batch, all), DType::F32)?;
        let mut args = vec![
            Arg::Of(&kept.u),
            Arg::Of(&kept.pre),
            Arg::Of(&kept.projected),
            Arg::Of(&kept.learned[0]),
            Arg::Of(&kept.learned[2]),
            Arg::Of(&kept.learned[3]),
            Arg::Of(&kept.order),
            Arg::Of(&kept.states),
            Arg::Of(dys),
            Arg::Of(&dus),
            Arg::Of(&dpre),
            Arg::Of(&parts),
            Arg::Of(&da),
            Arg::Of(&dskip),
        ];
        args.extend(self.tail());
        let grid = Grid {
            blocks: [self.groups(), self.directions, self.batch],
            threads: [BACK_THREADS, 1],
        };
        let name = format!("scan{}_back_{}", self.states, letter(dtype)?);
        gpu.launch(Source::Scan, &name, grid, &args)?;
        let du = self.over_directions(&gpu, &dus, &kept.u)?;
        let dprojected = zeros_like(&kept.projected, kept.projected.dims())?;
        let args = [
            Arg::Of(&parts),
            Arg::Of(&dprojected),
            Arg::Long(slots),
            Arg::Int(self.groups()),
            Arg::Int(self.rank),
            Arg::Int(twice),
        ];
        let name = format!("scan_parts_{}", letter(dtype)?);
        gpu.launch(Source::Scan, &name, Grid::over(slots), &args)?;
        let steps = self.steps();
        // dp = dpre W, into the first R numbers of every direction's row.
        let back = Gemm {
            columns: steps.inner,
            inner: steps.columns,
            b_side: Side::AsIs,
            a_step: steps.c_step,
            c_step: steps.a_step,
            a_batch: steps.c_batch,
            c_batch: steps.a_batch,
            ..steps.clone()
        };
        gpu.gemm(&back, &dpre, &kept.learned[1], &dprojected)?;
        // dW = dpreᵀ p.
        let dw = gpu.empty(kept.learned[1].shape(), dtype)?;
        let weight = Gemm {
            rows: steps.columns,
            columns: steps.inner,
            inner: steps.rows,
            a_side: Side::Turned,
            b_side: Side::AsIs,
            a_step: steps.c_step,
            b_step: steps.a_step,
            c_step: steps.inner,
            a_batch: steps.c_batch,
            b_batch: steps.a_batch,
            c_batch: steps.b_batch,
            ..steps
        };
        gpu.gemm(&weight, &dpre, &kept.projected, &dw)?;
        let [a_log, _, bias, skip] = &kept.learned;
        let da = column_sums(&da, all * self.states)?.reshape(a_log.shape())?;
        let dskip = column_sums(&dskip, all)?.reshape(skip.shape())?;
        let db = scale(&column_sums(&dpre, all)?, f64::from(self.bias_factor))?;
        let db = db.reshape(bias.shape())?;
        Ok([du, dprojected, da, dw, db, dskip])
    }
}
