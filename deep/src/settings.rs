//! How a network is trained. The default is the protocol of the cirrhosis staging paper that this project
//! repeats: whole slices at 256 x 256, AdamW, a learning rate that falls on plateaus, 100 epochs.

use serde::{Deserialize, Serialize};

use crate::augment::AugmentSettings;
use crate::error::{DeepError, Result};
use crate::network::RunningStatistics;
use crate::optimiser::Decayed;
use crate::registry;
use crate::schedule::PlateauSettings;

/// Which part of a slice the network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputMode {
    /// All of it.
    Whole,
    /// The bounding square of the mask with a margin.
    Crop,
    /// The same square, with everything outside the mask set to the lowest intensity inside.
    Masked,
}

/// All choices of one training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSettings {
    /// A name of [`crate::NETWORKS`].
    pub model: String,
    /// Side of the square image the network sees, in pixels.
    pub image_size: usize,
    /// Which part of a slice is shown.
    pub input: InputMode,
    /// Margin around the mask's bounding box, as a fraction of the box's side.
    pub crop_margin: f64,
    /// Samples per optimiser step. A last batch of one sample joins the batch before it.
    pub batch_size: usize,
    /// Learning rate of the first epoch.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Which parameters decay.
    pub decayed: Decayed,
    /// Most epochs.
    pub epochs: usize,
    /// Training ends after this many epochs in a row whose validation accuracy lies strictly below the best.
    pub patience: usize,
    /// How much a batch counts in the running statistics of batch normalisation.
    pub running_statistics: RunningStatistics,
    /// When the learning rate falls.
    pub plateau: PlateauSettings,
    /// Random changes of training images.
    pub augment: AugmentSettings,
    /// Seed of initial weights, order, augmentation and dropout.
    pub seed: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            model: "resnet18".into(),
            image_size: 256,
            input: InputMode::Whole,
            crop_margin: 0.1,
            batch_size: 32,
            learning_rate: 1e-4,
            weight_decay: 1e-5,
            decayed: Decayed::Matrices,
            epochs: 100,
            patience: 20,
            running_statistics: RunningStatistics::Momentum,
            plateau: PlateauSettings::default(),
            augment: AugmentSettings::default(),
            seed: 42,
        }
    }
}

/// Least side of an image: the networks halve it five times.
const LEAST_IMAGE_SIZE: usize = 32;

impl TrainSettings {
    /// Checks every field.
    ///
    /// # Errors
    /// [`DeepError::Settings`] with all faults.
    pub fn check(&self) -> Result<()> {
        let mut faults = Vec::new();
        if let Err(error) = registry::find(&self.model) {
            faults.push(format!("model: {error}"));
        }
        if self.image_size < LEAST_IMAGE_SIZE {
            faults.push(format!(
                "image_size: found {}, expected at least {LEAST_IMAGE_SIZE}",
                self.image_size
            ));
        }
        for (field, value, least) in [
            ("batch_size", self.batch_size, 2),
            ("epochs", self.epochs, 1),
            ("patience", self.patience, 1),
        ] {
            if value < least {
                faults.push(format!("{field}: found {value}, expected at least {least}"));
            }
        }
        let numbers = [
            (
                "learning_rate",
                self.learning_rate,
                self.learning_rate > 0.0,
                "a positive number",
            ),
            (
                "weight_decay",
                self.weight_decay,
                self.weight_decay >= 0.0,
                "zero or more",
            ),
            (
                "crop_margin",
                self.crop_margin,
                self.crop_margin >= 0.0,
                "zero or more",
            ),
            (
                "plateau.factor",
                self.plateau.factor,
                (0.0..1.0).contains(&self.plateau.factor) && self.plateau.factor > 0.0,
                "a number between 0 and 1",
            ),
            (
                "augment.horizontal_flip",
                self.augment.horizontal_flip,
                (0.0..=1.0).contains(&self.augment.horizontal_flip),
                "a probability",
            ),
            (
                "augment.vertical_flip",
                self.augment.vertical_flip,
                (0.0..=1.0).contains(&self.augment.vertical_flip),
                "a probability",
            ),
            (
                "augment.rotation",
                self.augment.rotation,
                (0.0..=180.0).contains(&self.augment.rotation),
                "degrees in 0..=180",
            ),
        ];
        for (field, value, is_good, expected) in numbers {
            if !is_good || !value.is_finite() {
                faults.push(format!("{field}: found {value}, expected {expected}"));
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(DeepError::Settings { faults })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_is_the_papers_recipe_and_valid() {
        let settings = TrainSettings::default();
        settings.check().unwrap();
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(
            serde_json::from_str::<TrainSettings>(&text).unwrap(),
            settings
        );
        let parsed: TrainSettings = serde_json::from_str(r#"{"epochs": 3}"#).unwrap();
        assert_eq!(
            parsed,
            TrainSettings {
                epochs: 3,
                ..settings
            }
        );
        assert!(serde_json::from_str::<TrainSettings>(r#"{"epoch": 3}"#).is_err());
    }

    #[test]
    fn all_faults_are_listed() {
        let settings = TrainSettings {
            model: "nothing".into(),
            image_size: 8,
            batch_size: 1,
            learning_rate: f64::NAN,
            ..TrainSettings::default()
        };
        let Err(DeepError::Settings { faults }) = settings.check() else {
            panic!("accepted")
        };
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}
