//! The families whose matrices know no directions (GLSZM, GLDZM, NGTDM and NGLDM) against the reference
//! values of IBSI 1 on all six data sets: the digital phantom in all three aggregations, configurations A and
//! B within slices, C, D and E in the volume.

use raduet_features::engine::{Subject, measure};
use raduet_features::{Aggregation, FeatureSet};
use raduet_testkit::reference::{Comparison, Table};

use crate::configurations_ibsi::{DATA_SETS, prepare, three_digits};

/// Of each feature: 3 on the digital phantom, 2 in A and B, 1 in C, D and E.
const VALUES: usize = 3 + 2 * 2 + 3;

/// Compares all values of a family; `features` says how many it has.
pub(crate) fn compare(family: &str, features: usize) {
    let test = format!("{family}_ibsi");
    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    let mut compared = 0;
    for data_set in DATA_SETS {
        let Some(prepared) = prepare(&test, data_set) else {
            return;
        };
        let settings = &prepared.settings;
        let set = FeatureSet::with(&[family], settings).expect("a family");
        let subject = Subject {
            roi: &prepared.roi,
            morphology: &prepared.morphology,
            image: Some(&prepared.image),
        };
        let found = measure(&set, settings, subject).expect("features");
        for (column, found) in set.described_columns().iter().zip(found.values()) {
            let id = column.spec.ibsi_id.expect("an id of the standard");
            let way = column.aggregation.map(Aggregation::ibsi_name);
            let way = way.expect("an aggregation");
            let mut rows = table.rows().filter(|row| {
                row.text("dataset") == data_set
                    && row.text("ibsi_id") == id
                    && row.text("aggregation") == way
            });
            let what = format!("{data_set} {}", column.name());
            let row = rows.next().unwrap_or_else(|| panic!("no {what}"));
            // The published tolerance; the rest is the rounding of decimal digits.
            let (expected, tolerance) = (row.number("value"), row.number("tolerance"));
            comparison.check(&what, three_digits(*found), expected, 1e-12, tolerance);
            compared += 1;
        }
    }
    assert_eq!(compared, VALUES * features, "{test}");
    comparison.finish(&test);
}
