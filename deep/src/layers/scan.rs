//! A selective scan with its learned numbers.

use candle_core::Result;

use super::parameter;
use crate::graph::Value;
use crate::network::Mode;
use crate::ops::selective_scan::order::Order;
use crate::ops::selective_scan::{Parameters, SelectiveScan};
use crate::state::Parameter;

/// Step weights and biases, logarithms of the decays, shortcuts; the networks name them each in its way.
pub(crate) struct Scan {
    pub(crate) a_log: Parameter,
    pub(crate) shortcut: Parameter,
    pub(crate) step_weight: Parameter,
    pub(crate) step_bias: Parameter,
    /// Numbers of a token's projection that its step is made from.
    pub(crate) rank: usize,
    /// How often the step's bias is added.
    pub(crate) bias_factor: f32,
}

impl Scan {
    /// Rank of the steps of a block of so many channels in its input: a sixteenth
    /// (A. Gu and T. Dao, arXiv 2312.00752, section 3.6).
    pub(crate) fn rank(channels: usize) -> usize {
        channels.div_ceil(16)
    }

    /// Step sizes that the published code starts with.
    pub(crate) const STEPS: [f64; 2] = [1e-3, 0.1];

    /// (N, L, E) to the same shape, summed over the orders.
    pub(crate) fn forward(
        &self,
        xs: &Value,
        projected: &Value,
        orders: &[Order],
        mode: Mode,
    ) -> Result<Value> {
        let scan = SelectiveScan {
            orders: orders.to_vec(),
            rank: self.rank,
            bias_factor: self.bias_factor,
        };
        let parameters = Parameters {
            a_log: &parameter(&self.a_log, mode),
            step_weight: &parameter(&self.step_weight, mode),
            step_bias: &parameter(&self.step_bias, mode),
            shortcut: &parameter(&self.shortcut, mode),
        };
        scan.apply(xs, projected, parameters)
    }
}
