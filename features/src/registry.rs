//! All feature families, one line each.

use crate::families::first_order::FirstOrder;
use crate::families::glcm::Glcm;
use crate::families::glrlm::Glrlm;
use crate::families::glszm::Glszm;
use crate::families::shape2d::Shape2d;
use crate::family::FeatureFamily;

/// The families in the order of their columns, which is that of PyRadiomics.
pub static FAMILIES: &[&dyn FeatureFamily] = &[&Shape2d, &FirstOrder, &Glcm, &Glrlm, &Glszm];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_begin_with_their_family() {
        let (mut ids, mut own, mut foreign) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for family in FAMILIES {
            assert!(ids.insert(family.id()), "family {} twice", family.id());
            for spec in family.specs() {
                assert!(own.insert(spec.name), "{} twice", spec.name);
                assert!(
                    foreign.insert(spec.pyradiomics_name),
                    "{} twice",
                    spec.pyradiomics_name
                );
                assert!(
                    spec.name.starts_with(&format!("{}_", family.id())),
                    "{}",
                    spec.name
                );
                let prefix = format!("original_{}_", family.id());
                let name = spec.pyradiomics_name.to_lowercase();
                assert!(name.starts_with(&prefix), "{}", spec.pyradiomics_name);
                assert!(
                    !spec.unit.is_empty() && !spec.definition.is_empty(),
                    "{}",
                    spec.name
                );
            }
        }
    }

    #[test]
    fn ibsi_ids_are_four_letters_and_unique() {
        let mut seen = BTreeSet::new();
        for spec in FAMILIES.iter().flat_map(|family| family.specs()) {
            if let Some(id) = spec.ibsi_id {
                assert_eq!(id.len(), 4, "{}", spec.name);
                assert!(seen.insert(id), "{}: {id} twice", spec.name);
            }
        }
    }
}
