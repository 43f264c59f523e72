//! The five numbers read from a grey tone difference matrix.

use crate::families::ngtdm::differences::Tone;
use crate::profile::Profile;
use crate::spec::Feature;

/// Coarseness where no voxel differs from its neighbours, in both profiles. The standard calls it the
/// maximum, PyRadiomics exceeds it where very few voxels differ.
const COARSEST: f64 = 1e6;

/// The sums that the features are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ToneNumbers {
    /// `N`
    voxels: f64,
    /// `G`
    levels: usize,
    /// `Σ s_i`
    differences: f64,
    /// `Σ p_i s_i`
    weighted_differences: f64,
    /// `Σ Σ p_i p_j (i - j)²`
    spread: f64,
    /// `Σ Σ |i p_i - j p_j|`
    imbalance: f64,
    /// `Σ Σ |i - j| (p_i s_i + p_j s_j) / (p_i + p_j)`
    complexity: f64,
    /// `Σ Σ (p_i + p_j) (i - j)²`
    strength: f64,
    /// Upper bound of coarseness.
    coarsest: f64,
}

impl ToneNumbers {
    /// Reads the sums from the rows of a matrix.
    pub(super) fn new(profile: Profile, tones: &[Tone]) -> Self {
        let n: f64 = tones.iter().map(|tone| tone.voxels).sum();
        let (mut spread, mut imbalance, mut complexity, mut strength) = (0.0, 0.0, 0.0, 0.0);
        for (at, a) in tones.iter().enumerate() {
            for b in &tones[..at] {
                let apart = a.level - b.level;
                let squared = apart * apart;
                let (voxels, product) = (a.voxels + b.voxels, a.voxels * b.voxels);
                spread += product * squared;
                // Whole numbers: exactly 0 when the products agree.
                imbalance += (a.level * a.voxels - b.level * b.voxels).abs();
                complexity += apart * (a.voxels * a.difference + b.voxels * b.difference) / voxels;
                strength += voxels * squared;
            }
        }
        let weighted: f64 = tones.iter().map(|tone| tone.voxels * tone.difference).sum();
        Self {
            voxels: n,
            levels: tones.len(),
            differences: tones.iter().map(|tone| tone.difference).sum(),
            weighted_differences: weighted / n,
            // Each pair of levels stands twice in a double sum.
            spread: 2.0 * spread / (n * n),
            imbalance: 2.0 * imbalance / n,
            complexity: 2.0 * complexity,
            strength: 2.0 * strength / n,
            coarsest: match profile {
                Profile::PyRadiomics => f64::INFINITY,
                Profile::Ibsi => COARSEST,
            },
        }
    }

    fn coarseness(&self) -> f64 {
        if self.weighted_differences == 0.0 {
            COARSEST
        } else {
            // Written so that NaN stays NaN.
            let coarseness = 1.0 / self.weighted_differences;
            if coarseness > self.coarsest {
                self.coarsest
            } else {
                coarseness
            }
        }
    }

    fn contrast(&self) -> f64 {
        if self.levels == 1 {
            return 0.0;
        }
        let levels = self.levels as f64;
        self.spread / (levels * (levels - 1.0)) * (self.differences / self.voxels)
    }

    fn busyness(&self) -> f64 {
        if self.imbalance == 0.0 {
            0.0
        } else {
            self.weighted_differences / self.imbalance
        }
    }

    fn complexity(&self) -> f64 {
        self.complexity / self.voxels
    }

    fn strength(&self) -> f64 {
        if self.levels > 0 && self.differences == 0.0 {
            0.0
        } else {
            self.strength / self.differences
        }
    }
}

const ALONE: &str = "no voxel has a neighbour in the region (profile ibsi)";

/// The features in PyRadiomics' order.
pub(super) const TABLE: &[Feature<ToneNumbers>] = &[
    Feature::new(
        "ngtdm_busyness",
        Some("ngtdm_Busyness"),
        Some("NQ30"),
        "level^-1",
        "sum of p_i s_i, over the sum of |i p_i - j p_j|; 0 where all i p_i are equal",
        ToneNumbers::busyness,
    )
    .undefined_when(ALONE),
    Feature::new(
        "ngtdm_coarseness",
        Some("ngtdm_Coarseness"),
        Some("QCDE"),
        "level^-1",
        "1 over the sum of p_i s_i; 10^6 where that is 0, and in profile ibsi never more",
        ToneNumbers::coarseness,
    )
    .undefined_when(ALONE),
    Feature::new(
        "ngtdm_complexity",
        Some("ngtdm_Complexity"),
        Some("HDEZ"),
        "level^2",
        "sum of |i - j| (p_i s_i + p_j s_j) / (p_i + p_j), over N",
        ToneNumbers::complexity,
    )
    .undefined_when(ALONE),
    Feature::new(
        "ngtdm_contrast",
        Some("ngtdm_Contrast"),
        Some("65HE"),
        "level^3",
        "sum of p_i p_j (i - j)^2 over G (G - 1), times the sum of s_i over N; 0 for one level",
        ToneNumbers::contrast,
    )
    .undefined_when(ALONE),
    Feature::new(
        "ngtdm_strength",
        Some("ngtdm_Strength"),
        Some("1X9X"),
        "level",
        "sum of (p_i + p_j) (i - j)^2, over the sum of s_i; 0 where no level differs",
        ToneNumbers::strength,
    )
    .undefined_when(ALONE),
];
