//! One pass over the training samples: batches, their random changes, and the steps they lead to.

use std::ops::ControlFlow;

use candle_core::Tensor;
use rayon::prelude::*;

use super::{BatchProgress, Phase, Trainer, index};
use crate::augment::augment;
use crate::augment::mixup::Mixing;
use crate::batches::batches;
use crate::error::{DeepError, Result};
use crate::model::{Gradients, Images, Told};
use crate::network::{Dropout, Moving, Training};
use crate::ops::arithmetic::{scaled, sum as add};
use crate::ops::cross_entropy::CrossEntropy;
use crate::predict::first_largest;
use crate::rng::{Purpose, Stream};
use crate::schedule::{Moment, rate};
use crate::settings::Sampler;
use crate::tensors::push_channels;

/// What a pass came to.
pub(super) struct Trained {
    /// Mean loss.
    pub(super) loss: f64,
    /// Fraction of right answers.
    pub(super) accuracy: f64,
    /// Learning rate of the last step.
    pub(super) learning_rate: f64,
}

/// Samples as the network sees them, and what it is asked about them.
pub(super) struct Batch {
    pixels: Vec<f32>,
    loss: CrossEntropy,
}

impl Trainer {
    /// One pass over the training samples, or `None` when broken off.
    pub(super) fn train_batches(
        &mut self,
        callback: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<Option<Trained>> {
        let epoch = self.progress.history.len();
        let batches = self.batches(epoch);
        let moving = if epoch < self.settings.frozen_epochs {
            Moving::Head
        } else {
            Moving::All
        };
        let mut moment = Moment {
            epoch,
            step: 0,
            steps_per_epoch: batches.len().div_ceil(self.settings.accumulate),
        };
        let mut sums = Sums::default();
        let window = if self.model.place().is_gpu() {
            GPU_WINDOW
        } else {
            1
        };
        let mut tally = Tally::new(epoch + 1, window);
        let mut samples = 0;
        let mut learning_rate = 0.0;
        for (number, positions) in (1..).zip(&batches) {
            let batch = self.augmented(positions, epoch, number - 1);
            // Every batch of the run has masks of its own.
            let drawn = index(epoch * batches.len() + number - 1);
            let gradients = self.gradients(&batch, drawn, moving)?;
            samples += positions.len();
            let divisor = batch.loss.divisor();
            tally.add(number, gradients.told().clone(), batch.loss)?;
            sums.add(gradients, divisor)?;
            if number % self.settings.accumulate == 0 || number == batches.len() {
                learning_rate = rate(&self.settings, &self.progress.plateau, moment);
                let (gradients, scale) = sums.take();
                let norm =
                    self.optimiser
                        .apply(&self.model, &gradients, scale, learning_rate, moving)?;
                if norm.is_some_and(|norm| !norm.is_finite()) {
                    return Err(tally.diverged(number, tally.last));
                }
                if let Some(ema) = &mut self.ema {
                    ema.observe(self.model.state(), self.optimiser.steps)?;
                }
                moment.step += 1;
            }
            if number == batches.len() {
                tally.read()?;
            }
            let progress = BatchProgress {
                phase: Phase::Train,
                epoch: epoch + 1,
                batch: number,
                batches: batches.len(),
                samples,
                loss: tally.loss(),
                accuracy: tally.accuracy(),
            };
            if callback(progress).is_break() {
                return Ok(None);
            }
        }
        Ok(Some(Trained {
            loss: tally.loss(),
            accuracy: tally.accuracy(),
            learning_rate,
        }))
    }

    /// The batches of an epoch: positions of samples.
    pub(super) fn batches(&self, epoch: usize) -> Vec<Vec<usize>> {
        let groups = match self.settings.sampler {
            Sampler::Shuffled => None,
            Sampler::ByClass => Some(&self.train.labels[..]),
            Sampler::ByPatient => Some(&self.train.patients[..]),
        };
        let count = index(self.train.images.len());
        let (size, seed) = (self.settings.batch_size, self.settings.seed);
        batches(count, groups, size, seed, index(epoch))
    }

    /// One pass forward and back; `drawn` numbers the masks of dropout.
    pub(super) fn gradients(&self, batch: &Batch, drawn: u32, moving: Moving) -> Result<Gradients> {
        let training = Training {
            dropout: Dropout::Drawn {
                seed: self.settings.seed,
                step: drawn,
            },
            running: self.settings.running_statistics,
            moving,
        };
        self.gradients_with(batch, training)
    }

    /// One pass forward and back.
    pub(super) fn gradients_with(&self, batch: &Batch, training: Training) -> Result<Gradients> {
        let count = batch.loss.labels.len();
        let images = Images::of(&batch.pixels, count, self.settings.image_shape())?;
        self.model
            .gradients_with(images, batch.loss.clone(), training)
    }

    /// Samples as they are, with the plain loss.
    pub(super) fn unchanged(&self, positions: &[usize]) -> Batch {
        let mut pixels = Vec::new();
        for at in positions {
            let channels = self.settings.in_channels;
            push_channels(&self.train.images[*at], channels, &mut pixels);
        }
        Batch {
            pixels,
            loss: CrossEntropy::plain(positions.iter().map(|at| self.train.labels[*at]).collect()),
        }
    }

    /// Samples changed at random.
    fn augmented(&self, positions: &[usize], epoch: usize, number: usize) -> Batch {
        let side = self.settings.image_size;
        let settings = self.settings.augment;
        let mut images: Vec<Vec<f32>> = positions
            .par_iter()
            .map(|at| {
                let purpose = Purpose::Augment;
                let mut stream = Stream::new(self.settings.seed, purpose, index(epoch), index(*at));
                augment(&self.train.images[*at], side, settings, &mut stream)
            })
            .collect();
        let mixing = (settings.mixup > 0.0).then(|| {
            let (epoch, number) = (index(epoch), index(number));
            let mut stream = Stream::new(self.settings.seed, Purpose::Mixup, epoch, number);
            Mixing::draw(positions.len(), settings.mixup, &mut stream)
        });
        if let Some(mixing) = &mixing {
            images = mixing.images(&images);
        }
        let channels = self.settings.in_channels;
        let mut pixels = Vec::with_capacity(positions.len() * side * side * channels);
        for image in &images {
            push_channels(image, channels, &mut pixels);
        }
        Batch {
            pixels,
            loss: CrossEntropy {
                labels: positions.iter().map(|at| self.train.labels[*at]).collect(),
                mixing,
                criterion: self.criterion.clone(),
            },
        }
    }
}

/// Answers that agree with the class that counts most.
fn right_answers(logits: &[Vec<f32>], asked: &CrossEntropy) -> usize {
    let class = |n: usize| match &asked.mixing {
        Some(mixing) if mixing.own < 0.5 => asked.labels[mixing.partners[n]],
        _ => asked.labels[n],
    };
    let answers = logits.iter().enumerate();
    answers
        .filter(|(n, row)| first_largest(row) == class(*n))
        .count()
}

/// Batches whose losses are read at once on a GPU.
const GPU_WINDOW: usize = 16;

/// What the batches came to. Reading a loss waits for everything that a GPU was handed before, so there it is
/// done for some batches at a time (and for the first, which a progress line is waiting for).
struct Tally {
    /// 1-based.
    epoch: usize,
    window: usize,
    /// Numbers of batches, what the network said, and what it was asked.
    pending: Vec<(usize, Told, CrossEntropy)>,
    /// Sum over the samples read so far.
    total: f64,
    correct: usize,
    samples: usize,
    /// The last loss read.
    last: f64,
}

impl Tally {
    fn new(epoch: usize, window: usize) -> Self {
        Self {
            epoch,
            window,
            pending: Vec::new(),
            total: 0.0,
            correct: 0,
            samples: 0,
            last: f64::NAN,
        }
    }

