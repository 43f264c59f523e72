//! MobileNetV3-Small: A. Howard et al., *Searching for MobileNetV3*, ICCV 2019, arXiv 1905.02244.
//! Layout and names of torchvision's `mobilenet_v3_small` (1,520,931 parameters for three classes).
//!
//! (N, 3, S, S) to (N, classes). Eleven inverted residual blocks between a 3x3 / 2 stem and a 1x1 head:
//! expand (1x1), filter (depthwise), gate (squeeze and excitation), project (1x1, no activation).

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{BatchNorm, Conv2d, DropoutLayer, Linear};
use crate::network::{Features, Mode, Network};
use crate::ops::activation::Activation;
use crate::ops::arithmetic::add;
use crate::ops::average_pool::global_average_pool;
use crate::ops::scale_channels::scale_channels;
use crate::state::{Builder, Initial};

/// One row of the paper's Table 2.
pub(crate) struct Row {
    pub(crate) kernel: usize,
    pub(crate) input: usize,
    pub(crate) expanded: usize,
    pub(crate) output: usize,
    pub(crate) gated: bool,
    pub(crate) activation: Activation,
    pub(crate) stride: usize,
}

const fn row(
    kernel: usize,
    [input, expanded, output]: [usize; 3],
    gated: bool,
    activation: Activation,
    stride: usize,
) -> Row {
    Row {
        kernel,
        input,
        expanded,
        output,
        gated,
        activation,
        stride,
    }
}

/// Table 2 of the paper: the bottleneck rows of MobileNetV3-Small.
pub(crate) const SMALL: [Row; 11] = [
    row(3, [16, 16, 16], true, Activation::Relu, 2),
    row(3, [16, 72, 24], false, Activation::Relu, 2),
    row(3, [24, 88, 24], false, Activation::Relu, 1),
    row(5, [24, 96, 40], true, Activation::Hardswish, 2),
    row(5, [40, 240, 40], true, Activation::Hardswish, 1),
    row(5, [40, 240, 40], true, Activation::Hardswish, 1),
    row(5, [40, 120, 48], true, Activation::Hardswish, 1),
    row(5, [48, 144, 48], true, Activation::Hardswish, 1),
    row(5, [48, 288, 96], true, Activation::Hardswish, 2),
    row(5, [96, 576, 96], true, Activation::Hardswish, 1),
    row(5, [96, 576, 96], true, Activation::Hardswish, 1),
];
/// Channels of the stem and of the convolution before pooling, width of the classifier.
const STEM: usize = 16;
const HEAD: usize = 576;
const CLASSIFIER: usize = 1024;
/// torchvision's dropout rate and its deviation of classifier weights.
const DROPOUT: f64 = 0.2;
const CLASSIFIER_DEVIATION: f64 = 0.01;

/// Convolution, normalisation, activation: children `0` and `1`.
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
    activation: Activation,
}

impl ConvNorm {
    fn new(
        b: &mut Builder,
        activation: Activation,
        conv: impl FnOnce(&mut Builder) -> Result<Conv2d>,
        channels: usize,
    ) -> Result<Self> {
        Ok(Self {
            conv: b.inside("0", conv)?,
            norm: b.inside("1", |b| BatchNorm::new(b, channels, BatchNorm::MOBILENET))?,
            activation,
        })
    }

    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let ys = self.conv.forward(xs, mode)?;
        self.norm.forward(&ys, self.activation, mode)
    }
}

/// Squeeze and excitation: J. Hu et al., CVPR 2018; with a hard sigmoid.
struct Gate {
    fc1: Linear,
    fc2: Linear,
}

impl Gate {
    fn new(b: &mut Builder, channels: usize) -> Result<Self> {
        let squeezed = make_divisible(channels / 4, 8);
        Ok(Self {
            fc1: b.inside("fc1", |b| Linear::pointwise_biased(b, channels, squeezed))?,
            fc2: b.inside("fc2", |b| Linear::pointwise_biased(b, squeezed, channels))?,
        })
    }

    /// (N, C, H, W) to the same shape.
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let gate = global_average_pool(xs)?; // (N, C)
        let gate = self.fc1.forward(&gate, mode)?; // (N, C/4)
        let gate = Activation::Relu.apply(&gate)?;
        let gate = self.fc2.forward(&gate, mode)?; // (N, C)
        let gate = Activation::Hardsigmoid.apply(&gate)?;
        scale_channels(xs, &gate)
    }
}

/// The multiple of `divisor` nearest to `value`, not below it by more than a tenth (the paper's
/// rounding of channel counts).
fn make_divisible(value: usize, divisor: usize) -> usize {
    let rounded = ((value + divisor / 2) / divisor * divisor).max(divisor);
    if rounded * 10 < value * 9 {
        rounded + divisor
    } else {
        rounded
    }
}

