//! Settings of an extraction, checked once.

use crate::aggregation::Aggregation;
use crate::discretise::Discretisation;
use crate::error::{FeatureError, Result};
use crate::geometry::Spacing;
use crate::profile::Profile;

/// More bins than this need a `u16` to overflow; the default limit is far below.
const MOST_BINS: usize = u16::MAX as usize - 1;

/// Steps longer than this are refused: the work grows with the cube of the distance.
const FURTHEST: usize = 64;

/// Which neighbours texture matrices see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Planes {
    /// All of them, across slices too.
    #[default]
    Volume,
    /// Only those in the same slice: PyRadiomics' `force2D`, slices along z. Counts of all slices go
    /// into one matrix.
    InSlices,
}

/// Whether a pair of neighbours is counted both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pairs {
    /// `P + Pᵀ`, the standard's way and PyRadiomics' default.
    #[default]
    Symmetric,
    /// From the first to the second voxel only (`symmetricalGLCM: false`).
    OneWay,
}

/// How far a step is, where matrices of directions are weighted by distance before they are merged
/// (PyRadiomics' `weightingNorm`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightingNorm {
    /// All directions count alike: `no_weighting`.
    Unweighted,
    /// Sum of the steps along the axes in mm: `manhattan`.
    Manhattan,
    /// Straight distance in mm: `euclidean`.
    Euclidean,
    /// Longest of the steps along the axes in mm: `infinity`.
    Infinity,
}

impl WeightingNorm {
    /// Length of a step given in mm along z, y, x.
    pub fn length(self, step: [f64; 3]) -> f64 {
        let step = step.map(f64::abs);
        match self {
            Self::Unweighted => 1.0,
            Self::Manhattan => step.iter().sum(),
            Self::Euclidean => step.iter().map(|s| s * s).sum::<f64>().sqrt(),
            Self::Infinity => step.into_iter().fold(0.0, f64::max),
        }
    }
}

/// Which intensities stay in the intensity mask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resegmentation {
    /// Lowest and highest intensity that stay, both included.
    pub range: Option<ResegmentationRange>,
    /// Standard deviations (population form) around the mean of the whole region beyond which an
    /// intensity is an outlier.
    pub outliers: Option<f64>,
}

/// Which region the features of form are measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FormOf {
    /// The region before re-segmentation, as the standard has it.
    #[default]
    Whole,
    /// What re-segmentation left (PyRadiomics' `resegmentShape`).
    Resegmented,
}

/// A closed range of intensities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ResegmentationRange {
    /// Bounds in the unit of the intensities; no upper bound: `[0]` in PyRadiomics.
    Absolute {
        /// Lowest that stays.
        low: f64,
        /// Highest that stays; infinite for none.
        high: f64,
    },
    /// Bounds as fractions of the region's maximum (PyRadiomics' mode `relative`).
    OfMaximum {
        /// Lowest that stays.
        low: f64,
        /// Highest that stays; infinite for none.
        high: f64,
    },
    /// Bounds in standard deviations (population form) from the mean of the region (PyRadiomics' mode
    /// `sigma`).
    Deviations {
        /// Lowest that stays.
        low: f64,
        /// Highest that stays; infinite for none.
        high: f64,
    },
}

/// How intensities are binned for the intensity-volume histogram (IBSI chapter 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum IvhBins {
    /// Discrete calibrated intensities (CT): steps of 1.
    #[default]
    Discrete,
    /// Continuous calibrated intensities: bins of this width, read at their centres.
    Continuous {
        /// In the unit of the intensities.
        width: f64,
    },
    /// Arbitrary units (raw MR): this many bins.
    Arbitrary {
        /// The standard takes 1000.
        count: u32,
    },
}

