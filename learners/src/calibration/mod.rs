//! Probabilities that mean what they say: a map from a fitted learner's probabilities to calibrated ones.
//!
//! It is fitted on answers out of fold within the training rows, while the learner itself is fitted on
//! all of them (scikit-learn's `CalibratedClassifierCV(ensemble=False)`). Sigmoid and isotonic maps are
//! made for each class against the rest and scaled to sum one; two classes share the second's. A
//! temperature serves all classes at once and leaves the most probable class as it is.
//!
//! | method | map | score it reads |
//! |---|---|---|
//! | [`Method::Sigmoid`] | Platt 1999 | log odds |
//! | [`Method::Isotonic`] | Zadrozny and Elkan 2002, doi 10.1145/775047.775151 | probability |
//! | [`Method::Temperature`] | Guo et al. 2017, arXiv 1706.04599 | log probability |
//!
//! A learner that is calibrated already has log odds on which a sigmoid can be the identity, which it
//! cannot be on probabilities. Log odds of 0 and 1 are infinite, so probabilities stay 1 / (n + 2) away
//! from both, n the rows the map is fitted on: Laplace's and Platt's value for what n rows never showed.

pub mod isotonic;
pub mod sigmoid;
pub mod temperature;

use raduet_study::Label;
use serde::{Deserialize, Serialize};

pub use isotonic::Isotonic;
pub use sigmoid::Sigmoid;
pub use temperature::Temperature;

use crate::error::{LearnError, Result};
use crate::saved::{expect_classes, expect_size, expect_values};

/// Who refuses.
const NAME: &str = "calibration";

/// Folds whose answers it is fitted on, as in scikit-learn.
pub(crate) const FOLDS: usize = 5;

/// How probabilities are calibrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A sigmoid: two numbers a class, right where few rows are at hand.
    Sigmoid,
    /// A rising step function: any shape, for a thousand rows or more.
    Isotonic,
    /// One number for all classes.
    Temperature,
}

/// A fitted map from probabilities to calibrated ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedCalibration {
    classes: usize,
    /// Class numbers that occurred in training, at least two.
    present: Vec<usize>,
    map: Map,
}

/// One map a present class, or only the second's of two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Map {
    Sigmoid {
        /// Least distance of a probability from 0 and 1.
        floor: f64,
        curves: Vec<Sigmoid>,
    },
    Isotonic(Vec<Isotonic>),
    Temperature(Temperature),
}

