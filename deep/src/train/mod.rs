//! The training loop: epochs, validation, the best weights, and states that can be stored and resumed.
//!
//! An epoch is a unit: interrupted within one, a trainer falls back to the end of the epoch before. All
//! random numbers depend on the seed, the epoch and the optimiser step only, and samples are put in the
//! order of their ids first, so a run resumed from a checkpoint, on another number of threads, or given
//! its samples in another order, ends with the same bytes.

mod pass;
mod rehearsal;
mod validation;

use std::ops::ControlFlow;

use raduet_study::ClassNames;

use crate::ema::Ema;
use crate::error::{DeepError, Result};
use crate::model::Model;
use crate::ops::cross_entropy::Criterion;
use crate::optimiser::Optimiser;
use crate::predict::FittedNetwork;
use crate::prepared::{Prepared, check_parts};
use crate::progress::{EpochRecord, Progress};
use crate::sample::ImageSample;
use crate::settings::{ClassWeight, Monitor, TrainSettings};
use validation::validate;

pub use rehearsal::DryRun;

/// What the trainer is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Moving weights.
    Train,
    /// Looking at validation samples.
    Validate,
}

/// Where an epoch stands, told after every batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchProgress {
    /// Training or validation.
    pub phase: Phase,
    /// 1-based epoch.
    pub epoch: usize,
    /// Batches done in this phase.
    pub batch: usize,
    /// Batches of this phase.
    pub batches: usize,
    /// Samples done in this phase.
    pub samples: usize,
    /// Mean loss so far in this phase.
    pub loss: f64,
    /// Fraction of right answers so far in this phase.
    pub accuracy: f64,
}

/// How a call of [`Trainer::run_epoch`] ended.
#[derive(Debug, Clone, PartialEq)]
pub enum EpochOutcome {
    /// The epoch is done.
    Finished(EpochRecord),
    /// The callback asked to stop; the trainer stands where it stood before the epoch.
    Stopped,
}

/// A training run.
pub struct Trainer {
    pub(crate) settings: TrainSettings,
    pub(crate) classes: ClassNames,
    pub(crate) train: Prepared,
    pub(crate) valid: Prepared,
    pub(crate) model: Model,
    pub(crate) optimiser: Optimiser,
    /// How training changes the cross-entropy.
    criterion: Criterion,
    /// The running mean of the weights, where it is asked for.
    pub(crate) ema: Option<Ema>,
    pub(crate) progress: Progress,
    /// Weights of the best epoch; `None` before the first.
    pub(crate) best_weights: Option<Vec<Vec<f32>>>,
}

impl std::fmt::Debug for Trainer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("settings", &self.settings)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl Trainer {
    /// Checks settings and samples, prepares all images, and makes a network with random weights.
    ///
    /// # Errors
    /// [`DeepError::Settings`], [`DeepError::Sample`], or [`DeepError::Samples`] when a part has too few
    /// samples, an id occurs twice, or a patient stands in both parts.
    pub fn new(
        settings: &TrainSettings,
        classes: &ClassNames,
        train: &[ImageSample],
        valid: &[ImageSample],
    ) -> Result<Self> {
        settings.check()?;
        check_parts(train, valid)?;
        let model = settings.network(classes.len())?;
        let train = Prepared::new(train, settings, classes)?;
        let valid = Prepared::new(valid, settings, classes)?;
        check_monitor(settings.monitor, &valid.labels, classes)?;
        let ema = settings
            .ema_decay
            .map(|decay| Ema::new(model.state(), decay));
        Ok(Self {
            settings: settings.clone(),
            classes: classes.clone(),
            criterion: criterion(settings, &train.labels, classes),
            train,
            valid,
            optimiser: Optimiser::of(&model, settings)?,
            ema: ema.transpose()?,
            model,
            progress: Progress::new(settings),
            best_weights: None,
        })
    }

    /// Begins the running mean of the weights anew with the weights as they are.
    pub(crate) fn restart_mean(&mut self) -> Result<()> {
        let decay = self.settings.ema_decay;
        let ema = decay.map(|decay| Ema::new(self.model.state(), decay));
        self.ema = ema.transpose()?;
        Ok(())
    }

    /// Whether the last epoch has been run: all of them, or `patience` in a row below the best.
    pub fn is_done(&self) -> bool {
        self.progress
            .is_over(self.settings.epochs, self.settings.patience)
    }

