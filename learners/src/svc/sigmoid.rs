//! From a decision to a probability: P(positive | f) = 1 / (1 + exp(A f + B)), fitted to held-out decisions
//! by Newton's method on Platt's smoothed targets; Lin, Lin, Weng 2007, doi 10.1007/s10994-007-5018-6.
//!
//! A row of weight w counts as w rows, in the likelihood and in the targets.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::saved::expect_finite;

/// Newton's method ends where the gradient is below this.
const GRADIENT_TOLERANCE: f64 = 1e-5;

/// Most Newton steps.
const MAX_STEPS: usize = 100;

/// Shortest step of the line search.
const SHORTEST: f64 = 1e-10;

/// Keeps the Hessian from being singular.
const RIDGE: f64 = 1e-12;

/// P(positive | f) = 1 / (1 + exp(a f + b)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sigmoid {
    a: f64,
    b: f64,
}

impl Sigmoid {
    /// Most likely sigmoid for decisions, their sides and weights.
    pub(crate) fn fit(decisions: &[f64], positive: &[bool], weights: &[f64]) -> Self {
        let of_side = |side| {
            let rows = positive.iter().zip(weights).filter(|(p, _)| **p == side);
            rows.map(|(_, w)| w).sum::<f64>()
        };
        let (positives, negatives) = (of_side(true), of_side(false));
        // Platt's targets: what a uniform prior leaves of certainty.
        let (high, low) = (
            (positives + 1.0) / (positives + 2.0),
            1.0 / (negatives + 2.0),
        );
        let target = |p: bool| if p { high } else { low };
        let loss = |a: f64, b: f64| -> f64 {
            decisions
                .iter()
                .zip(positive.iter().zip(weights))
                .map(|(f, (&p, w))| {
                    let z = a * f + b;
                    // −t ln P − (1 − t) ln(1 − P), without overflow for either sign of z.
                    w * (target(p) * z + (-z).max(0.0) + (-z.abs()).exp().ln_1p())
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
            for (f, (&p, w)) in decisions.iter().zip(positive.iter().zip(weights)) {
                let probability = at.probability(*f);
                let slope = w * (target(p) - probability);
                let curve = w * probability * (1.0 - probability);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sigmoid_has_no_slope_left() {
        let decisions = [-2.0, -1.0, -0.5, 0.2, 0.7, 1.5];
        let positive = [false, false, true, false, true, true];
        let sigmoid = Sigmoid::fit(&decisions, &positive, &[1.0; 6]);
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

    #[test]
    fn a_weight_counts_as_repetition() {
        let decisions = [-2.0, -1.0, -0.5, 0.2, 0.7, 1.5];
        let positive = [false, false, true, false, true, true];
        let weights = [2.0, 1.0, 3.0, 1.0, 1.0, 2.0];
        let repeated = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let times = [2, 1, 3, 1, 1, 2];
            (0..6)
                .flat_map(|i| std::iter::repeat_n(of(i), times[i]))
                .collect()
        };
        let weighted = Sigmoid::fit(&decisions, &positive, &weights);
        let sides: Vec<bool> = repeated(&|i| f64::from(u8::from(positive[i])))
            .iter()
            .map(|p| *p > 0.5)
            .collect();
        let plain = Sigmoid::fit(&repeated(&|i| decisions[i]), &sides, &[1.0; 10]);
        for f in [-1.0, 0.0, 1.0] {
            assert!((weighted.probability(f) - plain.probability(f)).abs() < 1e-9);
        }
    }
}
