//! The numbers of a file: where they are, how they are packed, and one volume of them.

use std::borrow::Cow;

use raduet_features::{Scaling, Volume};

use super::bad;
use super::fields::Fields;
use super::header::{Encoding, Header};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::ReadOptions;
use crate::io::detached::{Beside, MOST_FILES, Pattern};
use crate::io::inflate::{Packing, unpack};
use crate::io::room::reserved;
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
    let skip = Skip::read(fields)?;
    let wanted = header.declared.bytes;
    let unpacked: Cow<'_, [u8]> = match files(fields, header)? {
        None => {
            let data = bytes.get(fields.end..).unwrap_or_default();
            piece(data, header, skip, wanted, warnings)?
        }
        Some(names) => {
            let each = wanted.checked_div(names.len()).unwrap_or_default();
            Cow::Owned(beside.joined(&names, options, |data| {
                piece(data, header, skip, each, warnings)
            })?)
        }
    };
    let order = if header.encoding == Encoding::Text {
        ByteOrder::NATIVE
    } else {
        header.order
    };
    let picked = header
        .axes
        .pick(&unpacked, header.kind.width(), header.volume)?;
    let voxels = voxels(&picked, header.kind, order, header.axes.shape())?;
    Volume::new(voxels, Scaling::NONE, header.placed)
        .ok_or_else(|| ToolError::internal("voxels do not fit their grid"))
}

/// Lines and bytes in front of the numbers.
#[derive(Debug, Clone, Copy)]
struct Skip {
    lines: u64,
    /// None: the numbers are the last bytes of the file.
    bytes: Option<usize>,
}

impl Skip {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        let lines = fields.get("line skip").unwrap_or("0");
        let bytes = fields.get("byte skip").unwrap_or("0");
        let expected = "a whole number, not negative";
        Ok(Self {
            lines: lines
                .parse()
                .map_err(|_| bad("line skip", lines).expected(expected))?,
            bytes: if bytes == "-1" {
                None
            } else {
                let skip = bytes.parse();
                Some(skip.map_err(|_| bad("byte skip", bytes).expected(expected))?)
            },
        })
    }

    /// The bytes behind the lines that are skipped.
    fn behind_lines(self, data: &[u8]) -> Result<&[u8]> {
        let mut rest = data;
        for _ in 0..self.lines {
            let end = rest.iter().position(|b| *b == b'\n');
            rest = end
                .and_then(|end| rest.get(end.saturating_add(1)..))
                .ok_or_else(|| {
                    bad("line skip", &self.lines.to_string()).expected("lines that are there")
                })?;
        }
        Ok(rest)
    }
}

/// The numbers of one file as bytes, `wanted` of them.
fn piece<'a>(
    data: &'a [u8],
    header: &Header,
    skip: Skip,
    wanted: usize,
    warnings: &mut Vec<Warning>,
) -> Result<Cow<'a, [u8]>> {
    let what = header.what.as_str();
    let data = skip.behind_lines(data)?;
    let width = header.kind.width();
    let front = match (skip.bytes, header.encoding) {
        (Some(n), _) => n,
        (None, Encoding::Raw) => match data.len().checked_sub(wanted) {
            Some(front) => front,
            None => return Err(truncated(data.len(), wanted, what)),
        },
        (None, _) => {
            return Err(bad("byte skip", "-1").expected("encoding raw with it"));
        }
    };
    let mut trailing = |more: bool| {
        if more {
            warnings.push(Warning::new(
                WarningCode::Trailing,
                format!("more data behind the {wanted} bytes that the header declares"),
                "they are passed over",
            ));
        }
    };
    match header.encoding {
        Encoding::Raw => {
            let data = data.get(front..).unwrap_or_default();
            let stored = data
                .get(..wanted)
                .ok_or_else(|| truncated(data.len(), wanted, what))?;
            trailing(data.len() > wanted);
            Ok(Cow::Borrowed(stored))
        }
        Encoding::Gzip => {
            // Bytes are skipped in the unpacked data, as the format has it.
            let total = wanted.checked_add(front).ok_or_else(|| {
                bad("byte skip", &front.to_string()).expected("a place within the data")
            })?;
            let unpacked = unpack(data, Packing::Gzip, total, what)?;
            trailing(unpacked.trailing);
            let mut bytes = unpacked.bytes;
            if front > 0 {
                bytes.drain(..front.min(total));
            }
            Ok(Cow::Owned(bytes))
        }
        Encoding::Text => {
            let data = data.get(front..).unwrap_or_default();
            let numbers = wanted.checked_div(width).unwrap_or_default();
            written(data, header.kind, numbers, what).map(Cow::Owned)
        }
        Encoding::Hex => {
            let data = data.get(front..).unwrap_or_default();
            hex(data, wanted, what).map(Cow::Owned)
        }
    }
}

