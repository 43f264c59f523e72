//! The radiomics arm: a pipeline of the learners' room on the feature table.

use std::time::Instant;

use raduet_learners::{
    LEARNERS, LearnError, LearnerEntry, Pipeline, Preprocess, Samples, Training, Undefined,
};
use raduet_study::{Arm, Label};

use super::{FittedModel, FoldRows, ModelSeconds, PlannedModel, check_names};
use crate::error::{Code, Result, ToolError};
use crate::io::feature_csv::FeatureFile;
use crate::settings::LearnerSettings;

/// The models that the settings ask for: none means the default back end of every learner, `all` every
/// back end.
///
/// # Errors
/// [`Code::Settings`] for an unknown name, with the nearest known one.
pub fn planned(settings: &LearnerSettings) -> Result<Vec<PlannedModel>> {
    let named = |entry: &LearnerEntry| PlannedModel {
        name: entry.id(),
        arm: Arm::Radiomics,
    };
    if settings.names.iter().any(|name| name == "all") {
        return Ok(LEARNERS.iter().map(named).collect());
    }
    if settings.names.is_empty() {
        return Ok(LEARNERS
            .iter()
            .filter(|entry| entry.default)
            .map(named)
            .collect());
    }
    let ids: Vec<String> = LEARNERS.iter().map(LearnerEntry::id).collect();
    let known: Vec<&str> = ids.iter().map(String::as_str).collect();
    check_names("learner", &settings.names, &known)?;
    let model = |name: &String| PlannedModel {
        name: name.clone(),
        arm: Arm::Radiomics,
    };
    Ok(settings.names.iter().map(model).collect())
}

/// A fold's training rows, made once for all learners.
pub struct TrainingRows {
    samples: Samples,
    record: Training,
}

impl TrainingRows {
    /// The rows with their patients and sites, and the record of them that models keep.
    ///
    /// # Errors
    /// [`Code::Internal`], which does not happen.
    pub fn of(file: &FeatureFile, fold: &FoldRows) -> Result<Self> {
        let labels: Vec<Label> = fold.train.iter().map(|&row| file.rows[row].label).collect();
        let samples = Samples::from_table(&file.table, &fold.train, &labels, &file.classes)
            .map_err(|fault| failed("training rows", &fault))?;
        Ok(Self {
            record: Training::of(&samples),
            samples,
        })
    }
}

/// Fits a learner on a fold's training rows; also gives the model's file.
///
/// # Errors
/// The learners' room's, as [`Code::Nonfinite`], [`Code::Split`] or [`Code::Internal`].
pub fn fit(
    name: &str,
    settings: &LearnerSettings,
    file: &FeatureFile,
    fold: &FoldRows,
    training: &TrainingRows,
    seed: u64,
) -> Result<(FittedModel, String)> {
    let fault = |fault: LearnError| failed(name, &fault);
    let entry = raduet_learners::registry::find(name).map_err(fault)?;
    let undefined = if settings.impute_median {
        Undefined::Median
    } else {
        Undefined::Refuse
    };
    let pipeline = Pipeline::new(
        entry,
        Preprocess {
            undefined,
            ..Preprocess::default()
        },
    );
    let begun = Instant::now();
    let fitted = pipeline
        .fit(&training.samples, seed)
        .and_then(|fitted| fitted.with_training(training.record.clone()))
        .map_err(fault)?;
    let fit = begun.elapsed();
    let probabilities = fitted
        .predict_proba(&file.table, &fold.held_out())
        .map_err(fault)?;
    let predict = begun.elapsed().saturating_sub(fit);
    let json = fitted.to_json().map_err(fault)?;
    let model = FittedModel {
        name: name.to_owned(),
        arm: Arm::Radiomics,
        fold: fold.fold,
        probabilities,
        settings: pipeline.settings(),
        notes: fitted.warnings().iter().map(ToString::to_string).collect(),
        seconds: ModelSeconds {
            fit: fit.as_secs_f64(),
            predict: predict.as_secs_f64(),
        },
    };
    Ok((model, json))
}

fn failed(name: &str, fault: &LearnError) -> ToolError {
    let (code, remedy) = match fault {
        LearnError::NotFinite { .. } => (
            Code::Nonfinite,
            "mend the table, or fill in training medians (impute)",
        ),
        LearnError::TooFewRows { .. } | LearnError::OneClass { .. } => (
            Code::Split,
            "give the training part more patients of every class",
        ),
        _ => (Code::Internal, "see the message"),
    };
    ToolError::new(code, format!("{name}: {fault}")).remedy(remedy)
}
