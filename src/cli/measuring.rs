//! Arguments of the commands that measure images: features and maps.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CohortArgs, ImageArgs, LabelArg, parse_label};
use crate::settings::{NonfiniteName, ProfileName};

/// How slices or cases are measured.
#[derive(Debug, Clone, Args)]
pub struct FeatureOptions {
    /// Whose names, defaults and values [default: pyradiomics]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<ProfileName>,
    /// A parameter file of PyRadiomics (.yaml, .json), taken unchanged
    #[arg(short = 'p', long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// A setting by PyRadiomics' name, which wins over the file; may be given several times
    #[arg(short = 's', long, value_name = "KEY:VALUE")]
    pub setting: Vec<String>,
    /// Profile ibsi: aggregations by the standard's names (2D:avg, 2D:mrg, 2.5D:dmrg, 2.5D:vmrg, 3D:avg, 3D:mrg), comma separated
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        help_heading = "Profile ibsi"
    )]
    pub aggregation: Vec<String>,
    /// Profile ibsi: leave out intensities further from the mean than this many standard deviations
    #[arg(long, value_name = "SIGMA", help_heading = "Profile ibsi")]
    pub outliers: Option<f64>,
    /// Profile ibsi: round intensities to whole numbers after resampling (CT)
    #[arg(long, help_heading = "Profile ibsi")]
    pub round: bool,
    /// Profile ibsi: bins of the intensity-volume histogram, discrete, continuous:WIDTH or arbitrary:COUNT [default: discrete]
    #[arg(long, value_name = "BINS", help_heading = "Profile ibsi")]
    pub ivh: Option<String>,
    /// Profile ibsi: a filter beside the unfiltered image, such as log:sigma=1.5; may be given several times
    #[arg(long, value_name = "FILTER", help_heading = "Profile ibsi")]
    pub filter: Vec<String>,
    /// Width of a grey-level bin, in image units [default: the parameter file's, else 25]
    #[arg(long, value_name = "WIDTH", conflicts_with = "bin_count")]
    pub bin_width: Option<f64>,
    /// Number of grey-level bins, in place of a width
    #[arg(long, value_name = "N")]
    pub bin_count: Option<usize>,
    /// Feature families, comma separated [default: those of the slice, or all of the case; see `raduet features`]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub family: Vec<String>,
    /// A slice needs at least this many pixels of the region [default: 2]
    #[arg(long, value_name = "PIXELS")]
    pub min_pixels: Option<usize>,
    /// What becomes of NaN and infinite values inside the region [default: refuse]
    #[arg(long, value_enum, value_name = "RULE")]
    pub nonfinite: Option<NonfiniteName>,
}

/// Arguments of `raduet extract`.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// A manifest (.csv), a data set's folder, or `phantom`
    #[arg(value_name = "MANIFEST|DIR")]
    pub input: PathBuf,
    /// File for the feature table, .csv or .parquet
    #[arg(short, long, default_value = "features.csv", value_name = "FILE")]
    pub output: PathBuf,
    /// What a row stands for
    #[arg(long, value_enum, default_value_t = UnitName::Slice, value_name = "UNIT")]
    pub by: UnitName,
    /// One row a case: mean, standard deviation, 10th and 90th percentile and area-weighted mean over its slices
    #[arg(long, conflicts_with = "lesions")]
    pub summarise: bool,
    /// Measure each connected part of the region as a lesion of its own
    #[arg(long)]
    pub lesions: bool,
    /// Print the plan and stop
    #[arg(long)]
    pub dry_run: bool,
    /// The cohort
    #[command(flatten)]
    pub cohort: CohortArgs,
    /// The features
    #[command(flatten)]
    pub features: FeatureOptions,
}

/// Arguments of `raduet map`.
#[derive(Debug, Args)]
pub struct MapArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Its mask
    #[arg(value_name = "MASK")]
    pub mask: PathBuf,
    /// Folder for the maps: an image file and a picture for each image and feature
    #[arg(short, long, default_value = "raduet-maps", value_name = "DIR")]
    pub output: PathBuf,
    /// Mask value, or name of a DICOM region, that is the region of interest where a mask holds several
    #[arg(long, value_name = "VALUE|NAME", value_parser = parse_label)]
    pub label: Option<LabelArg>,
    /// Format of the maps
    #[arg(long, value_enum, default_value_t = ImageFormName::Nifti, value_name = "FORMAT")]
    pub format: ImageFormName,
    /// Write the image and the region as they were read, too, on the image's grid
    #[arg(long)]
    pub with_inputs: bool,
    /// How images are read
    #[command(flatten)]
    pub images: ImageArgs,
    /// A parameter file of PyRadiomics (.yaml, .json) with its voxelSetting
    #[arg(short = 'p', long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// A setting by PyRadiomics' name, such as kernelRadius:2; may be given several times
    #[arg(short = 's', long, value_name = "KEY:VALUE")]
    pub setting: Vec<String>,
    /// Feature families, comma separated [default: the file's, else all but those of form]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub family: Vec<String>,
    /// Features, comma separated, such as `glcm_Contrast` [default: all of the families]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub feature: Vec<String>,
    /// Width of a grey-level bin, in image units [default: the parameter file's, else 25]
    #[arg(long, value_name = "WIDTH", conflicts_with = "bin_count")]
    pub bin_width: Option<f64>,
    /// Number of grey-level bins, in place of a width
    #[arg(long, value_name = "N")]
    pub bin_count: Option<usize>,
    /// Write 64-bit numbers in place of 32-bit ones
    #[arg(long)]
    pub double: bool,
}

/// Formats that images are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImageFormName {
    /// NIfTI-1, compressed (.nii.gz)
    Nifti,
    /// NRRD, compressed (.nrrd)
    Nrrd,
}

/// What a row of a feature table stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnitName {
    /// A slice that holds part of the region
    Slice,
    /// The region as a whole
    Case,
}
