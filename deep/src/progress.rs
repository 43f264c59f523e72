//! How far a run has come: its history, its best epoch, and when it is over.

use serde::{Deserialize, Serialize};

use crate::schedule::Plateau;
use crate::settings::TrainSettings;

/// What one epoch came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// 1-based.
    pub epoch: usize,
    /// Mean cross-entropy over the training samples as they were met, augmented, while weights moved.
    pub train_loss: f64,
    /// Mean cross-entropy over the validation samples.
    pub valid_loss: f64,
    /// Fraction of validation samples whose most probable class is the true one.
    pub valid_accuracy: f64,
    /// Learning rate of this epoch.
    pub learning_rate: f64,
    /// Whether no epoch before had a higher validation accuracy.
    pub best: bool,
}

/// Everything about a run's progress but weights and moments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) plateau: Plateau,
    pub(crate) history: Vec<EpochRecord>,
    /// Highest validation accuracy and its 1-based epoch.
    pub(crate) best: Option<(f64, usize)>,
    /// Epochs in a row strictly below the best.
    below_best: usize,
}

impl Progress {
    /// Before the first epoch.
    pub(crate) fn new(settings: &TrainSettings) -> Self {
        Self {
            plateau: Plateau::new(settings.plateau, settings.learning_rate),
            history: Vec::new(),
            best: None,
            below_best: 0,
        }
    }

    /// Whether there is nothing left to run.
    pub(crate) fn is_over(&self, epochs: usize, patience: usize) -> bool {
        self.history.len() >= epochs || self.below_best >= patience
    }

    /// Enters a finished epoch. Of epochs with equal accuracy the latest is the best: only strictly worse
    /// ones use up patience.
    pub(crate) fn take_note(
        &mut self,
        learning_rate: f64,
        train_loss: f64,
        valid_loss: f64,
        valid_accuracy: f64,
    ) -> EpochRecord {
        let epoch = self.history.len() + 1;
        let best = self
            .best
            .is_none_or(|(highest, _)| valid_accuracy >= highest);
        if best {
            self.best = Some((valid_accuracy, epoch));
            self.below_best = 0;
        } else {
            self.below_best += 1;
        }
        self.plateau.observe(valid_loss);
        let record = EpochRecord {
            epoch,
            train_loss,
            valid_loss,
            valid_accuracy,
            learning_rate,
            best,
        };
        self.history.push(record.clone());
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_is_the_latest_highest_and_patience_counts_strictly_worse() {
        let mut progress = Progress::new(&TrainSettings::default());
        let mut bests = Vec::new();
        let mut overs = Vec::new();
        for accuracy in [0.5, 0.6, 0.5, 0.6, 0.5, 0.4, 0.7, 0.1, 0.2, 0.3] {
            bests.push(progress.take_note(1e-4, 1.0, 1.0, accuracy).best);
            overs.push(progress.is_over(100, 3));
        }
        let epochs = |flags: &[bool]| -> Vec<usize> {
            (1..)
                .zip(flags)
                .filter(|(_, f)| **f)
                .map(|(e, _)| e)
                .collect()
        };
        assert_eq!(epochs(&bests), [1, 2, 4, 7]);
        assert_eq!(epochs(&overs), [10]);
        assert_eq!(progress.best, Some((0.7, 7)));
        assert!(progress.is_over(10, 100) && !progress.is_over(11, 100));
    }
}
