//! linfa: naive Bayes, logistic regression and support vector machines. Its arrays (ndarray 0.16)
//! stay inside this file.

use std::collections::BTreeMap;

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_svm::Svm;
use ndarray_016::{Array1, Array2};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{LearnError, Result};
use crate::gaussian_nb::{self, GaussianNbModel};
use crate::learner::{Learner, Model};
use crate::logistic_regression::{self, LogisticModel, LogisticObjective};
use crate::samples::{PresentClasses, Samples};
use crate::svc::{self, BinaryMachine, BinaryProblem, KernelFunction};

fn fault(learner: &'static str, reason: impl std::fmt::Display) -> LearnError {
    LearnError::Backend {
        learner,
        reason: reason.to_string(),
    }
}

/// Rows and the positions of their classes among the present ones.
fn dataset(
    samples: &Samples,
    present: &PresentClasses,
    learner: &'static str,
) -> Result<DatasetBase<Array2<f64>, Array1<usize>>> {
    let shape = (samples.rows(), samples.width());
    let records = Array2::from_shape_vec(shape, samples.values().to_vec())
        .map_err(|error| fault(learner, error))?;
    Ok(DatasetBase::new(
        records,
        Array1::from_vec(present.of_row.clone()),
    ))
}

/// Gaussian naive Bayes fitted by linfa-bayes. Its own probabilities underflow for many columns, so
/// the fitted densities are evaluated by our model.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LinfaGaussianNb {
    var_smoothing: f64,
}

impl Default for LinfaGaussianNb {
    fn default() -> Self {
        Self {
            var_smoothing: 1e-9,
        }
    }
}

/// What linfa-bayes writes of a class; its fields are not public otherwise.
#[derive(Deserialize)]
struct ClassDensity {
    prior: f64,
    theta: NdArray,
    sigma: NdArray,
}

#[derive(Deserialize)]
struct NdArray {
    data: Vec<f64>,
}

#[derive(Deserialize)]
struct Densities {
    class_info: BTreeMap<usize, ClassDensity>,
}

impl Learner for LinfaGaussianNb {
    fn name(&self) -> &'static str {
        gaussian_nb::NAME
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        let name = gaussian_nb::NAME;
        samples.ready(name, 1)?;
        samples.without_weights(name)?;
        let present = samples.present();
        let fitted = linfa_bayes::GaussianNb::<f64, usize>::params()
            .var_smoothing(self.var_smoothing)
            .fit(&dataset(samples, &present, name)?)
            .map_err(|error| fault(name, error))?;
        let written = serde_json::to_value(&fitted).map_err(|error| fault(name, error))?;
        let densities: Densities =
            serde_json::from_value(written).map_err(|error| fault(name, error))?;
        let mut model = GaussianNbModel {
            classes: samples.classes().len(),
            width: samples.width(),
            present: present.labels,
            log_priors: Vec::new(),
            means: Vec::new(),
            variances: Vec::new(),
        };
        // A map sorted by class, unlike linfa's own.
        for density in densities.class_info.into_values() {
            model.log_priors.push(density.prior.ln());
            model.means.extend(density.theta.data);
            model.variances.extend(density.sigma.data);
        }
        model.check().map_err(|error| fault(name, error))?;
        Ok(Box::new(model))
    }

    fn settings(&self) -> Value {
        json!({ "var_smoothing": self.var_smoothing })
    }
}

/// Largest component of the true gradient at which linfa's answer is taken for the minimum.
const LARGEST_GRADIENT: f64 = 1e-3;

/// Logistic regression fitted by linfa-logistic, checked against the objective it should minimise:
/// its softmax of several classes takes the largest score of the whole table as reference, so rows
/// with scores far below it lose their part of the sum, and it then stops elsewhere in silence.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LinfaLogisticRegression {
    #[serde(rename = "C")]
    c: f64,
    tolerance: f64,
    max_iterations: u64,
}

impl Default for LinfaLogisticRegression {
    fn default() -> Self {
        Self {
            c: 1.0,
            // Norm of the gradient. Its line search fails on the way to a smaller one.
            tolerance: 1e-4,
            max_iterations: 10_000,
        }
    }
}

