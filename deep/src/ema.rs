//! The running mean of the weights over the steps: B. Polyak and A. Juditsky, *Acceleration of stochastic
//! approximation by averaging*, doi 10.1137/0330046, with exponential forgetting.
//!
//! a ← d a + (1 - d) w for every f32 tensor of the state dict, buffers included; counters are taken as they are.
//! After t steps the decay d is at most (1 + t) / (10 + t), so that the start is forgotten in short runs too.

use candle_core::Tensor;

use crate::error::{DeepError, Result};
use crate::ops::average::average;
use crate::state::{StateDict, numbers_of, tensor_of};

/// The means, in the order of the state dict.
#[derive(Debug)]
pub(crate) struct Ema {
    decay: f64,
    tensors: Vec<Tensor>,
}

impl Ema {
    /// The weights as they stand.
    pub(crate) fn new(state: &StateDict, decay: f64) -> Result<Self> {
        Ok(Self {
            decay,
            tensors: copies(state)?,
        })
    }

    /// Takes the weights after step `steps` (from 1) into the mean.
    pub(crate) fn observe(&mut self, state: &StateDict, steps: u64) -> Result<()> {
        let t = steps as f64;
        let decay = self.decay.min((1.0 + t) / (10.0 + t));
        for (mean, entry) in self.tensors.iter_mut().zip(&state.entries) {
            let moved = if entry.is_counter() {
                entry.value.copy().map(|copy| *mean = copy)
            } else {
                average(mean, &entry.value, decay)
            };
            moved.map_err(|error| DeepError::refused(&error))?;
        }
        Ok(())
    }

    /// Exchanges the weights and their means.
    pub(crate) fn swap(&mut self, state: &StateDict) -> Result<()> {
        let weights = copies(state)?;
        for (mean, entry) in self.tensors.iter().zip(&state.entries) {
            entry
                .set(mean)
                .map_err(|error| DeepError::refused(&error))?;
        }
        self.tensors = weights;
        Ok(())
    }

    /// The means as numbers, counters among them as f32.
    pub(crate) fn numbers(&self) -> Result<Vec<Vec<f32>>> {
        let lists = self.tensors.iter().map(numbers_of);
        lists
            .collect::<candle_core::Result<_>>()
            .map_err(|error| DeepError::refused(&error))
    }

    /// Takes over what [`Ema::numbers`] gave.
    pub(crate) fn restore(&mut self, numbers: &[Vec<f32>]) -> Result<()> {
        for (mean, numbers) in self.tensors.iter_mut().zip(numbers) {
            *mean = tensor_of(numbers, mean).map_err(|error| DeepError::refused(&error))?;
        }
        Ok(())
    }

    /// A copy that does not move with this one.
    pub(crate) fn copied(&self) -> Result<Self> {
        let tensors = self.tensors.iter().map(Tensor::copy);
        Ok(Self {
            decay: self.decay,
            tensors: tensors
                .collect::<candle_core::Result<_>>()
                .map_err(|error| DeepError::refused(&error))?,
        })
    }

    /// The means in place of the weights for the time of `work`.
    pub(crate) fn during<R>(
        ema: &mut Option<Self>,
        state: &StateDict,
        work: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        let Some(ema) = ema else { return work() };
        ema.swap(state)?;
        let result = work();
        ema.swap(state)?;
        result
    }
}

fn copies(state: &StateDict) -> Result<Vec<Tensor>> {
    let copies = state.entries.iter().map(|entry| entry.value.copy());
    copies
        .collect::<candle_core::Result<_>>()
        .map_err(|error| DeepError::refused(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn ema_closed_form_and_swap() {
        let mut model = Model::new("mobilenet_v3_small", 3, 1).unwrap();
        let name = "classifier.3.bias";
        model.set_tensor(name, &[0.0; 3]).unwrap();
        let mut ema = Some(Ema::new(model.state(), 0.5).unwrap());
        let mut expected = 0.0;
        for (step, weight) in (1..).zip([1.0_f32, 3.0, -2.0]) {
            model.set_tensor(name, &[weight; 3]).unwrap();
            ema.as_mut().unwrap().observe(model.state(), step).unwrap();
            let decay = 0.5_f64.min((1.0 + step as f64) / (10.0 + step as f64));
            expected = decay * expected + (1.0 - decay) * f64::from(weight);
        }
        let seen = Ema::during(&mut ema, model.state(), || model.tensor(name)).unwrap();
        for value in seen {
            assert!(
                (f64::from(value) - expected).abs() < 1e-6,
                "{value} {expected}"
            );
        }
        assert_eq!(model.tensor(name).unwrap(), [-2.0; 3]);
    }
}
