//! SHAP values of logistic regression and linear discriminants: what each column adds to the raw score of a row.
//!
//! For a score `f(x) = b + Σ_j w_j x_j` and columns taken as independent, the Shapley value of column j is
//! `φ_j = w_j (x_j − mean of column j over the background)`, and `f(x) = E f + Σ_j φ_j`: Lundberg and Lee
//! 2017, arXiv 1705.07874, corollary 1; `shap.LinearExplainer` with an independent masker. x are the values
//! the learner sees, so φ belongs to the table's column that a value came from; columns that the
//! preprocessing dropped have 0. Scores are log odds of the second of two classes, or one for each of three
//! or more, before softmax and before calibration. Softmax leaves the intercepts of three or more classes
//! open up to a common number; they are counted from their mean, which is where scikit-learn's lie.

use serde::Serialize;

use super::shap::places;
use crate::discriminant::LinearDiscriminantModel;
use crate::error::{LearnError, Result};
use crate::pipeline::FittedPipeline;
use crate::samples::Samples;
use crate::saved::SavedModel;

/// SHAP values of rows, in terms of the table's columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinearShap {
    /// The class of each score (S).
    pub outputs: Vec<String>,
    /// The training table's columns (p).
    pub columns: Vec<String>,
    /// Mean score over the background, S.
    pub base: Vec<f64>,
    /// Row-major rows × S × p.
    pub values: Vec<f64>,
}

/// Explains the scores of `samples` against a background, usually the training rows.
///
/// # Errors
/// [`LearnError::Samples`] for a pipeline whose learner is not logistic regression, whose preprocessing
/// combines columns, or an empty background; and those of [`FittedPipeline::predict_samples`].
pub fn linear_shap(
    fitted: &FittedPipeline,
    background: &Samples,
    samples: &Samples,
) -> Result<LinearShap> {
    let (SavedModel::LogisticRegression(model)
    | SavedModel::LinearDiscriminant(LinearDiscriminantModel(model))) = fitted.model.to_saved()
    else {
        return Err(LearnError::samples(
            "a learner without a linear score",
            "logistic regression or linear discriminants",
        ));
    };
    if background.rows() == 0 {
        return Err(LearnError::samples("an empty background", "a row at least"));
    }
    let width = fitted.preprocess.width();
    let places = places(fitted, samples)?;
    let means = means(&fitted.seen(&background.in_canonical_order())?, width);
    let score =
        |w: &[f64], b: f64| -> f64 { b + w.iter().zip(&means).map(|(w, m)| w * m).sum::<f64>() };
    let rows_of_weights = || model.weights.chunks_exact(width);
    let base = rows_of_weights()
        .zip(&model.intercepts)
        .map(|(w, &b)| score(w, b));
    let p = fitted.columns.len();
    let seen = fitted.seen(samples)?;
    let mut values = vec![0.0; samples.rows() * model.intercepts.len() * p];
    let mut blocks = values.chunks_exact_mut(p);
    for x in seen.chunks_exact(width) {
        for (w, out) in rows_of_weights().zip(&mut blocks) {
            for (j, &place) in places.iter().enumerate() {
                out[place] += w[j] * (x[j] - means[j]);
            }
        }
    }
    let named = |class: &usize| fitted.classes.names()[*class].clone();
    let outputs = match &model.present[..] {
        [_, second] => vec![named(second)],
        all => all.iter().map(named).collect(),
    };
    Ok(LinearShap {
        outputs,
        columns: fitted.columns.clone(),
        base: base.collect(),
        values,
    })
}

/// Mean of every column of row-major values.
fn means(values: &[f64], width: usize) -> Vec<f64> {
    let rows = (values.len() / width) as f64;
    let sum = |column: usize| values.iter().skip(column).step_by(width).sum::<f64>();
    (0..width).map(|column| sum(column) / rows).collect()
}
