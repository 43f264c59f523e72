//! Opening files for reading: regular files only.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::ByteBudget;
use super::room::reserved;
use crate::error::{Code, Result, ToolError};

/// A regular file opened for reading, and its length in bytes.
#[derive(Debug)]
pub(crate) struct RegularFile {
    /// The open file.
    pub(crate) file: File,
    /// Bytes on disk.
    pub(crate) len: u64,
}

/// Opens a regular file. The kind is looked at before opening, because opening a pipe would wait for
/// its writer for ever, and again afterwards on the open file.
///
/// # Errors
/// `E_NOT_FOUND`, `E_NOT_REGULAR`, `E_READ`.
pub(crate) fn open_regular(path: &Path) -> Result<RegularFile> {
    let look = |outcome: io::Result<Metadata>| {
        let about = outcome.map_err(|error| read_error(path, &error))?;
        if about.is_file() {
            Ok(about)
        } else {
            Err(not_regular(path, &about))
        }
    };
    look(fs::metadata(path))?;
    let file = File::open(path).map_err(|error| read_error(path, &error))?;
    let len = look(file.metadata())?.len();
    Ok(RegularFile { file, len })
}

/// Reads a whole text-sized file of at most `limit` bytes.
///
/// # Errors
/// `E_NOT_FOUND`, `E_NOT_REGULAR`, `E_READ`; `E_TOO_LARGE` above the limit.
pub fn read_small(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let source = open_regular(path)?;
    let mut bytes = Vec::new();
    source
        .file
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= limit) {
        Ok(bytes)
    } else {
        Err(
            ToolError::new(Code::TooLarge, format!("more than {limit} bytes"))
                .file(path)
                .expected(format!("at most {limit} bytes"))
                .remedy("check that this is the file meant"),
        )
    }
}

/// Reads a whole file of voxels, at most as many bytes as the budget has.
///
/// # Errors
/// `E_NOT_FOUND`, `E_NOT_REGULAR`, `E_READ`; `E_TOO_LARGE` above the budget, or when the system has no room.
pub(crate) fn read_whole(path: &Path, budget: ByteBudget) -> Result<Vec<u8>> {
    let source = open_regular(path)?;
    let len = usize::try_from(source.len)
        .ok()
        .filter(|_| source.len <= budget.0);
    let len = len.ok_or_else(|| {
        ToolError::new(Code::TooLarge, format!("a file of {} bytes", source.len))
            .file(path)
            .expected(format!("at most {} bytes", budget.0))
            .remedy("allow more memory (--max-memory) if the image really is that large")
    })?;
    let mut bytes = reserved(len).map_err(|error| error.file(path))?;
    source
        .file
        .take(source.len)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(path, &error))?;
    Ok(bytes)
}

/// An operating system's error while reading.
pub(crate) fn read_error(path: &Path, error: &io::Error) -> ToolError {
    match error.kind() {
        // A loop of links leads nowhere. The kind `FilesystemLoop` is not stable to name: ELOOP is 40.
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            ToolError::new(Code::NotFound, "no such file")
                .remedy("check the path; relative paths start at the manifest's folder")
        }
        _ if error.raw_os_error() == Some(40) => {
            ToolError::new(Code::NotFound, "a loop of links instead of a file")
                .remedy("remove the loop or give the file's own path")
        }
        ErrorKind::PermissionDenied => {
            ToolError::new(Code::Read, "reading is not permitted").remedy("change its permissions")
        }
        _ => ToolError::new(Code::Read, format!("reading failed: {error}"))
            .remedy("check the disk or network share and try again"),
    }
    .file(path)
}

fn not_regular(path: &Path, about: &Metadata) -> ToolError {
    let kind = if about.is_dir() {
        "a folder"
    } else {
        "a pipe, socket or device"
    };
    ToolError::new(Code::NotRegular, kind)
        .file(path)
        .expected("a regular file")
        .remedy("give the path of an image file")
}