impl Learner for LinfaLogisticRegression {
    fn name(&self) -> &'static str {
        logistic_regression::NAME
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        let name = logistic_regression::NAME;
        samples.ready(name, 2)?;
        samples.without_weights(name)?;
        let present = samples.two_classes(name)?;
        let data = dataset(samples, &present, name)?;
        let (weights, intercepts) = if present.labels.len() == 2 {
            let fitted = linfa_logistic::LogisticRegression::default()
                .alpha(1.0 / self.c)
                .gradient_tolerance(self.tolerance)
                .max_iterations(self.max_iterations)
                .fit(&data)
                .map_err(|error| fault(name, error))?;
            // It takes the larger class as positive; ours is the second.
            let sign = if fitted.labels().pos.class == 1 {
                1.0
            } else {
                -1.0
            };
            let weights: Vec<f64> = fitted.params().iter().map(|w| sign * w).collect();
            (weights, vec![sign * fitted.intercept()])
        } else {
            let fitted = linfa_logistic::MultiLogisticRegression::default()
                .alpha(1.0 / self.c)
                .gradient_tolerance(self.tolerance)
                .max_iterations(self.max_iterations)
                .fit(&data)
                .map_err(|error| fault(name, error))?;
            // Columns × classes there, classes × columns here.
            let weights = fitted.params().t().iter().copied().collect();
            (weights, fitted.intercept().to_vec())
        };
        let parameters = [&weights[..], &intercepts[..]].concat();
        let objective = LogisticObjective::new(samples, &present, true);
        let mut gradient = objective.evaluate(&parameters).gradient;
        for (g, w) in gradient.iter_mut().zip(&weights) {
            *g += w / self.c;
        }
        let largest = gradient.iter().fold(0.0, |m, g| f64::max(m, g.abs()));
        if largest.is_nan() || largest > LARGEST_GRADIENT {
            return Err(fault(
                name,
                format!("an answer that is not the minimum (gradient {largest:.1e})"),
            ));
        }
        let model = LogisticModel {
            classes: samples.classes().len(),
            width: samples.width(),
            present: present.labels,
            weights,
            intercepts,
        };
        model.check().map_err(|error| fault(name, error))?;
        Ok(Box::new(model))
    }

    fn settings(&self) -> Value {
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

/// Solves one pair of classes by linfa-svm.
///
/// # Errors
/// [`LearnError::Backend`], or [`LearnError::Settings`] for a kernel that it does not have.
pub(crate) fn solve(problem: &BinaryProblem<'_>) -> Result<BinaryMachine> {
    let settings = problem.settings;
    // Without its shrinking, which panics on small problems (linfa-svm 0.8.1).
    let plain = Svm::<f64, bool>::params()
        .eps(settings.tol)
        .pos_neg_weights(settings.c, settings.c);
    // Its Gaussian kernel is exp(−|a − b|² / eps), its polynomial one has no γ: the rows take √γ.
    let (parameters, scale) = match problem.kernel {
        KernelFunction::Rbf { gamma } => (plain.gaussian_kernel(1.0 / gamma), 1.0),
        KernelFunction::Linear {} => (plain.linear_kernel(), 1.0),
        KernelFunction::Poly {
            gamma,
            coef0,
            degree,
        } => (
            plain.polynomial_kernel(coef0, f64::from(degree)),
            gamma.sqrt(),
        ),
        KernelFunction::Sigmoid { .. } => {
            return Err(LearnError::settings(
                svc::NAME,
                "linfa has no sigmoid kernel",
            ));
        }
    };
    let rows = problem.rows.iter().map(|&row| problem.values(row));
    let values: Vec<f64> = rows.flatten().map(|v| v * scale).collect();
    let shape = (problem.rows.len(), problem.samples.width());
    let records = Array2::from_shape_vec(shape, values).map_err(|error| fault(svc::NAME, error))?;
    let data = DatasetBase::new(records, Array1::from_vec(problem.positive.clone()));
    let machine = parameters
        .fit(&data)
        .map_err(|error| fault(svc::NAME, error))?;
    Ok(BinaryMachine {
        rho: machine.rho,
        coefficients: machine.alpha,
    })
}
