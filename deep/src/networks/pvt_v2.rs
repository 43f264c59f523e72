//! Pyramid Vision Transformer v2: W. Wang et al., *PVT v2: improved baselines with pyramid vision
//! transformer*, 2022, arXiv 2106.13797. Layout and names of timm's `pvt_v2_b0` and `pvt_v2_b2`.
//!
//! (N, 3, S, S) to (N, classes). Four stages of overlapping patches (7x7 / 4, then 3x3 / 2) and blocks of
//! attention to an image shrunk 8, 4, 2 and 1 times.
//!
//! | preset | blocks per stage | channels | heads | parameters for three classes |
//! |---|---|---|---|---|
//! | `pvt_v2_b0` | 2, 2, 2, 2 | 32, 64, 160, 256 | 1, 2, 5, 8 | 3,410,531 |
//! | `pvt_v2_b2` | 3, 4, 6, 3 | 64, 128, 320, 512 | 1, 2, 5, 8 | 24,851,395 |
//! | `pvt_v2_micro` | 1, 1, 1, 1 | 16, 32, 48, 64 | 1, 2, 3, 4 | for tests |

use candle_core::Result;

use super::pvt_v2_blocks::{BIAS, Block, EPSILON, PatchEmbedding, WEIGHT};
use crate::graph::Value;
use crate::layers::{DropPath, LayerNorm, Linear};
use crate::network::{Features, Mode, Network};
use crate::ops::average_pool::global_average_pool;
use crate::ops::tokens::from_tokens;
use crate::state::Builder;

/// The authors' rate of the last block; it rises evenly from zero.
const DROP_PATH: f64 = 0.1;
/// Per stage: how much attention shrinks the image it looks at, and hidden channels per channel.
const REDUCTIONS: [usize; 4] = [8, 4, 2, 1];
const EXPANSIONS: [usize; 4] = [8, 8, 4, 4];

/// One row of the table above.
struct Preset {
    blocks: [usize; 4],
    channels: [usize; 4],
    heads: [usize; 4],
}

const B0: Preset = Preset {
    blocks: [2, 2, 2, 2],
    channels: [32, 64, 160, 256],
    heads: [1, 2, 5, 8],
};
const B2: Preset = Preset {
    blocks: [3, 4, 6, 3],
    channels: [64, 128, 320, 512],
    heads: [1, 2, 5, 8],
};
const MICRO: Preset = Preset {
    blocks: [1, 1, 1, 1],
    channels: [16, 32, 48, 64],
    heads: [1, 2, 3, 4],
};

struct Stage {
    patches: PatchEmbedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

/// The network.
pub(crate) struct PvtV2 {
    stages: Vec<Stage>,
    head: Linear,
}

impl PvtV2 {
    /// `PVTv2`-B0.
    pub(crate) fn b0(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &B0)
    }

    /// `PVTv2`-B2.
    pub(crate) fn b2(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &B2)
    }

    /// The same, small.
    pub(crate) fn micro(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &MICRO)
    }

    fn build(b: &mut Builder, classes: usize, preset: &Preset) -> Result<Box<dyn Network>> {
        let mut stages = Vec::new();
        let mut input = b.image_channels();
        let count = preset.blocks.iter().sum();
        // Two drop paths a block.
        let mut rates = (0..).step_by(2).zip(DropPath::rising(DROP_PATH, count));
        for stage in 0..preset.blocks.len() {
            let channels = preset.channels[stage];
            let patches = if stage == 0 {
                b.inside("patch_embed", |b| {
                    PatchEmbedding::new(b, [input, channels], 7, 4)
                })?
            } else {
                b.inside(&format!("stages.{stage}.downsample"), |b| {
                    PatchEmbedding::new(b, [input, channels], 3, 2)
                })?
            };
            let sizes = [preset.heads[stage], REDUCTIONS[stage], EXPANSIONS[stage]];
            let blocks: Result<Vec<Block>> = rates
                .by_ref()
                .take(preset.blocks[stage])
                .enumerate()
                .map(|(block, (layer, rate))| {
                    let name = format!("stages.{stage}.blocks.{block}");
                    let drop_paths = [layer, layer + 1].map(|layer| DropPath { rate, layer });
                    b.inside(&name, |b| Block::new(b, channels, sizes, drop_paths))
                })
                .collect();
            stages.push(Stage {
                patches,
                blocks: blocks?,
                norm: b.inside(&format!("stages.{stage}.norm"), |b| {
                    LayerNorm::new(b, channels, EPSILON)
                })?,
            });
            input = channels;
        }
        Ok(Box::new(Self {
            stages,
            head: b.inside("head", |b| Linear::new(b, input, classes, [WEIGHT, BIAS]))?,
        }))
    }
}

impl Network for PvtV2 {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let mut xs = xs.clone();
        for stage in &self.stages {
            let (mut tokens, size) = stage.patches.forward(&xs, mode)?; // (N, H W, C)
            for block in &stage.blocks {
                tokens = block.forward(&tokens, size, mode)?;
            }
            let tokens = stage.norm.forward(&tokens, mode)?;
            xs = from_tokens(&tokens, size[0], size[1])?; // (N, C, S/4, S/4), then half the side each time
        }
        Features::image(xs)
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = global_average_pool(features)?; // (N, C)
        self.head.forward(&xs, mode) // (N, classes)
    }
}
