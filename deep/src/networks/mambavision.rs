//! `MambaVision`: A. Hatamizadeh and J. Kautz, *`MambaVision`: a hybrid Mamba-transformer vision backbone*,
//! arXiv 2407.08083. Names of the authors' checkpoints.
//!
//! (N, 3, S, S) to (N, classes). Two 3x3 / 2 convolutions; two stages of convolution blocks; two stages of
//! blocks over windows of tokens, of which the last half mix by attention and the others by a scan; 3x3 / 2
//! convolutions between stages; batch norm and mean.
//!
//! | preset | blocks per stage | C | stem | layer scale | drop path | parameters for three classes |
//! |---|---|---|---|---|---|---|
//! | `mambavision_t` | 1, 3, 8, 4 | 80 | 32 | | 0.2 | 31,155,171 |
//! | `mambavision_t2` | 1, 3, 11, 4 | 80 | 32 | | 0.2 | 34,464,931 |
//! | `mambavision_s` | 3, 3, 7, 5 | 96 | 64 | | 0.2 | 49,373,891 |
//! | `mambavision_b` | 3, 3, 10, 5 | 128 | 64 | 1e-5 | 0.3 | 96,663,363 |
//! | `mambavision_micro` | 1, 1, 2, 2 | 16 | 8 | 1e-5 | 0 | 582,059 |
//!
//! Channels double from stage to stage, from C to 8 C. The published presets have 2, 4, 8, 16 heads and
//! windows of 14 and 7 tokens a side.

use candle_core::Result;

use super::mambavision_blocks::{BIAS, ConvBlock, Kind, TokenBlock, WEIGHT};
use crate::graph::Value;
use crate::layers::{BatchNorm, BatchNormSettings, Conv2d, DropPath, Linear};
use crate::network::{Features, Mode, Network};
use crate::ops::activation::Activation;
use crate::ops::average_pool::global_average_pool;
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::windows::Windows;
use crate::state::{Builder, Initial};

/// Batch norm of the stem.
const STEM_NORM: BatchNormSettings = BatchNormSettings {
    epsilon: 1e-4,
    momentum: 0.1,
};
const STAGES: usize = 4;
/// Stages of convolutions, before those of windows.
const CONVOLUTIONAL: usize = 2;

/// One row of the table above.
struct Preset {
    blocks: [usize; STAGES],
    channels: usize,
    stem: usize,
    /// Of the two stages of windows.
    heads: [usize; STAGES - CONVOLUTIONAL],
    windows: [usize; STAGES - CONVOLUTIONAL],
    layer_scale: Option<f32>,
    drop_path: f64,
}

const TINY: Preset = Preset {
    blocks: [1, 3, 8, 4],
    channels: 80,
    stem: 32,
    heads: [8, 16],
    windows: [14, 7],
    layer_scale: None,
    drop_path: 0.2,
};
const TINY2: Preset = Preset {
    blocks: [1, 3, 11, 4],
    ..TINY
};
const SMALL: Preset = Preset {
    blocks: [3, 3, 7, 5],
    channels: 96,
    stem: 64,
    ..TINY
};
const BASE: Preset = Preset {
    blocks: [3, 3, 10, 5],
    channels: 128,
    stem: 64,
    layer_scale: Some(1e-5),
    drop_path: 0.3,
    ..TINY
};
const MICRO: Preset = Preset {
    blocks: [1, 1, 2, 2],
    channels: 16,
    stem: 8,
    heads: [2, 4],
    windows: [4, 2],
    layer_scale: Some(1e-5),
    drop_path: 0.0,
};

/// A 3x3 convolution that halves the sides, without a bias.
fn halve(b: &mut Builder, input: usize, output: usize) -> Result<Conv2d> {
    let op = GeneralConvolution::dense(2, 1);
    let initial = Initial::uniform_fan_in(9 * input);
    Conv2d::general(b, [input, output], [3; 2], op, initial, None)
}

/// The blocks of a stage.
enum Blocks {
    Convolutions(Vec<ConvBlock>),
    Windows(usize, Vec<TokenBlock>),
}

impl Blocks {
    /// (N, C, H, W) to the same shape.
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        match self {
            Self::Convolutions(blocks) => {
                let mut xs = xs.clone();
                for block in blocks {
                    xs = block.forward(&xs, mode)?;
                }
                Ok(xs)
            }
            Self::Windows(side, blocks) => {
                let windows = Windows::of(xs, *side)?;
                let mut xs = windows.to_tokens(xs)?; // (N windows, side², C)
                for block in blocks {
                    xs = block.forward(&xs, mode)?;
                }
                windows.to_image(&xs) // (N, C, H, W)
            }
        }
    }
}

