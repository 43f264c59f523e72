//! The deep arm: a network of its room on the same slices.

mod history;
mod pace;
pub mod rehearsal;
mod settings;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use raduet_deep::{DeepError, EpochOutcome, ImageSample, NETWORKS, Trainer};
use raduet_study::{Arm, ClassNames};

use super::{EpochTime, FittedModel, FoldRows, ModelSeconds, PlannedModel, check_names};
use crate::console::Console;
use crate::error::{Code, Result, ToolError};
use crate::extract::SlicePixels;
use crate::interrupt;
use crate::io::atomic::write_file;
use crate::io::feature_csv::FeatureRow;
use crate::settings::{NetworkSettings, SplitSettings};
use pace::Pace;
use settings::train_settings;

pub use history::Files as HistoryFiles;

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
        let expanded = train_settings(&model.name, settings, split.seed)?;
        let checked = expanded.check();
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
    /// What each epoch came to.
    pub history: HistoryFiles,
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
        let settings = train_settings(name, self.settings, self.seed)?;
        let fault = |fault: DeepError| failed(name, &fault);
        let begun = Instant::now();
        let (train, valid) = (self.choose(&self.fold.train), self.choose(&self.fold.valid));
        let mut trainer = match std::fs::read(self.checkpoint) {
            Ok(bytes) => Trainer::resume(&settings, self.classes, &train, &valid, &bytes),
            Err(_) => Trainer::new(&settings, self.classes, &train, &valid),
        }
        .map_err(fault)?;
        let epochs = self.run(&mut trainer, settings.epochs)?;
        let history = HistoryFiles::of(trainer.history());
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
            importances: Vec::new(),
            // Of a resumed training the epochs since then.
            seconds: ModelSeconds {
                fit: fit.as_secs_f64(),
                predict: predict.as_secs_f64(),
                epochs,
            },
        };
        Ok((
            fitted,
            NetworkFiles {
                safetensors,
                history,
            },
        ))
    }

    fn choose(&self, rows: &[usize]) -> Vec<ImageSample> {
        rows.iter().map(|&row| self.samples[row].clone()).collect()
    }

    /// Trains to the end; what every epoch took.
    fn run(&self, trainer: &mut Trainer, epochs: usize) -> Result<Vec<EpochTime>> {
        let fault = |fault: DeepError| failed(self.name, &fault);
        let job = self
            .console
            .job(format!("training {}", self.name), epochs);
        let times_file = self.checkpoint.with_extension("times.json");
        let mut times = earlier_times(&times_file, trainer.history().len());
        for _ in trainer.history() {
            job.advance();
        }
        let mut pace = Pace::new(epochs, trainer.history().len());
        while !trainer.is_done() {
            interrupt::check()?;
            pace.begin();
            let outcome = trainer
                .run_epoch(&mut |progress| {
                    pace.take_note(&progress);
                    job.status(|| pace.describe(&progress));
                    if interrupt::requested() {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .map_err(fault)?;
            if let EpochOutcome::Finished(epoch) = outcome {
                let time = pace.end();
                job.advance();
                job.remark(&format!(
                    "epoch {}: loss {:.3}, validation loss {:.3}, accuracy {:.3}, {:.0} images/s",
                    epoch.epoch,
                    epoch.train_loss,
                    epoch.valid_loss,
                    epoch.valid_accuracy,
                    time.images_per_second
                ));
                times.push(time);
                let text = serde_json::to_vec(&times)
                    .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
                write_file(&times_file, &text)?;
                write_file(self.checkpoint, &trainer.checkpoint().map_err(fault)?)?;
            }
        }
        Ok(times)
    }
}

/// What the epochs took before the run was stopped. The file is written before the checkpoint, so it may be an
/// epoch ahead; where it is not to be read, those epochs took nothing.
fn earlier_times(file: &Path, epochs: usize) -> Vec<EpochTime> {
    let nothing = EpochTime {
        seconds: 0.0,
        images_per_second: 0.0,
    };
    let mut times: Vec<EpochTime> = std::fs::read(file)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    times.resize(epochs, nothing);
    times
}

fn failed(name: &str, fault: &DeepError) -> ToolError {
    ToolError::new(Code::Settings, format!("{name}: {fault}")).remedy("see the message")
}
