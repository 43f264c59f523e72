//! Support vector classification with a Gaussian kernel: one machine for each pair of classes, each
//! calibrated to a probability, the pairs coupled to one distribution.
//!
//! K(a, b) = exp(−γ |a − b|²), γ = 1 / (p · variance of all values) (scikit-learn's `gamma='scale'`).
//! A machine decides by `f(x) = Σ_i c_i K(x_i, x) − ρ` with `|c_i| ≤ C`. Cortes and Vapnik 1995,
//! doi 10.1007/BF00994018; Chang and Lin 2011 (LIBSVM), doi 10.1145/1961189.1961199. For the
//! probabilities see `svc_calibration.rs`.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::adapters::{libsvm, linfa};
use crate::dense::squared_distance;
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::{PresentClasses, Samples};
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_product, expect_size};
use crate::svc_calibration::{FOLDS, Sigmoid, couple, held_out_decisions};

/// Name in results.
pub(crate) const NAME: &str = "svc";

/// Most training rows whose kernels are all kept: 32 MB here and twice that in a solver.
const GRAM_ROWS: usize = 2048;

/// Query rows handled together by one thread.
const BLOCK: usize = 16;

/// Support vector classification and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Svc {
    /// Price of a training row on the wrong side.
    #[serde(rename = "C")]
    pub c: f64,
    /// Stopping tolerance of the solver.
    pub tolerance: f64,
    #[serde(skip)]
    solver: Solver,
}

impl Default for Svc {
    fn default() -> Self {
        Self::libsvm()
    }
}

/// Who solves the machine of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Solver {
    #[default]
    Libsvm,
    Linfa,
}

impl Svc {
    /// Solved by libsvm-rs.
    pub fn libsvm() -> Self {
        Self::solved_by(Solver::Libsvm)
    }

    /// Solved by linfa-svm, which keeps a dense kernel matrix: for a few thousand rows at most.
    pub fn linfa() -> Self {
        Self::solved_by(Solver::Linfa)
    }

    /// The same settings, solved by linfa-svm.
    #[must_use]
    pub(crate) fn by_linfa(self) -> Self {
        Self {
            solver: Solver::Linfa,
            ..self
        }
    }

    fn solved_by(solver: Solver) -> Self {
        Self {
            c: 1.0,
            tolerance: 1e-3,
            solver,
        }
    }
}

/// Kernel of every pair of training rows, n × n.
pub(crate) struct Gram {
    side: usize,
    values: Vec<f64>,
}

impl Gram {
    /// Of all rows, or `None` where it would take too much memory.
    fn new(samples: &Samples, gamma: f64) -> Option<Self> {
        let side = samples.rows();
        if side > GRAM_ROWS {
            return None;
        }
        let mut values = vec![0.0; side * side];
        values
            .par_chunks_exact_mut(side)
            .enumerate()
            .for_each(|(i, line)| {
                for (j, value) in line.iter_mut().enumerate() {
                    // In the same order for (i, j) and (j, i), so that the matrix is symmetric.
                    *value = kernel(gamma, samples.row(i.min(j)), samples.row(i.max(j)));
                }
            });
        Some(Self { side, values })
    }
}

/// Two classes to be told apart.
pub(crate) struct BinaryProblem<'a> {
    samples: &'a Samples,
    gram: Option<&'a Gram>,
    /// Training rows that belong to either class.
    pub(crate) rows: Vec<usize>,
    /// Which rows belong to the class on the positive side; both kinds occur.
    pub(crate) positive: Vec<bool>,
    pub(crate) gamma: f64,
    pub(crate) c: f64,
    pub(crate) tolerance: f64,
}

/// The solution: one coefficient a row (zero unless it is a support vector), and ρ.
pub(crate) struct BinaryMachine {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) rho: f64,
}

impl BinaryMachine {
    /// f of a training row, above zero on the positive side.
    pub(crate) fn decide(&self, problem: &BinaryProblem<'_>, row: usize) -> f64 {
        let sum: f64 = self
            .coefficients
            .iter()
            .zip(&problem.rows)
            .filter(|(c, _)| **c != 0.0)
            .map(|(c, &other)| c * problem.kernel(other, row))
            .sum();
        sum - self.rho
    }
}

fn kernel(gamma: f64, a: &[f64], b: &[f64]) -> f64 {
    (-gamma * squared_distance(a, b)).exp()
}

impl<'a> BinaryProblem<'a> {
    /// Kernel of two training rows.
    pub(crate) fn kernel(&self, a: usize, b: usize) -> f64 {
        match self.gram {
            Some(gram) => gram.values[a * gram.side + b],
            None => kernel(self.gamma, self.samples.row(a), self.samples.row(b)),
        }
    }

