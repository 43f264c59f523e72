//! McNemar's exact test of two models on the same patients.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::predictions::Predictions;
use crate::uncertainty::binomial::at_least;

/// Two models against each other, patient by patient.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Patients that both answered rightly.
    pub both: u64,
    /// Patients that only the first answered rightly.
    pub only_first: u64,
    /// Patients that only the second answered rightly.
    pub only_second: u64,
    /// Patients that neither answered rightly.
    pub neither: u64,
    /// Two-sided exact p: how likely discordant patients part at least this unevenly by a fair coin.
    pub p: f64,
}

impl McNemar {
    /// The test out of the four counts (McNemar 1947, doi 10.1007/BF02295996; exact form).
    ///
    /// p = min(1, 2 P(X ≥ max)) with X binomial over the discordant patients at 1/2, and 1 when there
    /// are none.
    pub fn from_counts(both: u64, only_first: u64, only_second: u64, neither: u64) -> Self {
        let discordant = only_first + only_second;
        let larger = only_first.max(only_second);
        Self {
            both,
            only_first,
            only_second,
            neither,
            p: (2.0 * at_least(larger, discordant, 0.5)).min(1.0),
        }
    }

    /// Compares the rows of two models; give it patients ([`Predictions::by_patient`]), since slices
    /// of one patient are not independent.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] when the two did not answer the same samples of the same folds.
    pub fn of(first: &Predictions, second: &Predictions) -> Result<Self> {
        let right = |predictions: &Predictions| -> BTreeMap<_, bool> {
            predictions
                .rows()
                .iter()
                .map(|row| ((row.fold, row.sample.clone()), row.answer() == row.truth))
                .collect()
        };
        let (first, second) = (right(first), right(second));
        if first.len() != second.len() || first.keys().ne(second.keys()) {
            return Err(StudyError::Undefined {
                figure: "McNemar's test",
                reason: "the two models answered different samples".into(),
            });
        }
        let mut counts = [0_u64; 4];
        for (a, b) in first.values().zip(second.values()) {
            counts[2 * usize::from(!a) + usize::from(!b)] += 1;
        }
        let [both, only_first, only_second, neither] = counts;
        Ok(Self::from_counts(both, only_first, only_second, neither))
    }
}
