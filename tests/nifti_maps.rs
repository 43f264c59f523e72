//! Maps on the grid of an image: what is written is what our reader and nibabel's rule read.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]
#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use ndarray::Array3;
use raduet::error::Code;
use raduet::io::write::{Precision, write_map};
use raduet::io::{ReadOptions, read_volume};
use raduet_features::{Affine, Grid, Spacing, Voxels};

const SHAPE: [usize; 3] = [4, 3, 5];

/// Turned about all axes and left-handed, as many scans are.
fn oblique() -> Grid {
    let (s, c) = (0.6, 0.8);
    Grid {
        shape: SHAPE,
        spacing: Spacing::new([3.0, 0.75, 0.5]).unwrap(),
        affine: Affine([
            [-0.5 * c, 0.75 * s * c, 3.0 * s * s, 12.25],
            [-0.5 * s, -0.75 * c * c, -3.0 * s * c, -7.0],
            [0.0, 0.75 * s, -3.0 * c, 100.5],
        ]),
    }
}

fn values() -> Array3<f64> {
    Array3::from_shape_fn(SHAPE, |(z, y, x)| match (z, y, x) {
        (0, 0, 0) => f64::NAN,
        _ => (z as f64).exp() / 3.0 - (y * 10 + x) as f64,
    })
}

#[test]
fn a_map_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    for (name, precision) in [
        ("a.nii.gz", Precision::Double),
        ("a.nii", Precision::Double),
        ("b.nii.gz", Precision::Single),
    ] {
        let path = folder.path().join(name);
        write_map(&path, &values(), &oblique(), precision).unwrap();
        let read = read_volume(&path, &ReadOptions::default()).unwrap();
        assert_eq!(read.warnings, [], "{name}");
        let same = |found: f64, value: f64| found == value || (found.is_nan() && value.is_nan());
        match (read.volume.voxels(), precision) {
            (Voxels::F64(found), Precision::Double) => {
                assert!(found.iter().zip(&values()).all(|(f, v)| same(*f, *v)));
            }
            (Voxels::F32(found), Precision::Single) => {
                #[expect(clippy::cast_possible_truncation, reason = "what is tested")]
                let rounded = values().mapv(|value| f64::from(value as f32));
                assert!(
                    found
                        .iter()
                        .zip(&rounded)
                        .all(|(f, v)| same(f64::from(*f), *v))
                );
            }
            (other, _) => panic!("{name}: {other:?}"),
        }
        let affine = read.volume.grid().affine.0;
        for (found, expected) in affine
            .as_flattened()
            .iter()
            .zip(oblique().affine.0.as_flattened())
        {
            // The header's 32 bits.
            assert!(
                (found - expected).abs() <= expected.abs() * 6e-8,
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn both_forms_of_orientation_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nii");
    write_map(&path, &values(), &oblique(), Precision::Single).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!((bytes[252], bytes[254]), (1, 1));
    // Without the sform, the qform says the same.
    bytes[254] = 0;
    std::fs::write(&path, &bytes).unwrap();
    let read = read_volume(&path, &ReadOptions::default()).unwrap();
    let affine = read.volume.grid().affine.0;
    for (found, expected) in affine
        .as_flattened()
        .iter()
        .zip(oblique().affine.0.as_flattened())
    {
        // A rotation of components of 32 bits, times 3 mm.
        assert!(
            (found - expected).abs() < 1e-6 * expected.abs().max(3.0),
            "{found} {expected}"
        );
    }
}

#[test]
fn the_same_map_is_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["a.nii.gz", "b.nii.gz"].map(|name| {
        let path = folder.path().join(name);
        write_map(&path, &values(), &oblique(), Precision::Single).unwrap();
        std::fs::read(&path).unwrap()
    });
    assert_eq!(first, second);
}

#[test]
fn a_map_that_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/a.nii.gz");
    let fault = write_map(&path, &values(), &oblique(), Precision::Single).unwrap_err();
    assert_eq!(fault.code, Code::Output);
    let path = folder.path().join("a.nii.gz");
    let other = Array3::zeros([1, 2, 3]);
    let fault = write_map(&path, &other, &oblique(), Precision::Single).unwrap_err();
    assert_eq!(fault.code, Code::Internal);
    assert!(!path.exists());
}
