//! What a file's header says of its image, without reading the voxels where the format allows that.

use std::path::Path;

use raduet_features::{Grid, Voxels};

use super::{NumberType, ReadOptions, nifti, read_volume};
use crate::error::{Result, Warning};

/// An image by its header.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Shape, spacing, place in the patient.
    pub grid: Grid,
    /// The stored number type.
    pub numbers: &'static str,
    /// What is doubtful about the file.
    pub warnings: Vec<Warning>,
}

/// Looks at the header of an image of a format whose headers can be read alone, which is NIfTI, and holds the file's
/// length against it; none for the others.
///
/// # Errors
/// Those of [`read_volume`], but for faults that only the voxels show.
pub(crate) fn header(path: &Path, options: &ReadOptions) -> Result<Option<Survey>> {
    if path.is_dir() {
        return Ok(None);
    }
    nifti::survey(path, options)
}

/// Looks at the header of an image where that can be read alone; files of other formats are read whole.
///
/// # Errors
/// Those of [`read_volume`], but for faults that only the voxels show.
pub fn survey(path: &Path, options: &ReadOptions) -> Result<Survey> {
    if let Some(survey) = header(path, options)? {
        return Ok(survey);
    }
    let read = read_volume(path, options)?;
    Ok(Survey {
        grid: *read.volume.grid(),
        numbers: numbers(read.volume.voxels()),
        warnings: read.warnings,
    })
}

/// A number type by the name users know it by.
pub(crate) fn numbers(voxels: &Voxels) -> &'static str {
    NumberType::of(voxels).name()
}
