//! What every network offers.

use candle_core::Tensor;

use crate::error::Result;

/// What a forward pass is for. Always said, never remembered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Batch statistics, dropout, gradients.
    Train(Dropout),
    /// Running statistics, no dropout, no gradients.
    Evaluate,
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
    fn forward(&self, xs: &Tensor, mode: Mode) -> Result<Tensor>;
}
