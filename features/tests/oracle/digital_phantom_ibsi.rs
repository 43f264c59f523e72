//! The digital phantom of IBSI 1 (5 × 4 × 4 voxels) against the consensus values of the standard.
//!
//! Texture features per slice, averaged over the four slices, are IBSI's aggregation 2D (GLSZM);
//! statistics are those of the volume. Every slice has grey level 1, so bins of
//! width 1 leave the phantom's grey levels as they are.

use ndarray::{Array3, Axis};
use raduet_features::{
    Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Roi, Spacing, engine,
};
use raduet_testkit::reference::{Comparison, Table};
use raduet_testkit::{data, images};

/// Rounds to three significant digits, as the standard prints its values.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}")
        .parse()
        .expect("a number just printed")
}

fn settings() -> ExtractionSettings {
    let options = ExtractionOptions {
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 1.0 },
        ..ExtractionOptions::default()
    };
    options.check().expect("valid settings")
}

fn features_of(family: &str, values: &Array3<f64>, inside: &Array3<bool>) -> Vec<f64> {
    let set = FeatureSet::of(&[family]).expect("a family");
    let spacing = Spacing::new([2.0; 3]).expect("a spacing");
    let roi = Roi::from_arrays(values, inside, spacing).expect("finite values");
    let found = engine::extract_one(&set, &settings(), &roi.expect("a region"));
    found.expect("features").into_values()
}

/// Compares all features of a family that have an IBSI id.
fn compare(family: &str, aggregation: &str, slice_by_slice: bool) {
    let name = format!("{family}_ibsi");
    let Some(image) = data::path(&name, "ibsi/ibsi1_digital_phantom.nii.gz") else {
        return;
    };
    let image = images::read(&image);
    let mask =
        images::read(&data::path(&name, "ibsi/ibsi1_digital_phantom_mask.nii.gz").expect("a mask"));
    let values = Array3::from_shape_vec(image.shape, image.values).expect("a volume");
    let mask = Array3::from_shape_vec(mask.shape, mask.values).expect("a volume");
    let inside = mask.mapv(|label| label > 0.5);

    let found = if slice_by_slice {
        let slices = values.len_of(Axis(0));
        let mut mean = vec![0.0; FeatureSet::of(&[family]).expect("a family").width()];
        for z in 0..slices {
            let plane = values
                .index_axis(Axis(0), z)
                .insert_axis(Axis(0))
                .to_owned();
            let region = inside
                .index_axis(Axis(0), z)
                .insert_axis(Axis(0))
                .to_owned();
            for (mean, value) in mean.iter_mut().zip(features_of(family, &plane, &region)) {
                *mean += value / slices as f64;
            }
        }
        mean
    } else {
        features_of(family, &values, &inside)
    };

    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    let set = FeatureSet::of(&[family]).expect("a family");
    let mut missing = Vec::new();
    for (column, found) in set.described_columns().iter().zip(found) {
        let spec = column.spec;
        let Some(id) = spec.ibsi_id else { continue };
        let row = table.rows().find(|row| {
            row.text("dataset") == "digital_phantom"
                && row.text("ibsi_id") == id
                && row.text("aggregation") == aggregation
        });
        match row {
            Some(row) => {
                // The published tolerance; the rest is the rounding of decimal digits.
                let tolerance = row.number("tolerance");
                let expected = row.number("value");
                comparison.check(spec.name, three_digits(found), expected, 1e-12, tolerance);
            }
            None => missing.push(spec.name),
        }
    }
    assert!(missing.is_empty(), "{name}: no reference for {missing:?}");
    comparison.finish(&name);
}

#[test]
fn size_zone_features_meet_the_consensus() {
    compare("glszm", "2D", true);
}

#[test]
fn statistics_meet_the_consensus() {
    compare("firstorder", "", false);
}
