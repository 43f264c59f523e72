//! ResNet-18: K. He et al., *Deep residual learning for image recognition*, CVPR 2016,
//! arXiv 1512.03385. Layout and names of torchvision's `resnet18`.
//!
//! (N, 3, S, S) to (N, classes); S a multiple of 32 fits without rounding.
//!
//! | stage | blocks | channels | side |
//! |---|---|---|---|
//! | conv1, 7x7 / 2 and max pool 3x3 / 2 | | 64 | S/4 |
//! | layer1 | 2 | 64 | S/4 |
//! | layer2 | 2 | 128 | S/8 |
//! | layer3 | 2 | 256 | S/16 |
//! | layer4 | 2 | 512 | S/32 |

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::network::{Mode, Network};
use crate::ops::activation::Activation;
use crate::ops::add_relu::add_relu;
use crate::ops::average_pool::global_average_pool;
use crate::ops::max_pool::MaxPool;
use crate::state::{Builder, Initial};

/// Blocks per stage of ResNet-18.
const BLOCKS_18: [usize; 4] = [2, 2, 2, 2];
/// Channels per stage.
const CHANNELS: [usize; 4] = [64, 128, 256, 512];

/// Two 3x3 convolutions around a shortcut.
struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    /// 1x1 convolution of the shortcut where the shape changes.
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl BasicBlock {
    fn new(b: &mut Builder, input: usize, output: usize, stride: usize) -> Result<Self> {
        let norm = BatchNorm::TORCH;
        Ok(Self {
            conv1: b.inside("conv1", |b| Conv2d::new(b, input, output, 3, stride))?,
            bn1: b.inside("bn1", |b| BatchNorm::new(b, output, norm))?,
            conv2: b.inside("conv2", |b| Conv2d::new(b, output, output, 3, 1))?,
            bn2: b.inside("bn2", |b| BatchNorm::new(b, output, norm))?,
            downsample: if stride == 1 && input == output {
                None
            } else {
                Some(b.inside("downsample", |b| {
                    Ok((
                        b.inside("0", |b| Conv2d::new(b, input, output, 1, stride))?,
                        b.inside("1", |b| BatchNorm::new(b, output, norm))?,
                    ))
                })?)
            },
        })
    }

    /// (N, I, H, W) to (N, O, H / stride, W / stride).
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let ys = self.conv1.forward(xs, mode)?;
        let ys = self.bn1.forward(&ys, Activation::Relu, mode)?;
        let ys = self.conv2.forward(&ys, mode)?;
        let ys = self.bn2.forward(&ys, Activation::Identity, mode)?;
        let shortcut = match &self.downsample {
            None => xs.clone(),
            Some((conv, norm)) => {
                let zs = conv.forward(xs, mode)?;
                norm.forward(&zs, Activation::Identity, mode)?
            }
        };
        add_relu(&ys, &shortcut)
    }
}

/// The network.
pub(crate) struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<BasicBlock>,
    fc: Linear,
}

impl ResNet {
    /// ResNet-18: 11,178,051 parameters for three classes.
    pub(crate) fn resnet18(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        let conv1 = b.inside("conv1", |b| Conv2d::new(b, 3, 64, 7, 2))?;
        let bn1 = b.inside("bn1", |b| BatchNorm::new(b, 64, BatchNorm::TORCH))?;
        let mut blocks = Vec::new();
        let mut input = CHANNELS[0];
        for (stage, (count, output)) in BLOCKS_18.into_iter().zip(CHANNELS).enumerate() {
            for block in 0..count {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                blocks.push(b.inside(&name, |b| BasicBlock::new(b, input, output, stride))?);
                input = output;
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
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let pool = MaxPool {
            kernel: 3,
            stride: 2,
            padding: 1,
        };
        let xs = self.conv1.forward(xs, mode)?; // (N, 64, S/2, S/2)
        let xs = self.bn1.forward(&xs, Activation::Relu, mode)?;
        let mut xs = pool.apply(&xs)?; // (N, 64, S/4, S/4)
        for block in &self.blocks {
            xs = block.forward(&xs, mode)?; // to (N, 512, S/32, S/32)
        }
        let xs = global_average_pool(&xs)?; // (N, 512)
        self.fc.forward(&xs, mode) // (N, classes)
    }
}
