//! Arguments of `raduet check`.

use std::path::PathBuf;

use clap::Args;

use super::CohortArgs;

/// Arguments of `raduet check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A manifest (.csv) or a data set's folder
    #[arg(value_name = "MANIFEST|DIR")]
    pub input: PathBuf,
    /// Read every voxel: labels, regions, grey levels, damage behind the header
    #[arg(long)]
    pub voxels: bool,
    /// A picture of every case, the slice with most of its region, as a PNG file (reads every voxel)
    #[arg(long, value_name = "FILE")]
    pub sheet: Option<PathBuf>,
    /// Write the table as CSV, too
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// End with status 1 where anything is doubtful
    #[arg(long)]
    pub strict: bool,
    /// Width of a grey-level bin that the preview of grey levels goes by [default: 25]
    #[arg(long, value_name = "WIDTH", conflicts_with = "bin_count")]
    pub bin_width: Option<f64>,
    /// Number of grey-level bins, in place of a width
    #[arg(long, value_name = "N")]
    pub bin_count: Option<usize>,
    /// A region needs at least this many voxels [default: 2]
    #[arg(long, value_name = "VOXELS")]
    pub min_pixels: Option<usize>,
    /// The cohort
    #[command(flatten)]
    pub cohort: CohortArgs,
}
