//! The learning rate at a step of a run.
//!
//! With η the learning rate of the settings, t the step, W the steps of the warm-up, T all steps:
//!
//! * warm-up, t < W: what follows at its start, times a + (1 - a) t / W;
//! * constant: η;
//! * cosine: e + (η - e) (1 + cos(π (t - W) / (T - W))) / 2, e being the least rate
//!   (I. Loshchilov and F. Hutter, *SGDR*, arXiv 1608.03983);
//! * step: η · factor^⌊epochs after the warm-up / `step_epochs`⌋;
//! * one cycle: along half cosines from η / d₁ up to η, then down to η / (d₁ d₂)
//!   (L. Smith and N. Topin, *Super-convergence*, arXiv 1708.07120);
//! * plateau: η falls when the validation loss stands still. After the warm-up a loss counts as better when it
//!   is below best · (1 - 1e-4); after more than `patience` epochs in a row without, the rate is multiplied by
//!   `factor`, and counting starts again.
//!
//! Values and details are those of PyTorch's `LinearLR`, `CosineAnnealingLR`, `StepLR`, `OneCycleLR` and
//! `ReduceLROnPlateau`.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::settings::{PlateauSettings, ScheduleKind, TrainSettings};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Epochs done.
    pub(crate) epoch: usize,
    /// Optimiser steps done in this epoch.
    pub(crate) step: usize,
    /// Optimiser steps of every epoch.
    pub(crate) steps_per_epoch: usize,
}

/// The learning rate of the step at `moment`.
pub(crate) fn rate(settings: &TrainSettings, plateau: &Plateau, moment: Moment) -> f64 {
    let (schedule, eta) = (&settings.schedule, settings.learning_rate);
    let done = moment.epoch * moment.steps_per_epoch + moment.step;
    let warmup = schedule.warmup_epochs * moment.steps_per_epoch;
    if done < warmup {
        let start = schedule.warmup_start;
        return eta * (start + (1.0 - start) * done as f64 / warmup as f64);
    }
    let all = settings.epochs * moment.steps_per_epoch;
    match schedule.kind {
        ScheduleKind::Constant => eta,
        ScheduleKind::Plateau => plateau.rate(),
        ScheduleKind::Cosine => {
            let least = schedule.least_rate;
            let share = (done - warmup) as f64 / (all - warmup) as f64;
            least + (eta - least) * (1.0 + (PI * share).cos()) / 2.0
        }
        ScheduleKind::Step => {
            let falls = (moment.epoch - schedule.warmup_epochs) / schedule.step_epochs;
            eta * schedule.step_factor.powf(falls as f64)
        }
        ScheduleKind::OneCycle => {
            let first = eta / schedule.start_divisor;
            let summit = schedule.rise * all as f64 - 1.0;
            let (from, to, begin, end) = if done as f64 <= summit {
                (first, eta, 0.0, summit)
            } else {
                let last = first / schedule.end_divisor;
                (eta, last, summit.max(0.0), all as f64 - 1.0)
            };
            // A phase without length is at its end.
            let share = if end > begin {
                (done as f64 - begin) / (end - begin)
            } else {
                1.0
            };
            to + (from - to) * (1.0 + (PI * share).cos()) / 2.0
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

    /// PyTorch's schedulers, stepped after every batch, see `tests/reference/torch/README.md`.
    #[test]
    fn schedules_torch() {
        let text = include_str!("../../tests/reference/torch/training.json");
        let golden: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = golden["schedules"].as_array().unwrap();
        assert_eq!(cases.len(), 8);
        for case in cases {
            let settings: TrainSettings = serde_json::from_value(case["settings"].clone()).unwrap();
            settings.check().unwrap();
            let per_epoch = usize::try_from(case["steps_per_epoch"].as_u64().unwrap()).unwrap();
            let plateau = Plateau::new(settings.plateau, settings.learning_rate);
            let expected = case["rates"].as_array().unwrap();
            assert_eq!(expected.len(), settings.epochs * per_epoch);
            for (done, expected) in expected.iter().enumerate() {
                let moment = Moment {
                    epoch: done / per_epoch,
                    step: done % per_epoch,
                    steps_per_epoch: per_epoch,
                };
                let found = rate(&settings, &plateau, moment);
                let expected = expected.as_f64().unwrap();
                // PyTorch multiplies step by step: a rounding for each.
                assert!(
                    (found - expected).abs() <= 1e-12 * settings.learning_rate,
                    "{case}: step {done}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn a_cycle_of_one_step_is_finite() {
        let settings = TrainSettings {
            epochs: 1,
            schedule: crate::settings::ScheduleSettings {
                kind: ScheduleKind::OneCycle,
                ..Default::default()
            },
            ..TrainSettings::default()
        };
        let plateau = Plateau::new(settings.plateau, settings.learning_rate);
        for steps_per_epoch in 1..6 {
            for step in 0..steps_per_epoch {
                let moment = Moment {
                    epoch: 0,
                    step,
                    steps_per_epoch,
                };
                let rate = rate(&settings, &plateau, moment);
                assert!(rate > 0.0 && rate <= settings.learning_rate, "{rate}");
            }
        }
    }

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

    /// PyTorch's `ReduceLROnPlateau`, see `tests/reference/torch/README.md`.
    #[test]
    fn plateau_torch() {
        let text = include_str!("../../tests/reference/torch/training.json");
        let golden = &serde_json::from_str::<serde_json::Value>(text).unwrap()["plateau"];
        let number = |json: &serde_json::Value| json.as_f64().unwrap();
        let settings = PlateauSettings {
            factor: number(&golden["factor"]),
            patience: usize::try_from(golden["patience"].as_u64().unwrap()).unwrap(),
        };
        let mut plateau = Plateau::new(settings, number(&golden["rate"]));
        let losses = golden["losses"].as_array().unwrap();
        let rates = golden["rates"].as_array().unwrap();
        assert_eq!(losses.len(), rates.len());
        for (loss, rate) in losses.iter().zip(rates) {
            plateau.observe(number(loss));
            assert!((plateau.rate() - number(rate)).abs() < 1e-16, "{loss}");
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
