//! Files: images and masks in, everything else in and out, one idea a file.
//!
//! | for | look at |
//! |---|---|
//! | an image, its mask, or both | [`read_volume`], [`read_mask`], [`read_case`] |
//! | which formats there are | [`READERS`] |
//! | the labels of a segmentation | [`mask`] |
//! | whether two grids belong together | [`geometry`] |
//! | writing anything | [`atomic`]: whole or not at all |
//! | the cells of a table | [`cell`] |
//! | feature tables | [`feature_table`]: [`feature_csv`] or [`parquet`], both through [`raw_table`] and [`key_columns`] |
//! | a learner's model | [`model_file`](model_file/index.html) |
//! | predictions, splits | [`predictions_csv`], of any origin [`answers`]; [`split_file`] |
//! | maps on an image's grid, pictures of a slice | [`mod@write`], [`png`] |
//! | the CSV manifest | [`manifest_csv`] |
//!
//! Codes of the image readers: `E_NOT_FOUND`, `E_NOT_REGULAR`, `E_READ`, `E_FORMAT`, `E_PATH` (opening);
//! `E_HEADER`, `E_DATATYPE`, `E_NDIM`, `E_TOO_LARGE` (header); `E_TRUNCATED`, `E_CORRUPT` (voxels);
//! `E_GEOMETRY`, `E_MASK_VALUES`, `E_LABEL`, `E_MASK_EMPTY` (masks). Every error names the file.

use std::path::Path;

use raduet_features::{Grid, MaskVolume, Volume};

use crate::error::{Code, Result, ToolError, Warning};
use mask::MaskFile;

pub mod answers;
pub mod atomic;
pub mod cell;
pub mod cohort_csv;
pub mod dicom;
pub mod feature_csv;
pub mod feature_table;
pub mod formats;
pub mod geometry;
pub mod grid;
pub mod key_columns;
pub mod manifest_csv;
pub mod mask;
pub mod metaimage;
#[cfg(feature = "learners")]
pub mod model_file;
pub mod nifti;
pub mod npy;
pub mod nrrd;
pub mod parquet;
pub mod pictures;
pub mod png;
pub mod predictions_csv;
pub mod raw_table;
pub mod split_file;
#[cfg(feature = "deep")]
pub mod tensorboard;
pub mod write;

mod axes;
mod budget;
mod deflate;
mod detached;
pub(crate) mod fault;
pub(crate) mod fingerprint;
mod inflate;
mod open;
mod room;
mod sliced;
pub(crate) mod survey;
pub(crate) mod voxel_bytes;

pub use atomic::AtomicFile;
pub use budget::ByteBudget;
pub use formats::{READERS, Reader, read_volume};
pub use geometry::{GeometryRule, Misfit};
pub use mask::{LabelChoice, LabelVolume, ReadMask};
pub(crate) use nifti::is_gzip;
pub use open::read_small;
pub(crate) use room::recycle;
pub(crate) use sliced::SlicedCase;
pub(crate) use survey::numbers;
pub use survey::{Survey, survey};
pub use voxel_bytes::NumberType;

/// Tables and splits larger than this are refused.
pub const LARGEST_TABLE: u64 = 4 << 30;

/// Who unpacks a packed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unpacking {
    /// All threads that are idle share it.
    #[default]
    Shared,
    /// The thread that reads it, since all others are known to be busy: that takes the least memory.
    Alone,
}

/// What a reader is allowed and asked to do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadOptions {
    /// Limit on the bytes a file may declare.
    pub budget: ByteBudget,
    /// The 0-based volume of a file that holds several.
    pub volume: Option<u64>,
    /// Whether a header may name data outside its own folder.
    pub external_data: bool,
    /// Voxel sizes along x, y, z in mm for files that do not say them.
    pub spacing: Option<[f64; 3]>,
    /// The DICOM series (its UID) of a folder that holds several.
    pub series: Option<String>,
    /// Who unpacks a packed file.
    pub unpacking: Unpacking,
}

impl ReadOptions {
    /// The same for the mask: a volume and a series are chosen from the image, and a mask of one volume goes with any.
    #[must_use]
    pub fn of_mask(&self) -> Self {
        Self {
            volume: None,
            series: None,
            ..self.clone()
        }
    }
}

