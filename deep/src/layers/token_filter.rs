//! A depthwise convolution over tokens with its weight and, where asked for, a bias.

use candle_core::Result;

use super::parameter;
use crate::graph::Value;
use crate::network::Mode;
use crate::ops::token_convolution::{Taps, Then, TokenConvolution};
use crate::state::{Builder, Initial, Parameter};

/// Whether a filter adds a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterBias {
    Yes,
    No,
}

/// `weight` (C, 1, kernel) and optionally `bias` (C), followed by x sigmoid(x).
pub(crate) struct TokenFilter {
    weight: Parameter,
    bias: Option<Parameter>,
}

impl TokenFilter {
    /// `kernel` is the kernel's shape: one side for sequences, two for grids. First weights are PyTorch's default.
    pub(crate) fn new(
        b: &mut Builder,
        channels: usize,
        kernel: &[usize],
        bias: FilterBias,
    ) -> Result<Self> {
        let default = Initial::uniform_fan_in(kernel.iter().product());
        Self::with_weight(b, channels, kernel, bias, default)
    }

    /// The same with other first weights; a bias keeps the default.
    pub(crate) fn with_weight(
        b: &mut Builder,
        channels: usize,
        kernel: &[usize],
        bias: FilterBias,
        weight: Initial,
    ) -> Result<Self> {
        let initial = Initial::uniform_fan_in(kernel.iter().product());
        let shape = [&[channels, 1], kernel].concat();
        Ok(Self {
            weight: b.parameter("weight", &shape, weight)?,
            bias: match bias {
                FilterBias::Yes => Some(b.parameter("bias", &[channels], initial)?),
                FilterBias::No => None,
            },
        })
    }

    /// (N, H W, C) to the same shape.
    pub(crate) fn forward(
        &self,
        xs: &Value,
        grid: [usize; 2],
        taps: Taps,
        mode: Mode,
    ) -> Result<Value> {
        let op = TokenConvolution {
            grid,
            taps,
            then: Then::Silu,
        };
        let bias = self.bias.as_ref().map(|bias| parameter(bias, mode));
        op.apply(xs, &parameter(&self.weight, mode), bias.as_ref())
    }
}
