//! A co-occurrence matrix with its marginal distributions, from which most features are read.
//!
//! Going through the distributions of `i`, `j`, `i + j` and `|i - j|` costs the number of levels instead
//! of its square; the elements themselves are visited once. Symbols stand in the head of [`super`].

use std::sync::Arc;

use super::matrix::Cell;
use crate::families::entropy::{Count, Entropy};
use crate::profile::Profile;
use crate::settings::Pairs;

/// What matrices of one region have in common.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Grey level of each position, as in [`Cell`].
    pub(crate) levels: Vec<f64>,
    /// `N_g`
    pub(crate) highest_level: f64,
    pub(crate) pairs: Pairs,
    pub(crate) profile: Profile,
}

/// A co-occurrence matrix that holds at least one pair.
#[derive(Debug, Clone)]
pub(crate) struct CoOccurrence {
    pub(crate) frame: Arc<Frame>,
    /// Non-zero elements; of the upper triangle only where pairs count both ways.
    pub(crate) elements: Vec<Cell<f64>>,
    /// Sum of the matrix: twice the number of pairs where they count both ways.
    pub(crate) total: f64,
    /// `p_x`; zero for levels without a neighbour behind them.
    pub(crate) rows: Margin,
    /// `p_y`, the same as `p_x` where pairs count both ways.
    pub(crate) columns: Margin,
    /// `(k, p_x-y(k))` where not zero.
    pub(crate) differences: Vec<(f64, f64)>,
    /// `(k, p_x+y(k))` where not zero.
    pub(crate) sums: Vec<(f64, f64)>,
    /// `HXY`
    pub(crate) joint_entropy: f64,
    /// Entropy of `p_x+y`.
    pub(crate) sum_entropy: f64,
    /// Entropy of `p_x-y`.
    pub(crate) difference_entropy: f64,
    /// `Σ p²`
    pub(crate) energy: f64,
    /// The highest `p`.
    pub(crate) maximum: f64,
}

/// The distribution of the levels on one side of the pairs.
#[derive(Debug, Clone)]
pub(crate) struct Margin {
    /// By position.
    pub(crate) p: Vec<f64>,
    /// `mu`
    pub(crate) mean: f64,
    /// `sigma²`
    pub(crate) variance: f64,
    entropy: Entropy,
}

impl Margin {
    fn new(counts: &[f64], total: f64, levels: &[f64]) -> Self {
        let mut entropy = Entropy::default();
        for count in counts {
            entropy.add(*count);
        }
        let p: Vec<f64> = counts.iter().map(|count| count / total).collect();
        let mean = p.iter().zip(levels).map(|(p, i)| p * i).sum();
        let squares = p.iter().zip(levels);
        let variance = squares.map(|(p, i)| p * (i - mean) * (i - mean)).sum();
        Self {
            p,
            mean,
            variance,
            entropy,
        }
    }

    /// `-Σ p log2(p + ε)`
    pub(crate) fn entropy(&self, epsilon: f64) -> f64 {
        self.entropy.bits(epsilon)
    }

    /// How many levels occur on this side.
    pub(crate) fn inhabited(&self) -> usize {
        self.p.iter().filter(|p| **p > 0.0).count()
    }
}

