//! Statistics and histograms of the standard on regions of a few voxels, where the values can be written
//! down and are undefined exactly where the features say so.

use ndarray::Array3;
use raduet_features::settings::{IvhBins, Resegmentation, ResegmentationRange};
use raduet_features::{
    Discretisation, ExtractionOptions, FeatureSet, Profile, Roi, Spacing, engine,
};

const FAMILIES: [&str; 3] = [
    "statistics",
    "intensity_histogram",
    "intensity_volume_histogram",
];

fn options() -> ExtractionOptions {
    ExtractionOptions {
        profile: Profile::Ibsi,
        discretisation: Discretisation::FixedBinSize {
            width: 1.0,
            lower: None,
        },
        ..ExtractionOptions::default()
    }
}

fn measured(values: &[f64], options: ExtractionOptions) -> impl Fn(&str) -> f64 + use<> {
    let settings = options.check().expect("valid settings");
    let set = FeatureSet::with(&FAMILIES, &settings).expect("families");
    let values = Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).expect("a row");
    let inside = values.mapv(|_| true);
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    let roi = Roi::from_arrays(&values, &inside, spacing).expect("finite");
    let found = engine::extract_one(&set, &settings, &roi.expect("a region")).expect("features");
    for (column, value) in set.described_columns().iter().zip(found.values()) {
        assert!(
            !value.is_nan() || column.spec.undefined_when.is_some(),
            "{} has no value and does not say when",
            column.spec.name
        );
    }
    move |name| found.values()[set.position(name).unwrap_or_else(|| panic!("no {name}"))]
}

fn exactly(found: f64, expected: f64) {
    assert_eq!(found.to_bits(), expected.to_bits(), "{found} {expected}");
}

#[test]
fn one_voxel_and_flat_regions() {
    for values in [vec![7.0], vec![7.0; 5], vec![0.1; 3]] {
        let found = measured(&values, options());
        for zero in [
            "statistics_variance",
            "statistics_skewness",
            "statistics_excess_kurtosis",
            "statistics_robust_mean_absolute_deviation",
            "statistics_coefficient_of_variation",
            "statistics_quartile_coefficient_of_dispersion",
            "intensity_histogram_entropy",
            "intensity_histogram_maximum_gradient",
            "intensity_histogram_minimum_gradient",
        ] {
            exactly(found(zero), 0.0);
        }
        exactly(found("statistics_mean"), values[0]);
        exactly(found("intensity_histogram_uniformity"), 1.0);
        exactly(found("intensity_histogram_mode"), 1.0);
        // No volume has more than the only intensity.
        exactly(found("intensity_volume_histogram_i90"), values[0] + 1.0);
        for undefined in ["v10", "v90", "v10_minus_v90"] {
            let name = format!("intensity_volume_histogram_{undefined}");
            assert!(found(&name).is_nan(), "{name}");
        }
    }
}

#[test]
fn a_mean_of_zero_leaves_quotients_undefined() {
    let found = measured(&[-1.0, 1.0], options());
    for undefined in [
        "statistics_coefficient_of_variation",
        "statistics_quartile_coefficient_of_dispersion",
        "statistics_robust_mean_absolute_deviation",
    ] {
        assert!(found(undefined).is_nan(), "{undefined}");
    }
}

/// Counts 1, 0, 3, 1 of the levels 1 to 4: gradients -1, 1, 0.5, -2.
#[test]
fn the_gradient_counts_levels_that_do_not_occur() {
    let found = measured(&[1.0, 3.0, 3.0, 3.0, 4.0], options());
    exactly(found("intensity_histogram_maximum_gradient"), 1.0);
    exactly(found("intensity_histogram_maximum_gradient_level"), 2.0);
    exactly(found("intensity_histogram_minimum_gradient"), -2.0);
    exactly(found("intensity_histogram_minimum_gradient_level"), 4.0);
    exactly(found("intensity_histogram_mode"), 3.0);
}

/// Levels 1 and 5 occur three times, the mean is 3.5: the mode is the nearer one.
#[test]
fn of_several_modes_the_nearest_to_the_mean() {
    let found = measured(&[1.0, 1.0, 5.0, 5.0, 5.0, 1.0, 6.0, 4.0], options());
    exactly(found("intensity_histogram_mode"), 5.0);
}

/// Ten voxels 0 to 9 in the range 0 to 100: everything is below 10 % of it.
#[test]
fn the_range_of_resegmentation_is_that_of_the_histogram() {
    let ramp: Vec<f64> = (0..10).map(f64::from).collect();
    let range = |low, high| {
        Some(Resegmentation {
            range: Some(ResegmentationRange::Absolute { low, high }),
            outliers: None,
        })
    };
    let with = |ivh, resegmentation| {
        let options = ExtractionOptions {
            ivh,
            resegmentation,
            ..options()
        };
        let found = measured(&ramp, options);
        ["v10", "v90", "i10", "i90"]
            .map(|name| found(&format!("intensity_volume_histogram_{name}")))
    };
    // From 0.9 on: voxels 1 to 9; from 8.1 on: 9. At most a tenth is at or above 9; at most nine tenths 1.
    assert_close(with(IvhBins::Discrete, None), [0.9, 0.1, 9.0, 1.0]);
    assert_close(
        with(IvhBins::Discrete, range(0.0, 100.0)),
        [0.0, 0.0, 9.0, 1.0],
    );
    // Half-open: the upper end is that of the region; a tenth of -11 to 9 is -9, nine tenths are 7.
    let half_open = range(-11.0, f64::INFINITY);
    assert_close(with(IvhBins::Discrete, half_open), [1.0, 0.3, 9.0, 1.0]);
    // Bins of 2 from 0 with centres 1, 3 … 9; G from 1 to 8, a tenth of it is 1.7, nine tenths 7.3.
    let continuous = IvhBins::Continuous { width: 2.0 };
    assert_close(with(continuous, None), [0.8, 0.2, 11.0, 3.0]);
    // Five levels of two voxels each; the first at or above 1.4 is 2, the first at or above 4.6 is 5.
    let arbitrary = IvhBins::Arbitrary { count: 5 };
    assert_close(with(arbitrary, None), [0.8, 0.2, 6.0, 2.0]);
}

fn assert_close(found: [f64; 4], expected: [f64; 4]) {
    let near = std::iter::zip(found, expected).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(near, "{found:?} {expected:?}");
}
