//! Logistic regression with an L1 penalty or the elastic net.
//!
//! Newton steps with the penalty kept as it is (Friedman, Hastie, Tibshirani 2010,
//! doi 10.18637/jss.v033.i01; Yuan, Ho, Lin 2012, JMLR 13: 1999–2030): for one row of coefficients at a time
//! the likelihood is replaced by its second-order expansion, `gᵀd + ½ dᵀH d`, H on the columns that are
//! in use or ought to be, and coordinate descent minimises it with the penalty; a line search then
//! takes as much of d as decreases the objective itself. The end is a certificate: no component of the
//! smallest subgradient, over all columns and rows, exceeds the tolerance.

use rayon::prelude::*;

use crate::dense::gram::{gram, mirror};
use crate::dense::{dot, thin::add_products};
use crate::error::Result;

use super::expansion::Expansion;
use super::lbfgs::Stop;
use super::objective::LogisticObjective;

/// Sufficient decrease of the line search, as by Yuan, Ho and Lin.
const DECREASE: f64 = 0.01;

/// Halvings of a step before rounding is taken to be in the way.
const MAX_HALVINGS: usize = 40;

/// Relative difference of two values of the objective that rounding alone may make.
const ROUNDING: f64 = 1e-12;

/// Smallest curvature of a sample, q (1 − q), that enters H: it keeps steps finite where probabilities
/// have become certain; the line search makes good what it costs.
const SMALLEST_CURVATURE: f64 = 1e-6;

/// Change of the curvatures, as a share of their sum, up to which an earlier H still serves.
const STALE: f64 = 0.02;

/// Share of the tolerance to which a step's expansion is minimised.
const INNER_FLOOR: f64 = 0.1;

/// Both penalties of one fit: `l1 ‖W‖₁ + l2/2 ‖W‖²`.
#[derive(Clone, Copy)]
pub(super) struct Penalty {
    pub(super) l1: f64,
    pub(super) l2: f64,
}

impl Penalty {
    fn value(self, w: &[f64]) -> f64 {
        let absolute: f64 = w.iter().map(|w| w.abs()).sum();
        self.l1 * absolute + 0.5 * self.l2 * dot(w, w)
    }

    /// The smallest absolute subgradient of a coefficient whose likelihood has the slope `g`.
    pub(super) fn violation(self, w: f64, g: f64) -> f64 {
        let g = g + self.l2 * w;
        if w > 0.0 {
            (g + self.l1).abs()
        } else if w < 0.0 {
            (g - self.l1).abs()
        } else {
            (g.abs() - self.l1).max(0.0)
        }
    }
}

/// The minimum for each strength (1 / C) in turn, each starting at the one before.
///
/// # Errors
/// [`crate::LearnError::NotConverged`].
pub(super) fn path(
    objective: LogisticObjective<'_>,
    strengths: &[f64],
    l1_ratio: f64,
    stop: Stop,
) -> Result<Vec<Vec<f64>>> {
    let mut solver = Solver::new(objective);
    strengths
        .iter()
        .map(|strength| {
            let penalty = Penalty {
                l1: l1_ratio * strength,
                l2: (1.0 - l1_ratio) * strength,
            };
            solver.minimise(penalty, stop)
        })
        .collect()
}

/// Largest slope of a coefficient where all are zero and the intercepts fit best.
pub(super) fn largest_slope_at_zero(objective: &LogisticObjective<'_>) -> f64 {
    // With its intercepts alone the likelihood gives every class its share of the weight.
    let mut shares = vec![0.0; objective.rows().max(2)];
    for sample in 0..objective.samples() {
        shares[objective.class(sample)] += objective.weight(sample);
    }
    let mut at = vec![0.0; objective.len()];
    let intercepts = &mut at[objective.coefficients()..];
    if let [only] = intercepts {
        *only = (shares[1] / shares[0]).ln();
    } else {
        for (intercept, share) in intercepts.iter_mut().zip(&shares) {
            *intercept = share.ln();
        }
    }
    let gradient = objective.evaluate(&at).gradient;
    let slopes = gradient[..objective.coefficients()].iter();
    slopes.fold(0.0, |m, g| f64::max(m, g.abs()))
}

/// A row's H with the columns and curvatures it was made of.
#[derive(Default)]
struct Curvature {
    active: Vec<usize>,
    of_sample: Vec<f64>,
    matrix: Vec<f64>,
}

struct Solver<'a> {
    objective: LogisticObjective<'a>,
    /// Coefficients, then intercepts.
    at: Vec<f64>,
    /// Samples × rows of coefficients.
    scores: Vec<f64>,
    /// One a row of coefficients.
    curvatures: Vec<Curvature>,
}

