//! What makes a split good and what a leaf holds: Gini impurity for classes, squared error for the
//! residuals of boosting.
//!
//! Both are compared by a proxy that grows as the summed impurity of the children falls. A split
//! need not improve anything to be made: only so is an exclusive-or found.

/// The best cut of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// Proxy of the improvement; larger is better.
    pub(crate) score: f64,
    /// How many members, in the column's order, go left.
    pub(crate) left: usize,
}

/// Judges splits of one node at a time.
pub(crate) trait Criterion {
    /// Sums over the node's members.
    fn enter(&mut self, members: &[u32]);

    /// Weight of the entered node's members.
    fn weight(&self) -> f64;

    /// Whether the entered node needs no split.
    fn is_pure(&self) -> bool;

    /// The best cut between unequal neighbours of `sorted`; the first of equals.
    fn best_cut(&mut self, sorted: &[u32], ranks: &[u32]) -> Option<Cut>;

    /// Appends what a leaf of the entered node holds.
    fn leaf(&mut self, members: &[u32], values: &mut Vec<f64>);
}

/// Gini impurity: proxy `Σ_k` `L_k²` / L + `Σ_k` `R_k²` / R with class weights `L_k`, `R_k` of the children.
pub(crate) struct Gini<'a> {
    /// Class of each row.
    classes: &'a [u32],
    /// Weight of each row.
    weights: &'a [f64],
    /// Class weights of the node.
    totals: Vec<f64>,
    total: f64,
    left: Vec<f64>,
}

impl<'a> Gini<'a> {
    /// Over rows with a class below `count` each.
    pub(crate) fn new(classes: &'a [u32], weights: &'a [f64], count: usize) -> Self {
        Self {
            classes,
            weights,
            totals: vec![0.0; count],
            total: 0.0,
            left: vec![0.0; count],
        }
    }
}

impl Criterion for Gini<'_> {
    fn enter(&mut self, members: &[u32]) {
        self.totals.fill(0.0);
        for &row in members {
            self.totals[self.classes[row as usize] as usize] += self.weights[row as usize];
        }
        self.total = self.totals.iter().sum();
    }

    fn weight(&self) -> f64 {
        self.total
    }

    fn is_pure(&self) -> bool {
        self.totals.iter().filter(|t| **t > 0.0).count() <= 1
    }

    fn best_cut(&mut self, sorted: &[u32], ranks: &[u32]) -> Option<Cut> {
        self.left.fill(0.0);
        let mut left = 0.0;
        let mut left_squares = 0.0;
        let mut right_squares: f64 = self.totals.iter().map(|t| t * t).sum();
        let mut best: Option<Cut> = None;
        for (at, pair) in sorted.windows(2).enumerate() {
            let row = pair[0] as usize;
            let class = self.classes[row] as usize;
            let w = self.weights[row];
            let l = self.left[class];
            // Squares are updated, not summed anew; exact for whole-number weights.
            left_squares += w * (2.0 * l + w);
            right_squares -= w * (2.0 * (self.totals[class] - l) - w);
            self.left[class] = l + w;
            left += w;
            if ranks[row] != ranks[pair[1] as usize] {
                let score = left_squares / left + right_squares / (self.total - left);
                if best.is_none_or(|b| score > b.score) {
                    best = Some(Cut {
                        score,
                        left: at + 1,
                    });
                }
            }
        }
        best
    }

    fn leaf(&mut self, _members: &[u32], values: &mut Vec<f64>) {
        values.extend(self.totals.iter().map(|t| t / self.total));
    }
}

/// Squared error of residuals: proxy (`Σ_L` s r)² / L + (`Σ_R` s r)² / R; a leaf holds one Newton step
/// `factor` · Σ s r / Σ s h, zero where the curvature vanishes.
pub(crate) struct NewtonLeaves<'a> {
    /// Residual r of each row: truth minus probability.
    residuals: &'a [f64],
    /// Curvature h of each row: probability times its complement.
    curvatures: &'a [f64],
    /// Weight s of each row.
    weights: &'a [f64],
    factor: f64,
    /// Leaf value of each row, filled as leaves are made.
    reached: &'a mut [f64],
    total: f64,
    sum: f64,
    squares: f64,
}

