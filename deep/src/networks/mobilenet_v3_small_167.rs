//! The MobileNetV3-Small variant with 1,673,367 parameters for three classes, the figure that the
//! cirrhosis staging paper reports: the rows of A. Howard et al., arXiv 1905.02244, Table 2, with
//! three changes against torchvision: squeeze layers are normalised and have C / 4 channels without
//! rounding, every block adds a shortcut (through convolutions where the shape changes) before its last
//! activation, and the classifier is 1280 wide with normalisation.
//!
//! (N, 3, S, S) to (N, classes).

use candle_core::Result;

use super::mobilenet_v3::{Row, SMALL};
use crate::graph::Value;
use crate::layers::{BatchNorm, Conv2d, DropoutLayer, Linear};
use crate::network::{Features, Mode, Network};
use crate::ops::activation::Activation;
use crate::ops::arithmetic::add;
use crate::ops::average_pool::global_average_pool;
use crate::ops::scale_channels::scale_channels;
use crate::state::{Builder, Initial};

const STEM: usize = 16;
const HEAD: usize = 576;
const CLASSIFIER: usize = 1280;
const DROPOUT: f64 = 0.2;
/// Deviation of the classifier's weights, as in torchvision's MobileNetV3.
const CLASSIFIER_DEVIATION: f64 = 0.01;
/// Fewest channels of a squeeze layer.
const LEAST_SQUEEZED: usize = 8;

fn norm(b: &mut Builder, name: &str, channels: usize) -> Result<BatchNorm> {
    b.inside(name, |b| BatchNorm::new(b, channels, BatchNorm::TORCH))
}

/// Squeeze and excitation with a normalised squeeze layer.
struct Gate {
    squeeze: Linear,
    norm: BatchNorm,
    excite: Linear,
}

impl Gate {
    fn new(b: &mut Builder, channels: usize) -> Result<Self> {
        let squeezed = (channels / 4).max(LEAST_SQUEEZED);
        Ok(Self {
            squeeze: b.inside("1", |b| Linear::pointwise(b, channels, squeezed))?,
            norm: norm(b, "2", squeezed)?,
            excite: b.inside("4", |b| Linear::pointwise(b, squeezed, channels))?,
        })
    }

    /// (N, C, H, W) to the same shape.
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let gate = global_average_pool(xs)?; // (N, C)
        let gate = self.squeeze.forward(&gate, mode)?; // (N, C/4)
        let gate = self.norm.forward(&gate, Activation::Relu, mode)?;
        let gate = self.excite.forward(&gate, mode)?; // (N, C)
        let gate = Activation::Hardsigmoid.apply(&gate)?;
        scale_channels(xs, &gate)
    }
}

/// Convolutions of a shortcut, each with its normalisation.
type Shortcut = Vec<(Conv2d, BatchNorm)>;

fn shortcut(b: &mut Builder, r: &Row) -> Result<Shortcut> {
    let mut layers = Vec::new();
    if r.stride == 2 {
        let conv = b.inside("0", |b| Conv2d::depthwise(b, r.input, 3, 2))?;
        layers.push((conv, norm(b, "1", r.input)?));
        if r.input != r.output {
            let conv = b.inside("2", |b| Conv2d::pointwise_biased(b, r.input, r.output))?;
            layers.push((conv, norm(b, "3", r.output)?));
        }
    } else if r.input != r.output {
        let conv = b.inside("0", |b| Conv2d::new(b, r.input, r.output, 1, 1))?;
        layers.push((conv, norm(b, "1", r.output)?));
    }
    Ok(layers)
}

struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    gate: Option<Gate>,
    conv3: Conv2d,
    bn3: BatchNorm,
    skip: Shortcut,
    activation: Activation,
}

