//! Families `glcm` and `glrlm` against PyRadiomics on small volumes, with weights, distances, directions
//! within slices and pairs that count one way.

use ndarray::Array3;
use raduet_features::settings::{Pairs, Planes, WeightingNorm};
use raduet_features::{Discretisation, ExtractionOptions, FeatureSet, Roi, Spacing, engine};
use raduet_testkit::reference::{Comparison, Row, Table};

use crate::pyradiomics::RELATIVE;

/// Difference accepted beside the relative one: values that are 0 by definition (the cluster shade of a
/// symmetric pattern) come out of PyRadiomics as a few rounding errors of sums near 500.
const ABSOLUTE: f64 = 2e-13;

/// The settings of a row.
fn options(row: Row<'_>) -> ExtractionOptions {
    let mut options = ExtractionOptions::default();
    for setting in row.text("settings").split(';') {
        match setting.split_once('=').expect("key=value") {
            ("binWidth", width) => {
                let width = width.parse().expect("a width");
                options.discretisation = Discretisation::PyRadiomicsFixedBinSize { width };
            }
            ("force2D", "True") => options.planes = Planes::InSlices,
            ("symmetricalGLCM", "False") => options.pairs = Pairs::OneWay,
            ("distances", list) => {
                let all = list.split('+');
                options.distances = all.map(|d| d.parse().expect("a distance")).collect();
            }
            ("weightingNorm", norm) => {
                options.weighting = Some(match norm {
                    "no_weighting" => WeightingNorm::Unweighted,
                    "euclidean" => WeightingNorm::Euclidean,
                    "manhattan" => WeightingNorm::Manhattan,
                    "infinity" => WeightingNorm::Infinity,
                    other => panic!("no norm '{other}'"),
                });
            }
            other => panic!("no setting {other:?}"),
        }
    }
    options
}

fn region(row: Row<'_>) -> Roi {
    let slices: Vec<Vec<Vec<&str>>> = row
        .text("voxels")
        .split('|')
        .map(|slice| {
            slice
                .split('/')
                .map(|line| line.split(' ').collect())
                .collect()
        })
        .collect();
    let shape = (slices.len(), slices[0].len(), slices[0][0].len());
    let cells = slices.concat().concat();
    let inside = Array3::from_shape_vec(shape, cells.iter().map(|cell| *cell != ".").collect());
    // What lies outside must not matter, whatever it is.
    let value = |cell: &&str| cell.parse().unwrap_or(f64::NAN);
    let values = Array3::from_shape_vec(shape, cells.iter().map(value).collect());
    let spacing = ["spacing_z", "spacing_y", "spacing_x"].map(|axis| row.number(axis));
    Roi::from_arrays(
        &values.expect("rows of one length"),
        &inside.expect("rows of one length"),
        Spacing::new(spacing).expect("a spacing"),
    )
    .expect("finite values")
    .expect("a voxel")
}

fn compare(family: &str) {
    let set = FeatureSet::of(&[family]).expect("a family");
    let mut comparison = Comparison::default();
    for row in Table::read("pyradiomics/directions.csv").rows() {
        // Settings that change nothing for a family are not measured again.
        if row.text(&set.columns()[0]).is_empty() {
            continue;
        }
        let settings = options(row).check().expect("valid settings");
        let found = engine::extract_one(&set, &settings, &region(row)).expect("features");
        for (column, found) in set.columns().iter().zip(found.values()) {
            let what = format!("{} ({}) {column}", row.text("case"), row.text("settings"));
            comparison.check(&what, *found, row.number(column), RELATIVE, ABSOLUTE);
        }
    }
    comparison.finish(&format!("{family} directions of PyRadiomics"));
}

#[test]
fn co_occurrences_in_all_directions_have_the_values_of_pyradiomics() {
    compare("glcm");
}

#[test]
fn runs_in_all_directions_have_the_values_of_pyradiomics() {
    compare("glrlm");
}
