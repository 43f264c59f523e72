//! McNemar's exact test of two models on the same patients.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::ids::PatientId;
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

    /// Compares two models patient by patient; give it one row a patient ([`Predictions::by_patient`]) where there
    /// is such a row. Of several rows of a patient, which are not independent, the counts of right answers
    /// decide: who has more of them is right alone, with equally many both are, or neither where there is none.
    ///
    /// # Errors
    /// [`StudyError::Undefined`] when the two did not answer the same samples of the same folds.
    pub fn of(first: &Predictions, second: &Predictions) -> Result<Self> {
        let asked = |predictions: &Predictions| -> BTreeSet<_> {
            let rows = predictions.rows().iter();
            rows.map(|row| (row.fold, row.sample.clone())).collect()
        };
        if asked(first) != asked(second) {
            return Err(StudyError::Undefined {
                figure: "McNemar's test",
                reason: "the two models answered different samples".into(),
            });
        }
        let right = |predictions: &Predictions| -> BTreeMap<(usize, PatientId), u64> {
            let mut right = BTreeMap::new();
            for row in predictions.rows() {
                *right.entry((row.fold, row.patient.clone())).or_default() +=
                    u64::from(row.answer() == row.truth);
            }
            right
        };
        let mut counts = [0_u64; 4];
        for (a, b) in right(first).values().zip(right(second).values()) {
            let place = match a.cmp(b) {
                Ordering::Greater => 1,
                Ordering::Less => 2,
                Ordering::Equal if *a > 0 => 0,
                Ordering::Equal => 3,
            };
            counts[place] += 1;
        }
        let [both, only_first, only_second, neither] = counts;
        Ok(Self::from_counts(both, only_first, only_second, neither))
    }
}
