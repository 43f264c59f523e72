//! Grey level run length matrix (IBSI family TP0I): runs of pixels of one grey level, by level `i` and
//! length `j`, counted along the four directions of a slice.
//!
//! Each feature is computed for each direction and averaged (IBSI aggregation BTW3, 2D:avg, for a
//! single slice). Directions in which no line holds two pixels of the region are left out, as
//! PyRadiomics does; when none is left, all features are NaN. The symbols are those of
//! [`crate::families::size_matrix`].
//!
//! Galloway, Texture analysis using gray level run lengths, Computer Graphics and Image Processing
//! 4(2), 1975, doi:10.1016/S0146-664X(75)80008-6.

pub(super) mod runs;

use crate::families::aggregate::nan_mean;
use crate::families::size_matrix::SizeNumbers;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::spec::{Feature, FeatureSpec, specs_of};

/// The family.
pub(crate) struct Glrlm;

impl FeatureFamily for Glrlm {
    fn id(&self) -> &'static str {
        "glrlm"
    }

    fn profile(&self) -> Profile {
        Profile::PyRadiomics
    }

    fn extent(&self) -> Extent {
        Extent::Slice
    }

    fn input(&self) -> Input {
        Input::GreyLevels
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let levels = region.grey_levels();
        let directions: Vec<SizeNumbers> = runs::count_runs(levels)
            .into_iter()
            .map(|counts| {
                SizeNumbers::new(&counts.cells(levels.levels()), self.profile().epsilon())
            })
            .collect();
        values.extend(
            TABLE
                .iter()
                .map(|feature| nan_mean(directions.iter().map(feature.value))),
        );
    }
}

/// The 16 features in PyRadiomics' order.
const TABLE: &[Feature<SizeNumbers>] = &[
    Feature::new(
        "glrlm_grey_level_non_uniformity",
        Some("glrlm_GrayLevelNonUniformity"),
        Some("R5YN"),
        "1",
        "sum of c_i^2, over n",
        |numbers| numbers.level_non_uniformity,
    ),
    Feature::new(
        "glrlm_grey_level_non_uniformity_normalised",
        Some("glrlm_GrayLevelNonUniformityNormalized"),
        Some("OVBL"),
        "1",
        "sum of c_i^2, over n^2",
        |numbers| numbers.level_non_uniformity_normalised,
    ),
    Feature::new(
        "glrlm_grey_level_variance",
        Some("glrlm_GrayLevelVariance"),
        Some("8CE5"),
        "level^2",
        "sum of p (i - mu_i)^2",
        |numbers| numbers.level_variance,
    ),
    Feature::new(
        "glrlm_high_grey_level_run_emphasis",
        Some("glrlm_HighGrayLevelRunEmphasis"),
        Some("G3QZ"),
        "level^2",
        "sum of c_i i^2, over n",
        |numbers| numbers.high_level,
    ),
    Feature::new(
        "glrlm_long_run_emphasis",
        Some("glrlm_LongRunEmphasis"),
        Some("W4KF"),
        "pixel^2",
        "sum of c_j j^2, over n",
        |numbers| numbers.large,
    ),
    Feature::new(
        "glrlm_long_run_high_grey_level_emphasis",
        Some("glrlm_LongRunHighGrayLevelEmphasis"),
        Some("3KUM"),
        "pixel^2 level^2",
        "sum of c i^2 j^2, over n",
        |numbers| numbers.large_high,
    ),
    Feature::new(
        "glrlm_long_run_low_grey_level_emphasis",
        Some("glrlm_LongRunLowGrayLevelEmphasis"),
        Some("IVPO"),
        "pixel^2 level^-2",
        "sum of c j^2 / i^2, over n",
        |numbers| numbers.large_low,
    ),
    Feature::new(
        "glrlm_low_grey_level_run_emphasis",
        Some("glrlm_LowGrayLevelRunEmphasis"),
        Some("V3SW"),
        "level^-2",
        "sum of c_i / i^2, over n",
        |numbers| numbers.low_level,
    ),
    Feature::new(
        "glrlm_run_entropy",
        Some("glrlm_RunEntropy"),
        Some("HJ9O"),
        "bit",
        "-sum of p log2(p + ε)",
        |numbers| numbers.entropy,
    ),
    Feature::new(
        "glrlm_run_length_non_uniformity",
        Some("glrlm_RunLengthNonUniformity"),
        Some("W92Y"),
        "1",
        "sum of c_j^2, over n",
        |numbers| numbers.size_non_uniformity,
    ),
    Feature::new(
        "glrlm_run_length_non_uniformity_normalised",
        Some("glrlm_RunLengthNonUniformityNormalized"),
        Some("IC23"),
        "1",
        "sum of c_j^2, over n^2",
        |numbers| numbers.size_non_uniformity_normalised,
    ),
    Feature::new(
        "glrlm_run_percentage",
        Some("glrlm_RunPercentage"),
        Some("9ZK5"),
        "1",
        "n over the number of pixels",
        |numbers| numbers.percentage,
    ),
    Feature::new(
        "glrlm_run_variance",
        Some("glrlm_RunVariance"),
        Some("SXLW"),
        "pixel^2",
        "sum of p (j - mu_j)^2",
        |numbers| numbers.size_variance,
    ),
    Feature::new(
        "glrlm_short_run_emphasis",
        Some("glrlm_ShortRunEmphasis"),
        Some("22OV"),
        "pixel^-2",
        "sum of c_j / j^2, over n",
        |numbers| numbers.small,
    ),
    Feature::new(
        "glrlm_short_run_high_grey_level_emphasis",
        Some("glrlm_ShortRunHighGrayLevelEmphasis"),
        Some("GD3A"),
        "pixel^-2 level^2",
        "sum of c i^2 / j^2, over n",
        |numbers| numbers.small_high,
    ),
    Feature::new(
        "glrlm_short_run_low_grey_level_emphasis",
        Some("glrlm_ShortRunLowGrayLevelEmphasis"),
        Some("HTZT"),
        "pixel^-2 level^-2",
        "sum of c / (i^2 j^2), over n",
        |numbers| numbers.small_low,
    ),
];
