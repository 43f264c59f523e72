//! First-order statistics of the intensities (IBSI family UHIW) and, for entropy and uniformity, of
//! their grey levels (IBSI family ZVCW).
//!
//! Symbols: `x` intensities of the region, `n` their number, `mu` their mean, `m_k` the k-th central
//! moment `Σ (x - mu)^k / n`, `c` the setting `voxel_array_shift`, `p_i` the fraction of pixels with
//! grey level `i`, `ε` = 2.2e-16.
//!
//! Percentiles are interpolated linearly between order statistics at `q (n - 1)`, by the same
//! arithmetic as `numpy`: the robust mean absolute deviation keeps what lies between two of them, both
//! included, so a rounding error would decide over pixels.

use ndarray::ArrayView1;
use ndarray_stats::SummaryStatisticsExt;

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
    x: Vec<f64>,
    sorted: Vec<f64>,
    minimum: f64,
    maximum: f64,
    mean: f64,
    /// `m_0` to `m_4`.
    moments: Vec<f64>,
    /// `Σ (x + c)²`.
    energy: f64,
    voxel_volume: f64,
    /// `p_i` of the grey levels that occur.
    p: Vec<f64>,
}

impl Sample {
    fn new(region: &Region<'_>) -> Self {
        let x = region.roi.intensities();
        // Few distinct values are the rule, which makes sorting faster than selecting.
        let mut sorted = x.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let shift = region.settings.voxel_array_shift;
        let view = ArrayView1::from(&x);
        let mean = view.sum() / x.len() as f64;
        let moments = view
            .central_moments(4)
            .expect("a region has at least one pixel");
        let levels = region.grey_levels();
        let n = levels.pixels() as f64;
        let p = levels.histogram().iter().map(|count| f64::from(*count) / n);
        let [depth, height, width] = region.roi.spacing().zyx();
        Self {
            energy: x.iter().map(|x| (x + shift) * (x + shift)).sum(),
            mean,
            moments,
            voxel_volume: depth * height * width,
            p: p.collect(),
            minimum: sorted[0],
            maximum: sorted[sorted.len() - 1],
            sorted,
            x,
        }
    }

    fn n(&self) -> f64 {
        self.x.len() as f64
    }

    fn is_flat(&self) -> bool {
        self.minimum >= self.maximum
    }

    fn median(&self) -> f64 {
        let (n, x) = (self.sorted.len(), &self.sorted);
        if n % 2 == 1 {
            x[n / 2]
        } else {
            f64::midpoint(x[n / 2 - 1], x[n / 2])
        }
    }

    /// The `q`-quantile, `0 <= q <= 1`.
    fn quantile(&self, q: f64) -> f64 {
        let (below, t) = position(q, self.sorted.len());
        let a = self.sorted[below];
        let b = self.sorted[(below + 1).min(self.sorted.len() - 1)];
        // From the nearer end, as `numpy` does it: exact at both.
        if t < 0.5 {
            a + (b - a) * t
        } else {
            b - (b - a) * (1.0 - t)
        }
    }

    /// `m_k / m_2^(k/2)`; 0 for a flat region, PyRadiomics' convention.
    fn standardised_moment(&self, k: usize) -> f64 {
        if self.is_flat() {
            0.0
        } else {
            self.moments[k] / self.moments[2].powf(k as f64 / 2.0)
        }
    }

    fn robust_mean_absolute_deviation(&self) -> f64 {
        let (low, high) = (self.quantile(0.1), self.quantile(0.9));
        let kept: Vec<f64> = self
            .x
            .iter()
            .copied()
            .filter(|x| (low..=high).contains(x))
            .collect();
        mean_absolute_deviation(&kept, ArrayView1::from(&kept).sum() / kept.len() as f64)
    }
}

/// Between which of `n` order statistics the `q`-quantile lies: the lower one, counted from 0, and
/// how far from it to the next.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the position lies between 0 and n - 1"
)]
fn position(q: f64, n: usize) -> (usize, f64) {
    let position = q * (n - 1) as f64;
    let below = position.floor();
    (below as usize, position - below)
}

fn mean_absolute_deviation(x: &[f64], centre: f64) -> f64 {
    x.iter().map(|x| (x - centre).abs()).sum::<f64>() / x.len() as f64
}

/// The 18 features in PyRadiomics' order.
const TABLE: &[Feature<Sample>] = &[
    Feature::new(
        "firstorder_10_percentile",
        Some("firstorder_10Percentile"),
        Some("QG58"),
        "intensity",
        "10th percentile of x",
        |s| s.quantile(0.1),
    ),
    Feature::new(
        "firstorder_90_percentile",
        Some("firstorder_90Percentile"),
        Some("8DWT"),
        "intensity",
        "90th percentile of x",
        |s| s.quantile(0.9),
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
        |s| s.quantile(0.75) - s.quantile(0.25),
    ),
    Feature::new(
        "firstorder_kurtosis",
        Some("firstorder_Kurtosis"),
        // IBSI's IPH6 is the excess kurtosis, lower by 3.
        None,
        "1",
        "m_4 / m_2^2, not reduced by 3; 0 for a flat region",
        |s| s.standardised_moment(4),
    ),
    Feature::new(
        "firstorder_maximum",
        Some("firstorder_Maximum"),
        Some("84IY"),
        "intensity",
        "highest x",
        |s| s.maximum,
    ),
    Feature::new(
        "firstorder_mean_absolute_deviation",
        Some("firstorder_MeanAbsoluteDeviation"),
        Some("4FUA"),
        "intensity",
        "mean of |x - mu|",
        |s| mean_absolute_deviation(&s.x, s.mean),
    ),
    Feature::new(
        "firstorder_mean",
        Some("firstorder_Mean"),
        Some("Q4LE"),
        "intensity",
        "mu, mean of x",
        |s| s.mean,
    ),
    Feature::new(
        "firstorder_median",
        Some("firstorder_Median"),
        Some("Y12H"),
        "intensity",
        "median of x",
        Sample::median,
    ),
    Feature::new(
        "firstorder_minimum",
        Some("firstorder_Minimum"),
        Some("1GSF"),
        "intensity",
        "lowest x",
        |s| s.minimum,
    ),
    Feature::new(
        "firstorder_range",
        Some("firstorder_Range"),
        Some("2OJQ"),
        "intensity",
        "highest minus lowest x",
        |s| s.maximum - s.minimum,
    ),
    Feature::new(
        "firstorder_robust_mean_absolute_deviation",
        Some("firstorder_RobustMeanAbsoluteDeviation"),
        Some("1128"),
        "intensity",
        "mean absolute deviation of the x from the 10th to the 90th percentile, both included",
        Sample::robust_mean_absolute_deviation,
    ),
    Feature::new(
        "firstorder_root_mean_squared",
        Some("firstorder_RootMeanSquared"),
        Some("5ZWQ"),
        "intensity",
        "square root of the mean of (x + c)^2",
        |s| (s.energy / s.n()).sqrt(),
    ),
    Feature::new(
        "firstorder_skewness",
        Some("firstorder_Skewness"),
        Some("KE2A"),
        "1",
        "m_3 / m_2^1.5; 0 for a flat region",
        |s| s.standardised_moment(3),
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
        |s| s.moments[2],
    ),
];
