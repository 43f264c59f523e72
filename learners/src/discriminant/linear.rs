//! Linear discriminant: classes of equal covariance.
//!
//! `log P(k | x) = x·Σ⁻¹μ_k − ½ μ_k·Σ⁻¹μ_k + log π_k + const`. Solver `svd` takes Σ from the singular values of
//! the rows without their class's mean, columns scaled to variance 1 within classes, and leaves out
//! directions whose singular value is not above `tol`; then directions along which the classes' means
//! spread by no more than `tol` of the widest. Solvers `lsqr` and `eigen` form Σ, shrunk if wanted; they
//! give the same answer where Σ is positive definite, `lsqr` also elsewhere. After scikit-learn.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Classes;
use super::covariance::{Shrinkage, covariance};
use crate::adapters::faer::{Block, Cholesky, right_singular, symmetric_eigen};
use crate::class_priors;
use crate::dense::triangle::triangle_of;
use crate::dense::{add_scaled, dot};
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model};
use crate::logistic_regression::LogisticModel;
use crate::samples::{PresentClasses, Samples};
use crate::saved::SavedModel;

/// Name in results.
pub(crate) const NAME: &str = "linear_discriminant";

/// How the inverse covariance is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinearSolver {
    /// From singular values of the rows; no shrinkage.
    Svd,
    /// From the covariance's eigenvalues; those that rounding cannot tell from zero are left out.
    Lsqr,
    /// From the covariance, which must be positive definite.
    Eigen,
}

/// Linear discriminant and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearDiscriminant {
    /// How the inverse covariance is found.
    pub solver: LinearSolver,
    /// Shrinkage of each class's covariance; not with `svd`.
    pub shrinkage: Option<Shrinkage>,
    /// Probability of each class before anything is seen, in the order of the class names; without
    /// it the classes' shares of the training rows.
    pub priors: Option<Vec<f64>>,
    /// Singular value up to which a direction is left out by `svd`.
    pub tol: f64,
}

impl Default for LinearDiscriminant {
    fn default() -> Self {
        Self {
            solver: LinearSolver::Svd,
            shrinkage: None,
            priors: None,
            tol: 1e-4,
        }
    }
}

impl Learner for LinearDiscriminant {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        if let Some(shrinkage) = self.shrinkage {
            if self.solver == LinearSolver::Svd {
                return Err(LearnError::settings(
                    NAME,
                    "shrinkage needs the solver lsqr or eigen",
                ));
            }
            shrinkage.check(NAME)?;
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
        // One row a class leaves nothing to vary within classes.
        samples.ready(NAME, present.labels.len() + 1)?;
        let classes = Classes::new(samples, &present);
        let totals = classes.totals();
        let priors = class_priors::of(self.priors.as_deref(), &present, &totals, samples, NAME)?;
        let lines = match self.solver {
            LinearSolver::Svd => self.by_svd(samples, &present, &classes, &priors)?,
            solver => self.by_covariance(samples, &classes, &priors, solver)?,
        };
        Ok(Box::new(LinearDiscriminantModel(
            lines.into_model(samples, present),
        )))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "solver": self.solver,
            "shrinkage": self.shrinkage,
            "priors": self.priors,
            "tol": self.tol,
        })
    }
}

/// Coefficients (classes × p) and intercept of each class's log probability.
struct Lines {
    coefficients: Vec<f64>,
    intercepts: Vec<f64>,
}

impl Lines {
    /// With two classes the difference of both is all that counts.
    fn into_model(self, samples: &Samples, present: PresentClasses) -> LogisticModel {
        let p = samples.width();
        let (mut weights, mut intercepts) = (self.coefficients, self.intercepts);
        if let [first, second] = intercepts[..] {
            intercepts = vec![second - first];
            let (a, b) = weights.split_at(p);
            weights = b.iter().zip(a).map(|(b, a)| b - a).collect();
        }
        LogisticModel {
            classes: samples.classes().len(),
            width: p,
            present: present.labels,
            weights,
            intercepts,
        }
    }
}

