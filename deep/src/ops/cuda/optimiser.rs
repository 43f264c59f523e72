//! One step of the optimiser for all parameters in one launch.

use candle_core::{DType, Device, Result, Tensor, bail};

use super::launch::{Arg, Gpu, Grid, Source, address};

/// Numbers of a piece, as in `kernels/optimiser.cu`.
const PIECE: usize = 8192;

/// Tables on the device about a model's parameters and the optimiser's state.
pub(crate) struct Tensors {
    device: Device,
    sizes: Vec<usize>,
    /// Address of parameter, two states and bf16 copy, and size; five words a tensor.
    tensors: Tensor,
    /// (tensor, number of the piece), a block each.
    pieces: Tensor,
    blocks: usize,
    /// What the tables point at, kept alive.
    held: Vec<Tensor>,
}

impl std::fmt::Debug for Tensors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tensors")
            .field("tensors", &self.sizes.len())
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}

/// What a step does to one tensor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors {
    /// `AdamW`: what the parameter keeps of itself; SGD: the decay.
    pub(crate) keep: f32,
    /// Length of the step.
    pub(crate) rate: f32,
}

/// The numbers of an `AdamW` step that all tensors share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamW {
    pub(crate) betas: [f32; 2],
    pub(crate) rests: [f32; 2],
    pub(crate) root: f32,
    pub(crate) epsilon: f32,
}

/// One tensor of the tables.
pub(crate) struct Row<'a> {
    pub(crate) value: &'a Tensor,
    pub(crate) first: Option<&'a Tensor>,
    pub(crate) second: Option<&'a Tensor>,
    pub(crate) copy: Option<&'a Tensor>,
}

impl Tensors {
    /// Tables of these tensors, all f32 but the copies.
    pub(crate) fn new(rows: &[Row<'_>], device: &Device) -> Result<Self> {
        let (mut words, mut pieces, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for (number, row) in rows.iter().enumerate() {
            let n = row.value.elem_count();
            let mut word = |tensor: Option<&Tensor>, dtype: DType| {
                let Some(tensor) = tensor else {
                    words.push(0);
                    return Ok(());
                };
                if tensor.elem_count() != n || tensor.dtype() != dtype {
                    bail!("optimiser: {:?} beside {n} numbers", tensor.shape());
                }
                words.push(address(tensor)?.cast_signed());
                held.push(tensor.clone());
                Ok(())
            };
            word(Some(row.value), DType::F32)?;
            word(row.first, DType::F32)?;
            word(row.second, DType::F32)?;
            word(row.copy, DType::BF16)?;
            words.push(i64::try_from(n).map_err(candle_core::Error::wrap)?);
            for piece in 0..n.div_ceil(PIECE) {
                for x in [number, piece] {
                    pieces.push(u32::try_from(x).map_err(candle_core::Error::wrap)?);
                }
            }
        }
        let blocks = pieces.len() / 2;
        Ok(Self {
            device: device.clone(),
            sizes: rows.iter().map(|row| row.value.elem_count()).collect(),
            tensors: Tensor::from_vec(words, (rows.len(), 5), device)?,
            pieces: Tensor::from_vec(pieces, (blocks, 2), device)?,
            blocks,
            held,
        })
    }

    /// The gradients and factors of a step as a table.
    pub(crate) fn steps(
        &self,
        gradients: &[Option<Tensor>],
        factors: &[Factors],
    ) -> Result<Tensor> {
        if gradients.len() != self.sizes.len() || factors.len() != self.sizes.len() {
            bail!(
                "optimiser: {} gradients for {} tensors",
                gradients.len(),
                self.sizes.len()
            );
        }
        let mut words = Vec::with_capacity(2 * gradients.len());
        for ((gradient, factors), size) in gradients.iter().zip(factors).zip(&self.sizes) {
            words.push(match gradient {
                None => 0,
                Some(gradient) if gradient.elem_count() != *size => {
                    bail!(
                        "optimiser: gradient {:?} for {size} numbers",
                        gradient.shape()
                    )
                }
                Some(gradient) => {
                    let mark = match gradient.dtype() {
                        DType::F32 => 0,
                        DType::BF16 => 1,
                        other => bail!("optimiser: gradients of {other:?}"),
                    };
                    (address(gradient)? | mark).cast_signed()
                }
            });
            let both =
                u64::from(factors.keep.to_bits()) | (u64::from(factors.rate.to_bits()) << 32);
            words.push(both.cast_signed());
        }
        Tensor::from_vec(words, (gradients.len(), 2), &self.device)
    }

    fn run(&self, name: &str, before: &[Arg<'_>], rest: &[Arg<'_>]) -> Result<()> {
        let gpu = Gpu::of(&self.device)?;
        let mut args = vec![Arg::Of(&self.tensors)];
        args.extend_from_slice(before);
        args.push(Arg::Of(&self.pieces));
        args.extend_from_slice(rest);
        gpu.launch(Source::Optimiser, name, Grid::blocks(self.blocks), &args)
    }

    /// The gradients' norm and the factor that keeps it below `most`, both on the device.
    pub(crate) fn norm(&self, steps: &Tensor, most: f64) -> Result<Tensor> {
        let gpu = Gpu::of(&self.device)?;
        let partial = gpu.empty(self.blocks, DType::F64)?;
        self.run("squares", &[Arg::Of(steps)], &[Arg::Of(&partial)])?;
        let norm = gpu.empty(2, DType::F32)?;
        #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
        let args = [
            Arg::Of(&partial),
            Arg::Int(self.blocks),
            Arg::Float(most as f32),
            Arg::Of(&norm),
        ];
        gpu.launch(Source::Optimiser, "clip_norm", Grid::blocks(1), &args)?;
        Ok(norm)
    }

    /// One step of `AdamW`; `clip` is the second number of [`Self::norm`].
    pub(crate) fn adamw(&self, steps: &Tensor, clip: Option<&Tensor>, a: AdamW) -> Result<()> {
        let rest = [
            Arg::Maybe(clip),
            Arg::Float(a.betas[0]),
            Arg::Float(a.betas[1]),
            Arg::Float(a.rests[0]),
            Arg::Float(a.rests[1]),
            Arg::Float(a.root),
            Arg::Float(a.epsilon),
        ];
        self.run("adamw", &[Arg::Of(steps)], &rest)
    }

    /// The bf16 copies made anew.
    pub(crate) fn copy(&self) -> Result<()> {
        self.run("copies", &[], &[])
    }
}