/// One inverted residual block.
struct Block {
    expand: Option<ConvNorm>,
    filter: ConvNorm,
    gate: Option<Gate>,
    project: ConvNorm,
    has_shortcut: bool,
}

impl Block {
    fn new(b: &mut Builder, r: &Row) -> Result<Self> {
        // Children are numbered as they come: a block without expansion starts with its filter.
        let mut child = 0;
        let mut next = || {
            child += 1;
            format!("block.{}", child - 1)
        };
        let expand = if r.expanded == r.input {
            None
        } else {
            let conv = |b: &mut Builder| Conv2d::new(b, r.input, r.expanded, 1, 1);
            Some(b.inside(&next(), |b| {
                ConvNorm::new(b, r.activation, conv, r.expanded)
            })?)
        };
        let conv = |b: &mut Builder| Conv2d::depthwise(b, r.expanded, r.kernel, r.stride);
        let filter = b.inside(&next(), |b| {
            ConvNorm::new(b, r.activation, conv, r.expanded)
        })?;
        let gate = if r.gated {
            Some(b.inside(&next(), |b| Gate::new(b, r.expanded))?)
        } else {
            None
        };
        let conv = |b: &mut Builder| Conv2d::new(b, r.expanded, r.output, 1, 1);
        let project = b.inside(&next(), |b| {
            ConvNorm::new(b, Activation::Identity, conv, r.output)
        })?;
        Ok(Self {
            expand,
            filter,
            gate,
            project,
            has_shortcut: r.stride == 1 && r.input == r.output,
        })
    }

    /// (N, I, H, W) to (N, O, H / stride, W / stride).
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let mut ys = match &self.expand {
            Some(expand) => expand.forward(xs, mode)?, // (N, E, H, W)
            None => xs.clone(),
        };
        ys = self.filter.forward(&ys, mode)?; // (N, E, H / stride, W / stride)
        if let Some(gate) = &self.gate {
            ys = gate.forward(&ys, mode)?;
        }
        ys = self.project.forward(&ys, mode)?; // (N, O, H / stride, W / stride)
        if self.has_shortcut {
            ys = add(&ys, xs)?;
        }
        Ok(ys)
    }
}

/// The network.
pub(crate) struct MobileNetV3 {
    stem: ConvNorm,
    blocks: Vec<Block>,
    head: ConvNorm,
    hidden: Linear,
    dropout: DropoutLayer,
    output: Linear,
}

impl MobileNetV3 {
    /// MobileNetV3-Small, width 1.
    pub(crate) fn small(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        let seen = b.image_channels();
        let conv = |b: &mut Builder| Conv2d::new(b, seen, STEM, 3, 2);
        let stem = b.inside("features.0", |b| {
            ConvNorm::new(b, Activation::Hardswish, conv, STEM)
        })?;
        let mut blocks = Vec::new();
        for (index, row) in SMALL.iter().enumerate() {
            let name = format!("features.{}", index + 1);
            blocks.push(b.inside(&name, |b| Block::new(b, row))?);
        }
        let last = SMALL[SMALL.len() - 1].output;
        let conv = |b: &mut Builder| Conv2d::new(b, last, HEAD, 1, 1);
        let head = b.inside(&format!("features.{}", SMALL.len() + 1), |b| {
            ConvNorm::new(b, Activation::Hardswish, conv, HEAD)
        })?;
        let initial = [
            Initial::Normal {
                deviation: CLASSIFIER_DEVIATION,
            },
            Initial::Constant(0.0),
        ];
        let hidden = b.inside("classifier.0", |b| {
            Linear::new(b, HEAD, CLASSIFIER, initial)
        })?;
        let output = b.inside("classifier.3", |b| {
            Linear::new(b, CLASSIFIER, classes, initial)
        })?;
        Ok(Box::new(Self {
            stem,
            blocks,
            head,
            hidden,
            dropout: DropoutLayer {
                rate: DROPOUT,
                layer: 0,
            },
            output,
        }))
    }
}

impl Network for MobileNetV3 {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let mut xs = self.stem.forward(xs, mode)?; // (N, 16, S/2, S/2)
        for block in &self.blocks {
            xs = block.forward(&xs, mode)?; // to (N, 96, S/32, S/32)
        }
        Features::image(self.head.forward(&xs, mode)?) // (N, 576, S/32, S/32)
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = global_average_pool(features)?; // (N, 576)
        let xs = self.hidden.forward(&xs, mode)?; // (N, 1024)
        let xs = Activation::Hardswish.apply(&xs)?;
        let xs = self.dropout.forward(&xs, mode)?;
        self.output.forward(&xs, mode) // (N, classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squeezed_channels_as_in_torchvision() {
        for (channels, squeezed) in [
            (16, 8),
            (96, 24),
            (240, 64),
            (120, 32),
            (144, 40),
            (288, 72),
            (576, 144),
        ] {
            assert_eq!(make_divisible(channels / 4, 8), squeezed, "{channels}");
        }
    }
}
