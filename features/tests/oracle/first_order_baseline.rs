//! Family `firstorder` on volumes against PyRadiomics' own baseline: five cases, each as it is, normalised,
//! resampled and re-segmented.

use raduet_features::engine::{self, Subject};
use raduet_features::processing::{Interpolator, Resampling, normalise, resample};
use raduet_features::settings::{Resegmentation, ResegmentationRange};
use raduet_features::{Discretisation, ExtractionOptions, FeatureSet, Roi};
use raduet_testkit::reference::Comparison;

use crate::baselines_pyradiomics::{Baseline, CASES, RELATIVE};
use crate::cases_pyradiomics::case;

/// Settings of the columns: suffix, bin width, shift of energies.
const TESTS: [(&str, f64, f64); 4] = [
    ("", 25.0, 2000.0),
    ("_normalization", 5.0, 0.0),
    ("_resampling", 25.0, 0.0),
    ("_resegmentation", 25.0, 0.0),
];

#[test]
fn first_order_on_volumes_has_the_values_of_the_baseline() {
    let test = "first_order_baseline";
    let Some(baseline) = Baseline::read(test, "firstorder") else {
        return;
    };
    let mut comparison = Comparison::default();
    let mut compared = 0;
    for name in CASES {
        let Some((image, mask)) = case(test, name) else {
            return;
        };
        for (suffix, width, voxel_array_shift) in TESTS {
            let (image, mask) = match suffix {
                "_normalization" => (normalise(&image, 100.0, None), mask.clone()),
                "_resampling" => {
                    let how = Resampling::pyradiomics([2.0; 3], Interpolator::CubicBSpline, 5);
                    resample(&image, &mask, &how).expect("a region")
                }
                _ => (image.clone(), mask.clone()),
            };
            let range = ResegmentationRange::Deviations {
                low: -3.0,
                high: 3.0,
            };
            let rule = Resegmentation {
                range: Some(range),
                outliers: None,
            };
            let options = ExtractionOptions {
                discretisation: Discretisation::PyRadiomicsFixedBinSize { width },
                voxel_array_shift,
                resegmentation: (suffix == "_resegmentation").then_some(rule),
                ..ExtractionOptions::default()
            };
            let settings = options.check().expect("valid settings");
            let morphology = Roi::from_volume(&image, &mask).expect("finite values");
            let morphology = morphology.expect("a region");
            let roi = match settings.resegmentation {
                None => morphology.clone(),
                Some(rule) => morphology.resegmented(rule).expect("a region"),
            };
            let set = FeatureSet::with(&["firstorder"], &settings).expect("a family");
            let subject = Subject {
                roi: &roi,
                morphology: &morphology,
                image: Some(&image),
            };
            let found = engine::measure(&set, &settings, subject).expect("features");
            let column = format!("{name}{suffix}");
            for (feature, found) in set.columns().iter().zip(found.values()) {
                let expected = baseline.text(feature, &column).expect("a column");
                let expected = expected.parse().expect("a number");
                comparison.check(
                    &format!("{column} {feature}"),
                    *found,
                    expected,
                    RELATIVE,
                    0.0,
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, CASES.len() * TESTS.len() * 18);
    comparison.finish(test);
}
