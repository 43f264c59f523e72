//! DICOM: image series, structure sets and segmentations.
//!
//! ```text
//! bytes ─ file (marks, syntax, deflate) ─ elements (bounded tree) ─ values ─┬─ attributes ─ pixels ─ series ─► Volume
//!                                                                          ├─ rtstruct ─ contours ─► regions
//!                                                                          └─ seg ─ stack ─► regions
//! ```
//!
//! Source: DICOM PS3.3, PS3.5 and PS3.10 (2024). The tree of elements is read by our own bounded reader: the reader of
//! dicom-object 0.10 calls itself for every nested item, and 2 MB of nested sequences end the program by a stack
//! overflow, which nothing catches. Compressed pixels: RLE is decoded here, JPEG (baseline, extended, lossless) by
//! `jpeg-decoder`, whose panics are caught; its memory is bounded by the size the header declares.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod attributes;
pub mod contours;
mod elements;
mod file;
mod folder;
mod pixels;
mod regions;
mod rle;
pub mod rtstruct;
pub mod seg;
mod series;
mod stack;
mod syntax;
mod values;

use std::path::{Path, PathBuf};

use super::{ReadOptions, ReadVolume, of_file};
use crate::error::{Code, Result, ToolError};

pub(crate) use regions::regions_of;
pub use regions::{Region, Regions};

/// Whether the first bytes of a file look like it: the mark behind the preamble, or an element of one of the first
/// groups for files without.
pub(crate) fn recognise(head: &[u8]) -> bool {
    if head.get(128..132) == Some(b"DICM") {
        return true;
    }
    let (group, element) = (head.get(..2), head.get(2..4));
    let early =
        matches!(group, Some([2 | 8, 0])) && element != Some(&[0, 0]) || group == Some(&[8, 0]);
    let explicit = head
        .get(4..6)
        .is_some_and(|vr| vr.iter().all(u8::is_ascii_uppercase));
    // Implicit: a short length in four bytes, the upper two of them 0.
    let implicit = head.get(6..8) == Some(&[0, 0]);
    early && (explicit || implicit)
}

/// Reads the series that a folder, or any one file of it, names.
///
/// # Errors
/// `E_SERIES`, `E_TRANSFER_SYNTAX` and the codes of the module head of [`crate::io`].
pub fn read_series(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    of_file(path, || folder::read(path, options))
}

/// Reads a series from the bytes of its files, in any order.
///
/// # Errors
/// As [`read_series`], without the file.
pub fn read(files: &[&[u8]], options: &ReadOptions) -> Result<ReadVolume> {
    let parsed: Result<Vec<_>> = files
        .iter()
        .map(|bytes| file::DicomFile::parse(bytes.to_vec(), options.budget))
        .collect();
    series::volume(&parsed?, options)
}

/// Reads the elements of a file and says how many there are, nested ones included.
///
/// # Errors
/// `E_FORMAT`, `E_CORRUPT`, `E_TRUNCATED`, `E_TOO_LARGE`.
pub fn count_elements(bytes: &[u8], options: &ReadOptions) -> Result<usize> {
    file::DicomFile::parse(bytes.to_vec(), options.budget).map(|file| file.elements())
}

/// The file itself where it stands alone; else every file of the folder that may belong to its series, by name.
pub(crate) fn files_of(path: &Path, options: &ReadOptions) -> Vec<PathBuf> {
    folder::files_of(path, options).unwrap_or_else(|_| vec![path.to_owned()])
}

/// Bytes that contradict themselves.
fn corrupt(found: impl Into<String>) -> ToolError {
    ToolError::new(Code::Corrupt, found).remedy("the file is damaged: copy or export it again")
}
