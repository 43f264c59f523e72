//! A co-occurrence matrix with its marginal distributions, from which most features are read.
//!
//! Going through the distributions of `i`, `j`, `i + j` and `|i - j|` costs the number of levels instead
//! of its square; the elements themselves are visited once. Symbols stand in the head of [`super`].

use std::cell::RefCell;
use std::sync::Arc;

use super::correlations::Graph;
use super::matrix::Cell;
use crate::families::entropy::{Count, Entropy};
use crate::profile::Profile;
use crate::settings::Pairs;

/// What matrices of one region have in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    /// Grey level of each position, as in [`Cell`].
    pub(crate) levels: Vec<f64>,
    /// `N_g`
    pub(crate) highest_level: f64,
    pub(crate) pairs: Pairs,
    pub(crate) profile: Profile,
}

/// A co-occurrence matrix that holds at least one pair, in a room that serves one matrix after another.
#[derive(Debug, Default)]
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
    /// Room for the features that need more than a sum.
    pub(super) graph: RefCell<Graph>,
    room: Room,
}

/// Where counts are added up.
#[derive(Debug, Default)]
struct Room {
    /// Grey level of each position, counted from the lowest.
    numbers: Vec<usize>,
    rows: Vec<f64>,
    columns: Vec<f64>,
    differences: Sums,
    sums: Sums,
}

/// Numbers that belong to keys, zero between two uses.
#[derive(Debug, Default)]
struct Sums {
    of_key: Vec<f64>,
    /// How many of the keys are in use.
    keys: usize,
    /// A bit for each key that occurs, where there are few.
    occurs: Vec<u64>,
}

/// The distribution of the levels on one side of the pairs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Margin {
    /// By position.
    pub(crate) p: Vec<f64>,
    /// `mu`
    pub(crate) mean: f64,
    /// `sigma²`
    pub(crate) variance: f64,
    entropy: Entropy,
    /// How many levels occur on this side.
    inhabited: usize,
}

impl Margin {
    fn fill(&mut self, counts: &[f64], total: f64, levels: &[f64]) {
        self.entropy = Entropy::default();
        for count in counts {
            self.entropy.add(*count);
        }
        self.p.clear();
        self.p.extend(counts.iter().map(|count| count / total));
        let mean = self.p.iter().zip(levels).map(|(p, i)| p * i).sum();
        let squares = self.p.iter().zip(levels);
        self.variance = squares.map(|(p, i)| p * (i - mean) * (i - mean)).sum();
        self.mean = mean;
        self.inhabited = self.p.iter().filter(|p| **p > 0.0).count();
    }

    /// `-Σ p log2(p + ε)`
    pub(crate) fn entropy(&self, epsilon: f64) -> f64 {
        self.entropy.bits(epsilon)
    }
}

impl Sums {
    /// As many keys as this, all of them zero.
    fn reserve(&mut self, keys: usize) {
        self.keys = keys;
        if self.of_key.len() < keys {
            self.of_key.resize(keys, 0.0);
        }
    }

    /// Puts `(k, p(k))` in place of what `probabilities` held, where not zero, `k` counted from `first`; gives
    /// back the entropy and zeroes the sums. `keys` are all those that were added to, perhaps repeated.
    fn distribution(
        &mut self,
        keys: impl ExactSizeIterator<Item = usize>,
        (first, total, epsilon): (f64, f64, f64),
        probabilities: &mut Vec<(f64, f64)>,
    ) -> f64 {
        /// With so many keys for each of the sums it is quicker to mark those that occur.
        const SPARSE: usize = 2;
        let mut entropy = Entropy::default();
        probabilities.clear();
        let mut read = |k: usize, sum: &mut f64| {
            let count = std::mem::take(sum);
            if count > 0.0 {
                entropy.add(count);
                probabilities.push((first + k as f64, count / total));
            }
        };
        if keys.len() * SPARSE > self.keys {
            for (k, sum) in self.of_key[..self.keys].iter_mut().enumerate() {
                read(k, sum);
            }
        } else {
            self.occurs.resize(self.keys.div_ceil(64), 0);
            for key in keys {
                self.occurs[key / 64] |= 1 << (key % 64);
            }
            for (word, bits) in self.occurs.iter_mut().enumerate() {
                let mut left = std::mem::take(bits);
                while left != 0 {
                    let k = 64 * word + left.trailing_zeros() as usize;
                    read(k, &mut self.of_key[k]);
                    left &= left - 1;
                }
            }
        }
        entropy.bits(epsilon)
    }
}