impl FittedCalibration {
    /// Fits the map to `probabilities`, row-major n × K, of rows with the given classes and weights.
    ///
    /// # Errors
    /// [`LearnError::OneClass`], and [`LearnError::Samples`] when the sizes do not agree or a value is
    /// no probability.
    pub fn fit(
        method: Method,
        probabilities: &[f64],
        labels: &[Label],
        weights: &[f64],
        classes: usize,
    ) -> Result<Self> {
        let sizes = labels.len().checked_mul(classes) == Some(probabilities.len())
            && weights.len() == labels.len();
        if !sizes || labels.iter().any(|label| label.0 >= classes) {
            return Err(LearnError::samples(
                format!("{} probabilities", probabilities.len()),
                format!("{classes} for each of {} rows", labels.len()),
            ));
        }
        if let Some(bad) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(LearnError::samples(
                format!("probability {bad}"),
                "numbers in 0..=1",
            ));
        }
        let present: Vec<usize> = (0..classes)
            .filter(|&k| labels.iter().any(|label| label.0 == k))
            .collect();
        if present.len() < 2 {
            return Err(LearnError::OneClass {
                learner: NAME,
                class: present
                    .first()
                    .map_or("none".into(), |k| format!("class {k}")),
            });
        }
        let score = |class: usize| probabilities.iter().skip(class).step_by(classes).copied();
        let side = |class: usize| -> Vec<bool> { labels.iter().map(|l| l.0 == class).collect() };
        let map = match method {
            Method::Sigmoid => {
                let floor = 1.0 / (labels.len() as f64 + 2.0);
                let fit = |&class: &usize| {
                    let scores: Vec<f64> = score(class).map(|p| log_odds(p, floor)).collect();
                    Sigmoid::fit(&scores, &side(class), weights)
                };
                let curves = own_maps(&present).iter().map(fit).collect();
                Map::Sigmoid { floor, curves }
            }
            Method::Isotonic => {
                let fit = |&class: &usize| {
                    let scores: Vec<f64> = score(class).collect();
                    Isotonic::fit(&scores, &side(class), weights)
                };
                Map::Isotonic(own_maps(&present).iter().map(fit).collect())
            }
            Method::Temperature => {
                let rows = probabilities.chunks_exact(classes);
                let given: Vec<f64> = rows
                    .flat_map(|row| present.iter().map(|&k| row[k]))
                    .collect();
                let at = |label: &Label| present.iter().position(|&k| k == label.0);
                let truths: Vec<usize> = labels.iter().filter_map(at).collect();
                Map::Temperature(Temperature::fit(&given, &truths, weights, present.len()))
            }
        };
        Ok(Self {
            classes,
            present,
            map,
        })
    }

    /// How it was fitted.
    pub fn method(&self) -> Method {
        match self.map {
            Map::Sigmoid { .. } => Method::Sigmoid,
            Map::Isotonic(_) => Method::Isotonic,
            Map::Temperature(_) => Method::Temperature,
        }
    }

    /// Calibrates probabilities in place, row-major n × K. Each row sums to one; a class absent from
    /// the training keeps 0.
    ///
    /// # Panics
    /// When `probabilities` does not hold whole rows.
    pub fn apply(&self, probabilities: &mut [f64]) {
        assert!(
            probabilities.len().is_multiple_of(self.classes),
            "whole rows"
        );
        let mut given = vec![0.0; self.present.len()];
        for row in probabilities.chunks_exact_mut(self.classes) {
            for (given, &class) in given.iter_mut().zip(&self.present) {
                *given = row[class];
            }
            self.apply_row(&mut given);
            row.fill(0.0);
            for (&p, &class) in given.iter().zip(&self.present) {
                row[class] = p;
            }
        }
    }

    /// One row's probabilities of the present classes.
    fn apply_row(&self, p: &mut [f64]) {
        let own = |class: usize, p: f64| match &self.map {
            Map::Sigmoid { floor, curves } => curves[class].probability(log_odds(p, *floor)),
            Map::Isotonic(curves) => curves[class].probability(p),
            Map::Temperature(_) => p,
        };
        if let Map::Temperature(temperature) = &self.map {
            temperature.apply(p);
        } else if let [first, second] = p {
            *second = own(0, *second);
            *first = 1.0 - *second;
        } else {
            for (class, p) in p.iter_mut().enumerate() {
                *p = own(class, *p);
            }
            let sum: f64 = p.iter().sum();
            let even = 1.0 / p.len() as f64;
            for p in p {
                *p = if sum > 0.0 { *p / sum } else { even };
            }
        }
    }

    /// What a map from a file must fulfil.
    pub(crate) fn check(&self, classes: usize) -> Result<()> {
        expect_size("calibration, classes", self.classes, classes)?;
        expect_classes("calibration, present", &self.present, self.classes)?;
        if self.present.len() < 2 {
            return Err(LearnError::saved(
                "calibration, present",
                format!("{:?}", self.present),
                "two classes at least",
            ));
        }
        let maps = own_maps(&self.present).len();
        match &self.map {
            Map::Sigmoid { floor, curves } => {
                expect_values("calibration, floor", &[*floor], "above 0, below 1/2", |v| {
                    v > 0.0 && v < 0.5
                })?;
                expect_size("calibration, curves", curves.len(), maps)?;
                curves.iter().try_for_each(|curve| curve.check())
            }
            Map::Isotonic(curves) => {
                expect_size("calibration, curves", curves.len(), maps)?;
                curves.iter().try_for_each(Isotonic::check)
            }
            Map::Temperature(temperature) => temperature.check(),
        }
    }
}

/// Classes that have a map of their own: the second of two, else all.
fn own_maps(present: &[usize]) -> &[usize] {
    match present {
        [_, second] => std::slice::from_ref(second),
        all => all,
    }
}

/// ln(p / (1 − p)) of a probability kept off 0 and 1.
fn log_odds(p: f64, floor: f64) -> f64 {
    let p = p.clamp(floor, 1.0 - floor);
    (p / (1.0 - p)).ln()
}
