//! The learning rate over the epochs: it falls when the validation loss stands still.
//!
//! The rule and its details are those of PyTorch's `ReduceLROnPlateau` in mode `min`: a loss counts as
//! better when it is below best · (1 - 1e-4); after more than `patience` epochs in a row without, the
//! rate is multiplied by `factor`, and counting starts again.

use serde::{Deserialize, Serialize};

/// When and how far the learning rate falls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlateauSettings {
    /// What the rate is multiplied by.
    pub factor: f64,
    /// Epochs without improvement that are forgiven.
    pub patience: usize,
}

impl Default for PlateauSettings {
    fn default() -> Self {
        Self {
            factor: 0.1,
            patience: 5,
        }
    }
}

/// PyTorch's relative threshold of an improvement, and least change of a rate worth making.
const THRESHOLD: f64 = 1e-4;
const LEAST_CHANGE: f64 = 1e-8;

/// The rate and what it depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plateau {
    settings: PlateauSettings,
    rate: f64,
    /// Lowest loss so far; `None` before the first epoch.
    best: Option<f64>,
    bad_epochs: usize,
}

impl Plateau {
    pub(crate) fn new(settings: PlateauSettings, rate: f64) -> Self {
        Self {
            settings,
            rate,
            best: None,
            bad_epochs: 0,
        }
    }

    /// The learning rate now.
    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// Takes note of an epoch's validation loss.
    pub(crate) fn observe(&mut self, loss: f64) {
        if self.best.is_none_or(|best| loss < best * (1.0 - THRESHOLD)) {
            self.best = Some(loss);
            self.bad_epochs = 0;
            return;
        }
        self.bad_epochs += 1;
        if self.bad_epochs > self.settings.patience {
            let lower = self.rate * self.settings.factor;
            if self.rate - lower > LEAST_CHANGE {
                self.rate = lower;
            }
            self.bad_epochs = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates after each epoch, worked out by hand from the documented rule with patience 2.
    #[test]
    fn plateau_closed_form() {
        let settings = PlateauSettings {
            factor: 0.5,
            patience: 2,
        };
        let mut plateau = Plateau::new(settings, 1.0);
        let losses = [1.0, 0.9, 0.95, 0.899_99, 0.9, 0.9, 0.9, 0.9, 0.5];
        // 0.89999 is not below 0.9 (1 - 1e-4) = 0.89991: it counts as standing still.
        let rates = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25];
        for (loss, rate) in losses.into_iter().zip(rates) {
            plateau.observe(loss);
            assert!((plateau.rate() - rate).abs() < 1e-15, "{loss}");
        }
    }

    #[test]
    fn a_rate_near_zero_stays() {
        let settings = PlateauSettings {
            factor: 0.1,
            patience: 0,
        };
        let mut plateau = Plateau::new(settings, 1e-8);
        plateau.observe(1.0);
        plateau.observe(1.0);
        assert_eq!(plateau.rate().to_bits(), 1e-8_f64.to_bits());
    }
}
