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
//! | solving one machine | `solver`, `working_set`; `binary` for the choice of back end |
//! | probabilities | `folds`, `calibration`, `sigmoid`, `coupling` |
//! | predicting | `model` |

mod binary;
mod calibration;
mod coupling;
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

use rayon::prelude::*;
use serde_json::json;

pub(crate) use binary::{BinaryMachine, BinaryProblem};
pub(crate) use kernel::KernelFunction;
pub use model::{SvcMachines, SvcModel};
pub use settings::{Gamma, GammaRule, Kernel, Svc};

use crate::error::Result;
use crate::learner::{Learner, Model};
use crate::samples::{PresentClasses, Samples};
use calibration::held_out_decisions;
use folds::FOLDS;
use kernel_table::KernelTable;
use model::PairMachine;
use settings::Solver;
use sigmoid::Sigmoid;

/// Name in results.
pub(crate) const NAME: &str = "svc";

/// Most training rows whose kernels are handed to libsvm-rs rather than computed by it, which it does
/// slowly: twice 32 MB in its solver.
const FOREIGN_ROWS: usize = 2048;

/// The machine of a pair, with the rows it was fitted on and its calibration.
struct FittedPair {
    rows: Vec<usize>,
    machine: BinaryMachine,
    sigmoid: Option<Sigmoid>,
}

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
            Solver::Own => room.every_kernel,
            Solver::Libsvm | Solver::Linfa => KernelTable::bytes_of(FOREIGN_ROWS),
        };
        let table = KernelTable::new(samples, kernel, of_table);
        let of_lines = room.beside(table.bytes());
        let k = present.labels.len();
        let pairs: Vec<(usize, usize)> = (0..k)
            .flat_map(|i| (i + 1..k).map(move |j| (i, j)))
            .collect();
        let fitted: Vec<FittedPair> = pairs
            .par_iter()
            .enumerate()
            .map(|(index, &pair)| {
                let problem = self.problem(samples, &table, &present, pair, of_lines);
                fit_pair(problem, calibration, index as u64)
            })
            .collect::<Result<_>>()?;
        let sigmoids = fitted.iter().filter_map(|pair| pair.sigmoid).collect();
        drop(table);
        let machines = collected(samples, kernel, &fitted);
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
            cache_bytes: bytes / rayon::current_num_threads(),
        }
    }
}

fn fit_pair(
    problem: BinaryProblem<'_>,
    calibration: Calibration,
    index: u64,
) -> Result<FittedPair> {
    let machine = problem.solve()?;
    let sigmoid = match calibration {
        Calibration::None => None,
        Calibration::Folds(seed) => {
            let decisions = held_out_decisions(&problem, seed, index)?;
            Some(Sigmoid::fit(
                &decisions,
                &problem.positive,
                &problem.weights(),
            ))
        }
    };
    Ok(FittedPair {
        rows: problem.rows,
        machine,
        sigmoid,
    })
}

/// The machines over one list of vectors, in which a row that supports any of them stands once.
fn collected(samples: &Samples, kernel: KernelFunction, fitted: &[FittedPair]) -> SvcMachines {
    let mut position = vec![None; samples.rows()];
    for pair in fitted {
        for (&row, c) in pair.rows.iter().zip(&pair.machine.coefficients) {
            if *c != 0.0 {
                position[row] = Some(0_usize);
            }
        }
    }
    let mut vectors = Vec::new();
    for (row, place) in position.iter_mut().enumerate() {
        if let Some(at) = place {
            *at = vectors.len() / samples.width();
            vectors.extend_from_slice(samples.row(row));
        }
    }
    let pairs = fitted.iter().map(|pair| {
        let terms = pair.rows.iter().zip(&pair.machine.coefficients);
        let supports = terms.filter(|(_, c)| **c != 0.0);
        let (support, coefficients) = supports
            .filter_map(|(&row, &c)| Some((position[row]?, c)))
            .unzip();
        PairMachine {
            support,
            coefficients,
            rho: pair.machine.rho,
        }
    });
    SvcMachines {
        width: samples.width(),
        kernel,
        pairs: pairs.collect(),
        vectors,
    }
}
