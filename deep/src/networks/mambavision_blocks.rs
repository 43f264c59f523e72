//! The blocks of `MambaVision` (arXiv 2407.08083): convolutions in the first two stages, mixers and
//! attention over windows of tokens in the last two.

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{
    BatchNorm, Conv2d, DropPath, FilterBias, LayerNorm, Linear, Scan, TokenFilter, parameter,
};
use crate::network::Mode;
use crate::ops::activation::Activation;
use crate::ops::attention::self_attention;
use crate::ops::gelu::Gelu;
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::residual::Place;
use crate::ops::selective_scan::order::forwards;
use crate::ops::token_convolution::Taps;
use crate::ops::view::cat;
use crate::state::{Builder, Initial, Parameter};

/// Numbers of a state.
const STATES: usize = 8;
/// Tokens that a filter sees.
const KERNEL: usize = 3;
/// Hidden numbers per channel of the feed-forward layers.
const EXPANSION: usize = 4;
/// First weights of linear layers. The original cuts them at ±2, a hundred deviations away.
pub(super) const WEIGHT: Initial = Initial::Normal { deviation: 0.02 };
/// First biases of linear layers. The step's is among them: the original draws every linear layer anew in
/// the end, and this bias enters twice, so that the usual small steps would come out minute.
pub(super) const BIAS: Initial = Initial::Constant(0.0);

/// A 3x3 convolution with a bias.
fn convolution(b: &mut Builder, channels: usize) -> Result<Conv2d> {
    let op = GeneralConvolution::dense(1, 1);
    let initial = Initial::uniform_fan_in(9 * channels);
    Conv2d::general(b, [channels; 2], [3; 2], op, initial, Some(initial))
}

/// Two normalised 3x3 convolutions around a GELU.
pub(super) struct ConvBlock {
    convolutions: [Conv2d; 2],
    norms: [BatchNorm; 2],
    drop_path: DropPath,
}

impl ConvBlock {
    pub(super) fn new(b: &mut Builder, channels: usize, drop_path: DropPath) -> Result<Self> {
        let conv1 = b.inside("conv1", |b| convolution(b, channels))?;
        let norm1 = b.inside("norm1", |b| BatchNorm::new(b, channels, BatchNorm::TORCH))?;
        let conv2 = b.inside("conv2", |b| convolution(b, channels))?;
        let norm2 = b.inside("norm2", |b| BatchNorm::new(b, channels, BatchNorm::TORCH))?;
        Ok(Self {
            convolutions: [conv1, conv2],
            norms: [norm1, norm2],
            drop_path,
        })
    }

    /// (N, C, H, W) to the same shape.
    pub(super) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let [conv1, conv2] = &self.convolutions;
        let [norm1, norm2] = &self.norms;
        let ys = conv1.forward(xs, mode)?;
        let ys = norm1.forward(&ys, Activation::Identity, mode)?;
        let ys = conv2.forward(&Gelu::Tanh.apply(&ys)?, mode)?;
        let ys = norm2.forward(&ys, Activation::Identity, mode)?;
        self.drop_path.add(xs, &ys, None, Place::Image, mode)
    }
}

/// The state-space mixer: one half of the channels is scanned, the other only filtered.
pub(super) struct Mixer {
    half: usize,
    scan: Scan,
    expand: Linear,
    project: Linear,
    combine: Linear,
    filters: [TokenFilter; 2],
}

impl Mixer {
    fn new(b: &mut Builder, channels: usize) -> Result<Self> {
        let half = channels / 2;
        let rank = Scan::rank(channels);
        let a_log = b.parameter("A_log", &[half, STATES], Initial::LogarithmRows(STATES))?;
        let shortcut = b.parameter("D", &[half], Initial::Constant(1.0))?;
        let square = |b: &mut Builder| Linear::unbiased(b, channels, channels, WEIGHT);
        let expand = b.inside("in_proj", square)?;
        let project = b.inside("x_proj", |b| {
            Linear::unbiased(b, half, rank + 2 * STATES, WEIGHT)
        })?;
        let (step_weight, step_bias) = b.inside("dt_proj", |b| {
            Ok((
                b.parameter("weight", &[half, rank], WEIGHT)?,
                b.parameter("bias", &[half], BIAS)?,
            ))
        })?;
        let combine = b.inside("out_proj", square)?;
        let filter = |b: &mut Builder| TokenFilter::new(b, half, &[KERNEL], FilterBias::No);
        Ok(Self {
            half,
            scan: Scan {
                a_log,
                shortcut,
                step_weight,
                step_bias,
                rank,
                // Once in the projection and once more in the scan.
                bias_factor: 2.0,
            },
            expand,
            project,
            combine,
            filters: [b.inside("conv1d_x", filter)?, b.inside("conv1d_z", filter)?],
        })
    }

