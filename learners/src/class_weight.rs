//! Class weights: how much a training row counts by its class, scikit-learn's `class_weight`.
//!
//! They multiply the rows' own weights and reach the learner only: what is estimated before it, and
//! the folds, see every row as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::samples::Samples;

/// How classes are weighed against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every class counts the same in total: a row of class k weighs W / (K · `W_k`), W the weight
    /// of all rows, `W_k` that of class k and K the number of classes that occur.
    Balanced,
    /// A weight for each class named; the others weigh 1.
    ByClass(BTreeMap<String, f64>),
}

impl ClassWeight {
    /// Refuses weights that are not finite and above 0, on behalf of a learner.
    pub(crate) fn check(&self, learner: &'static str) -> Result<()> {
        let Self::ByClass(weights) = self else {
            return Ok(());
        };
        match weights.iter().find(|(_, w)| !(w.is_finite() && **w > 0.0)) {
            Some((class, weight)) => Err(LearnError::settings(
                learner,
                format!("class_weight of '{class}' is {weight}; give a finite weight above 0"),
            )),
            None => Ok(()),
        }
    }

    /// The samples with every row's weight multiplied by that of its class.
    pub(crate) fn apply(&self, samples: Samples, learner: &'static str) -> Result<Samples> {
        self.check(learner)?;
        let factors = match self {
            Self::Balanced => balanced(&samples),
            Self::ByClass(weights) => by_class(weights, &samples, learner)?,
        };
        let weights = samples.labels().iter().enumerate();
        let weights = weights.map(|(row, label)| samples.weight(row) * factors[label.0]);
        let weights = weights.collect();
        samples.with_weights(weights)
    }
}

/// W / (K · `W_k`), 1 for a class that does not occur.
fn balanced(samples: &Samples) -> Vec<f64> {
    let mut sums = vec![0.0; samples.classes().len()];
    for (row, label) in samples.labels().iter().enumerate() {
        sums[label.0] += samples.weight(row);
    }
    let whole: f64 = sums.iter().sum();
    let present = sums.iter().filter(|sum| **sum > 0.0).count() as f64;
    let factor = |sum: f64| {
        if sum > 0.0 {
            whole / (present * sum)
        } else {
            1.0
        }
    };
    sums.into_iter().map(factor).collect()
}

fn by_class(
    weights: &BTreeMap<String, f64>,
    samples: &Samples,
    learner: &'static str,
) -> Result<Vec<f64>> {
    let names = samples.classes().names();
    if let Some(unknown) = weights.keys().find(|name| !names.contains(name)) {
        return Err(LearnError::settings(
            learner,
            format!(
                "class_weight names '{unknown}'; the classes are {}",
                names.join(", ")
            ),
        ));
    }
    let of = |name: &String| weights.get(name).copied().unwrap_or(1.0);
    Ok(names.iter().map(of).collect())
}
