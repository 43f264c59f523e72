//! `ConvNeXt`: Z. Liu et al., *A `ConvNet` for the 2020s*, CVPR 2022, arXiv 2201.03545.
//! Layout and names of torchvision's `convnext_tiny` and `convnext_base`.
//!
//! (N, 3, S, S) to (N, classes). Patches of 4x4 pixels; four stages of blocks (7x7 depthwise convolution,
//! layer norm, two linear layers around a GELU, layer scale, stochastic depth); layer norm and a 2x2 / 2
//! convolution between stages. Layer norms have ε 1e-6.
//!
//! | preset | blocks per stage | channels | drop path | parameters for three classes |
//! |---|---|---|---|---|
//! | `convnext_tiny` | 3, 3, 9, 3 | 96, 192, 384, 768 | 0.1 | 27,822,435 |
//! | `convnext_base` | 3, 3, 27, 3 | 128, 256, 512, 1024 | 0.5 | 87,569,539 |
//! | `convnext_micro` | 1, 1, 2, 1 | 16, 32, 48, 64 | 0.1 | for tests |

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{Conv2d, DropPath, LayerNorm, Linear, parameter};
use crate::network::{Features, Mode, Network};
use crate::ops::average_pool::global_average_pool;
use crate::ops::gelu::Gelu;
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::residual::Place;
use crate::ops::tokens::{from_tokens, to_tokens};
use crate::state::{Builder, Initial, Parameter};

/// ε of every layer norm.
const EPSILON: f64 = 1e-6;
/// First layer scale.
const LAYER_SCALE: f32 = 1e-6;
/// Side of the patches, and of the convolutions between stages.
const PATCH: usize = 4;
const DOWN: usize = 2;
/// Side of the depthwise convolutions.
const KERNEL: usize = 7;
/// Hidden channels per channel of a block.
const EXPANSION: usize = 4;
/// torchvision's first weights: normal, cut at ±2, which is a hundred deviations away.
const WEIGHT: Initial = Initial::Normal { deviation: 0.02 };
const BIAS: Initial = Initial::Constant(0.0);

/// One row of the table above.
struct Preset {
    blocks: [usize; 4],
    channels: [usize; 4],
    drop_path: f64,
}

const TINY: Preset = Preset {
    blocks: [3, 3, 9, 3],
    channels: [96, 192, 384, 768],
    drop_path: 0.1,
};
const BASE: Preset = Preset {
    blocks: [3, 3, 27, 3],
    channels: [128, 256, 512, 1024],
    drop_path: 0.5,
};
const MICRO: Preset = Preset {
    blocks: [1, 1, 2, 1],
    channels: [16, 32, 48, 64],
    drop_path: 0.1,
};

/// A convolution whose stride is its side: patches that do not overlap.
fn patches(b: &mut Builder, channels: [usize; 2], side: usize) -> Result<Conv2d> {
    let op = GeneralConvolution::dense(side, 0);
    Conv2d::general(b, channels, [side; 2], op, WEIGHT, Some(BIAS))
}

/// One block.
struct Block {
    layer_scale: Parameter,
    filter: Conv2d,
    norm: LayerNorm,
    expand: Linear,
    project: Linear,
    drop_path: DropPath,
}

impl Block {
    fn new(b: &mut Builder, channels: usize, drop_path: DropPath) -> Result<Self> {
        let layer_scale = b.parameter(
            "layer_scale",
            &[channels, 1, 1],
            Initial::Constant(LAYER_SCALE),
        )?;
        let hidden = EXPANSION * channels;
        b.inside("block", |b| {
            let op = GeneralConvolution {
                groups: channels,
                ..GeneralConvolution::dense(1, KERNEL / 2)
            };
            Ok(Self {
                layer_scale,
                filter: b.inside("0", |b| {
                    Conv2d::general(b, [channels; 2], [KERNEL; 2], op, WEIGHT, Some(BIAS))
                })?,
                norm: b.inside("2", |b| LayerNorm::new(b, channels, EPSILON))?,
                expand: b.inside("3", |b| Linear::new(b, channels, hidden, [WEIGHT, BIAS]))?,
                project: b.inside("5", |b| Linear::new(b, hidden, channels, [WEIGHT, BIAS]))?,
                drop_path,
            })
        })
    }

