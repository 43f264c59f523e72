//! Resampling where the answer can be written down, and against plain sums over all neighbours.

use ndarray::Array3;
use raduet_features::processing::{
    Extent, GridRule, Intensities, Interpolator, MaskInterpolator, Resampling, normalise, resample,
};
use raduet_features::{Affine, FeatureError, Grid, MaskVolume, Scaling, Spacing, Volume, Voxels};
use raduet_testkit::phantoms::Random;

const ALL: [Interpolator; 4] = [
    Interpolator::NearestNeighbour,
    Interpolator::Linear,
    Interpolator::CubicBSpline,
    Interpolator::CubicConvolution,
];

fn grid(shape: [usize; 3], zyx: [f64; 3]) -> Grid {
    let [z, y, x] = zyx;
    Grid {
        shape,
        spacing: Spacing::new(zyx).expect("a spacing"),
        affine: Affine([
            [0.0, -y, 0.0, 10.0],
            [x, 0.0, 0.0, -20.0],
            [0.0, 0.0, z, 5.0],
        ]),
    }
}

/// An image and a region that fills it up to a margin.
fn pair(
    shape: [usize; 3],
    zyx: [f64; 3],
    margin: usize,
    value: impl FnMut((usize, usize, usize)) -> f64,
) -> (Volume, MaskVolume) {
    let grid = grid(shape, zyx);
    let values = Array3::from_shape_fn(shape, value);
    let inside = Array3::from_shape_fn(shape, |(z, y, x)| {
        let within = |at: usize, axis: usize| (margin..shape[axis] - margin).contains(&at);
        within(z, 0) && within(y, 1) && within(x, 2)
    });
    (
        Volume::new(Voxels::F64(values), Scaling::NONE, grid).expect("one shape"),
        MaskVolume::new(inside, grid).expect("one shape"),
    )
}

fn values(volume: &Volume) -> Array3<f64> {
    match volume.voxels() {
        Voxels::F64(array) => array.clone(),
        other => panic!("f64 stays f64, found {:?}", other.shape()),
    }
}

/// Where a voxel of one grid lies on another, in its voxels.
fn on_grid(from: &Grid, at: [usize; 3], to: &Grid) -> [f64; 3] {
    let [rx, ry, rz] = from.affine.position(at.map(|index| index as f64));
    // The test grids turn x and y: column x of the affine is along patient axis 1, y along -0.
    let [z, y, x] = to.spacing.zyx();
    let [ox, oy, oz] = to.affine.position([0.0; 3]);
    [(rz - oz) / z, -(rx - ox) / y, (ry - oy) / x]
}

/// A ramp in patient space has the same value at the same place on any grid: this checks positions, spacing
/// and affine at once.
#[test]
fn a_ramp_stays_a_ramp() {
    let ramp = |at: [f64; 3]| 3.0 * at[0] - 2.0 * at[1] + 0.5 * at[2] + 7.0;
    let (image, mask) = pair([30, 33, 36], [3.0, 0.7, 1.1], 12, |(z, y, x)| {
        ramp([z as f64, y as f64, x as f64])
    });
    for interpolator in [
        Interpolator::Linear,
        Interpolator::CubicBSpline,
        Interpolator::CubicConvolution,
    ] {
        for rule in [GridRule::Ibsi, GridRule::PyRadiomics] {
            let how = Resampling {
                grid: rule,
                extent: Extent::AroundRegion { padding: 1 },
                ..Resampling::ibsi([2.0, 1.0, 0.0], interpolator)
            };
            let (found, region) = resample(&image, &mask, &how).expect("a region");
            assert_eq!(found.grid(), region.grid());
            let mut inside = 0;
            for ((z, y, x), value) in values(&found).indexed_iter() {
                let place = on_grid(found.grid(), [z, y, x], image.grid());
                // The mirror at the ends bends the ramp there; 1e-12 of that reaches the region.
                let expected = ramp(place);
                assert!(
                    (value - expected).abs() < 1e-5,
                    "{interpolator:?} {rule:?} {place:?}: {value} {expected}"
                );
                inside += 1;
            }
            assert!(inside > 1000, "{inside}");
        }
    }
}