/// Settings as a user gives them.
///
/// ```
/// use raduet_features::{Discretisation, ExtractionOptions};
///
/// let settings = ExtractionOptions {
///     discretisation: Discretisation::PyRadiomicsFixedBinNumber { count: 32 },
///     ..ExtractionOptions::default()
/// }
/// .check()
/// .unwrap();
/// assert_eq!(settings.maximum_bins, 4096);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExtractionOptions {
    /// Whose definitions are used.
    pub profile: Profile,
    /// How intensities become grey levels.
    pub discretisation: Discretisation,
    /// Bins of the intensity-volume histogram; `ibsi` profile only.
    pub ivh: IvhBins,
    /// Which intensities stay in the region.
    pub resegmentation: Option<Resegmentation>,
    /// Which region form is measured on.
    pub form_of: FormOf,
    /// Smaller regions are refused.
    pub minimum_pixels: usize,
    /// Added to every intensity in energy, total energy and root mean square (PyRadiomics'
    /// `voxelArrayShift`), so that negative intensities do not count like positive ones.
    pub voxel_array_shift: f64,
    /// More grey levels than this are refused.
    pub maximum_bins: usize,
    /// Chebyshev distances in voxels of GLCM, GLDM/NGLDM and NGTDM. PyRadiomics takes the shells that are
    /// listed; the standard knows one distance for GLCM and the ball up to it for NGTDM and NGLDM.
    pub distances: Vec<usize>,
    /// Whether GLCM pairs count both ways.
    pub pairs: Pairs,
    /// How directions are weighted and merged; none: features of each direction, then their mean.
    /// `pyradiomics` profile only.
    pub weighting: Option<WeightingNorm>,
    /// Which neighbours texture matrices see; `pyradiomics` profile only.
    pub planes: Planes,
    /// Levels that differ by no more than this depend on each other (`gldm_a`, coarseness α).
    pub coarseness: f64,
    /// Aggregations that are computed; `ibsi` profile only.
    pub aggregations: Vec<Aggregation>,
}

impl Default for ExtractionOptions {
    /// PyRadiomics' defaults: bins of width 25, no shift, distance 1. Every region that has a pixel is
    /// accepted.
    fn default() -> Self {
        Self {
            profile: Profile::PyRadiomics,
            discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 25.0 },
            ivh: IvhBins::Discrete,
            resegmentation: None,
            form_of: FormOf::Whole,
            minimum_pixels: 1,
            voxel_array_shift: 0.0,
            maximum_bins: 4096,
            distances: vec![1],
            pairs: Pairs::Symmetric,
            weighting: None,
            planes: Planes::Volume,
            coarseness: 0.0,
            aggregations: vec![Aggregation::VolumeMerged, Aggregation::Volume],
        }
    }
}

impl ExtractionOptions {
    /// Checks everything.
    ///
    /// # Errors
    /// [`FeatureError::Settings`] with all faults.
    pub fn check(self) -> Result<ExtractionSettings> {
        let mut faults = Vec::new();
        faults.extend(self.discretisation.fault(self.maximum_bins));
        if self.minimum_pixels == 0 {
            faults.push("minimum pixels 0: must be at least 1".into());
        }
        if !self.voxel_array_shift.is_finite() {
            let shift = self.voxel_array_shift;
            faults.push(format!(
                "voxel array shift {shift}: must be a finite number"
            ));
        }
        if self.maximum_bins == 0 || self.maximum_bins > MOST_BINS {
            let most = self.maximum_bins;
            faults.push(format!(
                "maximum bins {most}: must lie between 1 and {MOST_BINS}"
            ));
        }
        if self.distances.is_empty() || self.distances.iter().any(|d| !(1..=FURTHEST).contains(d)) {
            faults.push(format!(
                "distances {:?}: must be whole numbers from 1 to {FURTHEST}",
                self.distances
            ));
        }
        if !(self.coarseness.is_finite() && self.coarseness >= 0.0) {
            let alpha = self.coarseness;
            faults.push(format!(
                "coarseness {alpha}: must be a number not below zero"
            ));
        }
        if let Some(outliers) = self.resegmentation.and_then(|rule| rule.outliers)
            && !(outliers.is_finite() && outliers > 0.0)
        {
            faults.push(format!(
                "outliers {outliers}: must be a positive number of standard deviations"
            ));
        }
        if let Some(range) = self.resegmentation.and_then(|rule| rule.range) {
            let (low, high) = range.bounds();
            if low.is_nan() || high.is_nan() || low > high {
                faults.push(format!(
                    "re-segmentation range {low} to {high}: must ascend"
                ));
            }
        }
        let bins = match self.ivh {
            IvhBins::Discrete => None,
            IvhBins::Continuous { width } => (!(width.is_finite() && width > 0.0))
                .then(|| format!("bin width {width} of the intensity-volume histogram")),
            IvhBins::Arbitrary { count } => (!(2..=MOST_BINS as u64).contains(&u64::from(count)))
                .then(|| format!("{count} bins of the intensity-volume histogram")),
        };
        faults.extend(bins.map(|fault| format!("{fault}: too few, too many or not a number")));
        if faults.is_empty() {
            let mut settings = ExtractionSettings(self);
            let floor = settings.floor().filter(|floor| floor.is_finite());
            if let Discretisation::FixedBinSize { lower, .. } = &mut settings.0.discretisation {
                *lower = lower.or(floor);
            }
            Ok(settings)
        } else {
            Err(FeatureError::Settings { faults })
        }
    }
}

