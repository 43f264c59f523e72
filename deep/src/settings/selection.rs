//! Which epoch is the best, and how the fitted network looks at a slice.

use serde::{Deserialize, Serialize};

/// The figure of the validation samples that chooses the best epoch and ends training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Fraction of right answers; the highest is best.
    ValidAccuracy,
    /// Mean cross-entropy; the lowest is best.
    ValidLoss,
    /// Mean sensitivity of the classes that occur; the highest is best.
    ValidBalancedAccuracy,
    /// Mean area under the curves of each class against the rest; the highest is best.
    ValidMacroAuc,
}

impl Monitor {
    /// Whether `value` is at least as good as `best`.
    pub(crate) fn is_as_good(self, value: f64, best: f64) -> bool {
        match self {
            Self::ValidLoss => value <= best,
            Self::ValidAccuracy | Self::ValidBalancedAccuracy | Self::ValidMacroAuc => {
                value >= best
            }
        }
    }

    /// Its column in the history.
    pub fn id(self) -> &'static str {
        match self {
            Self::ValidAccuracy => "valid_accuracy",
            Self::ValidLoss => "valid_loss",
            Self::ValidBalancedAccuracy => "valid_balanced_accuracy",
            Self::ValidMacroAuc => "valid_macro_auc",
        }
    }
}

/// Mirror images whose probabilities a fitted network averages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestFlips {
    /// The slice alone.
    None,
    /// And mirrored left to right.
    Horizontal,
    /// Both ways and both together: four views.
    All,
}
