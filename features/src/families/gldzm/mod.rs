//! Grey level distance zone matrix (IBSI family VMDZ): the zones of the size zone matrix by level `i` and
//! distance `j` of their nearest voxel from the edge of the region.
//!
//! Distances are city-block distances on the morphological mask, which re-segmentation leaves whole:
//! the zones are those of the intensity mask. The symbols are those of [`crate::families::size_matrix`]
//! with the distance in place of the size. Only the standard knows this family; parts of the region:
//! [`crate::families::parts`].
//!
//! Thibault et al., Advanced statistical matrices for texture characterization: application to cell
//! classification, IEEE Transactions on Biomedical Engineering 61(3), 2014,
//! doi:10.1109/TBME.2013.2284600.

pub(super) mod distance;

use crate::aggregation::Aggregation;
use crate::families::glszm::zones::Zones;
use crate::families::parts::{self, Part};
use crate::families::size_matrix::{SizeCounts, SizeNumbers};
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::settings::ExtractionSettings;
use crate::spec::{Feature, FeatureSpec, specs_of};

use distance::DistanceMap;

/// The family.
pub(crate) struct Gldzm;

impl FeatureFamily for Gldzm {
    fn id(&self) -> &'static str {
        "gldzm"
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

    fn aggregations(&self, settings: &ExtractionSettings) -> Vec<Option<Aggregation>> {
        parts::aggregations(self.profile(), settings)
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let levels = region.grey_levels();
        for parting in parts::partings(self.profile(), region.settings) {
            let map = DistanceMap::new(region.morphology.inside(), parting.reach());
            let map = map.window(region.morphology.offset(), region.roi.offset());
            values.extend(parting.features(self.profile(), TABLE, levels, |part| {
                let mut zones = Zones::label(levels, part);
                let counts = count_distances(&mut zones, part, levels.rows(), &map);
                let (zones, voxels) = zones.zones_and_voxels();
                DistanceNumbers {
                    shared: SizeNumbers::new(
                        &counts.cells(levels.levels()),
                        Profile::Ibsi.epsilon(),
                    ),
                    percentage: zones as f64 / voxels as f64,
                }
            }));
        }
    }
}

/// Zones by level and smallest distance.
pub(super) fn count_distances(
    zones: &mut Zones<'_>,
    part: &Part,
    rows: usize,
    map: &distance::Window<'_>,
) -> SizeCounts {
    zones.smallest(|row| map.row(part.slices.start + row / rows, row % rows))
}

/// What the features are read from.
struct DistanceNumbers {
    shared: SizeNumbers,
    percentage: f64,
}

/// The 16 features.
const TABLE: &[Feature<DistanceNumbers>] = &[
    Feature::new(
        "gldzm_grey_level_non_uniformity",
        None,
        Some("VFT7"),
        "1",
        "sum of c_i^2, over n",
        |numbers| numbers.shared.level_non_uniformity,
    ),
    Feature::new(
        "gldzm_grey_level_non_uniformity_normalised",
        None,
        Some("7HP3"),
        "1",
        "sum of c_i^2, over n^2",
        |numbers| numbers.shared.level_non_uniformity_normalised,
    ),
    Feature::new(
        "gldzm_grey_level_variance",
        None,
        Some("QK93"),
        "level^2",
        "sum of p (i - mu_i)^2",
        |numbers| numbers.shared.level_variance,
    ),
    Feature::new(
        "gldzm_high_grey_level_zone_emphasis",
        None,
        Some("K26C"),
        "level^2",
        "sum of c_i i^2, over n",
        |numbers| numbers.shared.high_level,
    ),
    Feature::new(
        "gldzm_large_distance_emphasis",
        None,
        Some("MB4I"),
        "voxel^2",
        "sum of c_j j^2, over n",
        |numbers| numbers.shared.large,
    ),
    Feature::new(
        "gldzm_large_distance_high_grey_level_emphasis",
        None,
        Some("KLTH"),
        "voxel^2 level^2",
        "sum of c i^2 j^2, over n",
        |numbers| numbers.shared.large_high,
    ),
    Feature::new(
        "gldzm_large_distance_low_grey_level_emphasis",
        None,
        Some("A7WM"),
        "voxel^2 level^-2",
        "sum of c j^2 / i^2, over n",
        |numbers| numbers.shared.large_low,
    ),
    Feature::new(
        "gldzm_low_grey_level_zone_emphasis",
        None,
        Some("S1RA"),
        "level^-2",
        "sum of c_i / i^2, over n",
        |numbers| numbers.shared.low_level,
    ),
    Feature::new(
        "gldzm_small_distance_emphasis",
        None,
        Some("0GBI"),
        "voxel^-2",
        "sum of c_j / j^2, over n",
        |numbers| numbers.shared.small,
    ),
    Feature::new(
        "gldzm_small_distance_high_grey_level_emphasis",
        None,
        Some("DKNJ"),
        "voxel^-2 level^2",
        "sum of c i^2 / j^2, over n",
        |numbers| numbers.shared.small_high,
    ),
    Feature::new(
        "gldzm_small_distance_low_grey_level_emphasis",
        None,
        Some("RUVG"),
        "voxel^-2 level^-2",
        "sum of c / (i^2 j^2), over n",
        |numbers| numbers.shared.small_low,
    ),
    Feature::new(
        "gldzm_zone_distance_entropy",
        None,
        Some("GBDU"),
        "bit",
        "-sum of p log2(p)",
        |numbers| numbers.shared.entropy,
    ),
    Feature::new(
        "gldzm_zone_distance_non_uniformity",
        None,
        Some("V294"),
        "1",
        "sum of c_j^2, over n",
        |numbers| numbers.shared.size_non_uniformity,
    ),
    Feature::new(
        "gldzm_zone_distance_non_uniformity_normalised",
        None,
        Some("IATH"),
        "1",
        "sum of c_j^2, over n^2",
        |numbers| numbers.shared.size_non_uniformity_normalised,
    ),
    Feature::new(
        "gldzm_zone_distance_variance",
        None,
        Some("7WT1"),
        "voxel^2",
        "sum of p (j - mu_j)^2",
        |numbers| numbers.shared.size_variance,
    ),
    Feature::new(
        "gldzm_zone_percentage",
        None,
        Some("VIWW"),
        "1",
        "n over the number of voxels",
        |numbers| numbers.percentage,
    ),
];