    /// Whether kernels are known already, so that asking for one costs nothing.
    pub(crate) fn knows_kernels(&self) -> bool {
        self.gram.is_some()
    }

    /// Values of a training row.
    pub(crate) fn values(&self, row: usize) -> &'a [f64] {
        self.samples.row(row)
    }

    /// The same problem on some of its rows, given by their positions in `rows`.
    pub(crate) fn part(&self, kept: &[usize]) -> Self {
        Self {
            rows: kept.iter().map(|&at| self.rows[at]).collect(),
            positive: kept.iter().map(|&at| self.positive[at]).collect(),
            ..*self
        }
    }

    fn solve(&self, solver: Solver) -> Result<BinaryMachine> {
        let machine = match solver {
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
}

impl Learner for Svc {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 2)?;
        samples.without_weights(NAME)?;
        let present = samples.two_classes(NAME)?;
        let gamma = scale_gamma(samples);
        let gram = Gram::new(samples, gamma);
        let pairs = pairs(present.labels.len());
        let fitted: Vec<(Vec<usize>, BinaryMachine, Sigmoid)> = pairs
            .par_iter()
            .enumerate()
            .map(|(index, &pair)| {
                let problem = self.problem(samples, &present, pair, gamma, gram.as_ref());
                self.fit_pair(problem, seed, index as u64)
            })
            .collect::<Result<_>>()?;
        // A row that supports any machine is stored once.
        let mut position = vec![None; samples.rows()];
        for (rows, machine, _) in &fitted {
            for (&row, c) in rows.iter().zip(&machine.coefficients) {
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
        let machines = fitted.into_iter().map(|(rows, machine, sigmoid)| {
            let terms = rows.iter().zip(&machine.coefficients);
            let supports = terms.filter_map(|(&row, &c)| Some((position[row]?, c)));
            let (support, coefficients) = supports.filter(|(_, c)| *c != 0.0).unzip();
            PairMachine {
                support,
                coefficients,
                rho: machine.rho,
                sigmoid,
            }
        });
        Ok(Box::new(SvcModel {
            width: samples.width(),
            classes: samples.classes().len(),
            present: present.labels,
            gamma,
            vectors,
            machines: machines.collect(),
        }))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "kernel": "rbf",
            "C": self.c,
            "gamma": "scale",
            "tolerance": self.tolerance,
            "probability": "sigmoid per pair, pairs coupled",
            "calibration_folds": FOLDS,
        })
    }
}

impl Svc {
    /// One pair of classes as a problem of its own.
    fn problem<'a>(
        &self,
        samples: &'a Samples,
        present: &PresentClasses,
        pair: (usize, usize),
        gamma: f64,
        gram: Option<&'a Gram>,
    ) -> BinaryProblem<'a> {
        let of_row = &present.of_row;
        let rows: Vec<usize> = (0..samples.rows())
            .filter(|&row| of_row[row] == pair.0 || of_row[row] == pair.1)
            .collect();
        BinaryProblem {
            samples,
            gram,
            positive: rows.iter().map(|&row| of_row[row] == pair.0).collect(),
            rows,
            gamma,
            c: self.c,
            tolerance: self.tolerance,
        }
    }

    /// The machine of one pair of classes, with the rows it was fitted on and its calibration.
    fn fit_pair(
        &self,
        problem: BinaryProblem<'_>,
        seed: u64,
        index: u64,
    ) -> Result<(Vec<usize>, BinaryMachine, Sigmoid)> {
        let solve = |part: &BinaryProblem<'_>| part.solve(self.solver);
        let decisions = held_out_decisions(&problem, seed, index, solve)?;
        let sigmoid = Sigmoid::fit(&decisions, &problem.positive);
        let machine = problem.solve(self.solver)?;
        Ok((problem.rows, machine, sigmoid))
    }
}

/// All pairs of k classes: (0, 1), (0, 2), …, (1, 2), …
fn pairs(k: usize) -> Vec<(usize, usize)> {
    (0..k)
        .flat_map(|i| (i + 1..k).map(move |j| (i, j)))
        .collect()
}

/// 1 / (p · population variance of all values), 1 where they are all equal.
fn scale_gamma(samples: &Samples) -> f64 {
    let values = samples.values();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    if variance > 0.0 {
        1.0 / (samples.width() as f64 * variance)
    } else {
        1.0
    }
}

/// One pair's machine: which support vectors it uses and how its decision becomes a probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PairMachine {
    support: Vec<usize>,
    coefficients: Vec<f64>,
    rho: f64,
    sigmoid: Sigmoid,
}

