//! Pixels of a frame as little-endian bytes of whole numbers, unpacked where they are packed.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::attributes::PixelForm;
use super::corrupt;
use super::elements::{PIXEL_DATA, Span, Value};
use super::file::DicomFile;
use super::rle;
use super::syntax::{Pixels, refused};
use crate::error::{Code, Result, ToolError};
use crate::io::room::reserved;
use crate::io::voxel_bytes::{ByteOrder, truncated};

/// Bytes of a number of 8, 16 or 32 bits.
pub(super) fn width(form: PixelForm) -> usize {
    match form.allocated {
        32 => 4,
        16 => 2,
        _ => 1,
    }
}

/// One frame, as many little-endian numbers as it has pixels, with unused bits cleared and the sign in its place.
///
/// # Errors
/// `E_TRUNCATED`, `E_CORRUPT`, `E_TRANSFER_SYNTAX`, `E_DATATYPE`.
pub(super) fn frame(
    file: &DicomFile,
    form: PixelForm,
    frame: usize,
    frames: usize,
) -> Result<Vec<u8>> {
    if form.allocated == 1 {
        return Err(ToolError::new(Code::Datatype, "one bit a pixel")
            .expected("8, 16 or 32 bits")
            .remedy("give it as a mask if it is a segmentation"));
    }
    let width = width(form);
    let size = form.pixels().saturating_mul(width);
    let mut bytes = match (file.set().value(PIXEL_DATA), file.syntax.pixels) {
        (None | Some(Value::Items(_)), _) => {
            return Err(corrupt("no pixel data"));
        }
        (Some(Value::Bytes(span)), Pixels::Plain) => {
            let all = file.set().span(*span);
            let start = size.saturating_mul(frame);
            let end = start.saturating_add(size);
            let what = format!("{}x{} pixels, frame {frame}", form.columns, form.rows);
            let stored = all
                .get(start..end)
                .ok_or_else(|| truncated(all.len().saturating_sub(start), size, &what))?;
            ordered(stored, width, file.encoding().order)?
        }
        (Some(Value::Fragments(spans)), Pixels::Rle) => {
            rle::frame(&packed(file, spans, frame, frames)?, form.pixels(), width)?
        }
        (Some(Value::Fragments(spans)), Pixels::Jpeg) => {
            jpeg(&packed(file, spans, frame, frames)?, form, width)?
        }
        (_, Pixels::Refused(name)) => {
            return Err(refused(&format!(
                "transfer syntax {} ({name})",
                file.syntax_uid
            )));
        }
        _ => return Err(corrupt("pixel data that contradict the transfer syntax")),
    };
    settle(&mut bytes, form);
    Ok(bytes)
}

fn ordered(stored: &[u8], width: usize, order: ByteOrder) -> Result<Vec<u8>> {
    let mut bytes = reserved(stored.len())?;
    bytes.extend_from_slice(stored);
    if order == ByteOrder::Big && width > 1 {
        for number in bytes.chunks_mut(width) {
            number.reverse();
        }
    }
    Ok(bytes)
}

/// The pieces of one frame, joined.
fn packed<'a>(
    file: &'a DicomFile,
    spans: &[Span],
    frame: usize,
    frames: usize,
) -> Result<Cow<'a, [u8]>> {
    let lost = || corrupt(format!("packed pixel data without frame {frame}"));
    let (table, pieces) = spans.split_first().ok_or_else(lost)?;
    let set = file.set();
    let own: &[Span] = if frames == 1 {
        pieces
    } else if pieces.len() == frames {
        pieces
            .get(frame..frame.saturating_add(1))
            .ok_or_else(lost)?
    } else {
        let offsets: Vec<usize> = set
            .span(*table)
            .chunks_exact(4)
            .filter_map(|bytes| bytes.first_chunk::<4>())
            .filter_map(|bytes| usize::try_from(u32::from_le_bytes(*bytes)).ok())
            .collect();
        // Offsets count from the first piece's own mark, eight bytes in front of it.
        let base = pieces
            .first()
            .map_or(0, |span| span.start.saturating_sub(8));
        let place = |offset: usize| {
            let at = base.saturating_add(offset).saturating_add(8);
            pieces.iter().position(|span| span.start == at)
        };
        let first = offsets.get(frame).and_then(|offset| place(*offset));
        let next = offsets.get(frame.saturating_add(1));
        let last = next.map_or(Some(pieces.len()), |offset| place(*offset));
        match (first, last) {
            (Some(first), Some(last)) => pieces.get(first..last).ok_or_else(lost)?,
            _ => return Err(lost()),
        }
    };
    match own {
        [only] => Ok(Cow::Borrowed(set.span(*only))),
        several => {
            let mut joined = Vec::new();
            for span in several {
                joined.extend_from_slice(set.span(*span));
            }
            Ok(Cow::Owned(joined))
        }
    }
}

