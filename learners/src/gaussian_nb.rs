//! Gaussian naive Bayes: within a class every column is normal and independent of the others.
//!
//! `log P(k | x) = log π_k − ½ Σ_j [ log(2π σ²_kj) + (x_j − θ_kj)² / σ²_kj ] + const`, with
//! `π_k` the prior or the share of class k, θ and σ² mean and population variance of its rows, and 1e-9 of the
//! largest column variance added to every σ² (scikit-learn's `var_smoothing`).
//! Bishop, Pattern Recognition and Machine Learning (2006), section 8.2.2.

use std::f64::consts::TAU;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::class_priors;
use crate::class_scores::probabilities;
use crate::dense::{add_scaled, weighted_square};
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::{PresentClasses, Samples};
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_product, expect_values};

/// Name in results.
pub(crate) const NAME: &str = "gaussian_nb";

/// Rows summed together. Fixed, so that sums do not depend on the number of threads.
const BLOCK: usize = 512;

/// Gaussian naive Bayes and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianNb {
    /// Share of the largest column variance that is added to every variance.
    pub var_smoothing: f64,
    /// Probability of each class before anything is seen, in the order of the class names; without
    /// it the classes' shares of the training weight. A class absent from the training rows keeps none.
    pub priors: Option<Vec<f64>>,
}

impl Default for GaussianNb {
    fn default() -> Self {
        Self {
            var_smoothing: 1e-9,
            priors: None,
        }
    }
}

impl Learner for GaussianNb {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        if !(self.var_smoothing.is_finite() && self.var_smoothing >= 0.0) {
            return Err(LearnError::settings(
                NAME,
                format!(
                    "var_smoothing is {}, expected a finite number of at least 0",
                    self.var_smoothing
                ),
            ));
        }
        class_priors::check(self.priors.as_deref(), NAME)
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 1)?;
        Ok(Box::new(self.fit_model(samples)?))
    }

    fn settings(&self) -> serde_json::Value {
        json!({ "var_smoothing": self.var_smoothing, "priors": self.priors })
    }
}

impl GaussianNb {
    fn fit_model(&self, samples: &Samples) -> Result<GaussianNbModel> {
        let present = samples.present();
        let p = samples.width();
        let mut totals = vec![0.0; present.labels.len()];
        for (row, &class) in present.of_row.iter().enumerate() {
            totals[class] += samples.weight(row);
        }
        let nowhere = vec![0.0; totals.len() * p];
        let mut means = class_sums(samples, &present, &nowhere, |d| d);
        for (mean, total) in means.chunks_exact_mut(p).zip(&totals) {
            for m in mean.iter_mut() {
                *m /= total;
            }
        }
        // Second pass: deviations from the mean, so that large offsets cost no digits.
        let mut variances = class_sums(samples, &present, &means, |d| d * d);
        for (variance, total) in variances.chunks_exact_mut(p).zip(&totals) {
            for v in variance.iter_mut() {
                *v /= total;
            }
        }
        let smoothing = self.var_smoothing * largest_variance(samples);
        for v in &mut variances {
            *v += smoothing;
        }
        if variances.iter().any(|v| !(v.is_finite() && *v > 0.0)) {
            return Err(LearnError::NoColumns {
                learner: NAME,
                found: "no column has a finite variance above 0".into(),
            });
        }
        let priors = class_priors::of(self.priors.as_deref(), &present, &totals, samples, NAME)?;
        Ok(GaussianNbModel {
            classes: samples.classes().len(),
            width: p,
            log_priors: priors.iter().map(|prior| prior.ln()).collect(),
            present: present.labels,
            means,
            variances,
        })
    }
}

