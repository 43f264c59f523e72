//! `.npz`: arrays in a zip archive.

use std::io::{Cursor, Read};

use flate2::Crc;
use zip::{CompressionMethod, ZipArchive};

use super::array::{Array, read_array};
use crate::error::{Code, Result, ToolError};
use crate::io::ReadOptions;
use crate::io::inflate::{Packing, unpack};
use crate::io::room::reserved;

/// Members of an archive at most.
const MOST: usize = 1 << 12;

/// Reads all arrays of an archive from its bytes, in its order, by their names.
///
/// # Errors
/// `E_CORRUPT`, `E_TOO_LARGE` and those of an array, without the file.
pub fn read_archive(bytes: &[u8], options: &ReadOptions) -> Result<Vec<(String, Array)>> {
    let broken = |error: &dyn std::fmt::Display| {
        ToolError::new(Code::Corrupt, format!("damaged archive: {error}"))
            .remedy("copy the file again or restore it from its source")
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > MOST {
        return Err(broken(&format!("more than {MOST} members")));
    }
    let mut arrays = Vec::new();
    let mut left = options.budget.0;
    for index in 0..archive.len() {
        let mut member = archive
            .by_index_raw(index)
            .map_err(|error| broken(&error))?;
        let name = member.name().map_err(|error| broken(&error))?.into_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else {
            continue;
        };
        let method = member.compression();
        let (packed, size, checksum) = (member.compressed_size(), member.size(), member.crc32());
        let over = |what: u64| {
            ToolError::new(Code::TooLarge, format!("array '{name}' of {what} bytes"))
                .expected(format!("at most {} bytes for all arrays", options.budget.0))
                .remedy("allow more memory (--max-memory) if the archive really is that large")
        };
        left = left.checked_sub(size).ok_or_else(|| over(size))?;
        let whole = |n: u64| usize::try_from(n).map_err(|_| over(n));
        let (packed, size) = (whole(packed)?, whole(size)?);
        if packed > bytes.len() {
            return Err(broken(&format!("array '{name}' is longer than the file")));
        }
        let mut stored = reserved(packed)?;
        let limit = u64::try_from(packed).unwrap_or(u64::MAX);
        member
            .by_ref()
            .take(limit)
            .read_to_end(&mut stored)
            .map_err(|error| broken(&error))?;
        let plain = if method == CompressionMethod::Stored {
            stored
        } else if method == CompressionMethod::DEFLATE {
            unpack(&stored, Packing::Deflate, size, &format!("array '{name}'"))?.bytes
        } else {
            return Err(
                ToolError::new(Code::Format, format!("array '{name}' packed by {method}"))
                    .expected("plain or deflated arrays")
                    .remedy("write the archive again with numpy.savez"),
            );
        };
        let mut found = Crc::new();
        found.update(&plain);
        if found.sum() != checksum {
            return Err(broken(&format!("the checksum of array '{name}' is wrong")));
        }
        let array = read_array(&plain, options)
            .map_err(|error| error.found_also(&format!("in array '{name}'")))?;
        arrays.push((name, array));
    }
    if arrays.is_empty() {
        return Err(
            ToolError::new(Code::Format, "a zip archive without NumPy arrays")
                .expected("an .npz archive")
                .remedy("unpack it if it holds images of another format"),
        );
    }
    Ok(arrays)
}
