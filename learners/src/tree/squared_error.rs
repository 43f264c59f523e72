//! Squared error of residuals: what makes a split of boosting good.

use crate::tree::criterion::Criterion;

/// Squared error of residuals r with weights s: score (`Σ_L` s r)² / L + (`Σ_R` s r)² / R. Its best split
/// is also that of Friedman's improvement, which differs by a constant of the node.
///
/// A row's kind is its number.
#[derive(Clone)]
pub(crate) struct SquaredError<'a> {
    /// Residual of each row times its weight.
    weighted: &'a [f64],
    /// Weight of each row; `None` where all are 1.
    weights: Option<&'a [f64]>,
    total: f64,
    sum: f64,
    squares: f64,
    left: f64,
    left_sum: f64,
}

impl<'a> SquaredError<'a> {
    /// Over rows with a weighted residual each.
    pub(crate) fn new(weighted: &'a [f64], weights: Option<&'a [f64]>) -> Self {
        Self {
            weighted,
            weights,
            total: 0.0,
            sum: 0.0,
            squares: 0.0,
            left: 0.0,
            left_sum: 0.0,
        }
    }

    fn weight_of(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
}

impl Criterion for SquaredError<'_> {
    fn kind(&self, row: usize) -> usize {
        row
    }

    fn enter(&mut self, kinds: impl Iterator<Item = usize>) {
        (self.total, self.sum, self.squares) = (0.0, 0.0, 0.0);
        for row in kinds {
            let (weighted, weight) = (self.weighted[row], self.weight_of(row));
            self.total += weight;
            self.sum += weighted;
            self.squares += weighted * weighted / weight;
        }
    }

    fn weight(&self) -> f64 {
        self.total
    }

    fn impurity(&self) -> f64 {
        let mean = self.sum / self.total;
        self.squares / self.total - mean * mean
    }

    fn is_pure(&self) -> bool {
        self.impurity() <= f64::EPSILON
    }

    fn restart(&mut self) {
        (self.left, self.left_sum) = (0.0, 0.0);
    }

    #[inline]
    fn add(&mut self, row: usize) {
        self.left += self.weight_of(row);
        self.left_sum += self.weighted[row];
    }

    #[inline]
    fn sides(&self) -> (f64, f64) {
        (self.left, self.total - self.left)
    }

    #[inline]
    fn score(&self) -> f64 {
        let (left, right) = self.sides();
        let right_sum = self.sum - self.left_sum;
        self.left_sum * self.left_sum / left + right_sum * right_sum / right
    }

    fn summed_impurity(&self, score: f64) -> f64 {
        self.squares - score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squared_error_by_hand() {
        let (residuals, weights) = ([0.5, -0.25, 0.5], [1.0, 2.0, 1.0]);
        let weighted: Vec<f64> = residuals.iter().zip(&weights).map(|(r, w)| r * w).collect();
        let mut error = SquaredError::new(&weighted, Some(&weights));
        error.enter(0..3);
        // Mean (0.5 − 0.5 + 0.5)/4 = 0.125, squares 0.25 + 2/16 + 0.25.
        assert!((error.impurity() - (0.625 / 4.0 - 0.015_625)).abs() < 1e-15);
        error.restart();
        error.add(0);
        assert!((error.score() - 0.25).abs() < 1e-15);
        assert!((error.summed_impurity(error.score()) - 0.375).abs() < 1e-15);
    }
}
