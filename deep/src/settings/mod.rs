//! How a network is trained. The default is the protocol of the cirrhosis staging paper that this project
//! repeats: whole slices at 256 x 256, AdamW, a learning rate that falls on plateaus, 100 epochs.
//!
//! | what | look at |
//! |---|---|
//! | the rule that moves weights | [`OptimiserSettings`], [`Decayed`] |
//! | the learning rate over the run | [`ScheduleSettings`], [`PlateauSettings`] |
//! | what is minimised, and on which samples | [`LossSettings`], [`Sampler`] |
//! | random changes of images | [`AugmentSettings`] |
//! | the best epoch, and views of the fitted network | [`Monitor`], [`TestFlips`] |

mod augment;
mod checks;
mod loss;
mod optimiser;
mod schedule;
mod selection;

use serde::{Deserialize, Serialize};

pub use augment::AugmentSettings;
pub use loss::{ClassWeight, LossSettings, Sampler};
pub use optimiser::{Decayed, OptimiserKind, OptimiserSettings};
pub use schedule::{PlateauSettings, ScheduleKind, ScheduleSettings};
pub use selection::{Monitor, TestFlips};

use crate::error::Result;
use crate::model::{CHANNELS, ImageShape, Model};
use crate::network::RunningStatistics;
use crate::registry;
use checks::Faults;

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
    /// Channels that the network sees: copies of the slice, whose intensities are one number a pixel. The published
    /// networks have three; with one, a first convolution whose weights were summed over the channels gives the
    /// same answers in a third of its time.
    pub in_channels: usize,
    /// Which part of a slice is shown.
    pub input: InputMode,
    /// Margin around the mask's bounding box, as a fraction of the box's side.
    pub crop_margin: f64,
    /// Samples per optimiser step. A last batch of one sample joins the batch before it.
    pub batch_size: usize,
    /// Batches whose gradients are averaged before a step; each sample counts the same, so that the step is
    /// that of one large batch but for batch normalisation.
    pub accumulate: usize,
    /// The rule that moves the weights.
    pub optimiser: OptimiserSettings,
    /// The learning rate that the schedule starts from.
    pub learning_rate: f64,
    /// Weight decay: decoupled for AdamW, in the gradient for SGD.
    pub weight_decay: f64,
    /// Which parameters decay.
    pub decayed: Decayed,
    /// What the learning rate is multiplied by from one block to the block before it; 1 for the same everywhere.
    pub layer_decay: f64,
    /// What the learning rate of the classifier is multiplied by.
    pub head_rate: f64,
    /// Epochs at the beginning in which the classifier alone learns.
    pub frozen_epochs: usize,
    /// Largest Euclidean norm of all gradients together; longer ones are shortened to it.
    pub clip_norm: Option<f64>,
    /// Decay of the running mean of the weights, which then is validated and kept in place of the weights
    /// themselves. It begins as a short mean: after t steps the decay is at most (1 + t) / (10 + t).
    pub ema_decay: Option<f64>,
    /// How the learning rate moves.
    pub schedule: ScheduleSettings,
    /// When the learning rate falls under the schedule `plateau`.
    pub plateau: PlateauSettings,
    /// What is minimised.
    pub loss: LossSettings,
    /// How an epoch's samples are drawn.
    pub sampler: Sampler,
    /// Most epochs.
    pub epochs: usize,
    /// What chooses the best epoch.
    pub monitor: Monitor,
    /// Training ends after this many epochs in a row that are strictly worse than the best.
    pub patience: usize,
    /// How much a batch counts in the running statistics of batch normalisation.
    pub running_statistics: RunningStatistics,
    /// Random changes of training images.
    pub augment: AugmentSettings,
    /// Mirror images over which the fitted network averages its answer.
    pub test_flips: TestFlips,
    /// Seed of initial weights, order, augmentation and dropout.
    pub seed: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            model: "resnet18".into(),
            image_size: 256,
            in_channels: CHANNELS,
            input: InputMode::Whole,
            crop_margin: 0.1,
            batch_size: 32,
            accumulate: 1,
            optimiser: OptimiserSettings::default(),
            learning_rate: 1e-4,
            weight_decay: 1e-5,
            decayed: Decayed::Matrices,
            layer_decay: 1.0,
            head_rate: 1.0,
            frozen_epochs: 0,
            clip_norm: None,
            ema_decay: None,
            schedule: ScheduleSettings::default(),
            plateau: PlateauSettings::default(),
            loss: LossSettings::default(),
            sampler: Sampler::Shuffled,
            epochs: 100,
            monitor: Monitor::ValidAccuracy,
            patience: 20,
            running_statistics: RunningStatistics::Momentum,
            augment: AugmentSettings::default(),
            test_flips: TestFlips::None,
            seed: 42,
        }
    }
}

/// Least side of an image: the networks halve it five times.
const LEAST_IMAGE_SIZE: usize = 32;

impl TrainSettings {
    /// The images that the network sees.
    pub fn image_shape(&self) -> ImageShape {
        ImageShape {
            channels: self.in_channels,
            side: self.image_size,
        }
    }

    /// The network that is trained, with its first weights.
    ///
    /// # Errors
    /// [`crate::DeepError::UnknownNetwork`].
    pub fn network(&self, classes: usize) -> Result<Model> {
        Model::for_images(&self.model, classes, self.seed, self.image_shape())
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`crate::DeepError::Settings`] with all faults.
    pub fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        if let Err(error) = registry::find(&self.model) {
            faults.add("model", &error.to_string());
        }
        for (field, value, least) in [
            ("image_size", self.image_size, LEAST_IMAGE_SIZE),
            ("in_channels", self.in_channels, 1),
            ("batch_size", self.batch_size, 2),
            ("accumulate", self.accumulate, 1),
            ("epochs", self.epochs, 1),
            ("patience", self.patience, 1),
        ] {
            faults.at_least(field, value, least);
        }
        faults.positive("learning_rate", self.learning_rate);
        faults.not_negative("weight_decay", self.weight_decay);
        faults.not_negative("crop_margin", self.crop_margin);
        let decay = self.layer_decay;
        let is_good = decay > 0.0 && decay <= 1.0;
        faults.number("layer_decay", decay, is_good, "above 0, at most 1");
        faults.positive("head_rate", self.head_rate);
        if let Some(norm) = self.clip_norm {
            faults.positive("clip_norm", norm);
        }
        if let Some(decay) = self.ema_decay {
            let is_good = (0.0..1.0).contains(&decay);
            faults.number("ema_decay", decay, is_good, "0 to below 1");
        }
        self.optimiser.check(&mut faults);
        self.schedule.check(self.epochs, &mut faults);
        self.plateau.check(&mut faults);
        self.loss.check(&mut faults);
        self.augment.check(&mut faults);
        faults.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DeepError;

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
