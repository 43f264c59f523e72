//! The numbers read from a dependence matrix, under PyRadiomics' names and the standard's.
//!
//! Symbols as in [`crate::families::size_matrix`], with the dependence `j` in place of the size. PyRadiomics
//! speaks of small and large dependence, the standard of low and high.

use crate::families::size_matrix::{Cell, SizeNumbers};
use crate::spec::Feature;

/// What the features are read from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DependenceNumbers {
    shared: SizeNumbers,
    energy: f64,
}

impl DependenceNumbers {
    /// Reads the numbers from the non-zero elements of a matrix that is not empty; `epsilon` goes into the logarithm.
    pub(super) fn new(cells: &[Cell], epsilon: f64) -> Self {
        let n: f64 = cells.iter().map(|cell| f64::from(cell.count)).sum();
        let probabilities = cells.iter().map(|cell| f64::from(cell.count) / n);
        Self {
            shared: SizeNumbers::new(cells, epsilon),
            energy: probabilities.map(|p| p * p).sum(),
        }
    }
}

/// PyRadiomics' 14 features in its order.
pub(super) const GLDM: &[Feature<DependenceNumbers>] = &[
    Feature::new(
        "gldm_dependence_entropy",
        Some("gldm_DependenceEntropy"),
        Some("FCBV"),
        "bit",
        "-sum of p log2(p + ε)",
        |numbers| numbers.shared.entropy,
    ),
    Feature::new(
        "gldm_dependence_non_uniformity",
        Some("gldm_DependenceNonUniformity"),
        Some("Z87G"),
        "1",
        "sum of c_j^2, over n",
        |numbers| numbers.shared.size_non_uniformity,
    ),
    Feature::new(
        "gldm_dependence_non_uniformity_normalised",
        Some("gldm_DependenceNonUniformityNormalized"),
        Some("OKJI"),
        "1",
        "sum of c_j^2, over n^2",
        |numbers| numbers.shared.size_non_uniformity_normalised,
    ),
    Feature::new(
        "gldm_dependence_variance",
        Some("gldm_DependenceVariance"),
        Some("DNX2"),
        "1",
        "sum of p (j - mu_j)^2",
        |numbers| numbers.shared.size_variance,
    ),
    Feature::new(
        "gldm_grey_level_non_uniformity",
        Some("gldm_GrayLevelNonUniformity"),
        Some("FP8K"),
        "1",
        "sum of c_i^2, over n",
        |numbers| numbers.shared.level_non_uniformity,
    ),
    Feature::new(
        "gldm_grey_level_variance",
        Some("gldm_GrayLevelVariance"),
        Some("1PFV"),
        "level^2",
        "sum of p (i - mu_i)^2",
        |numbers| numbers.shared.level_variance,
    ),
    Feature::new(
        "gldm_high_grey_level_emphasis",
        Some("gldm_HighGrayLevelEmphasis"),
        Some("OAE7"),
        "level^2",
        "sum of c_i i^2, over n",
        |numbers| numbers.shared.high_level,
    ),
    Feature::new(
        "gldm_large_dependence_emphasis",
        Some("gldm_LargeDependenceEmphasis"),
        Some("IMOQ"),
        "1",
        "sum of c_j j^2, over n",
        |numbers| numbers.shared.large,
    ),
    Feature::new(
        "gldm_large_dependence_high_grey_level_emphasis",
        Some("gldm_LargeDependenceHighGrayLevelEmphasis"),
        Some("9QMG"),
        "level^2",
        "sum of c i^2 j^2, over n",
        |numbers| numbers.shared.large_high,
    ),
    Feature::new(
        "gldm_large_dependence_low_grey_level_emphasis",
        Some("gldm_LargeDependenceLowGrayLevelEmphasis"),
        Some("NBZI"),
        "level^-2",
        "sum of c j^2 / i^2, over n",
        |numbers| numbers.shared.large_low,
    ),
    Feature::new(
        "gldm_low_grey_level_emphasis",
        Some("gldm_LowGrayLevelEmphasis"),
        Some("TL9H"),
        "level^-2",
        "sum of c_i / i^2, over n",
        |numbers| numbers.shared.low_level,
    ),
    Feature::new(
        "gldm_small_dependence_emphasis",
        Some("gldm_SmallDependenceEmphasis"),
        Some("SODN"),
        "1",
        "sum of c_j / j^2, over n",
        |numbers| numbers.shared.small,
    ),
    Feature::new(
        "gldm_small_dependence_high_grey_level_emphasis",
        Some("gldm_SmallDependenceHighGrayLevelEmphasis"),
        Some("JA6D"),
        "level^2",
        "sum of c i^2 / j^2, over n",
        |numbers| numbers.shared.small_high,
    ),
    Feature::new(
        "gldm_small_dependence_low_grey_level_emphasis",
        Some("gldm_SmallDependenceLowGrayLevelEmphasis"),
        Some("EQ3F"),
        "level^-2",
        "sum of c / (i^2 j^2), over n",
        |numbers| numbers.shared.small_low,
    ),
];

