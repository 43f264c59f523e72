//! Every feature of the `ibsi` profile against every reference value of IBSI 1: 1804 values of six data sets,
//! the digital phantom under all aggregations and the lung CT phantom under the configurations A to E.
//!
//! A value is rounded to three significant digits, as the standard prints it, and then lies within the
//! published tolerance.

use std::collections::BTreeSet;

use raduet_features::engine::{Subject, measure};
use raduet_features::registry::families;
use raduet_features::{Aggregation, Column, ExtractionOptions, FeatureSet, Profile};
use raduet_testkit::reference::{Comparison, Row, Table};

use crate::configurations_ibsi::{DATA_SETS, prepare, three_digits};

const NAME: &str = "reference_values_ibsi";

/// Features by data set, as the manual lists them.
const VALUES: [usize; 6] = [482, 346, 346, 210, 210, 210];

/// The standard gives one identifier to a quantity of the intensity-volume histogram and a second one to the
/// point of the curve it is read at; the table of reference values has the first.
const CURVE_POINTS: [(&str, &str); 6] = [
    ("ivh_v10", "intensity_volume_histogram_v10"),
    ("ivh_v90", "intensity_volume_histogram_v90"),
    ("ivh_i10", "intensity_volume_histogram_i10"),
    ("ivh_i90", "intensity_volume_histogram_i90"),
    (
        "ivh_diff_v10_v90",
        "intensity_volume_histogram_v10_minus_v90",
    ),
    (
        "ivh_diff_i10_i90",
        "intensity_volume_histogram_i10_minus_i90",
    ),
];

/// Whether a row of the table is about a column.
fn is_about(row: Row<'_>, column: &Column) -> bool {
    let curve = CURVE_POINTS.iter().find(|(tag, _)| *tag == row.text("tag"));
    let same = match curve {
        Some((_, name)) => column.spec.name == *name,
        None => column.spec.ibsi_id == Some(row.text("ibsi_id")),
    };
    same && row.text("aggregation") == column.aggregation.map_or("", Aggregation::ibsi_name)
}

/// Rows of features; the others are diagnostics of the image processing.
fn features(table: &Table) -> impl Iterator<Item = Row<'_>> {
    table.rows().filter(|row| !row.text("ibsi_id").is_empty())
}

#[test]
fn every_reference_value_is_met() {
    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    for (data_set, expected_rows) in DATA_SETS.into_iter().zip(VALUES) {
        let Some(prepared) = prepare(NAME, data_set) else {
            return;
        };
        let options: ExtractionOptions = (*prepared.settings).clone();
        let settings = ExtractionOptions {
            aggregations: Aggregation::ALL.to_vec(),
            ..options
        };
        let settings = settings.check().expect("valid settings");
        let set = FeatureSet::all_3d(&settings);
        let subject = Subject {
            roi: &prepared.roi,
            morphology: &prepared.morphology,
            image: Some(&prepared.image),
        };
        let found = measure(&set, &settings, subject).expect("features");
        let mut rows = 0;
        for row in features(&table).filter(|row| row.text("dataset") == data_set) {
            let columns = set.described_columns().iter().zip(found.values());
            let mut about = columns.filter(|(column, _)| is_about(row, column));
            let what = format!("{data_set} {} {}", row.text("tag"), row.text("aggregation"));
            let (_, found) = about
                .next()
                .unwrap_or_else(|| panic!("no feature for {what}"));
            assert!(about.next().is_none(), "two features for {what}");
            // Beyond the published tolerance there is only the rounding of decimal digits.
            let (expected, tolerance) = (row.number("value"), row.number("tolerance"));
            comparison.check(&what, three_digits(*found), expected, 1e-12, tolerance);
            rows += 1;
        }
        assert_eq!(rows, expected_rows, "{data_set}");
    }
    comparison.finish(NAME);
}

/// Every feature of the profile has a reference value on the phantom under every aggregation it knows.
#[test]
fn every_feature_has_a_reference_value() {
    let table = Table::read("ibsi/ibsi1.csv");
    let settings = ExtractionOptions {
        profile: Profile::Ibsi,
        aggregations: Aggregation::ALL.to_vec(),
        ..ExtractionOptions::default()
    };
    let settings = settings.check().expect("valid settings");
    let set = FeatureSet::all_3d(&settings);
    let missing: BTreeSet<String> = set
        .described_columns()
        .iter()
        .filter(|column| {
            let mut phantom = features(&table).filter(|row| row.text("dataset") == DATA_SETS[0]);
            !phantom.any(|row| is_about(row, column))
        })
        .map(Column::name)
        .collect();
    assert!(
        missing.is_empty(),
        "features without a reference value: {missing:?}"
    );
    assert_eq!(set.width(), VALUES[0]);
    assert_eq!(families(Profile::Ibsi).len(), 11);
}
