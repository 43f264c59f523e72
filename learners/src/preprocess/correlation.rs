//! Correlations of all pairs of columns.

use rayon::prelude::*;

use crate::dense::gram::{gram, mirror};
use crate::preprocess::statistics::squares;

/// The column with mean 0 and length 1, so that products are correlations; zeros where it does not
/// vary.
pub(crate) fn unit(values: &[f64]) -> Vec<f64> {
    let (mean, squares) = squares(values);
    let length = squares.sqrt();
    let scaled = values.iter().map(|x| (x - mean) / length);
    scaled
        .map(|x| if x.is_finite() { x } else { 0.0 })
        .collect()
}

/// Pearson's r of all pairs, p × p with ones on the diagonal, of columns with mean 0 and length 1.
pub(crate) fn correlations(unit: &[Vec<f64>]) -> Vec<f64> {
    let p = unit.len();
    let rows = unit.first().map_or(0, Vec::len);
    let mut matrix = gram(rows, p, |row, z| {
        for (to, column) in z.iter_mut().zip(unit) {
            *to = column[row];
        }
    });
    mirror(&mut matrix, p);
    matrix
        .par_chunks_mut(p.max(1))
        .enumerate()
        .for_each(|(i, row)| {
            for r in row.iter_mut() {
                // Rounding may leave a little more than 1.
                *r = r.clamp(-1.0, 1.0);
            }
            row[i] = 1.0;
        });
    matrix
}

/// The sizes of [`correlations`], whatever their signs.
pub(crate) fn absolute_correlations(unit: &[Vec<f64>]) -> Vec<f64> {
    let mut matrix = correlations(unit);
    matrix.par_iter_mut().for_each(|r| *r = r.abs());
    matrix
}
