//! Invariants: what must not change the features, or not a single bit of them.

use ndarray::{Array3, s};
use proptest::prelude::*;
use raduet_features::{
    Affine, Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Grid, MaskVolume,
    Roi, Scaling, Spacing, Volume, Voxels, engine,
};
use raduet_testkit::phantoms::{self, Random};

/// A slice of whole numbers with a mask; at least one pixel is inside.
#[derive(Debug, Clone)]
struct Slice {
    values: Array3<f64>,
    inside: Array3<bool>,
}

prop_compose! {
    fn slices()(rows in 1_usize..14, columns in 1_usize..14, seed in any::<u64>(), holes in 0_u32..8) -> Slice {
        let shape = (1, rows, columns);
        let texture = phantoms::texture(rows, columns, 120, seed);
        let mut random = Random::new(!seed);
        let mut inside: Vec<bool> = (0..rows * columns).map(|_| random.below(10) >= holes).collect();
        inside[rows * columns / 2] = true;
        Slice {
            values: Array3::from_shape_vec(shape, texture).expect("a slice").mapv(f64::from),
            inside: Array3::from_shape_vec(shape, inside).expect("a slice"),
        }
    }
}

fn roi(slice: &Slice) -> Roi {
    let spacing = Spacing::new([3.0, 0.7, 1.1]).expect("a spacing");
    let roi = Roi::from_arrays(&slice.values, &slice.inside, spacing);
    roi.expect("finite values").expect("a pixel")
}

fn settings(discretisation: Discretisation) -> ExtractionSettings {
    let options = ExtractionOptions {
        discretisation,
        ..ExtractionOptions::default()
    };
    options.check().expect("valid settings")
}

fn width(width: f64) -> ExtractionSettings {
    settings(Discretisation::PyRadiomicsFixedBinSize { width })
}

fn features(ids: &[&str], settings: &ExtractionSettings, roi: &Roi) -> Vec<f64> {
    let set = FeatureSet::of(ids).expect("families");
    engine::extract_one(&set, settings, roi)
        .expect("features")
        .into_values()
}

const ALL: &[&str] = &["shape2d", "firstorder", "glcm", "glrlm", "glszm"];
const TEXTURES: &[&str] = &["glcm", "glrlm", "glszm"];

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Equal up to rounding, NaN where NaN.
fn near(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-10 * a.abs().max(b.abs()) + 1e-12
        })
}

