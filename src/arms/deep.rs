//! The deep arm: a network of its room on the same slices.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use raduet_deep::{
    AugmentSettings, DeepError, EpochOutcome, EpochRecord, ImageSample, InputMode, NETWORKS,
    RunningStatistics, TrainSettings, Trainer,
};
use raduet_study::{Arm, ClassNames};

use super::{Explanation, FittedModel, FoldRows, ModelSeconds, PlannedModel, check_names};
use crate::console::Console;
use crate::error::{Code, Result, ToolError};
use crate::extract::SlicePixels;
use crate::interrupt;
use crate::io::atomic::write_file;
use crate::io::feature_csv::FeatureRow;
use crate::settings::{InputModeName, NetworkSettings, SplitSettings};

/// The networks that the settings ask for; `all` means every registered one.
///
/// # Errors
/// [`Code::Settings`] for an unknown name, with the nearest known one, for impossible values, and for a split
/// without a validation part.
pub fn planned(settings: &NetworkSettings, split: &SplitSettings) -> Result<Vec<PlannedModel>> {
    if split.valid <= 0.0 && split.file.is_none() && !split.published {
        return Err(
            ToolError::new(Code::Settings, "networks without a validation part")
                .remedy("give it a share (--val): it chooses the epoch"),
        );
    }
    let models = named(settings)?;
    for model in &models {
        let checked = train_settings(&model.name, settings, split.seed).check();
        checked.map_err(|fault| failed(&model.name, &fault))?;
    }
    Ok(models)
}

fn named(settings: &NetworkSettings) -> Result<Vec<PlannedModel>> {
    let model = |name: &str| PlannedModel {
        name: name.to_owned(),
        arm: Arm::Deep,
    };
    let known: Vec<&str> = NETWORKS.iter().map(|entry| entry.name).collect();
    if settings.names.iter().any(|name| name == "all") {
        return Ok(known.into_iter().map(model).collect());
    }
    check_names("network", &settings.names, &known)?;
    Ok(settings.names.iter().map(|name| model(name)).collect())
}

/// The slices as the network room takes them, in the order of the rows.
pub fn samples(images: Vec<SlicePixels>, rows: &[FeatureRow]) -> Vec<ImageSample> {
    images
        .into_iter()
        .zip(rows)
        .map(|(image, row)| ImageSample {
            id: image.sample,
            patient: row.patient.clone(),
            pixels: image.pixels,
            rows: image.rows,
            cols: image.columns,
            mask: Some(image.mask),
            label: row.label,
        })
        .collect()
}

/// What training leaves behind beside the answers.
pub struct NetworkFiles {
    /// The best epoch's weights.
    pub safetensors: Vec<u8>,
    /// One line per epoch.
    pub history_csv: String,
}

/// One network on one fold.
pub struct Training<'a> {
    /// The network's name in its registry.
    pub name: &'a str,
    /// The arm's settings.
    pub settings: &'a NetworkSettings,
    /// Where all randomness starts.
    pub seed: u64,
    /// The classes in order.
    pub classes: &'a ClassNames,
    /// All slices.
    pub samples: &'a [ImageSample],
    /// Which of them train, choose and judge.
    pub fold: &'a FoldRows,
    /// Where the state after each epoch is kept.
    pub checkpoint: &'a Path,
    /// The screen.
    pub console: Console,
}

