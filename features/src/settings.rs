//! Settings of an extraction, checked once.

use crate::discretise::Discretisation;
use crate::error::{FeatureError, Result};

/// Whose definitions and names are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// PyRadiomics 3.0.1: same names, same values.
    PyRadiomics,
}

/// More bins than this need a `u16` to overflow; the default limit is far below.
const MOST_BINS: usize = u16::MAX as usize - 1;

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
/// assert_eq!(settings.maximum_bins(), 4096);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExtractionOptions {
    /// Whose definitions are used.
    pub profile: Profile,
    /// How intensities become grey levels.
    pub discretisation: Discretisation,
    /// Smaller regions are refused.
    pub minimum_pixels: usize,
    /// Added to every intensity in energy, total energy and root mean square (PyRadiomics'
    /// `voxelArrayShift`), so that negative intensities do not count like positive ones.
    pub voxel_array_shift: f64,
    /// More grey levels than this are refused.
    pub maximum_bins: usize,
}

impl Default for ExtractionOptions {
    /// PyRadiomics' defaults: bins of width 25, no shift. Every region that has a pixel is accepted.
    fn default() -> Self {
        Self {
            profile: Profile::PyRadiomics,
            discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 25.0 },
            minimum_pixels: 1,
            voxel_array_shift: 0.0,
            maximum_bins: 4096,
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
        match self.discretisation {
            Discretisation::PyRadiomicsFixedBinSize { width } => {
                if !(width.is_finite() && width > 0.0) {
                    faults.push(format!("bin width {width}: must be a positive number"));
                }
            }
            Discretisation::PyRadiomicsFixedBinNumber { count } => {
                if count == 0 || count as usize > self.maximum_bins {
                    let most = self.maximum_bins;
                    faults.push(format!("bin count {count}: must lie between 1 and {most}"));
                }
            }
        }
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
        if faults.is_empty() {
            Ok(ExtractionSettings(self))
        } else {
            Err(FeatureError::Settings { faults })
        }
    }
}

/// Checked settings; made by [`ExtractionOptions::check`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExtractionSettings(ExtractionOptions);

impl ExtractionSettings {
    /// Whose definitions are used.
    pub fn profile(&self) -> Profile {
        self.0.profile
    }

    /// How intensities become grey levels.
    pub fn discretisation(&self) -> Discretisation {
        self.0.discretisation
    }

    /// Smaller regions are refused.
    pub fn minimum_pixels(&self) -> usize {
        self.0.minimum_pixels
    }

    /// Added to intensities in energy, total energy and root mean square.
    pub fn voxel_array_shift(&self) -> f64 {
        self.0.voxel_array_shift
    }

    /// More grey levels are refused.
    pub fn maximum_bins(&self) -> usize {
        self.0.maximum_bins
    }

    /// Every setting with its value, defaults written out, in a fixed order: what an output should
    /// say about how its numbers came about.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let (rule, parameter) = match self.0.discretisation {
            Discretisation::PyRadiomicsFixedBinSize { width } => (
                "pyradiomics_fixed_bin_size",
                ("bin_width", width.to_string()),
            ),
            Discretisation::PyRadiomicsFixedBinNumber { count } => (
                "pyradiomics_fixed_bin_number",
                ("bin_count", count.to_string()),
            ),
        };
        let profile = match self.0.profile {
            Profile::PyRadiomics => "pyradiomics",
        };
        vec![
            ("profile", profile.into()),
            ("dimension", "2D, slice by slice along z".into()),
            ("discretisation", rule.into()),
            parameter,
            ("maximum_bins", self.0.maximum_bins.to_string()),
            ("minimum_pixels", self.0.minimum_pixels.to_string()),
            ("voxel_array_shift", self.0.voxel_array_shift.to_string()),
            ("distance", "1".into()),
            ("symmetric_glcm", "true".into()),
            (
                "direction_aggregation",
                "mean of the features of each direction".into(),
            ),
        ]
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
            ..ExtractionOptions::default()
        };
        let Err(FeatureError::Settings { faults }) = options.check() else {
            panic!("accepted");
        };
        assert_eq!(faults.len(), 4, "{faults:?}");
    }

    #[test]
    fn the_defaults_pass_their_own_check() {
        let checked = ExtractionOptions::default().check();
        assert_eq!(checked, Ok(ExtractionSettings::default()));
    }
}
