//! Logistic regression with an L2 penalty or none.
//!
//! The preconditioner of a row k of coefficients is its own block of the Hessian at a point,
//! `M_k = f Σ_i s_i q_ik (1 − q_ik) x_i x_iᵀ + I / C`, q the probabilities there, intercept included. With
//! three classes or more f = K / (K − 1), which makes it the whole Hessian's action at equal
//! probabilities, since the rows of a gradient sum to zero. A step costs two triangular solutions, so that
//! ill-conditioned columns cost no more iterations than others.
//!
//! Where there are more columns than samples, the minimum lies in the span of the samples
//! (Hastie and Tibshirani 2004, doi 10.1093/biostatistics/kxh010): with X = L Qᵀ the same problem
//! is solved on L, whose width is the number of samples, and its coefficients v give Q v.

use rayon::prelude::*;

use crate::adapters::faer::{Block, Cholesky, RowSpace};
use crate::dense::{add_scaled, dot, gram::gram};
use crate::error::Result;

use super::lbfgs::{self, Objective, Stop};
use super::objective::LogisticObjective;

/// Share of the largest diagonal entry that keeps a preconditioner positive definite where columns
/// depend on each other and nothing is penalised.
const RIDGE: f64 = 1e-10;

/// The likelihood with its penalty and a preconditioner for each row of coefficients, or one for all.
struct Penalised<'a> {
    objective: LogisticObjective<'a>,
    /// 1 / C.
    strength: f64,
    factors: Vec<Cholesky>,
}

impl Penalised<'_> {
    /// The block of the Hessian, lower triangle, of coefficients and intercept of row k, from the
    /// probabilities of all samples.
    fn hessian(&self, probabilities: &[f64], k: usize) -> Vec<f64> {
        let objective = &self.objective;
        let (p, rows) = (objective.width(), objective.rows());
        let factor = match rows {
            1 => 1.0,
            k => k as f64 / (k - 1) as f64,
        };
        let mut matrix = gram(objective.samples(), p + 1, |sample, z| {
            let q = probabilities[sample * rows + k];
            let root = (factor * objective.weight(sample) * q * (1.0 - q)).sqrt();
            for (z, x) in z.iter_mut().zip(objective.row(sample)) {
                *z = root * x;
            }
            z[p] = if objective.has_intercept() { root } else { 0.0 };
        });
        let largest = (0..=p).fold(0.0, |m, j| f64::max(m, matrix[j * (p + 2)]));
        for j in 0..=p {
            let penalty = if j < p { self.strength } else { 0.0 };
            matrix[j * (p + 2)] += penalty + RIDGE * (largest + self.strength);
        }
        matrix
    }
}

impl Objective for Penalised<'_> {
    fn evaluate(&self, at: &[f64]) -> (f64, Vec<f64>) {
        let mut evaluation = self.objective.evaluate(at);
        let coefficients = &at[..self.objective.coefficients()];
        let count = coefficients.len();
        add_scaled(
            &mut evaluation.gradient[..count],
            self.strength,
            coefficients,
        );
        let penalty = 0.5 * self.strength * dot(coefficients, coefficients);
        (evaluation.loss + penalty, evaluation.gradient)
    }

    fn refresh(&mut self, at: &[f64]) {
        // At zero all classes are equally probable, so that one block is every row's.
        let alike = at.iter().all(|v| *v == 0.0);
        let rows = if alike { 1 } else { self.objective.rows() };
        let order = self.objective.width() + 1;
        let probabilities = self.objective.all_probabilities(at);
        self.factors.clear();
        for k in 0..rows {
            let Some(factor) = Cholesky::new(&self.hessian(&probabilities, k), order) else {
                // Overflow: go on by plain gradients, whose own end says what is wrong.
                self.factors.clear();
                return;
            };
            self.factors.push(factor);
        }
    }

    fn precondition(&self, v: &mut [f64]) {
        let (p, order) = (self.objective.width(), self.objective.width() + 1);
        let (coefficients, intercepts) = v.split_at_mut(self.objective.coefficients());
        let mut both = vec![0.0; intercepts.len() * order];
        let rows = || coefficients.chunks_exact(p).zip(&*intercepts);
        for (both, (w, b)) in both.chunks_exact_mut(order).zip(rows()) {
            both[..p].copy_from_slice(w);
            both[p] = *b;
        }
        match &self.factors[..] {
            [] => return,
            [factor] => factor.solve(&mut both),
            factors => both
                .par_chunks_exact_mut(order)
                .zip(factors)
                .for_each(|(both, factor)| factor.solve(both)),
        }
        let rows = coefficients.chunks_exact_mut(p).zip(intercepts);
        for (both, (w, b)) in both.chunks_exact(order).zip(rows) {
            w.copy_from_slice(&both[..p]);
            *b = both[p];
        }
    }
}

/// The minimum for each strength (1 / C) in turn, each starting at the one before.
///
/// # Errors
/// [`crate::LearnError::NotConverged`].
pub(crate) fn path(
    objective: LogisticObjective<'_>,
    strengths: &[f64],
    stop: Stop,
) -> Result<Vec<Vec<f64>>> {
    let (n, p) = (objective.samples(), objective.width());
    if p <= n {
        return along(objective, strengths, stop);
    }
    let space = RowSpace::new(Block::new(objective.values(), n, p));
    let small = space.coordinates();
    // No component of Q g exceeds the length of g.
    let stop = Stop {
        tolerance: stop.tolerance / (n as f64).sqrt(),
        ..stop
    };
    let found = along(objective.with_values(&small, n), strengths, stop)?;
    let back = |parameters: Vec<f64>| {
        let (coefficients, intercepts) = parameters.split_at(objective.rows() * n);
        let mut whole = space.back(coefficients);
        whole.extend_from_slice(intercepts);
        whole
    };
    Ok(found.into_iter().map(back).collect())
}

fn along(objective: LogisticObjective<'_>, strengths: &[f64], stop: Stop) -> Result<Vec<Vec<f64>>> {
    let mut at = vec![0.0; objective.len()];
    let mut found = Vec::with_capacity(strengths.len());
    for &strength in strengths {
        let mut penalised = Penalised {
            objective,
            strength,
            factors: Vec::new(),
        };
        at = lbfgs::minimise(&mut penalised, at, stop)?;
        found.push(at.clone());
    }
    Ok(found)
}