proptest! {
    // A failing case is printed; nothing is written.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Where the region lies in the image, and what is around it, plays no part.
    #[test]
    fn padding_and_shifting_keep_every_bit(slice in slices(), before in 0_usize..5, after in 0_usize..5) {
        let (_, rows, columns) = slice.values.dim();
        let shape = (1, rows + before + after, columns + 2 * before + after);
        let mut padded = Slice {
            values: Array3::from_elem(shape, f64::NAN),
            inside: Array3::from_elem(shape, false),
        };
        let place = s![.., before..before + rows, 2 * before..2 * before + columns];
        padded.values.slice_mut(place).assign(&slice.values);
        padded.inside.slice_mut(place).assign(&slice.inside);
        let (plain, shifted) = (roi(&slice), roi(&padded));
        let settings = width(25.0);
        prop_assert_eq!(
            bits(&features(ALL, &settings, &plain)),
            bits(&features(ALL, &settings, &shifted))
        );
    }

    /// Adding a multiple of the bin width moves no pixel into another bin.
    #[test]
    fn adding_whole_bins_keeps_every_bit_of_texture(slice in slices(), bins in -9_i32..9) {
        let moved = Slice { values: slice.values.mapv(|value| value + f64::from(bins) * 25.0), ..slice.clone() };
        prop_assert_eq!(
            bits(&features(TEXTURES, &width(25.0), &roi(&slice))),
            bits(&features(TEXTURES, &width(25.0), &roi(&moved)))
        );
    }

    /// A number of bins follows the range: doubling is exact in binary, so no pixel changes its bin.
    #[test]
    fn scaling_keeps_every_bit_of_texture_for_a_bin_count(slice in slices()) {
        let scaled = Slice { values: slice.values.mapv(|value| value * 4.0), ..slice.clone() };
        let counts = settings(Discretisation::PyRadiomicsFixedBinNumber { count: 16 });
        let range = slice.values.iter().zip(&slice.inside).filter(|(_, inside)| **inside);
        let range = range.fold((f64::MAX, f64::MIN), |(low, high), (value, _)| (low.min(*value), high.max(*value)));
        // A flat region is widened by a fixed half on both sides, whatever its scale.
        prop_assume!(range.0 < range.1);
        prop_assert_eq!(
            bits(&features(TEXTURES, &counts, &roi(&slice))),
            bits(&features(TEXTURES, &counts, &roi(&scaled)))
        );
    }

    /// Turning a slice by 90° turns its directions into each other.
    #[test]
    fn a_quarter_turn_changes_rounding_only(slice in slices()) {
        let turn = |array: &Array3<f64>| {
            let mut turned = array.view().permuted_axes([0, 2, 1]);
            turned.invert_axis(ndarray::Axis(2));
            turned.as_standard_layout().into_owned()
        };
        let turned = Slice {
            values: turn(&slice.values),
            inside: turn(&slice.inside.mapv(|inside| f64::from(u8::from(inside)))).mapv(|inside| inside > 0.5),
        };
        let families = ["firstorder", "glcm", "glrlm", "glszm"];
        let (a, b) = (
            features(&families, &width(10.0), &roi(&slice)),
            features(&families, &width(10.0), &roi(&turned)),
        );
        prop_assert!(near(&a, &b), "{:?}\n{:?}", a, b);
    }

    /// Values stay within the bounds that follow from their definitions.
    #[test]
    fn values_keep_their_bounds(slice in slices()) {
        let set = FeatureSet::all_2d();
        let roi = roi(&slice);
        let found = engine::extract_one(&set, &width(10.0), &roi).expect("features");
        let value = |name: &str| found.values()[set.position(name).expect("a feature")];
        for (name, low, high) in [
            ("firstorder_uniformity", 0.0, 1.0),
            ("shape2d_elongation", 0.0, 1.0),
            ("glcm_angular_second_moment", 0.0, 1.0),
            ("glcm_joint_maximum", 0.0, 1.0),
            ("glcm_maximal_correlation_coefficient", 0.0, 1.0),
            ("glcm_correlation", -1.0, 1.0),
            ("glcm_information_correlation_1", -1.0, 0.0),
            ("glcm_information_correlation_2", 0.0, 1.0),
            ("glcm_inverse_difference", 0.0, 1.0),
            ("glrlm_run_percentage", 0.0, 1.0),
            ("glrlm_short_run_emphasis", 0.0, 1.0),
            ("glszm_zone_percentage", 0.0, 1.0),
            ("glszm_grey_level_non_uniformity_normalised", 0.0, 1.0),
        ] {
            let value = value(name);
            prop_assert!(value.is_nan() || (value > low - 1e-12 && value < high + 1e-12), "{} {}", name, value);
        }
        let twice = value("glcm_sum_average") - 2.0 * value("glcm_joint_average");
        prop_assert!(twice.is_nan() || twice.abs() < 1e-10);
    }
}

/// The same bits on one, two and four threads, in the order of the regions.
#[test]
fn threads_change_no_bit() {
    let rois: Vec<Roi> = (0..40)
        .map(|seed| {
            let (rows, columns) = (20 + seed % 7, 31 - seed % 5);
            let texture = phantoms::texture(rows, columns, 300, seed as u64);
            let values = Array3::from_shape_vec((1, rows, columns), texture).expect("a slice");
            let inside = values.mapv(|value| value % 11 != 3);
            roi(&Slice {
                values: values.mapv(f64::from),
                inside,
            })
        })
        .collect();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let set = FeatureSet::all_2d();
        pool.install(|| engine::extract(&set, &width(5.0), &rois))
            .into_iter()
            .map(|found| bits(found.expect("features").values()))
            .collect::<Vec<_>>()
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(4));
    let alone: Vec<_> = rois
        .iter()
        .map(|roi| bits(&features(ALL, &width(5.0), roi)))
        .collect();
    assert_eq!(one, alone);
}