#[test]
fn the_same_grid_gives_the_same_bits() {
    let mut random = Random::new(3);
    let (image, mask) = pair([5, 6, 7], [3.0, 0.7, 1.1], 1, |_| {
        f64::from(random.below(1000))
    });
    for spacing in [[0.0; 3], [3.0, 0.7, 1.1]] {
        for interpolator in ALL {
            for mask_interpolator in [MaskInterpolator::Linear, MaskInterpolator::NearestNeighbour]
            {
                let how = Resampling {
                    mask: mask_interpolator,
                    ..Resampling::ibsi(spacing, interpolator)
                };
                let found = resample(&image, &mask, &how).expect("a region");
                assert_eq!(found, (image.clone(), mask.clone()), "{how:?}");
            }
            let how = Resampling::pyradiomics(spacing, interpolator, 5);
            let found = resample(&image, &mask, &how).expect("a region");
            assert_eq!(found, (image.clone(), mask.clone()), "{how:?}");
        }
    }
}

/// PyRadiomics cuts the image down where the spacing is right already.
#[test]
fn the_right_spacing_is_only_cut() {
    let (image, mask) = pair([20, 20, 20], [1.0; 3], 8, |(z, y, x)| {
        (400 * z + 20 * y + x) as f64
    });
    let how = Resampling::pyradiomics([1.0; 3], Interpolator::CubicBSpline, 2);
    let (found, region) = resample(&image, &mask, &how).expect("a region");
    assert_eq!(found.grid().shape, [8; 3]);
    assert_eq!(
        values(&found)[[0, 0, 0]].to_bits(),
        (6.0_f64 * 421.0).to_bits()
    );
    let corner = on_grid(found.grid(), [0; 3], image.grid());
    assert!(
        corner.iter().all(|at| (at - 6.0).abs() < 1e-12),
        "{corner:?}"
    );
    assert_eq!(region.inside().iter().filter(|inside| **inside).count(), 64);
}

/// Weight of a sample at a distance, written down as one formula over all samples.
fn kernel(interpolator: Interpolator, distance: f64) -> f64 {
    let d = distance.abs();
    match interpolator {
        Interpolator::Linear => (1.0 - d).max(0.0),
        // Keys, a = -1/2.
        Interpolator::CubicConvolution if d <= 1.0 => (1.5 * d - 2.5) * d * d + 1.0,
        Interpolator::CubicConvolution if d < 2.0 => ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0,
        // The B-spline of order 3.
        Interpolator::CubicBSpline if d <= 1.0 => 2.0 / 3.0 - d * d + d * d * d / 2.0,
        Interpolator::CubicBSpline if d < 2.0 => (2.0 - d).powi(3) / 6.0,
        _ => 0.0,
    }
}

/// Samples beyond the ends: the edge again, or for splines the mirror image.
fn beyond(interpolator: Interpolator, at: isize, length: usize) -> usize {
    let last = length.cast_signed() - 1;
    let at = match interpolator {
        Interpolator::CubicBSpline if at < 0 => -at,
        Interpolator::CubicBSpline if at > last => 2 * last - at,
        _ => at.clamp(0, last),
    };
    at.cast_unsigned()
}

/// Coefficients whose spline passes through the samples, by repeated correction: no recursion, no pole. A step
/// leaves 26/27 of the worst error.
fn coefficients(samples: &Array3<f64>) -> Array3<f64> {
    let mut found = samples.clone();
    for _ in 0..900 {
        let here = Array3::from_shape_fn(samples.raw_dim(), |(z, y, x)| {
            let at = [z as f64, y as f64, x as f64];
            sum_over_neighbours(&found, Interpolator::CubicBSpline, at)
        });
        found = &found + &(samples - &here);
    }
    found
}

