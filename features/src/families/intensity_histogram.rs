//! Intensity histogram (IBSI chapter 3.4, family ZVCW): the distribution of the grey levels.
//!
//! Symbols: `i` grey level of a voxel, `mu` mean, `m_k` k-th central moment, `n_i` how often level `i`
//! occurs, `1 <= i <= N_g` (the highest level in the region; levels that do not occur count with 0),
//! `p_i = n_i / n`, `H'_i` gradient of the histogram: `(n_(i+1) - n_(i-1)) / 2`, one-sided at both ends, 0
//! where there is one level only.

use crate::discretise::DiscretisedRoi;
use crate::families::distribution::Distribution;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::spec::{Feature, FeatureSpec, specs_of};

/// The family.
pub(crate) struct IntensityHistogram;

impl FeatureFamily for IntensityHistogram {
    fn id(&self) -> &'static str {
        "intensity_histogram"
    }

    fn profile(&self) -> Profile {
        Profile::Ibsi
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::GreyLevels
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let h = Histogram::new(region.grey_levels());
        values.extend(TABLE.iter().map(|feature| (feature.value)(&h)));
    }
}

/// What the features are read from.
struct Histogram {
    levels: Distribution,
    steepest_rise: Slope,
    steepest_fall: Slope,
}

/// The gradient of the histogram at a level.
#[derive(Clone, Copy)]
struct Slope {
    gradient: f64,
    level: f64,
}

impl Histogram {
    fn new(grey_levels: &DiscretisedRoi) -> Self {
        let levels = grey_levels.levels().iter().copied().map(f64::from);
        let levels = Distribution::new(levels.collect(), grey_levels.histogram().to_vec());

        let highest = grey_levels.highest_level() as usize;
        let mut n = vec![0.0; highest];
        for (level, count) in grey_levels.levels().iter().zip(grey_levels.histogram()) {
            n[*level as usize - 1] = f64::from(*count);
        }
        let mut rise = Slope {
            gradient: f64::NEG_INFINITY,
            level: 1.0,
        };
        let mut fall = Slope {
            gradient: f64::INFINITY,
            level: 1.0,
        };
        for at in 0..highest {
            let (from, to) = (at.saturating_sub(1), (at + 1).min(highest - 1));
            // Inside the steps are two levels wide, at the ends one; a single level has none.
            let gradient = (n[to] - n[from]) / (to - from).max(1) as f64;
            let level = (at + 1) as f64;
            if gradient > rise.gradient {
                rise = Slope { gradient, level };
            }
            if gradient < fall.gradient {
                fall = Slope { gradient, level };
            }
        }
        Self {
            levels,
            steepest_rise: rise,
            steepest_fall: fall,
        }
    }

    fn mode(&self) -> f64 {
        let levels = self.levels.values().iter().zip(self.levels.counts());
        let distance = |level: f64| (level - self.levels.mean()).abs();
        let (mut mode, mut most) = (self.levels.minimum(), 0);
        for (level, count) in levels {
            if *count > most || *count == most && distance(*level) < distance(mode) {
                (mode, most) = (*level, *count);
            }
        }
        mode
    }

    fn entropy(&self) -> f64 {
        // Only levels that occur are listed: no logarithm of zero. `0 -` turns the -0 of one level into 0.
        0.0 - self
            .levels
            .probabilities()
            .map(|p| p * p.log2())
            .sum::<f64>()
    }
}

