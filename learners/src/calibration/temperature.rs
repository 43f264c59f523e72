//! Temperature scaling: probabilities ∝ exp(β ln p), one inverse temperature β for all classes.
//!
//! β minimises the weighted log loss. Its derivative in β, `Σ w (Σ_k q_k z_k − z_true)` with
//! z = ln(p + 10⁻¹²) and q = softmax(β z), rises with β, so the minimum is where it changes sign: found
//! by halving the interval of ln β until it has no inner point. Guo et al. 2017, arXiv 1706.04599;
//! offset and interval as in scikit-learn's `_TemperatureScaling`.

use serde::{Deserialize, Serialize};

use crate::dense::softmax;
use crate::error::Result;
use crate::saved::expect_values;

/// Added to probabilities before the logarithm, as in scikit-learn: 0 costs 27.6, not infinity.
const OFFSET: f64 = 1e-12;

/// ln β stays within ± this, as in scikit-learn.
const BOUND: f64 = 10.0;

/// Halvings of an interval of length 20 down to neighbouring numbers.
const HALVINGS: usize = 64;

/// A fitted temperature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temperature {
    /// ln β; below 0 the probabilities were too sure.
    pub log_inverse: f64,
}

impl Temperature {
    /// The best temperature for probabilities, row-major n × K, with true classes and weights of the
    /// rows. The order of rows leaves no trace.
    pub fn fit(probabilities: &[f64], truths: &[usize], weights: &[f64], classes: usize) -> Self {
        let mut rows: Vec<(Vec<f64>, usize, f64)> = probabilities
            .chunks_exact(classes)
            .zip(truths.iter().zip(weights))
            .map(|(row, (&truth, &weight))| (logarithms(row), truth, weight))
            .collect();
        rows.sort_by(|a, b| {
            let logs = a.0.iter().zip(&b.0).map(|(x, y)| x.total_cmp(y));
            logs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
                .then(a.1.cmp(&b.1))
                .then(a.2.total_cmp(&b.2))
        });
        let mut q = vec![0.0; classes];
        let mut slope = |log_inverse: f64| -> f64 {
            let beta = log_inverse.exp();
            let of = |(z, truth, weight): &(Vec<f64>, usize, f64)| {
                q.iter_mut().zip(z).for_each(|(q, z)| *q = beta * z);
                softmax(&mut q);
                let mean: f64 = q.iter().zip(z).map(|(q, z)| q * z).sum();
                weight * (mean - z[*truth])
            };
            rows.iter().map(of).sum()
        };
        let (mut low, mut high) = (-BOUND, BOUND);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if slope(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self {
            log_inverse: f64::midpoint(low, high),
        }
    }

    /// Calibrates one row's probabilities in place.
    pub fn apply(self, probabilities: &mut [f64]) {
        let beta = self.log_inverse.exp();
        for p in probabilities.iter_mut() {
            *p = beta * (*p + OFFSET).ln();
        }
        softmax(probabilities);
    }

    pub(crate) fn check(self) -> Result<()> {
        expect_values(
            "calibration, temperature",
            &[self.log_inverse],
            "within ±10",
            |v| v.abs() <= BOUND,
        )
    }
}

fn logarithms(row: &[f64]) -> Vec<f64> {
    row.iter().map(|p| (p + OFFSET).ln()).collect()
}