    /// (N, C, H, W) to the same shape.
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let (_, _, height, width) = xs.dims4()?;
        let ys = self.filter.forward(xs, mode)?;
        let ys = to_tokens(&ys)?; // (N, H W, C)
        let ys = self.norm.forward(&ys, mode)?;
        let ys = self.expand.forward(&ys, mode)?; // (N, H W, 4 C)
        let ys = Gelu::Exact.apply(&ys)?;
        let ys = self.project.forward(&ys, mode)?; // (N, H W, C)
        let ys = from_tokens(&ys, height, width)?; // (N, C, H, W)
        let scale = parameter(&self.layer_scale, mode);
        self.drop_path
            .add(xs, &ys, Some(&scale), Place::Image, mode)
    }
}

/// Layer norm and a 2x2 convolution in front of a stage; a 4x4 convolution and layer norm in front of the
/// first.
enum Entrance {
    Patches(Conv2d, LayerNorm),
    Down(LayerNorm, Conv2d),
}

impl Entrance {
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        match self {
            Self::Patches(conv, norm) => norm.forward_image(&conv.forward(xs, mode)?, mode),
            Self::Down(norm, conv) => conv.forward(&norm.forward_image(xs, mode)?, mode),
        }
    }
}

/// The network.
pub(crate) struct ConvNext {
    stages: Vec<(Entrance, Vec<Block>)>,
    norm: LayerNorm,
    head: Linear,
}

impl ConvNext {
    /// `ConvNeXt`-T.
    pub(crate) fn tiny(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &TINY)
    }

    /// `ConvNeXt`-B.
    pub(crate) fn base(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &BASE)
    }

    /// The same, small.
    pub(crate) fn micro(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &MICRO)
    }

    fn build(b: &mut Builder, classes: usize, preset: &Preset) -> Result<Box<dyn Network>> {
        let mut stages = Vec::new();
        let mut input = b.image_channels();
        let count = preset.blocks.iter().sum();
        let mut rates = (0..).zip(DropPath::rising(preset.drop_path, count));
        for (stage, (blocks, channels)) in
            preset.blocks.into_iter().zip(preset.channels).enumerate()
        {
            let entrance = b.inside(&format!("features.{}", 2 * stage), |b| {
                Ok(if stage == 0 {
                    Entrance::Patches(
                        b.inside("0", |b| patches(b, [input, channels], PATCH))?,
                        b.inside("1", |b| LayerNorm::new(b, channels, EPSILON))?,
                    )
                } else {
                    Entrance::Down(
                        b.inside("0", |b| LayerNorm::new(b, input, EPSILON))?,
                        b.inside("1", |b| patches(b, [input, channels], DOWN))?,
                    )
                })
            })?;
            let blocks: Result<Vec<Block>> = rates
                .by_ref()
                .take(blocks)
                .enumerate()
                .map(|(block, (layer, rate))| {
                    let name = format!("features.{}.{block}", 2 * stage + 1);
                    let drop_path = DropPath { rate, layer };
                    b.inside(&name, |b| Block::new(b, channels, drop_path))
                })
                .collect();
            stages.push((entrance, blocks?));
            input = channels;
        }
        Ok(Box::new(Self {
            stages,
            norm: b.inside("classifier.0", |b| LayerNorm::new(b, input, EPSILON))?,
            head: b.inside("classifier.2", |b| {
                Linear::new(b, input, classes, [WEIGHT, BIAS])
            })?,
        }))
    }
}

impl Network for ConvNext {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let mut xs = xs.clone();
        for (entrance, blocks) in &self.stages {
            xs = entrance.forward(&xs, mode)?; // (N, C, S/4, S/4), then half the side each time
            for block in blocks {
                xs = block.forward(&xs, mode)?;
            }
        }
        Features::image(xs)
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = global_average_pool(features)?; // (N, C)
        let xs = self.norm.forward(&xs, mode)?;
        self.head.forward(&xs, mode) // (N, classes)
    }
}
