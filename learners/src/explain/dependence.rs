//! Partial dependence: the mean answer when one column is set to a value in every row.
//!
//! Friedman 2001, doi 10.1214/aos/1013203451, section 8.2; the rows' own curves are the individual
//! conditional expectations of Goldstein et al. 2015, doi 10.1080/10618600.2014.907095. scikit-learn's
//! `partial_dependence(method="brute")`. Where columns go together the rows it makes may not exist.

use rayon::prelude::*;
use serde::Serialize;

use super::permutation::{position, with_column};
use crate::error::{LearnError, Result};
use crate::pipeline::FittedPipeline;
use crate::samples::Samples;

/// Plotting positions (k − 0.4) / (n + 0.2) of Cunnane's quantiles, which scikit-learn's grid uses
/// (scipy's `mquantiles`).
const CUNNANE: f64 = 0.4;

/// Where answers are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// Points of the grid; a column with fewer distinct values has these instead.
    pub grid_resolution: usize,
    /// First and last point as quantiles of the column.
    pub quantiles: (f64, f64),
    /// Whether every row's own curve is kept.
    pub individual: bool,
}

impl Default for Dependence {
    fn default() -> Self {
        Self {
            grid_resolution: 20,
            quantiles: (0.05, 0.95),
            individual: false,
        }
    }
}

/// Answers along a column, K classes each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartialDependence {
    /// The column.
    pub column: String,
    /// Its values, ascending, in the table's units.
    pub grid: Vec<f64>,
    /// Mean probabilities, grid × K.
    pub average: Vec<Vec<f64>>,
    /// Probabilities of each row in the samples' order, rows × grid × K, where asked for.
    pub individual: Option<Vec<Vec<Vec<f64>>>>,
}

/// The pipeline's mean answers on `samples` along a column; the grid spans the samples' values.
///
/// # Errors
/// [`LearnError::Columns`] for a column the samples do not have, [`LearnError::Samples`] where it has no
/// defined value or the grid makes no sense, and those of [`FittedPipeline::predict_samples`].
pub fn partial_dependence(
    fitted: &FittedPipeline,
    samples: &Samples,
    column: &str,
    settings: &Dependence,
) -> Result<PartialDependence> {
    let at = position(samples, column)?;
    let grid = grid(samples.column(at).collect(), column, settings)?;
    let classes = fitted.classes().len();
    let answers: Vec<Vec<f64>> = grid
        .par_iter()
        .map(|&value| fitted.answers(&with_column(samples, at, |_| value)))
        .collect::<Result<_>>()?;
    let average = |answers: &Vec<f64>| -> Vec<f64> {
        let mean = |class: usize| {
            let mut p: Vec<f64> = answers
                .iter()
                .skip(class)
                .step_by(classes)
                .copied()
                .collect();
            // Sorted, so that the order of rows leaves no trace.
            p.sort_unstable_by(f64::total_cmp);
            p.iter().sum::<f64>() / p.len() as f64
        };
        (0..classes).map(mean).collect()
    };
    let curve = |row: usize| -> Vec<Vec<f64>> {
        let of = |answers: &Vec<f64>| answers[row * classes..(row + 1) * classes].to_vec();
        answers.iter().map(of).collect()
    };
    Ok(PartialDependence {
        column: column.to_owned(),
        average: answers.iter().map(average).collect(),
        individual: settings
            .individual
            .then(|| (0..samples.rows()).map(curve).collect()),
        grid,
    })
}

/// Evenly spaced values between two quantiles, or the distinct values where they are few.
fn grid(mut values: Vec<f64>, column: &str, settings: &Dependence) -> Result<Vec<f64>> {
    let (first, last) = settings.quantiles;
    let sensible = (0.0..=1.0).contains(&first) && first < last && last <= 1.0;
    if settings.grid_resolution < 2 || !sensible {
        return Err(LearnError::samples(
            format!(
                "{} points from quantile {first} to {last}",
                settings.grid_resolution
            ),
            "two points at least between ascending quantiles",
        ));
    }
    values.retain(|v| !v.is_nan());
    if values.is_empty() {
        return Err(LearnError::samples(
            format!("column '{column}' without a defined value"),
            "a value to start from",
        ));
    }
    values.sort_unstable_by(f64::total_cmp);
    let mut distinct = values.clone();
    distinct.dedup();
    if distinct.len() < settings.grid_resolution {
        return Ok(distinct);
    }
    let (low, high) = (quantile(&values, first), quantile(&values, last));
    let steps = settings.grid_resolution - 1;
    let point = |i: usize| low + (high - low) * (i as f64 / steps as f64);
    let mut grid: Vec<f64> = (0..=steps).map(point).collect();
    // A column may hold one value between the quantiles.
    grid.dedup();
    Ok(grid)
}

/// Cunnane's quantile of sorted values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position among the values"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let n = sorted.len() as f64;
    let at = n * share + CUNNANE + share * (1.0 - 2.0 * CUNNANE);
    let below = at.floor().clamp(1.0, (n - 1.0).max(1.0));
    let part = (at - below).clamp(0.0, 1.0);
    let k = below as usize;
    let next = sorted[k.min(sorted.len() - 1)];
    (1.0 - part) * sorted[k - 1] + part * next
}
