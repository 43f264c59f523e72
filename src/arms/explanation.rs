//! What a learner goes by on a fold's test rows, and how it grows with the patients it learns from.

#[cfg(feature = "learners")]
use raduet_learners::explain::{
    CurvePoint, LearningCurve, Shap, learning_curve, permutation_importance, shap,
};
#[cfg(feature = "learners")]
use raduet_learners::tuning::Score;
#[cfg(feature = "learners")]
use raduet_learners::{FittedPipeline, LearnError, Pipeline, Samples};
#[cfg(feature = "learners")]
use raduet_study::Label;
use serde::{Deserialize, Serialize};

#[cfg(feature = "learners")]
use super::{Examiner, FoldRows};
#[cfg(feature = "learners")]
use crate::io::feature_csv::FeatureFile;
#[cfg(feature = "learners")]
use crate::settings::LearnerSettings;

/// What was asked for; lists are empty where nothing was.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Explanation {
    /// What each column is worth on the test rows.
    pub importances: Vec<Importance>,
    /// What each column adds to the answers on the test rows, in the mean.
    pub contributions: Vec<Contribution>,
    /// Scores by the number of patients learned from.
    pub learning_curve: Vec<CurveSize>,
}

/// What is lost when a column's values are shuffled among the test rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The column.
    pub column: String,
    /// Mean rise of the log loss; none where it is undefined.
    pub mean: Option<f64>,
    /// Standard deviation over the shuffles.
    pub sd: Option<f64>,
}

/// SHAP values of one column for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The class whose answer is explained.
    pub class: String,
    /// The column.
    pub column: String,
    /// Mean of the absolute values over the test rows.
    pub mean_absolute: f64,
}

/// One size of a learning curve, over folds within the training rows; log losses of patients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurveSize {
    /// Share of a fold's learning patients.
    pub share: f64,
    /// Patients learned from, in the mean.
    pub patients: f64,
    /// Mean and standard deviation on the patients learned from; none where no fit succeeded.
    pub learned: Option<(f64, f64)>,
    /// The same on the patients held out.
    pub held_out: Option<(f64, f64)>,
    /// Folds in which the fit failed.
    pub failed: usize,
}

/// SHAP values of every test row, for a file of their own.
#[cfg(feature = "learners")]
pub struct RowContributions {
    /// Positions of the rows.
    pub rows: Vec<usize>,
    /// Their values.
    pub shap: Shap,
}

/// A fitted learner with what explains it.
#[cfg(feature = "learners")]
pub(super) struct Subject<'a> {
    pub(super) fitted: &'a FittedPipeline,
    /// The same before it was fitted, with the settings that were chosen.
    pub(super) pipeline: &'a Pipeline,
    pub(super) training: &'a Samples,
    pub(super) file: &'a FeatureFile,
    pub(super) fold: &'a FoldRows,
    pub(super) examiner: &'a Examiner<'a>,
    pub(super) seed: u64,
}

#[cfg(feature = "learners")]
impl Subject<'_> {
    /// Everything that the settings ask for, the SHAP values of every test row, and what could not be had.
    ///
    /// # Errors
    /// The learners' room's, which rows that were answered do not cause.
    pub(super) fn explain(
        &self,
        settings: &LearnerSettings,
    ) -> raduet_learners::Result<(Explanation, Option<RowContributions>, Vec<String>)> {
        let mut explanation = Explanation::default();
        let mut notes = Vec::new();
        let mut of_rows = None;
        if settings.learning_curve {
            explanation.learning_curve = self.learning_curve()?;
        }
        let wanted = settings.importance > 0 || settings.shap;
        if !wanted || self.fold.tested() == 0 {
            return Ok((explanation, of_rows, notes));
        }
        let rows = self.examiner.explained();
        let labels: Vec<Label> = rows.iter().map(|&row| self.file.rows[row].label).collect();
        let test = Samples::from_table(&self.file.table, rows, &labels, &self.file.classes)?;
        if settings.importance > 0 {
            explanation.importances = self.importances(&test, settings.importance)?;
        }
        if settings.shap {
            match shap(self.fitted, self.training, &test) {
                Ok(shap) => {
                    explanation.contributions = contributions(&shap);
                    let rows = rows.to_vec();
                    of_rows = Some(RowContributions { rows, shap });
                }
                Err(fault @ LearnError::Samples { .. }) => {
                    notes.push(format!("no SHAP values: {fault}"));
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok((explanation, of_rows, notes))
    }

    fn importances(
        &self,
        test: &Samples,
        shuffles: usize,
    ) -> raduet_learners::Result<Vec<Importance>> {
        let (fitted, seed) = (self.fitted, self.seed);
        let found = permutation_importance(fitted, test, Score::LogLoss, shuffles, seed)?;
        let finite = |value: f64| value.is_finite().then_some(value);
        let columns = found.columns.into_iter().map(|column| Importance {
            mean: finite(column.mean),
            sd: finite(column.sd),
            column: column.column,
        });
        Ok(columns.collect())
    }

    fn learning_curve(&self) -> raduet_learners::Result<Vec<CurveSize>> {
        let curve = LearningCurve::default();
        let points = learning_curve(self.pipeline, self.training, &curve, self.seed)?;
        let summary = |scores: &[f64]| {
            let (mean, sd) = CurvePoint::summary(scores);
            mean.is_finite().then_some((mean, sd))
        };
        let size = |point: CurvePoint| CurveSize {
            share: point.share,
            patients: point.patients.iter().sum::<usize>() as f64 / point.patients.len() as f64,
            learned: summary(&point.learned),
            held_out: summary(&point.held_out),
            failed: point.held_out.iter().filter(|score| score.is_nan()).count(),
        };
        Ok(points.into_iter().map(size).collect())
    }
}

#[cfg(feature = "learners")]
fn contributions(shap: &Shap) -> Vec<Contribution> {
    let means = shap.mean_absolute();
    let classes = shap.outputs.iter();
    classes
        .zip(means.chunks_exact(shap.columns.len()))
        .flat_map(|(class, means)| {
            let columns = shap.columns.iter().zip(means);
            columns.map(move |(column, &mean_absolute)| Contribution {
                class: class.clone(),
                column: column.clone(),
                mean_absolute,
            })
        })
        .collect()
}
