//! VGG: K. Simonyan and A. Zisserman, *Very deep convolutional networks for large-scale image recognition*,
//! ICLR 2015, arXiv 1409.1556. Layout and names of torchvision's `vgg19`, without batch normalisation.
//!
//! (N, 3, S, S) to (N, classes). Stages of 3x3 convolutions, each with a rectifier, that end in a 2x2 max
//! pool; means over 7x7 windows of whatever is left; three fully connected layers.
//!
//! | preset | convolutions x channels per stage | hidden | parameters for three classes |
//! |---|---|---|---|
//! | `vgg19` | 2x64, 2x128, 4x256, 4x512, 4x512 | 4096 | 139,582,531 |
//! | `vgg_micro` | 1x16, 1x32, 2x32, 2x64, 2x64 | 128 | for tests |

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{Conv2d, DropoutLayer, Linear};
use crate::network::{Features, Mode, Network};
use crate::ops::activation::Activation;
use crate::ops::adaptive_average_pool::adaptive_average_pool;
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::max_pool::MaxPool;
use crate::ops::tokens::to_tokens;
use crate::ops::view::{permute, reshape};
use crate::state::{Builder, Initial};

/// Rows and columns of the image that the classifier sees.
const POOLED: usize = 7;
/// torchvision's dropout rate and its deviation of classifier weights.
const DROPOUT: f64 = 0.5;
const CLASSIFIER_DEVIATION: f64 = 0.01;

/// One row of the table above.
struct Preset {
    /// Convolutions and their channels per stage.
    stages: [(usize, usize); 5],
    /// Width of the two hidden layers.
    hidden: usize,
}

/// Configuration E of the paper.
const VGG19: Preset = Preset {
    stages: [(2, 64), (2, 128), (4, 256), (4, 512), (4, 512)],
    hidden: 4096,
};
const MICRO: Preset = Preset {
    stages: [(1, 16), (1, 32), (2, 32), (2, 64), (2, 64)],
    hidden: 128,
};

/// The network.
pub(crate) struct Vgg {
    /// Convolutions per stage.
    stages: Vec<Vec<Conv2d>>,
    hidden: [(Linear, DropoutLayer); 2],
    output: Linear,
}

impl Vgg {
    /// VGG-19.
    pub(crate) fn vgg19(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &VGG19)
    }

    /// The same, small.
    pub(crate) fn micro(b: &mut Builder, classes: usize) -> Result<Box<dyn Network>> {
        Self::build(b, classes, &MICRO)
    }

    fn build(b: &mut Builder, classes: usize, preset: &Preset) -> Result<Box<dyn Network>> {
        let mut stages = Vec::new();
        let mut input = b.image_channels();
        // Convolutions, rectifiers and pools are numbered through; only convolutions have tensors.
        let mut child = 0;
        for (count, output) in preset.stages {
            let mut stage = Vec::new();
            for _ in 0..count {
                stage.push(b.inside(&format!("features.{child}"), |b| {
                    Conv2d::general(
                        b,
                        [input, output],
                        [3; 2],
                        GeneralConvolution::dense(1, 1),
                        Initial::kaiming_fan_out(output, 3),
                        Some(Initial::Constant(0.0)),
                    )
                })?);
                input = output;
                child += 2;
            }
            stages.push(stage);
            child += 1;
        }
        let initial = [
            Initial::Normal {
                deviation: CLASSIFIER_DEVIATION,
            },
            Initial::Constant(0.0),
        ];
        let mut linear = |child: usize, input: usize, output: usize| {
            b.inside(&format!("classifier.{child}"), |b| {
                Linear::new(b, input, output, initial)
            })
        };
        let dropout = |layer: u32| DropoutLayer {
            rate: DROPOUT,
            layer,
        };
        let hidden = [
            (
                linear(0, input * POOLED * POOLED, preset.hidden)?,
                dropout(0),
            ),
            (linear(3, preset.hidden, preset.hidden)?, dropout(1)),
        ];
        Ok(Box::new(Self {
            stages,
            hidden,
            output: linear(6, preset.hidden, classes)?,
        }))
    }
}

impl Network for Vgg {
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features> {
        let pool = MaxPool {
            kernel: 2,
            stride: 2,
            padding: 0,
        };
        let mut xs = xs.clone();
        for stage in &self.stages {
            for conv in stage {
                xs = conv.forward(&xs, mode)?;
                xs = Activation::Relu.apply(&xs)?;
            }
            xs = pool.apply(&xs)?; // to (N, 512, S/32, S/32)
        }
        Features::image(xs)
    }

    fn head(&self, features: &Value, mode: Mode) -> Result<Value> {
        let xs = adaptive_average_pool(features, POOLED, POOLED)?; // (N, 512, 7, 7)
        let xs = permute(&to_tokens(&xs)?, &[0, 2, 1])?; // (N, 512, 49)
        let (batch, channels, pixels) = xs.dims3()?;
        let mut xs = reshape(&xs, &[batch, channels * pixels])?; // (N, 25088)
        for (linear, dropout) in &self.hidden {
            xs = linear.forward(&xs, mode)?; // (N, 4096)
            xs = Activation::Relu.apply(&xs)?;
            xs = dropout.forward(&xs, mode)?;
        }
        self.output.forward(&xs, mode) // (N, classes)
    }
}
