//! A fitted logistic regression.

use serde::{Deserialize, Serialize};

use crate::class_scores::probabilities;
use crate::dense::thin::products;
use crate::error::Result;
use crate::learner::{Model, assert_shape};
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_product};

/// A fitted logistic regression: coefficients of each present class, or of the second of two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticModel {
    pub(crate) classes: usize,
    pub(crate) width: usize,
    /// Class numbers that occurred in training, at least two.
    pub(crate) present: Vec<usize>,
    /// Rows of coefficients × columns; one row where two classes are present.
    pub(crate) weights: Vec<f64>,
    /// One a row of coefficients.
    pub(crate) intercepts: Vec<f64>,
}

impl LogisticModel {
    /// Coefficients, one row a present class of three or more, or the second of two.
    pub(crate) fn coefficients(&self) -> std::slice::ChunksExact<'_, f64> {
        self.weights.chunks_exact(self.width)
    }

    pub(crate) fn check(&self) -> Result<()> {
        expect_classes("present", &self.present, self.classes)?;
        let rows = match self.present.len() {
            2 => 1,
            k => k,
        };
        expect_product("intercepts", self.intercepts.len(), rows, 1)?;
        expect_product("weights", self.weights.len(), rows, self.width)?;
        expect_finite("intercepts", &self.intercepts)?;
        expect_finite("weights", &self.weights)
    }
}

impl Model for LogisticModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        let p = self.width;
        assert_shape(values, rows, p);
        probabilities(values, p, self.classes, &self.present, |values| {
            let mut scores = vec![0.0; values.len() / p * self.intercepts.len()];
            products(&mut scores, values, &self.weights, p);
            for scores in scores.chunks_exact_mut(self.intercepts.len()) {
                for (score, b) in scores.iter_mut().zip(&self.intercepts) {
                    *score = (*score + b).clamp(-f64::MAX, f64::MAX);
                }
            }
            scores
        })
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::LogisticRegression(self.clone())
    }
}
