//! Columns that a method chooses again and again on random halves of the patients.
//!
//! Stability selection: Meinshausen and Bühlmann 2010, doi 10.1111/j.1467-9868.2010.00740.x. Patients are
//! drawn, not rows, where it is known whose rows they are: else rows of one patient on both sides would
//! make a column look more stable than it is.

use raduet_study::random::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::selection::{Candidates, NAME, Selection, Verdict, refused};

/// Draws until one has all classes.
const MAX_DRAWS: usize = 100;

/// Stability selection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stability {
    /// The method that chooses; any but this one.
    pub base: Box<Selection>,
    /// How many resamples.
    pub n_resamples: usize,
    /// Share of the patients in each, drawn without replacement.
    pub sample_fraction: f64,
    /// Share of resamples that must have chosen a column.
    pub threshold: f64,
    /// Seed of the draws.
    pub random_state: u64,
}

impl Default for Stability {
    fn default() -> Self {
        Self {
            base: Box::default(),
            n_resamples: 50,
            sample_fraction: 0.5,
            threshold: 0.6,
            random_state: 0,
        }
    }
}

impl Stability {
    pub(crate) fn check(&self) -> Result<()> {
        let fault = |reason| Err(refused("stability", reason));
        if matches!(*self.base, Selection::Stability(_)) {
            return fault("base: another method than stability itself");
        }
        if self.n_resamples == 0 {
            return fault("n_resamples = 0: at least 1");
        }
        if !(self.sample_fraction > 0.0 && self.sample_fraction <= 1.0) {
            return fault("sample_fraction: a share above 0 and up to 1");
        }
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return fault("threshold: a share above 0 and up to 1");
        }
        self.base.check()
    }

    pub(crate) fn judge(&self, candidates: &Candidates) -> Result<Verdict> {
        let mut patients = candidates.groups.clone();
        patients.sort_unstable();
        patients.dedup();
        let chosen: Vec<Vec<bool>> = (0..self.n_resamples as u64)
            .into_par_iter()
            .map(|number| {
                let stream = Stream::new(self.random_state, "resample of patients", number);
                let part = self.drawn(candidates, &patients, stream)?;
                Ok(self.base.judge(&part)?.kept)
            })
            .collect::<Result<_>>()?;
        let count = |at: usize| chosen.iter().filter(|kept| kept[at]).count();
        let n = self.n_resamples as f64;
        let scores: Vec<f64> = (0..candidates.width())
            .map(|at| count(at) as f64 / n)
            .collect();
        Ok(Verdict {
            kept: scores.iter().map(|s| *s >= self.threshold).collect(),
            scores,
        })
    }

    /// All rows of a part of the patients in which every class occurs.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of patients"
    )]
    fn drawn(
        &self,
        candidates: &Candidates,
        patients: &[usize],
        mut stream: Stream,
    ) -> Result<Candidates> {
        let count = (self.sample_fraction * patients.len() as f64).ceil() as usize;
        for _ in 0..MAX_DRAWS {
            let mut order = patients.to_vec();
            stream.shuffle(&mut order);
            let mut part = order[..count.min(order.len())].to_vec();
            part.sort_unstable();
            let rows: Vec<usize> = (0..candidates.rows())
                .filter(|&row| part.binary_search(&candidates.groups[row]).is_ok())
                .collect();
            if let Some(part) = candidates.with_rows(&rows) {
                return Ok(part);
            }
        }
        Err(LearnError::settings(
            NAME,
            format!(
                "stability: {count} of {} patients never held every class: raise sample_fraction",
                patients.len()
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Twelve patients of two classes with one to four rows each; every column is noise.
    fn candidates() -> Candidates {
        let groups: Vec<usize> = (0..12).flat_map(|p| vec![p; 1 + p % 4]).collect();
        let classes: Vec<usize> = groups.iter().map(|p| p % 2).collect();
        let noise = |j: usize| {
            let value = |(i, p): (usize, &usize)| ((i * 37 + p * p * 11 + j * 53) % 29) as f64;
            groups.iter().enumerate().map(value).collect()
        };
        Candidates {
            columns: (0..6).map(noise).collect(),
            counts: vec![
                classes.iter().filter(|class| **class == 0).count(),
                classes.iter().filter(|class| **class == 1).count(),
            ],
            classes,
            groups,
        }
    }

    #[test]
    fn patients_are_drawn_with_all_their_rows() {
        let all = candidates();
        let patients: Vec<usize> = (0..12).collect();
        let mut rows_of: BTreeMap<usize, usize> = BTreeMap::new();
        for &patient in &all.groups {
            *rows_of.entry(patient).or_default() += 1;
        }
        let stability = Stability::default();
        let mut seen = BTreeMap::new();
        for number in 0..200 {
            let stream = Stream::new(0, "resample of patients", number);
            let part = stability.drawn(&all, &patients, stream).unwrap();
            let mut drawn: BTreeMap<usize, usize> = BTreeMap::new();
            for &patient in &part.groups {
                *drawn.entry(patient).or_default() += 1;
            }
            assert_eq!(drawn.len(), 6, "half of the patients");
            for (patient, rows) in drawn {
                assert_eq!(rows, rows_of[&patient], "patient {patient} is divided");
                *seen.entry(patient).or_insert(0) += 1;
            }
        }
        // Each about every other time, however many rows.
        assert!(
            seen.len() == 12 && seen.values().all(|n| (70..130).contains(n)),
            "{seen:?}"
        );
    }

    #[test]
    fn who_the_rows_belong_to_changes_what_is_stable() {
        let known = candidates();
        let unknown = Candidates {
            groups: (0..known.rows()).collect(),
            ..known.clone()
        };
        let settings = r#"{"base": {"anova_f": {"k": 2}}, "n_resamples": 100}"#;
        let stability: Stability = serde_json::from_str(settings).unwrap();
        let scores = |of: &Candidates| stability.judge(of).unwrap().scores;
        assert_ne!(scores(&known), scores(&unknown));
    }
}
