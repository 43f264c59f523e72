//! Logistic regression with an L2 penalty on the coefficients, not on the intercepts.
//!
//! Minimises `Σ_i s_i · nll(y_i | x_i) + ‖W‖² / (2 C)`, s the sample weights. With three classes or
//! more nll is the multinomial one over softmax(W x + b); with two it is the binomial one with a
//! single row of coefficients, the same problem that scikit-learn's `lbfgs` solver states. The
//! objective is strictly convex in W, so there is one answer and any converged solver finds it.
//!
//! Hastie, Tibshirani, Friedman, Elements of Statistical Learning (2009), sections 4.4 and 18.3.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::dense::{dot, sigmoid, softmax};
use crate::error::Result;
use crate::lbfgs;
use crate::learner::{Learner, Model, assert_shape};
use crate::logistic_objective::LogisticObjective;
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_product};

/// Name in results.
pub(crate) const NAME: &str = "logistic_regression";

/// Logistic regression and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegression {
    /// Inverse strength of the penalty.
    #[serde(rename = "C")]
    pub c: f64,
    /// Largest component of the gradient (of the summed loss) at which the solver stops. Far
    /// below scikit-learn's default, so that the answer is the minimum, not the way to it.
    pub tolerance: f64,
    /// Most iterations.
    pub max_iterations: usize,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self {
            c: 1.0,
            tolerance: 1e-6,
            max_iterations: 10_000,
        }
    }
}

impl Learner for LogisticRegression {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 2)?;
        let present = samples.two_classes(NAME)?;
        let objective = LogisticObjective::new(samples, &present, 1.0 / self.c);
        let parameters = lbfgs::minimise(&objective, self.tolerance, self.max_iterations, NAME)?;
        let (p, k) = (samples.width(), objective.rows());
        let (weights, intercepts) = parameters.split_at(k * p);
        Ok(Box::new(LogisticModel {
            classes: samples.classes().len(),
            width: p,
            present: present.labels,
            weights: weights.to_vec(),
            intercepts: intercepts.to_vec(),
        }))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "penalty": "l2",
            "C": self.c,
            "fit_intercept": true,
            "solver": "lbfgs",
            "tolerance": self.tolerance,
            "max_iterations": self.max_iterations,
        })
    }
}

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
        let mut probabilities = vec![0.0; rows * self.classes];
        let mut scores = vec![0.0; self.present.len()];
        for (x, out) in values
            .chunks_exact(p)
            .zip(probabilities.chunks_exact_mut(self.classes))
        {
            let linear = self
                .weights
                .chunks_exact(p)
                .zip(&self.intercepts)
                .map(|(w, b)| (dot(w, x) + b).clamp(-f64::MAX, f64::MAX));
            for (score, z) in scores.iter_mut().zip(linear) {
                *score = z;
            }
            if let [first, second] = &mut scores[..] {
                (*first, *second) = (sigmoid(-*first), sigmoid(*first));
            } else {
                softmax(&mut scores);
            }
            for (&label, &probability) in self.present.iter().zip(&scores) {
                out[label] = probability;
            }
        }
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::LogisticRegression(self.clone())
    }
}
