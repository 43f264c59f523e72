//! The learning rate over a run.

use serde::{Deserialize, Serialize};

use super::checks::Faults;

/// How the learning rate moves after its warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// Not at all.
    Constant,
    /// Down when the validation loss stands still, see [`PlateauSettings`].
    Plateau,
    /// Half a cosine down to `least_rate`, step by step.
    Cosine,
    /// Down by `step_factor` every `step_epochs` epochs.
    Step,
    /// Up from a fraction of the rate, then down to nearly nothing, along cosines, step by step.
    OneCycle,
}

/// The schedule and its constants. The default is the paper's recipe; other constants are PyTorch's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleSettings {
    /// Which schedule.
    pub kind: ScheduleKind,
    /// Epochs at the beginning over which the rate rises linearly, step by step.
    pub warmup_epochs: usize,
    /// What the rate of the first step of the warm-up is multiplied by.
    pub warmup_start: f64,
    /// `cosine`: the rate at the end.
    pub least_rate: f64,
    /// `step`: epochs between two falls.
    pub step_epochs: usize,
    /// `step`: what the rate is multiplied by.
    pub step_factor: f64,
    /// `one_cycle`: share of the steps that rise.
    pub rise: f64,
    /// `one_cycle`: the first rate is the learning rate divided by this.
    pub start_divisor: f64,
    /// `one_cycle`: the last rate is the first rate divided by this.
    pub end_divisor: f64,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self {
            kind: ScheduleKind::Plateau,
            warmup_epochs: 0,
            warmup_start: 0.01,
            least_rate: 0.0,
            step_epochs: 30,
            step_factor: 0.1,
            rise: 0.3,
            start_divisor: 25.0,
            end_divisor: 1e4,
        }
    }
}

impl ScheduleSettings {
    pub(super) fn check(&self, epochs: usize, faults: &mut Faults) {
        if self.warmup_epochs > 0 && self.warmup_epochs >= epochs {
            faults.add(
                "schedule.warmup_epochs",
                &format!("found {}, expected fewer than epochs", self.warmup_epochs),
            );
        }
        if self.warmup_epochs > 0 && self.kind == ScheduleKind::OneCycle {
            faults.add(
                "schedule.warmup_epochs",
                "found with one_cycle, which rises by itself (schedule.rise), expected 0",
            );
        }
        let start = self.warmup_start;
        let is_good = start > 0.0 && start <= 1.0;
        faults.number(
            "schedule.warmup_start",
            start,
            is_good,
            "above 0, at most 1",
        );
        faults.not_negative("schedule.least_rate", self.least_rate);
        faults.at_least("schedule.step_epochs", self.step_epochs, 1);
        let factor = self.step_factor;
        let is_good = factor > 0.0 && factor <= 1.0;
        faults.number(
            "schedule.step_factor",
            factor,
            is_good,
            "above 0, at most 1",
        );
        faults.share("schedule.rise", self.rise, "a share in 0..=1");
        for (field, value) in [
            ("schedule.start_divisor", self.start_divisor),
            ("schedule.end_divisor", self.end_divisor),
        ] {
            faults.number(field, value, value >= 1.0, "one or more");
        }
    }
}

/// When and how far the learning rate falls on a plateau of the validation loss.
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

impl PlateauSettings {
    pub(super) fn check(&self, faults: &mut Faults) {
        let is_good = self.factor > 0.0 && self.factor < 1.0;
        faults.number(
            "plateau.factor",
            self.factor,
            is_good,
            "a number between 0 and 1",
        );
    }
}
