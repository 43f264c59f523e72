//! The two residual blocks of [`super::resnet`].

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{BatchNorm, Conv2d};
use crate::network::Mode;
use crate::ops::activation::Activation;
use crate::ops::add_relu::add_relu;
use crate::state::Builder;

/// A 1x1 convolution on the shortcut where the shape changes: children `downsample.0` and `downsample.1`.
struct Shortcut(Option<(Conv2d, BatchNorm)>);

impl Shortcut {
    fn new(b: &mut Builder, input: usize, output: usize, stride: usize) -> Result<Self> {
        if stride == 1 && input == output {
            return Ok(Self(None));
        }
        let layers = b.inside("downsample", |b| {
            Ok((
                b.inside("0", |b| Conv2d::new(b, input, output, 1, stride))?,
                b.inside("1", |b| BatchNorm::new(b, output, BatchNorm::TORCH))?,
            ))
        })?;
        Ok(Self(Some(layers)))
    }

    /// (N, I, H, W) to (N, O, H / stride, W / stride).
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        match &self.0 {
            None => Ok(xs.clone()),
            Some((conv, norm)) => {
                let zs = conv.forward(xs, mode)?;
                norm.forward(&zs, Activation::Identity, mode)
            }
        }
    }
}

/// Convolution and batch normalisation as children `convK` and `bnK` of a block.
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn new(
        b: &mut Builder,
        number: usize,
        [input, output]: [usize; 2],
        kernel: usize,
        stride: usize,
    ) -> Result<Self> {
        Ok(Self {
            conv: b.inside(&format!("conv{number}"), |b| {
                Conv2d::new(b, input, output, kernel, stride)
            })?,
            norm: b.inside(&format!("bn{number}"), |b| {
                BatchNorm::new(b, output, BatchNorm::TORCH)
            })?,
        })
    }

    fn forward(&self, xs: &Value, activation: Activation, mode: Mode) -> Result<Value> {
        let ys = self.conv.forward(xs, mode)?;
        self.norm.forward(&ys, activation, mode)
    }
}

/// Convolutions around a shortcut.
pub(super) struct Block {
    /// All but the last are followed by a rectifier.
    convolutions: Vec<ConvNorm>,
    shortcut: Shortcut,
}

impl Block {
    /// Two 3x3 convolutions to `width` channels.
    pub(super) fn basic(
        b: &mut Builder,
        input: usize,
        width: usize,
        stride: usize,
    ) -> Result<Self> {
        Ok(Self {
            convolutions: vec![
                ConvNorm::new(b, 1, [input, width], 3, stride)?,
                ConvNorm::new(b, 2, [width; 2], 3, 1)?,
            ],
            shortcut: Shortcut::new(b, input, width, stride)?,
        })
    }

    /// 1x1 down to `width` channels, 3x3, and 1x1 up to four times as many. The stride is the 3x3
    /// convolution's, as in torchvision, not the first one's as in the paper.
    pub(super) fn bottleneck(
        b: &mut Builder,
        input: usize,
        width: usize,
        stride: usize,
    ) -> Result<Self> {
        let output = BOTTLENECK_EXPANSION * width;
        Ok(Self {
            convolutions: vec![
                ConvNorm::new(b, 1, [input, width], 1, 1)?,
                ConvNorm::new(b, 2, [width; 2], 3, stride)?,
                ConvNorm::new(b, 3, [width, output], 1, 1)?,
            ],
            shortcut: Shortcut::new(b, input, output, stride)?,
        })
    }

    /// (N, I, H, W) to (N, O, H / stride, W / stride).
    pub(super) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let mut ys = xs.clone();
        for (k, layer) in self.convolutions.iter().enumerate() {
            let activation = if k + 1 == self.convolutions.len() {
                Activation::Identity
            } else {
                Activation::Relu
            };
            ys = layer.forward(&ys, activation, mode)?;
        }
        add_relu(&ys, &self.shortcut.forward(xs, mode)?)
    }
}

/// Output channels of a bottleneck per channel of its 3x3 convolution.
pub(super) const BOTTLENECK_EXPANSION: usize = 4;
