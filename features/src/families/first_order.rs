//! First-order statistics of the intensities (IBSI family UHIW) and, for entropy and uniformity, of
//! their grey levels (IBSI family ZVCW).
//!
//! Symbols: `x` intensities of the region, `n` their number, `mu` their mean, `m_k` the k-th central
//! moment `Σ (x - mu)^k / n`, `c` the setting `voxel_array_shift`, `p_i` the fraction of pixels with
//! grey level `i`, `ε` = 2.2e-16.
//!
//! Percentiles are interpolated linearly, see [`Distribution`].

use crate::families::distribution::Distribution;
use crate::families::entropy;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::spec::{Feature, FeatureSpec, specs_of};

/// The family.
pub(crate) struct FirstOrder;

impl FeatureFamily for FirstOrder {
    fn id(&self) -> &'static str {
        "firstorder"
    }

    fn profile(&self) -> Profile {
        Profile::PyRadiomics
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
        let sample = Sample::new(region);
        values.extend(TABLE.iter().map(|feature| (feature.value)(&sample)));
    }
}

/// What the features are read from.
struct Sample {
    x: Distribution,
    /// `Σ (x + c)²`.
    energy: f64,
    voxel_volume: f64,
    /// `p_i` of the grey levels that occur.
    p: Vec<f64>,
}

impl Sample {
    fn new(region: &Region<'_>) -> Self {
        let levels = region.grey_levels();
        let x = levels.whole_numbers().map_or_else(
            || Distribution::of_intensities(region.roi),
            Distribution::of_numbers,
        );
        let shift = region.settings.voxel_array_shift;
        let n = levels.pixels() as f64;
        let p = levels.histogram().iter().map(|count| f64::from(*count) / n);
        let [depth, height, width] = region.roi.spacing().zyx();
        Self {
            energy: x.sum(|x| (x + shift) * (x + shift)),
            voxel_volume: depth * height * width,
            p: p.collect(),
            x,
        }
    }
}

/// The 18 features in PyRadiomics' order.
const TABLE: &[Feature<Sample>] = &[
    Feature::new(
        "firstorder_10_percentile",
        Some("firstorder_10Percentile"),
        Some("QG58"),
        "intensity",
        "10th percentile of x",
        |s| s.x.quantile(0.1),
    ),
    Feature::new(
        "firstorder_90_percentile",
        Some("firstorder_90Percentile"),
        Some("8DWT"),
        "intensity",
        "90th percentile of x",
        |s| s.x.quantile(0.9),
    ),
    Feature::new(
        "firstorder_energy",
        Some("firstorder_Energy"),
        Some("N8CA"),
        "intensity^2",
        "sum of (x + c)^2",
        |s| s.energy,
    ),
    Feature::new(
        "firstorder_entropy",
        Some("firstorder_Entropy"),
        Some("TLU2"),
        "bit",
        "-sum of p_i log2(p_i + ε) over grey levels",
        |s| entropy::of(s.p.iter().copied()),
    ),
    Feature::new(
        "firstorder_interquartile_range",
        Some("firstorder_InterquartileRange"),
        Some("SALO"),
        "intensity",
        "75th minus 25th percentile of x",
        |s| s.x.interquartile_range(),
    ),
    Feature::new(
        "firstorder_kurtosis",
        Some("firstorder_Kurtosis"),
        // IBSI's IPH6 is the excess kurtosis, lower by 3.
        None,
        "1",
        "m_4 / m_2^2, not reduced by 3; 0 for a flat region",
        |s| if s.x.is_flat() { 0.0 } else { s.x.kurtosis() },
    ),
    Feature::new(
        "firstorder_maximum",
        Some("firstorder_Maximum"),
        Some("84IY"),
        "intensity",
        "highest x",
        |s| s.x.maximum(),
    ),
    Feature::new(
        "firstorder_mean_absolute_deviation",
        Some("firstorder_MeanAbsoluteDeviation"),
        Some("4FUA"),
        "intensity",
        "mean of |x - mu|",
        |s| s.x.mean_deviation_from(s.x.mean()),
    ),
    Feature::new(
        "firstorder_mean",
        Some("firstorder_Mean"),
        Some("Q4LE"),
        "intensity",
        "mu, mean of x",
        |s| s.x.mean(),
    ),
    Feature::new(
        "firstorder_median",
        Some("firstorder_Median"),
        Some("Y12H"),
        "intensity",
        "median of x",
        |s| s.x.median(),
    ),
    Feature::new(
        "firstorder_minimum",
        Some("firstorder_Minimum"),
        Some("1GSF"),
        "intensity",
        "lowest x",
        |s| s.x.minimum(),
    ),
    Feature::new(
        "firstorder_range",
        Some("firstorder_Range"),
        Some("2OJQ"),
        "intensity",
        "highest minus lowest x",
        |s| s.x.range(),
    ),
    Feature::new(
        "firstorder_robust_mean_absolute_deviation",
        Some("firstorder_RobustMeanAbsoluteDeviation"),
        Some("1128"),
        "intensity",
        "mean absolute deviation of the x from the 10th to the 90th percentile, both included",
        |s| s.x.robust_mean_absolute_deviation(),
    ),
    Feature::new(
        "firstorder_root_mean_squared",
        Some("firstorder_RootMeanSquared"),
        Some("5ZWQ"),
        "intensity",
        "square root of the mean of (x + c)^2",
        |s| (s.energy / s.x.n()).sqrt(),
    ),
    Feature::new(
        "firstorder_skewness",
        Some("firstorder_Skewness"),
        Some("KE2A"),
        "1",
        "m_3 / m_2^1.5; 0 for a flat region",
        |s| s.x.skewness(),
    ),
    Feature::new(
        "firstorder_total_energy",
        Some("firstorder_TotalEnergy"),
        None,
        "intensity^2 mm^3",
        "energy times the volume of a voxel",
        |s| s.energy * s.voxel_volume,
    ),
    Feature::new(
        "firstorder_uniformity",
        Some("firstorder_Uniformity"),
        Some("BJ5W"),
        "1",
        "sum of p_i^2 over grey levels",
        |s| s.p.iter().map(|p| p * p).sum(),
    ),
    Feature::new(
        "firstorder_variance",
        Some("firstorder_Variance"),
        Some("ECT3"),
        "intensity^2",
        "m_2",
        |s| s.x.variance(),
    ),
];
