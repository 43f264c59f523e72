//! A sigmoid on a score: P(positive | f) = 1 / (1 + exp(A f + B)).
//!
//! A and B minimise the weighted cross-entropy against Platt's targets (`N₊` + 1) / (`N₊` + 2) and
//! 1 / (`N₋` + 2), with N the summed weights of each side: a uniform prior keeps the optimum finite where
//! the score separates. Newton's method with halved steps, to rounding; Platt 1999; Lin, Lin, Weng
//! 2007, doi 10.1007/s10994-007-5018-6.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::saved::expect_finite;

/// Most Newton steps; a handful is usual.
const MAX_STEPS: usize = 200;

/// Shortest step of the line search.
const SHORTEST: f64 = 1e-12;

/// Share of the expected decrease that a step must bring (Armijo).
const SUFFICIENT: f64 = 1e-4;

/// Share of the trace that keeps the Hessian of a constant score from being singular.
const RIDGE: f64 = 1e-13;

/// A fitted sigmoid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sigmoid {
    /// Slope A; negative where a higher score is more probable.
    pub a: f64,
    /// Offset B.
    pub b: f64,
}

/// One row: score, Platt's target and weight.
struct Row {
    f: f64,
    target: f64,
    weight: f64,
}

impl Sigmoid {
    /// The most likely sigmoid for scores, their sides and weights (one of each a row). The order of
    /// rows leaves no trace.
    pub fn fit(scores: &[f64], positive: &[bool], weights: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&i, &j| {
            scores[i]
                .total_cmp(&scores[j])
                .then(positive[i].cmp(&positive[j]))
                .then(weights[i].total_cmp(&weights[j]))
        });
        let sum = |side: bool| -> f64 {
            let rows = order.iter().filter(|&&i| positive[i] == side);
            rows.map(|&i| weights[i]).sum()
        };
        let (positives, negatives) = (sum(true), sum(false));
        let high = (positives + 1.0) / (positives + 2.0);
        let low = 1.0 / (negatives + 2.0);
        let row = |&i: &usize| Row {
            f: scores[i],
            target: if positive[i] { high } else { low },
            weight: weights[i],
        };
        let rows: Vec<Row> = order.iter().map(row).collect();
        let start = Self {
            a: 0.0,
            b: ((negatives + 1.0) / (positives + 1.0)).ln(),
        };
        start.minimised(&rows)
    }

    fn minimised(mut self, rows: &[Row]) -> Self {
        let mut value = self.loss(rows);
        for _ in 0..MAX_STEPS {
            let (step_a, step_b, descent) = self.newton(rows);
            let done = -descent <= f64::EPSILON * value;
            let mut length = 1.0;
            let better = loop {
                let there = Self {
                    a: self.a + length * step_a,
                    b: self.b + length * step_b,
                };
                let loss = there.loss(rows);
                // The last step lies below the loss's rounding: it cannot be judged by it.
                if done || loss <= value + SUFFICIENT * length * descent {
                    break Some((there, loss));
                }
                length /= 2.0;
                if length < SHORTEST {
                    break None;
                }
            };
            let Some(found) = better else { break };
            (self, value) = found;
            if done {
                break;
            }
        }
        self
    }

    /// Newton's step and the slope of the loss along it.
    fn newton(self, rows: &[Row]) -> (f64, f64, f64) {
        let (mut g_a, mut g_b) = (0.0, 0.0);
        let (mut h_aa, mut h_ab, mut h_bb) = (0.0, 0.0, 0.0);
        for row in rows {
            let p = self.probability(row.f);
            let slope = row.weight * (row.target - p);
            let curve = row.weight * p * (1.0 - p);
            g_a += row.f * slope;
            g_b += slope;
            h_aa += row.f * row.f * curve;
            h_ab += row.f * curve;
            h_bb += curve;
        }
        let ridge = RIDGE * (h_aa + h_bb) + f64::MIN_POSITIVE;
        h_aa += ridge;
        h_bb += ridge;
        let determinant = h_aa * h_bb - h_ab * h_ab;
        if determinant <= 0.0 {
            return (0.0, 0.0, 0.0);
        }
        let step_a = -(h_bb * g_a - h_ab * g_b) / determinant;
        let step_b = -(h_aa * g_b - h_ab * g_a) / determinant;
        (step_a, step_b, g_a * step_a + g_b * step_b)
    }

    /// Σ w (−t ln P − (1 − t) ln(1 − P)), without overflow for either sign of z.
    fn loss(self, rows: &[Row]) -> f64 {
        let of = |row: &Row| {
            let z = self.a * row.f + self.b;
            row.weight * (row.target * z + (-z).max(0.0) + (-z.abs()).exp().ln_1p())
        };
        rows.iter().map(of).sum()
    }

    /// Probability of the positive side.
    pub fn probability(self, score: f64) -> f64 {
        crate::dense::sigmoid(-(self.a * score + self.b))
    }

    pub(crate) fn check(self) -> Result<()> {
        expect_finite("calibration, sigmoid", &[self.a, self.b])
    }
}
