//! From decisions to probabilities: a sigmoid for each pair of classes, and the coupling of pairs.
//!
//! Sigmoid: P(positive | f) = 1 / (1 + exp(A f + B)) fitted to held-out decisions by Newton's method
//! on Platt's smoothed targets; Lin, Lin, Weng 2007, doi 10.1007/s10994-007-5018-6. Coupling: the
//! distribution p that minimises `Σ_{i≠j} (r_ji p_i − r_ij p_j)²`; Wu, Lin, Weng 2004, JMLR 5, 975,
//! second approach, solved directly rather than by iteration to a loose tolerance.
//!
//! scikit-learn (LIBSVM) draws the folds from one shared generator, anew at every fit. Here they
//! come from the seed and hold the classes in proportion.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::saved::expect_finite;
use crate::svc::{BinaryMachine, BinaryProblem};
use raduet_study::random::Stream;

/// Parts of the training rows that are held out in turn.
pub(crate) const FOLDS: usize = 5;

/// Pairwise probabilities stay this far from 0 and 1, as in LIBSVM.
const MARGIN: f64 = 1e-7;

/// Newton's method ends where the gradient is below this.
const GRADIENT_TOLERANCE: f64 = 1e-5;

/// Most Newton steps.
const MAX_STEPS: usize = 100;

/// Shortest step of the line search.
const SHORTEST: f64 = 1e-10;

/// Keeps the Hessian from being singular.
const RIDGE: f64 = 1e-12;

/// Share of the trace that keeps the system of the coupling definite.
const COUPLING_RIDGE: f64 = 1e-12;

/// Decision of every row by machines that did not see it. Where the other folds hold one class
/// only, the decision is +1 or −1 for it.
pub(crate) fn held_out_decisions(
    problem: &BinaryProblem<'_>,
    seed: u64,
    index: u64,
    solve: impl Fn(&BinaryProblem<'_>) -> Result<BinaryMachine>,
) -> Result<Vec<f64>> {
    let mut stream = Stream::new(seed, "folds of a calibration", index);
    let mut fold_of = vec![0; problem.rows.len()];
    let mut dealt = 0;
    for side in [true, false] {
        let mut rows: Vec<usize> = (0..problem.rows.len())
            .filter(|&row| problem.positive[row] == side)
            .collect();
        stream.shuffle(&mut rows);
        for row in rows {
            fold_of[row] = dealt % FOLDS;
            dealt += 1;
        }
    }
    let mut decisions = vec![0.0; problem.rows.len()];
    for fold in 0..FOLDS.min(problem.rows.len()) {
        let kept: Vec<usize> = (0..fold_of.len())
            .filter(|&row| fold_of[row] != fold)
            .collect();
        let part = problem.part(&kept);
        let positives = part.positive.iter().filter(|p| **p).count();
        let machine = if positives == 0 || positives == kept.len() {
            None
        } else {
            Some(solve(&part)?)
        };
        for (row, decision) in decisions.iter_mut().enumerate() {
            if fold_of[row] == fold {
                *decision = match &machine {
                    Some(machine) => machine.decide(&part, problem.rows[row]),
                    None if positives > 0 => 1.0,
                    None => -1.0,
                };
            }
        }
    }
    Ok(decisions)
}

/// P(positive | f) = 1 / (1 + exp(a f + b)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sigmoid {
    a: f64,
    b: f64,
}

impl Sigmoid {
    /// Most likely sigmoid for decisions and their sides.
    pub(crate) fn fit(decisions: &[f64], positive: &[bool]) -> Self {
        let positives = positive.iter().filter(|p| **p).count() as f64;
        let negatives = positive.len() as f64 - positives;
        // Platt's targets: what a uniform prior leaves of certainty.
        let (high, low) = (
            (positives + 1.0) / (positives + 2.0),
            1.0 / (negatives + 2.0),
        );
        let target = |p: bool| if p { high } else { low };
        let loss = |a: f64, b: f64| -> f64 {
            decisions
                .iter()
                .zip(positive)
                .map(|(f, &p)| {
                    let z = a * f + b;
                    // −t ln P − (1 − t) ln(1 − P), without overflow for either sign of z.
                    target(p) * z + (-z).max(0.0) + (-z.abs()).exp().ln_1p()
                })
                .sum()
        };
        let mut at = Self {
            a: 0.0,
            b: ((negatives + 1.0) / (positives + 1.0)).ln(),
        };
        let mut value = loss(at.a, at.b);
        for _ in 0..MAX_STEPS {
            let (mut g_a, mut g_b) = (0.0, 0.0);
            let (mut h_aa, mut h_ab, mut h_bb) = (RIDGE, 0.0, RIDGE);
            for (f, &p) in decisions.iter().zip(positive) {
                let probability = at.probability(*f);
                let (slope, curve) = (target(p) - probability, probability * (1.0 - probability));
                g_a += f * slope;
                g_b += slope;
                h_aa += f * f * curve;
                h_ab += f * curve;
                h_bb += curve;
            }
            if g_a.abs() < GRADIENT_TOLERANCE && g_b.abs() < GRADIENT_TOLERANCE {
                break;
            }
            let determinant = h_aa * h_bb - h_ab * h_ab;
            let step_a = -(h_bb * g_a - h_ab * g_b) / determinant;
            let step_b = -(h_aa * g_b - h_ab * g_a) / determinant;
            let descent = g_a * step_a + g_b * step_b;
            let mut length = 1.0;
            let better = loop {
                let (a, b) = (at.a + length * step_a, at.b + length * step_b);
                let there = loss(a, b);
                if there < value + 1e-4 * length * descent {
                    break Some((Self { a, b }, there));
                }
                length /= 2.0;
                if length < SHORTEST {
                    break None;
                }
            };
            let Some(found) = better else { break };
            (at, value) = found;
        }
        at
    }

