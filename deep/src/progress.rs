//! How far a run has come: its history, its best epoch, and when it is over.

use serde::{Deserialize, Serialize};

use crate::schedule::Plateau;
use crate::settings::{Monitor, TrainSettings};

/// What one epoch came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// 1-based.
    pub epoch: usize,
    /// Mean loss over the training samples as they were met, augmented, while weights moved.
    pub train_loss: f64,
    /// Fraction of them whose most probable class was the true one.
    pub train_accuracy: f64,
    /// Mean cross-entropy over the validation samples.
    pub valid_loss: f64,
    /// Fraction of validation samples whose most probable class is the true one.
    pub valid_accuracy: f64,
    /// Mean sensitivity of the classes that occur among the validation samples.
    pub valid_balanced_accuracy: f64,
    /// Mean area under the curves of each class against the rest; none where a class does not occur.
    pub valid_macro_auc: Option<f64>,
    /// Learning rate of this epoch's last step.
    pub learning_rate: f64,
    /// Whether no epoch before was better by the run's monitor.
    pub best: bool,
}

impl EpochRecord {
    /// The figure that chooses the best epoch; none where it has no value.
    pub fn monitored(&self, monitor: Monitor) -> Option<f64> {
        match monitor {
            Monitor::ValidAccuracy => Some(self.valid_accuracy),
            Monitor::ValidLoss => Some(self.valid_loss),
            Monitor::ValidBalancedAccuracy => Some(self.valid_balanced_accuracy),
            Monitor::ValidMacroAuc => self.valid_macro_auc,
        }
    }
}

/// Everything about a run's progress but weights and moments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) plateau: Plateau,
    pub(crate) history: Vec<EpochRecord>,
    /// Best figure of the monitor and its 1-based epoch.
    pub(crate) best: Option<(f64, usize)>,
    /// Epochs in a row strictly worse than the best.
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

    /// Enters a finished epoch. Of epochs with equal figures the latest is the best: only strictly worse
    /// ones use up patience.
    pub(crate) fn take_note(
        &mut self,
        settings: &TrainSettings,
        mut record: EpochRecord,
    ) -> EpochRecord {
        record.epoch = self.history.len() + 1;
        let figure = record.monitored(settings.monitor);
        record.best = match (figure, self.best) {
            (Some(figure), Some((best, _))) => settings.monitor.is_as_good(figure, best),
            (found, _) => found.is_some(),
        };
        if let (true, Some(figure)) = (record.best, figure) {
            self.best = Some((figure, record.epoch));
            self.below_best = 0;
        } else {
            self.below_best += 1;
        }
        if record.epoch > settings.schedule.warmup_epochs {
            self.plateau.observe(record.valid_loss);
        }
        self.history.push(record.clone());
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(accuracy: f64, loss: f64) -> EpochRecord {
        EpochRecord {
            epoch: 0,
            train_loss: 1.0,
            train_accuracy: 0.5,
            valid_loss: loss,
            valid_accuracy: accuracy,
            valid_balanced_accuracy: 1.0 - accuracy,
            valid_macro_auc: Some(0.5),
            learning_rate: 1e-4,
            best: false,
        }
    }

    fn bests(settings: &TrainSettings, records: &[(f64, f64)]) -> Vec<usize> {
        let mut progress = Progress::new(settings);
        for (accuracy, loss) in records {
            progress.take_note(settings, record(*accuracy, *loss));
        }
        let best = progress.history.iter().filter(|record| record.best);
        best.map(|record| record.epoch).collect()
    }

    #[test]
    fn best_is_the_latest_highest_and_patience_counts_strictly_worse() {
        let settings = TrainSettings::default();
        let mut progress = Progress::new(&settings);
        let mut overs = Vec::new();
        let accuracies = [0.5, 0.6, 0.5, 0.6, 0.5, 0.4, 0.7, 0.1, 0.2, 0.3];
        for accuracy in accuracies {
            progress.take_note(&settings, record(accuracy, 1.0));
            overs.push(progress.is_over(100, 3));
        }
        assert_eq!(
            bests(&settings, &accuracies.map(|a| (a, 1.0))),
            [1, 2, 4, 7]
        );
        assert_eq!(overs.iter().position(|over| *over), Some(9));
        assert_eq!(progress.best, Some((0.7, 7)));
        assert!(progress.is_over(10, 100) && !progress.is_over(11, 100));
    }

    #[test]
    fn each_monitor_has_its_direction() {
        let records = [(0.5, 1.0), (0.6, 1.5), (0.4, 0.5)];
        let of = |monitor| {
            let settings = TrainSettings {
                monitor,
                ..TrainSettings::default()
            };
            bests(&settings, &records)
        };
        assert_eq!(of(Monitor::ValidAccuracy), [1, 2]);
        assert_eq!(of(Monitor::ValidLoss), [1, 3]);
        assert_eq!(of(Monitor::ValidBalancedAccuracy), [1, 3]);
        assert_eq!(of(Monitor::ValidMacroAuc), [1, 2, 3]);
    }

    /// Losses of the warm-up do not count against the rate.
    #[test]
    fn the_plateau_waits_for_the_warm_up() {
        let mut settings = TrainSettings::default();
        settings.schedule.warmup_epochs = 3;
        settings.plateau.patience = 0;
        let mut progress = Progress::new(&settings);
        for _ in 0..4 {
            progress.take_note(&settings, record(0.5, 1.0));
        }
        assert!((progress.plateau.rate() - 1e-4).abs() < 1e-18);
        progress.take_note(&settings, record(0.5, 1.0));
        assert!((progress.plateau.rate() - 1e-5).abs() < 1e-18);
    }
}
