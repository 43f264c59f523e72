//! Grey level size zone matrix (IBSI family 9SAK): zones of connected voxels of one grey level, by
//! level `i` and size `j` in voxels. Connected are the 8 neighbours in a slice and the 26 in a volume. The
//! symbols are those of [`crate::families::size_matrix`]; `ε` is 0 in the standard.
//!
//! PyRadiomics takes the volume, or with `force2D` the zones of all slices in one matrix; the standard
//! knows three aggregations ([`crate::families::parts`]).
//!
//! Thibault et al., Texture indexes and gray level size zone matrix, Pattern Recognition and
//! Information Processing, 2009, pages 140-145.

mod forest;
mod joins;
pub(super) mod zones;

use crate::aggregation::Aggregation;
use crate::families::parts;
use crate::families::size_matrix::SizeNumbers;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::settings::ExtractionSettings;
use crate::spec::{Feature, FeatureSpec, specs_of};

/// The family, as a profile defines it.
pub(crate) struct Glszm(pub(crate) Profile);

impl FeatureFamily for Glszm {
    fn id(&self) -> &'static str {
        "glszm"
    }

    fn profile(&self) -> Profile {
        self.0
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::GreyLevels
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.0)
    }

    fn aggregations(&self, settings: &ExtractionSettings) -> Vec<Option<Aggregation>> {
        parts::aggregations(self.0, settings)
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let levels = region.grey_levels();
        for parting in parts::partings(self.0, region.settings) {
            values.extend(parting.features(self.0, TABLE, levels, |part| {
                let counts = zones::Zones::label(levels, part).sizes();
                SizeNumbers::new(&counts.cells(levels.levels()), self.0.epsilon())
            }));
        }
    }
}

/// The 16 features in PyRadiomics' order.
const TABLE: &[Feature<SizeNumbers>] = &[
    Feature::new(
        "glszm_grey_level_non_uniformity",
        Some("glszm_GrayLevelNonUniformity"),
        Some("JNSA"),
        "1",
        "sum of c_i^2, over n",
        |numbers| numbers.level_non_uniformity,
    ),
    Feature::new(
        "glszm_grey_level_non_uniformity_normalised",
        Some("glszm_GrayLevelNonUniformityNormalized"),
        Some("Y1RO"),
        "1",
        "sum of c_i^2, over n^2",
        |numbers| numbers.level_non_uniformity_normalised,
    ),
    Feature::new(
        "glszm_grey_level_variance",
        Some("glszm_GrayLevelVariance"),
        Some("BYLV"),
        "level^2",
        "sum of p (i - mu_i)^2",
        |numbers| numbers.level_variance,
    ),
    Feature::new(
        "glszm_high_grey_level_zone_emphasis",
        Some("glszm_HighGrayLevelZoneEmphasis"),
        Some("5GN9"),
        "level^2",
        "sum of c_i i^2, over n",
        |numbers| numbers.high_level,
    ),
    Feature::new(
        "glszm_large_zone_emphasis",
        Some("glszm_LargeAreaEmphasis"),
        Some("48P8"),
        "voxel^2",
        "sum of c_j j^2, over n",
        |numbers| numbers.large,
    ),
    Feature::new(
        "glszm_large_zone_high_grey_level_emphasis",
        Some("glszm_LargeAreaHighGrayLevelEmphasis"),
        Some("J17V"),
        "voxel^2 level^2",
        "sum of c i^2 j^2, over n",
        |numbers| numbers.large_high,
    ),
    Feature::new(
        "glszm_large_zone_low_grey_level_emphasis",
        Some("glszm_LargeAreaLowGrayLevelEmphasis"),
        Some("YH51"),
        "voxel^2 level^-2",
        "sum of c j^2 / i^2, over n",
        |numbers| numbers.large_low,
    ),
    Feature::new(
        "glszm_low_grey_level_zone_emphasis",
        Some("glszm_LowGrayLevelZoneEmphasis"),
        Some("XMSY"),
        "level^-2",
        "sum of c_i / i^2, over n",
        |numbers| numbers.low_level,
    ),
    Feature::new(
        "glszm_zone_size_non_uniformity",
        Some("glszm_SizeZoneNonUniformity"),
        Some("4JP3"),
        "1",
        "sum of c_j^2, over n",
        |numbers| numbers.size_non_uniformity,
    ),
    Feature::new(
        "glszm_zone_size_non_uniformity_normalised",
        Some("glszm_SizeZoneNonUniformityNormalized"),
        Some("VB3A"),
        "1",
        "sum of c_j^2, over n^2",
        |numbers| numbers.size_non_uniformity_normalised,
    ),
    Feature::new(
        "glszm_small_zone_emphasis",
        Some("glszm_SmallAreaEmphasis"),
        Some("5QRC"),
        "voxel^-2",
        "sum of c_j / j^2, over n",
        |numbers| numbers.small,
    ),
    Feature::new(
        "glszm_small_zone_high_grey_level_emphasis",
        Some("glszm_SmallAreaHighGrayLevelEmphasis"),
        Some("HW1V"),
        "voxel^-2 level^2",
        "sum of c i^2 / j^2, over n",
        |numbers| numbers.small_high,
    ),
    Feature::new(
        "glszm_small_zone_low_grey_level_emphasis",
        Some("glszm_SmallAreaLowGrayLevelEmphasis"),
        Some("5RAI"),
        "voxel^-2 level^-2",
        "sum of c / (i^2 j^2), over n",
        |numbers| numbers.small_low,
    ),
    Feature::new(
        "glszm_zone_size_entropy",
        Some("glszm_ZoneEntropy"),
        Some("GU8N"),
        "bit",
        "-sum of p log2(p + ε)",
        |numbers| numbers.entropy,
    ),
    Feature::new(
        "glszm_zone_percentage",
        Some("glszm_ZonePercentage"),
        Some("P30P"),
        "1",
        "n over the number of voxels",
        |numbers| numbers.percentage,
    ),
    Feature::new(
        "glszm_zone_size_variance",
        Some("glszm_ZoneVariance"),
        Some("3NSA"),
        "voxel^2",
        "sum of p (j - mu_j)^2",
        |numbers| numbers.size_variance,
    ),
];
