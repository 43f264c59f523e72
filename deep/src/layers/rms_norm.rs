//! Root mean square normalisation with its parameter.

use candle_core::Result;

use super::parameter;
use crate::graph::Value;
use crate::network::Mode;
use crate::ops::rms_norm::rms_norm;
use crate::state::{Builder, Initial, Parameter};

/// `weight` of C numbers.
pub(crate) struct RmsNorm {
    weight: Parameter,
    epsilon: f64,
}

impl RmsNorm {
    pub(crate) fn new(b: &mut Builder, channels: usize, epsilon: f64) -> Result<Self> {
        Ok(Self {
            weight: b.parameter("weight", &[channels], Initial::Constant(1.0))?,
            epsilon,
        })
    }

    /// (..., C) to the same shape.
    pub(crate) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        rms_norm(xs, &parameter(&self.weight, mode), self.epsilon)
    }
}
