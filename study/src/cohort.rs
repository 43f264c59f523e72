//! Who takes part: cases with their patient and class. Paths stay with the tool.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Result, StudyError};
use crate::ids::{CaseId, PatientId};
use crate::labels::{ClassNames, Label};
use crate::split::Part;

/// One case of a cohort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// Identity, unique within the cohort.
    pub id: CaseId,
    /// Whose image it is.
    pub patient: PatientId,
    /// Imaging sequence (`T1post`), where there are several.
    pub sequence: Option<String>,
    /// Scanner or hospital, where known.
    pub site: Option<String>,
    /// The class: the patient's, or where patients have lesions of several classes, this lesion's.
    pub label: Label,
    /// The part that the data set's authors published, where they did.
    pub published_part: Option<Part>,
}

/// Cases with one patient and one class each. A patient has the same class in every case, unless the cohort was
/// made [of lesions](Cohort::of_lesions).
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    classes: ClassNames,
    cases: Vec<CaseRecord>,
}

impl Cohort {
    /// Checks and keeps the cases in the order given.
    ///
    /// # Errors
    /// [`StudyError::DuplicateCase`], or [`StudyError::TwoLabels`] for a patient of two classes.
    ///
    /// # Panics
    /// When a label lies outside `classes`.
    pub fn new(classes: ClassNames, cases: Vec<CaseRecord>) -> Result<Self> {
        let mut label_of: BTreeMap<&PatientId, Label> = BTreeMap::new();
        for case in &cases {
            let first = *label_of.entry(&case.patient).or_insert(case.label);
            if first != case.label {
                return Err(StudyError::TwoLabels {
                    patient: case.patient.clone(),
                    first: classes.name(first).to_owned(),
                    second: classes.name(case.label).to_owned(),
                });
            }
        }
        Self::of_lesions(classes, cases)
    }

    /// The same for targets of lesions: cases of one patient may be of several classes.
    ///
    /// # Errors
    /// [`StudyError::DuplicateCase`].
    ///
    /// # Panics
    /// When a label lies outside `classes`.
    pub fn of_lesions(classes: ClassNames, cases: Vec<CaseRecord>) -> Result<Self> {
        let mut seen = BTreeSet::new();
        for case in &cases {
            assert!(
                case.label.0 < classes.len(),
                "label {} of {} classes",
                case.label,
                classes.len()
            );
            if !seen.insert(&case.id) {
                return Err(StudyError::DuplicateCase {
                    case: case.id.clone(),
                });
            }
        }
        Ok(Self { classes, cases })
    }

    /// The classes in order.
    pub fn classes(&self) -> &ClassNames {
        &self.classes
    }

    /// The cases in manifest order.
    pub fn cases(&self) -> &[CaseRecord] {
        &self.cases
    }

    /// Every patient once with the class that divisions go by, sorted by id: the one class, or of several the
    /// one with fewest cases in the cohort (the earlier of equals), so that every part gets its share of the
    /// patients who carry it.
    pub fn patients(&self) -> BTreeMap<PatientId, Label> {
        let mut counts = vec![0_usize; self.classes.len()];
        for case in &self.cases {
            counts[case.label.0] += 1;
        }
        let mut patients: BTreeMap<PatientId, Label> = BTreeMap::new();
        for case in &self.cases {
            let rarity = |label: Label| (counts[label.0], label.0);
            patients
                .entry(case.patient.clone())
                .and_modify(|label| {
                    if rarity(case.label) < rarity(*label) {
                        *label = case.label;
                    }
                })
                .or_insert(case.label);
        }
        patients
    }

    /// How many patients have cases of several classes.
    pub fn mixed_patients(&self) -> usize {
        let mut classes_of: BTreeMap<&PatientId, BTreeSet<Label>> = BTreeMap::new();
        for case in &self.cases {
            classes_of
                .entry(&case.patient)
                .or_default()
                .insert(case.label);
        }
        classes_of
            .values()
            .filter(|labels| labels.len() > 1)
            .count()
    }
}