impl Training<'_> {
    /// Trains. After every epoch the checkpoint is written; one that is there already is continued
    /// exactly.
    ///
    /// # Errors
    /// [`Code::Interrupted`] after a request to stop, [`Code::Output`] when the checkpoint cannot be
    /// written, the network room's as [`Code::Settings`].
    pub fn fit(&self) -> Result<(FittedModel, NetworkFiles)> {
        let name = self.name;
        let settings = train_settings(name, self.settings, self.seed);
        let fault = |fault: DeepError| failed(name, &fault);
        let begun = Instant::now();
        let (train, valid) = (self.choose(&self.fold.train), self.choose(&self.fold.valid));
        let mut trainer = match std::fs::read(self.checkpoint) {
            Ok(bytes) => Trainer::resume(&settings, self.classes, &train, &valid, &bytes),
            Err(_) => Trainer::new(&settings, self.classes, &train, &valid),
        }
        .map_err(fault)?;
        self.run(&mut trainer)?;
        let history_csv = history(trainer.history());
        let model = trainer.into_model().map_err(fault)?;
        let fit = begun.elapsed();
        let held_out = self.choose(&self.fold.held_out());
        let probabilities = model.predict_proba(&held_out).map_err(fault)?;
        let predict = begun.elapsed().saturating_sub(fit);
        let safetensors = model.to_safetensors().map_err(fault)?;
        let fitted = FittedModel {
            name: name.to_owned(),
            arm: Arm::Deep,
            fold: self.fold.fold,
            probabilities,
            settings: serde_json::to_value(&settings)
                .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?,
            notes: Vec::new(),
            explanation: Explanation::default(),
            // Of a resumed training the epochs since then.
            seconds: ModelSeconds {
                fit: fit.as_secs_f64(),
                predict: predict.as_secs_f64(),
            },
        };
        Ok((
            fitted,
            NetworkFiles {
                safetensors,
                history_csv,
            },
        ))
    }

    fn choose(&self, rows: &[usize]) -> Vec<ImageSample> {
        rows.iter().map(|&row| self.samples[row].clone()).collect()
    }

    fn run(&self, trainer: &mut Trainer) -> Result<()> {
        let fault = |fault: DeepError| failed(self.name, &fault);
        let job = self
            .console
            .job(format!("training {}", self.name), self.settings.epochs);
        for _ in trainer.history() {
            job.advance();
        }
        while !trainer.is_done() {
            interrupt::check()?;
            let outcome = trainer
                .run_epoch(&mut |_| {
                    if interrupt::requested() {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .map_err(fault)?;
            if let EpochOutcome::Finished(epoch) = outcome {
                job.advance();
                job.remark(&format!(
                    "epoch {}: loss {:.3}, validation accuracy {:.3}",
                    epoch.epoch, epoch.train_loss, epoch.valid_accuracy
                ));
                write_file(self.checkpoint, &trainer.checkpoint().map_err(fault)?)?;
            }
        }
        Ok(())
    }
}

fn train_settings(name: &str, settings: &NetworkSettings, seed: u64) -> TrainSettings {
    TrainSettings {
        model: name.to_owned(),
        image_size: settings.image_size,
        input: match settings.input {
            InputModeName::Whole => InputMode::Whole,
            InputModeName::Crop => InputMode::Crop,
            InputModeName::Masked => InputMode::Masked,
        },
        batch_size: settings.batch_size,
        learning_rate: settings.learning_rate,
        weight_decay: settings.weight_decay,
        epochs: settings.epochs,
        patience: settings.patience,
        seed,
        running_statistics: if settings.warm_start_statistics {
            RunningStatistics::WarmStart
        } else {
            RunningStatistics::Momentum
        },
        augment: if settings.augment {
            AugmentSettings::default()
        } else {
            AugmentSettings::OFF
        },
        ..TrainSettings::default()
    }
}

fn history(epochs: &[EpochRecord]) -> String {
    let mut text = String::from("epoch,train_loss,valid_loss,valid_accuracy,learning_rate,best\n");
    for epoch in epochs {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{}",
            epoch.epoch,
            epoch.train_loss,
            epoch.valid_loss,
            epoch.valid_accuracy,
            epoch.learning_rate,
            epoch.best
        );
    }
    text
}

fn failed(name: &str, fault: &DeepError) -> ToolError {
    ToolError::new(Code::Settings, format!("{name}: {fault}")).remedy("see the message")
}
