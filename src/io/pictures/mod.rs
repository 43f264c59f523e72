//! PNG and TIFF pictures as slices: grey levels of 8 or 16 bits, TIFF of other number types too. A picture is a volume of
//! one slice, the pages of a TIFF file are a volume. They do not say how large their pixels are: the manifest does
//! (`SpacingX`, `SpacingY`, `SpacingZ`), else 1 mm is taken with a doubt.
//!
//! The decoders are foreign (`png`, `tiff`): sizes are held against the file's length and the budget before they begin,
//! they get limits of their own, and their panics are caught.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod png_file;
mod tiff_file;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use raduet_features::{Grid, Scaling, Volume, Voxels};

use super::grid::unplaced;
use super::open::read_whole;
use super::{ReadOptions, ReadVolume, of_file};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};

/// Whether the first bytes of a file are those of PNG.
pub(crate) fn is_png(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG\r\n\x1a\n")
}

/// Whether the first bytes of a file are those of TIFF, the large form among it.
pub(crate) fn is_tiff(head: &[u8]) -> bool {
    [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
        .iter()
        .any(|mark| head.starts_with(mark.as_slice()))
}

/// Reads a PNG file.
///
/// # Errors
/// The codes of the module head of [`crate::io`], always with the file.
pub fn read_png_file(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    of_file(path, || {
        read_png(&read_whole(path, options.budget)?, options)
    })
}

/// Reads a TIFF file.
///
/// # Errors
/// As [`read_png_file`].
pub fn read_tiff_file(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    of_file(path, || {
        read_tiff(&read_whole(path, options.budget)?, options)
    })
}

/// Reads a PNG file from its bytes.
///
/// # Errors
/// As [`read_png_file`], without the file.
pub fn read_png(bytes: &[u8], options: &ReadOptions) -> Result<ReadVolume> {
    guarded("PNG", || png_file::read(bytes, options))
}

/// Reads a TIFF file from its bytes.
///
/// # Errors
/// As [`read_png_file`], without the file.
pub fn read_tiff(bytes: &[u8], options: &ReadOptions) -> Result<ReadVolume> {
    guarded("TIFF", || tiff_file::read(bytes, options))
}

fn guarded(name: &str, read: impl FnOnce() -> Result<ReadVolume>) -> Result<ReadVolume> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(corrupt(format!("the {name} decoder gave up"))))
}

fn corrupt(found: impl Into<String>) -> ToolError {
    ToolError::new(Code::Corrupt, found).remedy("copy the file again or restore it from its source")
}

/// What a decoder refuses because of the limits it was given.
fn too_large(name: &str, options: &ReadOptions) -> ToolError {
    let most = options.budget.0;
    ToolError::new(
        Code::TooLarge,
        format!("a {name} file that unpacks to more than allowed"),
    )
    .expected(format!("at most {most} bytes"))
    .remedy("allow more memory (--max-memory) if the picture really is that large")
}

fn colours(found: &str) -> ToolError {
    ToolError::new(Code::Datatype, found)
        .expected("grey levels")
        .remedy("convert the picture to grey levels")
}

/// Where pictures lie: nowhere known, with pixels of the given size or 1 mm.
fn grid(size: [usize; 3], options: &ReadOptions, warnings: &mut Vec<Warning>) -> Result<Grid> {
    let spacing = options.spacing.unwrap_or_else(|| {
        warnings.push(Warning::new(
            WarningCode::Orientation,
            "a picture does not say how large its pixels are",
            "taken as 1 mm; give SpacingX and SpacingY in the manifest",
        ));
        [1.0; 3]
    });
    unplaced(spacing, size).ok_or_else(|| {
        ToolError::new(Code::Header, "pixel sizes out of range").remedy("correct the manifest")
    })
}

fn volume(voxels: Voxels, grid: Grid, warnings: Vec<Warning>) -> Result<ReadVolume> {
    let volume = Volume::new(voxels, Scaling::NONE, grid)
        .ok_or_else(|| ToolError::internal("pixels do not fit their grid"))?;
    Ok(ReadVolume::new(volume, warnings))
}
