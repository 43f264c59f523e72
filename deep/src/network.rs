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
    pub(crate) moving: Moving,
}

/// Which parameters learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moving {
    /// All of them.
    All,
    /// The classifier's only: no gradient goes back beyond the last feature map.
    Head,
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

/// The last feature map of a network: an image (N, C, H, W), or tokens (N, L, C).
pub(crate) struct Features {
    pub(crate) value: Value,
    pub(crate) grid: Grid,
}

/// How tokens lie on the image, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// The place of a token among them that stands for no part of the image.
    pub(crate) class_token: Option<usize>,
}

impl Features {
    /// An image as feature map.
    pub(crate) fn image(value: Value) -> Result<Self> {
        let (_, _, rows, columns) = value.dims4()?;
        let grid = Grid {
            rows,
            columns,
            class_token: None,
        };
        Ok(Self { value, grid })
    }

    /// Tokens (N, L, C), row by row of a grid, perhaps with one among them that has no place on it.
    pub(crate) fn tokens(
        value: Value,
        [rows, columns]: [usize; 2],
        class_token: Option<usize>,
    ) -> Self {
        let grid = Grid {
            rows,
            columns,
            class_token,
        };
        Self { value, grid }
    }
}

/// A classifier of images.
pub(crate) trait Network: Send + Sync {
    /// The last feature map of images (N, 3, S, S).
    fn features(&self, xs: &Value, mode: Mode) -> Result<Features>;

    /// Logits (N, classes) of a feature map.
    fn head(&self, features: &Value, mode: Mode) -> Result<Value>;

    /// Logits (N, classes) of images (N, 3, S, S).
    fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let mut features = self.features(xs, mode)?.value;
        if let Mode::Train(training) = mode
            && training.moving == Moving::Head
        {
            features = Value::constant(features.tensor().clone());
        }
        self.head(&features, mode)
    }
}
