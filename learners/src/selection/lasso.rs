//! Columns that keep a coefficient under an L1 penalty.
//!
//! Tibshirani 1996, doi 10.1111/j.2517-6161.1996.tb02080.x, for logistic regression. At one `C` all columns with a
//! coefficient in any class go on. With `k`, C grows from where every coefficient is zero, [`STEPS`] steps
//! to a factor of [`RANGE`], until k columns have entered: the first k go on, those of one step by
//! their coefficients there. Presumes a common scale.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::logistic_regression::{LogisticModel, largest_empty_c, path};
use crate::selection::quota::best;
use crate::selection::{Candidates, Verdict, refused};

/// Steps of the path.
const STEPS: usize = 60;

/// Largest C of the path over its smallest, as glmnet's for more rows than columns.
const RANGE: f64 = 1e4;

/// Steps fitted together: most paths end early.
const STRIDE: usize = 5;

/// An L1 penalty alone.
const L1: f64 = 1.0;

/// Columns with a coefficient under an L1 penalty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lasso {
    /// Inverse strength of the penalty; not read where `k` is given.
    #[serde(rename = "C")]
    pub c: f64,
    /// The first columns of the path, in place of those at one `C`.
    pub k: Option<usize>,
}

impl Default for Lasso {
    fn default() -> Self {
        Self { c: 1.0, k: None }
    }
}

impl Lasso {
    pub(crate) fn check(&self) -> Result<()> {
        if !(self.c > 0.0 && self.c.is_finite()) {
            return Err(refused("lasso", "C: a finite number above 0"));
        }
        if self.k == Some(0) {
            return Err(refused("lasso", "k = 0: at least one column is needed"));
        }
        Ok(())
    }

    pub(crate) fn score(&self) -> &'static str {
        if self.k.is_some() {
            "place in the path"
        } else {
            "sum of absolute coefficients"
        }
    }

    /// A column's score at one C is the sum of its absolute coefficients; along a path how early it
    /// entered, from 1 at once down to 0, with the share of its coefficient among those of its step.
    pub(crate) fn judge(&self, candidates: &Candidates) -> Result<Verdict> {
        let columns: Vec<&[f64]> = candidates.columns.iter().map(Vec::as_slice).collect();
        let samples = candidates.samples(&columns)?;
        let Some(k) = self.k else {
            let models = path(&samples, &[self.c], L1)?;
            let scores = absolute(&models[0]);
            let kept = scores.iter().map(|s| *s > 0.0).collect();
            return Ok(Verdict { scores, kept });
        };
        let k = k.min(candidates.width());
        let mut scores = vec![0.0; candidates.width()];
        let first = largest_empty_c(&samples, L1)?;
        let factor = RANGE.powf(1.0 / STEPS as f64);
        let mut step = 0;
        let mut entered = 0;
        while step < STEPS && entered < k {
            let count = STRIDE.min(STEPS - step);
            let penalties: Vec<f64> = (1..=count)
                .map(|i| first * factor.powf((step + i) as f64))
                .collect();
            for model in path(&samples, &penalties, L1)? {
                step += 1;
                if entered >= k {
                    break;
                }
                let sizes = absolute(&model);
                let largest = sizes.iter().copied().fold(0.0, f64::max);
                for (score, size) in scores.iter_mut().zip(sizes) {
                    if *score <= 0.0 && size > 0.0 {
                        // Between this step's place and that of the step before.
                        let place = (STEPS - step) as f64 + size / largest;
                        *score = place / STEPS as f64;
                        entered += 1;
                    }
                }
            }
        }
        let first = best(&scores, k);
        let kept = first.iter().zip(&scores).map(|(f, s)| *f && *s > 0.0);
        Ok(Verdict {
            kept: kept.collect(),
            scores,
        })
    }
}

/// Sum over classes of the absolute coefficients of each column.
fn absolute(model: &LogisticModel) -> Vec<f64> {
    let mut sums = vec![0.0; model.width];
    for row in model.coefficients() {
        for (sum, w) in sums.iter_mut().zip(row) {
            *sum += w.abs();
        }
    }
    sums
}