fn sum_over_neighbours(samples: &Array3<f64>, how: Interpolator, at: [f64; 3]) -> f64 {
    let shape = [samples.dim().0, samples.dim().1, samples.dim().2];
    let near = |axis: usize| {
        let length = shape[axis].cast_signed();
        (-3..length + 3).map(move |index| (index, kernel(how, at[axis] - index as f64)))
    };
    let mut sum = 0.0;
    for (z, wz) in near(0).filter(|(_, w)| w.abs() > 0.0) {
        for (y, wy) in near(1).filter(|(_, w)| w.abs() > 0.0) {
            for (x, wx) in near(2).filter(|(_, w)| w.abs() > 0.0) {
                let index = [
                    beyond(how, z, shape[0]),
                    beyond(how, y, shape[1]),
                    beyond(how, x, shape[2]),
                ];
                sum += wz * wy * wx * samples[index];
            }
        }
    }
    sum
}

#[test]
fn axis_by_axis_is_the_sum_over_all_neighbours() {
    let mut random = Random::new(11);
    let (image, mask) = pair([5, 8, 6], [2.0, 1.0, 1.5], 0, |_| {
        f64::from(random.below(1000))
    });
    let samples = values(&image);
    for how in [
        Interpolator::Linear,
        Interpolator::CubicConvolution,
        Interpolator::CubicBSpline,
    ] {
        let resampling = Resampling::ibsi([1.3, 0.9, 2.2], how);
        let (found, _) = resample(&image, &mask, &resampling).expect("a region");
        let terms = match how {
            Interpolator::CubicBSpline => coefficients(&samples),
            _ => samples.clone(),
        };
        for ((z, y, x), value) in values(&found).indexed_iter() {
            let place = on_grid(found.grid(), [z, y, x], image.grid());
            let place: [f64; 3] = std::array::from_fn(|axis| {
                place[axis].clamp(0.0, (samples.shape()[axis] - 1) as f64)
            });
            let expected = sum_over_neighbours(&terms, how, place);
            assert!(
                (value - expected).abs() < 1e-8,
                "{how:?} {place:?}: {value} {expected}"
            );
        }
    }
}

/// What is cut out around the region is the same as in the whole image. No new voxel lies half-way between old
/// ones, where rounding would decide.
#[test]
fn a_part_is_a_part_of_the_whole() {
    let mut random = Random::new(2);
    let (image, mask) = pair([40, 90, 200], [3.0, 0.9, 0.8], 15, |_| {
        f64::from(random.below(1000))
    });
    for grid in [GridRule::Ibsi, GridRule::PyRadiomics] {
        for interpolator in ALL {
            let whole = Resampling {
                grid,
                ..Resampling::ibsi([1.7, 1.55, 1.9], interpolator)
            };
            let part = Resampling {
                extent: Extent::AroundRegion { padding: 3 },
                ..whole
            };
            let (whole, whole_mask) = resample(&image, &mask, &whole).expect("a region");
            let (part, part_mask) = resample(&image, &mask, &part).expect("a region");
            let offset = on_grid(part.grid(), [0; 3], whole.grid());
            let count = |mask: &MaskVolume| mask.inside().iter().filter(|inside| **inside).count();
            assert_eq!(count(&whole_mask), count(&part_mask));
            for ((z, y, x), value) in values(&part).indexed_iter() {
                let at = [z, y, x];
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "an index"
                )]
                let at: [usize; 3] =
                    std::array::from_fn(|axis| at[axis] + offset[axis].round() as usize);
                let expected = values_at(&whole, at);
                // Positions are computed from different origins.
                assert!((value - expected).abs() < 1e-9, "{interpolator:?} {at:?}");
            }
        }
    }
}

fn values_at(volume: &Volume, at: [usize; 3]) -> f64 {
    match volume.voxels() {
        Voxels::F64(array) => array[at],
        other => panic!("{:?}", other.shape()),
    }
}

#[test]
fn half_inside_is_inside() {
    // Voxels of 1 mm to 2 mm: each new one covers two old ones; the middle one is half inside.
    let grid = grid([1, 1, 6], [1.0; 3]);
    let image = Volume::new(Voxels::F64(Array3::zeros((1, 1, 6))), Scaling::NONE, grid);
    let inside = [false, false, false, true, true, true];
    let inside = Array3::from_shape_vec((1, 1, 6), inside.to_vec()).expect("a row");
    let mask = MaskVolume::new(inside, grid).expect("one shape");
    let how = Resampling::ibsi([0.0, 0.0, 2.0], Interpolator::Linear);
    let (_, found) = resample(&image.expect("one shape"), &mask, &how).expect("a region");
    assert_eq!(
        found.inside().iter().copied().collect::<Vec<_>>(),
        [false, true, true]
    );
}

