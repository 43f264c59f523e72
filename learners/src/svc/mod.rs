//! Support vector classification: one machine for each pair of classes, each calibrated to a probability,
//! the pairs coupled to one distribution.
//!
//! A machine decides by `f(x) = Σ_i c_i K(x_i, x) − ρ` with `|c_i| ≤ C w_i`, `w_i` the weight of row i. Cortes and
//! Vapnik 1995, doi 10.1007/BF00994018; Chang and Lin 2011 (LIBSVM), doi 10.1145/1961189.1961199.
//!
//! | for | look at |
//! |---|---|
//! | settings | `settings` |
//! | kernels, and many of them at once | `kernel`, `panels`, `exponential` |
//! | kernels of the training rows | `kernel_table`, `row_cache` |
//! | how many machines at once | `crew` |
//! | solving one machine | `solver`, `working_set`; `binary` for the choice of back end |
//! | probabilities | `folds`, `calibration`, `sigmoid`, `coupling` |
//! | predicting | `model` |

mod binary;
mod calibration;
mod coupling;
mod crew;
mod exponential;
mod folds;
mod kernel;
mod kernel_table;
mod model;
mod panels;
mod row_cache;
mod settings;
mod sigmoid;
mod solver;
#[cfg(test)]
mod solver_tests;
mod working_set;

use serde_json::json;

pub(crate) use binary::{BinaryMachine, BinaryProblem};
pub(crate) use kernel::KernelFunction;
pub use model::{SvcMachines, SvcModel};
pub(crate) use panels::Panels;
pub use settings::{Gamma, GammaRule, Kernel, Svc};

use crate::error::Result;
use crate::learner::{Learner, Model};
use crate::samples::{PresentClasses, Samples};
use calibration::HeldOut;
use crew::Crew;
use folds::FOLDS;
use kernel_table::KernelTable;
use model::PairMachine;
use settings::Solver;
use sigmoid::Sigmoid;
use solver::Space;

/// Name in results.
pub(crate) const NAME: &str = "svc";

/// Most training rows whose kernels are handed to libsvm-rs rather than computed by it, which it does
/// slowly: twice 32 MB in its solver.
const FOREIGN_ROWS: usize = 2048;

/// Whether machines are calibrated.
#[derive(Clone, Copy)]
enum Calibration {
    /// By folds drawn from a seed.
    Folds(u64),
    None,
}

impl Learner for Svc {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        self.check_values()
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        let (present, machines, sigmoids) = self.fit_pairs(samples, Calibration::Folds(seed))?;
        Ok(Box::new(SvcModel {
            classes: samples.classes().len(),
            present: present.labels,
            machines,
            sigmoids,
        }))
    }

    fn settings(&self) -> serde_json::Value {
        let mut settings = json!(self);
        settings["probability"] = "sigmoid per pair, pairs coupled".into();
        settings["calibration_folds"] = FOLDS.into();
        settings
    }
}

impl Svc {
    /// The machines alone, without the folds that calibrate them: for who needs decisions only.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn fit_machines(&self, samples: &Samples) -> Result<SvcMachines> {
        Ok(self.fit_pairs(samples, Calibration::None)?.1)
    }

    fn fit_pairs(
        &self,
        samples: &Samples,
        calibration: Calibration,
    ) -> Result<(PresentClasses, SvcMachines, Vec<Sigmoid>)> {
        self.check_values()?;
        samples.ready(NAME, 2)?;
        let present = samples.two_classes(NAME)?;
        if self.solver != Solver::Own {
            samples.without_weights(NAME)?;
        }
        let kernel = self.kernel_for(samples);
        let room = self.room(samples);
        let of_table = match self.solver {
            Solver::Own => room.every_kernel(),
            Solver::Libsvm | Solver::Linfa => KernelTable::bytes_of(FOREIGN_ROWS),
        };
        let mut table = KernelTable::new(samples, kernel, of_table);
        let (crew, of_lines) = if self.solver != Solver::Own || table.is_full() {
            (Crew::full(), room.lines_beside_known(table.bytes()))
        } else {
            let packed = KernelTable::packed_bytes(samples, present.largest_pair());
            let threads = rayon::current_num_threads();
            let crew = Crew::within(room.packed(threads), packed);
            let packed = crew.machines * packed;
            (crew, room.lines_beside_packed(packed, threads))
        };
        table.share_lines(crew.threads_each);
        let of_lines = of_lines / crew.machines;
        let k = present.labels.len();
        let problems: Vec<BinaryProblem<'_>> = (0..k)
            .flat_map(|i| (i + 1..k).map(move |j| (i, j)))
            .map(|pair| self.problem(samples, &table, &present, pair, of_lines))
            .collect();
        let (machines, sigmoids) = solve_all(&problems, calibration, crew)?;
        let rows: Vec<Vec<usize>> = problems.into_iter().map(|problem| problem.rows).collect();
        drop(table);
        let machines = collected(samples, kernel, &rows, &machines);
        Ok((present, machines, sigmoids))
    }

    /// One pair of classes as a problem of its own.
    fn problem<'a>(
        &'a self,
        samples: &'a Samples,
        table: &'a KernelTable<'a>,
        present: &PresentClasses,
        pair: (usize, usize),
        bytes: usize,
    ) -> BinaryProblem<'a> {
        let of_class = |class| (0..samples.rows()).filter(move |&row| present.of_row[row] == class);
        let rows: Vec<usize> = of_class(pair.0).chain(of_class(pair.1)).collect();
        BinaryProblem {
            samples,
            table,
            settings: self,
            kernel: self.kernel_for(samples),
            positive: rows
                .iter()
                .map(|&row| present.of_row[row] == pair.0)
                .collect(),
            rows,
            cache_bytes: bytes,
        }
    }
}

