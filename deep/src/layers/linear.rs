//! A fully connected layer.

use candle_core::Result;

use super::parameter;
use crate::graph::Value;
use crate::network::Mode;
use crate::ops::linear::linear;
use crate::ops::view::narrow;
use crate::state::{Builder, Initial, Parameter};

/// `weight` (O, I) or (O, I, 1, 1), and optionally `bias` (O).
pub(crate) struct Linear {
    weight: Parameter,
    bias: Option<Parameter>,
}

impl Linear {
    /// I numbers to O with a bias.
    pub(crate) fn new(
        b: &mut Builder,
        input: usize,
        output: usize,
        [weight, bias]: [Initial; 2],
    ) -> Result<Self> {
        Ok(Self {
            weight: b.parameter("weight", &[output, input], weight)?,
            bias: Some(b.parameter("bias", &[output], bias)?),
        })
    }

    /// I numbers to O without a bias.
    pub(crate) fn unbiased(
        b: &mut Builder,
        input: usize,
        output: usize,
        weight: Initial,
    ) -> Result<Self> {
        Ok(Self {
            weight: b.parameter("weight", &[output, input], weight)?,
            bias: None,
        })
    }

    /// A 1 x 1 convolution of a single pixel: the weight has shape (O, I, 1, 1).
    pub(crate) fn pointwise(b: &mut Builder, input: usize, output: usize) -> Result<Self> {
        Ok(Self {
            weight: b.parameter(
                "weight",
                &[output, input, 1, 1],
                Initial::kaiming_fan_out(output, 1),
            )?,
            bias: None,
        })
    }

    /// Like [`Linear::pointwise`] with a bias that starts at zero.
    pub(crate) fn pointwise_biased(b: &mut Builder, input: usize, output: usize) -> Result<Self> {
        let mut layer = Self::pointwise(b, input, output)?;
        layer.bias = Some(b.parameter("bias", &[output], Initial::Constant(0.0))?);
        Ok(layer)
    }

    /// The outputs in `rows` only, for a layer without a bias: its numbers need no cutting apart then.
    pub(crate) fn forward_rows(
        &self,
        xs: &Value,
        rows: std::ops::Range<usize>,
        mode: Mode,
    ) -> Result<Value> {
        let weight = narrow(&parameter(&self.weight, mode), 0, rows.start, rows.len())?;
        linear(xs, &weight, None)
    }

    /// (N, I) to (N, O).
    pub(crate) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let weight = parameter(&self.weight, mode);
        let bias = self.bias.as_ref().map(|bias| parameter(bias, mode));
        linear(xs, &weight, bias.as_ref())
    }
}