/// An image and the doubts about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadVolume {
    /// The image in its stored number type.
    pub volume: Volume,
    /// What is doubtful about the file.
    pub warnings: Vec<Warning>,
    /// The DICOM frame of reference (its UID) that places are in.
    pub frame_of_reference: Option<String>,
    /// A fingerprint of the file, where it was read as a whole.
    pub fingerprint: Option<String>,
}

impl ReadVolume {
    fn new(volume: Volume, warnings: Vec<Warning>) -> Self {
        Self {
            volume,
            warnings,
            frame_of_reference: None,
            fingerprint: None,
        }
    }
}

/// Reads with the name of the file on every fault and doubt.
fn of_file(path: &Path, read: impl FnOnce() -> Result<ReadVolume>) -> Result<ReadVolume> {
    let mut read = read().map_err(|error| error.file(path))?;
    read.warnings = read.warnings.into_iter().map(|w| w.file(path)).collect();
    Ok(read)
}

/// An image with one region of interest on its grid.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadCase {
    /// The image in its stored number type.
    pub image: Volume,
    /// The region.
    pub mask: MaskVolume,
    /// The label value of the region in the mask file.
    pub label: i64,
    /// What is doubtful about either file.
    pub warnings: Vec<Warning>,
    /// Of both files.
    pub fingerprints: Fingerprints,
}

/// Fingerprints of an image and its mask, of each that reading has seen as a whole and in one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprints {
    /// The image's.
    pub image: Option<String>,
    /// The mask's.
    pub mask: Option<String>,
}

/// An image with its whole segmentation, from which regions are taken one by one.
#[derive(Debug)]
pub struct ReadLabels {
    /// The image in its stored number type.
    pub image: Volume,
    /// The segmentation, with the doubts about it.
    pub labels: LabelVolume,
    /// What is doubtful about the image.
    pub warnings: Vec<Warning>,
    /// Of both files.
    pub fingerprints: Fingerprints,
}

/// Reads one region of a mask onto the grid of its image.
///
/// # Errors
/// See the module head.
pub fn read_mask(
    path: &Path,
    choice: &LabelChoice,
    image: &Grid,
    rule: GeometryRule,
    options: &ReadOptions,
) -> Result<ReadMask> {
    LabelVolume::read(path, image, rule, options)?.into_mask(choice)
}

/// Reads an image and one region of its mask.
///
/// # Errors
/// See the module head; what concerns the mask names both files.
pub fn read_case(
    image: &Path,
    mask: &Path,
    choice: &LabelChoice,
    rule: GeometryRule,
    options: &ReadOptions,
) -> Result<ReadCase> {
    let mut read = read_labels(image, mask, rule, options)?;
    let region = read
        .labels
        .into_mask(choice)
        .map_err(|error| held_against(error, image))?;
    read.warnings.extend(region.warnings);
    Ok(ReadCase {
        image: read.image,
        mask: region.mask,
        label: region.label,
        warnings: read.warnings,
        fingerprints: read.fingerprints,
    })
}

/// Reads an image and its whole segmentation.
///
/// # Errors
/// See the module head; what concerns the mask names both files.
pub fn read_labels(
    image: &Path,
    mask: &Path,
    rule: GeometryRule,
    options: &ReadOptions,
) -> Result<ReadLabels> {
    let mask_options = options.of_mask();
    let (read, read_mask) = rayon::join(
        || read_volume(image, options),
        || MaskFile::read(mask, &mask_options),
    );
    let ReadVolume {
        volume,
        warnings,
        frame_of_reference,
        fingerprint,
    } = read?;
    let frame = frame_of_reference.as_deref();
    let read_mask = read_mask?;
    let fingerprints = Fingerprints {
        image: fingerprint,
        mask: read_mask.fingerprint(),
    };
    let labels = LabelVolume::new(read_mask, mask, volume.grid(), frame, rule)
        .map_err(|error| held_against(error, image))?;
    Ok(ReadLabels {
        image: volume,
        labels,
        warnings,
        fingerprints,
    })
}

/// An error of geometry names both files.
fn held_against(error: ToolError, image: &Path) -> ToolError {
    if error.code == Code::Geometry {
        error.against(image)
    } else {
        error
    }
}
