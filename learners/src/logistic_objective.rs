//! The penalised likelihood of logistic regression and its gradient, by blocks of rows.
//!
//! Parameters are the coefficients, row after row (`rows()` × p), then one intercept a row.

use rayon::prelude::*;

use crate::dense::{add_scaled, dot, log1p_exp, sigmoid, softmax};
use crate::lbfgs::LinearObjective;
use crate::samples::{PresentClasses, Samples};

/// Rows summed together. Fixed, so that sums do not depend on the number of threads.
const BLOCK: usize = 256;

/// `Σ_i s_i · nll(y_i | x_i) + strength/2 · ‖W‖²`.
pub(crate) struct LogisticObjective<'a> {
    samples: &'a Samples,
    class_of_row: &'a [usize],
    rows: usize,
    strength: f64,
}

impl<'a> LogisticObjective<'a> {
    /// `strength` is 1 / C.
    pub(crate) fn new(samples: &'a Samples, present: &'a PresentClasses, strength: f64) -> Self {
        let rows = match present.labels.len() {
            2 => 1,
            k => k,
        };
        Self {
            samples,
            class_of_row: &present.of_row,
            rows,
            strength,
        }
    }

    /// Rows of coefficients: one for two classes, else one a class.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    fn coefficients(&self) -> usize {
        self.rows * self.samples.width()
    }

    /// Residuals (probability minus truth) in place of the scores of one row; returns its loss.
    fn residuals(&self, row: usize, scores: &mut [f64]) -> f64 {
        let class = self.class_of_row[row];
        let weight = self.samples.weight(row);
        let loss = if let [score] = scores {
            let loss = log1p_exp(if class == 1 { -*score } else { *score });
            *score = sigmoid(*score) - class as f64;
            loss
        } else {
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let of_class = scores[class];
            let sum: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
            softmax(scores);
            scores[class] -= 1.0;
            sum.ln() + largest - of_class
        };
        for s in scores.iter_mut() {
            *s *= weight;
        }
        weight * loss
    }
}

impl LinearObjective for LogisticObjective<'_> {
    fn len(&self) -> usize {
        self.coefficients() + self.rows
    }

    fn scores(&self, parameters: &[f64]) -> Vec<f64> {
        let p = self.samples.width();
        let (weights, intercepts) = parameters.split_at(self.coefficients());
        self.samples
            .values()
            .par_chunks(BLOCK * p)
            .flat_map_iter(|block| {
                block.chunks_exact(p).flat_map(|x| {
                    weights
                        .chunks_exact(p)
                        .zip(intercepts)
                        .map(move |(w, b)| dot(w, x) + b)
                })
            })
            .collect()
    }

    fn loss_along(&self, scores: &[f64], direction: &[f64], step: f64) -> (f64, f64) {
        let mut moved = vec![0.0; self.rows];
        let (mut loss, mut slope) = (0.0, 0.0);
        let per_row = scores
            .chunks_exact(self.rows)
            .zip(direction.chunks_exact(self.rows));
        for (row, (score, change)) in per_row.enumerate() {
            for ((m, s), d) in moved.iter_mut().zip(score).zip(change) {
                *m = s + step * d;
            }
            loss += self.residuals(row, &mut moved);
            slope += moved.iter().zip(change).map(|(r, d)| r * d).sum::<f64>();
        }
        (loss, slope)
    }

    fn penalty(&self, parameters: &[f64], direction: &[f64], step: f64) -> (f64, f64) {
        let (w, d) = (
            &parameters[..self.coefficients()],
            &direction[..self.coefficients()],
        );
        let (ww, wd, dd) = (dot(w, w), dot(w, d), dot(d, d));
        (
            0.5 * self.strength * (ww + 2.0 * step * wd + step * step * dd),
            self.strength * (wd + step * dd),
        )
    }

    fn gradient(&self, parameters: &[f64], scores: &[f64]) -> Vec<f64> {
        let p = self.samples.width();
        let coefficients = self.coefficients();
        let blocks: Vec<Vec<f64>> = self
            .samples
            .values()
            .par_chunks(BLOCK * p)
            .zip(scores.par_chunks(BLOCK * self.rows))
            .enumerate()
            .map(|(block, (values, scores))| {
                let mut sum = vec![0.0; coefficients + self.rows];
                let mut residual = vec![0.0; self.rows];
                let rows = values.chunks_exact(p).zip(scores.chunks_exact(self.rows));
                for (offset, (x, score)) in rows.enumerate() {
                    residual.copy_from_slice(score);
                    self.residuals(block * BLOCK + offset, &mut residual);
                    for (k, &r) in residual.iter().enumerate() {
                        add_scaled(&mut sum[k * p..(k + 1) * p], r, x);
                        sum[coefficients + k] += r;
                    }
                }
                sum
            })
            .collect();
        let mut gradient = vec![0.0; coefficients + self.rows];
        add_scaled(
            &mut gradient[..coefficients],
            self.strength,
            &parameters[..coefficients],
        );
        for block in blocks {
            add_scaled(&mut gradient, 1.0, &block);
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    #[test]
    fn the_gradient_matches_finite_differences() {
        for k in [2_usize, 3] {
            let names = ["a", "b", "c"];
            let values: Vec<f64> = (0..24).map(|i| f64::from((i * 7) % 11) - 5.0).collect();
            let samples = Samples::new(
                values,
                vec!["x".into(), "y".into()],
                (0..12).map(|i| Label((i * i) % k)).collect(),
                ClassNames::new(names[..k].to_vec()).unwrap(),
            )
            .unwrap();
            let present = samples.present();
            let objective = LogisticObjective::new(&samples, &present, 0.7);
            let at: Vec<f64> = (0..objective.len()).map(|i| 0.1 * i as f64 - 0.2).collect();
            let value = |w: &[f64]| {
                let zero = vec![0.0; objective.len()];
                let scores = objective.scores(w);
                let still = vec![0.0; scores.len()];
                objective.loss_along(&scores, &still, 0.0).0 + objective.penalty(w, &zero, 0.0).0
            };
            let gradient = objective.gradient(&at, &objective.scores(&at));
            for (i, g) in gradient.iter().enumerate() {
                let h = 1e-6;
                let (mut up, mut down) = (at.clone(), at.clone());
                up[i] += h;
                down[i] -= h;
                let difference = (value(&up) - value(&down)) / (2.0 * h);
                assert!(
                    (g - difference).abs() < 1e-6,
                    "{k} classes, {i}: {g} {difference}"
                );
            }
        }
    }
}