impl LinearDiscriminant {
    fn by_svd(
        &self,
        samples: &Samples,
        present: &PresentClasses,
        classes: &Classes,
        priors: &[f64],
    ) -> Result<Lines> {
        let (n, p, k) = (samples.rows(), samples.width(), priors.len());
        let deviations = deviations_within(samples, present, classes);
        let root = (n as f64).sqrt();
        let r = triangle_of(n, p, |row, z| {
            let mean = classes.mean(present.of_row[row], p);
            let x = samples.row(row).iter().zip(mean).zip(&deviations);
            for (z, ((x, m), s)) in z.iter_mut().zip(x) {
                *z = (x - m) / s / root;
            }
        });
        let within = right_singular(Block::new(&r, r.len() / p, p), NAME)?;
        let rank = within.values.iter().filter(|s| **s > self.tol).count();
        if rank == 0 {
            return Err(LearnError::NoColumns {
                learner: NAME,
                found: "no column varies within the classes".into(),
            });
        }
        // Directions along which classes have variance 1: rank × p.
        let mut whitening = within.vectors;
        whitening.truncate(rank * p);
        for (direction, s) in whitening.chunks_exact_mut(p).zip(&within.values) {
            for (v, deviation) in direction.iter_mut().zip(&deviations) {
                *v = *v / deviation / s;
            }
        }
        let mut middle = vec![0.0; p];
        for (class, prior) in priors.iter().enumerate() {
            add_scaled(&mut middle, *prior, classes.mean(class, p));
        }
        // The means in those directions, classes × rank.
        let centred = |class: usize| -> Vec<f64> {
            let mean = classes.mean(class, p).iter().zip(&middle);
            mean.map(|(m, middle)| m - middle).collect()
        };
        let mut centres = Vec::with_capacity(k * rank);
        for class in 0..k {
            let mean = centred(class);
            centres.extend(
                whitening
                    .chunks_exact(p)
                    .map(|direction| dot(direction, &mean)),
            );
        }
        let mut spread = centres.clone();
        for (row, prior) in spread.chunks_exact_mut(rank).zip(priors) {
            let factor = (n as f64 * prior / (k as f64 - 1.0)).sqrt();
            for v in row {
                *v *= factor;
            }
        }
        let between = right_singular(Block::new(&spread, k, rank), NAME)?;
        let least = self.tol * between.values[0];
        let kept = between.values.iter().filter(|s| **s > least).count();
        let axes = &between.vectors[..kept * rank];
        let mut lines = Lines {
            coefficients: vec![0.0; k * p],
            intercepts: Vec::with_capacity(k),
        };
        for ((line, centre), prior) in lines
            .coefficients
            .chunks_exact_mut(p)
            .zip(centres.chunks_exact(rank))
            .zip(priors)
        {
            let along: Vec<f64> = axes
                .chunks_exact(rank)
                .map(|axis| dot(axis, centre))
                .collect();
            let mut whitened = vec![0.0; rank];
            for (axis, a) in axes.chunks_exact(rank).zip(&along) {
                add_scaled(&mut whitened, *a, axis);
            }
            for (direction, w) in whitening.chunks_exact(p).zip(&whitened) {
                add_scaled(line, *w, direction);
            }
            let intercept = prior.ln() - 0.5 * dot(&along, &along) - dot(&middle, line);
            lines.intercepts.push(intercept);
        }
        Ok(lines)
    }

    fn by_covariance(
        &self,
        samples: &Samples,
        classes: &Classes,
        priors: &[f64],
        solver: LinearSolver,
    ) -> Result<Lines> {
        let p = samples.width();
        let mut within = vec![0.0; p * p];
        for (class, prior) in priors.iter().enumerate() {
            let rows = &classes.rows[class];
            let of_class = covariance(samples, rows, classes.mean(class, p), self.shrinkage);
            add_scaled(&mut within, *prior, &of_class);
        }
        let mut coefficients = classes.means.clone();
        if solver == LinearSolver::Eigen {
            let Some(factor) = Cholesky::new(&within, p) else {
                return Err(LearnError::RankDeficient {
                    learner: NAME,
                    what: "the covariance within classes".into(),
                    remedy: "choose a shrinkage or the solver svd",
                });
            };
            factor.solve(&mut coefficients);
        } else {
            let eigen = symmetric_eigen(&within, p, NAME)?;
            let largest = eigen.values.iter().fold(0.0, |m, v| f64::max(m, v.abs()));
            let means = coefficients.clone();
            coefficients.fill(0.0);
            for (line, mean) in coefficients.chunks_exact_mut(p).zip(means.chunks_exact(p)) {
                for (value, v) in eigen.values.iter().zip(eigen.vectors.chunks_exact(p)) {
                    if value.abs() > f64::EPSILON * largest {
                        add_scaled(line, dot(v, mean) / value, v);
                    }
                }
            }
        }
        let intercepts = coefficients
            .chunks_exact(p)
            .zip(priors)
            .enumerate()
            .map(|(class, (line, prior))| prior.ln() - 0.5 * dot(line, classes.mean(class, p)))
            .collect();
        Ok(Lines {
            coefficients,
            intercepts,
        })
    }
}

/// Standard deviations of the columns within classes, 1 where there is none.
fn deviations_within(samples: &Samples, present: &PresentClasses, classes: &Classes) -> Vec<f64> {
    let p = samples.width();
    let mut squares = vec![0.0; p];
    for (row, &class) in present.of_row.iter().enumerate() {
        let x = samples.row(row).iter().zip(classes.mean(class, p));
        for (s, (x, m)) in squares.iter_mut().zip(x) {
            *s += (x - m) * (x - m);
        }
    }
    squares
        .into_iter()
        .map(|s| (s / samples.rows() as f64).sqrt())
        .map(|s| if s > 0.0 { s } else { 1.0 })
        .collect()
}

/// A fitted linear discriminant: as a function of the columns a logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinearDiscriminantModel(pub(crate) LogisticModel);

impl LinearDiscriminantModel {
    pub(crate) fn check(&self) -> Result<()> {
        self.0.check()
    }
}

impl Model for LinearDiscriminantModel {
    fn width(&self) -> usize {
        self.0.width()
    }

    fn class_count(&self) -> usize {
        self.0.class_count()
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        self.0.predict_proba(values, rows)
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::LinearDiscriminant(self.clone())
    }
}
