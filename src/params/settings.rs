//! The settings of a parameter file, each with PyRadiomics' default.

use raduet_features::settings::WeightingNorm;
use serde::{Serialize, Serializer};

/// Everything below `setting`, under our names; [`Serialize`] writes PyRadiomics' names.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the format's own switches, each named where it is read"
)]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PyRadiomicsSettings {
    /// Number of axes along which the region must extend, 1 to 3.
    #[serde(rename = "minimumROIDimensions")]
    pub minimum_roi_dimensions: u32,
    /// The region needs more voxels than this.
    #[serde(rename = "minimumROISize")]
    pub minimum_roi_size: Option<u32>,
    /// How far grids of image and mask may differ, as ITK counts; none for ITK's own tolerance.
    pub geometry_tolerance: Option<f64>,
    /// Resample a mask that lies on another grid onto the image's.
    pub correct_mask: bool,
    /// Write down image, mask and settings beside the features.
    pub additional_info: bool,
    /// The region's value in the mask.
    pub label: u32,
    /// The channel of a mask that has several.
    #[serde(rename = "label_channel")]
    pub label_channel: u32,

    /// Bring the image to mean 0 and standard deviation 1.
    pub normalize: bool,
    /// Standard deviation after normalisation.
    pub normalize_scale: f64,
    /// Values further from the mean, in standard deviations, are moved to this distance.
    pub remove_outliers: Option<f64>,

    /// Voxel size in mm along x, y, z; 0 keeps that of the image.
    pub resampled_pixel_spacing: Option<[f64; 3]>,
    /// How the image is resampled; none for not at all.
    pub interpolator: Option<Interpolator>,
    /// Voxels kept around the region when the image is cut down.
    pub pad_distance: u32,
    /// Cut the image down before it is filtered.
    pub pre_crop: bool,

    /// Intensities that stay in the region; its unit is told by `resegment_mode`.
    pub resegment_range: Option<ResegmentRange>,
    /// Unit of the range.
    pub resegment_mode: ResegmentMode,
    /// Measure the shape of what stays.
    pub resegment_shape: bool,

    /// Width of a bin; no effect where `bin_count` is given.
    pub bin_width: f64,
    /// Number of bins.
    pub bin_count: Option<u32>,
    /// Look for neighbours within slices only.
    #[serde(rename = "force2D")]
    pub force_2d: bool,
    /// The axis across slices: 0 is z, 1 is y, 2 is x.
    #[serde(rename = "force2Ddimension")]
    pub force_2d_dimension: u32,
    /// How directions are weighted and merged; none for the mean of their features.
    #[serde(serialize_with = "weighting_name")]
    pub weighting_norm: Option<WeightingNorm>,
    /// Distances of neighbours in voxels (Chebyshev).
    pub distances: Vec<u32>,
    /// Added to intensities in energy, total energy and root mean square.
    pub voxel_array_shift: i64,
    /// Count co-occurrences both ways.
    #[serde(rename = "symmetricalGLCM")]
    pub symmetrical_glcm: bool,
    /// Levels that differ by no more than this depend on each other.
    #[serde(rename = "gldm_a")]
    pub gldm_a: u32,

    /// Widths of the Laplacian of Gaussian in mm; empty where none was given, and then that image type has
    /// no features.
    pub sigma: Vec<Sigma>,
    /// First level of the wavelet decomposition, from 0.
    #[serde(rename = "start_level")]
    pub start_level: u32,
    /// Levels of the wavelet decomposition.
    pub level: u32,
    /// Name of the wavelet, as `PyWavelets` has it.
    pub wavelet: String,
    /// Gradients per mm, not per voxel.
    pub gradient_use_spacing: bool,
    /// Distance of the samples of the planar local binary pattern.
    #[serde(rename = "lbp2DRadius")]
    pub lbp2d_radius: f64,
    /// Samples of the planar local binary pattern.
    #[serde(rename = "lbp2DSamples")]
    pub lbp2d_samples: u32,
    /// Form of the planar local binary pattern.
    #[serde(rename = "lbp2DMethod")]
    pub lbp2d_method: Lbp2dMethod,
    /// Levels of the spherical harmonics of the spatial local binary pattern.
    #[serde(rename = "lbp3DLevels")]
    pub lbp3d_levels: u32,
    /// Distance of its samples.
    #[serde(rename = "lbp3DIcosphereRadius")]
    pub lbp3d_icosphere_radius: f64,
    /// How often the icosahedron that its samples lie on is divided.
    #[serde(rename = "lbp3DIcosphereSubdivision")]
    pub lbp3d_icosphere_subdivision: u32,
}

impl Default for PyRadiomicsSettings {
    fn default() -> Self {
        Self {
            minimum_roi_dimensions: 2,
            minimum_roi_size: None,
            geometry_tolerance: None,
            correct_mask: false,
            additional_info: true,
            label: 1,
            label_channel: 0,
            normalize: false,
            normalize_scale: 1.0,
            remove_outliers: None,
            resampled_pixel_spacing: None,
            interpolator: Some(Interpolator::BSpline),
            pad_distance: 5,
            pre_crop: false,
            resegment_range: None,
            resegment_mode: ResegmentMode::Absolute,
            resegment_shape: false,
            bin_width: 25.0,
            bin_count: None,
            force_2d: false,
            force_2d_dimension: 0,
            weighting_norm: None,
            distances: vec![1],
            voxel_array_shift: 0,
            symmetrical_glcm: true,
            gldm_a: 0,
            sigma: Vec::new(),
            start_level: 0,
            level: 1,
            wavelet: "coif1".into(),
            gradient_use_spacing: true,
            lbp2d_radius: 1.0,
            // The program's default; its documentation says 9.
            lbp2d_samples: 8,
            lbp2d_method: Lbp2dMethod::Uniform,
            lbp3d_levels: 2,
            lbp3d_icosphere_radius: 1.0,
            lbp3d_icosphere_subdivision: 1,
        }
    }
}

