//! The rule of contours: even-odd at voxel centres, over all contours of a slice.

use proptest::prelude::*;
use raduet::error::Code;
use raduet::io::dicom::contours::{Contour, fill};
use raduet_features::{Affine, Grid, Spacing};

/// RAS axes, so that indices and positions are the same numbers.
fn grid(shape: [usize; 3]) -> Grid {
    Grid {
        shape,
        spacing: Spacing::new([1.0; 3]).unwrap(),
        affine: Affine([
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]),
    }
}

fn square(low: f64, high: f64, z: f64) -> Contour {
    vec![
        [low, low, z],
        [high, low, z],
        [high, high, z],
        [low, high, z],
    ]
}

fn voxels(contours: &[Contour]) -> usize {
    let filled = fill(contours, &grid([3, 10, 10])).unwrap();
    filled.inside.iter().filter(|inside| **inside).count()
}

#[test]
fn holes_islands_and_twins() {
    assert_eq!(voxels(&[square(0.5, 8.5, 1.0)]), 64);
    let hole = [square(0.5, 8.5, 1.0), square(2.5, 6.5, 1.0)];
    assert_eq!(voxels(&hole), 48);
    let island = [hole[0].clone(), hole[1].clone(), square(3.5, 5.5, 1.0)];
    assert_eq!(voxels(&island), 52);
    // A hole joined to the outline by a line there and back.
    let mut keyhole = square(0.5, 8.5, 1.0);
    keyhole.push([0.5, 0.5, 1.0]);
    keyhole.extend(square(2.5, 6.5, 1.0));
    keyhole.push([2.5, 2.5, 1.0]);
    assert_eq!(voxels(&[keyhole]), 48);
    // Twice the same is once, with a doubt.
    let twice = [hole[0].clone(), hole[0].clone()];
    assert_eq!(voxels(&twice), 64);
    assert_eq!(fill(&twice, &grid([3, 10, 10])).unwrap().warnings.len(), 1);
    // Neighbours share no voxel and leave none out.
    let left = vec![
        [0.0, 0.0, 1.0],
        [4.0, 0.0, 1.0],
        [4.0, 9.0, 1.0],
        [0.0, 9.0, 1.0],
    ];
    let right = vec![
        [4.0, 0.0, 1.0],
        [9.0, 0.0, 1.0],
        [9.0, 9.0, 1.0],
        [4.0, 9.0, 1.0],
    ];
    let both = voxels(&[left.clone(), right.clone()]);
    assert_eq!((voxels(&[left]), voxels(&[right]), both), (36, 45, 81));
}

#[test]
fn contours_off_the_slices_or_the_image_are_refused() {
    let code = |contour| fill(&[contour], &grid([3, 10, 10])).unwrap_err().code;
    assert_eq!(code(square(0.5, 8.5, 1.4)), Code::Geometry);
    assert_eq!(code(square(0.5, 12.5, 1.0)), Code::Geometry);
    assert_eq!(code(square(0.5, 8.5, 3.0)), Code::Geometry);
    assert_eq!(code(square(0.5, f64::INFINITY, 1.0)), Code::Geometry);
    let mut crooked = square(0.5, 8.5, 1.0);
    crooked[2][2] = 2.0;
    assert_eq!(code(crooked), Code::Geometry);
    let error = fill(&[square(-3.5, 0.5, 0.0)], &grid([3, 10, 10])).unwrap_err();
    assert!(
        error.found.starts_with("93.8 % of the region's voxels"),
        "{error}"
    );
    // A little off the middle of slices is a doubt.
    let near = fill(&[square(0.5, 8.5, 1.1)], &grid([3, 10, 10])).unwrap();
    assert_eq!(near.warnings.len(), 1);
}

/// The plain test of a point against one polygon after another.
fn plain(contours: &[Contour], x: f64, y: f64) -> bool {
    let mut inside = false;
    for contour in contours {
        for (at, a) in contour.iter().enumerate() {
            let b = contour[(at + 1) % contour.len()];
            if (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0] {
                inside = !inside;
            }
        }
    }
    inside
}

proptest! {
    #[test]
    fn filling_agrees_with_a_plain_point_test(
        points in prop::collection::vec(prop::collection::vec((0.01_f64..8.99, 0.01_f64..8.99), 3..12), 1..4)
    ) {
        let contours: Vec<Contour> = points
            .iter()
            .map(|points| points.iter().map(|(x, y)| [*x, *y, 1.0]).collect())
            .collect();
        let filled = fill(&contours, &grid([3, 10, 10])).unwrap();
        for y in 0..10 {
            for x in 0..10 {
                prop_assert_eq!(filled.inside[[1, y, x]], plain(&contours, x as f64, y as f64));
            }
        }
    }
}