/// Curvature below which a leaf stays at zero, as scikit-learn has it.
const SMALLEST_CURVATURE: f64 = 1e-150;

impl<'a> NewtonLeaves<'a> {
    pub(crate) fn new(
        residuals: &'a [f64],
        curvatures: &'a [f64],
        weights: &'a [f64],
        factor: f64,
        reached: &'a mut [f64],
    ) -> Self {
        Self {
            residuals,
            curvatures,
            weights,
            factor,
            reached,
            total: 0.0,
            sum: 0.0,
            squares: 0.0,
        }
    }
}

impl Criterion for NewtonLeaves<'_> {
    fn enter(&mut self, members: &[u32]) {
        (self.total, self.sum, self.squares) = (0.0, 0.0, 0.0);
        for &row in members {
            let (r, w) = (self.residuals[row as usize], self.weights[row as usize]);
            self.total += w;
            self.sum += w * r;
            self.squares += w * r * r;
        }
    }

    fn weight(&self) -> f64 {
        self.total
    }

    fn is_pure(&self) -> bool {
        let mean = self.sum / self.total;
        self.squares / self.total - mean * mean <= f64::EPSILON
    }

    fn best_cut(&mut self, sorted: &[u32], ranks: &[u32]) -> Option<Cut> {
        let (mut left, mut left_sum) = (0.0, 0.0);
        let mut best: Option<Cut> = None;
        for (at, pair) in sorted.windows(2).enumerate() {
            let row = pair[0] as usize;
            let w = self.weights[row];
            left += w;
            left_sum += w * self.residuals[row];
            if ranks[row] != ranks[pair[1] as usize] {
                let right_sum = self.sum - left_sum;
                let score =
                    left_sum * left_sum / left + right_sum * right_sum / (self.total - left);
                if best.is_none_or(|b| score > b.score) {
                    best = Some(Cut {
                        score,
                        left: at + 1,
                    });
                }
            }
        }
        best
    }

    fn leaf(&mut self, members: &[u32], values: &mut Vec<f64>) {
        let curvature: f64 = members
            .iter()
            .map(|&row| self.weights[row as usize] * self.curvatures[row as usize])
            .sum();
        let value = if curvature / self.total < SMALLEST_CURVATURE {
            0.0
        } else {
            self.factor * self.sum / curvature
        };
        for &row in members {
            self.reached[row as usize] = value;
        }
        values.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gini_cuts_where_classes_part() {
        // Values 0 1 2 2 3 with classes a a b b a: the cut after two members is best.
        let weights = [1.0; 5];
        let mut gini = Gini::new(&[0, 0, 1, 1, 0], &weights, 2);
        gini.enter(&[0, 1, 2, 3, 4]);
        let cut = gini.best_cut(&[0, 1, 2, 3, 4], &[0, 1, 2, 2, 3]).unwrap();
        assert_eq!(cut.left, 2);
        // 2²/2 + (1² + 2²)/3
        assert!((cut.score - (2.0 + 5.0 / 3.0)).abs() < 1e-12);
        assert!(gini.best_cut(&[0, 1, 2, 3, 4], &[7; 5]).is_none());
    }

    #[test]
    fn a_newton_leaf_is_the_ratio_of_sums() {
        let mut reached = [0.0; 3];
        let mut values = Vec::new();
        let (residuals, curvatures, weights) = ([0.5, -0.25, 0.5], [0.25; 3], [1.0, 2.0, 1.0]);
        let mut criterion = NewtonLeaves::new(&residuals, &curvatures, &weights, 0.5, &mut reached);
        criterion.enter(&[0, 1, 2]);
        criterion.leaf(&[0, 1, 2], &mut values);
        // 0.5 · (0.5 − 0.5 + 0.5) / (4 · 0.25)
        assert!((values[0] - 0.25).abs() < 1e-15);
        assert!(reached.iter().all(|v| v.to_bits() == values[0].to_bits()));
    }
}
