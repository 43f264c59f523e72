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

/// A family, all of it or some of its features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Id of the family.
    pub family: String,
    /// Features by our name or by PyRadiomics' (`glcm_contrast`, `Contrast`); empty for all.
    pub features: Vec<String>,
}

impl Choice {
    /// All features of a family.
    pub fn all(family: &str) -> Self {
        Self {
            family: family.into(),
            features: Vec::new(),
        }
    }
}

/// Chosen families in the order of the registry.
#[derive(Clone)]
pub struct FeatureSet {
    families: Vec<Chosen>,
    columns: Vec<Column>,
}

/// A family and which of its specs are kept.
#[derive(Clone)]
pub(crate) struct Chosen {
    pub(crate) family: &'static dyn FeatureFamily,
    /// Parallel to the specs; none to keep all.
    kept: Option<Vec<bool>>,
}

impl Chosen {
    /// Which of the values of the family are kept, aggregation after aggregation.
    pub(crate) fn keeps(&self, value: usize) -> bool {
        let kept = self.kept.as_ref();
        kept.is_none_or(|kept| kept[value % kept.len()])
    }
}

impl std::fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.families.iter().map(|chosen| chosen.family.id()))
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
        let choices: Vec<Choice> = ids.iter().map(|id| Choice::all(id)).collect();
        Self::chosen(&choices, settings)
    }

    /// Families, or some of their features; columns keep the registry's order.
    ///
    /// # Errors
    /// [`FeatureError::UnknownFamily`], [`FeatureError::UnknownFeature`], or
    /// [`FeatureError::FamilyChoice`] when no family is named or one is named twice.
    pub fn chosen(choices: &[Choice], settings: &ExtractionSettings) -> Result<Self> {
        let all = families(settings.profile);
        for (at, choice) in choices.iter().enumerate() {
            let id = choice.family.as_str();
            if !all.iter().any(|family| family.id() == id) {
                let known: Vec<_> = all.iter().map(|family| family.id()).collect();
                return Err(FeatureError::UnknownFamily {
                    found: id.into(),
                    known: known.join(", "),
                });
            }
            if choices[..at].iter().any(|before| before.family == id) {
                return Err(FeatureError::FamilyChoice {
                    found: choices.iter().map(|choice| choice.family.clone()).collect(),
                });
            }
        }
        if choices.is_empty() {
            return Err(FeatureError::FamilyChoice { found: Vec::new() });
        }
        let mut chosen = Vec::new();
        for family in all {
            let Some(choice) = choices.iter().find(|choice| choice.family == family.id()) else {
                continue;
            };
            chosen.push(Chosen {
                family: *family,
                kept: kept(*family, &choice.features)?,
            });
        }
        Ok(Self::from_families(chosen, settings))
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
        let whole = volumes.map(|family| Chosen {
            family: *family,
            kept: None,
        });
        Self::from_families(whole.collect(), settings)
    }

    fn from_families(families: Vec<Chosen>, settings: &ExtractionSettings) -> Self {
        let mut columns = Vec::new();
        for chosen in &families {
            for aggregation in chosen.family.aggregations(settings) {
                let specs = chosen.family.specs().into_iter().enumerate();
                let kept = specs.filter(|(at, _)| chosen.keeps(*at));
                columns.extend(kept.map(|(_, spec)| Column {
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
        let some = all.filter(|chosen| chosen.family.input() != Input::Morphology);
        let families: Vec<_> = some.cloned().collect();
        (!families.is_empty()).then(|| Self::from_families(families, settings))
    }

    /// The part of the set that measures form; none when that is nothing.
    pub fn of_form(&self, settings: &ExtractionSettings) -> Option<Self> {
        let all = self.families.iter();
        let some = all.filter(|chosen| chosen.family.input() == Input::Morphology);
        let families: Vec<_> = some.cloned().collect();
        (!families.is_empty()).then(|| Self::from_families(families, settings))
    }

    /// Whether any family looks at the image around a region.
    pub fn looks_around(&self) -> bool {
        let mut inputs = self.families.iter().map(|chosen| chosen.family.input());
        inputs.any(|input| input == Input::Surroundings)
    }

    /// The families, in the order of their columns.
    pub fn families(&self) -> Vec<&'static dyn FeatureFamily> {
        self.families.iter().map(|chosen| chosen.family).collect()
    }

    pub(crate) fn chosen_families(&self) -> &[Chosen] {
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
            .any(|chosen| chosen.family.input() == Input::GreyLevels)
    }
}

/// Which specs of a family a list of names keeps; an empty list keeps all.
fn kept(family: &dyn FeatureFamily, names: &[String]) -> Result<Option<Vec<bool>>> {
    if names.is_empty() {
        return Ok(None);
    }
    let specs = family.specs();
    let mut kept = vec![false; specs.len()];
    for name in names {
        let matches = |spec: &&FeatureSpec| {
            let foreign = spec.pyradiomics_name.unwrap_or_default();
            spec.name == name
                || foreign == name
                || foreign
                    .split_once('_')
                    .is_some_and(|(_, bare)| bare == name)
        };
        let at = specs.iter().position(matches);
        kept[at.ok_or_else(|| FeatureError::UnknownFeature {
            found: name.clone(),
            family: family.id(),
        })?] = true;
    }
    Ok(Some(kept))
}
