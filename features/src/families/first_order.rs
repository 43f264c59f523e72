//! First-order statistics of the intensities (IBSI family UHIW) and, for entropy and uniformity, of
//! their grey levels (IBSI family ZVCW).
//!
//! Symbols: `x` intensities of the region, `n` their number, `mu` their mean, `m_k` the k-th central
//! moment `Σ (x - mu)^k / n`, `c` the setting `voxel_array_shift`, `p_i` the fraction of pixels with
//! grey level `i`, `ε` = 2.2e-16.
//!
//! Percentiles are interpolated linearly between order statistics at `q (n - 1)`, by the same
//! arithmetic as NumPy: the robust mean absolute deviation keeps what lies between two of them, both
//! included, so a rounding error would decide over pixels.

use ndarray::ArrayView1;
use ndarray_stats::SummaryStatisticsExt;

use crate::families::entropy;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::spec::{Feature, FeatureSpec, specs_of};

/// The family.
pub(crate) struct FirstOrder;

impl FeatureFamily for FirstOrder {
    fn id(&self) -> &'static str {
        "firstorder"
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::GreyLevels
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE)
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
        let mut sorted = x.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let shift = region.settings.voxel_array_shift();
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
            sorted,
            x,
        }
    }

    fn n(&self) -> f64 {
        self.x.len() as f64
    }

    fn minimum(&self) -> f64 {
        self.sorted[0]
    }

    fn maximum(&self) -> f64 {
        self.sorted[self.sorted.len() - 1]
    }

    fn is_flat(&self) -> bool {
        self.minimum() >= self.maximum()
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
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the position lies between 0 and n - 1"
    )]
    fn quantile(&self, q: f64) -> f64 {
        let position = q * (self.sorted.len() - 1) as f64;
        let below = position.floor();
        let a = self.sorted[below as usize];
        let b = self.sorted[(below as usize + 1).min(self.sorted.len() - 1)];
        let t = position - below;
        // From the nearer end, as NumPy does it: exact at both.
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

fn mean_absolute_deviation(x: &[f64], centre: f64) -> f64 {
    x.iter().map(|x| (x - centre).abs()).sum::<f64>() / x.len() as f64
}

/// The 18 features in PyRadiomics' order.
const TABLE: &[Feature<Sample>] = &[
    Feature {
        spec: FeatureSpec {
            name: "firstorder_10_percentile",
            pyradiomics_name: "original_firstorder_10Percentile",
            ibsi_id: Some("QG58"),
            unit: "intensity",
            definition: "10th percentile of x",
        },
        value: |s| s.quantile(0.1),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_90_percentile",
            pyradiomics_name: "original_firstorder_90Percentile",
            ibsi_id: Some("8DWT"),
            unit: "intensity",
            definition: "90th percentile of x",
        },
        value: |s| s.quantile(0.9),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_energy",
            pyradiomics_name: "original_firstorder_Energy",
            ibsi_id: Some("N8CA"),
            unit: "intensity^2",
            definition: "sum of (x + c)^2",
        },
        value: |s| s.energy,
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_entropy",
            pyradiomics_name: "original_firstorder_Entropy",
            ibsi_id: Some("TLU2"),
            unit: "bit",
            definition: "-sum of p_i log2(p_i + ε) over grey levels",
        },
        value: |s| entropy::of(s.p.iter().copied()),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_interquartile_range",
            pyradiomics_name: "original_firstorder_InterquartileRange",
            ibsi_id: Some("SALO"),
            unit: "intensity",
            definition: "75th minus 25th percentile of x",
        },
        value: |s| s.quantile(0.75) - s.quantile(0.25),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_kurtosis",
            pyradiomics_name: "original_firstorder_Kurtosis",
            // IBSI's IPH6 is the excess kurtosis, lower by 3.
            ibsi_id: None,
            unit: "1",
            definition: "m_4 / m_2^2, not reduced by 3; 0 for a flat region",
        },
        value: |s| s.standardised_moment(4),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_maximum",
            pyradiomics_name: "original_firstorder_Maximum",
            ibsi_id: Some("84IY"),
            unit: "intensity",
            definition: "highest x",
        },
        value: Sample::maximum,
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_mean_absolute_deviation",
            pyradiomics_name: "original_firstorder_MeanAbsoluteDeviation",
            ibsi_id: Some("4FUA"),
            unit: "intensity",
            definition: "mean of |x - mu|",
        },
        value: |s| mean_absolute_deviation(&s.x, s.mean),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_mean",
            pyradiomics_name: "original_firstorder_Mean",
            ibsi_id: Some("Q4LE"),
            unit: "intensity",
            definition: "mu, mean of x",
        },
        value: |s| s.mean,
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_median",
            pyradiomics_name: "original_firstorder_Median",
            ibsi_id: Some("Y12H"),
            unit: "intensity",
            definition: "median of x",
        },
        value: Sample::median,
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_minimum",
            pyradiomics_name: "original_firstorder_Minimum",
            ibsi_id: Some("1GSF"),
            unit: "intensity",
            definition: "lowest x",
        },
        value: Sample::minimum,
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_range",
            pyradiomics_name: "original_firstorder_Range",
            ibsi_id: Some("2OJQ"),
            unit: "intensity",
            definition: "highest minus lowest x",
        },
        value: |s| s.maximum() - s.minimum(),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_robust_mean_absolute_deviation",
            pyradiomics_name: "original_firstorder_RobustMeanAbsoluteDeviation",
            ibsi_id: Some("1128"),
            unit: "intensity",
            definition: "mean absolute deviation of the x from the 10th to the 90th percentile, both included",
        },
        value: Sample::robust_mean_absolute_deviation,
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_root_mean_squared",
            pyradiomics_name: "original_firstorder_RootMeanSquared",
            ibsi_id: Some("5ZWQ"),
            unit: "intensity",
            definition: "square root of the mean of (x + c)^2",
        },
        value: |s| (s.energy / s.n()).sqrt(),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_skewness",
            pyradiomics_name: "original_firstorder_Skewness",
            ibsi_id: Some("KE2A"),
            unit: "1",
            definition: "m_3 / m_2^1.5; 0 for a flat region",
        },
        value: |s| s.standardised_moment(3),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_total_energy",
            pyradiomics_name: "original_firstorder_TotalEnergy",
            ibsi_id: None,
            unit: "intensity^2 mm^3",
            definition: "energy times the volume of a voxel",
        },
        value: |s| s.energy * s.voxel_volume,
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_uniformity",
            pyradiomics_name: "original_firstorder_Uniformity",
            ibsi_id: Some("BJ5W"),
            unit: "1",
            definition: "sum of p_i^2 over grey levels",
        },
        value: |s| s.p.iter().map(|p| p * p).sum(),
    },
    Feature {
        spec: FeatureSpec {
            name: "firstorder_variance",
            pyradiomics_name: "original_firstorder_Variance",
            ibsi_id: Some("ECT3"),
            unit: "intensity^2",
            definition: "m_2",
        },
        value: |s| s.moments[2],
    },
];
