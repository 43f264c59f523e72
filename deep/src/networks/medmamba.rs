//! `MedMamba`: Y. Yue and Z. Li, *`MedMamba`: vision Mamba for medical image classification*,
//! arXiv 2403.03849. Names of the authors' checkpoints.
//!
//! (N, 3, S, S) to (N, classes). Patches of 4x4 pixels with layer norm; stages of blocks on a grid of
//! tokens; squares of 2x2 tokens are merged between stages (a last odd row or column is left out); the
//! mean token is classified. First weights as in the authors' code: its last word on convolutions is He's
//! initialisation over the fan-out, of which a depthwise filter counts all channels.
//!
//! | preset | blocks per stage | channels | drop path | parameters for three classes |
//! |---|---|---|---|---|
//! | `medmamba_t` | 2, 2, 4, 2 | 96, 192, 384, 768 | 0.1 | 14,454,915 |
//! | `medmamba_s` | 2, 2, 8, 2 | 96, 192, 384, 768 | 0.1 | 18,622,851 |
//! | `medmamba_b` | 2, 2, 12, 2 | 128, 256, 512, 1024 | 0.1 | 39,861,763 |
//! | `medmamba_micro` | 1, 1 | 16, 32 | 0 | 21,915 |

use candle_core::Result;

use super::medmamba_blocks::{Block, WEIGHT};
use crate::graph::Value;
use crate::layers::{Conv2d, DropPath, LayerNorm, Linear};
use crate::network::{Features, Mode, Network};
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::merge_patches::merge_patches;
use crate::ops::token_mean::token_mean;
use crate::ops::tokens::to_tokens;
use crate::state::{Builder, Initial};

/// Side of the patches.
const PATCH: usize = 4;

/// One row of the table above.
struct Preset {
    blocks: &'static [usize],
    channels: &'static [usize],
    drop_path: f64,
}

const TINY: Preset = Preset {
    blocks: &[2, 2, 4, 2],
    channels: &[96, 192, 384, 768],
    drop_path: 0.1,
};
const SMALL: Preset = Preset {
    blocks: &[2, 2, 8, 2],
    ..TINY
};
const BASE: Preset = Preset {
    blocks: &[2, 2, 12, 2],
    channels: &[128, 256, 512, 1024],
    drop_path: 0.1,
};
const MICRO: Preset = Preset {
    blocks: &[1, 1],
    channels: &[16, 32],
    drop_path: 0.0,
};

/// Squares of 2x2 tokens as one token of twice the channels.
struct Merge {
    reduce: Linear,
    norm: LayerNorm,
}

impl Merge {
    fn new(b: &mut Builder, channels: usize) -> Result<Self> {
        let merged = 4 * channels;
        Ok(Self {
            reduce: b.inside("reduction", |b| {
                Linear::unbiased(b, merged, 2 * channels, WEIGHT)
            })?,
            norm: b.inside("norm", |b| LayerNorm::new(b, merged, LayerNorm::TORCH))?,
        })
    }

    /// (N, H W, C) to (N, H/2 W/2, 2 C).
    fn forward(&self, xs: &Value, grid: [usize; 2], mode: Mode) -> Result<Value> {
        let xs = merge_patches(xs, grid)?; // (N, H/2 W/2, 4 C)
        self.reduce.forward(&self.norm.forward(&xs, mode)?, mode)
    }
}

/// The network.
pub(crate) struct MedMamba {
    patches: Conv2d,
    norm: LayerNorm,
    stages: Vec<(Vec<Block>, Option<Merge>)>,
    head: Linear,
}

impl MedMamba {
    /// MedMamba-T.
    pub(crate) fn tiny(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &TINY)
    }

    /// MedMamba-S.
    pub(crate) fn small(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &SMALL)
    }

    /// MedMamba-B.
    pub(crate) fn base(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &BASE)
    }

    /// The same, small: for a laptop.
    pub(crate) fn micro(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &MICRO)
    }

    fn build(b: &mut Builder, classes: usize, preset: &Preset) -> Result<Box<dyn Network>> {
        let Preset {
            blocks,
            channels,
            drop_path,
        } = *preset;
        let (patches, norm) = b.inside("patch_embed", |b| {
            let op = GeneralConvolution::dense(PATCH, 0);
            let weight = Initial::kaiming_fan_out(channels[0], PATCH);
            let bias = Initial::uniform_fan_in(b.image_channels() * PATCH * PATCH);
            let shape = [b.image_channels(), channels[0]];
            Ok((
                b.inside("proj", |b| {
                    Conv2d::general(b, shape, [PATCH; 2], op, weight, Some(bias))
                })?,
                b.inside("norm", |b| LayerNorm::new(b, channels[0], LayerNorm::TORCH))?,
            ))
        })?;
        let mut rates = (0..).zip(DropPath::rising(drop_path, blocks.iter().sum()));
        let mut stages = Vec::new();
        for (stage, (count, channels)) in blocks.iter().zip(channels).enumerate() {
            let stage_blocks: Result<Vec<Block>> = rates
                .by_ref()
                .take(*count)
                .enumerate()
                .map(|(block, (layer, rate))| {
                    let name = format!("layers.{stage}.blocks.{block}");
                    b.inside(&name, |b| {
                        Block::new(b, *channels, DropPath { rate, layer })
                    })
                })
                .collect();
            let merge = if stage + 1 < blocks.len() {
                let name = format!("layers.{stage}.downsample");
                Some(b.inside(&name, |b| Merge::new(b, *channels))?)
            } else {
                None
            };
            stages.push((stage_blocks?, merge));
        }
        let last = channels[channels.len() - 1];
        let initial = [WEIGHT, Initial::Constant(0.0)];
        Ok(Box::new(Self {
            patches,
            norm,
            stages,
            head: b.inside("head", |b| Linear::new(b, last, classes, initial))?,
        }))
    }
}

impl Network for MedMamba {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let xs = self.patches.forward(xs, mode)?; // (N, C, S/4, S/4)
        let (_, _, height, width) = xs.dims4()?;
        let mut grid = [height, width];
        let xs = to_tokens(&xs)?; // (N, H W, C)
        let mut xs = self.norm.forward(&xs, mode)?;
        for (blocks, merge) in &self.stages {
            for block in blocks {
                xs = block.forward(&xs, grid, mode)?;
            }
            if let Some(merge) = merge {
                xs = merge.forward(&xs, grid, mode)?; // (N, H/2 W/2, 2 C)
                grid = grid.map(|side| side / 2);
            }
        }
        Ok(Features::tokens(xs, grid, None))
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = token_mean(features)?; // (N, C)
        self.head.forward(&xs, mode) // (N, classes)
    }
}
