//! Family `shape` against PyRadiomics 3.0.1: small awkward regions, some with holes in their mesh, and
//! real ones.

use ndarray::Array3;
use raduet_features::{ExtractionSettings, FeatureSet, Roi, Spacing, engine};
use raduet_testkit::reference::{Comparison, Table};
use raduet_testkit::{data, images};

use crate::pyradiomics::RELATIVE;

/// A variance that is zero may come out of PyRadiomics as a few rounding errors of the largest one, and
/// lengths of axes are its square root. We return zero.
const AXES: f64 = 1e-6;

/// Features that are 0 when a variance is.
const OF_VARIANCES: [&str; 5] = [
    "original_shape_Elongation",
    "original_shape_Flatness",
    "original_shape_LeastAxisLength",
    "original_shape_MajorAxisLength",
    "original_shape_MinorAxisLength",
];

fn from_text(text: &str) -> Array3<bool> {
    let slices: Vec<Vec<&str>> = text
        .split('|')
        .map(|slice| slice.split('/').collect())
        .collect();
    let shape = (slices.len(), slices[0].len(), slices[0][0].len());
    let cells = slices.concat().concat().chars().map(|c| c == '#').collect();
    Array3::from_shape_vec(shape, cells).expect("rows of one length")
}

#[test]
fn shape_has_the_values_of_pyradiomics() {
    let name = "shape_pyradiomics";
    let set = FeatureSet::of(&["shape"]).expect("a family");
    let mut comparison = Comparison::default();
    let table = Table::read("pyradiomics/shape.csv");
    assert!(
        table.columns().ends_with(&set.columns()),
        "order of columns"
    );
    for row in table.rows() {
        let (case, mask) = (row.text("case"), row.text("mask"));
        let inside = if mask.contains("nrrd") {
            let Some(path) = data::path(name, &format!("pyradiomics/data/{mask}")) else {
                continue;
            };
            let label = images::read(&path);
            let label = Array3::from_shape_vec(label.shape, label.values).expect("a volume");
            label.mapv(|label| (0.5..1.5).contains(&label))
        } else {
            from_text(mask)
        };
        let spacing = ["spacing_z", "spacing_y", "spacing_x"].map(|axis| row.number(axis));
        let spacing = Spacing::new(spacing).expect("a spacing");
        let roi = Roi::from_arrays(&inside.mapv(|_| 0.0), &inside, spacing);
        let roi = roi.expect("finite values").expect("a region");
        let found = engine::extract_one(&set, &ExtractionSettings::default(), &roi);
        for (column, found) in set.columns().iter().zip(found.expect("features").values()) {
            let what = format!("{case} {column}");
            let expected = row.number(column);
            if OF_VARIANCES.contains(&column.as_str()) && found.abs() == 0.0 {
                assert!(
                    expected.is_nan() || expected.abs() <= AXES,
                    "{what}: found 0, expected {expected}"
                );
            } else {
                comparison.check(&what, *found, expected, RELATIVE, 0.0);
            }
        }
    }
    comparison.finish(name);
}