/// The network.
pub(crate) struct MambaVision {
    stem: [(Conv2d, BatchNorm); 2],
    stages: Vec<(Blocks, Option<Conv2d>)>,
    norm: BatchNorm,
    head: Linear,
}

impl MambaVision {
    /// MambaVision-T.
    pub(crate) fn tiny(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &TINY)
    }

    /// MambaVision-T2.
    pub(crate) fn tiny2(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &TINY2)
    }

    /// MambaVision-S.
    pub(crate) fn small(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &SMALL)
    }

    /// MambaVision-B.
    pub(crate) fn base(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &BASE)
    }

    /// The same, small: for a laptop.
    pub(crate) fn micro(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &MICRO)
    }

    fn build(b: &mut Builder, classes: usize, preset: &Preset) -> Result<Box<dyn Network>> {
        let (stem, first) = (preset.stem, preset.channels);
        let entrance = |b: &mut Builder, at: usize, input: usize, output: usize| {
            let conv = format!("patch_embed.conv_down.{at}");
            let norm = format!("patch_embed.conv_down.{}", at + 1);
            Ok::<_, candle_core::Error>((
                b.inside(&conv, |b| halve(b, input, output))?,
                b.inside(&norm, |b| BatchNorm::new(b, output, STEM_NORM))?,
            ))
        };
        let seen = b.image_channels();
        let stem = [entrance(b, 0, seen, stem)?, entrance(b, 3, stem, first)?];
        let mut rates = (0..).zip(DropPath::rising(
            preset.drop_path,
            preset.blocks.iter().sum(),
        ));
        let mut stages = Vec::new();
        let mut channels = first;
        for (stage, count) in preset.blocks.into_iter().enumerate() {
            let rates: Vec<(u32, f64)> = rates.by_ref().take(count).collect();
            let blocks = Self::blocks(b, preset, stage, channels, &rates)?;
            let down = if stage + 1 < STAGES {
                let name = format!("levels.{stage}.downsample.reduction.0");
                channels *= 2;
                Some(b.inside(&name, |b| halve(b, channels / 2, channels))?)
            } else {
                None
            };
            stages.push((blocks, down));
        }
        Ok(Box::new(Self {
            stem,
            stages,
            norm: b.inside("norm", |b| BatchNorm::new(b, channels, BatchNorm::TORCH))?,
            head: b.inside("head", |b| {
                Linear::new(b, channels, classes, [WEIGHT, BIAS])
            })?,
        }))
    }

    /// The blocks of a stage, each with its number and drop path rate.
    fn blocks(
        b: &mut Builder,
        preset: &Preset,
        stage: usize,
        channels: usize,
        rates: &[(u32, f64)],
    ) -> Result<Blocks> {
        let named = |block: usize| format!("levels.{stage}.blocks.{block}");
        if stage < CONVOLUTIONAL {
            let blocks: Result<Vec<ConvBlock>> = rates
                .iter()
                .enumerate()
                .map(|(block, (layer, rate))| {
                    let drop_path = DropPath {
                        rate: *rate,
                        layer: 2 * layer,
                    };
                    b.inside(&named(block), |b| ConvBlock::new(b, channels, drop_path))
                })
                .collect();
            return Ok(Blocks::Convolutions(blocks?));
        }
        let at = stage - CONVOLUTIONAL;
        let attention_from = rates.len().div_ceil(2);
        let blocks: Result<Vec<TokenBlock>> = rates
            .iter()
            .enumerate()
            .map(|(block, (layer, rate))| {
                let kind = if block < attention_from {
                    Kind::Scan
                } else {
                    Kind::Attention(preset.heads[at])
                };
                let drop_path = [0, 1].map(|branch| DropPath {
                    rate: *rate,
                    layer: 2 * layer + branch,
                });
                b.inside(&named(block), |b| {
                    TokenBlock::new(b, channels, kind, preset.layer_scale, drop_path)
                })
            })
            .collect();
        Ok(Blocks::Windows(preset.windows[at], blocks?))
    }
}

impl Network for MambaVision {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let mut xs = xs.clone();
        for (conv, norm) in &self.stem {
            let ys = conv.forward(&xs, mode)?; // to (N, C, S/4, S/4)
            xs = norm.forward(&ys, Activation::Relu, mode)?;
        }
        for (blocks, down) in &self.stages {
            xs = blocks.forward(&xs, mode)?;
            if let Some(down) = down {
                xs = down.forward(&xs, mode)?; // to (N, 8 C, S/32, S/32)
            }
        }
        Features::image(self.norm.forward(&xs, Activation::Identity, mode)?)
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = global_average_pool(features)?; // (N, 8 C)
        self.head.forward(&xs, mode) // (N, classes)
    }
}