/// Per class and column, the weighted sum of `term(x − centre)` over the class's rows.
fn class_sums(
    samples: &Samples,
    present: &PresentClasses,
    centres: &[f64],
    term: impl Fn(f64) -> f64 + Sync,
) -> Vec<f64> {
    let p = samples.width();
    let blocks: Vec<Vec<f64>> = samples
        .values()
        .par_chunks(BLOCK * p)
        .enumerate()
        .map(|(block, values)| {
            let mut sums = vec![0.0; centres.len()];
            for (offset, x) in values.chunks_exact(p).enumerate() {
                let row = block * BLOCK + offset;
                let span = present.of_row[row] * p..(present.of_row[row] + 1) * p;
                let weight = samples.weight(row);
                let sums = &mut sums[span.clone()];
                for ((sum, x), centre) in sums.iter_mut().zip(x).zip(&centres[span]) {
                    *sum += weight * term(x - centre);
                }
            }
            sums
        })
        .collect();
    let mut sums = vec![0.0; centres.len()];
    for block in blocks {
        add_scaled(&mut sums, 1.0, &block);
    }
    sums
}

/// Largest population variance of a column, without weights, as scikit-learn takes it.
fn largest_variance(samples: &Samples) -> f64 {
    let n = samples.rows() as f64;
    let sums = |centre: &[f64], term: fn(f64) -> f64| {
        let blocks: Vec<Vec<f64>> = samples
            .values()
            .par_chunks(BLOCK * samples.width())
            .map(|values| {
                let mut sums = vec![0.0; centre.len()];
                for x in values.chunks_exact(centre.len()) {
                    for ((sum, x), c) in sums.iter_mut().zip(x).zip(centre) {
                        *sum += term(x - c);
                    }
                }
                sums
            })
            .collect();
        let mut sums = vec![0.0; centre.len()];
        for block in blocks {
            add_scaled(&mut sums, 1.0 / n, &block);
        }
        sums
    };
    let mean = sums(&vec![0.0; samples.width()], |d| d);
    sums(&mean, |d| d * d).into_iter().fold(0.0, f64::max)
}

/// A fitted Gaussian naive Bayes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianNbModel {
    pub(crate) classes: usize,
    pub(crate) width: usize,
    /// Class numbers that occurred in training.
    pub(crate) present: Vec<usize>,
    /// One per present class.
    pub(crate) log_priors: Vec<f64>,
    /// Present classes × columns.
    pub(crate) means: Vec<f64>,
    /// Present classes × columns, above zero.
    pub(crate) variances: Vec<f64>,
}

impl GaussianNbModel {
    pub(crate) fn check(&self) -> Result<()> {
        let k = self.present.len();
        expect_classes("present", &self.present, self.classes)?;
        expect_product("log_priors", self.log_priors.len(), k, 1)?;
        expect_product("means", self.means.len(), k, self.width)?;
        expect_product("variances", self.variances.len(), k, self.width)?;
        expect_finite("log_priors", &self.log_priors)?;
        expect_finite("means", &self.means)?;
        expect_values("variances", &self.variances, "values above 0", |v| {
            v.is_finite() && v > 0.0
        })
    }
}

impl Model for GaussianNbModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        let p = self.width;
        assert_shape(values, rows, p);
        let densities = || {
            self.means
                .chunks_exact(p)
                .zip(self.variances.chunks_exact(p))
        };
        let offsets: Vec<f64> = densities()
            .zip(&self.log_priors)
            .map(|((_, variances), prior)| {
                prior - 0.5 * variances.iter().map(|v| (TAU * v).ln()).sum::<f64>()
            })
            .collect();
        probabilities(values, p, self.classes, &self.present, |values| {
            let mut log_weights = Vec::with_capacity(values.len() / p * offsets.len());
            for x in values.chunks_exact(p) {
                for (offset, (means, variances)) in offsets.iter().zip(densities()) {
                    let distance = weighted_square(x, means, variances);
                    // A distance that overflows is as far as one can be, not undefined.
                    log_weights.push(offset - 0.5 * distance.min(f64::MAX));
                }
            }
            log_weights
        })
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::GaussianNb(self.clone())
    }
}