/// What one job of a crew makes.
enum Solved {
    Machine(BinaryMachine),
    /// Decisions of a fold's rows.
    Decisions(Vec<f64>),
}

/// Machine and sigmoid of every pair; the machines, which take longest, first.
fn solve_all(
    problems: &[BinaryProblem<'_>],
    calibration: Calibration,
    crew: Crew,
) -> Result<(Vec<BinaryMachine>, Vec<Sigmoid>)> {
    let pairs: Vec<HeldOut<'_>> = match calibration {
        Calibration::None => Vec::new(),
        Calibration::Folds(seed) => (0..)
            .zip(problems)
            .map(|(index, problem)| HeldOut::new(problem, seed, index))
            .collect(),
    };
    let jobs = problems.len() + pairs.len() * FOLDS;
    let solved = crew.each(jobs, |job, space: &mut Space| {
        match job.checked_sub(problems.len()) {
            None => problems[job].solve(space).map(Solved::Machine),
            Some(fold) => {
                let decisions = pairs[fold / FOLDS].decisions(fold % FOLDS, space);
                decisions.map(Solved::Decisions)
            }
        }
    });
    let (mut machines, mut decisions) = (Vec::new(), Vec::new());
    for solved in solved {
        match solved? {
            Solved::Machine(machine) => machines.push(machine),
            Solved::Decisions(of_fold) => decisions.push(of_fold),
        }
    }
    let mut decisions = decisions.into_iter();
    let sigmoids = pairs
        .iter()
        .map(|pair| pair.sigmoid(decisions.by_ref().take(FOLDS)))
        .collect();
    Ok((machines, sigmoids))
}

/// The machines over one list of vectors, in which a row that supports any of them stands once.
fn collected(
    samples: &Samples,
    kernel: KernelFunction,
    rows: &[Vec<usize>],
    machines: &[BinaryMachine],
) -> SvcMachines {
    let pairs = || rows.iter().zip(machines);
    let mut position = vec![None; samples.rows()];
    for (rows, machine) in pairs() {
        for (&row, c) in rows.iter().zip(&machine.coefficients) {
            if *c != 0.0 {
                position[row] = Some(0_usize);
            }
        }
    }
    let count = position.iter().flatten().count();
    let mut vectors = Vec::with_capacity(count * samples.width());
    for (row, place) in position.iter_mut().enumerate() {
        if let Some(at) = place {
            *at = vectors.len() / samples.width();
            vectors.extend_from_slice(samples.row(row));
        }
    }
    let pairs = pairs().map(|(rows, machine)| {
        let terms = rows.iter().zip(&machine.coefficients);
        let supports = terms.filter(|(_, c)| **c != 0.0);
        let (support, coefficients) = supports
            .filter_map(|(&row, &c)| Some((position[row]?, c)))
            .unzip();
        PairMachine {
            support,
            coefficients,
            rho: machine.rho,
        }
    });
    SvcMachines {
        width: samples.width(),
        kernel,
        pairs: pairs.collect(),
        vectors,
    }
}
