//! Intensity-based statistics (IBSI chapter 3.3, family UHIW): the distribution of the intensities of the
//! intensity mask.
//!
//! Symbols: `x` intensities of the region, `n` their number, `mu` their mean, `m_k` the k-th central moment
//! `Σ (x - mu)^k / n`. What PyRadiomics calls first order is a family of its own: kurtosis, energy and the
//! conventions for flat regions differ.

use crate::families::distribution::Distribution;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::spec::{Feature, FeatureSpec, specs_of};

/// The family.
pub(crate) struct Statistics;

impl FeatureFamily for Statistics {
    fn id(&self) -> &'static str {
        "statistics"
    }

    fn profile(&self) -> Profile {
        Profile::Ibsi
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::Intensities
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let x = Distribution::of_intensities(region.roi);
        values.extend(TABLE.iter().map(|feature| (feature.value)(&x)));
    }
}

/// The 18 features in the standard's order.
const TABLE: &[Feature<Distribution>] = &[
    Feature::new(
        "statistics_mean",
        None,
        Some("Q4LE"),
        "intensity",
        "mu, mean of x",
        Distribution::mean,
    ),
    Feature::new(
        "statistics_variance",
        None,
        Some("ECT3"),
        "intensity^2",
        "m_2",
        Distribution::variance,
    ),
    Feature::new(
        "statistics_skewness",
        None,
        Some("KE2A"),
        "1",
        "m_3 / m_2^1.5; 0 for a flat region",
        Distribution::skewness,
    ),
    Feature::new(
        "statistics_excess_kurtosis",
        None,
        Some("IPH6"),
        "1",
        "m_4 / m_2^2 - 3; 0 for a flat region",
        Distribution::excess_kurtosis,
    ),
    Feature::new(
        "statistics_median",
        None,
        Some("Y12H"),
        "intensity",
        "median of x",
        Distribution::median,
    ),
    Feature::new(
        "statistics_minimum",
        None,
        Some("1GSF"),
        "intensity",
        "lowest x",
        Distribution::minimum,
    ),
    Feature::new(
        "statistics_10_percentile",
        None,
        Some("QG58"),
        "intensity",
        "10th percentile of x",
        |x| x.quantile(0.1),
    ),
    Feature::new(
        "statistics_90_percentile",
        None,
        Some("8DWT"),
        "intensity",
        "90th percentile of x",
        |x| x.quantile(0.9),
    ),
    Feature::new(
        "statistics_maximum",
        None,
        Some("84IY"),
        "intensity",
        "highest x",
        Distribution::maximum,
    ),
    Feature::new(
        "statistics_interquartile_range",
        None,
        Some("SALO"),
        "intensity",
        "P75 - P25, 75th minus 25th percentile of x",
        Distribution::interquartile_range,
    ),
    Feature::new(
        "statistics_range",
        None,
        Some("2OJQ"),
        "intensity",
        "highest minus lowest x",
        Distribution::range,
    ),
    Feature::new(
        "statistics_mean_absolute_deviation",
        None,
        Some("4FUA"),
        "intensity",
        "mean of |x - mu|",
        |x| x.mean_deviation_from(x.mean()),
    ),
    Feature::new(
        "statistics_robust_mean_absolute_deviation",
        None,
        Some("1128"),
        "intensity",
        "mean absolute deviation of the x from the 10th to the 90th percentile, both included",
        Distribution::robust_mean_absolute_deviation,
    )
    .undefined_when("the region has two voxels, which both lie outside their percentiles"),
    Feature::new(
        "statistics_median_absolute_deviation",
        None,
        Some("N72L"),
        "intensity",
        "mean of |x - median|",
        |x| x.mean_deviation_from(x.median()),
    ),
    Feature::new(
        "statistics_coefficient_of_variation",
        None,
        Some("7TET"),
        "1",
        "sqrt(m_2) / mu",
        Distribution::coefficient_of_variation,
    )
    .undefined_when("the mean is zero"),
    Feature::new(
        "statistics_quartile_coefficient_of_dispersion",
        None,
        Some("9S40"),
        "1",
        "(P75 - P25) / (P75 + P25)",
        Distribution::quartile_dispersion,
    )
    .undefined_when("the quartiles add up to zero"),
    Feature::new(
        "statistics_energy",
        None,
        Some("N8CA"),
        "intensity^2",
        "sum of x^2",
        |x| x.sum(|x| x * x),
    ),
    Feature::new(
        "statistics_root_mean_square",
        None,
        Some("5ZWQ"),
        "intensity",
        "square root of the mean of x^2",
        |x| (x.sum(|x| x * x) / x.n()).sqrt(),
    ),
];
