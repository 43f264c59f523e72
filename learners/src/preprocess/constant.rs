//! Columns that do not vary over the training rows.

use crate::error::{LearnError, Result};
use crate::preprocess::record::Dropped;
use crate::preprocess::statistics::moments;
use crate::preprocess::working::Working;

/// Mean and population variance of a column's defined values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// Arithmetic mean.
    pub(crate) mean: f64,
    /// Divided by the number of values.
    pub(crate) variance: f64,
}

/// Drops columns whose defined values are all the same up to rounding; gives the spreads of the others.
///
/// # Errors
/// [`LearnError::Samples`] where a spread overflows.
pub(crate) fn fit(work: &mut Working) -> Result<Vec<Spread>> {
    let spreads = work.map(|_, values| spread(values));
    let names = work.columns.iter().map(|c| &c.fitted.name);
    for (name, (spread, _)) in names.zip(&spreads) {
        if !(spread.mean.is_finite() && spread.variance.is_finite()) {
            return Err(LearnError::samples(
                format!("column '{name}' whose spread overflows"),
                "values of moderate size",
            ));
        }
    }
    work.retain(|place| spreads[place].1.then_some(Dropped::Constant));
    let varying = spreads.into_iter().filter(|(_, constant)| !constant);
    Ok(varying.map(|(spread, _)| spread).collect())
}

/// Spread of the defined values, and whether it is none.
fn spread(values: &[f64]) -> (Spread, bool) {
    if values.iter().any(|v| v.is_nan()) {
        let defined: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        return spread(&defined);
    }
    let (mean, variance) = moments(values);
    let constant = is_constant(values, mean, variance);
    (Spread { mean, variance }, constant)
}

/// Whether the spread is no more than what rounding makes of a single value; scikit-learn's rule.
pub(crate) fn is_constant(values: &[f64], mean: f64, variance: f64) -> bool {
    let n = values.len() as f64;
    let rounding = n * mean * f64::EPSILON;
    let same = values
        .first()
        .is_none_or(|first| values.iter().all(|v| v.total_cmp(first).is_eq()));
    same || variance <= n * f64::EPSILON * variance + rounding * rounding
}
