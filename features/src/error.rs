//! What can be wrong with an image, a region or the settings.

/// Result of this room.
pub type Result<T> = std::result::Result<T, FeatureError>;

/// Why features could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// Image and mask lie on different grids.
    #[error("{what}: the image has {image}, the mask {mask}; image and mask must lie on one grid")]
    GridMismatch {
        /// Which part of the grid differs.
        what: &'static str,
        /// Found in the image.
        image: String,
        /// Found in the mask.
        mask: String,
    },
    /// A slice index beyond the volume.
    #[error("slice {slice} does not exist: the volume has {slices} slices, counted from 0")]
    NoSuchSlice {
        /// Asked for.
        slice: usize,
        /// There are.
        slices: usize,
    },
    /// NaN or infinite values inside the region.
    #[error(
        "{count} of {pixels} values in the region are NaN or infinite, the first at [z, y, x] = {first:?}"
    )]
    NonFinite {
        /// How many.
        count: usize,
        /// Size of the region.
        pixels: usize,
        /// Index of the first one in the volume.
        first: [usize; 3],
    },
    /// The region is smaller than the settings allow.
    #[error("the region has {pixels} pixels, the settings ask for at least {minimum}")]
    TooSmall {
        /// Size of the region.
        pixels: usize,
        /// `minimum_pixels` of the settings.
        minimum: usize,
    },
    /// A bin width far too small for the range of values.
    #[error(
        "bin width {width} cuts the range {minimum} to {maximum} into {bins} bins, more than the \
         {allowed} allowed; a width of {suggested} gives 64 bins"
    )]
    TooManyBins {
        /// Lowest value in the region.
        minimum: f64,
        /// Highest value in the region.
        maximum: f64,
        /// Bin width of the settings.
        width: f64,
        /// Bins needed.
        bins: f64,
        /// `maximum_bins` of the settings.
        allowed: usize,
        /// A width that gives 64 bins.
        suggested: f64,
    },
    /// Intensities that should be grey levels already.
    #[error(
        "intensities as grey levels: found values from {minimum} to {maximum}; they must lie \
         between 1 and {allowed}"
    )]
    NotGreyLevels {
        /// Lowest value in the region.
        minimum: f64,
        /// Highest value in the region.
        maximum: f64,
        /// `maximum_bins` of the settings.
        allowed: usize,
    },
    /// A family that needs a single slice was given more.
    #[error("family '{family}' works on single slices, the region has {slices}")]
    NotASlice {
        /// The family.
        family: &'static str,
        /// Slices of the region.
        slices: usize,
    },
    /// No family has this id.
    #[error("no feature family '{found}'; there are {known}")]
    UnknownFamily {
        /// Asked for.
        found: String,
        /// All ids, separated by commas.
        known: String,
    },
    /// A family has no feature of this name.
    #[error("family '{family}' has no feature '{found}'")]
    UnknownFeature {
        /// Asked for.
        found: String,
        /// The family.
        family: &'static str,
    },
    /// The region's bounding box is one voxel wide along too many axes.
    #[error(
        "the region's bounding box [z, y, x] is {shape:?} voxels: it extends along {found} axes, the \
         settings ask for {expected}"
    )]
    TooFlat {
        /// The bounding box.
        shape: [usize; 3],
        /// Axes along which it is longer than a voxel.
        found: usize,
        /// `minimum_dimensions`.
        expected: usize,
    },
    /// A family was asked for twice, or none at all.
    #[error("feature families {found:?}: name at least one, each once")]
    FamilyChoice {
        /// The ids as given.
        found: Vec<String>,
    },
    /// An image that a filter cannot be applied to.
    #[error("filter '{filter}': {found}; it needs {expected}")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with the image.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Resampling that cannot be done.
    #[error("resampling: {found}; {expected}")]
    Resampling {
        /// What is wrong.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// No voxel is left in the region.
    #[error("no voxel of the region is left after {step}")]
    Emptied {
        /// What took them away.
        step: &'static str,
    },
    /// Faulty settings, all faults at once.
    #[error("settings: {}", .faults.join("; "))]
    Settings {
        /// One line a fault.
        faults: Vec<String>,
    },
}
