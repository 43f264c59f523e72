//! The deep arm: a network of its room on the same slices.

mod attention;
mod history;
mod pace;
pub mod rehearsal;
mod settings;
pub mod weights;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use raduet_deep::{DeepError, EpochOutcome, ImageSample, NETWORKS, TrainSettings, Trainer};
use raduet_study::{Arm, ClassNames};

use super::{
    EpochTime, Explanation, FittedModel, FoldRows, ModelSeconds, PlannedModel, check_names,
};
use crate::console::Console;
use crate::error::{Code, Result, ToolError};
use crate::extract::SlicePixels;
use crate::interrupt;
use crate::io::atomic::write_file;
use crate::io::feature_csv::FeatureRow;
use crate::settings::{NetworkSettings, SplitSettings};
use history::HistoryFiles;
use pace::Pace;
use settings::train_settings;

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
        let (network, _) = Start::of(&model.name);
        let checked = train_settings(network, settings, split.seed)?.check();
        checked.map_err(|fault| failed(&model.name, &fault))?;
    }
    Ok(models)
}

fn named(settings: &NetworkSettings) -> Result<Vec<PlannedModel>> {
    let known: Vec<&str> = NETWORKS.iter().map(|entry| entry.name).collect();
    let mut networks = Vec::new();
    if settings.names.iter().any(|name| name == "all") {
        let default = start_of(settings, "").1;
        networks.extend(known.iter().map(|name| (*name, default)));
    } else {
        for name in &settings.names {
            let (network, start) = start_of(settings, name);
            check_names("network", &[network.to_owned()], &known)?;
            networks.push((network, start));
        }
    }
    let models: Vec<PlannedModel> = networks
        .iter()
        .map(|(network, start)| PlannedModel {
            name: start.name(network),
            arm: Arm::Deep,
        })
        .collect();
    let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    // Each once: the same network may begin in both ways.
    check_names("network", &names, &all)?;
    for (network, start) in networks {
        if start == Start::Pretrained {
            weights::file(settings, network)?;
        }
    }
    Ok(models)
}

/// What a network's name in the settings asks for: `resnet18`, `resnet18:scratch`, `resnet18:pretrained`. Without a
/// word about it a network begins with pretrained weights where there are any.
fn start_of<'n>(settings: &NetworkSettings, name: &'n str) -> (&'n str, Start) {
    match name.split_once(':') {
        Some((network, "scratch")) => (network, Start::Scratch),
        Some((network, "pretrained")) => (network, Start::Pretrained),
        _ if settings.pretrained.is_some() => (name, Start::Pretrained),
        _ => (name, Start::Scratch),
    }
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
    /// Files beside the model's by their endings: weights, epochs, pretrained tensors, attention.
    pub beside_model: Vec<(&'static str, Vec<u8>)>,
    /// What each epoch came to, for TensorBoard.
    pub events: Vec<u8>,
    /// Pictures of where it looks.
    pub pictures: Vec<(String, Vec<u8>)>,
}

/// How a network begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With random weights.
    Scratch,
    /// With weights learned elsewhere.
    Pretrained,
}

impl Start {
    const MARK: &str = ":pretrained";

    /// A model's name in all outputs.
    pub fn name(self, network: &str) -> String {
        match self {
            Self::Scratch => network.to_owned(),
            Self::Pretrained => format!("{network}{}", Self::MARK),
        }
    }

    /// The network and how it begins, from the model's name.
    pub fn of(model: &str) -> (&str, Self) {
        match model.strip_suffix(Self::MARK) {
            Some(network) => (network, Self::Pretrained),
            None => (model, Self::Scratch),
        }
    }
}

