//! A co-occurrence matrix with its marginal distributions, from which most features are read.
//!
//! Going through the distributions of `i`, `i + j` and `|i - j|` costs the number of levels instead
//! of its square. Symbols stand in the head of [`super`].

use super::matrix::Cell;
use crate::families::entropy::{self, EPSILON};

/// The co-occurrence matrix of one direction; it holds at least one pair.
#[derive(Debug, Clone)]
pub(crate) struct CoOccurrence {
    /// Non-zero elements of the upper triangle.
    pub(crate) cells: Vec<Cell>,
    /// Sum of the symmetric matrix: twice the number of pairs.
    pub(crate) total: f64,
    /// Grey level of each position, as in [`Cell`].
    pub(crate) levels: Vec<f64>,
    /// `N_g`
    pub(crate) highest_level: f64,
    /// `p_x` by position; zero for levels without neighbours in this direction.
    pub(crate) p_x: Vec<f64>,
    /// `(k, p_x-y(k))` where not zero.
    pub(crate) differences: Vec<(f64, f64)>,
    /// `(k, p_x+y(k))` where not zero.
    pub(crate) sums: Vec<(f64, f64)>,
    /// `mu`, the mean of `p_x`.
    pub(crate) mean: f64,
    /// `HXY`
    pub(crate) joint_entropy: f64,
}

impl CoOccurrence {
    /// Normalises the counts of one direction, or `None` when there are none.
    pub(crate) fn new(cells: Vec<Cell>, levels: &[u32], highest_level: u32) -> Option<Self> {
        let pairs: u64 = cells.iter().map(|cell| u64::from(cell.count)).sum();
        if pairs == 0 {
            return None;
        }
        let total = (2 * pairs) as f64;
        let (lowest, widest) = (levels[0], levels[levels.len() - 1] - levels[0]);
        let mut of_level = vec![0_u64; levels.len()];
        let mut of_difference = vec![0_u64; widest as usize + 1];
        let mut of_sum = vec![0_u64; 2 * widest as usize + 1];
        for cell in &cells {
            let (i, j) = (usize::from(cell.i), usize::from(cell.j));
            let count = u64::from(cell.count);
            of_level[i] += count;
            of_level[j] += count;
            // Off the diagonal a pair stands for two elements, on it for one of twice the size.
            of_difference[(levels[j] - levels[i]) as usize] += 2 * count;
            of_sum[(levels[i] - lowest + levels[j] - lowest) as usize] += 2 * count;
        }
        let distribution = |counts: &[u64], first: u32| -> Vec<(f64, f64)> {
            let numbered = (first..).zip(counts).filter(|(_, count)| **count > 0);
            numbered
                .map(|(k, count)| (f64::from(k), *count as f64 / total))
                .collect()
        };
        let p_x: Vec<f64> = of_level.iter().map(|count| *count as f64 / total).collect();
        let levels: Vec<f64> = levels.iter().map(|level| f64::from(*level)).collect();
        let mut matrix = Self {
            total,
            highest_level: f64::from(highest_level),
            mean: p_x.iter().zip(&levels).map(|(p, i)| p * i).sum(),
            differences: distribution(&of_difference, 0),
            sums: distribution(&of_sum, 2 * lowest),
            joint_entropy: 0.0,
            p_x,
            levels,
            cells,
        };
        matrix.joint_entropy = matrix.sum_over_elements(|_, _, p| entropy::term(p));
        Some(matrix)
    }

    /// `Σ_ij f(i, j, p(i, j))` over the non-zero elements of the whole matrix, for a symmetric `f`.
    pub(crate) fn sum_over_elements(&self, f: impl Fn(f64, f64, f64) -> f64) -> f64 {
        let term = |cell: &Cell| {
            let (i, j) = (
                self.levels[usize::from(cell.i)],
                self.levels[usize::from(cell.j)],
            );
            if cell.i == cell.j {
                f(i, j, 2.0 * f64::from(cell.count) / self.total)
            } else {
                2.0 * f(i, j, f64::from(cell.count) / self.total)
            }
        };
        self.cells.iter().map(term).sum()
    }

    /// `Σ_k f(k) p_x-y(k)`
    pub(crate) fn over_differences(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.differences.iter().map(|(k, p)| f(*k) * p).sum()
    }

    /// `Σ_k f(k) p_x+y(k)`
    pub(crate) fn over_sums(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.sums.iter().map(|(k, p)| f(*k) * p).sum()
    }

    /// `Σ_i (i - mu)² p_x(i)`
    pub(crate) fn variance(&self) -> f64 {
        let squares = self.p_x.iter().zip(&self.levels);
        squares
            .map(|(p, i)| p * (i - self.mean) * (i - self.mean))
            .sum()
    }

    /// Whether only one level has neighbours in this direction.
    pub(crate) fn has_one_level(&self) -> bool {
        self.cells.len() == 1 && self.cells[0].i == self.cells[0].j
    }

    /// `HX`
    pub(crate) fn marginal_entropy(&self) -> f64 {
        entropy::of(self.p_x.iter().copied())
    }

    /// `-Σ p_x log2 p_x`, without `ε`.
    fn exact_marginal_entropy(&self) -> f64 {
        let inhabited = self.p_x.iter().filter(|p| **p > 0.0);
        inhabited.map(|p| -p * p.log2()).sum()
    }

    /// `HXY1 = -Σ_ij p(i, j) log2(p_x(i) p_x(j) + ε)`.
    ///
    /// To first order in `ε` that is twice the exact marginal entropy less
    /// `ε / ln 2 · Σ p(i, j) / (p_x(i) p_x(j))`, which spares a logarithm per element.
    pub(crate) fn cross_entropy_1(&self) -> f64 {
        let p = |position: u16| self.p_x[usize::from(position)];
        let ratios = self.cells.iter().map(|cell| {
            // Both cases stand for 2 count / total: two elements, or one of twice the size.
            2.0 * f64::from(cell.count) / self.total / (p(cell.i) * p(cell.j))
        });
        let correction: f64 = ratios.sum();
        2.0 * self.exact_marginal_entropy() - EPSILON * std::f64::consts::LOG2_E * correction
    }

    /// `HXY2 = -Σ_ij p_x(i) p_x(j) log2(p_x(i) p_x(j) + ε)`: to first order in `ε` twice the exact
    /// marginal entropy less `ε / ln 2` for each pair of levels that occur.
    pub(crate) fn cross_entropy_2(&self) -> f64 {
        let inhabited = self.p_x.iter().filter(|p| **p > 0.0).count() as f64;
        let correction = EPSILON * std::f64::consts::LOG2_E * inhabited * inhabited;
        2.0 * self.exact_marginal_entropy() - correction
    }
}
