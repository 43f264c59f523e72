//! Empirical Bayes estimates of one site's offsets and spreads, shared between columns.
//!
//! With γ̂, δ̂² mean and variance of a site's standardised values, n rows, Σ² their squared distance
//! from γ*:
//!
//! * parametric: γ ~ N(γ̄, τ²), δ² ~ inverse gamma(a, b), both from moments over columns. The answer
//!   solves `γ* = (n τ² γ̂ + δ*² γ̄) / (n τ² + δ*²)` and `δ*² = (b + Σ²/2) / (a + n/2 − 1)`;
//! * non-parametric: the other columns' (γ̂, δ̂²), weighted by the likelihood that they give to the
//!   column's values;
//! * means only: δ* = 1, and n = 1 in the parametric formula, as in the authors' program.

use rayon::prelude::*;

/// Relative change at which the two equations count as solved.
const CONVERGED: f64 = 1e-13;

/// Most rounds; a few dozen suffice, since each round contracts.
const MAX_ROUNDS: usize = 10_000;

/// Variances over columns below this share of their mean's square are rounding.
const NO_VARIANCE: f64 = 1e-24;

/// A column's values at one site, on the standard scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct SiteColumn {
    /// How many.
    pub(super) rows: f64,
    /// γ̂.
    pub(super) mean: f64,
    /// Squared deviations from γ̂.
    pub(super) squares: f64,
}

impl SiteColumn {
    /// δ̂²; 1 where the site's values are all the same, as in neuroCombat.
    fn variance(self) -> f64 {
        let variance = self.squares / (self.rows - 1.0);
        if variance > 0.0 { variance } else { 1.0 }
    }

    /// Σ² around a centre.
    fn squares_around(self, centre: f64) -> f64 {
        self.squares + self.rows * (self.mean - centre) * (self.mean - centre)
    }
}

/// (γ*, δ*²) of every column at one site.
pub(super) fn estimates(
    columns: &[SiteColumn],
    parametric: bool,
    mean_only: bool,
) -> Vec<(f64, f64)> {
    let variance = |c: &SiteColumn| if mean_only { 1.0 } else { c.variance() };
    let own: Vec<(f64, f64)> = columns.iter().map(|c| (c.mean, variance(c))).collect();
    if columns.len() < 2 {
        return own;
    }
    if !parametric {
        return non_parametric(columns, &own);
    }
    let (centre, between) = moments(own.iter().map(|(mean, _)| *mean));
    if mean_only {
        let shrunk = |mean: f64| (between * mean + centre) / (between + 1.0);
        return own.iter().map(|&(mean, _)| (shrunk(mean), 1.0)).collect();
    }
    let (m, s2) = moments(own.iter().map(|(_, variance)| *variance));
    columns
        .iter()
        .zip(&own)
        .map(|(column, &start)| {
            if s2 <= NO_VARIANCE * m * m {
                // All spreads are the same: the prior is that value.
                return (posterior_mean(column, centre, between, m), m);
            }
            let (a, b) = ((2.0 * s2 + m * m) / s2, (m * s2 + m * m * m) / s2);
            solved(column, start, (centre, between), (a, b))
        })
        .collect()
}

fn posterior_mean(column: &SiteColumn, centre: f64, between: f64, variance: f64) -> f64 {
    let weight = column.rows * between;
    (weight * column.mean + variance * centre) / (weight + variance)
}

/// The solution of the two equations, by turns.
fn solved(
    column: &SiteColumn,
    start: (f64, f64),
    (centre, between): (f64, f64),
    (a, b): (f64, f64),
) -> (f64, f64) {
    let (mut shift, mut variance) = start;
    for _ in 0..MAX_ROUNDS {
        let next_shift = posterior_mean(column, centre, between, variance);
        let squares = column.squares_around(next_shift);
        let next_variance = (0.5 * squares + b) / (0.5 * column.rows + a - 1.0);
        let moved = (next_shift - shift).abs() > CONVERGED * next_shift.abs()
            || (next_variance - variance).abs() > CONVERGED * next_variance;
        (shift, variance) = (next_shift, next_variance);
        if !moved {
            break;
        }
    }
    (shift, variance)
}

/// Means over the other columns' estimates, weighted by likelihood.
fn non_parametric(columns: &[SiteColumn], own: &[(f64, f64)]) -> Vec<(f64, f64)> {
    columns
        .par_iter()
        .enumerate()
        .map(|(at, column)| {
            let others = own.iter().enumerate().filter(|(other, _)| *other != at);
            // Logarithms, since likelihoods of many rows underflow.
            let likelihoods: Vec<(f64, (f64, f64))> = others
                .map(|(_, &(shift, variance))| {
                    let log = -0.5 * column.rows * variance.ln()
                        - column.squares_around(shift) / (2.0 * variance);
                    (log, (shift, variance))
                })
                .collect();
            let largest = likelihoods
                .iter()
                .fold(f64::NEG_INFINITY, |m, (log, _)| m.max(*log));
            let (mut total, mut shifts, mut variances) = (0.0, 0.0, 0.0);
            for (log, (shift, variance)) in likelihoods {
                let weight = (log - largest).exp();
                total += weight;
                shifts += weight * shift;
                variances += weight * variance;
            }
            (shifts / total, variances / total)
        })
        .collect()
}

/// Mean and variance (divided by one less than the count).
fn moments(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let squares: f64 = values.map(|v| (v - mean) * (v - mean)).sum();
    (mean, squares / (n - 1.0))
}
