//! Masks on other grids: resampled where asked for, refused where the region would be lost.

use raduet::error::{Code, WarningCode as W};
use raduet::io::grid::axis_letters;
use raduet::io::write::{write_mask, write_volume};
use raduet::io::{GeometryRule, LabelChoice, Misfit, ReadOptions, read_case};
use raduet_features::{Affine, Grid, MaskVolume, Scaling, Spacing, Volume, Voxels};

fn grid(shape: [usize; 3], step: f64, origin: [f64; 3]) -> Grid {
    let [x, y, z] = origin;
    Grid {
        shape,
        spacing: Spacing::new([step; 3]).unwrap(),
        affine: Affine([
            [step, 0.0, 0.0, x],
            [0.0, step, 0.0, y],
            [0.0, 0.0, step, z],
        ]),
    }
}

fn case(
    mask_grid: Grid,
    inside: impl Fn([usize; 3]) -> bool,
    otherwise: Misfit,
) -> Result<(usize, Vec<W>), Code> {
    let folder = tempfile::tempdir().unwrap();
    let [image, mask] = ["image.nrrd", "mask.nrrd"].map(|name| folder.path().join(name));
    let at = grid([8, 8, 8], 1.0, [0.0; 3]);
    let voxels = Voxels::I16(ndarray::Array3::from_shape_fn((8, 8, 8), |(z, y, x)| {
        i16::try_from(z * 64 + y * 8 + x).unwrap()
    }));
    write_volume(&image, &Volume::new(voxels, Scaling::NONE, at).unwrap()).unwrap();
    let [z, y, x] = mask_grid.shape;
    let inside = ndarray::Array3::from_shape_fn((z, y, x), |(z, y, x)| inside([z, y, x]));
    write_mask(&mask, &MaskVolume::new(inside, mask_grid).unwrap()).unwrap();
    let rule = GeometryRule {
        otherwise,
        ..GeometryRule::default()
    };
    let read = read_case(
        &image,
        &mask,
        &LabelChoice::Only,
        rule,
        &ReadOptions::default(),
    );
    read.map(|case| {
        let voxels = case.mask.inside().iter().filter(|inside| **inside).count();
        (voxels, case.warnings.iter().map(|w| w.code).collect())
    })
    .map_err(|error| {
        assert!(error.against.is_some(), "{error}");
        error.code
    })
}

#[test]
fn a_finer_mask_is_resampled_on_demand() {
    // Voxels of half a millimetre; a box over the image's voxels 2 to 4.
    let fine = grid([16, 16, 16], 0.5, [-0.25; 3]);
    let inside = |place: [usize; 3]| place.iter().all(|n| (4..10).contains(n));
    assert_eq!(case(fine, inside, Misfit::Refuse), Err(Code::Geometry));
    assert_eq!(
        case(fine, inside, Misfit::Resample),
        Ok((27, vec![W::Geometry]))
    );
}

#[test]
fn a_region_that_leaves_the_image_is_refused_with_its_share() {
    let shifted = grid([8, 8, 8], 1.0, [3.0, 0.0, 0.0]);
    // Half of it lies beyond the image's last column.
    let inside = |[z, y, x]: [usize; 3]| z == 4 && y == 4 && (3..7).contains(&x);
    assert_eq!(case(shifted, inside, Misfit::Resample), Err(Code::Geometry));
    let within = |[z, y, x]: [usize; 3]| z == 4 && y == 4 && x < 4;
    assert_eq!(
        case(shifted, within, Misfit::Resample),
        Ok((4, vec![W::Geometry]))
    );
}

#[test]
fn axes_are_named_by_where_they_point() {
    let letters = |columns: [[f64; 3]; 3]| {
        let [[a, b, c], [d, e, f], [g, h, i]] = columns;
        axis_letters(&Affine([[a, d, g, 0.0], [b, e, h, 0.0], [c, f, i, 0.0]]))
    };
    assert_eq!(
        letters([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        "RAS"
    );
    assert_eq!(
        letters([[-0.5, 0.0, 0.0], [0.0, -2.0, 0.0], [0.0, 0.0, 3.0]]),
        "LPS"
    );
    assert_eq!(
        letters([[0.1, -0.9, 0.0], [0.0, 0.1, -1.0], [-1.0, 0.2, 0.0]]),
        "PIL"
    );
}
