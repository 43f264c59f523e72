//! Every fitted model as plain data, and the checks that a file must pass before it predicts.

use serde::{Deserialize, Serialize};

use crate::decision_tree::TreeModel;
use crate::discriminant::{LinearDiscriminantModel, QuadraticDiscriminantModel};
use crate::error::{LearnError, Result};
use crate::gaussian_nb::GaussianNbModel;
use crate::gradient_boosting::BoostingModel;
use crate::hist_boosting::HistBoostingModel;
use crate::knn::NeighborsModel;
use crate::learner::Model;
use crate::logistic_regression::LogisticModel;
use crate::random_forest::ForestModel;
use crate::svc::SvcModel;

/// A fitted model of any kind.
///
/// Foreign back ends fit, but what they fitted is kept in these forms: a model from a file is read,
/// checked and evaluated by our own code only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SavedModel {
    /// One classification tree.
    DecisionTree(TreeModel),
    /// Averaged trees.
    RandomForest(ForestModel),
    /// The training rows themselves.
    KNeighbors(NeighborsModel),
    /// Support vectors and calibrations.
    Svc(SvcModel),
    /// A normal density per class and column.
    GaussianNb(GaussianNbModel),
    /// Coefficients and intercepts.
    LogisticRegression(LogisticModel),
    /// Coefficients and intercepts of classes with one covariance.
    LinearDiscriminant(LinearDiscriminantModel),
    /// Means and axes of each class.
    QuadraticDiscriminant(QuadraticDiscriminantModel),
    /// Added regression trees.
    GradientBoosting(BoostingModel),
    /// Added regression trees on binned values.
    HistGradientBoosting(HistBoostingModel),
}

impl SavedModel {
    /// The model behind its door, after all checks.
    ///
    /// # Errors
    /// [`LearnError::Saved`] for sizes that do not agree, values that are not finite, tree nodes
    /// that point backwards, or a shape other than `width` columns and `classes` classes.
    pub fn into_model(self, width: usize, classes: usize) -> Result<Box<dyn Model>> {
        let model: Box<dyn Model> = match self {
            Self::DecisionTree(model) => boxed(model, TreeModel::check)?,
            Self::RandomForest(model) => boxed(model, ForestModel::check)?,
            Self::KNeighbors(model) => boxed(model, NeighborsModel::check)?,
            Self::Svc(model) => boxed(model, SvcModel::check)?,
            Self::GaussianNb(model) => boxed(model, GaussianNbModel::check)?,
            Self::LogisticRegression(model) => boxed(model, LogisticModel::check)?,
            Self::LinearDiscriminant(model) => boxed(model, LinearDiscriminantModel::check)?,
            Self::QuadraticDiscriminant(model) => boxed(model, QuadraticDiscriminantModel::check)?,
            Self::GradientBoosting(model) => boxed(model, BoostingModel::check)?,
            Self::HistGradientBoosting(model) => boxed(model, HistBoostingModel::check)?,
        };
        expect_size("columns", model.width(), width)?;
        expect_size("classes", model.class_count(), classes)?;
        Ok(model)
    }
}

fn boxed<M: Model + 'static>(model: M, check: fn(&M) -> Result<()>) -> Result<Box<dyn Model>> {
    check(&model)?;
    Ok(Box::new(model))
}

/// Refuses another size.
pub(crate) fn expect_size(place: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(LearnError::saved(
        place,
        found.to_string(),
        expected.to_string(),
    ))
}

/// Refuses a list whose length is not `rows` × `width`, overflow included.
pub(crate) fn expect_product(place: &str, found: usize, rows: usize, width: usize) -> Result<()> {
    if rows.checked_mul(width) == Some(found) {
        return Ok(());
    }
    Err(LearnError::saved(
        place,
        format!("{found} values"),
        format!("{rows} x {width}"),
    ))
}

/// Refuses values for which `good` does not hold.
pub(crate) fn expect_values(
    place: &str,
    values: &[f64],
    expected: &str,
    good: impl Fn(f64) -> bool,
) -> Result<()> {
    match values.iter().find(|v| !good(**v)) {
        Some(bad) => Err(LearnError::saved(place, bad.to_string(), expected)),
        None => Ok(()),
    }
}

/// Refuses values that are not finite.
pub(crate) fn expect_finite(place: &str, values: &[f64]) -> Result<()> {
    expect_values(place, values, "finite values", f64::is_finite)
}

/// Refuses class numbers that are not ascending and below `classes`, or none at all.
pub(crate) fn expect_classes(place: &str, labels: &[usize], classes: usize) -> Result<()> {
    let ascending = labels.windows(2).all(|pair| pair[0] < pair[1]);
    if ascending && labels.last().is_some_and(|&last| last < classes) {
        return Ok(());
    }
    Err(LearnError::saved(
        place,
        format!("{labels:?}"),
        format!("ascending class numbers below {classes}"),
    ))
}
