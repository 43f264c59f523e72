//! The bidirectional state-space block of Vision Mamba (arXiv 2401.09417, algorithm 1).
//!
//! D channels are widened to E = 2 D; each way has a causal filter of 4 tokens, projections and a scan of
//! its own; the ways' mean is gated and narrowed to D again.

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{FilterBias, Linear, Scan, TokenFilter};
use crate::network::Mode;
use crate::ops::selective_scan::order::{backwards, forwards};
use crate::ops::silu_gate::silu_gate;
use crate::ops::token_convolution::Taps;
use crate::state::{Builder, Initial, Parameter};

/// Channels of the block per channel of its input.
const EXPANSION: usize = 2;
/// Numbers of a state.
const STATES: usize = 16;
/// Tokens that the filter sees.
const KERNEL: usize = 4;

/// The learned numbers of one way whose names stand in front of the projections.
struct Decays {
    a_log: Parameter,
    shortcut: Parameter,
}

/// One way along the tokens.
struct Way {
    filter: TokenFilter,
    project: Linear,
    scan: Scan,
}

impl Way {
    /// `suffix` is the names' end.
    fn new(
        b: &mut Builder,
        channels: usize,
        decays: Decays,
        suffix: &str,
        step_bias: Initial,
    ) -> Result<Self> {
        let width = EXPANSION * channels;
        let rank = Scan::rank(channels);
        let filter = b.inside(&format!("conv1d{suffix}"), |b| {
            TokenFilter::new(b, width, &[KERNEL], FilterBias::Yes)
        })?;
        let project = b.inside(&format!("x_proj{suffix}"), |b| {
            let initial = Initial::uniform_fan_in(width);
            Linear::unbiased(b, width, rank + 2 * STATES, initial)
        })?;
        let (step_weight, step_bias) = b.inside(&format!("dt_proj{suffix}"), |b| {
            let weight = Initial::uniform_fan_in(rank);
            Ok((
                b.parameter("weight", &[width, rank], weight)?,
                b.parameter("bias", &[width], step_bias)?,
            ))
        })?;
        Ok(Self {
            filter,
            project,
            scan: Scan {
                a_log: decays.a_log,
                shortcut: decays.shortcut,
                step_weight,
                step_bias,
                rank,
                bias_factor: 1.0,
            },
        })
    }
}

/// The block.
pub(super) struct Mixer {
    width: usize,
    expand: Linear,
    first: Way,
    second: Way,
    narrow: Linear,
}

impl Mixer {
    /// `depth` blocks follow each other: the last layer's first weights are smaller by its root, as each
    /// adds to one residual.
    pub(super) fn new(b: &mut Builder, channels: usize, depth: usize) -> Result<Self> {
        let width = EXPANSION * channels;
        let mut decays = |a_log: &str, shortcut: &str| {
            Ok::<_, candle_core::Error>(Decays {
                a_log: b.parameter(a_log, &[width, STATES], Initial::LogarithmRows(STATES))?,
                shortcut: b.parameter(shortcut, &[width], Initial::Constant(1.0))?,
            })
        };
        let first = decays("A_log", "D")?;
        let second = decays("A_b_log", "D_b")?;
        let steps = Initial::StepSizes { range: Scan::STEPS };
        let last = Initial::Uniform {
            bound: 1.0 / ((width * depth) as f64).sqrt(),
        };
        Ok(Self {
            width,
            expand: b.inside("in_proj", |b| {
                let initial = Initial::uniform_fan_in(channels);
                Linear::unbiased(b, channels, 2 * width, initial)
            })?,
            first: Way::new(b, channels, first, "", steps)?,
            // The original draws the second way's step bias like any other layer's: at zero.
            second: Way::new(b, channels, second, "_b", Initial::Constant(0.0))?,
            narrow: b.inside("out_proj", |b| Linear::unbiased(b, width, channels, last))?,
        })
    }

    /// (N, L, D) to the same shape.
    pub(super) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let (_, tokens, _) = xs.dims3()?;
        let len = KERNEL.cast_signed();
        let input = self.expand.forward_rows(xs, 0..self.width, mode)?; // (N, L, E)
        let gate = self
            .expand
            .forward_rows(xs, self.width..2 * self.width, mode)?;
        let ways = [
            (&self.first, Taps::causal(len), forwards(tokens)),
            (&self.second, Taps::future(len), backwards(tokens)),
        ];
        let [first, second] = ways.map(|(way, taps, order)| {
            let seen = way.filter.forward(&input, [1, tokens], taps, mode)?;
            let projected = way.project.forward(&seen, mode)?; // (N, L, R + 2 S)
            way.scan.forward(&seen, &projected, &[order], mode)
        });
        let ys = silu_gate(&first?, Some(&second?), &gate, 0.5)?; // (N, L, E)
        self.narrow.forward(&ys, mode) // (N, L, D)
    }
}
