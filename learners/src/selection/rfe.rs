//! Recursive feature elimination: fit, leave out the columns that the model needs least, fit again.
//!
//! Guyon, Weston, Barnhill, Vapnik 2002, doi 10.1023/A:1012487302797; scikit-learn's `RFE`. A logistic
//! regression needs a column by the sum of its squared coefficients over classes, which presumes a
//! common scale; a forest by its decrease of impurity.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{LearnError, Result};
use crate::learner::{Learner, Parameters};
use crate::logistic_regression::{AT_THE_MINIMUM, LogisticModel};
use crate::registry;
use crate::saved::SavedModel;
use crate::selection::gini_importance::gini_importance;
use crate::selection::quota::{DEFAULT_K, by_score};
use crate::selection::{Candidates, NAME, Verdict, refused};

/// Whose opinion counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RfeEstimator {
    /// Logistic regression with an L2 penalty.
    #[default]
    LogisticRegression,
    /// Random forest.
    RandomForest,
}

/// Recursive feature elimination.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rfe {
    /// Whose opinion counts; with its default settings.
    pub estimator: RfeEstimator,
    /// This many columns, or all where there are fewer.
    pub k: usize,
    /// Columns left out a round: a count from 1 on, below 1 a share of all columns.
    pub step: f64,
    /// Seed of a forest.
    pub random_state: u64,
}

impl Default for Rfe {
    fn default() -> Self {
        Self {
            estimator: RfeEstimator::LogisticRegression,
            k: DEFAULT_K,
            step: 0.1,
            random_state: 0,
        }
    }
}

impl Rfe {
    pub(crate) fn check(&self) -> Result<()> {
        if self.k == 0 {
            return Err(refused("rfe", "k = 0: at least one column is needed"));
        }
        if !(self.step > 0.0 && self.step.is_finite()) {
            return Err(refused(
                "rfe",
                "step: a count from 1 on, or a share above 0",
            ));
        }
        Ok(())
    }

    /// Columns left out a round, of `width` in all.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of columns"
    )]
    fn step_of(&self, width: usize) -> usize {
        let step = if self.step < 1.0 {
            self.step * width as f64
        } else {
            self.step
        };
        (step as usize).max(1)
    }

    /// A column's score is the round in which it was left out, from 1 on; those kept have the
    /// round after the last.
    pub(crate) fn judge(&self, candidates: &Candidates) -> Result<Verdict> {
        let width = candidates.width();
        let step = self.step_of(width);
        let mut left: Vec<usize> = (0..width).collect();
        let mut scores = vec![0.0; width];
        let mut round = 0.0;
        while left.len() > self.k {
            round += 1.0;
            let columns: Vec<&[f64]> = left
                .iter()
                .map(|&at| candidates.columns[at].as_slice())
                .collect();
            let needed = self.needed(candidates, &columns)?;
            let out = step.min(left.len() - self.k);
            // Least needed last; of equals the later name goes first.
            let order = by_score(&needed);
            let mut gone = vec![false; left.len()];
            for &at in &order[left.len() - out..] {
                gone[at] = true;
                scores[left[at]] = round;
            }
            let mut listed = gone.iter();
            left.retain(|_| listed.next() == Some(&false));
        }
        let mut kept = vec![false; width];
        for at in left {
            kept[at] = true;
            scores[at] = round + 1.0;
        }
        Ok(Verdict { scores, kept })
    }

    /// How much the model needs each of some columns.
    fn needed(&self, candidates: &Candidates, columns: &[&[f64]]) -> Result<Vec<f64>> {
        let mut settings = Parameters::new();
        let id = match self.estimator {
            RfeEstimator::LogisticRegression => {
                settings.insert("tol".into(), json!(AT_THE_MINIMUM));
                "logistic_regression"
            }
            RfeEstimator::RandomForest => "random_forest",
        };
        let learner: Box<dyn Learner> = registry::find(id)?.with(&settings)?;
        let model = learner.fit(&candidates.samples(columns)?, self.random_state)?;
        match model.to_saved() {
            SavedModel::RandomForest(forest) => Ok(gini_importance(&forest)),
            SavedModel::LogisticRegression(model) => Ok(squared_coefficients(&model)),
            _ => Err(LearnError::Backend {
                learner: NAME,
                reason: format!("'{id}' has no importances"),
            }),
        }
    }
}

/// Sum over classes of the squared coefficients of each column.
fn squared_coefficients(model: &LogisticModel) -> Vec<f64> {
    let mut sums = vec![0.0; model.width];
    for row in model.coefficients() {
        for (sum, w) in sums.iter_mut().zip(row) {
            *sum += w * w;
        }
    }
    sums
}
