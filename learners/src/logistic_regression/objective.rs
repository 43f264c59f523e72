//! The likelihood of logistic regression and its gradient, by blocks of rows.
//!
//! Parameters are the coefficients, row after row (`rows()` × p), then one intercept a row. One row of
//! coefficients stands for the second of two classes; three classes or more have a row each.

use rayon::prelude::*;

use crate::dense::thin::{add_products, products};
use crate::dense::{add_scaled, log1p_exp, sigmoid, softmax};
use crate::samples::{PresentClasses, Samples};

/// Numbers in a block of rows, and fewest and most rows. Fixed, so that sums do not depend on the
/// number of threads; small enough that a row read for its score is still in the cache for its part of
/// the gradient.
const BLOCK_VALUES: usize = 1 << 15;
const BLOCK_ROWS: (usize, usize) = (32, 256);

/// Training rows with their classes and weights.
#[derive(Clone, Copy)]
pub(crate) struct LogisticObjective<'a> {
    values: &'a [f64],
    width: usize,
    class_of_row: &'a [usize],
    weights: Option<&'a [f64]>,
    rows: usize,
    intercept: bool,
}

/// Loss and gradient at some parameters.
pub(crate) struct Evaluation {
    pub(crate) loss: f64,
    pub(crate) gradient: Vec<f64>,
}

impl<'a> LogisticObjective<'a> {
    pub(crate) fn new(samples: &'a Samples, present: &'a PresentClasses, intercept: bool) -> Self {
        Self {
            values: samples.values(),
            width: samples.width(),
            class_of_row: &present.of_row,
            weights: samples.weights(),
            rows: match present.labels.len() {
                2 => 1,
                k => k,
            },
            intercept,
        }
    }

    /// The same rows and classes with other columns.
    pub(crate) fn with_values(self, values: &'a [f64], width: usize) -> Self {
        Self {
            values,
            width,
            ..self
        }
    }

    /// Rows of coefficients: one for two classes, else one a class.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Columns (p).
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Samples (n).
    pub(crate) fn samples(&self) -> usize {
        self.class_of_row.len()
    }

    /// Whether intercepts are fitted; where not, they stay zero.
    pub(crate) fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// All values, row after row.
    pub(crate) fn values(&self) -> &'a [f64] {
        self.values
    }

    /// One sample's values.
    pub(crate) fn row(&self, sample: usize) -> &'a [f64] {
        &self.values[sample * self.width..(sample + 1) * self.width]
    }

    /// One sample's weight.
    pub(crate) fn weight(&self, sample: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[sample])
    }

    /// Position of one sample's class among the present ones.
    pub(crate) fn class(&self, sample: usize) -> usize {
        self.class_of_row[sample]
    }

    /// 1 where the sample is of the class that row k of coefficients speaks for, else 0.
    pub(crate) fn truth(&self, sample: usize, k: usize) -> f64 {
        let class = if self.rows == 1 { 1 } else { k };
        f64::from(u8::from(self.class_of_row[sample] == class))
    }

    /// Number of coefficients, intercepts not counted.
    pub(crate) fn coefficients(&self) -> usize {
        self.rows * self.width
    }

    /// Number of parameters.
    pub(crate) fn len(&self) -> usize {
        self.coefficients() + self.rows
    }

    /// Samples whose sums are formed together.
    pub(crate) fn block(&self) -> usize {
        (BLOCK_VALUES / self.width).clamp(BLOCK_ROWS.0, BLOCK_ROWS.1)
    }

    /// Scores of some samples by their values, row after row.
    fn scores(&self, parameters: &[f64], values: &[f64], out: &mut [f64]) {
        let (coefficients, intercepts) = parameters.split_at(self.coefficients());
        products(out, values, coefficients, self.width);
        for scores in out.chunks_exact_mut(self.rows) {
            add_scaled(scores, 1.0, intercepts);
        }
    }

    /// Probability of each row of coefficients' class for every sample, samples × rows.
    pub(crate) fn all_probabilities(&self, parameters: &[f64]) -> Vec<f64> {
        let mut found = vec![0.0; self.samples() * self.rows];
        self.values
            .par_chunks(self.block() * self.width)
            .zip(found.par_chunks_mut(self.block() * self.rows))
            .for_each(|(values, out)| {
                self.scores(parameters, values, out);
                out.chunks_exact_mut(self.rows)
                    .for_each(Self::probabilities);
            });
        found
    }

    /// Replaces one sample's scores by weighted residuals, probability minus truth; returns its loss.
    pub(crate) fn residuals(&self, sample: usize, scores: &mut [f64]) -> f64 {
        let class = self.class_of_row[sample];
        let weight = self.weight(sample);
        let loss = if let [score] = scores {
            let loss = log1p_exp(if class == 1 { -*score } else { *score });
            *score = sigmoid(*score) - class as f64;
            loss
        } else {
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let of_class = scores[class];
            let mut sum = 0.0;
            for s in scores.iter_mut() {
                *s = (*s - largest).exp();
                sum += *s;
            }
            for s in scores.iter_mut() {
                *s /= sum;
            }
            scores[class] -= 1.0;
            sum.ln() + largest - of_class
        };
        for s in scores.iter_mut() {
            *s *= weight;
        }
        weight * loss
    }

    /// Probabilities in place of one sample's scores.
    pub(crate) fn probabilities(scores: &mut [f64]) {
        if let [score] = scores {
            *score = sigmoid(*score);
        } else {
            softmax(scores);
        }
    }

    /// Loss and gradient, penalty not included.
    pub(crate) fn evaluate(&self, parameters: &[f64]) -> Evaluation {
        let (p, block) = (self.width, self.block());
        let parts: Vec<Evaluation> = self
            .values
            .par_chunks(block * p)
            .enumerate()
            .map(|(at, values)| {
                let mut residuals = vec![0.0; values.len() / p * self.rows];
                self.scores(parameters, values, &mut residuals);
                let mut loss = 0.0;
                for (offset, scores) in residuals.chunks_exact_mut(self.rows).enumerate() {
                    loss += self.residuals(at * block + offset, scores);
                }
                let mut gradient = vec![0.0; self.len()];
                let (sum, constant) = gradient.split_at_mut(self.coefficients());
                add_products(sum, values, &residuals, p);
                if self.intercept {
                    for residuals in residuals.chunks_exact(self.rows) {
                        add_scaled(constant, 1.0, residuals);
                    }
                }
                Evaluation { loss, gradient }
            })
            .collect();
        let mut whole = Evaluation {
            loss: 0.0,
            gradient: vec![0.0; self.len()],
        };
        for part in parts {
            whole.loss += part.loss;
            add_scaled(&mut whole.gradient, 1.0, &part.gradient);
        }
        whole
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
            let objective = LogisticObjective::new(&samples, &present, true);
            let at: Vec<f64> = (0..objective.len()).map(|i| 0.1 * i as f64 - 0.2).collect();
            for (i, g) in objective.evaluate(&at).gradient.iter().enumerate() {
                let h = 1e-6;
                let (mut up, mut down) = (at.clone(), at.clone());
                up[i] += h;
                down[i] -= h;
                let change = objective.evaluate(&up).loss - objective.evaluate(&down).loss;
                let difference = change / (2.0 * h);
                assert!(
                    (g - difference).abs() < 1e-6,
                    "{k} classes, {i}: {g} {difference}"
                );
            }
        }
    }
}
