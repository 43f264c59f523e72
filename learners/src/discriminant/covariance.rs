//! A class's covariance, shrunk towards a multiple of the identity or not.
//!
//! `S' = (1 − a) S + a tr(S)/p I`, S with the divisor n. The share a is given, or that of Ledoit and Wolf
//! 2004, doi 10.1016/S0047-259X(03)00096-4, on columns scaled to variance 1, which is undone afterwards:
//! `a = min(β, δ) / δ`, `δ = ‖S − tr(S)/p I‖² / p`, `β = (Σ_i |z_i|⁴ / n − ‖S‖²) / (p n)`.

use serde::{Deserialize, Serialize};

use crate::dense::dot;
use crate::dense::gram::{gram, mirror};
use crate::error::{LearnError, Result};
use crate::samples::Samples;

/// How much of a covariance is replaced by a multiple of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Shrinkage {
    /// This share, 0 to 1.
    Share(f64),
    /// The share of Ledoit and Wolf, `"auto"`.
    LedoitWolf(Auto),
}

/// The text `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Auto {
    /// Found from the rows.
    #[serde(rename = "auto")]
    Auto,
}

impl Shrinkage {
    pub(super) fn check(self, learner: &'static str) -> Result<()> {
        match self {
            Self::Share(share) if !(0.0..=1.0).contains(&share) => Err(LearnError::settings(
                learner,
                format!("shrinkage is {share}, expected 0 to 1 or \"auto\""),
            )),
            _ => Ok(()),
        }
    }
}

/// Covariance (p × p, both triangles) of the chosen rows around their mean.
pub(super) fn covariance(
    samples: &Samples,
    rows: &[usize],
    mean: &[f64],
    shrinkage: Option<Shrinkage>,
) -> Vec<f64> {
    let p = samples.width();
    let n = rows.len() as f64;
    let scale = match shrinkage {
        Some(Shrinkage::LedoitWolf(_)) => deviations(samples, rows, mean),
        _ => vec![1.0; p],
    };
    let centred = |at: usize, z: &mut [f64]| {
        let x = samples.row(rows[at]).iter().zip(mean).zip(&scale);
        for (z, ((x, m), s)) in z.iter_mut().zip(x) {
            *z = (x - m) / s;
        }
    };
    let mut matrix = gram(rows.len(), p, centred);
    mirror(&mut matrix, p);
    for v in &mut matrix {
        *v /= n;
    }
    let trace: f64 = (0..p).map(|j| matrix[j * (p + 1)]).sum();
    let middle = trace / p as f64;
    let share = match shrinkage {
        None => 0.0,
        Some(Shrinkage::Share(share)) => share,
        Some(Shrinkage::LedoitWolf(_)) => {
            let mut z = vec![0.0; p];
            let fourth: f64 = (0..rows.len())
                .map(|at| {
                    centred(at, &mut z);
                    dot(&z, &z).powi(2)
                })
                .sum();
            let square = dot(&matrix, &matrix);
            let width = p as f64;
            let delta = (square - middle * trace) / width;
            let beta = ((fourth / n - square) / (width * n)).min(delta);
            // A single column has nothing to be shrunk.
            if p == 1 || beta <= 0.0 {
                0.0
            } else {
                beta / delta
            }
        }
    };
    for (i, row) in matrix.chunks_exact_mut(p).enumerate() {
        for (j, v) in row.iter_mut().enumerate() {
            *v *= 1.0 - share;
            if i == j {
                *v += share * middle;
            }
            *v *= scale[i] * scale[j];
        }
    }
    matrix
}

/// Standard deviations of the columns, 1 where there is none beyond what rounding of the mean leaves:
/// `variance ≤ n ε variance + (n mean ε)²`, scikit-learn's rule.
fn deviations(samples: &Samples, rows: &[usize], mean: &[f64]) -> Vec<f64> {
    let mut squares = vec![0.0; mean.len()];
    for &row in rows {
        for ((s, x), m) in squares.iter_mut().zip(samples.row(row)).zip(mean) {
            *s += (x - m) * (x - m);
        }
    }
    let n = rows.len() as f64;
    let deviation = |(sum, mean): (f64, &f64)| {
        let variance = sum / n;
        let rounding = n * mean * f64::EPSILON;
        if variance <= n * f64::EPSILON * variance + rounding * rounding {
            1.0
        } else {
            variance.sqrt()
        }
    };
    squares.into_iter().zip(mean).map(deviation).collect()
}
