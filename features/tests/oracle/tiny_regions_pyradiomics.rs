//! All families against PyRadiomics on regions of a few pixels: single pixels, rows, gaps, one grey
//! level, values on bin edges.

use ndarray::Array3;
use raduet_features::{FeatureSet, Roi, Spacing, engine};
use raduet_testkit::reference::{Comparison, Row, Table};

use crate::pyradiomics::{RELATIVE, settings};

/// Difference accepted beside the relative one. Seven values are 0 by definition (the minor axis of a
/// line, the cluster shade of a symmetric pattern) or all but 0 (the entropy of a certain difference) and
/// come out of PyRadiomics as a few rounding errors.
const ABSOLUTE: f64 = 1e-14;

/// Case, beginning of the column, what our value is instead, reason.
type Deviation = (&'static str, &'static str, fn(f64) -> bool, &'static str);

/// Where we differ on purpose. All these regions lie on a line,
/// which PyRadiomics' own extractor refuses before it computes anything.
const DEVIATIONS: &[Deviation] = &[
    ("one pixel", "original_glszm_", f64::is_finite, ONE_ZONE),
    ("one pixel", "original_glcm_MCC", is_one, FLAT),
    (
        "one pixel; bin count",
        "original_glszm_",
        f64::is_finite,
        ONE_ZONE,
    ),
    ("one pixel; bin count", "original_glcm_MCC", is_one, FLAT),
    (
        "two pixels apart in a row",
        "original_glcm_MCC",
        is_one,
        FLAT,
    ),
    (
        "two pixels apart in a row",
        "original_glcm_InverseVariance",
        f64::is_nan,
        "PyRadiomics adds up nothing to 0; no pair, no value",
    ),
];

const ONE_ZONE: &str = "PyRadiomics finds no direction and fails; one pixel is one zone";
const FLAT: &str = "1 for one grey level, without exception";

fn is_one(value: f64) -> bool {
    value.to_bits() == 1.0_f64.to_bits()
}

fn region(row: Row<'_>) -> Roi {
    let rows: Vec<Vec<&str>> = row
        .text("pixels")
        .split('/')
        .map(|line| line.split(' ').collect())
        .collect();
    let shape = (1, rows.len(), rows[0].len());
    let cells = rows.concat();
    let inside: Vec<bool> = cells.iter().map(|cell| *cell != ".").collect();
    // What lies outside must not matter, whatever it is.
    let value = |cell: &&str| cell.parse().unwrap_or(f64::NAN);
    let values = Array3::from_shape_vec(shape, cells.iter().map(value).collect());
    let spacing = ["spacing_z", "spacing_y", "spacing_x"].map(|axis| row.number(axis));
    Roi::from_arrays(
        &values.expect("rows of one length"),
        &Array3::from_shape_vec(shape, inside).expect("rows of one length"),
        Spacing::new(spacing).expect("a spacing"),
    )
    .expect("finite values")
    .expect("a pixel")
}

#[test]
fn tiny_regions_have_the_values_of_pyradiomics() {
    let set = FeatureSet::all_2d();
    let mut comparison = Comparison::default();
    let mut deviations = 0;
    for row in Table::read("pyradiomics/tiny.csv").rows() {
        let case = row.text("case");
        let found = engine::extract_one(&set, &settings(row), &region(row)).expect("features");
        for (column, found) in set.columns().iter().zip(found.values()) {
            let mut known = DEVIATIONS.iter();
            let known = known.find(|(of, prefix, ..)| case == *of && column.starts_with(prefix));
            let expected = row.number(column);
            if let Some((.., ours, reason)) = known {
                assert!(
                    ours(*found),
                    "{case} {column}: found {found}, but: {reason}"
                );
                // Once the reference agrees, the entry is out of date.
                let agrees = (found - expected).abs() <= ABSOLUTE;
                assert!(!agrees, "{case} {column}: no deviation any more");
                deviations += 1;
            } else {
                let what = format!("{case} ({}) {column}", row.text("discretisation"));
                comparison.check(&what, *found, expected, RELATIVE, ABSOLUTE);
            }
        }
    }
    comparison.finish("tiny_regions_pyradiomics");
    assert_eq!(deviations, 2 * 16 + 2 + 2);
}
