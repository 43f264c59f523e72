//! The second-order expansion of one row's likelihood with its penalty, minimised by coordinate descent.

use crate::adapters::faer::Cholesky;
use crate::dense::add_scaled;

use super::proximal::Penalty;

/// Share of the violation at the start to which an expansion is minimised.
const INNER_SHARE: f64 = 0.01;

/// Most passes of coordinate descent over the columns of one step.
const MAX_SWEEPS: usize = 5000;

/// Passes after which the coefficients in use first go to their minimum at once; then the pause doubles.
const FIRST_JUMP: usize = 8;

/// Share of the largest diagonal entry that keeps such a jump's matrix positive definite.
const RIDGE: f64 = 1e-12;

/// `gᵀd + ½ dᵀH d` plus the penalty of `coefficients` = start + d; the last coordinate has none.
pub(super) struct Expansion<'a> {
    /// H, with the intercept's row and column last.
    pub(super) matrix: &'a [f64],
    /// Slope of the expansion where the coefficients are.
    pub(super) slope: Vec<f64>,
    pub(super) coefficients: Vec<f64>,
    pub(super) penalty: Penalty,
}

impl Expansion<'_> {
    /// Coordinate descent from the start, to a share of the violation there and no further than `floor`.
    pub(super) fn descend(&mut self, intercept: bool, floor: f64) {
        let order = self.slope.len();
        let last = order - usize::from(!intercept);
        let mut wanted = f64::INFINITY;
        let mut next_jump = FIRST_JUMP;
        for sweep in 0..MAX_SWEEPS {
            let mut worst: f64 = 0.0;
            for j in 0..last {
                let h = self.matrix[j * (order + 1)];
                let (u, g) = (self.coefficients[j], self.slope[j]);
                let free = j + 1 == order;
                let violation = if free {
                    g.abs()
                } else {
                    self.penalty.violation(u, g)
                };
                worst = worst.max(violation);
                if h <= 0.0 || violation == 0.0 {
                    continue;
                }
                let next = if free {
                    u - g / h
                } else {
                    let pull = h * u - g;
                    let beyond = (pull.abs() - self.penalty.l1).max(0.0);
                    beyond.copysign(pull) / (h + self.penalty.l2)
                };
                let change = next - u;
                if change != 0.0 {
                    self.coefficients[j] = next;
                    let row = &self.matrix[j * order..(j + 1) * order];
                    add_scaled(&mut self.slope, change, row);
                }
            }
            if sweep == 0 {
                wanted = (INNER_SHARE * worst).max(floor);
            }
            if worst <= wanted {
                return;
            }
            if sweep + 1 == next_jump {
                self.jump(last);
                next_jump *= 2;
            }
        }
    }

    /// Goes to the minimum over the coefficients that are not zero, or up to where the first of them
    /// changes its sign: along dependent columns coordinate descent alone would creep there.
    fn jump(&mut self, last: usize) {
        let order = self.slope.len();
        let free = |j: usize| j + 1 == order;
        let used: Vec<usize> = (0..last)
            .filter(|&j| free(j) || self.coefficients[j] != 0.0)
            .collect();
        let count = used.len();
        let mut matrix = vec![0.0; count * count];
        for (row, &i) in matrix.chunks_exact_mut(count).zip(&used) {
            for (v, &j) in row.iter_mut().zip(&used) {
                *v = self.matrix[i * order + j];
            }
        }
        let largest = (0..count).fold(0.0, |m, j| f64::max(m, matrix[j * (count + 1)]));
        for (at, &j) in used.iter().enumerate() {
            let penalty = if free(j) { 0.0 } else { self.penalty.l2 };
            matrix[at * (count + 1)] += penalty + RIDGE * largest;
        }
        let Some(factor) = Cholesky::new(&matrix, count) else {
            return;
        };
        let mut change: Vec<f64> = used
            .iter()
            .map(|&j| {
                let u = self.coefficients[j];
                if free(j) {
                    -self.slope[j]
                } else {
                    -(self.slope[j] + self.penalty.l2 * u + self.penalty.l1.copysign(u))
                }
            })
            .collect();
        factor.solve(&mut change);
        let reach = used
            .iter()
            .zip(&change)
            .filter(|(j, d)| !free(**j) && self.coefficients[**j] * **d < 0.0)
            .map(|(&j, d)| -self.coefficients[j] / d)
            .fold(1.0, f64::min);
        if !reach.is_finite() {
            return;
        }
        for (&j, d) in used.iter().zip(&change) {
            let u = self.coefficients[j];
            let mut next = u + reach * d;
            if !free(j) && next * u <= 0.0 {
                next = 0.0;
            }
            self.coefficients[j] = next;
            let row = &self.matrix[j * order..(j + 1) * order];
            add_scaled(&mut self.slope, next - u, row);
        }
    }
}
