//! Logistic regression with an L2, L1 or mixed penalty on the coefficients, not on the intercepts.
//!
//! Minimises `Σ_i s_i · nll(y_i | x_i) + [ (1 − ρ)/2 ‖W‖² + ρ ‖W‖₁ ] / C`, s the sample weights and ρ the
//! `l1_ratio`. With three classes or more nll is the multinomial one over softmax(W x + b); with two it
//! is the binomial one with a single row of coefficients, the same problem that scikit-learn states.
//! The answer is the minimum, to a tolerance far below scikit-learn's default, whose answers lie up to 0.03 in
//! probability from it on small data sets; near to Newton's, the steps that this takes more are few. With an L1 penalty alone the coefficients of dependent columns are not unique, and neither are
//! those of an even number of classes (their scores may shift together at no cost).
//!
//! Hastie, Tibshirani, Friedman, Elements of Statistical Learning (2009), sections 4.4 and 18.3;
//! Friedman, Hastie, Tibshirani 2010, doi 10.18637/jss.v033.i01.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model};
use crate::samples::Samples;

mod expansion;
mod lbfgs;
mod model;
mod objective;
mod proximal;
mod smooth;
#[cfg(test)]
mod tests;

pub use model::LogisticModel;
pub(crate) use objective::LogisticObjective;

use lbfgs::Stop;

/// Name in results.
pub(crate) const NAME: &str = "logistic_regression";

/// Tolerance where it matters which coefficient is zero or the smallest: the minimum, not the way to it.
pub(crate) const AT_THE_MINIMUM: f64 = 1e-9;

/// Logistic regression and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegression {
    /// Inverse strength of the penalty, above 0; infinite (`"inf"` in JSON) for no penalty.
    #[serde(rename = "C", with = "inverse_strength")]
    pub c: f64,
    /// Share ρ of the L1 penalty: 0 is L2 alone, 1 is L1 alone, between them the elastic net.
    pub l1_ratio: f64,
    /// Whether there is an intercept.
    pub fit_intercept: bool,
    /// Largest component of the (sub)gradient at which the solver stops, the objective divided by the sum of
    /// the weights, as in scikit-learn (whose default is 1e-4).
    pub tol: f64,
    /// Most iterations.
    pub max_iter: usize,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self {
            c: 1.0,
            l1_ratio: 0.0,
            fit_intercept: true,
            tol: 1e-8,
            max_iter: 10_000,
        }
    }
}

/// C in JSON, which has no infinity.
mod inverse_strength {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const NONE: &str = "inf";

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    pub(super) fn serialize<S: Serializer>(c: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if c.is_infinite() {
            Written::Text(NONE.into()).serialize(serializer)
        } else {
            Written::Number(*c).serialize(serializer)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(c) => Ok(c),
            Written::Text(text) if text == NONE => Ok(f64::INFINITY),
            Written::Text(text) => Err(serde::de::Error::custom(format!(
                "C is '{text}', expected a number above 0 or \"{NONE}\""
            ))),
        }
    }
}

impl Learner for LogisticRegression {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        let fault = |what: String| Err(LearnError::settings(NAME, what));
        if self.c.is_nan() || self.c <= 0.0 {
            return fault(format!("C is {}, expected a number above 0", self.c));
        }
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            return fault(format!("l1_ratio is {}, expected 0 to 1", self.l1_ratio));
        }
        if !(self.tol.is_finite() && self.tol > 0.0) {
            return fault(format!("tol is {}, expected a number above 0", self.tol));
        }
        if self.max_iter == 0 {
            return fault("max_iter is 0, expected at least 1".into());
        }
        Ok(())
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        let mut models = self.path(samples, &[self.c])?;
        Ok(Box::new(models.swap_remove(0)))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "C": if self.c.is_infinite() { json!("inf") } else { json!(self.c) },
            "l1_ratio": self.l1_ratio,
            "fit_intercept": self.fit_intercept,
            "tol": self.tol,
            "max_iter": self.max_iter,
        })
    }
}

impl LogisticRegression {
    /// One model for each C of `penalties`, whatever [`LogisticRegression::c`] says. Each fit starts at
    /// the answer before it: ascending values cost least with an L1 penalty.
    ///
    /// # Errors
    /// Those of [`Learner::fit`].
    pub(crate) fn path(&self, samples: &Samples, penalties: &[f64]) -> Result<Vec<LogisticModel>> {
        samples.ready(NAME, 2)?;
        let present = samples.two_classes(NAME)?;
        let objective = LogisticObjective::new(samples, &present, self.fit_intercept);
        let strengths: Vec<f64> = penalties.iter().map(|c| 1.0 / c).collect();
        let weight = samples.total_weight();
        let stop = Stop {
            tolerance: self.tol * weight,
            max_iterations: self.max_iter,
            learner: NAME,
        };
        // Without a penalty its kind does not matter.
        let smooth = self.l1_ratio == 0.0 || strengths.iter().all(|s| *s == 0.0);
        let found = if smooth {
            smooth::path(objective, &strengths, stop)
        } else {
            proximal::path(objective, &strengths, self.l1_ratio, stop)
        };
        // What is wanted was said of the mean.
        let found = found.map_err(|error| match error {
            LearnError::NotConverged {
                learner,
                iterations,
                gradient,
                ..
            } => LearnError::NotConverged {
                learner,
                iterations,
                gradient: gradient / weight,
                wanted: self.tol,
            },
            other => other,
        })?;
        let models = found.into_iter().map(|mut parameters| {
            let mut intercepts = parameters.split_off(objective.coefficients());
            centre(&mut intercepts);
            LogisticModel {
                classes: samples.classes().len(),
                width: samples.width(),
                present: present.labels.clone(),
                weights: parameters,
                intercepts,
            }
        });
        Ok(models.collect())
    }
}

/// Intercepts of softmax count from a common number that the loss leaves open: from their mean, where
/// gradient descent from zero ends. A single one, of two classes, is as it is.
fn centre(intercepts: &mut [f64]) {
    if intercepts.len() < 2 {
        return;
    }
    let mean = intercepts.iter().sum::<f64>() / intercepts.len() as f64;
    for intercept in intercepts {
        *intercept -= mean;
    }
}

/// Fits to the minimum for each C of `penalties` in turn; see [`LogisticRegression::path`].
///
/// # Errors
/// Those of [`Learner::fit`].
pub(crate) fn path(
    samples: &Samples,
    penalties: &[f64],
    l1_ratio: f64,
) -> Result<Vec<LogisticModel>> {
    let learner = LogisticRegression {
        l1_ratio,
        tol: AT_THE_MINIMUM,
        ..LogisticRegression::default()
    };
    learner.path(samples, penalties)
}

/// The largest C at which an L1 penalty of share `l1_ratio` leaves every coefficient zero: where a path
/// begins.
///
/// # Errors
/// Those of [`Learner::fit`].
pub(crate) fn largest_empty_c(samples: &Samples, l1_ratio: f64) -> Result<f64> {
    samples.ready(NAME, 2)?;
    let present = samples.two_classes(NAME)?;
    let objective = LogisticObjective::new(samples, &present, true);
    Ok(l1_ratio / proximal::largest_slope_at_zero(&objective))
}
