//! Permutation importance: what a score loses when one column of the table is put in random order.
//!
//! Breiman 2001, doi 10.1023/A:1010933404324; scikit-learn's `permutation_importance`. The raw column is
//! permuted, before the preprocessing, so that the figure belongs to the table's column whatever becomes
//! of it. Columns that the preprocessing dropped have 0. A repeat uses the same permutation for every
//! column. Answers are judged patient by patient ([`crate::tuning::score`]).
//!
//! Of columns that say the same each may look useless, since the others still say it. On rows that the
//! pipeline was fitted on it shows what was learned, not what holds: give rows held out.

use std::collections::BTreeSet;

use raduet_study::random::Stream;
use rayon::prelude::*;
use serde::Serialize;

use crate::error::{LearnError, Result};
use crate::pipeline::FittedPipeline;
use crate::samples::Samples;
use crate::tuning::Score;
use crate::tuning::score::Judge;

/// Importances of every column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importances {
    /// What is lost.
    pub score: Score,
    /// The score of the rows as they are.
    pub baseline: f64,
    /// One a column, in the order of the training table.
    pub columns: Vec<ColumnImportance>,
}

/// The importance of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnImportance {
    /// Its name.
    pub column: String,
    /// Mean loss over the repeats; above 0 where the column helps.
    pub mean: f64,
    /// Standard deviation over the repeats (divided by their number).
    pub sd: f64,
    /// The loss of every repeat.
    pub repeats: Vec<f64>,
}

/// What the pipeline's score on `samples` loses without each column; `repeats` permutations.
///
/// # Errors
/// [`LearnError::Samples`] without a repeat or a row, and those of [`FittedPipeline::predict_samples`].
pub fn permutation_importance(
    fitted: &FittedPipeline,
    samples: &Samples,
    score: Score,
    repeats: usize,
    seed: u64,
) -> Result<Importances> {
    if repeats == 0 || samples.rows() == 0 {
        return Err(LearnError::samples(
            format!("{repeats} repeats on {} rows", samples.rows()),
            "one of each at least",
        ));
    }
    let samples = samples.in_canonical_order();
    let training = fitted.training();
    let judge = Judge::new(&samples, training.patients.unwrap_or(training.rows));
    let baseline = judge.score(score, &fitted.answers(&samples)?);
    let orders: Vec<Vec<usize>> = (0..repeats as u64)
        .map(|repeat| {
            let mut order: Vec<usize> = (0..samples.rows()).collect();
            Stream::new(seed, "permutation importance", repeat).shuffle(&mut order);
            order
        })
        .collect();
    let dropped: BTreeSet<&str> = fitted
        .warnings()
        .iter()
        .map(|d| d.column.as_str())
        .collect();
    let of_column = |name: &String| -> Result<ColumnImportance> {
        let losses = if dropped.contains(name.as_str()) {
            vec![0.0; repeats]
        } else {
            let lost = |order: &Vec<usize>| -> Result<f64> {
                let answers = fitted.answers(&permuted(&samples, name, order)?)?;
                Ok(score.gain(baseline, judge.score(score, &answers)))
            };
            orders.iter().map(lost).collect::<Result<_>>()?
        };
        let mean = losses.iter().sum::<f64>() / repeats as f64;
        let squares: f64 = losses
            .iter()
            .map(|loss| (loss - mean) * (loss - mean))
            .sum();
        Ok(ColumnImportance {
            column: name.clone(),
            mean,
            sd: (squares / repeats as f64).sqrt(),
            repeats: losses,
        })
    };
    let columns = fitted.columns().par_iter().map(of_column);
    Ok(Importances {
        score,
        baseline,
        columns: columns.collect::<Result<_>>()?,
    })
}

/// The samples with the values of one column in another order.
fn permuted(samples: &Samples, column: &str, order: &[usize]) -> Result<Samples> {
    let at = position(samples, column)?;
    let values: Vec<f64> = order.iter().map(|&row| samples.row(row)[at]).collect();
    Ok(with_column(samples, at, |row| values[row]))
}

/// Where a column stands among the samples'.
pub(super) fn position(samples: &Samples, column: &str) -> Result<usize> {
    let at = samples.columns().iter().position(|name| name == column);
    at.ok_or_else(|| LearnError::Columns {
        missing: vec![column.to_owned()],
        unknown: Vec::new(),
    })
}

/// The samples with other values in one column.
pub(super) fn with_column(samples: &Samples, at: usize, value: impl Fn(usize) -> f64) -> Samples {
    let mut values = samples.values().to_vec();
    for (row, values) in values.chunks_exact_mut(samples.width()).enumerate() {
        values[at] = value(row);
    }
    samples.with_columns(samples.columns().to_vec(), values)
}
