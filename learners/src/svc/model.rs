//! The fitted machines: which support vectors each uses, and how their decisions become one
//! distribution.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::coupling::couple;
use super::kernel::KernelFunction;
use super::panels::{LANES, Panels};
use super::sigmoid::Sigmoid;
use crate::adapters::pulp::vectorised;
use crate::error::{LearnError, Result};
use crate::learner::{Model, assert_shape};
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_product, expect_size};

/// One pair's machine: f(x) = Σ c K(v, x) − ρ over its support vectors v.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PairMachine {
    /// Positions in the list of vectors.
    pub(super) support: Vec<usize>,
    pub(super) coefficients: Vec<f64>,
    pub(super) rho: f64,
}

/// Machines of all pairs over one list of support vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SvcMachines {
    pub(super) width: usize,
    pub(super) kernel: KernelFunction,
    /// Support vectors × columns.
    pub(super) vectors: Vec<f64>,
    /// In the order (0, 1), (0, 2), …, (1, 2), … of the classes that occurred in training.
    pub(super) pairs: Vec<PairMachine>,
}

/// For each support vector the machines that use it, with its coefficient.
type Uses = Vec<Vec<(usize, f64)>>;

impl SvcMachines {
    fn check(&self, classes: usize) -> Result<()> {
        expect_size("pairs", self.pairs.len(), classes * (classes - 1) / 2)?;
        if self.width == 0 {
            return Err(LearnError::saved("width", "0", "a column"));
        }
        let count = self.vectors.len() / self.width;
        expect_product("vectors", self.vectors.len(), count, self.width)?;
        expect_finite("vectors", &self.vectors)?;
        self.kernel.check()?;
        for machine in &self.pairs {
            let found = machine.coefficients.len();
            expect_size("coefficients", found, machine.support.len())?;
            expect_finite("coefficients", &machine.coefficients)?;
            expect_finite("rho", &[machine.rho])?;
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

    /// Rows that support any machine.
    pub fn vector_count(&self) -> usize {
        self.vectors.len() / self.width
    }

    /// Support vectors of each machine.
    pub fn support_counts(&self) -> Vec<usize> {
        self.pairs.iter().map(|pair| pair.support.len()).collect()
    }

    /// Decision of every machine for each row, row-major n × pairs: above zero for the first class of
    /// the pair. Pairs stand in the order (0, 1), (0, 2), …, (1, 2), … of the classes that occurred
    /// in training. For two classes scikit-learn's sign is the opposite.
    ///
    /// # Panics
    /// When `values` does not hold `rows` rows of the training's width.
    pub fn decision_function(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let uses = self.uses();
        let count = self.pairs.len();
        let mut decisions = vec![0.0; rows * count];
        decisions
            .par_chunks_mut(LANES * count)
            .zip(values.par_chunks(LANES * self.width))
            .for_each(|(out, values)| self.decide(&uses, values, out));
        decisions
    }

    fn uses(&self) -> Uses {
        let mut uses = vec![Vec::new(); self.vector_count()];
        for (number, pair) in self.pairs.iter().enumerate() {
            for (&at, &c) in pair.support.iter().zip(&pair.coefficients) {
                uses[at].push((number, c));
            }
        }
        uses
    }

    /// Decisions of [`LANES`] rows at most.
    fn decide(&self, uses: &Uses, values: &[f64], out: &mut [f64]) {
        let panels = Panels::of(self.width, values.chunks_exact(self.width));
        let mut sums = vec![[0.0; LANES]; self.pairs.len()];
        vectorised(
            #[inline(always)]
            || {
                for (vector, uses) in self.vectors.chunks_exact(self.width).zip(uses) {
                    let mut kernels = self.kernel.measures(panels.panel(0), vector);
                    self.kernel.of_measures(&mut kernels);
                    for &(number, c) in uses {
                        for (sum, k) in sums[number].iter_mut().zip(kernels) {
                            *sum += c * k;
                        }
                    }
                }
            },
        );
        for (lane, out) in out.chunks_exact_mut(sums.len()).enumerate() {
            let pairs = self.pairs.iter().zip(&sums);
            for (out, (pair, sum)) in out.iter_mut().zip(pairs) {
                *out = sum[lane] - pair.rho;
            }
        }
    }
}

/// Machines with their calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SvcModel {
    pub(super) classes: usize,
    /// Class numbers that occurred in training, at least two.
    pub(super) present: Vec<usize>,
    pub(super) machines: SvcMachines,
    /// In the order of the machines.
    pub(super) sigmoids: Vec<Sigmoid>,
}

impl SvcModel {
    /// The machines without their calibration.
    pub fn machines(&self) -> &SvcMachines {
        &self.machines
    }

    pub(crate) fn check(&self) -> Result<()> {
        expect_classes("present", &self.present, self.classes)?;
        let k = self.present.len();
        if k < 2 {
            let found = format!("{k} classes");
            return Err(LearnError::saved("present", found, "two classes"));
        }
        self.machines.check(k)?;
        expect_size("sigmoids", self.sigmoids.len(), self.machines.pairs.len())?;
        self.sigmoids.iter().try_for_each(|s| s.check())
    }
}

impl Model for SvcModel {
    fn width(&self) -> usize {
        self.machines.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        let decisions = self.machines.decision_function(values, rows);
        let mut probabilities = vec![0.0; rows * self.classes];
        probabilities
            .par_chunks_mut(self.classes)
            .zip(decisions.par_chunks(self.sigmoids.len()))
            .for_each(|(out, decisions)| {
                let pairs = self.sigmoids.iter().zip(decisions);
                let pairwise: Vec<f64> = pairs.map(|(s, f)| s.probability(*f)).collect();
                let coupled = couple(self.present.len(), &pairwise);
                for (&label, probability) in self.present.iter().zip(coupled) {
                    out[label] = probability;
                }
            });
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::Svc(self.clone())
    }
}