    /// (N, L, C) to the same shape.
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let (_, tokens, channels) = xs.dims3()?;
        let taps = || Taps::centred(KERNEL.cast_signed());
        let half = |rows: std::ops::Range<usize>, filter: &TokenFilter| {
            let ys = self.expand.forward_rows(xs, rows, mode)?;
            filter.forward(&ys, [1, tokens], taps(), mode)
        };
        let scanned = half(0..self.half, &self.filters[0])?; // (N, L, C/2)
        let other = half(self.half..channels, &self.filters[1])?;
        let projected = self.project.forward(&scanned, mode)?; // (N, L, R + 2 S)
        let order = forwards(tokens);
        let scanned = self.scan.forward(&scanned, &projected, &[order], mode)?;
        let both = cat(&[&scanned, &other], 2)?; // (N, L, C)
        self.combine.forward(&both, mode)
    }
}

/// Attention within a window.
pub(super) struct Attention {
    heads: usize,
    expand: Linear,
    combine: Linear,
}

impl Attention {
    fn new(b: &mut Builder, channels: usize, heads: usize) -> Result<Self> {
        let initial = [WEIGHT, BIAS];
        Ok(Self {
            heads,
            expand: b.inside("qkv", |b| Linear::new(b, channels, 3 * channels, initial))?,
            combine: b.inside("proj", |b| Linear::new(b, channels, channels, initial))?,
        })
    }

    /// (N, L, C) to the same shape.
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let ys = self.expand.forward(xs, mode)?; // (N, L, 3 C)
        let ys = self_attention(&ys, self.heads)?; // (N, L, C)
        self.combine.forward(&ys, mode)
    }
}

/// What mixes the tokens of a block.
pub(super) enum Mixing {
    Scan(Mixer),
    Attention(Attention),
}

/// How a block mixes its tokens, before it is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scan,
    /// With so many heads.
    Attention(usize),
}

/// One block of the last stages.
pub(super) struct TokenBlock {
    scales: [Option<Parameter>; 2],
    norms: [LayerNorm; 2],
    mixing: Mixing,
    expand: Linear,
    reduce: Linear,
    drop_path: [DropPath; 2],
}

impl TokenBlock {
    pub(super) fn new(
        b: &mut Builder,
        channels: usize,
        kind: Kind,
        layer_scale: Option<f32>,
        drop_path: [DropPath; 2],
    ) -> Result<Self> {
        let scale = |b: &mut Builder, name: &str| {
            layer_scale
                .map(|scale| b.parameter(name, &[channels], Initial::Constant(scale)))
                .transpose()
        };
        let scales = [scale(b, "gamma_1")?, scale(b, "gamma_2")?];
        let norm = |b: &mut Builder| LayerNorm::new(b, channels, LayerNorm::TORCH);
        let norm1 = b.inside("norm1", norm)?;
        let mixing = b.inside("mixer", |b| {
            Ok(match kind {
                Kind::Scan => Mixing::Scan(Mixer::new(b, channels)?),
                Kind::Attention(heads) => Mixing::Attention(Attention::new(b, channels, heads)?),
            })
        })?;
        let norm2 = b.inside("norm2", norm)?;
        let (hidden, initial) = (EXPANSION * channels, [WEIGHT, BIAS]);
        Ok(Self {
            scales,
            norms: [norm1, norm2],
            mixing,
            expand: b.inside("mlp.fc1", |b| Linear::new(b, channels, hidden, initial))?,
            reduce: b.inside("mlp.fc2", |b| Linear::new(b, hidden, channels, initial))?,
            drop_path,
        })
    }

    /// (N, L, C) to the same shape.
    pub(super) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let add = |which: usize, xs: &Value, ys: &Value| {
            let scale = self.scales[which]
                .as_ref()
                .map(|scale| parameter(scale, mode));
            self.drop_path[which].add(xs, ys, scale.as_ref(), Place::Tokens, mode)
        };
        let ys = self.norms[0].forward(xs, mode)?;
        let ys = match &self.mixing {
            Mixing::Scan(mixer) => mixer.forward(&ys, mode)?,
            Mixing::Attention(attention) => attention.forward(&ys, mode)?,
        };
        let xs = add(0, xs, &ys)?;
        let ys = self.norms[1].forward(&xs, mode)?;
        let ys = self.expand.forward(&ys, mode)?; // (N, L, 4 C)
        let ys = self.reduce.forward(&Gelu::Exact.apply(&ys)?, mode)?;
        add(1, &xs, &ys)
    }
}
