//! Ramps, whose statistics are sums that can be written down, and a second way to the same numbers.

use ndarray::Array3;
use raduet_features::{Discretisation, ExtractionOptions, FeatureSet, Roi, Spacing, engine};
use raduet_testkit::phantoms::Random;

/// Rounding of sums over a thousand numbers.
const TOLERANCE: f64 = 1e-12;

fn statistics(values: &[f64], width: f64, shift: f64) -> impl Fn(&str) -> f64 + use<> {
    let set = FeatureSet::of(&["firstorder"]).expect("a family");
    let options = ExtractionOptions {
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width },
        voxel_array_shift: shift,
        ..ExtractionOptions::default()
    };
    let values = Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).expect("a row");
    let inside = values.mapv(|_| true);
    let spacing = Spacing::new([3.0, 0.5, 0.25]).expect("a spacing");
    let roi = Roi::from_arrays(&values, &inside, spacing)
        .expect("finite")
        .expect("a region");
    let settings = options.check().expect("valid settings");
    let found = engine::extract_one(&set, &settings, &roi).expect("features");
    move |name| {
        found.values()[set
            .position(&format!("firstorder_{name}"))
            .expect("a feature")]
    }
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= TOLERANCE * expected.abs(),
        "{found} {expected}"
    );
}

/// The whole numbers 0 to n - 1, n - 1 divisible by 20 so that all percentiles are among them.
#[test]
fn a_ramp() {
    let n: u32 = 1001;
    let ramp: Vec<f64> = (0..n).map(f64::from).collect();
    let found = statistics(&ramp, 1.0, 0.0);
    let n = f64::from(n);
    near(found("minimum"), 0.0);
    near(found("maximum"), n - 1.0);
    near(found("range"), n - 1.0);
    near(found("mean"), (n - 1.0) / 2.0);
    near(found("median"), (n - 1.0) / 2.0);
    near(found("10_percentile"), 0.1 * (n - 1.0));
    near(found("90_percentile"), 0.9 * (n - 1.0));
    near(found("interquartile_range"), 0.5 * (n - 1.0));
    near(found("variance"), (n * n - 1.0) / 12.0);
    assert!(found("skewness").abs() < TOLERANCE);
    near(
        found("kurtosis"),
        3.0 * (3.0 * n * n - 7.0) / (5.0 * (n * n - 1.0)),
    );
    near(found("energy"), (n - 1.0) * n * (2.0 * n - 1.0) / 6.0);
    near(
        found("total_energy"),
        (n - 1.0) * n * (2.0 * n - 1.0) / 6.0 * 0.375,
    );
    near(
        found("root_mean_squared"),
        ((n - 1.0) * (2.0 * n - 1.0) / 6.0).sqrt(),
    );
    // Mean distance from the middle of m (odd) neighbouring whole numbers: (m² - 1) / (4 m).
    near(found("mean_absolute_deviation"), (n * n - 1.0) / (4.0 * n));
    let m = 0.8 * (n - 1.0) + 1.0;
    near(
        found("robust_mean_absolute_deviation"),
        (m * m - 1.0) / (4.0 * m),
    );
    near(found("entropy"), n.log2());
    near(found("uniformity"), 1.0 / n);
}

#[test]
fn the_shift_enters_energies_only() {
    let values = [-3.0, 1.0, 4.0];
    let (plain, shifted) = (
        statistics(&values, 1.0, 0.0),
        statistics(&values, 1.0, 10.0),
    );
    near(shifted("energy"), 49.0 + 121.0 + 196.0);
    near(shifted("total_energy"), 366.0 * 0.375);
    near(shifted("root_mean_squared"), 122.0_f64.sqrt());
    for name in [
        "mean",
        "variance",
        "skewness",
        "entropy",
        "minimum",
        "10_percentile",
    ] {
        assert_eq!(plain(name).to_bits(), shifted(name).to_bits(), "{name}");
    }
}

/// Percentiles and moments by their definitions, term by term.
#[test]
fn percentiles_and_moments_by_definition() {
    let mut random = Random::new(5);
    for n in [2_u32, 3, 10, 101, 1000] {
        let values: Vec<f64> = (0..n)
            .map(|_| f64::from(random.below(500)) / 7.0 - 20.0)
            .collect();
        let found = statistics(&values, 1.0, 0.0);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        // The straight line through the two order statistics around q percent of n - 1.
        let percentile = |q: u32| {
            let (below, rest) = (q * (n - 1) / 100, q * (n - 1) % 100);
            let below = below as usize;
            let above = (below + 1).min(sorted.len() - 1);
            sorted[below] + (sorted[above] - sorted[below]) * f64::from(rest) / 100.0
        };
        near(found("10_percentile"), percentile(10));
        near(found("90_percentile"), percentile(90));
        near(
            found("interquartile_range"),
            percentile(75) - percentile(25),
        );
        near(found("median"), percentile(50));
        let n = f64::from(n);
        let mean = values.iter().sum::<f64>() / n;
        let moment = |k| values.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
        near(found("mean"), mean);
        near(found("variance"), moment(2));
        near(found("kurtosis"), moment(4) / moment(2).powi(2));
        assert!((found("skewness") - moment(3) / moment(2).powf(1.5)).abs() < TOLERANCE);
    }
}