    /// The epochs done.
    pub fn history(&self) -> &[EpochRecord] {
        &self.progress.history
    }

    /// Runs one epoch. `callback` is told about every batch and may break it off.
    ///
    /// # Errors
    /// [`DeepError::Over`] after the last epoch, and [`DeepError::Diverged`] when the loss is no longer
    /// finite; the trainer then stands where it stood before the epoch.
    pub fn run_epoch(
        &mut self,
        callback: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<EpochOutcome> {
        if self.is_done() {
            return Err(DeepError::Over {
                epochs: self.progress.history.len(),
            });
        }
        let weights = self.model.state().snapshot()?;
        let optimiser = self.optimiser.copied()?;
        let ema = self.ema.as_ref().map(Ema::copied).transpose()?;
        let outcome = self.epoch(callback);
        if !matches!(outcome, Ok(EpochOutcome::Finished(_))) {
            self.model.state().restore(&weights)?;
            self.optimiser = optimiser;
            self.ema = ema;
        }
        outcome
    }

    fn epoch(
        &mut self,
        callback: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<EpochOutcome> {
        let Some(trained) = self.train_batches(callback)? else {
            return Ok(EpochOutcome::Stopped);
        };
        let epoch = self.progress.history.len() + 1;
        let (valid, size) = (&self.valid, self.settings.batch_size);
        let (model, shape) = (&self.model, self.settings.image_shape());
        let figures = Ema::during(&mut self.ema, model.state(), || {
            validate(model, valid, (size, shape), epoch, callback)
        })?;
        let Some(figures) = figures else {
            return Ok(EpochOutcome::Stopped);
        };
        let record = EpochRecord {
            epoch,
            train_loss: trained.loss,
            train_accuracy: trained.accuracy,
            valid_loss: figures.loss,
            valid_accuracy: figures.accuracy,
            valid_balanced_accuracy: figures.balanced_accuracy,
            valid_macro_auc: figures.macro_auc,
            learning_rate: trained.learning_rate,
            best: false,
        };
        let record = self.progress.take_note(&self.settings, record);
        if record.best {
            let state = self.model.state();
            let weights = Ema::during(&mut self.ema, state, || state.snapshot())?;
            self.best_weights = Some(weights);
        }
        Ok(EpochOutcome::Finished(record))
    }

    /// The network with the weights of the best epoch.
    ///
    /// # Errors
    /// [`DeepError::Untrained`] when no epoch has been finished.
    pub fn into_model(self) -> Result<FittedNetwork> {
        let (Some(weights), Some((_, epoch))) = (self.best_weights, self.progress.best) else {
            return Err(DeepError::Untrained);
        };
        self.model.state().restore(&weights)?;
        Ok(FittedNetwork::new(
            self.model,
            self.settings,
            self.classes,
            epoch,
        ))
    }
}

/// What is minimised. Balanced weights are n / (K n(c)) over the K classes c that occur, and 1 for the others.
fn criterion(settings: &TrainSettings, labels: &[usize], classes: &ClassNames) -> Criterion {
    let mut counts = vec![0_usize; classes.len()];
    for label in labels {
        counts[*label] += 1;
    }
    let present = counts.iter().filter(|count| **count > 0).count();
    let weight = |count: &usize| match count {
        0 => 1.0,
        _ => labels.len() as f64 / (present * count) as f64,
    };
    Criterion {
        weights: match settings.loss.class_weight {
            ClassWeight::None => None,
            ClassWeight::Balanced => Some(counts.iter().map(weight).collect()),
        },
        smoothing: settings.loss.label_smoothing,
        focal: settings.loss.focal,
    }
}

/// Areas under curves need every class.
fn check_monitor(monitor: Monitor, labels: &[usize], classes: &ClassNames) -> Result<()> {
    let absent = (0..classes.len()).find(|class| !labels.contains(class));
    match (monitor, absent) {
        (Monitor::ValidMacroAuc, Some(class)) => Err(DeepError::Samples {
            part: "validation",
            found: format!("none of class {class}"),
            expected: "every class, since the monitor is valid_macro_auc".into(),
        }),
        _ => Ok(()),
    }
}

/// A count as an index of a random stream; data sets hold far fewer than 2^32 samples.
fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
