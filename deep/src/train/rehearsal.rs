//! Trying a run before it begins: one batch forward and back, and one batch learned by heart. Neither leaves a
//! trace in the trainer.

use std::ops::ControlFlow;

use candle_core::Tensor;

use super::Trainer;
use crate::error::{DeepError, Result};
use crate::network::{Dropout, Moving, Training};
use crate::optimiser::Optimiser;

/// What one batch forward and back showed.
#[derive(Debug, Clone, PartialEq)]
pub struct DryRun {
    /// Shape of the batch: samples, channels, rows, columns.
    pub images: [usize; 4],
    /// Batches of an epoch.
    pub batches: usize,
    /// Learned numbers.
    pub parameters: usize,
    /// Bytes that training keeps throughout: weights, gradients, the optimiser's state, means of weights, and the
    /// copies it falls back to. What a pass needs beside them depends on the network; measure it.
    pub kept_bytes: usize,
    /// The batch's loss.
    pub loss: f64,
    /// Euclidean norm of all gradients.
    pub gradient_norm: f64,
}

impl Trainer {
    /// Sends the first batch forward and back.
    ///
    /// # Errors
    /// Those of [`Trainer::run_epoch`].
    pub fn dry_run(&self) -> Result<DryRun> {
        let batches = self.batches(0);
        let Some(positions) = batches.first() else {
            return Err(DeepError::Untrained);
        };
        let state = self.model.state();
        let before = state.snapshot()?;
        let batch = self.unchanged(positions);
        let gradients = self.gradients(&batch, 0, Moving::All);
        // Running statistics have moved.
        state.restore(&before)?;
        let gradients = gradients?;
        let norms = self.model.gradient_norms(&gradients)?;
        let side = self.settings.image_size;
        let parameters = state
            .parameters()
            .map(|entry| entry.value.elem_count())
            .sum();
        let weights: usize = before.iter().map(Vec::len).sum();
        let states: usize = self.optimiser.states.iter().map(Tensor::elem_count).sum();
        // Twice for what an epoch falls back to, once for the best epoch's weights.
        let means = if self.ema.is_some() { 2 * weights } else { 0 };
        let numbers = 3 * weights + parameters + 2 * states + means;
        Ok(DryRun {
            images: [positions.len(), self.settings.in_channels, side, side],
            batches: batches.len(),
            parameters,
            kept_bytes: numbers * size_of::<f32>(),
            loss: gradients.loss()?,
            gradient_norm: norms.iter().map(|(_, n)| n * n).sum::<f64>().sqrt(),
        })
    }

    /// Learns the first batch by heart: so many steps on the same unchanged images, without dropout, at the
    /// settings' learning rate. The loss before each step and after the last. A network that cannot do this
    /// cannot learn; `callback` is told each loss and may break it off.
    ///
    /// # Errors
    /// Those of [`Trainer::run_epoch`].
    pub fn overfit_one_batch(
        &self,
        steps: usize,
        callback: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<Vec<f64>> {
        let state = self.model.state();
        let before = state.snapshot()?;
        let losses = self.overfit(steps, callback);
        state.restore(&before)?;
        losses
    }

    fn overfit(
        &self,
        steps: usize,
        callback: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<Vec<f64>> {
        let batches = self.batches(0);
        let Some(positions) = batches.first() else {
            return Err(DeepError::Untrained);
        };
        let batch = self.unchanged(positions);
        let mut optimiser = Optimiser::of(&self.model, &self.settings)?;
        let training = Training {
            dropout: Dropout::Off,
            running: self.settings.running_statistics,
            moving: Moving::All,
        };
        let rate = self.settings.learning_rate;
        let mut losses = Vec::new();
        for step in 0..=steps {
            let gradients = self.gradients_with(&batch, training)?;
            let loss = gradients.loss()?;
            if !loss.is_finite() {
                return Err(DeepError::Diverged {
                    epoch: 1,
                    batch: step + 1,
                    loss,
                });
            }
            losses.push(loss);
            if callback(loss).is_break() {
                break;
            }
            if step < steps {
                let gradients = gradients.parameters();
                optimiser.apply(&self.model, gradients, 1.0, rate, Moving::All)?;
            }
        }
        Ok(losses)
    }
}
