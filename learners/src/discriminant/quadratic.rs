//! Quadratic discriminant: each class has a covariance of its own.
//!
//! `log P(k | x) = −½ [ (x − μ_k)·Σ_k⁻¹(x − μ_k) + log det Σ_k ] + log π_k + const`. With solver `svd` Σ is
//! `(1 − r) S + r I`, r the `reg_param` and S the covariance of a class (divisor n), which is never formed:
//! a triangle of the centred rows takes its place, and their singular values tell its rank. Solver
//! `eigen` takes principal axes of the covariance, shrunk if wanted. A class with a variance not above `tol`
//! along some axis is refused, and with `svd` one with fewer rows than columns. After scikit-learn.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Classes;
use super::covariance::{Shrinkage, covariance};
use crate::adapters::faer::{
    Block, add_inverse_transposed, product_transposed, singular_values, symmetric_eigen,
};
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
    /// From its centred rows; no shrinkage.
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
            match self.whiten(samples, rows, mean, &mut model.whitening)? {
                Covariance::Regular { log_determinant } => {
                    model.log_determinants.push(log_determinant);
                }
                Covariance::Singular { rank } => {
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

/// What a class's covariance Σ turned out to be.
enum Covariance {
    Regular { log_determinant: f64 },
    Singular { rank: usize },
}

impl QuadraticDiscriminant {
    /// Adds W, `WᵀW` = Σ⁻¹, of a class to `whitening` where Σ is regular.
    fn whiten(
        &self,
        samples: &Samples,
        rows: &[usize],
        mean: &[f64],
        whitening: &mut Vec<f64>,
    ) -> Result<Covariance> {
        match self.solver {
            QuadraticSolver::Svd => self.by_triangle(samples, rows, mean, whitening),
            QuadraticSolver::Eigen => self.by_axes(samples, rows, mean, whitening),
        }
    }

    /// Σ = `RᵀR`, R the triangle of the centred rows times √((1 − r)/n) over √r I.
    fn by_triangle(
        &self,
        samples: &Samples,
        rows: &[usize],
        mean: &[f64],
        whitening: &mut Vec<f64>,
    ) -> Result<Covariance> {
        let (p, n) = (samples.width(), rows.len());
        let factor = ((1.0 - self.reg_param) / n as f64).sqrt();
        let ridge = self.reg_param.sqrt();
        let ridge_rows = if ridge > 0.0 { p } else { 0 };
        let r = triangle_of(n + ridge_rows, p, |at, z| {
            if let Some(row) = rows.get(at) {
                for (z, (x, m)) in z.iter_mut().zip(samples.row(*row).iter().zip(mean)) {
                    *z = (x - m) * factor;
                }
            } else {
                z.fill(0.0);
                z[at - n] = ridge;
            }
        });
        // Every variance is r or more: above `tol` there is nothing to find.
        let rank = if self.reg_param > self.tol {
            p
        } else {
            let values = singular_values(Block::new(&r, r.len() / p, p), NAME)?;
            self.rank(values.iter().map(|s| s * s))
        };
        if rank < p || n < p.max(2) {
            return Ok(Covariance::Singular { rank: rank.min(n) });
        }
        add_inverse_transposed(whitening, &r, p);
        let roots = r.iter().step_by(p + 1);
        let log_determinant = 2.0 * roots.map(|d| d.abs().ln()).sum::<f64>();
        Ok(Covariance::Regular { log_determinant })
    }

    /// W is the principal axes of Σ, each divided by the standard deviation along it.
    fn by_axes(
        &self,
        samples: &Samples,
        rows: &[usize],
        mean: &[f64],
        whitening: &mut Vec<f64>,
    ) -> Result<Covariance> {
        let p = samples.width();
        let matrix = covariance(samples, rows, mean, self.shrinkage);
        let axes = symmetric_eigen(&matrix, p, NAME)?;
        let rank = self.rank(axes.values.iter().copied());
        if rank < p || rows.len() < 2 {
            return Ok(Covariance::Singular { rank });
        }
        for (axis, variance) in axes.vectors.chunks_exact(p).zip(&axes.values) {
            let root = variance.sqrt();
            whitening.extend(axis.iter().map(|v| v / root));
        }
        let log_determinant = axes.values.iter().map(|v| v.ln()).sum();
        Ok(Covariance::Regular { log_determinant })
    }

    fn rank(&self, variances: impl Iterator<Item = f64>) -> usize {
        variances.filter(|v| *v > self.tol).count()
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
    /// W per present class, p × p: `WᵀW` is the inverse of its covariance.
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

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    /// Rows of two columns, each class a cross about its centre: variances s² / 2 along either axis.
    fn crosses() -> Samples {
        let cross = |centre: f64, s: f64| {
            let arms = [[s, 0.0], [-s, 0.0], [0.0, s], [0.0, -s]];
            arms.map(|[x, y]| [x + centre, y]).concat()
        };
        Samples::new(
            [cross(0.0, 1.0), cross(3.0, 0.02)].concat(),
            vec!["x".to_owned(), "y".to_owned()],
            [0, 0, 0, 0, 1, 1, 1, 1].map(Label).to_vec(),
            ClassNames::new(vec!["wide".to_owned(), "narrow".to_owned()]).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn a_share_of_the_variance_below_tol_is_added_and_counted() {
        let samples = crosses();
        // Variances of the narrow class are 2e-4 (1 − r) + r.
        for (reg_param, tol, accepted) in [
            (0.0, 1e-4, true),
            (0.0, 1e-3, false),
            (5e-4, 6e-4, true),
            (5e-4, 8e-4, false),
            (1e-2, 8e-4, true),
        ] {
            let learner = QuadraticDiscriminant {
                reg_param,
                tol,
                ..QuadraticDiscriminant::default()
            };
            let model = match learner.fit(&samples, 0) {
                Ok(model) => model,
                Err(error) => {
                    assert!(!accepted, "{error}");
                    assert!(error.to_string().contains("rank 0 of 2"), "{error}");
                    continue;
                }
            };
            assert!(accepted, "{reg_param} {tol}");
            let variance = |s: f64| (1.0 - reg_param) * s * s / 2.0 + reg_param;
            let (wide, narrow) = (variance(1.0), variance(0.02));
            let density = |d2: f64, v: f64| (-0.5 * d2 / v).exp() / v;
            for (x, y) in [(2.9, 0.05), (1.0, 1.0), (3.1, -0.02)] {
                let (a, b) = (
                    density(x * x + y * y, wide),
                    density((x - 3.0) * (x - 3.0) + y * y, narrow),
                );
                let found = model.predict_proba(&[x, y], 1);
                assert!((found[0] - a / (a + b)).abs() < 1e-12, "{found:?}");
            }
        }
    }
}
