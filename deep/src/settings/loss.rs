//! What training minimises, and which samples it sees how often.

use serde::{Deserialize, Serialize};

use super::checks::Faults;

/// How the classes count in the training loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Each sample the same.
    None,
    /// Each class the same in total: n / (K · n of the class), over the training samples.
    Balanced,
}

/// Cross-entropy and what is changed about it in training. Validation always reports the plain
/// cross-entropy, so that runs with different losses can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossSettings {
    /// How the classes count.
    pub class_weight: ClassWeight,
    /// Share of the target that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// γ of the focal loss, which counts samples less the surer the answer is right; 0 for none.
    pub focal: f64,
}

impl Default for LossSettings {
    fn default() -> Self {
        Self {
            class_weight: ClassWeight::None,
            label_smoothing: 0.0,
            focal: 0.0,
        }
    }
}

impl LossSettings {
    pub(super) fn check(&self, faults: &mut Faults) {
        let smoothing = self.label_smoothing;
        let is_good = (0.0..1.0).contains(&smoothing);
        faults.number("loss.label_smoothing", smoothing, is_good, "0 to below 1");
        faults.not_negative("loss.focal", self.focal);
    }
}

/// How an epoch's samples are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// Every sample once, in random order.
    Shuffled,
    /// As many draws as there are samples, with replacement, every class as often as any other.
    ByClass,
    /// The same with every patient as often as any other, however many slices there are of them.
    ByPatient,
}
