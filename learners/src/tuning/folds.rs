//! Folds within the training rows: by patient, stratified, from a seed.
//!
//! Every patient is held out exactly once a repeat, with all of its rows. Patients are dealt class
//! after class in random order; each goes to the fold that has fewest of its class so far, then fewest
//! patients, then fewest rows, then to the first. Where each patient is of one class, folds differ by
//! one patient at most, in each class and as a whole. A patient of several classes counts for each by
//! the share of its rows.
//!
//! The answer depends on which rows there are, not on their order or on how patients are numbered.

use std::fmt;

use raduet_study::Label;
use raduet_study::random::Stream;

use super::groups::Groups;
use crate::error::{LearnError, Result};
use crate::samples::Samples;

/// Fewest patients of a class: one to learn from and one to judge by.
const FEWEST: usize = 2;

/// A division of the training rows into folds, once or several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    parts: Vec<HeldOut>,
    thin: Vec<ThinClass>,
}

/// One fold: rows that are learned from and rows that are held out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOut {
    /// Which repeat.
    pub repeat: usize,
    /// Which fold of it.
    pub fold: usize,
    /// Rows that are learned from, ascending.
    pub learn: Vec<usize>,
    /// Rows that are held out, ascending.
    pub judge: Vec<usize>,
}

/// A class with fewer patients than folds: some folds cannot speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThinClass {
    /// Its name.
    pub class: String,
    /// Patients it has.
    pub patients: usize,
    /// Folds.
    pub folds: usize,
}

impl fmt::Display for ThinClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "class '{}' has {} patients for {} folds: it is held out in some of them only",
            self.class, self.patients, self.folds
        )
    }
}

impl Folds {
    /// `folds` folds, drawn `repeats` times.
    ///
    /// # Errors
    /// [`LearnError::Folds`] for fewer than two folds, more folds than patients, no repeat, or a class
    /// that occurs with a single patient.
    pub fn new(samples: &Samples, folds: usize, repeats: usize, seed: u64) -> Result<Self> {
        let groups = Groups::new(samples);
        if folds < 2 || folds > groups.len() || repeats == 0 {
            return Err(LearnError::Folds {
                found: format!(
                    "{folds} folds, {repeats} time(s), for {} patients",
                    groups.len()
                ),
                remedy: "take two folds at least and at most as many as patients".into(),
            });
        }
        let mut thin = Vec::new();
        for class in 0..samples.classes().len() {
            let patients = groups.with_class(class);
            let name = samples.classes().name(Label(class));
            if (1..FEWEST).contains(&patients) {
                return Err(LearnError::Folds {
                    found: format!("class '{name}' with {patients} patient"),
                    remedy: format!(
                        "give {FEWEST} patients of every class at least, or leave it out"
                    ),
                });
            }
            if (1..folds).contains(&patients) {
                thin.push(ThinClass {
                    class: name.to_owned(),
                    patients,
                    folds,
                });
            }
        }
        let parts = (0..repeats).flat_map(|repeat| {
            let fold_of = deal(&groups, samples, folds, seed, repeat);
            (0..folds).map(move |fold| {
                let (judge, learn) = (0..fold_of.len()).partition(|&row| fold_of[row] == fold);
                HeldOut {
                    repeat,
                    fold,
                    learn,
                    judge,
                }
            })
        });
        Ok(Self {
            parts: parts.collect(),
            thin,
        })
    }

    /// As many folds as asked for, or as the rarest class has patients where these are fewer: every
    /// class is then held out in every fold.
    ///
    /// # Errors
    /// Those of [`Folds::new`].
    pub fn at_most(samples: &Samples, folds: usize, seed: u64) -> Result<Self> {
        let groups = Groups::new(samples);
        let patients = (0..samples.classes().len()).map(|class| groups.with_class(class));
        let fewest = patients.filter(|n| *n > 0).min().unwrap_or(0);
        Self::new(samples, folds.min(fewest.max(FEWEST)), 1, seed)
    }

    /// The folds, repeat after repeat.
    pub fn parts(&self) -> &[HeldOut] {
        &self.parts
    }

    /// How often the rows were divided.
    pub fn repeats(&self) -> usize {
        self.parts.last().map_or(0, |part| part.repeat + 1)
    }

    /// Classes with fewer patients than folds; each displays as a sentence.
    pub fn warnings(&self) -> &[ThinClass] {
        &self.thin
    }
}

/// The fold of each row.
fn deal(groups: &Groups, samples: &Samples, folds: usize, seed: u64, repeat: usize) -> Vec<usize> {
    let classes = samples.classes().len();
    let mut order: Vec<usize> = (0..groups.len()).collect();
    Stream::new(seed, "folds of training rows", repeat as u64).shuffle(&mut order);
    // Patients of several classes first, while every fold still has room for them.
    order.sort_by_key(|&group| {
        (
            std::cmp::Reverse(groups.classes_of(group)),
            groups.main_class(group),
        )
    });
    let mut crowd = vec![vec![0.0; classes]; folds];
    let mut patients = vec![0_usize; folds];
    let mut rows = vec![0_usize; folds];
    let mut fold_of = vec![0; samples.rows()];
    for group in order {
        let crowding = |fold: usize| -> f64 {
            let of_class = |class| groups.share(group, class) * crowd[fold][class];
            (0..classes).map(of_class).sum()
        };
        let better = |a: usize, b: usize| {
            crowding(a)
                .total_cmp(&crowding(b))
                .then(patients[a].cmp(&patients[b]))
                .then(rows[a].cmp(&rows[b]))
                .is_lt()
        };
        let fold = (1..folds).fold(0, |best, fold| if better(fold, best) { fold } else { best });
        for (class, sum) in crowd[fold].iter_mut().enumerate() {
            *sum += groups.share(group, class);
        }
        patients[fold] += 1;
        rows[fold] += groups.rows[group].len();
        for &row in &groups.rows[group] {
            fold_of[row] = fold;
        }
    }
    fold_of
}