/// The standard's 17 features, those that both know first.
pub(super) const NGLDM: &[Feature<DependenceNumbers>] = &[
    Feature::new(
        "ngldm_dependence_count_entropy",
        None,
        Some("FCBV"),
        "bit",
        "-sum of p log2(p)",
        |numbers| numbers.shared.entropy,
    ),
    Feature::new(
        "ngldm_dependence_count_non_uniformity",
        None,
        Some("Z87G"),
        "1",
        "sum of c_j^2, over n",
        |numbers| numbers.shared.size_non_uniformity,
    ),
    Feature::new(
        "ngldm_dependence_count_non_uniformity_normalised",
        None,
        Some("OKJI"),
        "1",
        "sum of c_j^2, over n^2",
        |numbers| numbers.shared.size_non_uniformity_normalised,
    ),
    Feature::new(
        "ngldm_dependence_count_variance",
        None,
        Some("DNX2"),
        "1",
        "sum of p (j - mu_j)^2",
        |numbers| numbers.shared.size_variance,
    ),
    Feature::new(
        "ngldm_grey_level_non_uniformity",
        None,
        Some("FP8K"),
        "1",
        "sum of c_i^2, over n",
        |numbers| numbers.shared.level_non_uniformity,
    ),
    Feature::new(
        "ngldm_grey_level_non_uniformity_normalised",
        None,
        Some("5SPA"),
        "1",
        "sum of c_i^2, over n^2",
        |numbers| numbers.shared.level_non_uniformity_normalised,
    ),
    Feature::new(
        "ngldm_grey_level_variance",
        None,
        Some("1PFV"),
        "level^2",
        "sum of p (i - mu_i)^2",
        |numbers| numbers.shared.level_variance,
    ),
    Feature::new(
        "ngldm_high_grey_level_count_emphasis",
        None,
        Some("OAE7"),
        "level^2",
        "sum of c_i i^2, over n",
        |numbers| numbers.shared.high_level,
    ),
    Feature::new(
        "ngldm_high_dependence_emphasis",
        None,
        Some("IMOQ"),
        "1",
        "sum of c_j j^2, over n",
        |numbers| numbers.shared.large,
    ),
    Feature::new(
        "ngldm_high_dependence_high_grey_level_emphasis",
        None,
        Some("9QMG"),
        "level^2",
        "sum of c i^2 j^2, over n",
        |numbers| numbers.shared.large_high,
    ),
    Feature::new(
        "ngldm_high_dependence_low_grey_level_emphasis",
        None,
        Some("NBZI"),
        "level^-2",
        "sum of c j^2 / i^2, over n",
        |numbers| numbers.shared.large_low,
    ),
    Feature::new(
        "ngldm_low_grey_level_count_emphasis",
        None,
        Some("TL9H"),
        "level^-2",
        "sum of c_i / i^2, over n",
        |numbers| numbers.shared.low_level,
    ),
    Feature::new(
        "ngldm_low_dependence_emphasis",
        None,
        Some("SODN"),
        "1",
        "sum of c_j / j^2, over n",
        |numbers| numbers.shared.small,
    ),
    Feature::new(
        "ngldm_low_dependence_high_grey_level_emphasis",
        None,
        Some("JA6D"),
        "level^2",
        "sum of c i^2 / j^2, over n",
        |numbers| numbers.shared.small_high,
    ),
    Feature::new(
        "ngldm_low_dependence_low_grey_level_emphasis",
        None,
        Some("EQ3F"),
        "level^-2",
        "sum of c / (i^2 j^2), over n",
        |numbers| numbers.shared.small_low,
    ),
    Feature::new(
        "ngldm_dependence_count_percentage",
        None,
        Some("6XV8"),
        "1",
        "n over the number of voxels: 1, as each voxel has one dependence",
        |_| 1.0,
    ),
    Feature::new(
        "ngldm_dependence_count_energy",
        None,
        Some("CAS9"),
        "1",
        "sum of p^2",
        |numbers| numbers.energy,
    ),
];