    fn add(&mut self, number: usize, told: Told, asked: CrossEntropy) -> Result<()> {
        self.pending.push((number, told, asked));
        if self.pending.len() >= self.window || self.samples == 0 {
            return self.read();
        }
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        for (number, told, asked) in std::mem::take(&mut self.pending) {
            let loss = told.loss()?;
            if !loss.is_finite() {
                return Err(self.diverged(number, loss));
            }
            self.last = loss;
            self.samples += asked.labels.len();
            self.total += loss * asked.labels.len() as f64;
            self.correct += right_answers(&told.logits()?, &asked);
        }
        Ok(())
    }

    fn diverged(&self, batch: usize, loss: f64) -> DeepError {
        DeepError::Diverged {
            epoch: self.epoch,
            batch,
            loss,
        }
    }

    fn loss(&self) -> f64 {
        self.total / self.samples as f64
    }

    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples as f64
    }
}

/// Gradients of the batches since the last step, each times what its loss was divided by, so that their sum over
/// the sum of these is the gradient of all the samples as one batch.
#[derive(Default)]
struct Sums {
    gradients: Vec<Option<Tensor>>,
    /// What the gradients have to be divided by; 1 while there is one batch, whose gradients stay as they are.
    divisor: f64,
    /// The first batch's.
    first: f64,
    batches: usize,
}

