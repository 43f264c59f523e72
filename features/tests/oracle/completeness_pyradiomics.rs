//! Every registered feature has reference values, and every reference column has a feature.

use std::collections::BTreeSet;

use raduet_features::FeatureSet;

use crate::pyradiomics::reference;

#[test]
fn features_and_reference_columns_match_both_ways() {
    let ours: BTreeSet<String> = FeatureSet::all_2d().columns().into_iter().collect();
    let table = reference();
    let theirs: BTreeSet<String> = table
        .columns()
        .iter()
        .filter(|name| name.starts_with("original_"))
        .cloned()
        .collect();
    let without_reference: Vec<_> = ours.difference(&theirs).collect();
    let without_feature: Vec<_> = theirs.difference(&ours).collect();
    assert!(
        without_reference.is_empty() && without_feature.is_empty(),
        "features without reference: {without_reference:?}; references without feature: {without_feature:?}"
    );
    assert_eq!(ours.len(), 83);
}

#[test]
fn the_columns_stand_in_the_order_of_pyradiomics() {
    let table = reference();
    let theirs = table
        .columns()
        .iter()
        .filter(|name| name.starts_with("original_"));
    assert!(theirs.eq(&FeatureSet::all_2d().columns()));
}