    /// Probability of the positive side, kept off 0 and 1.
    pub(crate) fn probability(self, decision: f64) -> f64 {
        crate::dense::sigmoid(-(self.a * decision + self.b))
    }

    pub(crate) fn check(self) -> Result<()> {
        expect_finite("sigmoid", &[self.a, self.b])
    }
}

/// One distribution over k classes from the probabilities of the first of each pair, pairs in the
/// order (0, 1), (0, 2), …
///
/// The minimum solves Q p = λ 1 with `Q_ii` = Σ_{j≠i} `r_ji²`, `Q_ij` = −`r_ji` `r_ij`: a positive definite
/// system, solved and scaled to sum one.
pub(crate) fn couple(k: usize, pairwise: &[f64]) -> Vec<f64> {
    let clamped = |r: f64| r.clamp(MARGIN, 1.0 - MARGIN);
    if let [r] = pairwise {
        let r = clamped(*r);
        return vec![r, 1.0 - r];
    }
    let mut r = vec![0.0; k * k];
    let mut given = pairwise.iter();
    for i in 0..k {
        for j in i + 1..k {
            let value = clamped(given.next().copied().unwrap_or(0.5));
            r[i * k + j] = value;
            r[j * k + i] = 1.0 - value;
        }
    }
    let mut q = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..k {
            if i != j {
                q[i * k + i] += r[j * k + i] * r[j * k + i];
                q[i * k + j] = -r[j * k + i] * r[i * k + j];
            }
        }
    }
    // Pairs that agree perfectly make Q singular along their own distribution. The ridge lets the
    // solver find that direction instead of dividing by zero.
    let trace: f64 = (0..k).map(|i| q[i * k + i]).sum();
    for i in 0..k {
        q[i * k + i] += COUPLING_RIDGE * trace;
    }
    let mut p = solve_definite(k, &mut q);
    for v in &mut p {
        *v = v.max(0.0);
    }
    let sum: f64 = p.iter().sum();
    for v in &mut p {
        *v /= sum;
    }
    p
}

/// Solves Q p = 1 for a positive definite Q by elimination without pivots.
fn solve_definite(k: usize, q: &mut [f64]) -> Vec<f64> {
    let mut p = vec![1.0; k];
    for i in 0..k {
        for j in i + 1..k {
            let factor = q[j * k + i] / q[i * k + i];
            for c in i..k {
                q[j * k + c] -= factor * q[i * k + c];
            }
            p[j] -= factor * p[i];
        }
    }
    for i in (0..k).rev() {
        for j in i + 1..k {
            p[i] -= q[i * k + j] * p[j];
        }
        p[i] /= q[i * k + i];
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consistent_pairs_are_reproduced() {
        let truth = [0.5, 0.3, 0.15, 0.05];
        let mut pairwise = Vec::new();
        for i in 0..4 {
            for j in i + 1..4 {
                pairwise.push(truth[i] / (truth[i] + truth[j]));
            }
        }
        for (found, expected) in couple(4, &pairwise).iter().zip(truth) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn certain_pairs_give_a_certain_class() {
        let p = couple(3, &[1.0, 1.0, 0.5]);
        assert!(
            p[0] > 0.999 && (p.iter().sum::<f64>() - 1.0).abs() < 1e-12,
            "{p:?}"
        );
        let cycle = couple(3, &[1.0, 0.0, 1.0]);
        for v in cycle {
            assert!((v - 1.0 / 3.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_sigmoid_has_no_slope_left() {
        let decisions = [-2.0, -1.0, -0.5, 0.2, 0.7, 1.5];
        let positive = [false, false, true, false, true, true];
        let sigmoid = Sigmoid::fit(&decisions, &positive);
        let (high, low) = (4.0 / 5.0, 1.0 / 5.0);
        let (mut slope_a, mut slope_b) = (0.0, 0.0);
        for (f, p) in decisions.iter().zip(positive) {
            let d = if p { high } else { low } - sigmoid.probability(*f);
            slope_a += f * d;
            slope_b += d;
        }
        assert!(
            slope_a.abs() < 1e-4 && slope_b.abs() < 1e-4,
            "{slope_a} {slope_b}"
        );
        assert!(sigmoid.probability(2.0) > sigmoid.probability(-2.0));
    }
}
