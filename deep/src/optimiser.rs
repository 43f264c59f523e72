//! AdamW over all parameters of a model, with a state that can be stored.

use crate::error::{DeepError, Result};
use crate::model::{Gradients, Model};
use crate::ops::adamw::{Factors, Moments, step};
use crate::settings::Decayed;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Images;

    /// The same gradients with and without decay of one-dimensional parameters: only those differ.
    #[test]
    fn matrices_only_leaves_biases_and_normalisations_free() {
        let pixels: Vec<f32> = (0..2 * 3 * 32 * 32)
            .map(|i| (i as f32 * 0.37).sin())
            .collect();
        let images = Images::new(&pixels, 2, 32).unwrap();
        let stepped = |decay: f64, decayed: Decayed| {
            let mut model = Model::new("mobilenet_v3_small", 3, 1).unwrap();
            let mut optimiser = AdamW::new(&model, decay, decayed);
            let gradients = model.gradients(images, &[0, 1]).unwrap();
            optimiser.step(&mut model, &gradients, 1e-2).unwrap();
            assert_eq!(optimiser.steps(), 1);
            model
        };
        let free = stepped(0.0, Decayed::All);
        let matrices = stepped(0.5, Decayed::Matrices);
        let all = stepped(0.5, Decayed::All);
        for entry in free.state().parameters() {
            let of = |model: &Model| model.tensor(&entry.info.name).unwrap();
            let is_matrix = entry.info.shape.len() > 1;
            assert_eq!(of(&free) == of(&matrices), !is_matrix, "{:?}", entry.info);
            assert_eq!(
                of(&matrices) == of(&all),
                is_matrix || of(&free) == of(&all)
            );
        }
        let weight = "features.0.1.weight";
        assert_ne!(free.tensor(weight).unwrap(), all.tensor(weight).unwrap());
    }
}