impl Block {
    fn new(b: &mut Builder, r: &Row) -> Result<Self> {
        Ok(Self {
            conv1: b.inside("conv1", |b| Conv2d::new(b, r.input, r.expanded, 1, 1))?,
            bn1: norm(b, "bn1", r.expanded)?,
            conv2: b.inside("conv2", |b| {
                Conv2d::depthwise(b, r.expanded, r.kernel, r.stride)
            })?,
            bn2: norm(b, "bn2", r.expanded)?,
            gate: if r.gated {
                Some(b.inside("se.se", |b| Gate::new(b, r.expanded))?)
            } else {
                None
            },
            conv3: b.inside("conv3", |b| Conv2d::new(b, r.expanded, r.output, 1, 1))?,
            bn3: norm(b, "bn3", r.output)?,
            skip: b.inside("skip", |b| shortcut(b, r))?,
            activation: r.activation,
        })
    }

    /// (N, I, H, W) to (N, O, H / stride, W / stride).
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let ys = self.conv1.forward(xs, mode)?; // (N, E, H, W)
        let ys = self.bn1.forward(&ys, self.activation, mode)?;
        let ys = self.conv2.forward(&ys, mode)?; // (N, E, H / stride, W / stride)
        let mut ys = self.bn2.forward(&ys, self.activation, mode)?;
        if let Some(gate) = &self.gate {
            ys = gate.forward(&ys, mode)?;
        }
        let ys = self.conv3.forward(&ys, mode)?; // (N, O, H / stride, W / stride)
        let ys = self.bn3.forward(&ys, Activation::Identity, mode)?;
        let mut skipped = xs.clone();
        for (conv, norm) in &self.skip {
            skipped = conv.forward(&skipped, mode)?;
            skipped = norm.forward(&skipped, Activation::Identity, mode)?;
        }
        self.activation.apply(&add(&ys, &skipped)?)
    }
}

/// The network.
pub(crate) struct MobileNetV3Small167 {
    conv1: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Block>,
    conv2: Conv2d,
    bn2: BatchNorm,
    linear3: Linear,
    bn3: BatchNorm,
    dropout: DropoutLayer,
    linear4: Linear,
}

impl MobileNetV3Small167 {
    pub(crate) fn build(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        let seen = b.image_channels();
        let conv1 = b.inside("conv1", |b| Conv2d::new(b, seen, STEM, 3, 2))?;
        let bn1 = norm(b, "bn1", STEM)?;
        let mut blocks = Vec::new();
        for (index, row) in SMALL.iter().enumerate() {
            blocks.push(b.inside(&format!("bneck.{index}"), |b| Block::new(b, row))?);
        }
        let last = SMALL[SMALL.len() - 1].output;
        let weight = Initial::Normal {
            deviation: CLASSIFIER_DEVIATION,
        };
        Ok(Box::new(Self {
            conv1,
            bn1,
            blocks,
            conv2: b.inside("conv2", |b| Conv2d::new(b, last, HEAD, 1, 1))?,
            bn2: norm(b, "bn2", HEAD)?,
            linear3: b.inside("linear3", |b| Linear::unbiased(b, HEAD, CLASSIFIER, weight))?,
            bn3: norm(b, "bn3", CLASSIFIER)?,
            dropout: DropoutLayer {
                rate: DROPOUT,
                layer: 0,
            },
            linear4: b.inside("linear4", |b| {
                Linear::new(b, CLASSIFIER, classes, [weight, Initial::Constant(0.0)])
            })?,
        }))
    }
}

impl Network for MobileNetV3Small167 {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let xs = self.conv1.forward(xs, mode)?; // (N, 16, S/2, S/2)
        let mut xs = self.bn1.forward(&xs, Activation::Hardswish, mode)?;
        for block in &self.blocks {
            xs = block.forward(&xs, mode)?; // to (N, 96, S/32, S/32)
        }
        let xs = self.conv2.forward(&xs, mode)?; // (N, 576, S/32, S/32)
        Features::image(self.bn2.forward(&xs, Activation::Hardswish, mode)?)
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = global_average_pool(features)?; // (N, 576)
        let xs = self.linear3.forward(&xs, mode)?; // (N, 1280)
        let xs = self.bn3.forward(&xs, Activation::Hardswish, mode)?;
        let xs = self.dropout.forward(&xs, mode)?;
        self.linear4.forward(&xs, mode) // (N, classes)
    }
}
