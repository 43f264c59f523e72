//! Matrices that are counted along directions against the consensus values of IBSI 1: the digital phantom
//! (5 × 4 × 4 voxels) under all six aggregations, the lung CT in configuration A, which measures slices as
//! they are, under the four of slices.
//!
//! The phantom's grey levels are 1 to 6 already: bins of width 1 leave them as they are. Configuration A
//! keeps -500 to 400 HU and has bins of 25 HU from -500 HU on; the lowest kept voxels lie in the first of
//! them, so that bins from the lowest multiple of 25 HU on are the same.

use std::collections::BTreeSet;

use ndarray::Array3;
use raduet_features::settings::{Resegmentation, ResegmentationRange};
use raduet_features::{
    Aggregation, Discretisation, ExtractionOptions, FeatureSet, Profile, Roi, Spacing, engine,
};
use raduet_testkit::reference::{Comparison, Table};
use raduet_testkit::{data, images};

/// A set of the reference values.
pub(crate) struct Dataset {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// The image below the test data, without ending; the mask has `_mask` behind it.
    pub(crate) image: &'static str,
    /// mm
    pub(crate) spacing_zyx: [f64; 3],
    pub(crate) bin_width: f64,
    pub(crate) range: Option<(f64, f64)>,
    /// Voxels that are measured.
    pub(crate) voxels: usize,
    pub(crate) aggregations: &'static [Aggregation],
}

/// No re-segmentation, all aggregations.
pub(crate) const DIGITAL_PHANTOM: Dataset = Dataset {
    name: "digital_phantom",
    image: "ibsi/ibsi1_digital_phantom",
    spacing_zyx: [2.0; 3],
    bin_width: 1.0,
    range: None,
    voxels: 74,
    aggregations: &[
        Aggregation::SliceAveraged,
        Aggregation::SliceMerged,
        Aggregation::DirectionMerged,
        Aggregation::SlicesAndDirectionsMerged,
        Aggregation::VolumeAveraged,
        Aggregation::VolumeMerged,
    ],
};

/// Configuration A.
pub(crate) const CT_A: Dataset = Dataset {
    name: "ct_a",
    image: "ibsi/ibsi1_ct_phantom",
    spacing_zyx: [3.0, 0.977, 0.977],
    bin_width: 25.0,
    range: Some((-500.0, 400.0)),
    voxels: 114_596,
    aggregations: &[
        Aggregation::SliceAveraged,
        Aggregation::SliceMerged,
        Aggregation::DirectionMerged,
        Aggregation::SlicesAndDirectionsMerged,
    ],
};

/// Rounds to three significant digits, as the standard prints its values.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}")
        .parse()
        .expect("a number just printed")
}

fn region(test: &str, dataset: &Dataset) -> Option<Roi> {
    let image = images::read(&data::path(test, &format!("{}.nii.gz", dataset.image))?);
    let mask = images::read(&data::path(
        test,
        &format!("{}_mask.nii.gz", dataset.image),
    )?);
    // The standard rounds images to whole numbers when they are read.
    let values = Array3::from_shape_vec(image.shape, image.values)
        .expect("a volume")
        .mapv(f64::round);
    let mask = Array3::from_shape_vec(mask.shape, mask.values).expect("a volume");
    let inside = mask.mapv(|label| label > 0.5);
    let spacing = Spacing::new(dataset.spacing_zyx).expect("a spacing");
    let roi = Roi::from_arrays(&values, &inside, spacing)
        .expect("finite values")
        .expect("a region");
    let Some((low, high)) = dataset.range else {
        return Some(roi);
    };
    roi.resegmented(Resegmentation {
        range: Some(ResegmentationRange::Absolute { low, high }),
        outliers: None,
    })
}

/// Compares all features of a family under all aggregations of a data set; the tags of the family's
/// features in the table begin with `tag`, so that none of them is forgotten.
pub(crate) fn compare(family: &str, tag: &str, dataset: &Dataset) {
    let test = format!("{family}_ibsi {}", dataset.name);
    let Some(roi) = region(&test, dataset) else {
        return;
    };
    assert_eq!(roi.count(), dataset.voxels, "{test}");
    let options = ExtractionOptions {
        profile: Profile::Ibsi,
        discretisation: Discretisation::PyRadiomicsFixedBinSize {
            width: dataset.bin_width,
        },
        aggregations: dataset.aggregations.to_vec(),
        ..ExtractionOptions::default()
    };
    let settings = options.check().expect("valid settings");
    let set = FeatureSet::with(&[family], &settings).expect("a family");
    let found = engine::extract_one(&set, &settings, &roi).expect("features");

    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    let mut compared = BTreeSet::new();
    let mut missing = Vec::new();
    for (column, found) in set.described_columns().iter().zip(found.values()) {
        let id = column
            .spec
            .ibsi_id
            .expect("every feature of the profile has one");
        let way = column.aggregation.expect("an aggregation").ibsi_name();
        let mut rows = table.rows();
        let row = rows.find(|row| {
            [
                row.text("dataset"),
                row.text("ibsi_id"),
                row.text("aggregation"),
            ] == [dataset.name, id, way]
        });
        let Some(row) = row else {
            missing.push(column.name());
            continue;
        };
        compared.insert((id, way));
        // The published tolerance; the rest is the rounding of decimal digits.
        let (expected, tolerance) = (row.number("value"), row.number("tolerance"));
        comparison.check(
            &column.name(),
            three_digits(*found),
            expected,
            1e-12,
            tolerance,
        );
    }
    assert!(missing.is_empty(), "{test}: no reference for {missing:?}");
    let references = table.rows().filter(|row| {
        row.text("dataset") == dataset.name
            && row.text("tag").starts_with(tag)
            && !row.text("ibsi_id").is_empty()
    });
    let forgotten: Vec<_> = references
        .map(|row| (row.text("ibsi_id"), row.text("aggregation")))
        .filter(|key| !compared.contains(key))
        .collect();
    assert!(
        forgotten.is_empty(),
        "{test}: references without feature {forgotten:?}"
    );
    comparison.finish(&test);
}
