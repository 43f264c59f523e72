//! A fitted network: it answers, and it can be stored.

use raduet_study::ClassNames;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{decode, encode, stored_state};
use crate::error::{DeepError, Result};
use crate::model::{Images, Model};
use crate::ops::cross_entropy::softmax;
use crate::sample::ImageSample;
use crate::settings::TrainSettings;
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
            let logits = evaluate(&self.model, &images, self.settings.image_size)?;
            rows.extend(logits.iter().map(|row| softmax(row)));
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
        let model = Model::for_side(
            &settings.model,
            description.classes.len(),
            settings.seed,
            settings.image_size,
        )?;
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
pub(crate) fn evaluate(model: &Model, images: &[Vec<f32>], side: usize) -> Result<Vec<Vec<f32>>> {
    let mut pixels = Vec::new();
    for image in images {
        push_channels(image, &mut pixels);
    }
    model.logits(Images::new(&pixels, images.len(), side)?)
}
