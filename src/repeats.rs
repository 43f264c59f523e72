//! The same learners on other draws of the split: how much of a figure is the draw.
//!
//! Pairs of models are held against each other by the corrected resampled t test over all draws and folds.
//! Repeat 0 is the run itself; repeat r is drawn with seed + r. Models of the other repeats are fitted, judged
//! on the same figures of patients, and not kept. The guards look at every draw before the first is fitted; a model that
//! fails in one is listed, and counts in the others. A standard deviation over repeats is no interval: the
//! repeats share their patients.

mod tables;

use raduet_study::metrics::{Judged, by_id};
use raduet_study::reference::{majority, training_patients};
use raduet_study::{Cohort, Part, Pooling, Predictions, Split, StudyError};
#[cfg(feature = "learners")]
use rayon::prelude::*;

#[cfg(feature = "learners")]
use crate::arms::FoldRows;
use crate::arms::PlannedModel;
use crate::console::Console;
use crate::division;
#[cfg(feature = "learners")]
use crate::error::Code;
use crate::error::{Result, ToolError, Warning, WarningCode};
use crate::guards::{Findings, Guards};
use crate::io::feature_csv::FeatureFile;
use crate::settings::{Settings, SplitSettings};

pub use tables::{csv, tests_csv, text};

/// Figures of patients that are followed.
const FIGURES: [&str; 5] = [
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "auc_ovr",
    "log_loss",
];

/// One model on one draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// Its name.
    pub model: String,
    /// Which draw.
    pub repeat: usize,
    /// Its seed.
    pub seed: u64,
    /// One value for each of the figures; none where it is undefined.
    pub figures: Vec<Option<f64>>,
    /// Share of patients answered rightly in each fold.
    pub folds: Vec<f64>,
    /// Patients tested for each one trained on.
    pub test_to_train: f64,
}

/// One draw of the split.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Its number; 0 is the run itself.
    pub repeat: usize,
    /// Its seed.
    pub seed: u64,
    /// Who trains and who is tested; a fault where these patients cannot be divided so.
    pub split: Result<Split>,
}

impl Draw {
    /// A fault with the draw that it is of.
    fn fault(&self, fault: ToolError) -> ToolError {
        fault.found_in(&format!("repeat {} (seed {})", self.repeat, self.seed))
    }
}

/// All draws, the run's own first; none for a single one.
pub fn draws(cohort: &Cohort, settings: &SplitSettings, count: usize) -> Vec<Draw> {
    let draw = |repeat: usize| {
        let seed = settings.seed.wrapping_add(repeat as u64);
        let settings = SplitSettings {
            seed,
            ..settings.clone()
        };
        let split = division::divide(cohort, &settings).map(|(split, _)| split);
        Draw {
            repeat,
            seed,
            split,
        }
    };
    let count = if count > 1 { count } else { 0 };
    (0..count).map(draw).collect()
}

/// What the guards find in further draws: the faults of the first that has any; with leaks allowed one warning.
pub fn guarded(draws: &[Draw], guards: Guards, look: impl Fn(&Split) -> Findings) -> Findings {
    let mut leaking = 0;
    for draw in draws.iter().skip(1) {
        let faults = match &draw.split {
            Ok(split) => look(split).faults,
            Err(_) => continue,
        };
        if !faults.is_empty() && !guards.allow_leaks {
            return Findings {
                faults: faults.into_iter().map(|fault| draw.fault(fault)).collect(),
                ..Findings::default()
            };
        }
        leaking += usize::from(!faults.is_empty());
    }
    let found = format!(
        "doubles on two sides of the split in {leaking} of {} repeats",
        draws.len().saturating_sub(1)
    );
    let warning = Warning::new(WarningCode::Leak, found, "learned from as asked for");
    Findings {
        warnings: (leaking > 0).then_some(warning).into_iter().collect(),
        ..Findings::default()
    }
}

/// What is fitted again.
pub struct Repeats<'a> {
    /// All settings.
    pub settings: &'a Settings,
    /// The learners.
    pub models: &'a [PlannedModel],
    /// Rows and features.
    pub features: &'a FeatureFile,
    /// Who takes part.
    pub cohort: &'a Cohort,
}

/// What came of all draws.
#[derive(Debug, Default)]
pub struct Repeated {
    /// Models that answered, draw by draw.
    pub repeats: Vec<Repeat>,
    /// Models that failed in a draw, and draws that could not be made: the others go on.
    pub failures: Vec<ToolError>,
}

