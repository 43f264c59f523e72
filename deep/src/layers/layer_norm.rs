//! Layer normalisation with its parameters.

use candle_core::Result;

use super::parameter;
use crate::graph::Value;
use crate::network::Mode;
use crate::ops::layer_norm::layer_norm;
use crate::ops::layer_norm_image::layer_norm_image;
use crate::state::{Builder, Initial, Parameter};

/// `weight` and `bias`, each of C numbers.
pub(crate) struct LayerNorm {
    weight: Parameter,
    bias: Parameter,
    epsilon: f64,
}

impl LayerNorm {
    /// PyTorch's default of ε.
    pub(crate) const TORCH: f64 = 1e-5;

    /// Starts as w = 1, b = 0.
    pub(crate) fn new(b: &mut Builder, channels: usize, epsilon: f64) -> Result<Self> {
        Ok(Self {
            weight: b.parameter("weight", &[channels], Initial::Constant(1.0))?,
            bias: b.parameter("bias", &[channels], Initial::Constant(0.0))?,
            epsilon,
        })
    }

    /// (…, C) to the same shape.
    pub(crate) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let (weight, bias) = (parameter(&self.weight, mode), parameter(&self.bias, mode));
        layer_norm(xs, &weight, &bias, self.epsilon)
    }

    /// An image (N, C, H, W) to the same shape, each pixel by itself.
    pub(crate) fn forward_image(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let (weight, bias) = (parameter(&self.weight, mode), parameter(&self.bias, mode));
        layer_norm_image(xs, &weight, &bias, self.epsilon)
    }
}