/// Everything below `voxelSetting`: how feature maps are made.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VoxelSettings {
    /// Voxels from the centre of the kernel to its faces.
    pub kernel_radius: u32,
    /// Only voxels of the region count, inside the kernel and for the bins.
    pub masked_kernel: bool,
    /// Value of voxels that have none; may be NaN.
    #[serde(serialize_with = "number_or_nan")]
    pub init_value: f64,
    /// Voxels that are measured together; none for all. No effect on any value.
    #[serde(serialize_with = "batch")]
    pub voxel_batch: Option<u32>,
}

impl Default for VoxelSettings {
    fn default() -> Self {
        Self {
            kernel_radius: 1,
            masked_kernel: true,
            init_value: 0.0,
            voxel_batch: None,
        }
    }
}

/// How an image is resampled: the names of SimpleITK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are the definition")]
pub enum Interpolator {
    #[serde(rename = "sitkNearestNeighbor")]
    NearestNeighbor,
    #[serde(rename = "sitkLinear")]
    Linear,
    #[serde(rename = "sitkBSpline")]
    BSpline,
    #[serde(rename = "sitkGaussian")]
    Gaussian,
    #[serde(rename = "sitkLabelGaussian")]
    LabelGaussian,
    #[serde(rename = "sitkHammingWindowedSinc")]
    HammingWindowedSinc,
    #[serde(rename = "sitkCosineWindowedSinc")]
    CosineWindowedSinc,
    #[serde(rename = "sitkWelchWindowedSinc")]
    WelchWindowedSinc,
    #[serde(rename = "sitkLanczosWindowedSinc")]
    LanczosWindowedSinc,
    #[serde(rename = "sitkBlackmanWindowedSinc")]
    BlackmanWindowedSinc,
}

impl Interpolator {
    /// Names in the order of SimpleITK's numbers, which begin at 1.
    pub const NAMES: [(&'static str, Self); 10] = [
        ("sitkNearestNeighbor", Self::NearestNeighbor),
        ("sitkLinear", Self::Linear),
        ("sitkBSpline", Self::BSpline),
        ("sitkGaussian", Self::Gaussian),
        ("sitkLabelGaussian", Self::LabelGaussian),
        ("sitkHammingWindowedSinc", Self::HammingWindowedSinc),
        ("sitkCosineWindowedSinc", Self::CosineWindowedSinc),
        ("sitkWelchWindowedSinc", Self::WelchWindowedSinc),
        ("sitkLanczosWindowedSinc", Self::LanczosWindowedSinc),
        ("sitkBlackmanWindowedSinc", Self::BlackmanWindowedSinc),
    ];
}

/// Bounds of re-segmentation, ascending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResegmentRange {
    /// Lowest that stays.
    pub low: f64,
    /// Highest that stays, if there is such a bound.
    pub high: Option<f64>,
}

impl Serialize for ResegmentRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([Some(self.low), self.high].iter().flatten())
    }
}

/// A width of the Laplacian of Gaussian in mm. Columns are named after it as it was written: `2` and `2.0` differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sigma {
    /// The width.
    pub mm: f64,
    /// The whole number, where it was written without a point.
    pub whole: Option<i64>,
}

impl PartialEq<f64> for Sigma {
    fn eq(&self, mm: &f64) -> bool {
        self.mm.to_bits() == mm.to_bits()
    }
}

impl Serialize for Sigma {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.whole {
            Some(whole) => serializer.serialize_i64(whole),
            None => serializer.serialize_f64(self.mm),
        }
    }
}

/// Unit of re-segmentation bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResegmentMode {
    /// That of the intensities.
    Absolute,
    /// Fractions of the region's maximum.
    Relative,
    /// Standard deviations from the region's mean.
    Sigma,
}

/// Forms of the planar local binary pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lbp2dMethod {
    /// As sampled.
    Default,
    /// The least of all rotations.
    Ror,
    /// Rotation invariant, patterns with more than two changes counted as one.
    Uniform,
    /// Variance of the samples.
    Var,
}

/// The names of [`WeightingNorm`] in files.
pub(super) const WEIGHTING_NORMS: [(&str, WeightingNorm); 4] = [
    ("euclidean", WeightingNorm::Euclidean),
    ("manhattan", WeightingNorm::Manhattan),
    ("infinity", WeightingNorm::Infinity),
    ("no_weighting", WeightingNorm::Unweighted),
];

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
fn weighting_name<S: Serializer>(
    norm: &Option<WeightingNorm>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    WEIGHTING_NORMS
        .iter()
        .find(|(_, known)| Some(*known) == *norm)
        .map(|(name, _)| name)
        .serialize(serializer)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
fn number_or_nan<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_nan() {
        serializer.serialize_str("nan")
    } else {
        serializer.serialize_f64(*value)
    }
}

/// PyRadiomics writes -1 for all voxels at once.
#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
fn batch<S: Serializer>(value: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(value.map_or(-1, i64::from))
}
