//! A convolution with its weight and, where asked for, a bias.

use candle_core::Result;

use super::parameter;
use crate::graph::Value;
use crate::network::Mode;
use crate::ops::bias::add_bias;
use crate::ops::convolution::{Channels, Convolution};
use crate::state::{Builder, Initial, Parameter};

/// `weight` (O, C or 1, K, K) and optionally `bias` (O).
pub(crate) struct Conv2d {
    weight: Parameter,
    bias: Option<Parameter>,
    op: Convolution,
}

impl Conv2d {
    /// C channels to O, K x K, with padding K / 2, without bias.
    pub(crate) fn new(
        b: &mut Builder,
        input: usize,
        output: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<Self> {
        Self::build(b, [output, input, kernel], stride, Channels::Dense)
    }

    /// One K x K kernel per channel, with padding K / 2, without bias.
    pub(crate) fn depthwise(
        b: &mut Builder,
        channels: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<Self> {
        Self::build(b, [channels, 1, kernel], stride, Channels::Depthwise)
    }

    /// 1 x 1 with a bias.
    pub(crate) fn pointwise_biased(b: &mut Builder, input: usize, output: usize) -> Result<Self> {
        let mut conv = Self::new(b, input, output, 1, 1)?;
        conv.bias = Some(b.parameter("bias", &[output], Initial::Constant(0.0))?);
        Ok(conv)
    }

    fn build(
        b: &mut Builder,
        [output, seen, kernel]: [usize; 3],
        stride: usize,
        channels: Channels,
    ) -> Result<Self> {
        let weight = b.parameter(
            "weight",
            &[output, seen, kernel, kernel],
            Initial::kaiming_fan_out(output, kernel),
        )?;
        let op = Convolution {
            stride,
            padding: kernel / 2,
            channels,
        };
        Ok(Self {
            weight,
            bias: None,
            op,
        })
    }

    /// (N, C, H, W) to (N, O, H', W').
    pub(crate) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let ys = self.op.apply(xs, &parameter(&self.weight, mode))?;
        match &self.bias {
            None => Ok(ys),
            Some(bias) => add_bias(&ys, &parameter(bias, mode)),
        }
    }
}