impl CoOccurrence {
    /// Normalises the counts of a matrix, or `None` when there are none.
    pub(crate) fn new<C: Count>(frame: &Arc<Frame>, cells: &[Cell<C>]) -> Option<Self> {
        let levels = &frame.levels;
        let (lowest, widest) = (levels[0], levels[levels.len() - 1] - levels[0]);
        let numbers: Vec<usize> = levels.iter().map(|level| whole(level - lowest)).collect();
        let mut of_row = vec![0.0; levels.len()];
        let mut of_column = vec![0.0; levels.len()];
        let mut of_difference = vec![0.0; whole(widest) + 1];
        let mut of_sum = vec![0.0; 2 * whole(widest) + 1];
        let (mut joint, mut squares, mut maximum) = (Entropy::default(), 0.0, 0.0_f64);
        for cell in cells {
            let (row, column) = (usize::from(cell.i), usize::from(cell.j));
            let count = cell.count.value();
            of_row[row] += count;
            of_column[column] += count;
            of_difference[numbers[row].abs_diff(numbers[column])] += count;
            of_sum[numbers[row] + numbers[column]] += count;
            match (frame.pairs, row == column) {
                (Pairs::OneWay, _) => {
                    joint.add(cell.count);
                    squares += count * count;
                    maximum = maximum.max(count);
                }
                // Off the diagonal a pair stands for two elements, on it for one of twice the size.
                (Pairs::Symmetric, false) => {
                    joint.add_twice(cell.count);
                    squares += 2.0 * count * count;
                    maximum = maximum.max(count);
                }
                (Pairs::Symmetric, true) => {
                    joint.add_doubled(cell.count);
                    squares += 4.0 * count * count;
                    maximum = maximum.max(2.0 * count);
                }
            }
        }
        let pairs: f64 = of_row.iter().sum();
        if pairs == 0.0 {
            return None;
        }
        let total = match frame.pairs {
            Pairs::OneWay => pairs,
            Pairs::Symmetric => 2.0 * pairs,
        };
        let (rows, columns) = match frame.pairs {
            Pairs::OneWay => (
                Margin::new(&of_row, total, levels),
                Margin::new(&of_column, total, levels),
            ),
            Pairs::Symmetric => {
                for (row, column) in of_row.iter_mut().zip(&of_column) {
                    *row += column;
                }
                let both = Margin::new(&of_row, total, levels);
                (both.clone(), both)
            }
        };
        let epsilon = frame.profile.epsilon();
        let (differences, difference_entropy) = distribution(&of_difference, 0.0, pairs, epsilon);
        let (sums, sum_entropy) = distribution(&of_sum, 2.0 * lowest, pairs, epsilon);
        let elements = cells.iter().map(|cell| Cell {
            i: cell.i,
            j: cell.j,
            count: cell.count.value(),
        });
        Some(Self {
            frame: Arc::clone(frame),
            elements: elements.collect(),
            total,
            rows,
            columns,
            differences,
            sums,
            joint_entropy: joint.bits(epsilon),
            sum_entropy,
            difference_entropy,
            energy: squares / (total * total),
            maximum: maximum / total,
        })
    }

    /// `Σ_k f(k) p_x-y(k)`
    pub(crate) fn over_differences(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.differences.iter().map(|(k, p)| f(*k) * p).sum()
    }

    /// `Σ_k f(k) p_x+y(k)`
    pub(crate) fn over_sums(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.sums.iter().map(|(k, p)| f(*k) * p).sum()
    }

    /// Whether all pairs are of one level with one other or itself: `HX` and `HY` are 0.
    pub(crate) fn is_certain(&self) -> bool {
        self.rows.inhabited() == 1 && self.columns.inhabited() == 1
    }

    /// `HXY1 = -Σ_ij p(i, j) log2(p_x(i) p_y(j) + ε)`.
    ///
    /// To first order in `ε` that is the sum of the exact marginal entropies less
    /// `ε / ln 2 · Σ p(i, j) / (p_x(i) p_y(j))`, which spares a logarithm per element.
    pub(crate) fn cross_entropy_1(&self) -> f64 {
        let exact = self.rows.entropy(0.0) + self.columns.entropy(0.0);
        let epsilon = self.frame.profile.epsilon();
        if epsilon == 0.0 {
            return exact;
        }
        let both = match self.frame.pairs {
            // Both on and off the diagonal a cell stands for twice its count.
            Pairs::Symmetric => 2.0,
            Pairs::OneWay => 1.0,
        };
        let ratios = self.elements.iter().map(|cell| {
            let independent =
                self.rows.p[usize::from(cell.i)] * self.columns.p[usize::from(cell.j)];
            both * cell.count / self.total / independent
        });
        exact - epsilon * std::f64::consts::LOG2_E * ratios.sum::<f64>()
    }

    /// `HXY2 = -Σ_ij p_x(i) p_y(j) log2(p_x(i) p_y(j) + ε)`: to first order in `ε` the sum of the exact
    /// marginal entropies less `ε / ln 2` for each pair of levels that occur.
    pub(crate) fn cross_entropy_2(&self) -> f64 {
        let inhabited = self.rows.inhabited() as f64 * self.columns.inhabited() as f64;
        let correction = self.frame.profile.epsilon() * std::f64::consts::LOG2_E * inhabited;
        self.rows.entropy(0.0) + self.columns.entropy(0.0) - correction
    }
}

/// `(k, p(k))` where not zero, `k` counted from `first`, and the entropy.
fn distribution(counts: &[f64], first: f64, total: f64, epsilon: f64) -> (Vec<(f64, f64)>, f64) {
    let mut entropy = Entropy::default();
    let mut probabilities = Vec::with_capacity(counts.len());
    for (k, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        entropy.add(*count);
        probabilities.push((first + k as f64, count / total));
    }
    (probabilities, entropy.bits(epsilon))
}

/// A difference of grey levels as an index.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "grey levels are whole numbers, handed over in ascending order"
)]
fn whole(difference: f64) -> usize {
    difference as usize
}
