//! Fits every planned model on every fold, and keeps what is finished.
//!
//! Learners are fitted side by side, networks one after the other (each uses every thread). A model
//! that fails is listed and the others go on. Whatever is finished is in the journal before the next
//! begins, so a stopped run repeats nothing but the epoch it was in.

use std::sync::Mutex;

#[cfg(any(feature = "learners", feature = "deep"))]
use raduet_study::Arm;
use raduet_study::{Fold, Predictions, Split};
#[cfg(feature = "learners")]
use rayon::prelude::*;

#[cfg(feature = "learners")]
use crate::arms::radiomics::TrainingRows;
use crate::arms::{FittedModel, FoldRows, PlannedModel};
use crate::console::Console;
use crate::error::{Code, Result, ToolError};
use crate::extract::SlicePixels;
use crate::guards::{Guards, sanity};
#[cfg(feature = "learners")]
use crate::interrupt;
use crate::io::feature_csv::FeatureFile;
use crate::journal::Journal;
#[cfg(feature = "learners")]
use crate::report_writers::explanations;
use crate::run_folder::RunFolder;
#[cfg(feature = "deep")]
use crate::run_folder::{EVENTS, GRAD_CAM, LOGS};
use crate::settings::Settings;

/// The journal of finished models.
const JOURNAL: &str = "models.journal";

/// What the models answered, and which could not.
#[derive(Debug, Default)]
pub struct Answers {
    /// One entry per model that finished every fold, in the planned order.
    pub predictions: Vec<Predictions>,
    /// Every model's settings and notes, in the same order, folds one after the other.
    pub fitted: Vec<FittedModel>,
    /// Models that failed.
    pub failures: Vec<ToolError>,
}

/// The models that the settings ask for, radiomics first.
///
/// # Errors
/// [`Code::Settings`] for unknown names, or an arm that this build does not have.
pub fn planned(settings: &Settings) -> Result<Vec<PlannedModel>> {
    #[cfg_attr(
        not(any(feature = "learners", feature = "deep")),
        expect(unused_mut, reason = "without arms there are no models")
    )]
    let mut models = Vec::new();
    if settings.learners.enabled {
        #[cfg(feature = "learners")]
        models.extend(crate::arms::radiomics::planned(&settings.learners)?);
        #[cfg(not(feature = "learners"))]
        return Err(missing("learners"));
    }
    if settings.networks.enabled {
        #[cfg(feature = "deep")]
        models.extend(crate::arms::deep::planned(
            &settings.networks,
            &settings.split,
        )?);
        #[cfg(not(feature = "deep"))]
        return Err(missing("deep"));
    }
    Ok(models)
}

#[cfg(not(all(feature = "learners", feature = "deep")))]
pub(crate) fn missing(feature: &str) -> ToolError {
    ToolError::new(Code::Settings, format!("this build has no '{feature}'")).remedy(format!(
        "build it with --features {feature}, or run the other arm with --only"
    ))
}

/// Everything the models are fitted on.
pub struct Study<'a> {
    /// All settings.
    pub settings: &'a Settings,
    /// Slices and their features.
    pub features: &'a FeatureFile,
    /// The same slices as pixels; empty when no network is planned.
    pub images: Vec<SlicePixels>,
    /// Who trains and who is tested.
    pub split: &'a Split,
    /// Where results and state go.
    pub folder: &'a RunFolder,
    /// Whether this run is a control.
    pub guards: Guards,
    /// The screen.
    pub console: Console,
}

