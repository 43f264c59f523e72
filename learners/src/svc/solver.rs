//! Sequential minimal optimisation of one machine's dual problem.
//!
//! Minimise `½ Σ α_i α_j y_i y_j K_ij − Σ α_i` over 0 ≤ `α_i` ≤ `C_i`, `Σ y_i α_i` = 0. Two multipliers change in
//! a step. Everything is written in the *scores* `F_i = y_i − Σ_j y_j α_j K_ij`, which is −y times the
//! gradient. A row *may move up* if y α may grow, *down* if it may shrink; at the optimum no score
//! of the first kind lies above one of the second. The solver ends where the largest lies above the
//! smallest by no more than the tolerance.
//!
//! * Which two: second order choice. Fan, Chen, Lin 2005, JMLR 6, 1889 (WSS 2).
//! * Rows whose multiplier will likely stay at its bound are put aside (*shrinking*); their scores are made up
//!   before the end. Chang and Lin 2011, doi 10.1145/1961189.1961199, section 5.
//!
//! Steps and order of rows are LIBSVM's, so that answers at its usual loose tolerance agree closely.

use super::kernel_table::{KernelColumns, KernelTable};
use super::panels::Panels;
use super::row_cache::RowCache;
use super::working_set::{Rows, SMALLEST_CURVATURE, add_line, best_low, highest_up, subtract_two};

/// Steps between attempts to put rows aside.
const SHRINK_STEPS: usize = 1000;

/// The first time the violation falls below this many tolerances, all rows come back once.
const UNSHRINK_FACTOR: f64 = 10.0;

/// Most steps, or 100 a row if that is more, as in LIBSVM.
const MOST_STEPS: usize = 10_000_000;

/// One machine's problem.
pub(crate) struct Task<'a> {
    pub(crate) table: &'a KernelTable<'a>,
    /// Training rows that take part.
    pub(crate) rows: &'a [usize],
    /// Which of them lie on the positive side.
    pub(crate) positive: &'a [bool],
    /// Upper bounds C of their multipliers.
    pub(crate) bounds: &'a [f64],
    pub(crate) tolerance: f64,
    pub(crate) shrinking: bool,
    /// Memory for kernels.
    pub(crate) cache_bytes: usize,
}

/// What a solver found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Solution {
    /// y α of each row.
    pub(crate) coefficients: Vec<f64>,
    /// The decision is Σ c K − ρ.
    pub(crate) rho: f64,
    /// Violation of the optimality conditions left.
    pub(crate) violation: f64,
    /// Value of the dual problem.
    pub(crate) objective: f64,
    /// Steps made.
    pub(crate) steps: usize,
}

/// Memory that goes from one machine to the next.
#[derive(Default)]
pub(crate) struct Space {
    pub(crate) panels: Panels,
    pub(crate) kernels: Vec<f32>,
}

/// State by position: rows in work first, rows put aside behind them.
struct Solver<'a> {
    task: &'a Task<'a>,
    columns: KernelColumns<'a>,
    cache: RowCache<'a>,
    /// Number among the task's rows of the row at each position.
    order: Vec<usize>,
    /// Rows in work.
    active: usize,
    y: Vec<f64>,
    alpha: Vec<f64>,
    bounds: Vec<f64>,
    diagonal: Vec<f64>,
    scores: Vec<f64>,
    up: Vec<f64>,
    low: Vec<f64>,
    /// The last moment when every score was right: scores and multipliers of then.
    then_scores: Vec<f64>,
    then_alpha: Vec<f64>,
}

/// Solves a task.
pub(crate) fn solve(task: &Task<'_>, space: &mut Space) -> Solution {
    Solver::new(task, space).run()
}

impl<'a> Solver<'a> {
    fn new(task: &'a Task<'a>, space: &'a mut Space) -> Self {
        let n = task.rows.len();
        let y: Vec<f64> = task
            .positive
            .iter()
            .map(|&positive| if positive { 1.0 } else { -1.0 })
            .collect();
        let mut solver = Self {
            columns: task.table.columns(task.rows.to_vec(), &mut space.panels),
            cache: RowCache::new(n, task.cache_bytes, &mut space.kernels),
            order: (0..n).collect(),
            active: n,
            alpha: vec![0.0; n],
            bounds: task.bounds.to_vec(),
            diagonal: task
                .rows
                .iter()
                .map(|&row| task.table.diagonal(row))
                .collect(),
            scores: y.clone(),
            up: vec![0.0; n],
            low: vec![0.0; n],
            then_scores: Vec::new(),
            then_alpha: Vec::new(),
            y,
            task,
        };
        for at in 0..n {
            solver.note_bounds(at);
        }
        solver
    }