/// What a row's step starts from.
struct Slopes {
    /// Of each coefficient, then of the intercept.
    gradient: Vec<f64>,
    /// Curvature of each sample.
    of_sample: Vec<f64>,
}

impl<'a> Solver<'a> {
    fn new(objective: LogisticObjective<'a>) -> Self {
        let rows = objective.rows();
        Self {
            objective,
            at: vec![0.0; objective.len()],
            scores: vec![0.0; objective.samples() * rows],
            curvatures: (0..rows).map(|_| Curvature::default()).collect(),
        }
    }

    fn minimise(&mut self, penalty: Penalty, stop: Stop) -> Result<Vec<f64>> {
        let objective = self.objective;
        let mut violation = f64::INFINITY;
        for _ in 0..stop.max_iterations {
            let gradient = objective.evaluate(&self.at).gradient;
            violation = self.violation(&gradient, penalty);
            if violation <= stop.tolerance {
                self.centre();
                return Ok(self.at.clone());
            }
            let mut moved = false;
            for k in 0..objective.rows() {
                let slopes = self.slopes(k);
                moved |= self.step(k, &slopes, penalty, stop.tolerance);
            }
            if !moved {
                break;
            }
        }
        Err(stop.failed(stop.max_iterations, violation))
    }

    /// Intercepts of several classes may shift together at no cost; their mean becomes zero.
    fn centre(&mut self) {
        let intercepts = &mut self.at[self.objective.coefficients()..];
        if intercepts.len() > 1 {
            let mean = intercepts.iter().sum::<f64>() / intercepts.len() as f64;
            for b in intercepts {
                *b -= mean;
            }
        }
    }

    /// Largest violation of the optimality conditions.
    fn violation(&self, gradient: &[f64], penalty: Penalty) -> f64 {
        let count = self.objective.coefficients();
        let of_coefficients = self.at[..count]
            .iter()
            .zip(gradient)
            .map(|(&w, &g)| penalty.violation(w, g));
        let of_intercepts = gradient[count..].iter().map(|g| g.abs());
        of_coefficients
            .chain(of_intercepts)
            .fold(0.0, |m, v| if v.is_nan() { v } else { f64::max(m, v) })
    }

    /// Gradient of one row of coefficients, and the samples' curvatures.
    fn slopes(&self, k: usize) -> Slopes {
        let objective = &self.objective;
        let (p, rows, block) = (objective.width(), objective.rows(), objective.block());
        let parts: Vec<(Vec<f64>, Vec<f64>)> = objective
            .values()
            .par_chunks(block * p)
            .zip(self.scores.par_chunks(block * rows))
            .enumerate()
            .map(|(at, (values, scores))| {
                let mut residuals = Vec::with_capacity(block);
                let mut of_sample = Vec::with_capacity(block);
                let mut q = vec![0.0; rows];
                for (offset, score) in scores.chunks_exact(rows).enumerate() {
                    let sample = at * block + offset;
                    q.copy_from_slice(score);
                    LogisticObjective::probabilities(&mut q);
                    let weight = objective.weight(sample);
                    of_sample.push(weight * (q[k] * (1.0 - q[k])).max(SMALLEST_CURVATURE));
                    residuals.push(weight * (q[k] - objective.truth(sample, k)));
                }
                let mut gradient = vec![0.0; p + 1];
                add_products(&mut gradient[..p], values, &residuals, p);
                gradient[p] = residuals.iter().sum();
                (gradient, of_sample)
            })
            .collect();
        let mut slopes = Slopes {
            gradient: vec![0.0; p + 1],
            of_sample: Vec::with_capacity(objective.samples()),
        };
        for (gradient, of_sample) in parts {
            add_products(&mut slopes.gradient, &gradient, &[1.0], p + 1);
            slopes.of_sample.extend(of_sample);
        }
        slopes
    }

