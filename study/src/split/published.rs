//! The split that a data set's authors published, taken as it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::split::{Fold, Part, Split};

/// What to do with a patient whose cases stand in several parts of a published split.
///
/// This happens where sequences were divided one by one: each is sound alone, together they leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedPatients {
    /// Stop and name them.
    Refuse,
    /// Leave them out altogether.
    Drop,
    /// Put all their cases where any of them is judged: test before validation before training.
    KeepStrictest,
}

impl Split {
    /// Takes the parts that the cohort's cases carry ([`crate::CaseRecord::published_part`]).
    ///
    /// A case without a part follows its patient's other cases; a patient without any part is left
    /// out, and [`Split::check`] lists them.
    ///
    /// # Errors
    /// [`StudyError::SharedPatients`] naming everyone in several parts, under
    /// [`SharedPatients::Refuse`]; [`StudyError::Split`] when no case has a part.
    pub fn published(cohort: &Cohort, shared: SharedPatients) -> Result<Self> {
        let mut parts: BTreeMap<&PatientId, BTreeSet<Part>> = BTreeMap::new();
        for case in cohort.cases() {
            if let Some(part) = case.published_part {
                parts.entry(&case.patient).or_default().insert(part);
            }
        }
        if parts.is_empty() {
            return Err(StudyError::Split {
                found: "no case with a published part".into(),
                remedy: "name the parts in the Split column, or draw a split".into(),
            });
        }
        let in_several = |found: &BTreeSet<Part>| found.len() > 1;
        let (rule, assignment): (&str, Vec<(PatientId, Part)>) = match shared {
            SharedPatients::Refuse => {
                let patients: Vec<PatientId> = parts
                    .iter()
                    .filter(|(_, found)| in_several(found))
                    .map(|(&patient, _)| patient.clone())
                    .collect();
                if !patients.is_empty() {
                    return Err(StudyError::SharedPatients { patients });
                }
                ("published", strictest(parts.iter()))
            }
            SharedPatients::Drop => (
                "published, shared patients left out",
                strictest(parts.iter().filter(|(_, found)| !in_several(found))),
            ),
            SharedPatients::KeepStrictest => (
                "published, shared patients in their strictest part",
                strictest(parts.iter()),
            ),
        };
        Ok(Self {
            rule: rule.into(),
            seed: 0,
            folds: vec![Fold::new(assignment)?],
        })
    }
}

/// Every patient with the last of their parts in the order train, valid, test.
fn strictest<'a>(
    parts: impl Iterator<Item = (&'a &'a PatientId, &'a BTreeSet<Part>)>,
) -> Vec<(PatientId, Part)> {
    parts
        .filter_map(|(&patient, found)| found.last().map(|&part| (patient.clone(), part)))
        .collect()
}
