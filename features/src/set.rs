//! A choice of families, which fixes the columns of a table.

use crate::error::{FeatureError, Result};
use crate::family::{FeatureFamily, Input};
use crate::registry::FAMILIES;
use crate::spec::FeatureSpec;

/// Chosen families in the order of the registry.
#[derive(Clone)]
pub struct FeatureSet {
    families: Vec<&'static dyn FeatureFamily>,
    specs: Vec<&'static FeatureSpec>,
}

impl std::fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.families.iter().map(|family| family.id()))
            .finish()
    }
}

impl FeatureSet {
    /// The families with these ids; their order does not matter.
    ///
    /// ```
    /// let set = raduet_features::FeatureSet::of(&["firstorder"]).unwrap();
    /// assert_eq!(set.columns().len(), 18);
    /// assert_eq!(set.columns()[0], "original_firstorder_10Percentile");
    /// ```
    ///
    /// # Errors
    /// [`FeatureError::UnknownFamily`], or [`FeatureError::FamilyChoice`] when none is named or one
    /// is named twice.
    pub fn of(ids: &[&str]) -> Result<Self> {
        for (at, id) in ids.iter().enumerate() {
            if !FAMILIES.iter().any(|family| family.id() == *id) {
                let known: Vec<_> = FAMILIES.iter().map(|family| family.id()).collect();
                return Err(FeatureError::UnknownFamily {
                    found: (*id).into(),
                    known: known.join(", "),
                });
            }
            if ids[..at].contains(id) {
                return Err(FeatureError::FamilyChoice {
                    found: ids.iter().map(|id| (*id).into()).collect(),
                });
            }
        }
        if ids.is_empty() {
            return Err(FeatureError::FamilyChoice { found: Vec::new() });
        }
        let chosen = FAMILIES.iter().filter(|family| ids.contains(&family.id()));
        Ok(Self::from_families(chosen.copied().collect()))
    }

    /// Every family that works on single slices.
    pub fn all_2d() -> Self {
        // Both extents include single slices.
        Self::from_families(FAMILIES.to_vec())
    }

    fn from_families(families: Vec<&'static dyn FeatureFamily>) -> Self {
        let specs = families.iter().flat_map(|family| family.specs()).collect();
        Self { families, specs }
    }

    /// The families, in the order of their columns.
    pub fn families(&self) -> &[&'static dyn FeatureFamily] {
        &self.families
    }

    /// The features, in the order of their columns.
    pub fn specs(&self) -> &[&'static FeatureSpec] {
        &self.specs
    }

    /// Column names, as PyRadiomics writes them.
    pub fn columns(&self) -> Vec<String> {
        self.specs
            .iter()
            .map(|spec| spec.pyradiomics_name.into())
            .collect()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.specs.len()
    }

    /// Position of a column by its PyRadiomics name or by our own.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.specs
            .iter()
            .position(|spec| spec.pyradiomics_name == name || spec.name == name)
    }

    pub(crate) fn reads_grey_levels(&self) -> bool {
        self.families
            .iter()
            .any(|family| family.input() == Input::GreyLevels)
    }
}
