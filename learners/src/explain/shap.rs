//! SHAP values by whichever way is exact for a pipeline's learner: trees by their paths, linear scores by their
//! coefficients.

use serde::Serialize;

use super::linear_shap::{LinearShap, linear_shap};
use super::permutation::position;
use super::tree_shap::{TreeShap, tree_shap};
use crate::error::{LearnError, Result};
use crate::pipeline::FittedPipeline;
use crate::preprocess::column::FittedColumn;
use crate::samples::Samples;

/// SHAP values of rows, in terms of the table's columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shap {
    /// The class of each answer (S).
    pub outputs: Vec<String>,
    /// The training table's columns (p).
    pub columns: Vec<String>,
    /// The answers where nothing is known of a row, S.
    pub base: Vec<f64>,
    /// What each column adds to each answer, row-major rows × S × p.
    pub values: Vec<f64>,
}

/// Explains the answers of a pipeline for `samples`, before calibration: class shares of single trees and forests,
/// raw scores of boosting and of linear learners (log odds of the second of two classes, or one score a class
/// before softmax). The background, usually the training rows, serves linear learners; trees know theirs.
///
/// # Errors
/// [`LearnError::Samples`] for a learner that is neither, for preprocessing that combines columns, and those of
/// [`tree_shap`] and [`linear_shap`].
pub fn shap(fitted: &FittedPipeline, background: &Samples, samples: &Samples) -> Result<Shap> {
    if fitted.model.explain_trees().is_some() {
        let TreeShap {
            outputs,
            expected,
            values,
        } = tree_shap(fitted, samples)?;
        let name = |class: &usize| fitted.classes.names()[*class].clone();
        return Ok(Shap {
            outputs: outputs.iter().map(name).collect(),
            columns: fitted.columns.clone(),
            base: expected,
            values,
        });
    }
    let LinearShap {
        outputs,
        columns,
        base,
        values,
    } = linear_shap(fitted, background, samples)?;
    Ok(Shap {
        outputs,
        columns,
        base,
        values,
    })
}

impl Shap {
    /// Mean of the absolute values over the rows, S × p.
    pub fn mean_absolute(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.outputs.len() * self.columns.len()];
        let rows = self.values.chunks_exact(means.len().max(1));
        let count = rows.len() as f64;
        for row in rows {
            for (mean, value) in means.iter_mut().zip(row) {
                *mean += value.abs() / count;
            }
        }
        means
    }
}

/// For each column that the learner sees, the place of the table's column it came from.
///
/// # Errors
/// [`LearnError::Samples`] where columns are combined, [`LearnError::Columns`] where `samples` lack one.
pub(super) fn places(fitted: &FittedPipeline, samples: &Samples) -> Result<Vec<usize>> {
    if fitted.preprocess.components.is_some() {
        return Err(LearnError::samples(
            "principal components",
            "a pipeline whose learner sees the table's own columns",
        ));
    }
    for column in fitted.columns() {
        position(samples, column)?;
    }
    let at = |source: &str| fitted.columns.iter().position(|column| column == source);
    let sources = fitted.preprocess.kept.iter().map(FittedColumn::source);
    Ok(sources.filter_map(at).collect())
}