#[test]
fn number_types_are_kept_and_truncated_towards_zero() {
    let grid = grid([1, 1, 4], [1.0; 3]);
    let inside = MaskVolume::new(Array3::from_elem((1, 1, 4), true), grid).expect("one shape");
    let stored = Array3::from_shape_vec((1, 1, 4), vec![-3_i16, -2, 9, 12]).expect("a row");
    let how = Resampling::pyradiomics([1.0, 1.0, 2.0], Interpolator::Linear, 5);
    let image = Volume::new(Voxels::I16(stored.clone()), Scaling::NONE, grid).expect("one shape");
    let (found, _) = resample(&image, &inside, &how).expect("a region");
    // Half-way between neighbours: -2.5 and 10.5.
    let expected = Array3::from_shape_vec((1, 1, 2), vec![-2_i16, 10]).expect("a row");
    assert_eq!(found.voxels(), &Voxels::I16(expected));

    // A scaling makes single precision of it.
    let scaling = Scaling {
        slope: 0.5,
        intercept: 1.0,
    };
    let image = Volume::new(Voxels::I16(stored), scaling, grid).expect("one shape");
    let (found, _) = resample(&image, &inside, &how).expect("a region");
    let expected = Array3::from_shape_vec((1, 1, 2), vec![-0.25_f32, 6.25]).expect("a row");
    assert_eq!(found.voxels(), &Voxels::F32(expected));

    let how = Resampling {
        intensities: Intensities::NearestInteger,
        ..Resampling::ibsi([1.0, 1.0, 2.0], Interpolator::Linear)
    };
    let (found, _) = resample(&image, &inside, &how).expect("a region");
    let expected = Array3::from_shape_vec((1, 1, 2), vec![0.0, 6.0]).expect("a row");
    assert_eq!(found.voxels(), &Voxels::F64(expected));
}

#[test]
fn what_cannot_be_resampled_says_why() {
    let (image, mask) = pair([4, 4, 4], [1.0; 3], 1, |_| 0.0);
    let fails = |spacing: [f64; 3]| {
        resample(
            &image,
            &mask,
            &Resampling::ibsi(spacing, Interpolator::Linear),
        )
        .unwrap_err()
    };
    for spacing in [[-1.0, 1.0, 1.0], [f64::NAN, 1.0, 1.0], [1e-6; 3]] {
        let error = fails(spacing);
        assert!(matches!(error, FeatureError::Resampling { .. }), "{error}");
    }
    let nothing = MaskVolume::new(Array3::from_elem((4, 4, 4), false), *mask.grid());
    let how = Resampling::ibsi([2.0; 3], Interpolator::Linear);
    assert_eq!(
        resample(&image, &nothing.expect("one shape"), &how),
        Err(FeatureError::Emptied { step: "masking" })
    );
    // One voxel between the centres of a coarse grid.
    let mut speck = Array3::from_elem((4, 4, 4), false);
    speck[[0, 0, 0]] = true;
    let speck = MaskVolume::new(speck, *mask.grid()).expect("one shape");
    let how = Resampling::ibsi([4.0; 3], Interpolator::Linear);
    assert_eq!(
        resample(&image, &speck, &how),
        Err(FeatureError::Emptied { step: "resampling" })
    );
    let error = Interpolator::from_simple_itk("sitkGaussian").unwrap_err();
    assert!(error.to_string().contains("sitkBSpline"), "{error}");
}

#[test]
fn threads_change_no_bit() {
    let mut random = Random::new(8);
    let (image, mask) = pair([20, 70, 60], [2.0, 0.9, 1.1], 5, |_| {
        f64::from(random.below(1000)) * 0.1
    });
    let all = || {
        let resampled = ALL.map(|interpolator| {
            let how = Resampling::ibsi([1.5, 1.3, 1.7], interpolator);
            resample(&image, &mask, &how).expect("a region")
        });
        (resampled, normalise(&image, 100.0, Some(2.0)))
    };
    let [one, three] = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("threads").install(all)
    });
    assert_eq!(one, three);
}
