//! A choice of families, which fixes the columns of a table.

use crate::aggregation::Aggregation;
use crate::error::{FeatureError, Result};
use crate::family::{Extent, FeatureFamily, Input};
use crate::profile::Profile;
use crate::registry::families;
use crate::settings::ExtractionSettings;
use crate::spec::FeatureSpec;

/// One column: a feature and, where the profile knows several, the aggregation of its matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The feature.
    pub spec: &'static FeatureSpec,
    /// How matrices became one value.
    pub aggregation: Option<Aggregation>,
    /// Whose name the column has.
    pub profile: Profile,
}

impl Column {
    /// Name without the image: `glcm_Contrast` as PyRadiomics has it, `glcm_contrast_3d_mrg` in the
    /// `ibsi` profile.
    pub fn name(&self) -> String {
        match (self.profile, self.spec.pyradiomics_name, self.aggregation) {
            (Profile::PyRadiomics, Some(name), _) => name.into(),
            (_, _, Some(way)) => format!("{}_{}", self.spec.name, way.suffix()),
            (_, _, None) => self.spec.name.into(),
        }
    }

    /// Name with the image in front: always in the `pyradiomics` profile (`original_…`), for filtered
    /// images only in the other.
    pub fn name_on(&self, image: &str) -> String {
        match self.profile {
            Profile::Ibsi if image == ORIGINAL => self.name(),
            _ => format!("{image}_{}", self.name()),
        }
    }
}

/// What the unfiltered image is called.
pub const ORIGINAL: &str = "original";

/// Chosen families in the order of the registry.
#[derive(Clone)]
pub struct FeatureSet {
    families: Vec<&'static dyn FeatureFamily>,
    columns: Vec<Column>,
}

impl std::fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.families.iter().map(|family| family.id()))
            .finish()
    }
}

impl FeatureSet {
    /// PyRadiomics' families with these ids at its default settings; their order does not matter.
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
        Self::with(ids, &ExtractionSettings::default())
    }

    /// The families with these ids, of the profile and with the aggregations that the settings name.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn with(ids: &[&str], settings: &ExtractionSettings) -> Result<Self> {
        let all = families(settings.profile);
        for (at, id) in ids.iter().enumerate() {
            if !all.iter().any(|family| family.id() == *id) {
                let known: Vec<_> = all.iter().map(|family| family.id()).collect();
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
        let chosen = all.iter().filter(|family| ids.contains(&family.id()));
        Ok(Self::from_families(chosen.copied().collect(), settings))
    }

    /// The five families of single slices: PyRadiomics' form in the plane, first order, GLCM, GLRLM and
    /// GLSZM.
    ///
    /// # Panics
    /// Never: the five are registered.
    pub fn all_2d() -> Self {
        Self::of(&["shape2d", "firstorder", "glcm", "glrlm", "glszm"])
            .expect("the families are registered")
    }

    /// Every family of the profile that works on volumes.
    pub fn all_3d(settings: &ExtractionSettings) -> Self {
        let all = families(settings.profile).iter();
        let volumes = all.filter(|family| family.extent() == Extent::Any);
        Self::from_families(volumes.copied().collect(), settings)
    }

    fn from_families(
        families: Vec<&'static dyn FeatureFamily>,
        settings: &ExtractionSettings,
    ) -> Self {
        let mut columns = Vec::new();
        for family in &families {
            for aggregation in family.aggregations(settings) {
                columns.extend(family.specs().into_iter().map(|spec| Column {
                    spec,
                    aggregation,
                    profile: settings.profile,
                }));
            }
        }
        Self { families, columns }
    }

    /// The part of the set that is measured on filtered images, too; none when that is nothing.
    pub fn on_filtered_images(&self, settings: &ExtractionSettings) -> Option<Self> {
        let all = self.families.iter();
        let some = all.filter(|family| family.input() != Input::Morphology);
        let families: Vec<_> = some.copied().collect();
        (!families.is_empty()).then(|| Self::from_families(families, settings))
    }

    /// The families, in the order of their columns.
    pub fn families(&self) -> &[&'static dyn FeatureFamily] {
        &self.families
    }

    /// The features with their aggregations, in the order of the values.
    pub fn described_columns(&self) -> &[Column] {
        &self.columns
    }

    /// Column names on the unfiltered image.
    pub fn columns(&self) -> Vec<String> {
        let columns = self.columns.iter();
        columns.map(|column| column.name_on(ORIGINAL)).collect()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Position of a column by its name on the unfiltered image or by our own name of the feature.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name_on(ORIGINAL) == name || column.spec.name == name)
    }

    pub(crate) fn reads_grey_levels(&self) -> bool {
        self.families
            .iter()
            .any(|family| family.input() == Input::GreyLevels)
    }
}