impl ResegmentationRange {
    /// Lower and upper bound, in the range's own unit.
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Self::Absolute { low, high }
            | Self::OfMaximum { low, high }
            | Self::Deviations { low, high } => (low, high),
        }
    }
}

/// Checked settings; made by [`ExtractionOptions::check`]. Reads like the options.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExtractionSettings(ExtractionOptions);

impl std::ops::Deref for ExtractionSettings {
    type Target = ExtractionOptions;

    fn deref(&self) -> &ExtractionOptions {
        &self.0
    }
}

impl ExtractionSettings {
    /// The lowest intensity that an absolute re-segmentation range lets through, where the standard's
    /// bins of a fixed size begin.
    pub fn floor(&self) -> Option<f64> {
        match self.resegmentation?.range? {
            ResegmentationRange::Absolute { low, .. } => Some(low),
            ResegmentationRange::OfMaximum { .. } | ResegmentationRange::Deviations { .. } => None,
        }
    }

    /// Width of the padding that the longest step needs.
    pub fn padding(&self) -> usize {
        self.distances.iter().copied().max().unwrap_or(1)
    }

    /// The weight of a step, `exp(-d²)` of its length in mm, and its length, under the norm chosen.
    pub fn weight(&self, offset: crate::geometry::Offset3, spacing: Spacing) -> Option<(f64, f64)> {
        let norm = self.weighting?;
        let length = norm.length(offset.millimetres(spacing));
        let weight = match norm {
            WeightingNorm::Unweighted => 1.0,
            _ => (-length * length).exp(),
        };
        Some((weight, length))
    }

    /// Every setting with its value, defaults written out, in a fixed order: what an output should
    /// say about how its numbers came about.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let (rule, parameter) = self.discretisation.describe();
        let mut all = vec![
            ("profile", self.profile.name().into()),
            ("discretisation", rule.into()),
        ];
        all.extend(parameter);
        all.extend([
            ("maximum_bins", self.maximum_bins.to_string()),
            ("minimum_pixels", self.minimum_pixels.to_string()),
            ("distances", format!("{:?}", self.distances)),
            ("glcm_pairs", format!("{:?}", self.pairs)),
            ("coarseness", self.coarseness.to_string()),
            (
                "resegmentation",
                self.resegmentation
                    .map_or_else(|| "none".into(), |rule| format!("{rule:?}")),
            ),
        ]);
        match self.profile {
            Profile::PyRadiomics => all.extend([
                ("voxel_array_shift", self.voxel_array_shift.to_string()),
                ("planes", format!("{:?}", self.planes)),
                ("form_of", format!("{:?}", self.form_of)),
                (
                    "weighting_norm",
                    self.weighting
                        .map_or_else(|| "none".into(), |norm| format!("{norm:?}")),
                ),
            ]),
            Profile::Ibsi => {
                let names = self.aggregations.iter().map(|way| way.ibsi_name());
                all.push(("aggregations", names.collect::<Vec<_>>().join(" ")));
                all.push(("ivh", format!("{:?}", self.ivh)));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_reported_at_once() {
        let options = ExtractionOptions {
            discretisation: Discretisation::PyRadiomicsFixedBinSize { width: -1.0 },
            minimum_pixels: 0,
            voxel_array_shift: f64::NAN,
            maximum_bins: 1 << 20,
            distances: vec![0],
            coarseness: -1.0,
            ivh: IvhBins::Arbitrary { count: 0 },
            resegmentation: Some(Resegmentation {
                range: Some(ResegmentationRange::Absolute {
                    low: 1.0,
                    high: 0.0,
                }),
                outliers: Some(-3.0),
            }),
            ..ExtractionOptions::default()
        };
        let Err(FeatureError::Settings { faults }) = options.check() else {
            panic!("accepted");
        };
        assert_eq!(faults.len(), 9, "{faults:?}");
    }

    #[test]
    fn the_defaults_pass_their_own_check() {
        let checked = ExtractionOptions::default().check();
        assert_eq!(checked, Ok(ExtractionSettings::default()));
    }
}
