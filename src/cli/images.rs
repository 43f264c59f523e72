//! Options of every command that reads images.

use clap::Args;

/// How images are read.
#[derive(Debug, Clone, Default, Args)]
pub struct ImageArgs {
    /// The DICOM series (its UID) of a folder that holds several
    #[arg(long, value_name = "UID", help_heading = "Images")]
    pub series: Option<String>,
    /// The volume of a file that holds several, counted from 0
    #[arg(long, value_name = "K", help_heading = "Images")]
    pub volume: Option<u64>,
    /// Bring a mask on another grid onto the image's, by the nearest voxel
    #[arg(long, help_heading = "Images")]
    pub resample_mask: bool,
    /// Open data files that a header names outside its own folder
    #[arg(long, help_heading = "Images")]
    pub allow_external_data: bool,
}
