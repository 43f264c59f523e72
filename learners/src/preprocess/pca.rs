//! Principal components: the directions in which the training rows vary most.
//!
//! Pearson 1901, doi 10.1080/14786440109462720; scikit-learn's `PCA`. Components are the eigenvectors of the
//! covariance matrix (divided by n − 1) by falling eigenvalue; with fewer rows than columns they come from the
//! singular values of the centred rows. Each has the sign that makes its largest coefficient (by size,
//! the first of equal ones) positive. Directions without variance beyond rounding are left out.

use serde::{Deserialize, Serialize};

use crate::adapters::faer::{Block, right_singular, symmetric_eigen};
use crate::dense::dot;
use crate::dense::gram::gram;
use crate::error::{LearnError, Result};
use crate::preprocess::NAME;
use crate::preprocess::record::{ColumnRecord, StepRecord};
use crate::preprocess::statistics::mean;
use crate::preprocess::working::Working;
use crate::saved::{expect_finite, expect_product};

/// Variances below this share of the largest, times the number of columns, are rounding.
const NO_VARIANCE: f64 = f64::EPSILON;

/// How many components.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ComponentCount {
    /// At most this many.
    Count(usize),
    /// As many as explain more than this share of the variance.
    Share(f64),
}

/// Principal components in place of columns.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pca {
    /// A count from 1 on, or a share of the variance below 1; all where nothing is said.
    pub n_components: Option<ComponentCount>,
}

impl Pca {
    /// Refuses settings that make no sense.
    pub(crate) fn check(self) -> Result<()> {
        let good = match self.n_components {
            None => true,
            Some(ComponentCount::Count(count)) => count > 0,
            Some(ComponentCount::Share(share)) => share > 0.0 && share < 1.0,
        };
        if good {
            return Ok(());
        }
        Err(LearnError::settings(
            NAME,
            "pca: n_components: a count from 1 on, or a share of the variance between 0 and 1",
        ))
    }
}

/// Fitted components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Components {
    /// Mean of each column before.
    means: Vec<f64>,
    /// Variance along each component, falling.
    variances: Vec<f64>,
    /// Components × columns.
    directions: Vec<f64>,
}

impl Components {
    /// Number of components.
    pub(crate) fn count(&self) -> usize {
        self.variances.len()
    }

    /// Their names.
    pub(crate) fn names(&self) -> Vec<String> {
        (1..=self.count()).map(|i| format!("pca_{i}")).collect()
    }

    /// One row's components.
    pub(crate) fn apply(&self, row: &mut [f64], out: &mut [f64]) {
        for (x, mean) in row.iter_mut().zip(&self.means) {
            *x -= mean;
        }
        let directions = self.directions.chunks_exact(self.means.len());
        for (to, direction) in out.iter_mut().zip(directions) {
            *to = dot(row, direction);
        }
    }

    /// What components from a file must fulfil.
    pub(crate) fn check(&self, columns: usize) -> Result<()> {
        expect_product("pca means", self.means.len(), columns, 1)?;
        let directions = self.directions.len();
        expect_product("pca directions", directions, self.count(), columns)?;
        expect_finite("pca means", &self.means)?;
        expect_finite("pca directions", &self.directions)?;
        expect_finite("pca variances", &self.variances)?;
        if self.count() == 0 {
            return Err(LearnError::saved("pca", "no component", "at least one"));
        }
        Ok(())
    }
}

/// Components of the rows as they are written for the learner: row-major rows × columns.
///
/// # Errors
/// [`LearnError::Backend`] when the decomposition does not converge.
pub(crate) fn fit(work: &mut Working, settings: Pca) -> Result<Components> {
    let (n, p) = (work.samples.rows(), work.columns.len());
    let columns = work.values();
    let means: Vec<f64> = columns.iter().map(|x| mean(x)).collect();
    let centred = |row: usize, z: &mut [f64]| {
        for ((to, column), mean) in z.iter_mut().zip(&columns).zip(&means) {
            *to = column[row] - mean;
        }
    };
    let divisor = (n - 1).max(1) as f64;
    let (squares, mut directions) = if n >= p {
        let found = symmetric_eigen(&gram(n, p, centred), p, NAME)?;
        // Ascending there, falling here.
        let values: Vec<f64> = found.values.iter().rev().copied().collect();
        let vectors = found.vectors.chunks_exact(p).rev().flatten().copied();
        (values, vectors.collect::<Vec<f64>>())
    } else {
        let mut rows = vec![0.0; n * p];
        for (row, z) in rows.chunks_exact_mut(p).enumerate() {
            centred(row, z);
        }
        let found = right_singular(Block::new(&rows, n, p), NAME)?;
        let values = found.values.iter().map(|s| s * s).collect();
        (values, found.vectors)
    };
    let largest = squares.first().copied().unwrap_or(0.0);
    let total: f64 = squares.iter().map(|s| s.max(0.0)).sum();
    let real = squares
        .iter()
        .take_while(|s| **s > NO_VARIANCE * p as f64 * largest)
        .count();
    let wanted = match settings.n_components {
        None => real,
        Some(ComponentCount::Count(count)) => count.min(real),
        Some(ComponentCount::Share(share)) => explaining(&squares, share * total).min(real),
    };
    let wanted = wanted.max(1);
    directions.truncate(wanted * p);
    directions.chunks_exact_mut(p).for_each(orient);
    let names = (1..=squares.len()).map(|i| format!("pca_{i}"));
    let record = names.zip(&squares).enumerate();
    work.record.push(StepRecord {
        step: "pca".into(),
        score: "share of the variance".into(),
        columns: record
            .map(|(at, (name, s))| ColumnRecord::new(&name, Some(s.max(0.0) / total), at < wanted))
            .collect(),
    });
    Ok(Components {
        means,
        variances: squares[..wanted].iter().map(|s| s / divisor).collect(),
        directions,
    })
}

/// The fewest components whose squares sum to more than a bound.
fn explaining(squares: &[f64], bound: f64) -> usize {
    let mut sum = 0.0;
    let enough = squares.iter().position(|s| {
        sum += s.max(0.0);
        sum > bound
    });
    enough.map_or(squares.len(), |at| at + 1)
}

/// Turns a direction so that its largest coefficient is positive.
fn orient(direction: &mut [f64]) {
    let largest = direction.iter().fold(
        0.0_f64,
        |best, x| if x.abs() > best.abs() { *x } else { best },
    );
    if largest < 0.0 {
        for x in direction.iter_mut() {
            *x = -*x;
        }
    }
}
