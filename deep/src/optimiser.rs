//! AdamW over all parameters of a model, with a state that can be stored.

use serde::{Deserialize, Serialize};

use crate::error::{DeepError, Result};
use crate::model::{Gradients, Model};
use crate::ops::adamw::{Factors, Moments, step};

/// Which parameters weight decay pulls towards zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decayed {
    /// Parameters of two or more dimensions; biases and normalisations stay free.
    Matrices,
    /// All of them.
    All,
}

/// Decay rates of the moments and the added ε: PyTorch's defaults.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// The optimiser: moments per parameter and the number of steps taken.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    weight_decay: f64,
    decayed: Decayed,
    pub(crate) steps: u64,
    pub(crate) moments: Vec<Moments>,
}

impl AdamW {
    /// An optimiser at step 0 for the parameters of `model`.
    pub fn new(model: &Model, weight_decay: f64, decayed: Decayed) -> Self {
        Self {
            weight_decay,
            decayed,
            steps: 0,
            moments: model
                .state()
                .parameters()
                .map(|entry| Moments::zeros(entry.value.elem_count()))
                .collect(),
        }
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Moves every parameter once with this learning rate.
    ///
    /// # Errors
    /// [`DeepError::TensorName`] for a parameter without a gradient.
    pub fn step(
        &mut self,
        model: &mut Model,
        gradients: &Gradients,
        learning_rate: f64,
    ) -> Result<()> {
        self.steps += 1;
        let factors = |decay: f64| Factors::new(self.steps, learning_rate, decay, BETAS, EPSILON);
        let (with, without) = (factors(self.weight_decay), factors(0.0));
        for (entry, moments) in model.state().parameters().zip(&mut self.moments) {
            let Some(gradient) = gradients.store().get(&entry.value) else {
                return Err(DeepError::TensorName {
                    name: entry.info.name.clone(),
                    found: "it has no gradient",
                });
            };
            let is_decayed = self.decayed == Decayed::All || entry.info.shape.len() > 1;
            let factors = if is_decayed { with } else { without };
            step(&entry.value, gradient, moments, factors)
                .map_err(|error| DeepError::refused(&error))?;
        }
        Ok(())
    }
}
