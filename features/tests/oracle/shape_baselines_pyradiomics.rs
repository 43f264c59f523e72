//! Families `shape` and `shape2d` against the baselines that PyRadiomics is tested with: five real
//! regions in whole and their largest slices.

use std::fs;

use ndarray::{Array3, Axis};
use raduet_features::{ExtractionSettings, FeatureSet, Roi, Spacing, engine};
use raduet_testkit::reference::Comparison;
use raduet_testkit::{data, images};

use crate::pyradiomics::RELATIVE;

/// A table whose cells may be quoted: the settings in it hold commas.
struct Baseline {
    rows: Vec<Vec<String>>,
}

impl Baseline {
    fn parse(text: &str) -> Self {
        let rows = text.lines().map(|line| {
            let (mut cells, mut quoted) = (vec![String::new()], false);
            for letter in line.chars() {
                match letter {
                    '"' => quoted = !quoted,
                    ',' if !quoted => cells.push(String::new()),
                    _ => cells.last_mut().expect("a cell").push(letter),
                }
            }
            cells
        });
        Self {
            rows: rows.collect(),
        }
    }

    fn cell(&self, row: &str, column: &str) -> &str {
        let at = self.rows[0].iter().position(|name| name == column);
        let row = self.rows.iter().find(|cells| cells[0] == row);
        &row.expect("a row")[at.expect("a column")]
    }

    /// Spacing along z, y, x from the list along x, y, z.
    fn spacing(&self, column: &str) -> Spacing {
        let cell = self.cell("diagnostics_Image-original_Spacing", column);
        let numbers = cell.trim_matches(['(', ')']).split(", ");
        let mut xyz: Vec<f64> = numbers.map(|s| s.parse().expect("a length")).collect();
        xyz.reverse();
        Spacing::new(xyz.try_into().expect("three lengths")).expect("a spacing")
    }
}

/// The baselines of `shape` were computed by versions before 2.1. For one region, whose mesh has crosswise
/// faces, 3.0.1 gives other values (`shape_pyradiomics` has them): case and features.
const OLDER: (&str, [&str; 4]) = (
    "brain1",
    [
        "original_shape_MeshVolume",
        "original_shape_Sphericity",
        "original_shape_SurfaceArea",
        "original_shape_SurfaceVolumeRatio",
    ],
);

/// How far those are off.
const OLDER_RELATIVE: f64 = 1e-3;

const CASES: [&str; 5] = ["brain1", "brain2", "breast1", "lung1", "lung2"];

/// The axial slice with the most voxels, the first one of several; the others emptied.
fn largest_slice(inside: &Array3<bool>) -> Array3<bool> {
    let count = |z: usize| {
        let plane = inside.index_axis(Axis(0), z);
        plane.iter().filter(|inside| **inside).count()
    };
    let slices = inside.len_of(Axis(0));
    let most = (0..slices).rev().max_by_key(|z| count(*z));
    let mut only = Array3::from_elem(inside.dim(), false);
    let most = most.expect("a slice");
    only.index_axis_mut(Axis(0), most)
        .assign(&inside.index_axis(Axis(0), most));
    only
}

fn compare(
    family: &str,
    class: &str,
    column: fn(&str) -> String,
    part: fn(&Array3<bool>) -> Array3<bool>,
) {
    let name = format!("{family}_baselines_pyradiomics");
    let file = format!("pyradiomics/baseline/baseline_{class}.csv");
    let Some(path) = data::path(&name, &file) else {
        return;
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a reference table; the engine's rule is not for its tests"
    )]
    let text = fs::read_to_string(path).expect("a text");
    let baseline = Baseline::parse(&text);
    let set = FeatureSet::of(&[family]).expect("a family");
    let mut comparison = Comparison::default();
    for case in CASES {
        let label = format!("pyradiomics/data/{case}_label.nrrd");
        let label = images::read(&data::path(&name, &label).expect("a mask"));
        let label = Array3::from_shape_vec(label.shape, label.values).expect("a volume");
        let inside = part(&label.mapv(|label| (0.5..1.5).contains(&label)));
        let column = column(case);
        // Form does not depend on intensities.
        let roi = Roi::from_arrays(&inside.mapv(|_| 0.0), &inside, baseline.spacing(&column));
        let roi = roi.expect("finite values").expect("a region");
        let found = engine::extract_one(&set, &ExtractionSettings::default(), &roi);
        for (feature, found) in set.columns().iter().zip(found.expect("features").values()) {
            let expected = baseline.cell(feature, &column).parse().expect("a number");
            let older = case == OLDER.0 && OLDER.1.contains(&feature.as_str());
            let tolerance = if older { OLDER_RELATIVE } else { RELATIVE };
            comparison.check(
                &format!("{case} {feature}"),
                *found,
                expected,
                tolerance,
                0.0,
            );
        }
    }
    comparison.finish(&name);
}

#[test]
fn shape_baselines_pyradiomics() {
    compare("shape", "shape", str::to_owned, Array3::clone);
}

#[test]
fn shape2d_baselines_pyradiomics() {
    compare(
        "shape2d",
        "shape2D",
        |case| format!("{case}_shape2D"),
        largest_slice,
    );
}
