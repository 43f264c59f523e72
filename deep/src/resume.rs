//! A training run as bytes and back: weights, best weights, means of weights, the optimiser's state, schedule and
//! history. Random numbers need no state of their own, see [`crate::train`].

use raduet_study::ClassNames;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Stored, decode, encode, stored_state};
use crate::error::{DeepError, Result};
use crate::progress::Progress;
use crate::sample::ImageSample;
use crate::settings::TrainSettings;
use crate::train::Trainer;

/// Version of the stored description.
const FORMAT: u32 = 2;
const KIND: &str = "training run";

const WEIGHTS: &str = "model.";
const BEST: &str = "best.";
const MEAN: &str = "ema.";

/// What is stored beside the tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Description {
    format: u32,
    kind: String,
    settings: TrainSettings,
    classes: ClassNames,
    /// Hashes of training and validation samples.
    samples: [u64; 2],
    steps: u64,
    head_steps: u64,
    progress: Progress,
}

impl Trainer {
    /// The state after the last finished epoch: enough for [`Trainer::resume`] to go on as if nothing had
    /// happened.
    ///
    /// # Errors
    /// [`DeepError::Checkpoint`] when the format refuses the content.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        let state = self.model.state();
        let mut tensors = stored_state(WEIGHTS, state, &state.snapshot()?);
        if let Some(best) = &self.best_weights {
            tensors.extend(stored_state(BEST, state, best));
        }
        if let Some(ema) = &self.ema {
            tensors.extend(stored_state(MEAN, state, &ema.numbers()?));
        }
        let names = self.optimiser.state_names();
        for (entry, held) in state.parameters().zip(self.optimiser.numbers()?) {
            for (what, numbers) in names.iter().zip(held) {
                let name = format!("{what}.{}", entry.info.name);
                tensors.push(Stored::numbers(name, &entry.info.shape, &numbers));
            }
        }
        encode(&self.description(), &tensors)
    }

    fn description(&self) -> Description {
        Description {
            format: FORMAT,
            kind: KIND.into(),
            settings: self.settings.clone(),
            classes: self.classes.clone(),
            samples: [self.train.fingerprint, self.valid.fingerprint],
            steps: self.optimiser.steps,
            head_steps: self.optimiser.head_steps,
            progress: self.progress.clone(),
        }
    }

    /// A trainer that goes on where [`Trainer::checkpoint`] was called, given the same settings, classes
    /// and samples.
    ///
    /// # Errors
    /// Those of [`Trainer::new`], and [`DeepError::Checkpoint`] for bytes of another run.
    pub fn resume(
        settings: &TrainSettings,
        classes: &ClassNames,
        train: &[ImageSample],
        valid: &[ImageSample],
        bytes: &[u8],
    ) -> Result<Self> {
        let mut trainer = Self::new(settings, classes, train, valid)?;
        let (stored, mut tensors) = decode::<Description>(bytes)?;
        let expected = trainer.description();
        same(
            &(stored.format, &stored.kind),
            &(expected.format, &expected.kind),
        )?;
        same(&stored.settings, &expected.settings)?;
        same(&stored.classes, &expected.classes)?;
        if stored.samples != expected.samples {
            return Err(DeepError::Checkpoint {
                found: "a run on other samples".into(),
                expected: "the same training and validation samples".into(),
            });
        }
        let state = trainer.model.state();
        let weights = tensors.take_state(WEIGHTS, state)?;
        if stored.progress.best.is_some() {
            trainer.best_weights = Some(tensors.take_state(BEST, state)?);
        }
        if let Some(ema) = &mut trainer.ema {
            ema.restore(&tensors.take_state(MEAN, state)?)?;
        }
        let names = trainer.optimiser.state_names();
        let mut held = Vec::new();
        for entry in state.parameters() {
            let (name, shape) = (&entry.info.name, &entry.info.shape);
            let mut numbers = Vec::new();
            for what in names {
                numbers.extend(tensors.take(&format!("{what}.{name}"), shape)?);
            }
            held.push(numbers);
        }
        tensors.finish()?;
        state.restore(&weights)?;
        trainer.optimiser.restore(&held)?;
        trainer.optimiser.steps = stored.steps;
        trainer.optimiser.head_steps = stored.head_steps;
        trainer.progress = stored.progress;
        Ok(trainer)
    }
}

/// Refuses a description that differs.
fn same<T: PartialEq + Serialize>(found: &T, expected: &T) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    let text = |value: &T| serde_json::to_string(value).unwrap_or_default();
    Err(DeepError::Checkpoint {
        found: text(found),
        expected: text(expected),
    })
}