/// Fitted machines over one list of support vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SvcModel {
    width: usize,
    classes: usize,
    /// Class numbers that occurred in training, at least two.
    present: Vec<usize>,
    gamma: f64,
    /// Support vectors × columns.
    vectors: Vec<f64>,
    /// In the order of [`pairs`].
    machines: Vec<PairMachine>,
}

impl SvcModel {
    pub(crate) fn check(&self) -> Result<()> {
        expect_classes("present", &self.present, self.classes)?;
        let k = self.present.len();
        if k < 2 || self.width == 0 {
            return Err(LearnError::saved(
                "present",
                format!("{k} classes, {} columns", self.width),
                "two classes and a column",
            ));
        }
        expect_size("machines", self.machines.len(), k * (k - 1) / 2)?;
        let count = self.vectors.len() / self.width;
        expect_product("vectors", self.vectors.len(), count, self.width)?;
        expect_finite("vectors", &self.vectors)?;
        expect_finite("gamma", &[self.gamma])?;
        for machine in &self.machines {
            expect_size(
                "coefficients",
                machine.coefficients.len(),
                machine.support.len(),
            )?;
            expect_finite("coefficients", &machine.coefficients)?;
            expect_finite("rho", &[machine.rho])?;
            machine.sigmoid.check()?;
            if let Some(bad) = machine.support.iter().find(|&&at| at >= count) {
                return Err(LearnError::saved(
                    "support",
                    bad.to_string(),
                    format!("a vector below {count}"),
                ));
            }
        }
        Ok(())
    }

    /// Decision of every machine for one row, in the order of [`pairs`].
    fn decisions(&self, x: &[f64]) -> Vec<f64> {
        let kernels: Vec<f64> = self
            .vectors
            .chunks_exact(self.width)
            .map(|vector| kernel(self.gamma, vector, x))
            .collect();
        let decide = |machine: &PairMachine| {
            let terms = machine.support.iter().zip(&machine.coefficients);
            terms.map(|(&at, c)| c * kernels[at]).sum::<f64>() - machine.rho
        };
        self.machines.iter().map(decide).collect()
    }
}

impl Model for SvcModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let mut probabilities = vec![0.0; rows * self.classes];
        probabilities
            .par_chunks_mut(BLOCK * self.classes)
            .zip(values.par_chunks(BLOCK * self.width))
            .for_each(|(out, values)| {
                let rows = out.chunks_exact_mut(self.classes);
                for (out, x) in rows.zip(values.chunks_exact(self.width)) {
                    let decisions = self.decisions(x);
                    let pairwise: Vec<f64> = self
                        .machines
                        .iter()
                        .zip(&decisions)
                        .map(|(machine, f)| machine.sigmoid.probability(*f))
                        .collect();
                    let coupled = couple(self.present.len(), &pairwise);
                    for (&label, probability) in self.present.iter().zip(coupled) {
                        out[label] = probability;
                    }
                }
            });
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::Svc(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    #[test]
    fn kept_kernels_and_kernels_on_demand_give_the_same_machine() {
        let values: Vec<f64> = (0..120).map(|i| f64::from((i * 37) % 53) / 20.0).collect();
        let samples = Samples::new(
            values,
            (0..3).map(|i| format!("x{i}")).collect(),
            (0..40).map(|i| Label((i / 3) % 2)).collect(),
            ClassNames::new(["a", "b"]).unwrap(),
        )
        .unwrap();
        let (present, gamma) = (samples.present(), scale_gamma(&samples));
        let gram = Gram::new(&samples, gamma);
        assert!(gram.is_some());
        for svc in [Svc::libsvm(), Svc::linfa()] {
            let fit = |gram| {
                let problem = svc.problem(&samples, &present, (0, 1), gamma, gram);
                svc.fit_pair(problem, 7, 0).unwrap()
            };
            let ((rows, a, sigmoid_a), (_, b, sigmoid_b)) = (fit(gram.as_ref()), fit(None));
            assert_eq!(rows.len(), 40);
            // libsvm expands the distance on demand: rounding apart, the same numbers.
            for (x, y) in a.coefficients.iter().zip(&b.coefficients) {
                assert!((x - y).abs() < 1e-6, "{x} {y}");
            }
            assert!((a.rho - b.rho).abs() < 1e-6);
            for f in [-1.0, 0.0, 1.0] {
                assert!((sigmoid_a.probability(f) - sigmoid_b.probability(f)).abs() < 1e-6);
            }
        }
    }
}
