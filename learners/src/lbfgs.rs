//! Limited-memory BFGS for objectives that see their parameters through linear scores.
//!
//! Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5. The line search is
//! bisection for the weak Wolfe conditions; scores are linear in the parameters, so a trial step
//! costs no product with the data.

use std::collections::VecDeque;

use crate::dense::{add_scaled, dot};
use crate::error::{LearnError, Result};

/// Pairs of differences remembered, as in scipy's `L-BFGS-B`.
const MEMORY: usize = 10;

/// Sufficient decrease and curvature of the Wolfe conditions, the usual choice for quasi-Newton.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;

/// Halvings and doublings of a step before rounding is taken to be in the way.
const MAX_TRIALS: usize = 60;

/// Share of the first gradient below which a stalled search counts as converged: what rounding
/// leaves of the gradient, not a place on the way.
const ROUNDING_FLOOR: f64 = 1e-9;

/// loss(scores(w)) + penalty(w), with scores linear in w.
pub(crate) trait LinearObjective {
    /// Number of parameters.
    fn len(&self) -> usize;
    /// Scores of every training row.
    fn scores(&self, parameters: &[f64]) -> Vec<f64>;
    /// Loss at `scores + step · direction`, and its derivative by `step`.
    fn loss_along(&self, scores: &[f64], direction: &[f64], step: f64) -> (f64, f64);
    /// Penalty at `parameters + step · direction`, and its derivative by `step`.
    fn penalty(&self, parameters: &[f64], direction: &[f64], step: f64) -> (f64, f64);
    /// Gradient at parameters whose scores are known.
    fn gradient(&self, parameters: &[f64], scores: &[f64]) -> Vec<f64>;
}

/// A step, the change of the gradient along it, and 1 / (their product).
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse: f64,
}

/// Minimises from zero until no component of the gradient exceeds `tolerance`.
///
/// # Errors
/// [`LearnError::NotConverged`].
pub(crate) fn minimise(
    objective: &impl LinearObjective,
    tolerance: f64,
    max_iterations: usize,
    learner: &'static str,
) -> Result<Vec<f64>> {
    let mut at = vec![0.0; objective.len()];
    let mut scores = objective.scores(&at);
    let mut gradient = objective.gradient(&at, &scores);
    let first = largest(&gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let failed = |iterations, gradient: &[f64]| LearnError::NotConverged {
        learner,
        iterations,
        gradient: largest(gradient),
        wanted: tolerance,
    };
    for iteration in 0..max_iterations {
        if largest(&gradient) <= tolerance {
            return Ok(at);
        }
        let direction = downhill(&gradient, &pairs);
        let along = objective.scores(&direction);
        let start = if pairs.is_empty() {
            1.0 / dot(&gradient, &gradient).sqrt()
        } else {
            1.0
        };
        let Some(step) = search(objective, &at, &direction, &scores, &along, start) else {
            if !pairs.is_empty() {
                // The remembered curvature may be what is wrong: try plain descent once.
                pairs.clear();
                continue;
            }
            return if largest(&gradient) <= ROUNDING_FLOOR * first {
                Ok(at)
            } else {
                Err(failed(iteration, &gradient))
            };
        };
        add_scaled(&mut at, step, &direction);
        // Recomputed rather than updated: rounding must not pile up over iterations.
        scores = objective.scores(&at);
        let next = objective.gradient(&at, &scores);
        let change: Vec<f64> = next.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let step: Vec<f64> = direction.iter().map(|d| step * d).collect();
        let product = dot(&step, &change);
        if product > 0.0 {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair {
                step,
                change,
                inverse: 1.0 / product,
            });
        }
        gradient = next;
    }
    Err(failed(max_iterations, &gradient))
}

/// The two-loop recursion: minus the inverse Hessian's estimate times the gradient.
fn downhill(gradient: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut shares = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let share = pair.inverse * dot(&pair.step, &q);
        add_scaled(&mut q, -share, &pair.change);
        shares.push(share);
    }
    if let Some(last) = pairs.back() {
        let scale = 1.0 / (last.inverse * dot(&last.change, &last.change));
        for v in &mut q {
            *v *= scale;
        }
    }
    for (pair, share) in pairs.iter().zip(shares.iter().rev()) {
        let back = pair.inverse * dot(&pair.change, &q);
        add_scaled(&mut q, share - back, &pair.step);
    }
    for v in &mut q {
        *v = -*v;
    }
    q
}

/// A step that fulfils the weak Wolfe conditions, or `None` where rounding hides them.
fn search(
    objective: &impl LinearObjective,
    at: &[f64],
    direction: &[f64],
    scores: &[f64],
    along: &[f64],
    start: f64,
) -> Option<f64> {
    let value = |step: f64| {
        let (loss, loss_slope) = objective.loss_along(scores, along, step);
        let (penalty, penalty_slope) = objective.penalty(at, direction, step);
        (loss + penalty, loss_slope + penalty_slope)
    };
    let (origin, slope) = value(0.0);
    if slope >= 0.0 {
        return None;
    }
    let (mut low, mut high, mut step) = (0.0, f64::INFINITY, start);
    for _ in 0..MAX_TRIALS {
        let (here, slope_here) = value(step);
        // Close to the minimum the decrease drowns in the rounding of the sum; the slope does not.
        let flat = (here - origin).abs() <= 1e-12 * origin.abs() && slope_here.abs() <= -slope;
        if !flat && (here.is_nan() || here > origin + DECREASE * step * slope) {
            high = step;
        } else if slope_here < CURVATURE * slope {
            low = step;
        } else {
            return Some(step);
        }
        step = if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * low
        };
    }
    None
}

/// Largest absolute component.
fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m, x| f64::max(m, x.abs()))
}
