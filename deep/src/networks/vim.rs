//! Vision Mamba: L. Zhu et al., *Vision Mamba: efficient visual representation learning with
//! bidirectional state space model*, ICML 2024, arXiv 2401.09417. Names of the authors' checkpoints.
//!
//! (N, 3, S, S) to (N, classes) for the side S that the network was built for. Patches of 16x16 pixels, a
//! class token in the middle of them, a position table; blocks of root mean square norm and mixer whose
//! outputs are added to a residual in front of the norm; the class token's row is classified.
//!
//! | preset | D | blocks | drop path | parameters for three classes, 256x256 |
//! |---|---|---|---|---|
//! | `vim_small` | 384 | 24 | 0.1 | 25,435,779 |
//! | `vim_tiny` | 192 | 24 | 0.1 | 6,967,107 |
//! | `vim_micro` | 32 | 2 | 0 | 60,451 |

use candle_core::{Result, bail};

use super::vim_mixer::Mixer;
use crate::graph::Value;
use crate::layers::{Conv2d, DropPath, Linear, RmsNorm, parameter};
use crate::network::{Features, Mode, Network};
use crate::ops::class_token::{insert_class_token, middle};
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::residual::Place;
use crate::ops::tokens::to_tokens;
use crate::ops::view::{narrow, reshape};
use crate::state::{Builder, Initial, Parameter};

/// Side of the patches.
const PATCH: usize = 16;
/// ε of every norm.
const EPSILON: f64 = 1e-5;
/// First numbers of the class token, the position table and the classifier. The original cuts them at ±2,
/// a hundred deviations away.
const TABLE: Initial = Initial::Normal { deviation: 0.02 };

/// One row of the table above.
struct Preset {
    channels: usize,
    blocks: usize,
    drop_path: f64,
}

const SMALL: Preset = Preset {
    channels: 384,
    blocks: 24,
    drop_path: 0.1,
};
const TINY: Preset = Preset {
    channels: 192,
    ..SMALL
};
const MICRO: Preset = Preset {
    channels: 32,
    blocks: 2,
    drop_path: 0.0,
};

/// Norm and mixer.
struct Block {
    mixer: Mixer,
    norm: RmsNorm,
    drop_path: DropPath,
}

impl Block {
    fn new(b: &mut Builder, preset: &Preset, drop_path: DropPath) -> Result<Self> {
        Ok(Self {
            mixer: b.inside("mixer", |b| Mixer::new(b, preset.channels, preset.blocks))?,
            norm: b.inside("norm", |b| RmsNorm::new(b, preset.channels, EPSILON))?,
            drop_path,
        })
    }

    /// The residual before the block: what there was and the output of the block before, (N, L, D).
    fn join(&self, xs: &Value, residual: Option<&Value>, mode: Mode) -> Result<Value> {
        match residual {
            None => Ok(xs.clone()),
            Some(residual) => self.drop_path.add(residual, xs, None, Place::Tokens, mode),
        }
    }

    /// The block's output for the residual before it, (N, L, D).
    fn mix(&self, residual: &Value, mode: Mode) -> Result<Value> {
        let ys = self.norm.forward(residual, mode)?;
        self.mixer.forward(&ys, mode)
    }
}

/// The network.
pub(crate) struct Vim {
    class_token: Parameter,
    positions: Parameter,
    patches: Conv2d,
    head: Linear,
    blocks: Vec<Block>,
    norm: RmsNorm,
    drop_path: DropPath,
}

impl Vim {
    /// Vim-S.
    pub(crate) fn small(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &SMALL)
    }

    /// Vim-Ti.
    pub(crate) fn tiny(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &TINY)
    }

    /// The same, small: for a laptop.
    pub(crate) fn micro(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &MICRO)
    }

    fn build(b: &mut Builder, classes: usize, preset: &Preset) -> Result<Box<dyn Network>> {
        let channels = preset.channels;
        let tokens = (b.side() / PATCH) * (b.side() / PATCH);
        let zero = Initial::Constant(0.0);
        let class_token = b.parameter("cls_token", &[1, 1, channels], TABLE)?;
        let positions = b.parameter("pos_embed", &[1, tokens + 1, channels], TABLE)?;
        let patches = b.inside("patch_embed.proj", |b| {
            let op = GeneralConvolution::dense(PATCH, 0);
            let seen = b.image_channels();
            let weight = Initial::lecun_fan_in(seen * PATCH * PATCH);
            Conv2d::general(b, [seen, channels], [PATCH; 2], op, weight, Some(zero))
        })?;
        let head = b.inside("head", |b| Linear::new(b, channels, classes, [TABLE, zero]))?;
        // The first block has no residual to add to, the second adds with certainty.
        let rates = std::iter::once(0.0).chain(DropPath::rising(preset.drop_path, preset.blocks));
        let blocks: Result<Vec<Block>> = (0_u32..)
            .zip(rates)
            .take(preset.blocks)
            .map(|(layer, rate)| {
                let drop_path = DropPath { rate, layer };
                b.inside(&format!("layers.{layer}"), |b| {
                    Block::new(b, preset, drop_path)
                })
            })
            .collect();
        Ok(Box::new(Self {
            class_token,
            positions,
            patches,
            head,
            blocks: blocks?,
            norm: b.inside("norm_f", |b| RmsNorm::new(b, channels, EPSILON))?,
            drop_path: DropPath {
                rate: preset.drop_path,
                layer: u32::MAX,
            },
        }))
    }
}

impl Network for Vim {
    /// The residual in front of the last block: behind it only the class token's row is asked for, and no other token
    /// has a gradient.
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let xs = self.patches.forward(xs, mode)?; // (N, D, S/16, S/16)
        let (_, _, height, width) = xs.dims4()?;
        let xs = to_tokens(&xs)?; // (N, L, D)
        let (_, tokens, _) = xs.dims3()?;
        let token = parameter(&self.class_token, mode);
        let positions = parameter(&self.positions, mode);
        let mut xs = insert_class_token(&xs, &token, &positions)?; // (N, L + 1, D)
        let mut residual = None;
        let Some((last, blocks)) = self.blocks.split_last() else {
            bail!("a network without blocks");
        };
        for block in blocks {
            let before = block.join(&xs, residual.as_ref(), mode)?;
            (xs, residual) = (block.mix(&before, mode)?, Some(before));
        }
        let residual = last.join(&xs, residual.as_ref(), mode)?;
        let grid = [height, width];
        Ok(Features::tokens(residual, grid, Some(middle(tokens))))
    }

    fn head(&self, residual: &Value, mode: Mode) -> Result<Value> {
        let (samples, tokens, channels) = residual.dims3()?; // (N, L + 1, D)
        let Some(last) = self.blocks.last() else {
            bail!("a network without blocks");
        };
        let xs = last.mix(residual, mode)?;
        // What follows works row by row, and only the class token's row is asked for.
        let row = |xs: &Value| {
            let row = narrow(xs, 1, middle(tokens - 1), 1)?; // (N, 1, D)
            reshape(&row, &[samples, channels])
        };
        let ys = self
            .drop_path
            .add(&row(residual)?, &row(&xs)?, None, Place::Tokens, mode)?; // (N, D)
        let ys = self.norm.forward(&ys, mode)?;
        self.head.forward(&ys, mode) // (N, classes)
    }
}
