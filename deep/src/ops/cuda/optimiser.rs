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
    places: Tensor,
    /// (tensor, number of the piece), a block each.
    pieces: Tensor,
    blocks: usize,
    addresses: Vec<u64>,
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
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Factors {
    /// `AdamW`: what the parameter keeps of itself; SGD: the decay.
    pub(crate) keep: f32,
    /// Length of the step.
    pub(crate) rate: f32,
    /// `AdamW`: the root of the second moment's correction.
    pub(crate) root: f32,
}

/// The numbers of a rule that all tensors share.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// β and 1 - β of both moments, and ε.
    AdamW([f32; 5]),
    /// Momentum, and 1 for Nesterov's look ahead.
    Sgd(f32, u32),
}

/// One tensor of the tables.
pub(crate) struct Row<'a> {
    pub(crate) value: &'a Tensor,
    pub(crate) first: Option<&'a Tensor>,
    pub(crate) second: Option<&'a Tensor>,
    pub(crate) copy: Option<&'a Tensor>,
}

/// Where everything in the tables lies.
fn addresses(rows: &[Row<'_>]) -> Result<Vec<u64>> {
    rows.iter()
        .flat_map(|row| [Some(row.value), row.first, row.second, row.copy])
        .map(|tensor| tensor.map_or(Ok(0), address))
        .collect()
}

impl Tensors {
    /// Whether the tables are of just these addresses.
    pub(crate) fn are_of(&self, rows: &[Row<'_>]) -> Result<bool> {
        Ok(self.addresses == addresses(rows)?)
    }

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
            places: Tensor::from_vec(words, (rows.len(), 5), device)?,
            pieces: Tensor::from_vec(pieces, (blocks, 2), device)?,
            blocks,
            addresses: addresses(rows)?,
            held,
        })
    }

    /// The gradients and factors of a step as a table.
    pub(crate) fn steps(
        &self,
        gradients: &[Option<&Tensor>],
        factors: &[Factors],
    ) -> Result<Tensor> {
        if gradients.len() != self.sizes.len() || factors.len() != self.sizes.len() {
            bail!(
                "optimiser: {} gradients for {} tensors",
                gradients.len(),
                self.sizes.len()
            );
        }
        let mut words = Vec::with_capacity(3 * gradients.len());
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
            let both = |low: f32, high: f32| {
                (u64::from(low.to_bits()) | (u64::from(high.to_bits()) << 32)).cast_signed()
            };
            words.extend([both(factors.keep, factors.rate), both(factors.root, 0.0)]);
        }
        Tensor::from_vec(words, (gradients.len(), 3), &self.device)
    }

    fn run(&self, name: &str, before: &[Arg<'_>], rest: &[Arg<'_>]) -> Result<()> {
        let gpu = Gpu::of(&self.device)?;
        let mut args = vec![Arg::Of(&self.places)];
        args.extend_from_slice(before);
        args.push(Arg::Of(&self.pieces));
        args.extend_from_slice(rest);
        gpu.launch(Source::Optimiser, name, Grid::blocks(self.blocks), &args)
    }

    /// The gradients' norm times `scale`, and the factor that keeps it below `most`, both on the device.
    #[expect(clippy::cast_possible_truncation, reason = "kernels take f32")]
    pub(crate) fn norm(&self, steps: &Tensor, [scale, most, epsilon]: [f64; 3]) -> Result<Tensor> {
        let gpu = Gpu::of(&self.device)?;
        let partial = gpu.empty(self.blocks, DType::F64)?;
        self.run("squares", &[Arg::Of(steps)], &[Arg::Of(&partial)])?;
        let norm = gpu.empty(2, DType::F32)?;
        let args = [
            Arg::Of(&partial),
            Arg::Int(self.blocks),
            Arg::Float(scale as f32),
            Arg::Float(most as f32),
            Arg::Float(epsilon as f32),
            Arg::Of(&norm),
        ];
        gpu.launch(Source::Optimiser, "clip_norm", Grid::blocks(1), &args)?;
        Ok(norm)
    }

    /// One step by gradients times `scale`; `clip` is what [`Self::norm`] gave.
    #[expect(clippy::cast_possible_truncation, reason = "kernels take f32")]
    pub(crate) fn step(
        &self,
        rule: Rule,
        steps: &Tensor,
        clip: Option<&Tensor>,
        scale: f64,
    ) -> Result<()> {
        let mut rest = vec![Arg::Maybe(clip), Arg::Float(scale as f32)];
        let name = match rule {
            Rule::AdamW(constants) => {
                rest.extend(constants.map(Arg::Float));
                "adamw"
            }
            Rule::Sgd(momentum, nesterov) => {
                rest.extend([Arg::Float(momentum), Arg::Word(nesterov)]);
                "sgd"
            }
        };
        self.run(name, &[Arg::Of(steps)], &rest)
    }
}
