//! A rising function of a probability that fits best in squares: pool adjacent violators.
//!
//! Rows of equal score count as one with their mean. Neighbouring blocks whose means fall are pooled
//! until none do (Ayer et al. 1955, doi 10.1214/aoms/1177728423). Between the scores the function is
//! linear, beyond them constant; scikit-learn's `IsotonicRegression(out_of_bounds="clip")`.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::saved::{expect_size, expect_values};

/// Scores closer than this are equal, as in scikit-learn (numpy's `finfo(float64).resolution`).
const EQUAL: f64 = 1e-15;

/// A fitted function: its corners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isotonic {
    /// Scores, ascending.
    x: Vec<f64>,
    /// Values there, not falling.
    y: Vec<f64>,
}

/// Rows that share a value: weight and mean target, and how many distinct scores they span.
struct Block {
    weight: f64,
    mean: f64,
    scores: usize,
}

impl Isotonic {
    /// The best rising function for scores in 0..=1, their sides and weights (one of each a row). The
    /// order of rows leaves no trace.
    pub fn fit(scores: &[f64], positive: &[bool], weights: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&i, &j| {
            scores[i]
                .total_cmp(&scores[j])
                .then(positive[i].cmp(&positive[j]))
                .then(weights[i].total_cmp(&weights[j]))
        });
        let mut x: Vec<f64> = Vec::new();
        let mut sums: Vec<(f64, f64)> = Vec::new();
        for i in order {
            let hit = if positive[i] { weights[i] } else { 0.0 };
            match (x.last(), sums.last_mut()) {
                (Some(last), Some(sum)) if scores[i] - last < EQUAL => {
                    sum.0 += weights[i];
                    sum.1 += hit;
                }
                _ => {
                    x.push(scores[i]);
                    sums.push((weights[i], hit));
                }
            }
        }
        let y = pooled(&sums);
        // Points amid equal values are on the line between their neighbours.
        let corner = |at: usize| {
            let inner = at > 0 && at + 1 < y.len();
            #[expect(
                clippy::float_cmp,
                reason = "pooled scores share one and the same value"
            )]
            let flat = inner && y[at - 1] == y[at] && y[at] == y[at + 1];
            !flat
        };
        let kept: Vec<usize> = (0..y.len()).filter(|&at| corner(at)).collect();
        Self {
            x: kept.iter().map(|&at| x[at]).collect(),
            y: kept.iter().map(|&at| y[at]).collect(),
        }
    }

    /// Its value at a score.
    pub fn probability(&self, score: f64) -> f64 {
        let after = self.x.partition_point(|&x| x < score);
        if after == 0 {
            return self.y[0];
        }
        let Some(&next) = self.x.get(after) else {
            return self.y[after - 1];
        };
        let (x, y) = (self.x[after - 1], self.y[after - 1]);
        y + (self.y[after] - y) * ((score - x) / (next - x))
    }

    /// The corners: scores and values there.
    pub fn corners(&self) -> (&[f64], &[f64]) {
        (&self.x, &self.y)
    }

    pub(crate) fn check(&self) -> Result<()> {
        let place = "calibration, isotonic";
        expect_size(place, self.y.len(), self.x.len())?;
        for values in [&self.x, &self.y] {
            expect_values(place, values, "numbers in 0..=1", |v| {
                (0.0..=1.0).contains(&v)
            })?;
        }
        let ascending = self.x.windows(2).all(|pair| pair[0] < pair[1]);
        let rising = self.y.windows(2).all(|pair| pair[0] <= pair[1]);
        if self.x.is_empty() || !ascending || !rising {
            return Err(LearnError::saved(
                place,
                format!("{} corners out of order", self.x.len()),
                "ascending scores with values that do not fall",
            ));
        }
        Ok(())
    }
}

/// The rising values of scores with (weight, weight of hits), in order.
fn pooled(sums: &[(f64, f64)]) -> Vec<f64> {
    let mut blocks: Vec<Block> = Vec::with_capacity(sums.len());
    for &(weight, hits) in sums {
        let mut block = Block {
            weight,
            mean: hits / weight,
            scores: 1,
        };
        while let Some(last) = blocks.pop_if(|last| last.mean >= block.mean) {
            let weight = last.weight + block.weight;
            block = Block {
                mean: (last.mean * last.weight + block.mean * block.weight) / weight,
                weight,
                scores: last.scores + block.scores,
            };
        }
        blocks.push(block);
    }
    let values = blocks
        .iter()
        .flat_map(|block| std::iter::repeat_n(block.mean, block.scores));
    values.map(|v| v.clamp(0.0, 1.0)).collect()
}
