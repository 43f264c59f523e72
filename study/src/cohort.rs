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
    /// The patient's class.
    pub label: Label,
    /// The part that the data set's authors published, where they did.
    pub published_part: Option<Part>,
}

/// Cases with one patient and one class each; a patient has the same class in every case.
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
        let mut seen = BTreeSet::new();
        let mut label_of: BTreeMap<&PatientId, Label> = BTreeMap::new();
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
            let first = *label_of.entry(&case.patient).or_insert(case.label);
            if first != case.label {
                return Err(StudyError::TwoLabels {
                    patient: case.patient.clone(),
                    first: classes.name(first).to_owned(),
                    second: classes.name(case.label).to_owned(),
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

    /// Every patient once with the class, sorted by id.
    pub fn patients(&self) -> BTreeMap<PatientId, Label> {
        self.cases
            .iter()
            .map(|case| (case.patient.clone(), case.label))
            .collect()
    }
}
