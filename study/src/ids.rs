//! Identifiers as types, so that a case cannot be passed where a patient is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person. Everything that decides who trains and who is tested speaks of patients.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatientId(String);

/// One image with its mask: a patient may have several (sequences, time points).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(String);

macro_rules! string_id {
    ($name:ident) => {
        impl $name {
            /// Wraps the identifier as it is written in the manifest.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

string_id!(PatientId);
string_id!(CaseId);

/// What one row of a table or of predictions speaks of: a slice of a case, or the case as a whole.
///
/// Ordered by case, then by slice, the whole case first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SampleId {
    /// The case the sample is cut from.
    pub case: CaseId,
    /// 0-based index along z as stored; `None` for the whole case.
    pub slice: Option<u32>,
}

impl SampleId {
    /// A single slice of a case.
    pub fn slice(case: CaseId, index: u32) -> Self {
        Self {
            case,
            slice: Some(index),
        }
    }

    /// A case as a whole.
    pub fn whole(case: CaseId) -> Self {
        Self { case, slice: None }
    }
}

impl fmt::Display for SampleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slice {
            Some(index) => write!(f, "{}[{index}]", self.case),
            None => write!(f, "{}", self.case),
        }
    }
}