/// Volumes keep their number type; scaling and slicing give the same region as plain arrays.
#[test]
fn a_slice_of_a_volume_is_the_region_of_its_values() {
    let grid = Grid {
        shape: [3, 6, 5],
        spacing: Spacing::new([3.0, 0.7, 1.1]).expect("a spacing"),
        affine: Affine([
            [1.1, 0.0, 0.0, 0.0],
            [0.0, 0.7, 0.0, 0.0],
            [0.0, 0.0, 3.0, 0.0],
        ]),
    };
    let stored = Array3::from_shape_fn((3, 6, 5), |(z, y, x)| {
        i16::try_from(100 * z + 10 * y + x).expect("small") - 90
    });
    let inside = Array3::from_shape_fn((3, 6, 5), |(z, y, x)| {
        z != 0 && (y + x + z) % 3 > 0 && y > 1
    });
    let scaling = Scaling {
        slope: 0.5,
        intercept: -7.0,
    };
    let volume = Volume::new(Voxels::I16(stored.clone()), scaling, grid).expect("one shape");
    let mask = MaskVolume::new(inside.clone(), grid).expect("one shape");
    assert_eq!(mask.occupied_slices(), [1, 2]);
    assert_eq!(Roi::from_slice(&volume, &mask, 0), Ok(None));
    for z in [1, 2] {
        let found = Roi::from_slice(&volume, &mask, z)
            .expect("a slice")
            .expect("a region");
        let slice = Slice {
            values: stored
                .slice(s![z..=z, .., ..])
                .mapv(|value| f64::from(value) * 0.5 - 7.0),
            inside: inside.slice(s![z..=z, .., ..]).to_owned(),
        };
        assert_eq!(found.intensities(), roi(&slice).intensities());
        assert_eq!(found.offset()[0], z);
        assert_eq!(
            bits(&features(ALL, &width(2.0), &found)),
            bits(&features(ALL, &width(2.0), &roi(&slice)))
        );
        let whole = volume.slice_f64(z).expect("a slice");
        assert_eq!(whole, slice.values.index_axis(ndarray::Axis(0), 0));
    }
}

/// What cannot be computed is an error that says what was found.
#[test]
fn bad_input_is_refused_with_a_reason() {
    let slice = Slice {
        values: Array3::from_shape_fn((2, 3, 3), |(z, y, x)| (z + y * x) as f64 * 1e6),
        inside: Array3::from_elem((2, 3, 3), true),
    };
    let region = roi(&slice);
    let set = FeatureSet::all_2d();
    let message = |settings: &ExtractionSettings, roi: &Roi, set: &FeatureSet| {
        engine::extract_one(set, settings, roi)
            .expect_err("refused")
            .to_string()
    };
    assert!(message(&width(25.0), &region, &set).contains("single slices"));
    let first_order = FeatureSet::of(&["firstorder"]).expect("a family");
    let bins = message(&width(25.0), &region, &first_order);
    assert!(
        bins.contains("200001 bins") && bins.contains("78125"),
        "{bins}"
    );
    let large = ExtractionOptions {
        minimum_pixels: 19,
        ..ExtractionOptions::default()
    };
    let small = message(&large.check().expect("valid"), &region, &first_order);
    assert!(
        small.contains("18 pixels") && small.contains("19"),
        "{small}"
    );
    assert!(FeatureSet::of(&["glcm", "glcm"]).is_err());
    let unknown = FeatureSet::of(&["gclm"]).expect_err("refused").to_string();
    assert!(
        unknown.contains("gclm") && unknown.contains("glrlm"),
        "{unknown}"
    );
}