/// Bytes written as pairs of hexadecimal digits; blanks between them do not count.
fn hex(text: &[u8], wanted: usize, what: &str) -> Result<Vec<u8>> {
    if wanted > text.len() / 2 {
        return Err(truncated(text.len() / 2, wanted, what));
    }
    let mut bytes = reserved(wanted)?;
    let mut high = None;
    for symbol in text.iter().filter(|b| !b.is_ascii_whitespace()) {
        if bytes.len() == wanted {
            break;
        }
        let digit = char::from(*symbol)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .ok_or_else(|| {
                ToolError::new(Code::Corrupt, "something else among hexadecimal digits")
                    .remedy("the data are damaged: export the image again")
            })?;
        match high.take() {
            None => high = Some(digit),
            Some(first) => bytes.push(first.saturating_mul(16) | digit),
        }
    }
    if bytes.len() < wanted {
        return Err(truncated(bytes.len(), wanted, what));
    }
    Ok(bytes)
}

/// The names of the data files; none where the data follow the header.
pub(super) fn files(fields: &Fields<'_>, header: &Header) -> Result<Option<Vec<String>>> {
    let Some(value) = fields.get("data file").or_else(|| fields.get("data files")) else {
        return Ok(None);
    };
    let words: Vec<&str> = value.split_whitespace().take(6).collect();
    if words.first() == Some(&"LIST") {
        let expected = pieces(header, words.get(1).copied(), value)?;
        let names: Vec<String> = fields
            .listed
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        if names.len() != expected {
            return Err(ToolError::new(
                Code::Header,
                format!("a list of {} data files", names.len()),
            )
            .expected(format!("{expected} by the sizes"))
            .remedy("the header is damaged: export the image again"));
        }
        return Ok(Some(names));
    }
    let numbers: Option<Vec<i64>> = words.iter().skip(1).map(|word| word.parse().ok()).collect();
    match (words.first(), numbers.as_deref()) {
        (Some(pattern), Some([first, last, step, rest @ ..]))
            if pattern.contains('%') && rest.len() <= 1 =>
        {
            let expected = pieces(header, words.get(4).copied(), value)?;
            let pattern = Pattern::new(pattern, [*first, *last, *step], expected)?;
            Ok(Some(pattern.names()))
        }
        _ => Ok(Some(vec![value.to_owned()])),
    }
}

/// How many files hold the array when each holds its first axes (one less than all, where nothing is said).
fn pieces(header: &Header, held: Option<&str>, value: &str) -> Result<usize> {
    let all = header.axes.sizes.len();
    let held = match held {
        None => all.saturating_sub(1),
        Some(word) => word
            .parse()
            .ok()
            .filter(|held| (1..=all).contains(held))
            .ok_or_else(|| bad("data file", value).expected("a number of axes at its end"))?,
    };
    let rest = header.axes.sizes.iter().skip(held);
    let count = rest.fold(1_usize, |n, size| n.saturating_mul(*size));
    if count > MOST_FILES {
        return Err(bad("data file", value).expected(format!("at most {MOST_FILES} files")));
    }
    Ok(count)
}
