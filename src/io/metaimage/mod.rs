//! MetaImage: `.mha` with its data, `.mhd` with data in files of their own.
//!
//! ```text
//! bytes ─ fields (text, bounded) ─► header (judged: sizes, type, orientation) ─► data ─► Volume
//! ```
//!
//! Source: MetaIO's documentation (itk.org/Wiki/MetaIO/Documentation). Raw, zlib and written data are read; the data
//! may follow the header (`LOCAL`) or stand in one file, a `LIST` or a `%d` pattern beside it. Positions are LPS.

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

use std::path::{Path, PathBuf};

use super::detached::{Beside, files_with_header, read_headed};
use super::{ReadOptions, ReadVolume};
use crate::error::{Code, Result, ToolError};

/// A field whose value cannot be.
fn bad(field: &str, value: &str) -> ToolError {
    let shown: String = value.chars().take(80).collect();
    ToolError::new(Code::Header, format!("{field} = {shown}"))
        .remedy("the header is damaged: export the image again")
}

/// Whether the first bytes of a file look like it: a field of the format with its equals sign.
pub(crate) fn recognise(head: &[u8]) -> bool {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let mut halves = line.splitn(2, |b| *b == b'=');
    let (name, value) = (halves.next(), halves.next());
    let known: [&[u8]; 5] = [
        b"ObjectType",
        b"ObjectSubType",
        b"NDims",
        b"Comment",
        b"Name",
    ];
    value.is_some() && name.is_some_and(|name| known.contains(&name.trim_ascii()))
}

/// Reads a file.
///
/// # Errors
/// The codes of the module head of [`crate::io`], always with the file.
pub fn read_metaimage(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    read_headed(path, options, from)
}

/// Reads a file with its data from its bytes.
///
/// # Errors
/// As [`read_metaimage`], without the file; `E_NOT_FOUND` when the data are detached.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadVolume> {
    from(bytes, Beside::Nothing, options)
}

fn from(bytes: &[u8], beside: Beside<'_>, options: &ReadOptions) -> Result<ReadVolume> {
    let mut warnings = Vec::new();
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
        data::names(&text, &header)
    })
}