/// A JPEG frame. The decoder is foreign: its size is compared before it begins, its panics are caught.
fn jpeg(packed: &[u8], form: PixelForm, width: usize) -> Result<Vec<u8>> {
    let broken = |what: &str| corrupt(format!("JPEG pixels: {what}"));
    let decode = || -> Result<(Vec<u8>, usize)> {
        let mut decoder = jpeg_decoder::Decoder::new(packed);
        decoder
            .read_info()
            .map_err(|error| broken(&error.to_string()))?;
        let info = decoder.info().ok_or_else(|| broken("no header"))?;
        if usize::from(info.width) != form.columns || usize::from(info.height) != form.rows {
            return Err(broken(&format!(
                "{}x{} in a file of {}x{}",
                info.width, info.height, form.columns, form.rows
            )));
        }
        let depth = match info.pixel_format {
            jpeg_decoder::PixelFormat::L8 => 1,
            jpeg_decoder::PixelFormat::L16 => 2,
            _ => return Err(broken("colours")),
        };
        let most = form.pixels().saturating_mul(8);
        decoder.set_max_decoding_buffer_size(most);
        let bytes = decoder
            .decode()
            .map_err(|error| broken(&error.to_string()))?;
        Ok((bytes, depth))
    };
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    let (bytes, depth) = decoded.unwrap_or_else(|_| Err(broken("the decoder gave up")))?;
    if bytes.len() != form.pixels().saturating_mul(depth) || depth > width {
        return Err(broken("another number of bytes than declared"));
    }
    // The decoder's numbers are in this machine's order.
    let mut numbers = reserved(form.pixels().saturating_mul(width))?;
    for number in bytes.chunks_exact(depth) {
        let value = match number {
            [a, b] => u16::from_ne_bytes([*a, *b]),
            [a, ..] => u16::from(*a),
            [] => 0,
        };
        let [low, high] = value.to_le_bytes();
        let all = [low, high, 0, 0];
        numbers.extend_from_slice(all.get(..width).unwrap_or_default());
    }
    Ok(numbers)
}

/// Clears bits that are no part of the number and carries the sign up.
fn settle(bytes: &mut [u8], form: PixelForm) {
    if form.stored == form.allocated {
        return;
    }
    let shift = form.high.saturating_add(1).saturating_sub(form.stored);
    let unused = 32_u32.saturating_sub(form.stored);
    for number in bytes.chunks_mut(width(form)) {
        let mut all = [0_u8; 4];
        for (slot, byte) in all.iter_mut().zip(number.iter()) {
            *slot = *byte;
        }
        let raw = u32::from_le_bytes(all).checked_shr(shift).unwrap_or(0);
        let top = raw.checked_shl(unused).unwrap_or(0);
        let value = if form.signed {
            let signed = i32::from_le_bytes(top.to_le_bytes());
            signed.checked_shr(unused).unwrap_or(0).to_le_bytes()
        } else {
            top.checked_shr(unused).unwrap_or(0).to_le_bytes()
        };
        for (slot, byte) in number.iter_mut().zip(value) {
            *slot = byte;
        }
    }
}
