//! The numbers of a file: where they are, how they are packed, and one volume of them.

use std::borrow::Cow;

use raduet_features::Volume;

use super::bad;
use super::fields::Fields;
use super::header::Header;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::ReadOptions;
use crate::io::detached::{Beside, MOST_FILES, Pattern};
use crate::io::inflate::{Packing, unpack};
use crate::io::voxel_bytes::{ByteOrder, truncated, voxels, written};

/// The volume that a header describes.
///
/// # Errors
/// `E_TRUNCATED`, `E_CORRUPT`, `E_PATH` and those of opening a file.
pub(super) fn volume(
    bytes: &[u8],
    fields: &Fields<'_>,
    header: &Header,
    beside: Beside<'_>,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Volume> {
    let wanted = header.declared.bytes;
    let source = source(fields, header)?;
    let front = front(fields)?;
    let unpacked: Cow<'_, [u8]> = match source {
        Source::Local => {
            let data = bytes.get(fields.end..).unwrap_or_default();
            piece(data, fields, header, front, wanted, warnings)?
        }
        Source::Files(names) => {
            let each = wanted.checked_div(names.len()).unwrap_or_default();
            Cow::Owned(beside.joined(&names, options, |data| {
                piece(data, fields, header, front, each, warnings)
            })?)
        }
    };
    let order = if header.binary {
        header.order
    } else {
        ByteOrder::NATIVE
    };
    let picked = header
        .axes
        .pick(&unpacked, header.kind.width(), header.volume)?;
    let voxels = voxels(&picked, header.kind, order, header.axes.shape())?;
    Volume::new(voxels, header.scaling, header.grid)
        .ok_or_else(|| ToolError::internal("voxels do not fit their grid"))
}

enum Source {
    /// Behind the header.
    Local,
    /// In these files.
    Files(Vec<String>),
}

/// The names of the data files; none where the data follow the header.
///
/// # Errors
/// `E_HEADER`.
pub(super) fn names(fields: &Fields<'_>, header: &Header) -> Result<Vec<String>> {
    Ok(match source(fields, header)? {
        Source::Local => Vec::new(),
        Source::Files(names) => names,
    })
}

fn source(fields: &Fields<'_>, header: &Header) -> Result<Source> {
    let value = fields.data_file;
    let wrong =
        || bad("ElementDataFile", value).expected("LOCAL, a file name, a LIST or a %d pattern");
    let words: Vec<&str> = value.split_whitespace().take(6).collect();
    let dims = header.axes.sizes.len().saturating_sub(1);
    Ok(match words.as_slice() {
        [] => return Err(wrong()),
        ["LOCAL" | "Local" | "local"] => Source::Local,
        ["LIST", held @ ..] => {
            let held = match held {
                [] => dims.saturating_sub(1),
                [word] => word
                    .trim_end_matches(['D', 'd'])
                    .parse()
                    .map_err(|_| wrong())?,
                _ => return Err(wrong()),
            };
            let expected = pieces(header, held, value)?;
            if fields.listed.len() != expected {
                return Err(ToolError::new(
                    Code::Header,
                    format!("a list of {} data files", fields.listed.len()),
                )
                .expected(format!("{expected} by DimSize"))
                .remedy("the header is damaged: export the image again"));
            }
            Source::Files(
                fields
                    .listed
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
            )
        }
        [pattern, numbers @ ..] if pattern.contains('%') => {
            let expected = pieces(header, dims.saturating_sub(1), value)?;
            let numbers: Option<Vec<i64>> = numbers.iter().map(|word| word.parse().ok()).collect();
            let last = i64::try_from(expected).unwrap_or(i64::MAX);
            let bounds = match numbers.as_deref() {
                Some([]) => [1, last, 1],
                Some([first, last]) => [*first, *last, 1],
                Some([first, last, step]) => [*first, *last, *step],
                _ => return Err(wrong()),
            };
            Source::Files(Pattern::new(pattern, bounds, expected)?.names())
        }
        _ => Source::Files(vec![value.to_owned()]),
    })
}

/// How many files hold the volume when each holds its first axes.
fn pieces(header: &Header, held: usize, value: &str) -> Result<usize> {
    let rest = header.axes.sizes.iter().skip(1).skip(held);
    let count = rest.fold(1_usize, |n, size| n.saturating_mul(*size));
    if held == 0 || count > MOST_FILES {
        return Err(bad("ElementDataFile", value).expected(format!("at most {MOST_FILES} files")));
    }
    Ok(count)
}

/// Bytes in front of the numbers; none when the numbers are the last bytes of the file.
fn front(fields: &Fields<'_>) -> Result<Option<usize>> {
    match fields.get(&["HeaderSize"]) {
        None => Ok(Some(0)),
        Some((_, "-1")) => Ok(None),
        Some((name, value)) => {
            let size = value.parse().map(Some);
            size.map_err(|_| bad(name, value).expected("a whole number, or -1"))
        }
    }
}

fn piece<'a>(
    data: &'a [u8],
    fields: &Fields<'_>,
    header: &Header,
    front: Option<usize>,
    wanted: usize,
    warnings: &mut Vec<Warning>,
) -> Result<Cow<'a, [u8]>> {
    let what = header.what.as_str();
    let front = match front {
        Some(front) => front,
        None if header.compressed || !header.binary => {
            return Err(bad("HeaderSize", "-1").expected("plain binary data with it"));
        }
        None => match data.len().checked_sub(wanted) {
            Some(front) => front,
            None => return Err(truncated(data.len(), wanted, what)),
        },
    };
    let mut data = data.get(front..).unwrap_or_default();
    let mut trailing = |more: bool| {
        if more {
            warnings.push(Warning::new(
                WarningCode::Trailing,
                format!("more data behind the {wanted} bytes that the header declares"),
                "they are passed over",
            ));
        }
    };
    if !header.binary {
        let numbers = wanted.checked_div(header.kind.width()).unwrap_or_default();
        return written(data, header.kind, numbers, what).map(Cow::Owned);
    }
    if header.compressed {
        if let Some((name, value)) = fields.get(&["CompressedDataSize"]) {
            let size: usize = value
                .parse()
                .map_err(|_| bad(name, value).expected("a whole number of bytes"))?;
            // 0 is what streaming writers leave behind.
            if size > 0 {
                data = data.get(..size).ok_or_else(|| {
                    let found = format!("{} of {size} packed bytes ({what})", data.len());
                    ToolError::new(Code::Truncated, found)
                        .remedy("the file is cut off: copy it again")
                })?;
            }
        }
        let packing = if data.starts_with(&[0x1f, 0x8b]) {
            Packing::Gzip
        } else {
            Packing::Zlib
        };
        let unpacked = unpack(data, packing, wanted, what)?;
        trailing(unpacked.trailing);
        return Ok(Cow::Owned(unpacked.bytes));
    }
    let stored = data
        .get(..wanted)
        .ok_or_else(|| truncated(data.len(), wanted, what))?;
    trailing(data.len() > wanted);
    Ok(Cow::Borrowed(stored))
}
