//! Decisions of rows by machines that did not see them.

use raduet_study::random::Stream;

use super::binary::BinaryProblem;
use super::folds::drawn;
use super::sigmoid::Sigmoid;
use super::solver::Space;
use crate::error::Result;

/// A pair's problem with the fold of each of its rows.
pub(super) struct HeldOut<'a> {
    problem: &'a BinaryProblem<'a>,
    fold_of: Vec<usize>,
}

impl<'a> HeldOut<'a> {
    /// Draws the folds of pair number `index`.
    pub(super) fn new(problem: &'a BinaryProblem<'a>, seed: u64, index: u64) -> Self {
        let stream = Stream::new(seed, "folds of a calibration", index);
        let groups = problem.groups();
        Self {
            fold_of: drawn(&problem.positive, groups.as_deref(), stream),
            problem,
        }
    }

    /// Positions of a fold's rows, and of the others.
    fn parts(&self, fold: usize) -> (Vec<usize>, Vec<usize>) {
        (0..self.fold_of.len()).partition(|&at| self.fold_of[at] == fold)
    }

    /// Decisions of a fold's rows by a machine fitted without them. Where the others hold one class only,
    /// the decision is +1 or −1 for it.
    pub(super) fn decisions(&self, fold: usize, space: &mut Space) -> Result<Vec<f64>> {
        let (held, kept) = self.parts(fold);
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let part = self.problem.part(&kept);
        let positives = part.positive.iter().filter(|p| **p).count();
        if positives == 0 || positives == kept.len() {
            return Ok(vec![if positives > 0 { 1.0 } else { -1.0 }; held.len()]);
        }
        let rows: Vec<usize> = held.iter().map(|&at| self.problem.rows[at]).collect();
        Ok(part.solve(space)?.decide(&part, rows, space))
    }

    /// The sigmoid over the decisions of all folds, in their order.
    pub(super) fn sigmoid(&self, of_folds: impl Iterator<Item = Vec<f64>>) -> Sigmoid {
        let mut decisions = vec![0.0; self.fold_of.len()];
        for (fold, of_fold) in of_folds.enumerate() {
            for (at, decision) in self.parts(fold).0.into_iter().zip(of_fold) {
                decisions[at] = decision;
            }
        }
        Sigmoid::fit(&decisions, &self.problem.positive, &self.problem.weights())
    }
}
