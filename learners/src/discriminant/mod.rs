//! Linear and quadratic discriminants: a normal density per class, with one covariance for all classes
//! or one each, and Bayes' rule.
//!
//! Hastie, Tibshirani, Friedman, Elements of Statistical Learning (2009), section 4.3.

mod covariance;
mod linear;
mod quadratic;

pub use covariance::Shrinkage;
pub use linear::{LinearDiscriminant, LinearDiscriminantModel, LinearSolver};
pub use quadratic::{QuadraticDiscriminant, QuadraticDiscriminantModel, QuadraticSolver};

use crate::samples::{PresentClasses, Samples};

/// The rows of each present class, and the means of its columns (classes × p).
struct Classes {
    rows: Vec<Vec<usize>>,
    means: Vec<f64>,
}

impl Classes {
    fn new(samples: &Samples, present: &PresentClasses) -> Self {
        let p = samples.width();
        let mut rows = vec![Vec::new(); present.labels.len()];
        let mut means = vec![0.0; rows.len() * p];
        for (row, &class) in present.of_row.iter().enumerate() {
            rows[class].push(row);
            for (mean, x) in means[class * p..].iter_mut().zip(samples.row(row)) {
                *mean += x;
            }
        }
        for (mean, rows) in means.chunks_exact_mut(p).zip(&rows) {
            for m in mean {
                *m /= rows.len() as f64;
            }
        }
        Self { rows, means }
    }

    /// How many rows each class has.
    fn totals(&self) -> Vec<f64> {
        self.rows.iter().map(|rows| rows.len() as f64).collect()
    }

    fn mean(&self, class: usize, p: usize) -> &[f64] {
        &self.means[class * p..(class + 1) * p]
    }
}
