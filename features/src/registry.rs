//! All feature families, one line each.

use crate::families::first_order::FirstOrder;
use crate::families::glcm::Glcm;
use crate::families::gldzm::Gldzm;
use crate::families::glrlm::Glrlm;
use crate::families::glszm::Glszm;
use crate::families::intensity_histogram::IntensityHistogram;
use crate::families::intensity_volume_histogram::IntensityVolumeHistogram;
use crate::families::local_intensity::LocalIntensity;
use crate::families::morphology::Morphology;
use crate::families::ngldm::Ngldm;
use crate::families::ngtdm::Ngtdm;
use crate::families::shape::ShapeFamily;
use crate::families::shape2d::Shape2d;
use crate::families::statistics::Statistics;
use crate::family::FeatureFamily;
use crate::profile::Profile;

/// PyRadiomics' feature classes in the order of its columns: form first, then by name.
pub static PYRADIOMICS: &[&dyn FeatureFamily] = &[
    &ShapeFamily,
    &Shape2d,
    &FirstOrder,
    &Glcm(Profile::PyRadiomics),
    &Ngldm(Profile::PyRadiomics),
    &Glrlm(Profile::PyRadiomics),
    &Glszm(Profile::PyRadiomics),
    &Ngtdm(Profile::PyRadiomics),
];

/// The standard's families, in its order.
pub static IBSI: &[&dyn FeatureFamily] = &[
    &Morphology,
    &LocalIntensity,
    &Statistics,
    &IntensityHistogram,
    &IntensityVolumeHistogram,
    &Glcm(Profile::Ibsi),
    &Glrlm(Profile::Ibsi),
    &Glszm(Profile::Ibsi),
    &Gldzm,
    &Ngtdm(Profile::Ibsi),
    &Ngldm(Profile::Ibsi),
];

/// The families of a profile, in the order of their columns.
pub fn families(profile: Profile) -> &'static [&'static dyn FeatureFamily] {
    match profile {
        Profile::PyRadiomics => PYRADIOMICS,
        Profile::Ibsi => IBSI,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_begin_with_their_family() {
        for profile in [Profile::PyRadiomics, Profile::Ibsi] {
            let (mut ids, mut own, mut foreign) =
                (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            for family in families(profile) {
                assert_eq!(family.profile(), profile, "{}", family.id());
                assert!(ids.insert(family.id()), "family {} twice", family.id());
                for spec in family.specs() {
                    assert!(own.insert(spec.name), "{} twice", spec.name);
                    let prefix = format!("{}_", family.id());
                    assert!(spec.name.starts_with(&prefix), "{}", spec.name);
                    assert!(
                        !spec.unit.is_empty() && !spec.definition.is_empty(),
                        "{}",
                        spec.name
                    );
                    if profile == Profile::PyRadiomics {
                        let name = spec.pyradiomics_name.unwrap_or_default();
                        assert!(foreign.insert(name), "{name} twice");
                        assert!(name.to_lowercase().starts_with(&prefix), "{name}");
                    }
                }
            }
        }
    }

    #[test]
    fn ibsi_ids_are_four_letters_and_unique() {
        for profile in [Profile::PyRadiomics, Profile::Ibsi] {
            let mut seen = BTreeSet::new();
            for family in families(profile) {
                for spec in family.specs() {
                    let Some(id) = spec.ibsi_id else {
                        assert_eq!(profile, Profile::PyRadiomics, "{}", spec.name);
                        continue;
                    };
                    assert_eq!(id.len(), 4, "{}", spec.name);
                    // The standard gives one feature one id, with the family's where it recurs.
                    assert!(seen.insert(id), "{}: {id} twice", spec.name);
                }
            }
        }
    }
}
