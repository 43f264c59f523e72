//! The training loop: epochs, validation, the best weights, and states that can be stored and resumed.
//!
//! An epoch is a unit: interrupted within one, a trainer falls back to the end of the epoch before. All
//! random numbers depend on the seed, the epoch and the optimiser step only, and samples are put in the
//! order of their ids first, so a run resumed from a checkpoint, on another number of threads, or given
//! its samples in another order, ends with the same bytes.

use std::ops::ControlFlow;

use raduet_study::ClassNames;
use rayon::prelude::*;

use crate::augment::augment;
use crate::batches::shuffled_batches;
use crate::error::{DeepError, Result};
use crate::model::{Images, Model};
use crate::network::{Dropout, Training};
use crate::ops::cross_entropy::log_sum_exp;
use crate::optimiser::AdamW;
use crate::predict::{FittedNetwork, evaluate};
use crate::prepared::{Prepared, check_parts};
use crate::progress::{EpochRecord, Progress};
use crate::rng::{Purpose, Stream};
use crate::sample::ImageSample;
use crate::settings::TrainSettings;
use crate::tensors::push_channels;

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
    pub(crate) optimiser: AdamW,
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
        let model = Model::for_side(
            &settings.model,
            classes.len(),
            settings.seed,
            settings.image_size,
        )?;
        let optimiser = AdamW::new(&model, settings.weight_decay, settings.decayed);
        Ok(Self {
            settings: settings.clone(),
            classes: classes.clone(),
            train: Prepared::new(train, settings, classes)?,
            valid: Prepared::new(valid, settings, classes)?,
            model,
            optimiser,
            progress: Progress::new(settings),
            best_weights: None,
        })
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
        let optimiser = self.optimiser.clone();
        let outcome = self.epoch(callback);
        if !matches!(outcome, Ok(EpochOutcome::Finished(_))) {
            self.model.state().restore(&weights)?;
            self.optimiser = optimiser;
        }
        outcome
    }

    fn epoch(
        &mut self,
        callback: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<EpochOutcome> {
        let learning_rate = self.progress.plateau.rate();
        let Some(train_loss) = self.train_batches(learning_rate, callback)? else {
            return Ok(EpochOutcome::Stopped);
        };
        let Some((valid_loss, valid_accuracy)) = self.validate(callback)? else {
            return Ok(EpochOutcome::Stopped);
        };
        let record = self
            .progress
            .take_note(learning_rate, train_loss, valid_loss, valid_accuracy);
        if record.best {
            self.best_weights = Some(self.model.state().snapshot()?);
        }
        Ok(EpochOutcome::Finished(record))
    }

    /// One pass over the training samples; the mean loss, or `None` when broken off.
    fn train_batches(
        &mut self,
        learning_rate: f64,
        callback: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<Option<f64>> {
        let epoch = self.progress.history.len();
        let batches = shuffled_batches(
            index(self.train.images.len()),
            self.settings.batch_size,
            self.settings.seed,
            index(epoch),
        );
        let (mut total, mut samples) = (0.0, 0);
        for (number, batch) in (1..).zip(&batches) {
            let pixels = self.augmented(batch, epoch);
            let labels: Vec<usize> = batch.iter().map(|at| self.train.labels[*at]).collect();
            let images = Images::new(&pixels, batch.len(), self.settings.image_size)?;
            let training = Training {
                dropout: Dropout::Drawn {
                    seed: self.settings.seed,
                    step: u32::try_from(self.optimiser.steps()).unwrap_or(u32::MAX),
                },
                running: self.settings.running_statistics,
            };
            let gradients = self.model.gradients_with(images, &labels, training)?;
            let loss = gradients.loss()?;
            if !loss.is_finite() {
                return Err(DeepError::Diverged {
                    epoch: epoch + 1,
                    batch: number,
                    loss,
                });
            }
            self.optimiser
                .step(&mut self.model, &gradients, learning_rate)?;
            samples += batch.len();
            total += loss * batch.len() as f64;
            let progress = BatchProgress {
                phase: Phase::Train,
                epoch: epoch + 1,
                batch: number,
                batches: batches.len(),
                samples,
                loss: total / samples as f64,
            };
            if callback(progress).is_break() {
                return Ok(None);
            }
        }
        Ok(Some(total / samples as f64))
    }

    /// The network's view of a batch, changed at random.
    fn augmented(&self, batch: &[usize], epoch: usize) -> Vec<f32> {
        let side = self.settings.image_size;
        let changed: Vec<Vec<f32>> = batch
            .par_iter()
            .map(|at| {
                let purpose = Purpose::Augment;
                let mut stream = Stream::new(self.settings.seed, purpose, index(epoch), index(*at));
                augment(
                    &self.train.images[*at],
                    side,
                    self.settings.augment,
                    &mut stream,
                )
            })
            .collect();
        let mut pixels = Vec::with_capacity(batch.len() * side * side * crate::model::CHANNELS);
        for image in &changed {
            push_channels(image, &mut pixels);
        }
        pixels
    }

    /// Mean loss and accuracy over the validation samples, or `None` when broken off.
    fn validate(
        &self,
        callback: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<Option<(f64, f64)>> {
        let size = self.settings.batch_size;
        let count = self.valid.images.len();
        let epoch = self.progress.history.len() + 1;
        let (mut total, mut correct, mut samples) = (0.0, 0_usize, 0);
        let chunks = self.valid.images.chunks(size);
        for (number, (images, labels)) in (1..).zip(chunks.zip(self.valid.labels.chunks(size))) {
            let logits = evaluate(&self.model, images, self.settings.image_size)?;
            for (row, label) in logits.iter().zip(labels) {
                total += log_sum_exp(row) - f64::from(row[*label]);
                correct += usize::from(first_largest(row) == *label);
            }
            samples += images.len();
            let loss = total / samples as f64;
            if !loss.is_finite() {
                return Err(DeepError::Diverged {
                    epoch,
                    batch: number,
                    loss,
                });
            }
            let progress = BatchProgress {
                phase: Phase::Validate,
                epoch,
                batch: number,
                batches: count.div_ceil(size),
                samples,
                loss,
            };
            if callback(progress).is_break() {
                return Ok(None);
            }
        }
        Ok(Some((total / count as f64, correct as f64 / count as f64)))
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

/// A count as an index of a random stream; data sets hold far fewer than 2^32 samples.
fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The most probable class; the first of equals.
fn first_largest(row: &[f32]) -> usize {
    let mut best = 0;
    for (k, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = k;
        }
    }
    best
}
