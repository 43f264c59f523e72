//! Quadratic discriminant: each class has a covariance of its own.
//!
//! `log P(k | x) = −½ [ (x − μ_k)·Σ_k⁻¹(x − μ_k) + log det Σ_k ] + log π_k + const`. Solver `svd` takes the
//! principal axes and variances S²/n of a class from its centred rows, variances replaced by
//! `(1 − r) S²/n + r`, r the `reg_param`; solver `eigen` from its covariance, shrunk if wanted. A class with a
//! variance not above `tol` is refused, and with `svd` one with fewer rows than columns. After
//! scikit-learn.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Classes;
use super::covariance::{Shrinkage, covariance};
use crate::adapters::faer::{Block, product_transposed, right_singular, symmetric_eigen};
use crate::class_priors;
use crate::class_scores::probabilities;
use crate::dense::dot;
use crate::dense::triangle::triangle_of;
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_product};

/// Name in results.
pub(crate) const NAME: &str = "quadratic_discriminant";

/// How a class's axes are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuadraticSolver {
    /// From singular values of its centred rows; no shrinkage.
    Svd,
    /// From its covariance.
    Eigen,
}

/// Quadratic discriminant and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuadraticDiscriminant {
    /// How a class's axes are found.
    pub solver: QuadraticSolver,
    /// Shrinkage of each class's covariance; not with `svd`.
    pub shrinkage: Option<Shrinkage>,
    /// Probability of each class before anything is seen, in the order of the class names; without
    /// it the classes' shares of the training rows.
    pub priors: Option<Vec<f64>>,
    /// Share of each variance that is replaced by 1; with `svd`.
    pub reg_param: f64,
    /// Variance up to which a class is refused as rank deficient.
    pub tol: f64,
}

impl Default for QuadraticDiscriminant {
    fn default() -> Self {
        Self {
            solver: QuadraticSolver::Svd,
            shrinkage: None,
            priors: None,
            reg_param: 0.0,
            tol: 1e-4,
        }
    }
}

impl Learner for QuadraticDiscriminant {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        if let Some(shrinkage) = self.shrinkage {
            if self.solver == QuadraticSolver::Svd {
                return Err(LearnError::settings(
                    NAME,
                    "shrinkage needs the solver eigen",
                ));
            }
            shrinkage.check(NAME)?;
        }
        if !(0.0..=1.0).contains(&self.reg_param) {
            return Err(LearnError::settings(
                NAME,
                format!("reg_param is {}, expected 0 to 1", self.reg_param),
            ));
        }
        if !(self.tol.is_finite() && self.tol >= 0.0) {
            return Err(LearnError::settings(
                NAME,
                format!("tol is {}, expected at least 0", self.tol),
            ));
        }
        class_priors::check(self.priors.as_deref(), NAME)
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 2)?;
        samples.without_weights(NAME)?;
        let present = samples.two_classes(NAME)?;
        let classes = Classes::new(samples, &present);
        let totals = classes.totals();
        let priors = class_priors::of(self.priors.as_deref(), &present, &totals, samples, NAME)?;
        let p = samples.width();
        let k = totals.len();
        let mut model = QuadraticDiscriminantModel {
            classes: samples.classes().len(),
            width: p,
            present: present.labels,
            log_priors: priors.iter().map(|prior| prior.ln()).collect(),
            means: Vec::new(),
            whitening: Vec::with_capacity(k * p * p),
            log_determinants: Vec::with_capacity(k),
        };
        // One after the other: each holds several matrices of p × p.
        for class in 0..k {
            let (rows, mean) = (&classes.rows[class], classes.mean(class, p));
            let axes = self.axes(samples, rows, mean)?;
            let rank = axes.variances.iter().filter(|v| **v > self.tol).count();
            if rank < p || rows.len() < 2 {
                let name = samples
                    .classes()
                    .name(raduet_study::Label(model.present[class]));
                return Err(LearnError::RankDeficient {
                    learner: NAME,
                    what: format!(
                        "the covariance of class '{name}' ({} rows, rank {rank} of {p})",
                        rows.len()
                    ),
                    remedy: self.remedy(rows.len(), p),
                });
            }
            let logs = axes.variances.iter().map(|v| v.ln());
            model.log_determinants.push(logs.sum());
            for (axis, variance) in axes.directions.chunks_exact(p).zip(&axes.variances) {
                let root = variance.sqrt();
                model.whitening.extend(axis.iter().map(|v| v / root));
            }
        }
        model.means = classes.means;
        Ok(Box::new(model))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "solver": self.solver,
            "shrinkage": self.shrinkage,
            "priors": self.priors,
            "reg_param": self.reg_param,
            "tol": self.tol,
        })
    }
}