    /// Where the multiplier at a position may move.
    fn note_bounds(&mut self, at: usize) {
        let (above_zero, below_bound) = (self.alpha[at] > 0.0, self.alpha[at] < self.bounds[at]);
        let (up, down) = if self.y[at] > 0.0 {
            (below_bound, above_zero)
        } else {
            (above_zero, below_bound)
        };
        self.up[at] = if up { 0.0 } else { f64::NEG_INFINITY };
        self.low[at] = if down { 0.0 } else { f64::INFINITY };
    }

    fn rows(&self) -> Rows<'_> {
        Rows {
            scores: &self.scores[..self.active],
            up: &self.up[..self.active],
            low: &self.low[..self.active],
            diagonal: &self.diagonal[..self.active],
        }
    }

    /// Makes the kernels of a position's row with all rows in work available.
    fn need(&mut self, at: usize) {
        let (columns, row) = (&self.columns, self.task.rows[self.order[at]]);
        self.cache.ensure(self.order[at], |from, out| {
            columns.fill(row, from, out);
        });
    }

    /// The two positions to change next, or the violation left where no change is needed.
    fn choose(&mut self) -> Result<(usize, usize), f64> {
        let (i, highest) = highest_up(self.rows());
        if !highest.is_finite() {
            return Err(0.0);
        }
        self.need(i);
        let line = self.cache.line(self.order[i]);
        let (partner, lowest) = best_low(self.rows(), highest, self.diagonal[i], line);
        let violation = highest - lowest;
        match partner {
            Some(j) if violation >= self.task.tolerance => Ok((i, j)),
            _ => Err(violation.max(0.0)),
        }
    }

    /// Moves y α of `i` up and that of `j` down by the best common amount.
    fn step(&mut self, i: usize, j: usize) {
        self.need(j);
        let line_i = self.cache.line(self.order[i]);
        let line_j = self.cache.line(self.order[j]);
        let curvature = self.diagonal[i] + self.diagonal[j] - 2.0 * f64::from(line_i[j]);
        let curvature = if curvature > 0.0 {
            curvature
        } else {
            SMALLEST_CURVATURE
        };
        let room = |at: usize, grows: bool| {
            if grows {
                self.bounds[at] - self.alpha[at]
            } else {
                self.alpha[at]
            }
        };
        let (grows_i, grows_j) = (self.y[i] > 0.0, self.y[j] < 0.0);
        let (room_i, room_j) = (room(i, grows_i), room(j, grows_j));
        let free = (self.scores[i] - self.scores[j]) / curvature;
        let amount = free.min(room_i).min(room_j);
        subtract_two(
            &mut self.scores[..self.active],
            amount,
            line_i,
            -amount,
            line_j,
        );
        for (at, grows, room) in [(i, grows_i, room_i), (j, grows_j, room_j)] {
            self.alpha[at] = match (amount >= room, grows) {
                // Exactly at the bound, so that it counts as there.
                (true, true) => self.bounds[at],
                (true, false) => 0.0,
                (false, true) => self.alpha[at] + amount,
                (false, false) => self.alpha[at] - amount,
            };
            self.note_bounds(at);
        }
    }

    fn run(mut self) -> Solution {
        let n = self.order.len();
        let most = MOST_STEPS.max(100 * n);
        let mut countdown = n.min(SHRINK_STEPS);
        let mut came_back = false;
        let mut steps = 0;
        let violation = loop {
            if countdown == 0 {
                countdown = n.min(SHRINK_STEPS);
                if self.task.shrinking {
                    self.shrink(&mut came_back);
                }
            }
            countdown -= 1;
            let chosen = self.choose().or_else(|violation| {
                if self.active == n {
                    return Err(violation);
                }
                // No change is needed among the rows in work: look at all.
                self.bring_back();
                // Put rows aside again right after the next step.
                countdown = 1;
                self.choose()
            });
            match chosen {
                Err(violation) => break violation,
                Ok(_) if steps == most => {
                    self.bring_back();
                    break self.choose_violation();
                }
                Ok((i, j)) => self.step(i, j),
            }
            steps += 1;
        };
        self.finish(violation, steps)
    }

    fn choose_violation(&self) -> f64 {
        let (highest, lowest) = self.extremes();
        (highest - lowest).max(0.0)
    }

    /// Largest score of the rows in work that may move up, smallest of those that may move down.
    fn extremes(&self) -> (f64, f64) {
        let (_, highest) = highest_up(self.rows());
        let lowest = self.scores[..self.active]
            .iter()
            .zip(&self.low)
            .map(|(score, low)| score + low)
            .fold(f64::INFINITY, f64::min);
        (highest, lowest)
    }

    /// Puts rows aside whose multiplier is at a bound and pushed against it by more than any violation.
    fn shrink(&mut self, came_back: &mut bool) {
        let (highest, lowest) = self.extremes();
        if !*came_back && highest - lowest <= UNSHRINK_FACTOR * self.task.tolerance {
            *came_back = true;
            self.bring_back();
        }
        if self.active == self.order.len() {
            self.then_scores.clone_from(&self.scores);
            self.then_alpha.clone_from(&self.alpha);
        }
        let stays = |&at: &usize| match (self.up[at].is_finite(), self.low[at].is_finite()) {
            (true, false) => self.scores[at] >= lowest,
            (false, true) => self.scores[at] <= highest,
            (both, _) => both,
        };
        let (kept, aside): (Vec<usize>, Vec<usize>) = (0..self.active).partition(stays);
        if aside.is_empty() {
            return;
        }
        let order: Vec<usize> = kept
            .iter()
            .copied()
            .chain(aside)
            .chain(self.active..self.order.len())
            .collect();
        self.active = kept.len();
        self.cache.compact(&kept);
        self.columns.reorder(&order);
        self.order = order.iter().map(|&at| self.order[at]).collect();
        for values in [
            &mut self.y,
            &mut self.alpha,
            &mut self.bounds,
            &mut self.diagonal,
            &mut self.scores,
            &mut self.up,
            &mut self.low,
            &mut self.then_scores,
            &mut self.then_alpha,
        ] {
            *values = order.iter().map(|&at| values[at]).collect();
        }
    }

    /// Makes up the scores of rows put aside, and takes them to work again.
    fn bring_back(&mut self) {
        let (n, active) = (self.order.len(), self.active);
        if active == n {
            return;
        }
        let mut change = vec![0.0; n - active];
        let mut line = vec![0.0; n - active];
        for at in 0..n {
            let moved = (self.alpha[at] - self.then_alpha[at]) * self.y[at];
            if moved != 0.0 {
                let row = self.task.rows[self.order[at]];
                self.columns.fill(row, active, &mut line);
                add_line(&mut change, moved, &line);
            }
        }
        let then = self.then_scores[active..].iter().zip(&change);
        for (score, (then, change)) in self.scores[active..].iter_mut().zip(then) {
            *score = then - change;
        }
        self.active = n;
        self.cache.widen(n);
    }

    fn finish(self, violation: f64, steps: usize) -> Solution {
        let (mut sum, mut free) = (0.0, 0_u32);
        let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
        for at in 0..self.order.len() {
            if self.up[at].is_finite() && self.low[at].is_finite() {
                sum += self.scores[at];
                free += 1;
            }
            highest = f64::max(highest, self.scores[at] + self.up[at]);
            lowest = f64::min(lowest, self.scores[at] + self.low[at]);
        }
        // Free rows lie on the margin. Without one, any level between the two kinds will do.
        let level = if free > 0 {
            sum / f64::from(free)
        } else {
            f64::midpoint(highest, lowest)
        };
        let terms = self.alpha.iter().zip(self.y.iter().zip(&self.scores));
        let objective = terms.map(|(a, (y, f))| -0.5 * a * (1.0 + y * f)).sum();
        let mut coefficients = vec![0.0; self.order.len()];
        for (at, &row) in self.order.iter().enumerate() {
            coefficients[row] = self.alpha[at] * self.y[at];
        }
        Solution {
            coefficients,
            rho: -level,
            violation,
            objective,
            steps,
        }
    }
}
