//! Probabilities of the classes before anything is seen, as settings of naive Bayes and discriminants.

use crate::error::{LearnError, Result};
use crate::samples::{PresentClasses, Samples};

/// How far from one a sum of priors may lie: what writing them with a few digits costs, as in
/// scikit-learn's naive Bayes (numpy's `isclose`).
const SUM_TOLERANCE: f64 = 1e-5;

/// Refuses priors that are no probabilities above zero with sum one.
pub(crate) fn check(priors: Option<&[f64]>, learner: &'static str) -> Result<()> {
    let Some(priors) = priors else {
        return Ok(());
    };
    if let Some(bad) = priors.iter().find(|p| !(p.is_finite() && **p > 0.0)) {
        return Err(LearnError::settings(
            learner,
            format!("a prior of {bad}, expected numbers above 0"),
        ));
    }
    let sum: f64 = priors.iter().sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(LearnError::settings(
            learner,
            format!("priors with the sum {sum}, expected 1"),
        ));
    }
    Ok(())
}

/// Priors of the present classes: those given, else the shares of `totals`; they sum to one.
///
/// # Errors
/// [`LearnError::Settings`] unless there is one prior a class of the samples.
pub(crate) fn of(
    priors: Option<&[f64]>,
    present: &PresentClasses,
    totals: &[f64],
    samples: &Samples,
    learner: &'static str,
) -> Result<Vec<f64>> {
    let chosen: Vec<f64> = match priors {
        None => totals.to_vec(),
        Some(priors) if priors.len() == samples.classes().len() => {
            present.labels.iter().map(|&label| priors[label]).collect()
        }
        Some(priors) => {
            return Err(LearnError::settings(
                learner,
                format!(
                    "{} priors, expected one for each of {} classes",
                    priors.len(),
                    samples.classes().len()
                ),
            ));
        }
    };
    let sum: f64 = chosen.iter().sum();
    Ok(chosen.into_iter().map(|prior| prior / sum).collect())
}
