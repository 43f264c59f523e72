//! A fitted network: it answers, and it can be stored.

use raduet_study::ClassNames;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{decode, encode, stored_state};
use crate::error::{DeepError, Result};
use crate::model::{ImageShape, Images, Model};
use crate::ops::cross_entropy::softmax;
use crate::sample::ImageSample;
use crate::settings::{TestFlips, TrainSettings};
use crate::tensors::{prepare, push_channels};

/// Version of the stored description.
const FORMAT: u32 = 1;

/// What is stored beside the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Description {
    format: u32,
    kind: String,
    settings: TrainSettings,
    classes: ClassNames,
    /// 1-based epoch that the weights come from.
    epoch: usize,
}

const KIND: &str = "fitted network";

/// A trained network with what it needs to know about its input.
#[derive(Debug)]
pub struct FittedNetwork {
    model: Model,
    settings: TrainSettings,
    classes: ClassNames,
    epoch: usize,
}

impl FittedNetwork {
    pub(crate) fn new(
        model: Model,
        settings: TrainSettings,
        classes: ClassNames,
        epoch: usize,
    ) -> Self {
        Self {
            model,
            settings,
            classes,
            epoch,
        }
    }

    /// The network with its weights.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// The settings of its training.
    pub fn settings(&self) -> &TrainSettings {
        &self.settings
    }

    /// The classes, in the order of the probabilities.
    pub fn classes(&self) -> &ClassNames {
        &self.classes
    }

    /// The 1-based epoch that the weights come from.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// Class probabilities per sample, in the order of the samples; rows sum to one. The samples' labels
    /// are not looked at.
    ///
    /// # Errors
    /// [`DeepError::Sample`] for a sample that cannot become an image.
    pub fn predict_proba(&self, samples: &[ImageSample]) -> Result<Vec<Vec<f64>>> {
        let mut rows = Vec::with_capacity(samples.len());
        for chunk in samples.chunks(self.settings.batch_size) {
            let images = images(chunk, &self.settings, &self.classes)?;
            rows.extend(self.views(images)?);
        }
        Ok(rows)
    }

    /// Probabilities of images, averaged over the mirror images that the settings ask for.
    fn views(&self, mut images: Vec<Vec<f32>>) -> Result<Vec<Vec<f64>>> {
        let side = self.settings.image_size;
        let turns: &[Turn] = match self.settings.test_flips {
            TestFlips::None => &[],
            TestFlips::Horizontal => &[Turn::Mirror],
            // One after the other: mirrored, both, upturned.
            TestFlips::All => &[Turn::Mirror, Turn::Upturn, Turn::Mirror],
        };
        let probabilities = |images: &[Vec<f32>]| -> Result<Vec<Vec<f64>>> {
            let logits = evaluate(&self.model, images, self.settings.image_shape())?;
            Ok(logits.iter().map(|row| softmax(row)).collect())
        };
        let mut rows = probabilities(&images)?;
        for turn in turns {
            for image in &mut images {
                turn.apply(image, side);
            }
            for (sum, row) in rows.iter_mut().zip(probabilities(&images)?) {
                for (sum, p) in sum.iter_mut().zip(row) {
                    *sum += p;
                }
            }
        }
        let views = 1.0 + turns.len() as f64;
        for p in rows.iter_mut().flatten() {
            *p /= views;
        }
        Ok(rows)
    }

    /// The network as safetensors bytes: weights under PyTorch's names, settings and classes in the
    /// metadata.
    ///
    /// # Errors
    /// [`DeepError::Checkpoint`] when the format refuses the content.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let state = self.model.state();
        let description = Description {
            format: FORMAT,
            kind: KIND.into(),
            settings: self.settings.clone(),
            classes: self.classes.clone(),
            epoch: self.epoch,
        };
        encode(&description, &stored_state("", state, &state.snapshot()?))
    }

    /// Opens what [`FittedNetwork::to_safetensors`] wrote.
    ///
    /// # Errors
    /// [`DeepError::Checkpoint`] for anything else.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        let (description, mut tensors) = decode::<Description>(bytes)?;
        if description.format != FORMAT || description.kind != KIND {
            return Err(DeepError::Checkpoint {
                found: format!("{} of format {}", description.kind, description.format),
                expected: format!("{KIND} of format {FORMAT}"),
            });
        }
        let settings = description.settings;
        settings.check()?;
        let model = settings.network(description.classes.len())?;
        let numbers = tensors.take_state("", model.state())?;
        tensors.finish()?;
        model.state().restore(&numbers)?;
        Ok(Self {
            model,
            settings,
            classes: description.classes,
            epoch: description.epoch,
        })
    }
}

/// A way to mirror an image.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Mirror,
    Upturn,
}

impl Turn {
    fn apply(self, image: &mut [f32], side: usize) {
        match self {
            Self::Mirror => image.chunks_exact_mut(side).for_each(<[f32]>::reverse),
            Self::Upturn => {
                for row in 0..side / 2 {
                    let (upper, lower) = image.split_at_mut((side - 1 - row) * side);
                    upper[row * side..(row + 1) * side].swap_with_slice(&mut lower[..side]);
                }
            }
        }
    }
}

/// The most probable class; the first of equals.
pub(crate) fn first_largest(row: &[f32]) -> usize {
    let mut best = 0;
    for (k, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = k;
        }
    }
    best
}

/// The images of samples, in order.
pub(crate) fn images(
    samples: &[ImageSample],
    settings: &TrainSettings,
    classes: &ClassNames,
) -> Result<Vec<Vec<f32>>> {
    samples
        .par_iter()
        .map(|sample| {
            sample.check(classes)?;
            prepare(
                sample,
                settings.input,
                settings.crop_margin,
                settings.image_size,
            )
        })
        .collect()
}

/// Logits of prepared images, in one batch.
pub(crate) fn evaluate(
    model: &Model,
    images: &[Vec<f32>],
    shape: ImageShape,
) -> Result<Vec<Vec<f32>>> {
    let mut pixels = Vec::new();
    for image in images {
        push_channels(image, shape.channels, &mut pixels);
    }
    model.logits(Images::of(&pixels, images.len(), shape)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_closed_form() {
        let turned = |turn: Turn| {
            let mut image = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
            turn.apply(&mut image, 3);
            image.to_vec()
        };
        assert_eq!(
            turned(Turn::Mirror),
            [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0]
        );
        assert_eq!(
            turned(Turn::Upturn),
            [7.0, 8.0, 9.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0]
        );
    }
}