/// One network on one fold.
pub struct Training<'a> {
    /// The network's name in its registry, and how it begins: see [`Start`].
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
        let (network, start) = Start::of(name);
        let settings = train_settings(network, self.settings, self.seed)?;
        let fault = |fault: DeepError| failed(name, &fault);
        let begun = Instant::now();
        let (train, valid) = (
            self.learned(&self.fold.train),
            self.learned(&self.fold.valid),
        );
        let mut trainer = match std::fs::read(self.checkpoint) {
            Ok(bytes) => Trainer::resume(&settings, self.classes, &train, &valid, &bytes),
            Err(_) => Trainer::new(&settings, self.classes, &train, &valid),
        }
        .map_err(fault)?;
        let begun_with = match start {
            Start::Scratch => None,
            Start::Pretrained => Some(self.load(&mut trainer, network, &settings)?),
        };
        let epochs = self.run(&mut trainer, settings.epochs)?;
        let history = HistoryFiles::of(trainer.history());
        let model = trainer.into_model().map_err(fault)?;
        let fit = begun.elapsed();
        let examiner = self.fold.examiner();
        let held_out = self.choose(&examiner.held_out());
        let probabilities = model.predict_proba(&held_out).map_err(fault)?;
        let predict = begun.elapsed().saturating_sub(fit);
        let mut files = NetworkFiles {
            beside_model: vec![
                ("history.csv", history.csv.into_bytes()),
                ("history.json", history.json.into_bytes()),
            ],
            events: history.events,
            pictures: Vec::new(),
        };
        if self.settings.keep_weights {
            let bytes = model.to_safetensors().map_err(fault)?;
            files.beside_model.push(("safetensors", bytes));
        }
        if let Some(layout) = self.settings.export {
            let layout = weights::layout(layout);
            let bytes = model.export(layout).map_err(fault)?;
            files.beside_model.push((weights::ending(layout), bytes));
        }
        if let Some(begun_with) = &begun_with {
            files
                .beside_model
                .push(("weights.csv", begun_with.csv.clone()));
        }
        if self.settings.grad_cam > 0 {
            let tested = self.choose(examiner.explained());
            let looked = attention::files(&model, &tested, self.settings.grad_cam)
                .map_err(|error| error.or(fault))?;
            files.beside_model.push(("attention.csv", looked.csv));
            files.pictures = looked.pictures;
        }
        let fitted = FittedModel {
            name: name.to_owned(),
            arm: Arm::Deep,
            fold: self.fold.fold,
            probabilities,
            settings: described(&settings, begun_with.as_ref())?,
            notes: begun_with.map(|weights| weights.notes).unwrap_or_default(),
            explanation: Explanation::default(),
            test_reads: examiner.reads(),
            // Of a resumed training the epochs since then.
            seconds: ModelSeconds {
                fit: fit.as_secs_f64(),
                predict: predict.as_secs_f64(),
                epochs,
            },
        };
        Ok((fitted, files))
    }

    /// Begins with weights of a file. A resumed trainer has begun with them already: then the file only tells what
    /// they were.
    fn load(
        &self,
        trainer: &mut Trainer,
        network: &str,
        settings: &TrainSettings,
    ) -> Result<weights::BegunWith> {
        let path = weights::file(self.settings, network)?;
        let bytes = weights::read(&path)?;
        let loaded = if trainer.history().is_empty() {
            trainer.load_weights(&bytes)
        } else {
            settings
                .network(self.classes.len())
                .and_then(|mut model| model.load_weights(&bytes))
        };
        let loaded = loaded.map_err(|fault| failed(self.name, &fault).file(&path))?;
        self.console
            .say(&format!("{}: {}", self.name, weights::table(&loaded)));
        weights::BegunWith::new(&path, &bytes, &loaded)
    }

    /// Rows with the classes that are learned from.
    fn learned(&self, rows: &[usize]) -> Vec<ImageSample> {
        let mut samples = self.choose(rows);
        for (sample, &row) in samples.iter_mut().zip(rows) {
            sample.label = self.fold.learned(row).unwrap_or(sample.label);
        }
        samples
    }

    fn choose(&self, rows: &[usize]) -> Vec<ImageSample> {
        rows.iter().map(|&row| self.samples[row].clone()).collect()
    }

    /// Trains to the end; what every epoch took.
    fn run(&self, trainer: &mut Trainer, epochs: usize) -> Result<Vec<EpochTime>> {
        let fault = |fault: DeepError| failed(self.name, &fault);
        let job = self.console.job(format!("training {}", self.name), epochs);
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
                // The last state is the model, which is written next.
                if !trainer.is_done() {
                    let text = serde_json::to_vec(&times)
                        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
                    write_file(&times_file, &text)?;
                    write_file(self.checkpoint, &trainer.checkpoint().map_err(fault)?)?;
                }
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

/// All settings of a training, and what it began with.
fn described(
    settings: &TrainSettings,
    begun_with: Option<&weights::BegunWith>,
) -> Result<serde_json::Value> {
    let mut described = serde_json::to_value(settings)
        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
    if let (Some(begun_with), Some(map)) = (begun_with, described.as_object_mut()) {
        map.insert("pretrained".into(), begun_with.described.clone());
    }
    Ok(described)
}

fn failed(name: &str, fault: &DeepError) -> ToolError {
    let remedy = match fault {
        DeepError::Weights { .. } => {
            "export the weights again, as safetensors or with torch.save of a state dict"
        }
        _ => "change what was found to what is expected",
    };
    ToolError::new(Code::Settings, format!("{name}: {fault}")).remedy(remedy)
}
