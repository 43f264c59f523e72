//! Stratified cross-validation by patient.

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::random::Stream;
use crate::split::classes::{patients_by_class, shuffle_each};
use crate::split::quota::quotas;
use crate::split::{Fold, Part, Split};

impl Split {
    /// `k` folds in which every patient is tested exactly once.
    ///
    /// The shuffled patients are dealt to the folds class after class, each class going on where the
    /// one before it stopped: the folds differ by one patient at most, in each class and as a whole.
    /// The validation part of a fold is drawn from its training patients, stratified;
    /// `valid_share` is a share of all patients.
    ///
    /// # Errors
    /// [`StudyError::Split`] for fewer than two folds, more folds than patients, a validation share
    /// that leaves nothing to train on, patients of one class only, or a class with fewer than two
    /// patients (with the counts). A class with fewer patients than folds is missing from some test
    /// parts: [`Split::check`] warns of it.
    pub fn folds(cohort: &Cohort, k: usize, valid_share: f64, seed: u64) -> Result<Self> {
        let mut by_class = patients_by_class(cohort)?;
        let everyone: usize = by_class.iter().map(Vec::len).sum();
        if k < 2 || k > everyone {
            return Err(StudyError::Split {
                found: format!("{k} fold(s) for {everyone} patients"),
                remedy: "take two folds at least and at most as many as patients".into(),
            });
        }
        let room = valid_share >= 0.0 && valid_share < 1.0 - 1.0 / k as f64;
        if !room {
            return Err(StudyError::Split {
                found: format!("validation share {valid_share} with {k} folds"),
                remedy: "give a validation share of 0 or more that leaves patients to train on"
                    .into(),
            });
        }
        shuffle_each(&mut by_class, seed, "folds");
        let mut dealt = 0;
        let tested_in: Vec<Vec<(PatientId, usize)>> = by_class
            .into_iter()
            .map(|patients| {
                let start = dealt;
                dealt += patients.len();
                let deal = |(i, patient)| (patient, (start + i) % k);
                patients.into_iter().enumerate().map(deal).collect()
            })
            .collect();
        let folds = (0..k)
            .map(|fold| one_fold(&tested_in, fold, valid_share, seed))
            .collect::<Result<_>>()?;
        Ok(Self {
            rule: "stratified folds".into(),
            seed,
            folds,
        })
    }
}

/// The fold that tests everyone dealt to it. `tested_in` lists each class with its patients' folds.
fn one_fold(
    tested_in: &[Vec<(PatientId, usize)>],
    fold: usize,
    valid_share: f64,
    seed: u64,
) -> Result<Fold> {
    let counts: Vec<usize> = tested_in.iter().map(Vec::len).collect();
    let mut assignment = Vec::new();
    let mut training: Vec<Vec<&PatientId>> = Vec::new();
    for (class, patients) in tested_in.iter().enumerate() {
        let mut rest = Vec::new();
        for (patient, tested) in patients {
            if *tested == fold {
                assignment.push((patient.clone(), Part::Test));
            } else {
                rest.push(patient);
            }
        }
        let draw = fold * tested_in.len() + class;
        Stream::new(seed, "folds: validation", draw as u64).shuffle(&mut rest);
        training.push(rest);
    }
    let valid = if valid_share > 0.0 {
        let caps: Vec<usize> = training.iter().map(|rest| rest.len() - 1).collect();
        quotas(&counts, valid_share, &caps)
    } else {
        vec![0; counts.len()]
    };
    for (rest, valid) in training.into_iter().zip(valid) {
        assignment.extend(rest.into_iter().enumerate().map(|(i, patient)| {
            let part = if i < valid { Part::Valid } else { Part::Train };
            (patient.clone(), part)
        }));
    }
    Fold::new(assignment)
}
