//! Two classes to be told apart: the problem of one machine, and its solution.

use super::NAME;
use super::kernel::KernelFunction;
use super::kernel_table::KernelTable;
use super::settings::{Solver, Svc};
use super::solver::{self, Space, Task};
use super::working_set::add_line;
use crate::adapters::{libsvm, linfa};
use crate::error::{LearnError, Result};
use crate::samples::Samples;

/// Two classes to be told apart.
pub(crate) struct BinaryProblem<'a> {
    pub(crate) samples: &'a Samples,
    pub(crate) table: &'a KernelTable<'a>,
    pub(crate) settings: &'a Svc,
    pub(crate) kernel: KernelFunction,
    /// Training rows that belong to either class: those of the positive class first.
    pub(crate) rows: Vec<usize>,
    /// Which rows belong to the class on the positive side; both kinds occur.
    pub(crate) positive: Vec<bool>,
    /// Memory for kernels in bytes.
    pub(crate) cache_bytes: usize,
}

/// The solution: one coefficient a row (zero unless it is a support vector), and ρ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BinaryMachine {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) rho: f64,
}

impl BinaryMachine {
    /// Decisions f of training rows, above zero on the positive side.
    pub(crate) fn decide(
        &self,
        problem: &BinaryProblem<'_>,
        rows: Vec<usize>,
        space: &mut Space,
    ) -> Vec<f64> {
        let mut decisions = vec![-self.rho; rows.len()];
        let mut line = vec![0.0; rows.len()];
        let columns = problem.table.columns(rows, &mut space.panels);
        for (&c, &row) in self.coefficients.iter().zip(&problem.rows) {
            if c != 0.0 {
                columns.fill(row, 0, &mut line);
                add_line(&mut decisions, c, &line);
            }
        }
        decisions
    }
}

impl<'a> BinaryProblem<'a> {
    /// Values of a training row.
    pub(crate) fn values(&self, row: usize) -> &'a [f64] {
        self.samples.row(row)
    }

    /// The patient's number of each row, if known.
    pub(crate) fn groups(&self) -> Option<Vec<usize>> {
        let all = self.samples.groups()?;
        Some(self.rows.iter().map(|&row| all[row]).collect())
    }

    /// The weight of each row.
    pub(crate) fn weights(&self) -> Vec<f64> {
        let weight = |&row: &usize| self.samples.weight(row);
        self.rows.iter().map(weight).collect()
    }

    /// The same problem on some of its rows, given by their positions in `rows`.
    pub(crate) fn part(&self, kept: &[usize]) -> Self {
        Self {
            rows: kept.iter().map(|&at| self.rows[at]).collect(),
            positive: kept.iter().map(|&at| self.positive[at]).collect(),
            ..*self
        }
    }

    pub(crate) fn solve(&self, space: &mut Space) -> Result<BinaryMachine> {
        let machine = match self.settings.solver {
            Solver::Own => self.solve_ourselves(space),
            Solver::Libsvm => libsvm::solve(self),
            Solver::Linfa => linfa::solve(self),
        }?;
        let finite = machine.coefficients.iter().all(|c| c.is_finite()) && machine.rho.is_finite();
        if machine.coefficients.len() != self.rows.len() || !finite {
            return Err(LearnError::Backend {
                learner: NAME,
                reason: "a solution that is not finite or of another size".into(),
            });
        }
        Ok(machine)
    }

    fn solve_ourselves(&self, space: &mut Space) -> Result<BinaryMachine> {
        let bounds: Vec<f64> = self
            .weights()
            .iter()
            .map(|weight| self.settings.c * weight)
            .collect();
        let task = Task {
            table: self.table,
            rows: &self.rows,
            positive: &self.positive,
            bounds: &bounds,
            tolerance: self.settings.tol,
            shrinking: self.settings.shrinking,
            cache_bytes: self.cache_bytes,
        };
        let solution = solver::solve(&task, space);
        if solution.violation > self.settings.tol {
            return Err(LearnError::NotConverged {
                learner: NAME,
                iterations: solution.steps,
                gradient: solution.violation,
                wanted: self.settings.tol,
            });
        }
        Ok(BinaryMachine {
            coefficients: solution.coefficients,
            rho: solution.rho,
        })
    }
}
