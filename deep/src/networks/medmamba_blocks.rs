//! The blocks of `MedMamba` (arXiv 2403.03849, figure 2): one half of the channels through convolutions,
//! the other through a scan of the grid in four orders; both interleaved and added to the input.

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{
    BatchNorm, Conv2d, DropPath, FilterBias, LayerNorm, Linear, Scan, TokenFilter, parameter,
};
use crate::network::Mode;
use crate::ops::activation::Activation;
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::linear::linear;
use crate::ops::selective_scan::order::four_ways;
use crate::ops::shuffle::shuffle_add;
use crate::ops::silu_gate::silu_gate;
use crate::ops::token_convolution::Taps;
use crate::ops::tokens::{from_tokens, to_tokens};
use crate::ops::view::{narrow, reshape};
use crate::state::{Builder, Initial, Parameter};

/// Channels of the scan per channel of its input.
const EXPANSION: usize = 2;
/// Numbers of a state.
const STATES: usize = 16;
/// Orders in which the grid is scanned.
const WAYS: usize = 4;
/// Side of the filter in front of the scan.
const KERNEL: usize = 3;
/// First weights of linear layers. The original cuts them at ±2, a hundred deviations away.
pub(super) const WEIGHT: Initial = Initial::Normal { deviation: 0.02 };

/// Two-dimensional selective scan: SS2D of arXiv 2401.10166.
struct GridScan {
    width: usize,
    project: Parameter,
    scan: Scan,
    expand: Linear,
    filter: TokenFilter,
    norm: LayerNorm,
    narrow: Linear,
}

impl GridScan {
    fn new(b: &mut Builder, channels: usize) -> Result<Self> {
        let width = EXPANSION * channels;
        let rank = Scan::rank(channels);
        let row = rank + 2 * STATES;
        let project = b.parameter(
            "x_proj_weight",
            &[WAYS, row, width],
            Initial::uniform_fan_in(width),
        )?;
        let step_weight = b.parameter(
            "dt_projs_weight",
            &[WAYS, width, rank],
            Initial::uniform_fan_in(rank),
        )?;
        let steps = Initial::StepSizes { range: Scan::STEPS };
        let step_bias = b.parameter("dt_projs_bias", &[WAYS, width], steps)?;
        let decays = Initial::LogarithmRows(STATES);
        let a_log = b.parameter("A_logs", &[WAYS * width, STATES], decays)?;
        let shortcut = b.parameter("Ds", &[WAYS * width], Initial::Constant(1.0))?;
        Ok(Self {
            width,
            project,
            scan: Scan {
                a_log,
                shortcut,
                step_weight,
                step_bias,
                rank,
                bias_factor: 1.0,
            },
            expand: b.inside("in_proj", |b| {
                Linear::unbiased(b, channels, 2 * width, WEIGHT)
            })?,
            filter: b.inside("conv2d", |b| {
                let weight = Initial::kaiming_fan_out(width, KERNEL);
                TokenFilter::with_weight(b, width, &[KERNEL; 2], FilterBias::Yes, weight)
            })?,
            norm: b.inside("out_norm", |b| LayerNorm::new(b, width, LayerNorm::TORCH))?,
            narrow: b.inside("out_proj", |b| Linear::unbiased(b, width, channels, WEIGHT))?,
        })
    }

    /// (N, H W, C) to the same shape.
    fn forward(&self, xs: &Value, [height, width]: [usize; 2], mode: Mode) -> Result<Value> {
        let input = self.expand.forward_rows(xs, 0..self.width, mode)?; // (N, L, E)
        let gate = self
            .expand
            .forward_rows(xs, self.width..2 * self.width, mode)?;
        let taps = Taps::square(KERNEL.cast_signed());
        let seen = self.filter.forward(&input, [height, width], taps, mode)?;
        // A token's projections are the same in every order: one product serves all four.
        let project = parameter(&self.project, mode);
        let rows = project.tensor().elem_count() / self.width;
        let project = reshape(&project, &[rows, self.width])?;
        let projected = linear(&seen, &project, None)?; // (N, L, 4 (R + 2 S))
        let orders = four_ways(height, width);
        let ys = self.scan.forward(&seen, &projected, &orders, mode)?; // (N, L, E)
        let ys = self.norm.forward(&ys, mode)?;
        let ys = silu_gate(&ys, None, &gate, 1.0)?;
        self.narrow.forward(&ys, mode) // (N, L, C)
    }
}

/// Normalisation, two 3x3 convolutions and a 1x1 convolution.
struct Convolutions {
    norms: [BatchNorm; 3],
    convolutions: [Conv2d; 3],
}

impl Convolutions {
    fn new(b: &mut Builder, channels: usize) -> Result<Self> {
        // Names are positions in a sequence that counts activations too.
        let norm = |b: &mut Builder, name: &str| {
            b.inside(name, |b| BatchNorm::new(b, channels, BatchNorm::TORCH))
        };
        let conv = |b: &mut Builder, name: &str, kernel: usize| {
            let op = GeneralConvolution::dense(1, kernel / 2);
            let weight = Initial::kaiming_fan_out(channels, kernel);
            let bias = Initial::uniform_fan_in(channels * kernel * kernel);
            b.inside(name, |b| {
                Conv2d::general(b, [channels; 2], [kernel; 2], op, weight, Some(bias))
            })
        };
        let (norm0, conv1) = (norm(b, "0")?, conv(b, "1", 3)?);
        let (norm2, conv4) = (norm(b, "2")?, conv(b, "4", 3)?);
        let (norm5, conv7) = (norm(b, "5")?, conv(b, "7", 1)?);
        Ok(Self {
            norms: [norm0, norm2, norm5],
            convolutions: [conv1, conv4, conv7],
        })
    }

    /// (N, C, H, W) to the same shape.
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let mut ys = xs.clone();
        let before = [Activation::Identity, Activation::Relu, Activation::Relu];
        for ((norm, conv), activation) in self.norms.iter().zip(&self.convolutions).zip(before) {
            ys = norm.forward(&ys, activation, mode)?;
            ys = conv.forward(&ys, mode)?;
        }
        Activation::Relu.apply(&ys)
    }
}

/// One block.
pub(super) struct Block {
    norm: LayerNorm,
    scan: GridScan,
    convolutions: Convolutions,
    drop_path: DropPath,
}

impl Block {
    pub(super) fn new(b: &mut Builder, channels: usize, drop_path: DropPath) -> Result<Self> {
        let half = channels / 2;
        Ok(Self {
            norm: b.inside("ln_1", |b| LayerNorm::new(b, half, LayerNorm::TORCH))?,
            scan: b.inside("self_attention", |b| GridScan::new(b, half))?,
            convolutions: b.inside("conv33conv33conv11", |b| Convolutions::new(b, half))?,
            drop_path,
        })
    }

    /// (N, H W, C) to the same shape.
    pub(super) fn forward(&self, xs: &Value, grid: [usize; 2], mode: Mode) -> Result<Value> {
        let (_, _, channels) = xs.dims3()?;
        let half = channels / 2;
        let left = narrow(xs, 2, 0, half)?; // (N, H W, C/2)
        let left = from_tokens(&left, grid[0], grid[1])?; // (N, C/2, H, W)
        let left = to_tokens(&self.convolutions.forward(&left, mode)?)?;
        let right = narrow(xs, 2, half, half)?; // (N, H W, C/2)
        let right = self.norm.forward(&right, mode)?;
        let right = self.scan.forward(&right, grid, mode)?;
        let right = self.drop_path.forward(&right, mode)?;
        shuffle_add(&left, &right, xs)
    }
}
