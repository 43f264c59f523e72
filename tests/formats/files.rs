//! Where the files are, and what they hold.

use std::path::{Path, PathBuf};

use raduet::error::{ToolError, WarningCode};
use raduet::io::{GeometryRule, LabelChoice, ReadOptions, ReadVolume, read_case, read_volume};
use raduet_features::{Grid, Volume};

/// Voxels along z, y, x.
pub(crate) const SHAPE: [usize; 3] = [5, 7, 9];

pub(crate) fn path(name: &str) -> PathBuf {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/files");
    files.join(name)
}

/// The formula of the fixtures.
pub(crate) fn formula(z: usize, y: usize, x: usize) -> f64 {
    ((7 * x + 13 * y + 31 * z) % 101) as f64 - 20.0
}

pub(crate) fn read(name: &str) -> ReadVolume {
    read_volume(&path(name), &ReadOptions::default())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn fails(name: &str, options: &ReadOptions) -> ToolError {
    let error = read_volume(&path(name), options).unwrap_err();
    assert!(error.file.is_some() && !error.remedy.is_empty(), "{error}");
    error
}

pub(crate) fn codes(read: &ReadVolume) -> Vec<WarningCode> {
    read.warnings.iter().map(|w| w.code).collect()
}

/// All values in C order.
pub(crate) fn values(volume: &Volume) -> Vec<f64> {
    let slices = 0..volume.grid().shape[0];
    slices
        .flat_map(|z| volume.slice_f64(z).unwrap().into_iter())
        .collect()
}

/// The values of the formula after a change.
pub(crate) fn expected(change: impl Fn(f64) -> f64) -> Vec<f64> {
    let [nz, ny, nx] = SHAPE;
    let mut all = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                all.push(change(formula(z, y, x)));
            }
        }
    }
    all
}

/// `[row][column]` of an affine of `expected.json`, in RAS.
pub(crate) fn affine(name: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path("expected.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(json[name].clone()).unwrap()
}

/// Holds a grid against an affine, to the last digits or so.
pub(crate) fn lies_at(grid: &Grid, name: &str, tolerance: f64) {
    let wanted = affine(name);
    for (row, wanted) in grid.affine.0.iter().zip(&wanted) {
        for (found, wanted) in row.iter().zip(wanted) {
            assert!(
                (found - wanted).abs() <= tolerance,
                "{name}: {:?}",
                grid.affine
            );
        }
    }
}

/// A region of a mask, by name of files.
pub(crate) fn region(
    image: &str,
    mask: &str,
    choice: &LabelChoice,
) -> Result<Vec<bool>, ToolError> {
    let options = ReadOptions::default();
    let case = read_case(
        &path(image),
        &path(mask),
        choice,
        GeometryRule::default(),
        &options,
    )?;
    Ok(case.mask.inside().iter().copied().collect())
}