impl Repeats<'_> {
    /// Fits and judges all models on all draws, the run's own `answers` being those of the first; nothing without draws.
    ///
    /// # Errors
    /// [`Code::Interrupted`] after a request to stop.
    pub fn run(
        &self,
        draws: &[Draw],
        answers: &[Predictions],
        console: Console,
    ) -> Result<Repeated> {
        let mut done = Repeated::default();
        if draws.is_empty() || answers.is_empty() {
            return Ok(done);
        }
        let job = console.job("repeating", draws.len() - 1);
        for draw in draws {
            let split = match &draw.split {
                Ok(split) => split,
                Err(fault) => {
                    done.failures.push(draw.fault(fault.clone()));
                    continue;
                }
            };
            let mut models = if draw.repeat == 0 {
                answers.to_vec()
            } else {
                let (models, failures) = self.answers(draw.seed, split)?;
                let failures = failures.into_iter().map(|fault| draw.fault(fault));
                done.failures.extend(failures);
                job.advance();
                models
            };
            let Some(first) = models.first() else {
                continue;
            };
            let training = training_patients(self.cohort, split);
            let reference = majority(first, &training).map_err(|fault| internal(&fault))?;
            models.push(reference);
            for model in &models {
                done.repeats.push(Repeat {
                    model: model.model().to_owned(),
                    repeat: draw.repeat,
                    seed: draw.seed,
                    figures: figures(model)?,
                    folds: accuracies(model, split.folds.len())?,
                    test_to_train: patients(split, Part::Test) / patients(split, Part::Train),
                });
            }
        }
        Ok(done)
    }

    /// The models that answered every fold of a draw, and why the others did not.
    #[cfg(feature = "learners")]
    fn answers(&self, seed: u64, split: &Split) -> Result<(Vec<Predictions>, Vec<ToolError>)> {
        use crate::arms::radiomics::{TrainingRows, fit};

        let learners = self.settings.learners.unexplained();
        // None where a model has failed.
        let mut rows = vec![Some(Vec::new()); self.models.len()];
        let mut failures = Vec::new();
        for (index, parts) in split.folds.iter().enumerate() {
            let fold = FoldRows::new(index, parts, &self.features.rows);
            let training = match TrainingRows::of(self.features, &fold) {
                Ok(training) => training,
                Err(fault) => return Ok((Vec::new(), vec![fault])),
            };
            let jobs = self.models.par_iter().zip(&mut rows);
            let outcomes = jobs.map(|(model, rows)| {
                let Some(answered) = rows else { return Ok(()) };
                let outcome = crate::interrupt::check().and_then(|()| {
                    let name = &model.name;
                    fit(name, &learners, self.features, &fold, &training, seed)
                });
                match outcome {
                    Ok(fitted) => {
                        let probabilities = &fitted.model.probabilities;
                        answered.extend(fold.answers(&self.features.rows, probabilities));
                        Ok(())
                    }
                    Err(fault) => {
                        *rows = None;
                        Err(fault)
                    }
                }
            });
            for outcome in outcomes.collect::<Vec<Result<()>>>() {
                match outcome {
                    Err(fault) if fault.code == Code::Interrupted => return Err(fault),
                    Err(fault) => failures.push(fault),
                    Ok(()) => {}
                }
            }
        }
        let mut models = Vec::new();
        for (model, rows) in self.models.iter().zip(rows) {
            let Some(rows) = rows else { continue };
            let classes = self.features.classes.clone();
            match Predictions::new(&model.name, model.arm, classes, rows) {
                Ok(answers) => models.push(answers),
                Err(fault) => failures.push(internal(&fault)),
            }
        }
        Ok((models, failures))
    }

    #[cfg(not(feature = "learners"))]
    fn answers(&self, _: u64, _: &Split) -> Result<(Vec<Predictions>, Vec<ToolError>)> {
        Err(crate::models::missing("learners"))
    }
}

fn internal(fault: &StudyError) -> ToolError {
    ToolError::internal(fault.to_string())
}

/// The figures of a model's test patients.
fn figures(model: &Predictions) -> Result<Vec<Option<f64>>> {
    let patients = model
        .patients_of(Part::Test, &Pooling::MeanProbability)
        .map_err(|fault| internal(&fault))?;
    let judged = Judged::new(model.classes().len(), patients.rows());
    let figure = |id: &&str| by_id(id).and_then(|metric| judged.once().figure(metric).ok());
    Ok(FIGURES.iter().map(figure).collect())
}

/// Patients of a part over all folds.
fn patients(split: &Split, part: Part) -> f64 {
    let folds = split.folds.iter();
    folds
        .map(|fold| fold.patients_in(part).count())
        .sum::<usize>() as f64
}

/// The share of test patients answered rightly, fold by fold.
fn accuracies(model: &Predictions, folds: usize) -> Result<Vec<f64>> {
    let patients = model
        .patients_of(Part::Test, &Pooling::MeanProbability)
        .map_err(|fault| internal(&fault))?;
    let of_fold = |fold: usize| {
        let rows = || patients.rows().iter().filter(move |row| row.fold == fold);
        let right = rows().filter(|row| row.answer() == row.truth).count();
        right as f64 / rows().count() as f64
    };
    Ok((0..folds).map(of_fold).collect())
}