impl CoOccurrence {
    /// Normalises the counts of a matrix; false, and the room holds no matrix, when there are none.
    pub(crate) fn fill<C: Count>(&mut self, frame: &Arc<Frame>, cells: &[Cell<C>]) -> bool {
        let levels = &frame.levels;
        let (lowest, widest) = (levels[0], levels[levels.len() - 1] - levels[0]);
        let Room {
            numbers,
            rows,
            columns,
            differences,
            sums,
        } = &mut self.room;
        numbers.clear();
        numbers.extend(levels.iter().map(|level| whole(level - lowest)));
        for side in [&mut *rows, &mut *columns] {
            side.clear();
            side.resize(levels.len(), 0.0);
        }
        differences.reserve(whole(widest) + 1);
        sums.reserve(2 * whole(widest) + 1);
        let (mut joint, mut squares, mut maximum) = (Entropy::default(), 0.0, 0.0_f64);
        for cell in cells {
            let (row, column) = (usize::from(cell.i), usize::from(cell.j));
            let count = cell.count.value();
            rows[row] += count;
            columns[column] += count;
            differences.of_key[numbers[row].abs_diff(numbers[column])] += count;
            sums.of_key[numbers[row] + numbers[column]] += count;
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
        let pairs: f64 = rows.iter().sum();
        if pairs == 0.0 {
            return false;
        }
        let total = match frame.pairs {
            Pairs::OneWay => pairs,
            Pairs::Symmetric => 2.0 * pairs,
        };
        match frame.pairs {
            Pairs::OneWay => {
                self.rows.fill(rows, total, levels);
                self.columns.fill(columns, total, levels);
            }
            Pairs::Symmetric => {
                for (row, column) in rows.iter_mut().zip(columns) {
                    *row += *column;
                }
                self.rows.fill(rows, total, levels);
                self.columns.clone_from(&self.rows);
            }
        }
        let epsilon = frame.profile.epsilon();
        let sides = |cell: &Cell<C>| (numbers[usize::from(cell.i)], numbers[usize::from(cell.j)]);
        let keys = cells.iter().map(sides).map(|(i, j)| i.abs_diff(j));
        let scale = (0.0, pairs, epsilon);
        self.difference_entropy = differences.distribution(keys, scale, &mut self.differences);
        let keys = cells.iter().map(sides).map(|(i, j)| i + j);
        let scale = (2.0 * lowest, pairs, epsilon);
        self.sum_entropy = sums.distribution(keys, scale, &mut self.sums);
        self.elements.clear();
        self.elements.extend(cells.iter().map(|cell| Cell {
            i: cell.i,
            j: cell.j,
            count: cell.count.value(),
        }));
        if !Arc::ptr_eq(&self.frame, frame) {
            self.frame = Arc::clone(frame);
        }
        self.total = total;
        self.joint_entropy = joint.bits(epsilon);
        self.energy = squares / (total * total);
        self.maximum = maximum / total;
        true
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
        self.rows.inhabited == 1 && self.columns.inhabited == 1
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
        let inhabited = self.rows.inhabited as f64 * self.columns.inhabited as f64;
        let correction = self.frame.profile.epsilon() * std::f64::consts::LOG2_E * inhabited;
        self.rows.entropy(0.0) + self.columns.entropy(0.0) - correction
    }
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