    /// One step of row k; whether it moved.
    fn step(&mut self, k: usize, slopes: &Slopes, penalty: Penalty, tolerance: f64) -> bool {
        let objective = self.objective;
        let p = objective.width();
        let w = &self.at[k * p..(k + 1) * p];
        let active: Vec<usize> = (0..p)
            .filter(|&j| w[j] != 0.0 || penalty.violation(0.0, slopes.gradient[j]) > 0.0)
            .collect();
        self.refresh(k, active, &slopes.of_sample);
        let w = &self.at[k * p..(k + 1) * p];
        let curvature = &self.curvatures[k];
        let active = &curvature.active;
        let start: Vec<f64> = active.iter().map(|&j| w[j]).collect();
        let mut expansion = Expansion {
            matrix: &curvature.matrix,
            slope: active.iter().map(|&j| slopes.gradient[j]).collect(),
            coefficients: start.clone(),
            penalty,
        };
        // The intercept is the last coordinate, without penalty.
        let intercept = objective.has_intercept();
        expansion
            .slope
            .push(if intercept { slopes.gradient[p] } else { 0.0 });
        expansion.coefficients.push(0.0);
        expansion.descend(intercept, INNER_FLOOR * tolerance);
        let mut change: Vec<f64> = expansion.coefficients;
        for (d, s) in change.iter_mut().zip(&start) {
            *d -= s;
        }
        if change.iter().all(|d| *d == 0.0) {
            return false;
        }
        let along = self.along(active, &change);
        // What the expansion's first order and the penalty promise of a whole step.
        let first_order: f64 = active
            .iter()
            .zip(&change)
            .map(|(&j, d)| slopes.gradient[j] * d)
            .sum::<f64>()
            + if intercept {
                slopes.gradient[p] * change[active.len()]
            } else {
                0.0
            };
        let penalised = |step: f64| {
            let moved: Vec<f64> = start
                .iter()
                .zip(&change)
                .map(|(s, d)| s + step * d)
                .collect();
            penalty.value(&moved)
        };
        let before = penalised(0.0);
        let promise = first_order + penalised(1.0) - before;
        let loss = self.loss(k, &along, 0.0);
        let mut step = 1.0;
        for _ in 0..MAX_HALVINGS {
            let gain = self.loss(k, &along, step) - loss + penalised(step) - before;
            if gain <= DECREASE * step * promise || gain.abs() <= ROUNDING * (loss + before) {
                // A whole step ends where coordinate descent ended, zeros included.
                for (&j, d) in active.iter().zip(&change) {
                    self.at[k * p + j] += step * d;
                }
                let count = objective.coefficients();
                self.at[count + k] += step * change[active.len()];
                let rows = objective.rows();
                for (score, change) in self.scores.chunks_exact_mut(rows).zip(&along) {
                    score[k] += step * change;
                }
                return true;
            }
            step *= 0.5;
        }
        false
    }

    /// Makes row k's H anew unless the last one still serves.
    fn refresh(&mut self, k: usize, active: Vec<usize>, of_sample: &[f64]) {
        let known = &self.curvatures[k];
        if known.of_sample.len() == of_sample.len() {
            let change: f64 = known
                .of_sample
                .iter()
                .zip(of_sample)
                .map(|(a, b)| (a - b).abs())
                .sum();
            let covered = active.iter().all(|j| known.active.binary_search(j).is_ok());
            if covered && change <= STALE * of_sample.iter().sum::<f64>() {
                return;
            }
        }
        let objective = &self.objective;
        let order = active.len() + 1;
        let mut matrix = gram(objective.samples(), order, |sample, z| {
            let x = objective.row(sample);
            let root = of_sample[sample].sqrt();
            for (z, &j) in z.iter_mut().zip(&active) {
                *z = root * x[j];
            }
            z[order - 1] = root;
        });
        mirror(&mut matrix, order);
        self.curvatures[k] = Curvature {
            active,
            of_sample: of_sample.to_vec(),
            matrix,
        };
    }

    /// Change of each sample's score along a change of the active coefficients and the intercept.
    fn along(&self, active: &[usize], change: &[f64]) -> Vec<f64> {
        let used: Vec<(usize, f64)> = active
            .iter()
            .zip(change)
            .filter(|(_, d)| **d != 0.0)
            .map(|(&j, &d)| (j, d))
            .collect();
        self.objective
            .values()
            .par_chunks_exact(self.objective.width())
            .with_min_len(self.objective.block())
            .map(|x| used.iter().map(|&(j, d)| x[j] * d).sum::<f64>() + change[active.len()])
            .collect()
    }

    /// Likelihood where row k's scores have moved.
    fn loss(&self, k: usize, along: &[f64], step: f64) -> f64 {
        let objective = &self.objective;
        let (rows, block) = (objective.rows(), objective.block());
        let parts: Vec<f64> = self
            .scores
            .par_chunks(block * rows)
            .zip(along.par_chunks(block))
            .enumerate()
            .map(|(at, (scores, along))| {
                let mut moved = vec![0.0; rows];
                let mut loss = 0.0;
                for (offset, (score, change)) in scores.chunks_exact(rows).zip(along).enumerate() {
                    moved.copy_from_slice(score);
                    moved[k] += step * change;
                    loss += objective.residuals(at * block + offset, &mut moved);
                }
                loss
            })
            .collect();
        parts.iter().sum()
    }
}
