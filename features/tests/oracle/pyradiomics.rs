//! Slices of real images with the values PyRadiomics gave for them.

use std::collections::BTreeMap;

use ndarray::Array3;
use raduet_features::{
    Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Roi, Spacing, engine,
};
use raduet_testkit::reference::{Comparison, Row, Table};
use raduet_testkit::{data, images};

/// Agreement asked for: far above the rounding of either program, far below any difference of
/// definition.
pub(crate) const RELATIVE: f64 = 1e-9;

/// The reference table.
pub(crate) fn reference() -> Table {
    Table::read("pyradiomics/slices.csv")
}

/// The settings of a row of a reference table.
pub(crate) fn settings(row: Row<'_>) -> ExtractionSettings {
    let (rule, parameter) = row
        .text("discretisation")
        .split_once('=')
        .expect("rule=parameter");
    let discretisation = match rule {
        "binWidth" => Discretisation::PyRadiomicsFixedBinSize {
            width: parameter.parse().expect("a width"),
        },
        "binCount" => Discretisation::PyRadiomicsFixedBinNumber {
            count: parameter.parse().expect("a count"),
        },
        other => panic!("no discretisation '{other}'"),
    };
    let options = ExtractionOptions {
        discretisation,
        voxel_array_shift: row.optional_number("voxel_array_shift").unwrap_or(0.0),
        ..ExtractionOptions::default()
    };
    options.check().expect("valid settings")
}

/// Compares all values of a family on all reference slices.
pub(crate) fn compare_family(family: &str) {
    let set = FeatureSet::of(&[family]).expect("a family");
    let name = format!("{family}_pyradiomics");
    let table = reference();
    let mut opened = BTreeMap::new();
    let mut comparison = Comparison::default();
    for row in table.rows() {
        let pair = [row.text("image"), row.text("mask")];
        for inside in pair {
            // Sets of test data that are not there are told, once a file; the rows of the others are compared.
            let read = || data::path(&name, inside).map(|path| images::read(&path));
            opened.entry(inside).or_insert_with(read);
        }
        let [Some(image), Some(mask)] = pair.map(|inside| opened[inside].as_ref()) else {
            continue;
        };
        assert_eq!(image.shape, mask.shape, "{pair:?}");

        let z: usize = row.text("slice").parse().expect("a slice");
        let shape = (1, image.shape[1], image.shape[2]);
        let values = Array3::from_shape_vec(shape, image.slice(z).to_vec()).expect("a slice");
        let label = Array3::from_shape_vec(shape, mask.slice(z).to_vec()).expect("a slice");
        let inside = label.mapv(|label| (0.5..1.5).contains(&label));
        let spacing = ["spacing_z", "spacing_y", "spacing_x"].map(|axis| row.number(axis));
        let spacing = Spacing::new(spacing).expect("a spacing");
        let roi = Roi::from_arrays(&values, &inside, spacing)
            .expect("finite values")
            .expect("a region");
        assert_eq!(
            roi.count().to_string(),
            row.text("pixels"),
            "{pair:?} slice {z}"
        );

        // No absolute tolerance: even the -3.2e-16 of a flat region's entropy is met.
        let found = engine::extract_one(&set, &settings(row), &roi).expect("features");
        for (column, found) in set.columns().iter().zip(found.values()) {
            let what = format!(
                "{} slice {z} {} {column}",
                pair[0],
                row.text("discretisation")
            );
            comparison.check(&what, *found, row.number(column), RELATIVE, 0.0);
        }
    }
    if opened.values().any(Option::is_some) {
        comparison.finish(&name);
    }
}
