//! Reading a fold from a file of patients and parts.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::ids::PatientId;
use crate::split::{Fold, Part};

/// A derived reader would keep the last of two entries in silence: a leak in a hand-written file.
struct FoldVisitor;

impl<'de> Visitor<'de> for FoldVisitor {
    type Value = Fold;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from patient to train, valid or test")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fold, A::Error> {
        let mut assignment: Vec<(PatientId, Part)> = Vec::new();
        while let Some(entry) = map.next_entry()? {
            assignment.push(entry);
        }
        Fold::new(assignment).map_err(A::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Fold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FoldVisitor)
    }
}
