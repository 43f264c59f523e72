//! A convolution with its weight and, where asked for, a bias.

use candle_core::Result;

use super::parameter;
use crate::graph::Value;
use crate::network::Mode;
use crate::ops::general_convolution::GeneralConvolution;
use crate::state::{Builder, Initial, Parameter};

/// `weight` (O, C / groups, K, K') and optionally `bias` (O).
pub(crate) struct Conv2d {
    weight: Parameter,
    bias: Option<Parameter>,
    op: GeneralConvolution,
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
        let op = GeneralConvolution::dense(stride, kernel / 2);
        let initial = Initial::kaiming_fan_out(output, kernel);
        Self::general(b, [input, output], [kernel; 2], op, initial, None)
    }

    /// One K x K kernel per channel, with padding K / 2, without bias.
    pub(crate) fn depthwise(
        b: &mut Builder,
        channels: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<Self> {
        let op = GeneralConvolution {
            groups: channels,
            ..GeneralConvolution::dense(stride, kernel / 2)
        };
        let initial = Initial::kaiming_fan_out(channels, kernel);
        Self::general(b, [channels; 2], [kernel; 2], op, initial, None)
    }

    /// 1 x 1 with a bias.
    pub(crate) fn pointwise_biased(b: &mut Builder, input: usize, output: usize) -> Result<Self> {
        let mut conv = Self::new(b, input, output, 1, 1)?;
        conv.bias = Some(b.parameter("bias", &[output], Initial::Constant(0.0))?);
        Ok(conv)
    }

    /// C channels to O of any geometry; the first weights and, where there is one, the first bias.
    pub(crate) fn general(
        b: &mut Builder,
        [input, output]: [usize; 2],
        [kernel, kernel_width]: [usize; 2],
        op: GeneralConvolution,
        weight: Initial,
        bias: Option<Initial>,
    ) -> Result<Self> {
        let shape = [output, input / op.groups, kernel, kernel_width];
        Ok(Self {
            weight: b.parameter("weight", &shape, weight)?,
            bias: bias
                .map(|bias| b.parameter("bias", &[output], bias))
                .transpose()?,
            op,
        })
    }

    /// (N, C, H, W) to (N, O, H', W').
    pub(crate) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let bias = self.bias.as_ref().map(|bias| parameter(bias, mode));
        self.op
            .apply(xs, &parameter(&self.weight, mode), bias.as_ref())
    }
}