/// Principal axes of a class, one a row, with the variance along each.
struct Axes {
    variances: Vec<f64>,
    directions: Vec<f64>,
}

impl QuadraticDiscriminant {
    fn axes(&self, samples: &Samples, rows: &[usize], mean: &[f64]) -> Result<Axes> {
        let p = samples.width();
        if self.solver == QuadraticSolver::Eigen {
            let matrix = covariance(samples, rows, mean, self.shrinkage);
            let eigen = symmetric_eigen(&matrix, p, NAME)?;
            return Ok(Axes {
                variances: eigen.values,
                directions: eigen.vectors,
            });
        }
        let r = triangle_of(rows.len(), p, |at, z| {
            let x = samples.row(rows[at]).iter().zip(mean);
            for (z, (x, m)) in z.iter_mut().zip(x) {
                *z = x - m;
            }
        });
        let found = right_singular(Block::new(&r, r.len() / p, p), NAME)?;
        let n = rows.len() as f64;
        let variance = |s: &f64| (1.0 - self.reg_param) * (s * s / n) + self.reg_param;
        Ok(Axes {
            variances: found.values.iter().map(variance).collect(),
            directions: found.vectors,
        })
    }

    fn remedy(&self, rows: usize, columns: usize) -> &'static str {
        match self.solver {
            QuadraticSolver::Eigen => "raise the shrinkage",
            QuadraticSolver::Svd if rows < columns => {
                "choose the solver eigen with a shrinkage, or fewer columns"
            }
            QuadraticSolver::Svd => "raise reg_param, or leave out columns that depend on others",
        }
    }
}

/// A fitted quadratic discriminant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuadraticDiscriminantModel {
    classes: usize,
    width: usize,
    /// Class numbers that occurred in training.
    present: Vec<usize>,
    log_priors: Vec<f64>,
    /// Present classes × columns.
    means: Vec<f64>,
    /// Per present class p axes × p columns, each divided by the standard deviation along it.
    whitening: Vec<f64>,
    log_determinants: Vec<f64>,
}

impl QuadraticDiscriminantModel {
    pub(crate) fn check(&self) -> Result<()> {
        let (k, p) = (self.present.len(), self.width);
        expect_classes("present", &self.present, self.classes)?;
        expect_product("log_priors", self.log_priors.len(), k, 1)?;
        expect_product("log_determinants", self.log_determinants.len(), k, 1)?;
        expect_product("means", self.means.len(), k, p)?;
        expect_product("whitening", self.whitening.len(), self.means.len(), p)?;
        expect_finite("log_priors", &self.log_priors)?;
        expect_finite("log_determinants", &self.log_determinants)?;
        expect_finite("means", &self.means)?;
        expect_finite("whitening", &self.whitening)?;
        if p == 0 {
            return Err(LearnError::saved("width", "0", "at least 1"));
        }
        Ok(())
    }

    /// Log probabilities, up to a constant, of some rows; rows × present classes.
    fn log_weights(&self, values: &[f64]) -> Vec<f64> {
        let (p, k) = (self.width, self.present.len());
        let rows = values.len() / p;
        let mut centred = vec![0.0; values.len()];
        let mut whitened = vec![0.0; values.len()];
        let mut out = vec![0.0; rows * k];
        for class in 0..k {
            let mean = &self.means[class * p..(class + 1) * p];
            for (z, x) in centred.chunks_exact_mut(p).zip(values.chunks_exact(p)) {
                for ((z, x), m) in z.iter_mut().zip(x).zip(mean) {
                    *z = x - m;
                }
            }
            let axes = Block::new(&self.whitening[class * p * p..(class + 1) * p * p], p, p);
            product_transposed(&mut whitened, Block::new(&centred, rows, p), axes);
            for (row, z) in whitened.chunks_exact(p).enumerate() {
                // A distance that overflows is as far as one can be, not undefined.
                let distance = dot(z, z);
                let distance = if distance < f64::MAX {
                    distance
                } else {
                    f64::MAX
                };
                out[row * k + class] =
                    self.log_priors[class] - 0.5 * (distance + self.log_determinants[class]);
            }
        }
        out
    }
}

impl Model for QuadraticDiscriminantModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        probabilities(values, self.width, self.classes, &self.present, |values| {
            self.log_weights(values)
        })
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::QuadraticDiscriminant(self.clone())
    }
}