impl Sums {
    fn add(&mut self, gradients: Gradients, divisor: f64) -> Result<()> {
        self.batches += 1;
        if self.batches == 1 {
            self.gradients = gradients.into_parameters();
            (self.first, self.divisor) = (divisor, divisor);
            return Ok(());
        }
        // In units of the first batch's divisor, which is near that of the others.
        self.divisor += divisor;
        #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
        let weight = (divisor / self.first) as f32;
        for (sum, gradient) in self.gradients.iter_mut().zip(gradients.into_parameters()) {
            let added = match (sum.take(), gradient) {
                (Some(sum), Some(gradient)) => {
                    Some(scaled(&gradient, weight).and_then(|g| add(&sum, &g)))
                }
                (None, Some(gradient)) => Some(scaled(&gradient, weight)),
                (sum, None) => sum.map(Ok),
            };
            *sum = added
                .transpose()
                .map_err(|error| DeepError::refused(&error))?;
        }
        Ok(())
    }

    /// The sums, and what to multiply them by.
    fn take(&mut self) -> (Vec<Option<Tensor>>, f64) {
        let scale = if self.batches == 1 {
            1.0
        } else {
            self.first / self.divisor
        };
        self.batches = 0;
        (std::mem::take(&mut self.gradients), scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use crate::model::Model;
    use crate::network::RunningStatistics;
    use crate::registry::NETWORKS;
    use crate::settings::TrainSettings;
    use crate::state::numbers_of;

    /// Gradients of parts of a batch, weighted by what each loss was divided by.
    #[test]
    fn sums_closed_form() {
        let mut model = Model::new("mobilenet_v3_small", 3, 1).unwrap();
        let pixels: Vec<f32> = (0..3 * 3 * 32 * 32)
            .map(|i| (i as f32 * 0.37).sin())
            .collect();
        let size = 3 * 32 * 32;
        let mut of = |first: usize, count: usize| {
            let part = &pixels[first * size..(first + count) * size];
            let images = Images::new(part, count, 32).unwrap();
            model.gradients(images, &[0, 1, 2][..count]).unwrap()
        };
        let parts = [(of(0, 2), 2.0), (of(1, 2), 3.5), (of(0, 3), 1.0)];
        let numbers = |gradients: &[Option<Tensor>]| -> Vec<f32> {
            let flat = gradients.iter().flatten();
            flat.flat_map(|g| g.flatten_all().unwrap().to_vec1::<f32>().unwrap())
                .collect()
        };
        let mut expected = vec![0.0; numbers(parts[0].0.parameters()).len()];
        for (gradients, weight) in &parts {
            for (sum, g) in expected.iter_mut().zip(numbers(gradients.parameters())) {
                *sum += f64::from(g) * weight / 6.5;
            }
        }
        let mut sums = Sums::default();
        for (gradients, weight) in parts {
            sums.add(gradients, weight).unwrap();
        }
        let (gradients, scale) = sums.take();
        for (found, expected) in numbers(&gradients).iter().zip(expected) {
            let found = f64::from(*found) * scale;
            assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()));
        }
    }

    /// While the rest is frozen only the classifier has gradients, and they are the same.
    #[test]
    fn frozen_passes_go_back_through_the_classifier_only() {
        let side = 64;
        let pixels: Vec<f32> = (0..2 * 3 * side * side)
            .map(|i| (i as f32 * 0.37).sin())
            .collect();
        let images = Images::new(&pixels, 2, side).unwrap();
        for entry in NETWORKS {
            if !entry.name.ends_with("_micro") && entry.name != "resnet18" {
                continue;
            }
            let of = |moving| {
                let model = Model::for_side(entry.name, 3, 1, side).unwrap();
                let training = Training {
                    dropout: Dropout::Drawn { seed: 1, step: 1 },
                    running: RunningStatistics::Momentum,
                    moving,
                };
                let loss = CrossEntropy::plain(vec![0, 1]);
                let gradients = model.gradients_with(images, loss, training).unwrap();
                let groups = groups(model.state(), &TrainSettings::default());
                (gradients.into_parameters(), groups)
            };
            let (all, groups) = of(Moving::All);
            let (head, _) = of(Moving::Head);
            let numbers = |g: &Tensor| numbers_of(g).unwrap();
            let mut learning = 0;
            for ((all, head), group) in all.iter().zip(&head).zip(&groups) {
                match (head, group.is_head) {
                    (Some(head), true) => {
                        assert_eq!(numbers(head), numbers(all.as_ref().unwrap()));
                        learning += 1;
                    }
                    // A norm between the last feature map and the classifier may have one; it stays put.
                    (_, false) => {}
                    (None, true) => panic!("{}: a classifier without gradient", entry.name),
                }
            }
            assert!(learning > 0, "{}", entry.name);
            let frozen = head.iter().filter(|gradient| gradient.is_none()).count();
            assert!(frozen * 2 > head.len(), "{}: {frozen}", entry.name);
        }
    }
}