impl Study<'_> {
    /// Fits all models.
    ///
    /// # Errors
    /// [`Code::Interrupted`] after a request to stop, [`Code::Output`] when something cannot be written.
    /// A model's own failure is in the answers.
    pub fn fit(mut self, models: &[PlannedModel]) -> Result<Answers> {
        let (journal, mut finished) =
            Journal::open::<FittedModel>(&self.folder.state(JOURNAL), self.folder.key())?;
        let journal = Mutex::new(journal);
        let folds: Vec<FoldRows> = self
            .split
            .folds
            .iter()
            .enumerate()
            .map(|(fold, parts)| self.fold(fold, parts))
            .collect();
        let jobs: Vec<(&PlannedModel, &FoldRows)> = models
            .iter()
            .flat_map(|model| folds.iter().map(move |fold| (model, fold)))
            .filter(|(model, fold)| {
                !finished
                    .iter()
                    .any(|done| done.name == model.name && done.fold == fold.fold)
            })
            .collect();
        let mut outcomes = self.fit_learners(&jobs, &journal);
        if let Some(Err(fault)) = outcomes.iter().find(|outcome| ends_the_run(outcome)) {
            return Err(fault.clone());
        }
        outcomes.extend(self.fit_networks(&jobs, &journal));
        let mut failures = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(model) => finished.push(model),
                Err(fault) if matches!(fault.code, Code::Interrupted | Code::Output) => {
                    return Err(fault);
                }
                Err(fault) => failures.push(fault),
            }
        }
        self.collect(models, &folds, &finished, failures)
    }

    /// A fold's rows; of a control with classes that mean nothing.
    fn fold(&self, fold: usize, parts: &Fold) -> FoldRows {
        let rows = &self.features.rows;
        let fold = FoldRows::new(fold, parts, rows);
        if !self.guards.sanity {
            return fold;
        }
        let labels = sanity::labels(&fold, rows, self.settings.split.seed);
        fold.learned_as(labels)
    }

    #[cfg(feature = "learners")]
    fn fit_learners(
        &self,
        jobs: &[(&PlannedModel, &FoldRows)],
        journal: &Mutex<Journal>,
    ) -> Vec<Result<FittedModel>> {
        let mut jobs: Vec<_> = jobs
            .iter()
            .filter(|(model, _)| model.arm == Arm::Radiomics)
            .copied()
            .collect();
        jobs.sort_by_key(|(_, fold)| fold.fold);
        let progress = self.console.job("fitting learners", jobs.len());
        let mut outcomes = Vec::new();
        // Fold by fold: the learners of a fold share its training rows, and no two folds' rows are kept.
        for of_fold in jobs.chunk_by(|(_, a), (_, b)| a.fold == b.fold) {
            let training = match TrainingRows::of(self.features, of_fold[0].1) {
                Ok(training) => training,
                Err(fault) => return vec![Err(fault)],
            };
            let fitted = of_fold.par_iter().map(|(model, fold)| {
                let outcome = self.fit_learner(&model.name, fold, &training, journal);
                progress.advance();
                outcome
            });
            outcomes.extend(fitted.collect::<Vec<_>>());
        }
        outcomes
    }

    #[cfg(feature = "learners")]
    fn fit_learner(
        &self,
        name: &str,
        fold: &FoldRows,
        training: &TrainingRows,
        journal: &Mutex<Journal>,
    ) -> Result<FittedModel> {
        interrupt::check()?;
        let seed = self.settings.split.seed;
        let learner = crate::arms::radiomics::fit(
            name,
            &self.settings.learners,
            self.features,
            fold,
            training,
            seed,
        )?;
        let fitted = learner.model;
        self.folder
            .write(&self.model_file(&fitted, "json"), learner.json.as_bytes())?;
        if let Some(contributions) = &learner.contributions {
            let file = format!("figures/shap_{}.csv", self.file_name(&fitted));
            let bytes = explanations::shap_of_rows(contributions, &self.features.rows)?;
            self.folder.write(&file, &bytes)?;
        }
        keep(journal, &fitted)?;
        Ok(fitted)
    }

    #[cfg(not(feature = "learners"))]
    fn fit_learners(
        &self,
        _: &[(&PlannedModel, &FoldRows)],
        _: &Mutex<Journal>,
    ) -> Vec<Result<FittedModel>> {
        Vec::new()
    }

    #[cfg(feature = "deep")]
    fn fit_networks(
        &mut self,
        jobs: &[(&PlannedModel, &FoldRows)],
        journal: &Mutex<Journal>,
    ) -> Vec<Result<FittedModel>> {
        let samples =
            crate::arms::deep::samples(std::mem::take(&mut self.images), &self.features.rows);
        let mut outcomes = Vec::new();
        for (model, fold) in jobs.iter().filter(|(model, _)| model.arm == Arm::Deep) {
            let outcome = self.fit_network(model, fold, &samples, journal);
            let stop = ends_the_run(&outcome);
            outcomes.push(outcome);
            if stop {
                break;
            }
        }
        outcomes
    }

    #[cfg(not(feature = "deep"))]
    fn fit_networks(
        &mut self,
        _: &[(&PlannedModel, &FoldRows)],
        _: &Mutex<Journal>,
    ) -> Vec<Result<FittedModel>> {
        Vec::new()
    }

    #[cfg(feature = "deep")]
    fn fit_network(
        &self,
        model: &PlannedModel,
        fold: &FoldRows,
        samples: &[raduet_deep::ImageSample],
        journal: &Mutex<Journal>,
    ) -> Result<FittedModel> {
        let checkpoint = self.folder.state(&format!(
            "{}-fold{}.checkpoint",
            model.name.replace(':', "-"),
            fold.fold
        ));
        let (fitted, files) = crate::arms::deep::Training {
            name: &model.name,
            settings: &self.settings.networks,
            seed: self.settings.split.seed,
            classes: &self.features.classes,
            samples,
            fold,
            checkpoint: &checkpoint,
            console: self.console,
        }
        .fit()?;
        for (extension, bytes) in &files.beside_model {
            self.folder
                .write(&self.model_file(&fitted, extension), bytes)?;
        }
        let folder = self.model_file(&fitted, "");
        let folder = folder.trim_start_matches("models/").trim_end_matches('.');
        for (name, bytes) in &files.pictures {
            self.folder
                .write(&format!("{GRAD_CAM}/{folder}/{name}"), bytes)?;
        }

        let curves = format!("{LOGS}/{folder}/{EVENTS}");
        self.folder.write(&curves, &files.events)?;
        keep(journal, &fitted)?;
        Ok(fitted)
    }

    /// Where a model's file goes.
    #[cfg(any(feature = "learners", feature = "deep"))]
    fn model_file(&self, model: &FittedModel, extension: &str) -> String {
        format!("models/{}.{extension}", self.file_name(model))
    }

    /// A model's name in names of files; the fold is named where there are several.
    #[cfg(any(feature = "learners", feature = "deep"))]
    fn file_name(&self, model: &FittedModel) -> String {
        let name = model.name.replace(':', "-");
        if self.split.folds.len() == 1 {
            name
        } else {
            format!("{name}-fold{}", model.fold)
        }
    }

    /// The finished models' answers in the planned order; a model that lacks a fold is left out.
    fn collect(
        &self,
        models: &[PlannedModel],
        folds: &[FoldRows],
        finished: &[FittedModel],
        failures: Vec<ToolError>,
    ) -> Result<Answers> {
        let mut answers = Answers {
            failures,
            ..Answers::default()
        };
        for model in models {
            let mut rows = Vec::new();
            let mut parts = Vec::new();
            for fold in folds {
                let done = finished
                    .iter()
                    .find(|m| m.name == model.name && m.fold == fold.fold);
                let Some(done) = done else { continue };
                rows.extend(fold.answers(&self.features.rows, &done.probabilities));
                parts.push(done.clone());
            }
            if parts.len() < folds.len() {
                continue;
            }
            let classes = self.features.classes.clone();
            let predictions = Predictions::new(&model.name, model.arm, classes, rows)
                .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
            answers.predictions.push(predictions);
            answers.fitted.extend(parts);
        }
        Ok(answers)
    }
}

/// Whether nothing more can be done: a request to stop, or an output that cannot be written.
fn ends_the_run(outcome: &Result<FittedModel>) -> bool {
    matches!(outcome, Err(fault) if matches!(fault.code, Code::Interrupted | Code::Output))
}

/// Writes a finished model down; it is on disk when this returns.
#[cfg(any(feature = "learners", feature = "deep"))]
fn keep(journal: &Mutex<Journal>, model: &FittedModel) -> Result<()> {
    let mut journal = journal
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    journal.append(model)?;
    journal.sync()
}
