//! From a file's settings to the engine's.

use raduet_features::settings::{FormOf, Pairs, Planes, Resegmentation, ResegmentationRange};
use raduet_features::{Discretisation, ExtractionOptions, Profile};

use super::settings::{PyRadiomicsSettings, ResegmentMode};

/// PyRadiomics refuses a region of one voxel whatever its settings say.
const FEWEST_VOXELS: usize = 2;

impl PyRadiomicsSettings {
    /// The engine's options for one region on one image. What happens to the image before (mask, normalisation,
    /// resampling), filters, and a `force2Ddimension` other than 0 are not part of them.
    pub fn extraction_options(&self) -> ExtractionOptions {
        let discretisation = match self.bin_count {
            Some(count) => Discretisation::PyRadiomicsFixedBinNumber { count },
            None => Discretisation::PyRadiomicsFixedBinSize {
                width: self.bin_width,
            },
        };
        let more_than = self.minimum_roi_size.map_or(0, |size| size as usize);
        ExtractionOptions {
            profile: Profile::PyRadiomics,
            discretisation,
            resegmentation: self.resegmentation(),
            form_of: if self.resegment_shape {
                FormOf::Resegmented
            } else {
                FormOf::Whole
            },
            minimum_pixels: (more_than + 1).max(FEWEST_VOXELS),
            voxel_array_shift: self.voxel_array_shift as f64,
            distances: self.distances.iter().map(|&d| d as usize).collect(),
            pairs: if self.symmetrical_glcm {
                Pairs::Symmetric
            } else {
                Pairs::OneWay
            },
            weighting: self.weighting_norm,
            planes: if self.force_2d {
                Planes::InSlices
            } else {
                Planes::Volume
            },
            coarseness: f64::from(self.gldm_a),
            ..ExtractionOptions::default()
        }
    }

    fn resegmentation(&self) -> Option<Resegmentation> {
        let range = self.resegment_range?;
        let (low, high) = (range.low, range.high.unwrap_or(f64::INFINITY));
        let range = match self.resegment_mode {
            ResegmentMode::Absolute => ResegmentationRange::Absolute { low, high },
            ResegmentMode::Relative => ResegmentationRange::OfMaximum { low, high },
            ResegmentMode::Sigma => ResegmentationRange::Deviations { low, high },
        };
        Some(Resegmentation {
            range: Some(range),
            outliers: None,
        })
    }
}
