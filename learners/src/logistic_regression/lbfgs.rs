//! Limited-memory BFGS with a preconditioner.
//!
//! Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5. The line search is
//! bisection for the weak Wolfe conditions. The preconditioner takes the place of the first estimate of
//! the inverse Hessian; with the Hessian of a nearby point the first steps are Newton's.

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

/// Relative difference of two values of the objective that rounding alone may make.
const ROUNDING: f64 = 1e-12;

/// Iterations after which the preconditioner is made anew; afterwards the pause doubles.
const REFRESH: usize = 48;

/// A smooth convex function.
pub(crate) trait Objective {
    /// Value and gradient.
    fn evaluate(&self, at: &[f64]) -> (f64, Vec<f64>);
    /// Makes the preconditioner for the neighbourhood of a point.
    fn refresh(&mut self, at: &[f64]);
    /// Applies an estimate of the inverse Hessian.
    fn precondition(&self, v: &mut [f64]);
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Largest component of the gradient.
    pub(crate) tolerance: f64,
    /// Most iterations.
    pub(crate) max_iterations: usize,
    /// Who asks, for messages.
    pub(crate) learner: &'static str,
}

impl Stop {
    pub(crate) fn failed(self, iterations: usize, gradient: f64) -> LearnError {
        LearnError::NotConverged {
            learner: self.learner,
            iterations,
            gradient,
            wanted: self.tolerance,
        }
    }
}

/// A step, the change of the gradient along it, and 1 / (their product).
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse: f64,
}

/// A point with the value and gradient there.
struct Point {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// Minimises from a start until no component of the gradient exceeds the tolerance.
///
/// # Errors
/// [`LearnError::NotConverged`].
pub(crate) fn minimise(
    objective: &mut impl Objective,
    start: Vec<f64>,
    stop: Stop,
) -> Result<Vec<f64>> {
    let (value, gradient) = objective.evaluate(&start);
    let mut here = Point {
        at: start,
        value,
        gradient,
    };
    let first = largest(&here.gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let mut next_refresh = 0;
    for iteration in 0..stop.max_iterations {
        if largest(&here.gradient) <= stop.tolerance {
            return Ok(here.at);
        }
        if iteration == next_refresh {
            objective.refresh(&here.at);
            next_refresh = (2 * iteration).max(REFRESH);
        }
        let direction = downhill(objective, &here.gradient, &pairs);
        let Some(there) = search(objective, &here, &direction) else {
            if !pairs.is_empty() {
                // The remembered curvature may be what is wrong: try without it once.
                pairs.clear();
                continue;
            }
            return if largest(&here.gradient) <= ROUNDING_FLOOR * first {
                Ok(here.at)
            } else {
                Err(stop.failed(iteration, largest(&here.gradient)))
            };
        };
        let difference =
            |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let step = difference(&there.at, &here.at);
        let change = difference(&there.gradient, &here.gradient);
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
        here = there;
    }
    Err(stop.failed(stop.max_iterations, largest(&here.gradient)))
}

/// The two-loop recursion: minus the inverse Hessian's estimate times the gradient.
fn downhill(objective: &impl Objective, gradient: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut shares = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let share = pair.inverse * dot(&pair.step, &q);
        add_scaled(&mut q, -share, &pair.change);
        shares.push(share);
    }
    objective.precondition(&mut q);
    for (pair, share) in pairs.iter().zip(shares.iter().rev()) {
        let back = pair.inverse * dot(&pair.change, &q);
        add_scaled(&mut q, share - back, &pair.step);
    }
    for v in &mut q {
        *v = -*v;
    }
    q
}

/// A point that fulfils the weak Wolfe conditions, or `None` where rounding hides them.
fn search(objective: &impl Objective, here: &Point, direction: &[f64]) -> Option<Point> {
    let slope = dot(&here.gradient, direction);
    if slope.is_nan() || slope >= 0.0 {
        return None;
    }
    let (mut low, mut high, mut step) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..MAX_TRIALS {
        let mut at = here.at.clone();
        add_scaled(&mut at, step, direction);
        let (value, gradient) = objective.evaluate(&at);
        let slope_there = dot(&gradient, direction);
        // Close to the minimum the decrease drowns in the rounding of the sum; the slope does not.
        let flat = (value - here.value).abs() <= ROUNDING * here.value.abs()
            && slope_there.abs() <= -slope;
        if !flat && (value.is_nan() || value > here.value + DECREASE * step * slope) {
            high = step;
        } else if slope_there < CURVATURE * slope {
            low = step;
        } else {
            return Some(Point {
                at,
                value,
                gradient,
            });
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
pub(crate) fn largest(v: &[f64]) -> f64 {
    v.iter().fold(
        0.0,
        |m, x| if x.is_nan() { *x } else { f64::max(m, x.abs()) },
    )
}
