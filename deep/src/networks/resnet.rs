//! `ResNet`: K. He et al., *Deep residual learning for image recognition*, CVPR 2016, arXiv 1512.03385.
//! Layout and names of torchvision's `resnet18` to `resnet152`, which are timm's as well.
//!
//! (N, 3, S, S) to (N, classes); S a multiple of 32 fits without rounding.
//!
//! | stage | channels of 3x3 convolutions | side |
//! |---|---|---|
//! | conv1, 7x7 / 2 and max pool 3x3 / 2 | 64 | S/4 |
//! | layer1 | 64 | S/4 |
//! | layer2 | 128 | S/8 |
//! | layer3 | 256 | S/16 |
//! | layer4 | 512 | S/32 |
//!
//! | preset | block | blocks per stage | parameters for three classes |
//! |---|---|---|---|
//! | `resnet18` | basic | 2, 2, 2, 2 | 11,178,051 |
//! | `resnet34` | basic | 3, 4, 6, 3 | 21,286,211 |
//! | `resnet50` | bottleneck | 3, 4, 6, 3 | 23,514,179 |
//! | `resnet152` | bottleneck | 3, 8, 36, 3 | 58,149,955 |
//! | `resnet_micro` | bottleneck | 1, 1, 1, 1, an eighth as wide | for tests |

use candle_core::Result;

use super::resnet_blocks::{BOTTLENECK_EXPANSION, Block};
use crate::graph::Value;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::network::{Features, Mode, Network};
use crate::ops::activation::Activation;
use crate::ops::average_pool::global_average_pool;
use crate::ops::max_pool::MaxPool;
use crate::state::{Builder, Initial};

/// Channels of the stem.
const STEM: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Basic,
    Bottleneck,
}

/// One row of the table above.
struct Preset {
    kind: Kind,
    blocks: [usize; 4],
    /// Channels of the 3x3 convolutions per stage.
    widths: [usize; 4],
}

/// The paper's widths.
const WIDTHS: [usize; 4] = [64, 128, 256, 512];

/// The network.
pub(crate) struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Block>,
    fc: Linear,
}

impl ResNet {
    /// ResNet-18.
    pub(crate) fn resnet18(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, Kind::Basic, [2, 2, 2, 2])
    }

    /// ResNet-34.
    pub(crate) fn resnet34(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, Kind::Basic, [3, 4, 6, 3])
    }

    /// ResNet-50.
    pub(crate) fn resnet50(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, Kind::Bottleneck, [3, 4, 6, 3])
    }

    /// ResNet-152.
    pub(crate) fn resnet152(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, Kind::Bottleneck, [3, 8, 36, 3])
    }

    /// One narrow bottleneck a stage.
    pub(crate) fn micro(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        let preset = Preset {
            kind: Kind::Bottleneck,
            blocks: [1; 4],
            widths: WIDTHS.map(|width| width / 8),
        };
        Self::of(b, classes, &preset)
    }

    fn build(
        b: &mut Builder,
        classes: usize,
        kind: Kind,
        blocks: [usize; 4],
    ) -> Result<Box<dyn Network>> {
        let widths = WIDTHS;
        let preset = Preset {
            kind,
            blocks,
            widths,
        };
        Self::of(b, classes, &preset)
    }

    fn of(b: &mut Builder, classes: usize, preset: &Preset) -> Result<Box<dyn Network>> {
        let seen = b.image_channels();
        let conv1 = b.inside("conv1", |b| Conv2d::new(b, seen, STEM, 7, 2))?;
        let bn1 = b.inside("bn1", |b| BatchNorm::new(b, STEM, BatchNorm::TORCH))?;
        let mut blocks = Vec::new();
        let mut input = STEM;
        for (stage, (count, width)) in preset.blocks.into_iter().zip(preset.widths).enumerate() {
            for block in 0..count {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                blocks.push(b.inside(&name, |b| match preset.kind {
                    Kind::Basic => Block::basic(b, input, width, stride),
                    Kind::Bottleneck => Block::bottleneck(b, input, width, stride),
                })?);
                input = match preset.kind {
                    Kind::Basic => width,
                    Kind::Bottleneck => BOTTLENECK_EXPANSION * width,
                };
            }
        }
        let initial = [Initial::uniform_fan_in(input); 2];
        let fc = b.inside("fc", |b| Linear::new(b, input, classes, initial))?;
        Ok(Box::new(Self {
            conv1,
            bn1,
            blocks,
            fc,
        }))
    }
}

impl Network for ResNet {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let pool = MaxPool {
            kernel: 3,
            stride: 2,
            padding: 1,
        };
        let xs = self.conv1.forward(xs, mode)?; // (N, 64, S/2, S/2)
        let xs = self.bn1.forward(&xs, Activation::Relu, mode)?;
        let mut xs = pool.apply(&xs)?; // (N, 64, S/4, S/4)
        for block in &self.blocks {
            xs = block.forward(&xs, mode)?; // to (N, 512 or 2048, S/32, S/32)
        }
        Features::image(xs)
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = global_average_pool(features)?; // (N, 512 or 2048)
        self.fc.forward(&xs, mode) // (N, classes)
    }
}
