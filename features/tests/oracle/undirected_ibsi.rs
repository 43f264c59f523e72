//! The digital phantom of IBSI 1 against the consensus values, for the families whose matrices know no
//! directions: GLSZM, GLDZM, NGTDM and NGLDM, in all three aggregations.
//!
//! Bins of width 1 leave the phantom's grey levels as they are; its mask is the morphological one, too.

use ndarray::Array3;
use raduet_features::{
    Aggregation, Discretisation, ExtractionOptions, FeatureSet, Profile, Roi, Spacing, engine,
};
use raduet_testkit::reference::{Comparison, Table};
use raduet_testkit::{data, images};

const WAYS: [Aggregation; 3] = [
    Aggregation::Slices,
    Aggregation::SlicesMerged,
    Aggregation::Volume,
];

/// Rounds to three significant digits, as the standard prints its values.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}")
        .parse()
        .expect("a number just printed")
}

/// Compares all values of a family; `features` says how many it has.
pub(crate) fn compare(family: &str, features: usize) {
    let name = format!("{family}_ibsi");
    let pair = ["", "_mask"].map(|part| format!("ibsi/ibsi1_digital_phantom{part}.nii.gz"));
    let [Some(image), Some(mask)] = pair.map(|inside| data::path(&name, &inside)) else {
        return;
    };
    let [values, label] = [image, mask].map(|path| {
        let read = images::read(&path);
        Array3::from_shape_vec(read.shape, read.values).expect("a volume")
    });
    let inside = label.mapv(|label| label > 0.5);
    let spacing = Spacing::new([2.0; 3]).expect("a spacing");
    let roi = Roi::from_arrays(&values, &inside, spacing)
        .expect("finite values")
        .expect("a region");
    assert_eq!(roi.count(), 74);

    let options = ExtractionOptions {
        profile: Profile::Ibsi,
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 1.0 },
        aggregations: WAYS.to_vec(),
        ..ExtractionOptions::default()
    };
    let settings = options.check().expect("valid settings");
    let set = FeatureSet::with(&[family], &settings).expect("a family");
    let found = engine::extract_one(&set, &settings, &roi).expect("features");
    assert_eq!(set.width(), WAYS.len() * features);

    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    for (column, found) in set.described_columns().iter().zip(found.values()) {
        let id = column.spec.ibsi_id.expect("an id of the standard");
        let way = column.aggregation.expect("an aggregation").ibsi_name();
        let mut rows = table.rows().filter(|row| {
            row.text("dataset") == "digital_phantom"
                && row.text("ibsi_id") == id
                && row.text("aggregation") == way
        });
        let row = rows.next().unwrap_or_else(|| panic!("no {id} {way}"));
        // The published tolerance; the rest is the rounding of decimal digits.
        let (expected, tolerance) = (row.number("value"), row.number("tolerance"));
        let what = column.name();
        comparison.check(&what, three_digits(*found), expected, 1e-12, tolerance);
    }
    comparison.finish(&name);
}
