//! How gradients move the weights: the rule, and which parameters it treats differently.

use serde::{Deserialize, Serialize};

use super::checks::Faults;

/// The optimiser's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimiserKind {
    /// Adam with decoupled weight decay.
    Adamw,
    /// Gradient descent with momentum; weight decay is added to the gradient.
    Sgd,
}

/// The rule and its constants. The defaults are PyTorch's AdamW; momentum is torchvision's recipes'.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimiserSettings {
    /// AdamW or SGD.
    pub kind: OptimiserKind,
    /// AdamW: how slowly the mean of the gradient forgets.
    pub beta1: f64,
    /// AdamW: how slowly the mean of its square forgets.
    pub beta2: f64,
    /// AdamW: added to the denominator.
    pub epsilon: f64,
    /// SGD: how slowly the velocity forgets; 0 for none.
    pub momentum: f64,
    /// SGD: look ahead along the velocity (Nesterov).
    pub nesterov: bool,
}

impl Default for OptimiserSettings {
    fn default() -> Self {
        Self {
            kind: OptimiserKind::Adamw,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            momentum: 0.9,
            nesterov: false,
        }
    }
}

impl OptimiserSettings {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (field, value) in [
            ("optimiser.beta1", self.beta1),
            ("optimiser.beta2", self.beta2),
            ("optimiser.momentum", self.momentum),
        ] {
            let is_good = (0.0..1.0).contains(&value);
            faults.number(field, value, is_good, "a number in 0..1, below 1");
        }
        faults.positive("optimiser.epsilon", self.epsilon);
        let is_sgd = self.kind == OptimiserKind::Sgd;
        if is_sgd && self.nesterov && self.momentum == 0.0 {
            faults.add(
                "optimiser.nesterov",
                "found without momentum, expected optimiser.momentum above 0",
            );
        }
    }
}

/// Which parameters weight decay pulls towards zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decayed {
    /// Parameters of two or more dimensions; biases and normalisations stay free.
    Matrices,
    /// The same without tables (position embeddings, class tokens, relative position biases) and without the
    /// rates of state spaces (`A_log`, `D`), as the authors of transformers and state spaces recommend.
    Weights,
    /// All of them.
    All,
}
