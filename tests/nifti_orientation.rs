//! sform, qform, voxel sizes, units and shear: which one is used and when it is doubted.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]
#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod nifti_files;

use nifti_files::{Folder, Header, codes};
use raduet::error::{Code, WarningCode as W};
use raduet_features::Grid;

fn with(change: impl Fn(&mut Header)) -> Header {
    let mut header = Header::default();
    change(&mut header);
    header
}

fn grid(header: &Header) -> (Grid, Vec<W>) {
    let read = Folder::new().read("x.nii", &header.counting()).unwrap();
    (*read.volume.grid(), codes(&read.warnings))
}

fn near(found: [[f64; 4]; 3], expected: [[f64; 4]; 3]) {
    for (f, e) in found.as_flattened().iter().zip(expected.as_flattened()) {
        assert!((f - e).abs() < 1e-6, "{found:?} is not {expected:?}");
    }
}

/// A quarter turn about z (x becomes y), voxels of 2, 3 and 4 mm.
fn turned() -> Header {
    with(|h| {
        h.sform_code = 0;
        h.qform_code = 1;
        h.pixdim[1..4].copy_from_slice(&[2.0, 3.0, 4.0]);
        h.quatern = [0.0, 0.0, std::f64::consts::FRAC_1_SQRT_2];
        h.qoffset = [10.0, 20.0, 30.0];
    })
}

#[test]
fn qform_is_a_rotation_with_voxel_sizes() {
    let (grid, warnings) = grid(&turned());
    near(
        grid.affine.0,
        [
            [0.0, -3.0, 0.0, 10.0],
            [2.0, 0.0, 0.0, 20.0],
            [0.0, 0.0, 4.0, 30.0],
        ],
    );
    for (found, expected) in grid.spacing.zyx().into_iter().zip([4.0, 3.0, 2.0]) {
        assert!((found - expected).abs() < 1e-12);
    }
    assert_eq!(warnings, []);
}

#[test]
fn qfac_turns_the_third_axis() {
    let mut header = turned();
    for (qfac, z) in [
        (-1.0, -4.0),
        (0.0, 4.0),
        (1.0, 4.0),
        (f64::NAN, 4.0),
        (7.0, 4.0),
    ] {
        header.pixdim[0] = qfac;
        assert!((grid(&header).0.affine.0[2][2] - z).abs() < 1e-6, "{qfac}");
    }
}

#[test]
fn a_quaternion_rounded_above_one_is_a_half_turn() {
    let mut header = turned();
    header.quatern = [0.0, 0.0, 1.000_001];
    let (grid, warnings) = grid(&header);
    near(
        grid.affine.0,
        [
            [-2.0, 0.0, 0.0, 10.0],
            [0.0, -3.0, 0.0, 20.0],
            [0.0, 0.0, 4.0, 30.0],
        ],
    );
    assert_eq!(warnings, []);
}

#[test]
fn a_bad_qform_alone_is_refused() {
    let folder = Folder::new();
    for (change, named) in [
        (
            (|h| h.quatern = [0.0, 0.0, 1.1]) as fn(&mut Header),
            "quaternion",
        ),
        (|h| h.quatern = [f64::NAN, 0.0, 0.0], "quaternion"),
        (|h| h.pixdim[1] = 0.0, "pixdim[1] = 0"),
        (|h| h.pixdim[2] = -2.0, "pixdim[2] = -2"),
        (|h| h.pixdim[3] = f64::NAN, "pixdim[3] = NaN"),
        (|h| h.pixdim[3] = f64::INFINITY, "pixdim[3] = inf"),
        (|h| h.qoffset[1] = f64::NAN, "qform is not finite"),
    ] {
        let mut header = turned();
        change(&mut header);
        let error = folder.refused("x.nii", &header.counting(), Code::Header);
        assert!(error.found.contains(named), "{error}");
    }
}

#[test]
fn a_good_sform_stands_in_for_bad_voxel_sizes_and_quaternions() {
    for change in [
        (|h| h.pixdim[1] = 0.0) as fn(&mut Header),
        |h| h.pixdim[2] = -2.0,
        |h| h.pixdim[3] = f64::NAN,
        |h| {
            h.qform_code = 1;
            h.quatern = [3.0, 0.0, 0.0];
        },
    ] {
        let (grid, warnings) = grid(&with(change));
        assert_eq!(grid.spacing.zyx(), [2.0; 3]);
        assert_eq!(warnings, [W::Orientation]);
    }
}

#[test]
fn a_bad_sform_gives_way_to_the_qform() {
    for row in [[0.0; 4], [f64::NAN; 4]] {
        let mut header = turned();
        header.sform_code = 1;
        header.srow = [row; 3];
        let (grid, warnings) = grid(&header);
        assert!((grid.affine.0[1][0] - 2.0).abs() < 1e-6);
        assert_eq!(warnings, [W::Orientation]);
    }
}

#[test]
fn sform_and_qform_that_disagree_are_doubted() {
    let agreeing = with(|h| {
        h.qform_code = 1;
        h.qoffset = [-5.0, 3.0, 7.0];
    });
    assert_eq!(grid(&agreeing).1, []);
    let mut header = agreeing.clone();
    header.qoffset[0] += 0.001;
    assert_eq!(
        grid(&header).1,
        [],
        "half a thousandth of a voxel is rounding"
    );
    header.qoffset[0] += 0.002;
    let (grid, warnings) = grid(&header);
    assert_eq!(warnings, [W::Orientation]);
    assert_eq!(grid.affine.0, header.srow);
}

#[test]
fn without_either_form_the_axes_are_as_stored() {
    let header = with(|h| h.sform_code = 0);
    let (found, warnings) = grid(&header);
    assert_eq!(found.spacing.zyx(), [2.0; 3]);
    assert_eq!(warnings, [W::Orientation]);
    let bad = with(|h| {
        h.sform_code = 0;
        h.pixdim[1] = 0.0;
    });
    Folder::new().refused("x.nii", &bad.counting(), Code::Header);
}

#[test]
fn lengths_become_millimetres() {
    let metre = with(|h| {
        h.units = 1;
        h.srow = h.srow.map(|row| row.map(|v| v / 1000.0));
    });
    let (found, warnings) = grid(&metre);
    near(found.affine.0, Header::default().srow);
    assert_eq!(warnings, [W::Units]);

    let mut micron = turned();
    micron.units = 3 | 8; // and seconds
    for length in micron.pixdim[1..4].iter_mut().chain(&mut micron.qoffset) {
        *length *= 1000.0;
    }
    let (found, warnings) = grid(&micron);
    near(found.affine.0, grid(&turned()).0.affine.0);
    assert_eq!(warnings, [W::Units]);

    assert_eq!(grid(&with(|h| h.units = 0)).1, []);
    assert_eq!(grid(&with(|h| h.units = 5)).1, [W::Units]);
}

#[test]
fn a_sheared_sform_is_read_with_a_doubt() {
    let header = with(|h| h.srow[0][1] = 0.1);
    let (grid, warnings) = grid(&header);
    assert_eq!(warnings, [W::Orientation]);
    assert_eq!(grid.affine.0[0][1], f64::from(0.1_f32));
}
