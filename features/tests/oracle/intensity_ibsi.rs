//! Statistics, intensity histogram and intensity-volume histogram against the reference values of IBSI 1 on
//! all six data sets.

use raduet_features::engine::{self, Subject};
use raduet_features::{FeatureSet, FeatureSpec};
use raduet_testkit::reference::{Comparison, Table};

use crate::configurations_ibsi::{DATA_SETS, Prepared, prepare, three_digits};

/// Beginnings of the tags in the table, and how many features each family has.
const FAMILIES: [(&str, &str, usize); 3] = [
    ("statistics", "stat_", 18),
    ("intensity_histogram", "ih_", 23),
    ("intensity_volume_histogram", "ivh_", 6),
];

/// Points of the intensity-volume histogram share an identifier in the table; their tags tell them apart.
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

fn is(spec: &FeatureSpec, tag: &str, id: &str) -> bool {
    let point = CURVE_POINTS.iter().find(|(point, _)| *point == tag);
    point.map_or(spec.ibsi_id == Some(id), |(_, name)| spec.name == *name)
}

#[test]
fn intensity_features_meet_the_reference_values() {
    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    for data_set in DATA_SETS {
        let Some(prepared) = prepare("intensity_ibsi", data_set) else {
            return;
        };
        let Prepared {
            ref image,
            ref morphology,
            ref roi,
            ref settings,
            ..
        } = prepared;
        for (family, tags, features) in FAMILIES {
            let set = FeatureSet::with(&[family], settings).expect("a family");
            let subject = Subject {
                roi,
                morphology,
                image: Some(image),
            };
            let found = engine::measure(&set, settings, subject).expect("features");
            let rows = table
                .rows()
                .filter(|row| row.text("dataset") == data_set && row.text("tag").starts_with(tags));
            let mut compared = 0;
            for row in rows {
                let (tag, id) = (row.text("tag"), row.text("ibsi_id"));
                let mut columns = set.described_columns().iter();
                let at = columns.position(|column| is(column.spec, tag, id));
                let at = at.unwrap_or_else(|| panic!("no feature {tag} {id}"));
                // The published tolerance; the rest is the rounding of decimal digits.
                comparison.check(
                    &format!("{data_set} {tag}"),
                    three_digits(found.values()[at]),
                    row.number("value"),
                    1e-12,
                    row.number("tolerance"),
                );
                compared += 1;
            }
            assert_eq!(
                (set.width(), compared),
                (features, features),
                "{data_set} {family}"
            );
        }
    }
    comparison.finish("intensity_ibsi");
}
