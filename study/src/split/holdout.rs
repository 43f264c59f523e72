//! One stratified division into training, validation and test patients.

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::split::classes::{patients_by_class, shuffle_each};
use crate::split::quota::{floor, quotas};
use crate::split::{Fold, Part, Split};

impl Split {
    /// Draws one training, validation and test part by patient, each class in its share.
    ///
    /// `test_share` and `valid_share` are shares of all patients. Every class gives the test and the
    /// validation part the whole number below or above its share, at least one patient where it has
    /// enough, and keeps one for training at least. The draw depends on the seed, the patients and
    /// their classes, not on the order or number of their cases.
    ///
    /// # Errors
    /// [`StudyError::Split`] for shares outside 0..1 or without room for training, for patients of one
    /// class only, and for a class with fewer than two patients (with the counts).
    pub fn holdout(cohort: &Cohort, test_share: f64, valid_share: f64, seed: u64) -> Result<Self> {
        let shares_fit = test_share > 0.0 && valid_share >= 0.0 && test_share + valid_share < 1.0;
        if !shares_fit {
            return Err(StudyError::Split {
                found: format!("test share {test_share}, validation share {valid_share}"),
                remedy: "give a test share above 0 and a validation share of 0 or more that leave patients to train on".into(),
            });
        }
        let mut by_class = patients_by_class(cohort)?;
        shuffle_each(&mut by_class, seed, "holdout");
        let counts: Vec<usize> = by_class.iter().map(Vec::len).collect();
        // The test part leaves one patient to train on and the whole share of the validation part.
        let caps: Vec<usize> = counts
            .iter()
            .map(|&n| n - 1 - floor(n as f64 * valid_share).min(n - 2))
            .collect();
        let test = quotas(&counts, test_share, &caps);
        let valid = if valid_share > 0.0 {
            let caps: Vec<usize> = counts.iter().zip(&test).map(|(n, t)| n - t - 1).collect();
            quotas(&counts, valid_share, &caps)
        } else {
            vec![0; counts.len()]
        };
        let assignment = by_class.into_iter().enumerate().flat_map(|(k, patients)| {
            let (test, valid) = (test[k], valid[k]);
            patients.into_iter().enumerate().map(move |(i, patient)| {
                let part = if i < test {
                    Part::Test
                } else if i < test + valid {
                    Part::Valid
                } else {
                    Part::Train
                };
                (patient, part)
            })
        });
        Ok(Self {
            rule: "stratified holdout".into(),
            seed,
            folds: vec![Fold::new(assignment)?],
        })
    }
}
