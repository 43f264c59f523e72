//! What every network offers.

use candle_core::Result;
use serde::{Deserialize, Serialize};

use crate::graph::Value;

/// What a forward pass is for. Always said, never remembered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Batch statistics, dropout, gradients.
    Train(Training),
    /// Running statistics, no dropout, no gradients.
    Evaluate,
}

/// What a training pass needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Training {
    pub(crate) dropout: Dropout,
    pub(crate) running: RunningStatistics,
}

/// How much a batch counts in the running statistics of batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningStatistics {
    /// Always the network's momentum, as in PyTorch. Statistics start at mean 0 and variance 1, which
    /// torchvision's MobileNetV3 with its momentum of 0.01 forgets only after about a thousand batches:
    /// until then its answers are near chance, however well it has learned.
    Momentum,
    /// The largest of the momentum, PyTorch's usual 0.1 and 1 / (batches so far): a plain mean at first, then
    /// quick to forget, so that short runs from random weights are judged by what they have learned.
    WarmStart,
}

/// Where dropout takes its masks from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dropout {
    /// Nothing is dropped.
    Off,
    /// Masks of this seed and optimiser step.
    Drawn {
        /// The run's seed.
        seed: u64,
        /// The optimiser step, from 0.
        step: u32,
    },
}

/// A classifier of images.
pub(crate) trait Network: Send + Sync {
    /// Logits (N, classes) of images (N, 3, S, S).
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value>;
}