/// The 23 features in the standard's order.
const TABLE: &[Feature<Histogram>] = &[
    Feature::new(
        "intensity_histogram_mean",
        None,
        Some("X6K6"),
        "level",
        "mu, mean of i",
        |h| h.levels.mean(),
    ),
    Feature::new(
        "intensity_histogram_variance",
        None,
        Some("CH89"),
        "level^2",
        "m_2",
        |h| h.levels.variance(),
    ),
    Feature::new(
        "intensity_histogram_skewness",
        None,
        Some("88K1"),
        "1",
        "m_3 / m_2^1.5; 0 for a flat region",
        |h| h.levels.skewness(),
    ),
    Feature::new(
        "intensity_histogram_excess_kurtosis",
        None,
        Some("C3I7"),
        "1",
        "m_4 / m_2^2 - 3; 0 for a flat region",
        |h| h.levels.excess_kurtosis(),
    ),
    Feature::new(
        "intensity_histogram_median",
        None,
        Some("WIFQ"),
        "level",
        "median of i",
        |h| h.levels.median(),
    ),
    Feature::new(
        "intensity_histogram_minimum",
        None,
        Some("1PR8"),
        "level",
        "lowest i",
        |h| h.levels.minimum(),
    ),
    Feature::new(
        "intensity_histogram_10_percentile",
        None,
        Some("GPMT"),
        "level",
        "10th percentile of i",
        |h| h.levels.quantile(0.1),
    ),
    Feature::new(
        "intensity_histogram_90_percentile",
        None,
        Some("OZ0C"),
        "level",
        "90th percentile of i",
        |h| h.levels.quantile(0.9),
    ),
    Feature::new(
        "intensity_histogram_maximum",
        None,
        Some("3NCY"),
        "level",
        "highest i",
        |h| h.levels.maximum(),
    ),
    Feature::new(
        "intensity_histogram_mode",
        None,
        Some("AMMC"),
        "level",
        "the i that occurs most often; of several the one nearest to mu, of two equally near the lower",
        Histogram::mode,
    ),
    Feature::new(
        "intensity_histogram_interquartile_range",
        None,
        Some("WR0O"),
        "level",
        "P75 - P25, 75th minus 25th percentile of i",
        |h| h.levels.interquartile_range(),
    ),
    Feature::new(
        "intensity_histogram_range",
        None,
        Some("5Z3W"),
        "level",
        "highest minus lowest i",
        |h| h.levels.range(),
    ),
    Feature::new(
        "intensity_histogram_mean_absolute_deviation",
        None,
        Some("D2ZX"),
        "level",
        "mean of |i - mu|",
        |h| h.levels.mean_deviation_from(h.levels.mean()),
    ),
    Feature::new(
        "intensity_histogram_robust_mean_absolute_deviation",
        None,
        Some("WRZB"),
        "level",
        "mean absolute deviation of the i from the 10th to the 90th percentile, both included",
        |h: &Histogram| h.levels.robust_mean_absolute_deviation(),
    )
    .undefined_when("the region has two voxels, which both lie outside their percentiles"),
    Feature::new(
        "intensity_histogram_median_absolute_deviation",
        None,
        Some("4RNL"),
        "level",
        "mean of |i - median|",
        |h| h.levels.mean_deviation_from(h.levels.median()),
    ),
    Feature::new(
        "intensity_histogram_coefficient_of_variation",
        None,
        Some("CWYJ"),
        "1",
        "sqrt(m_2) / mu",
        |h| h.levels.coefficient_of_variation(),
    ),
    Feature::new(
        "intensity_histogram_quartile_coefficient_of_dispersion",
        None,
        Some("SLWD"),
        "1",
        "(P75 - P25) / (P75 + P25)",
        |h| h.levels.quartile_dispersion(),
    ),
    Feature::new(
        "intensity_histogram_entropy",
        None,
        Some("TLU2"),
        "bit",
        "-sum of p_i log2(p_i)",
        Histogram::entropy,
    ),
    Feature::new(
        "intensity_histogram_uniformity",
        None,
        Some("BJ5W"),
        "1",
        "sum of p_i^2",
        |h| h.levels.probabilities().map(|p| p * p).sum(),
    ),
    Feature::new(
        "intensity_histogram_maximum_gradient",
        None,
        Some("12CE"),
        "1",
        "highest H'_i",
        |h| h.steepest_rise.gradient,
    ),
    Feature::new(
        "intensity_histogram_maximum_gradient_level",
        None,
        Some("8E6O"),
        "level",
        "lowest i with the highest H'_i",
        |h| h.steepest_rise.level,
    ),
    Feature::new(
        "intensity_histogram_minimum_gradient",
        None,
        Some("VQB3"),
        "1",
        "lowest H'_i",
        |h| h.steepest_fall.gradient,
    ),
    Feature::new(
        "intensity_histogram_minimum_gradient_level",
        None,
        Some("RHQZ"),
        "level",
        "lowest i with the lowest H'_i",
        |h| h.steepest_fall.level,
    ),
];
