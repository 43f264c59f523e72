//! NRRD, inline (`.nrrd`) and with detached data (`.nhdr`).
//!
//! ```text
//! bytes ─ fields (text, bounded) ─► header (judged: axes, type, encoding) ─► data ─► Volume
//!                                       └ orientation (space → RAS in mm)
//! ```
//!
//! Source: "Definition of NRRD File Format" (teem.sourceforge.net/nrrd/format.html). Encodings raw, text, hex and
//! gzip are read, bzip2 is refused by name; so is the number type `block`.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod data;
mod fields;
mod header;
mod orientation;
mod write;

use std::path::{Path, PathBuf};

use super::detached::{Beside, files_with_header, read_headed};
use super::{ReadOptions, ReadVolume};
use crate::error::{Code, Result, ToolError, Warning};

pub use write::write_nrrd;

/// A field whose value cannot be.
fn bad(field: &str, value: &str) -> ToolError {
    let shown: String = value.chars().take(80).collect();
    ToolError::new(Code::Header, format!("{field}: {shown}"))
        .remedy("the header is damaged: export the image again")
}

/// Whether the first bytes of a file look like it.
pub(crate) fn recognise(head: &[u8]) -> bool {
    head.starts_with(b"NRRD00")
}

/// Reads a file.
///
/// # Errors
/// The codes of the module head of [`crate::io`], always with the file.
pub fn read_nrrd(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    read_headed(path, options, from)
}

/// Reads an inline file from its bytes.
///
/// # Errors
/// As [`read_nrrd`], without the file; `E_NOT_FOUND` when the data are detached.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadVolume> {
    from(bytes, Beside::Nothing, options)
}

fn from(bytes: &[u8], beside: Beside<'_>, options: &ReadOptions) -> Result<ReadVolume> {
    let mut warnings: Vec<Warning> = Vec::new();
    let text = fields::read(bytes)?;
    let header = header::judge(&text, options, &mut warnings)?;
    let volume = data::volume(bytes, &text, &header, beside, options, &mut warnings)?;
    Ok(ReadVolume::new(volume, warnings))
}

/// The file and those beside it that hold its data.
pub(crate) fn files_of(path: &Path, options: &ReadOptions) -> Vec<PathBuf> {
    files_with_header(path, |bytes| {
        let text = fields::read(bytes)?;
        let header = header::judge(&text, options, &mut Vec::new())?;
        data::files(&text, &header).map(Option::unwrap_or_default)
    })
}
