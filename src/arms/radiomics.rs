//! The radiomics arm: a pipeline of the learners' room on the feature table.

use std::time::Instant;

use raduet_learners::{LearnError, Samples, Training};
use raduet_study::{Arm, Label};

use super::explanation::{RowContributions, Subject};
use super::pipelines::{Plan, entries};
use super::{FittedModel, FoldRows, ModelSeconds, PlannedModel};
use crate::error::{Code, Result, ToolError};
use crate::io::feature_csv::FeatureFile;
use crate::settings::LearnerSettings;
use crate::settings::nearest::of_serde;

/// The models that the settings ask for.
///
/// # Errors
/// [`Code::Settings`] for an unknown name, with the nearest known one, and for settings that make no sense.
pub fn planned(settings: &LearnerSettings) -> Result<Vec<PlannedModel>> {
    let entries = entries(settings)?;
    for entry in &entries {
        Plan::new(entry, settings)?;
    }
    Ok(entries
        .into_iter()
        .map(|entry| PlannedModel {
            name: entry.id(),
            arm: Arm::Radiomics,
        })
        .collect())
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
        let labels = fold.train.iter().map(|&row| fold.label(row, &file.rows));
        let labels: Vec<Label> = labels.collect();
        let samples = Samples::from_table(&file.table, &fold.train, &labels, &file.classes)
            .map_err(|fault| failed("training rows", &fault))?;
        Ok(Self {
            record: Training::of(&samples),
            samples,
        })
    }
}

/// A learner fitted on a fold.
pub struct FittedLearner {
    /// Its answers.
    pub model: FittedModel,
    /// Its file.
    pub json: String,
    /// What each column adds to its answer on every test row, where that was asked for and can be said.
    pub contributions: Option<RowContributions>,
}

/// Fits a learner on a fold's training rows.
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
) -> Result<FittedLearner> {
    let fault = |fault: LearnError| failed(name, &fault);
    let entry = raduet_learners::registry::find(name).map_err(fault)?;
    let plan = Plan::new(entry, settings)?;
    let begun = Instant::now();
    let fitted = plan.fit(&training.samples, seed).map_err(fault)?;
    let fit = begun.elapsed();
    let mut notes = plan.notes;
    notes.extend(fitted.notes);
    let pipeline = fitted.chosen;
    let fitted = fitted
        .pipeline
        .with_training(training.record.clone())
        .map_err(fault)?;
    let begun = Instant::now();
    let examiner = fold.examiner();
    let probabilities = fitted
        .predict_proba(&file.table, &examiner.held_out())
        .map_err(fault)?;
    let predict = begun.elapsed();
    let subject = Subject {
        fitted: &fitted,
        pipeline: &pipeline,
        training: &training.samples,
        file,
        fold,
        examiner: &examiner,
        seed,
    };
    let (explanation, contributions, unexplained) = subject.explain(settings).map_err(fault)?;
    notes.extend(unexplained);
    let json = fitted.to_json().map_err(fault)?;
    let model = FittedModel {
        name: name.to_owned(),
        arm: Arm::Radiomics,
        fold: fold.fold,
        probabilities,
        settings: fitted.settings().clone(),
        notes: {
            notes.extend(fitted.warnings().iter().map(ToString::to_string));
            notes
        },
        explanation,
        test_reads: examiner.reads(),
        seconds: ModelSeconds {
            fit: fit.as_secs_f64(),
            predict: predict.as_secs_f64(),
            epochs: Vec::new(),
        },
    };
    Ok(FittedLearner {
        model,
        json,
        contributions,
    })
}

pub(super) fn failed(name: &str, fault: &LearnError) -> ToolError {
    let (code, remedy) = match fault {
        LearnError::NotFinite { .. } => (
            Code::Nonfinite,
            "mend the table, or fill in training medians (impute)",
        ),
        LearnError::TooFewRows { .. } | LearnError::OneClass { .. } => (
            Code::Split,
            "give the training part more patients of every class",
        ),
        LearnError::Settings { .. } | LearnError::WeightsUnsupported { .. } => {
            (Code::Settings, "correct the setting")
        }
        LearnError::RankDeficient { .. } => (
            Code::Settings,
            "do as it says, or leave columns out (--redundancy, --select)",
        ),
        LearnError::NotConverged { .. } | LearnError::Backend { .. } => (
            Code::Settings,
            "scale the columns, change the learner's settings, or choose another learner",
        ),
        LearnError::NoSites | LearnError::UnknownSite { .. } => (
            Code::Settings,
            "leave combat out, or have every site in the training part",
        ),
        _ => (Code::Internal, "report this as a bug"),
    };
    let text = format!("{name}: {fault}");
    let remedy = match fault {
        LearnError::Settings { .. } => of_serde(&text),
        _ => remedy.to_owned(),
    };
    ToolError::new(code, text).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_data_and_settings_cause_is_no_bug_of_the_tool() {
        let deficient = LearnError::RankDeficient {
            learner: "linear_discriminant",
            what: "the covariance within classes".into(),
            remedy: "choose a shrinkage or the solver svd",
        };
        let told = failed("linear_discriminant", &deficient);
        assert_eq!(told.code, Code::Settings);
        assert!(told.found.contains("choose a shrinkage"), "{told}");
        assert_eq!(failed("x", &LearnError::NoSites).code, Code::Settings);
    }
}
