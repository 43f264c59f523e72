//! Families `gldm`, `glszm` and `ngtdm` against PyRadiomics on slices and volumes of a few voxels: lines,
//! gaps, one grey level, several distances and tolerances.

use ndarray::Array3;
use raduet_features::geometry::{Reach, half_offsets};
use raduet_features::settings::Planes;
use raduet_features::{
    Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Roi, Spacing, engine,
};
use raduet_testkit::reference::{Comparison, Row, Table};

use crate::pyradiomics::RELATIVE;

/// Here `i p_i` of all levels agree, and busyness is 0; in PyRadiomics they differ by a rounding error, over
/// which it divides.
const BALANCED: (&str, &str) = (
    "levels and counts balance but for rounding",
    "original_ngtdm_Busyness",
);

fn settings(row: Row<'_>) -> ExtractionSettings {
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
    let distances = row.text("distances").split(' ');
    let options = ExtractionOptions {
        discretisation,
        distances: distances
            .map(|distance| distance.parse().expect("a distance"))
            .collect(),
        coarseness: row.number("gldm_a"),
        planes: match row.text("planes") {
            "slices" => Planes::InSlices,
            "volume" => Planes::Volume,
            other => panic!("no planes '{other}'"),
        },
        ..ExtractionOptions::default()
    };
    options.check().expect("valid settings")
}

fn region(row: Row<'_>) -> Roi {
    let planes: Vec<Vec<Vec<&str>>> = row
        .text("voxels")
        .split('|')
        .map(|plane| {
            plane
                .split('/')
                .map(|line| line.split(' ').collect())
                .collect()
        })
        .collect();
    let shape = (planes.len(), planes[0].len(), planes[0][0].len());
    let cells = planes.concat().concat();
    let inside = cells.iter().map(|cell| *cell != ".").collect();
    // What lies outside must not matter, whatever it is.
    let values = cells.iter().map(|cell| cell.parse().unwrap_or(f64::NAN));
    Roi::from_arrays(
        &Array3::from_shape_vec(shape, values.collect()).expect("rows of one length"),
        &Array3::from_shape_vec(shape, inside).expect("rows of one length"),
        Spacing::new([1.0; 3]).expect("a spacing"),
    )
    .expect("finite values")
    .expect("a voxel")
}

/// Whether a neighbour at one of the distances fits into the box. Where none does PyRadiomics finds no
/// direction and fails; the matrices are well defined all the same.
fn has_room(family: &str, roi: &Roi, settings: &ExtractionSettings) -> bool {
    let reach = match settings.planes {
        Planes::Volume => Reach::Volume,
        Planes::InSlices => Reach::Slice,
    };
    // Zones know the distance 1 only.
    let distances = if family == "glszm" {
        &[1][..]
    } else {
        &settings.distances
    };
    half_offsets(distances, reach).into_iter().any(|offset| {
        let steps = [offset.z, offset.y, offset.x].map(isize::unsigned_abs);
        steps
            .iter()
            .zip(roi.shape())
            .all(|(step, size)| *step < size)
    })
}

#[test]
fn tiny_regions_have_the_values_of_pyradiomics() {
    let mut comparison = Comparison::default();
    let (mut without_room, mut balanced) = (0, 0);
    for row in Table::read("pyradiomics/tiny_neighbours.csv").rows() {
        let (roi, settings) = (region(row), settings(row));
        let case = row.text("case");
        for family in ["gldm", "glszm", "ngtdm"] {
            let set = FeatureSet::with(&[family], &settings).expect("a family");
            let found = engine::extract_one(&set, &settings, &roi).expect("features");
            let room = has_room(family, &roi, &settings);
            without_room += usize::from(!room);
            for (column, found) in set.columns().iter().zip(found.values()) {
                let expected = row.number(column);
                let what = format!(
                    "{case} ({}, distances {}, alpha {}, {}) {column}",
                    row.text("discretisation"),
                    row.text("distances"),
                    row.text("gldm_a"),
                    row.text("planes"),
                );
                if !room {
                    assert!(found.is_finite() && expected.is_nan(), "{what}: {found}");
                } else if (case, column.as_str()) == BALANCED {
                    assert!(found.abs() < f64::MIN_POSITIVE, "{what}: {found}");
                    assert!(expected.abs() > 1e12, "{what}: no deviation any more");
                    balanced += 1;
                } else {
                    comparison.check(&what, *found, expected, RELATIVE, 0.0);
                }
            }
        }
    }
    comparison.finish("tiny_neighbours_pyradiomics");
    assert_eq!((without_room, balanced), (27, 5));
}
