//! Gaussian naive Bayes: within a class every column is normal and independent of the others.
//!
//! `log P(k | x) = log π_k − ½ Σ_j [ log(2π σ²_kj) + (x_j − θ_kj)² / σ²_kj ] + const`, with
//! `π_k` the share of class k, θ and σ² mean and population variance of its rows, and 1e-9 of the
//! largest column variance added to every σ² (scikit-learn's `var_smoothing`).
//! Bishop, Pattern Recognition and Machine Learning (2006), section 8.2.2.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::dense::softmax;
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_product, expect_values};

/// Name in results.
pub(crate) const NAME: &str = "gaussian_nb";

/// Gaussian naive Bayes and its one setting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianNb {
    /// Share of the largest column variance that is added to every variance.
    pub var_smoothing: f64,
}

impl Default for GaussianNb {
    fn default() -> Self {
        Self {
            var_smoothing: 1e-9,
        }
    }
}

impl Learner for GaussianNb {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 1)?;
        Ok(Box::new(self.fit_model(samples)?))
    }

    fn settings(&self) -> serde_json::Value {
        json!({ "var_smoothing": self.var_smoothing })
    }
}

impl GaussianNb {
    fn fit_model(self, samples: &Samples) -> Result<GaussianNbModel> {
        let present = samples.present();
        let (k, p) = (present.labels.len(), samples.width());
        let mut totals = vec![0.0; k];
        let mut means = vec![0.0; k * p];
        for (row, &class) in present.of_row.iter().enumerate() {
            let weight = samples.weight(row);
            totals[class] += weight;
            for (mean, x) in means[class * p..].iter_mut().zip(samples.row(row)) {
                *mean += weight * x;
            }
        }
        for (mean, total) in means.chunks_exact_mut(p).zip(&totals) {
            for m in mean.iter_mut() {
                *m /= total;
            }
        }
        // Second pass: deviations from the mean, so that large offsets cost no digits.
        let mut variances = vec![0.0; k * p];
        for (row, &class) in present.of_row.iter().enumerate() {
            let weight = samples.weight(row);
            let span = class * p..(class + 1) * p;
            let centred = samples.row(row).iter().zip(&means[span.clone()]);
            for (variance, (x, mean)) in variances[span].iter_mut().zip(centred) {
                *variance += weight * (x - mean) * (x - mean);
            }
        }
        let smoothing = self.var_smoothing * largest_variance(samples);
        for (variance, total) in variances.chunks_exact_mut(p).zip(&totals) {
            for v in variance.iter_mut() {
                *v = *v / total + smoothing;
            }
        }
        if variances.iter().any(|v| !(v.is_finite() && *v > 0.0)) {
            return Err(LearnError::NoColumns {
                learner: NAME,
                found: "no column has a finite variance above 0".into(),
            });
        }
        let all: f64 = totals.iter().sum();
        Ok(GaussianNbModel {
            classes: samples.classes().len(),
            width: p,
            log_priors: totals.iter().map(|total| (total / all).ln()).collect(),
            present: present.labels,
            means,
            variances,
        })
    }
}

/// Largest population variance of a column, without weights, as scikit-learn takes it.
fn largest_variance(samples: &Samples) -> f64 {
    let n = samples.rows() as f64;
    (0..samples.width())
        .map(|column| {
            let mean = samples.column(column).sum::<f64>() / n;
            samples
                .column(column)
                .map(|x| (x - mean) * (x - mean))
                .sum::<f64>()
                / n
        })
        .fold(0.0, f64::max)
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
        let mut probabilities = vec![0.0; rows * self.classes];
        let mut log_weights = vec![0.0; self.present.len()];
        for (x, out) in values
            .chunks_exact(p)
            .zip(probabilities.chunks_exact_mut(self.classes))
        {
            for ((w, offset), (means, variances)) in
                log_weights.iter_mut().zip(&offsets).zip(densities())
            {
                let distance: f64 = x
                    .iter()
                    .zip(means)
                    .zip(variances)
                    .map(|((x, mean), v)| (x - mean) * (x - mean) / v)
                    .sum();
                // A distance that overflows is as far as one can be, not undefined.
                *w = offset - 0.5 * distance.min(f64::MAX);
            }
            softmax(&mut log_weights);
            for (&label, &probability) in self.present.iter().zip(&log_weights) {
                out[label] = probability;
            }
        }
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::GaussianNb(self.clone())
    }
}
