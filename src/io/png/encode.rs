//! A canvas as the bytes of a PNG file (ISO/IEC 15948): eight bits per channel, true colour.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::canvas::Canvas;
use crate::error::{Result, ToolError};

pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Bits per channel; colour type 2 is red, green, blue; the rest has one value each.
const FORM: [u8; 5] = [8, 2, 0, 0, 0];
/// Each row begins with the filter it went through: 1 stores differences to the pixel on the left.
const DIFFERENCES: u8 = 1;

/// The file's bytes.
///
/// # Errors
/// `E_INTERNAL` for a picture without pixels or too large for the format, or when compression fails, which
/// it does not in memory.
pub(super) fn encode(canvas: &Canvas) -> Result<Vec<u8>> {
    let size = |pixels: usize| {
        i32::try_from(pixels)
            .ok()
            .filter(|pixels| *pixels > 0)
            .ok_or_else(|| ToolError::internal(format!("a picture of {pixels} pixels")))
    };
    let mut header = Vec::with_capacity(13);
    header.extend(size(canvas.width)?.to_be_bytes());
    header.extend(size(canvas.height)?.to_be_bytes());
    header.extend(FORM);
    let pixels = compressed(canvas).map_err(|error| ToolError::internal(error.to_string()))?;

    let mut out = SIGNATURE.to_vec();
    for (kind, content) in [
        (b"IHDR", &header),
        (b"IDAT", &pixels),
        (b"IEND", &Vec::new()),
    ] {
        chunk(&mut out, *kind, content)?;
    }
    Ok(out)
}

fn compressed(canvas: &Canvas) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut line = Vec::with_capacity(3 * canvas.width + 1);
    for row in canvas.bytes.chunks(3 * canvas.width) {
        line.clear();
        line.push(DIFFERENCES);
        for (at, byte) in row.iter().enumerate() {
            let left = at.checked_sub(3).map_or(0, |left| row[left]);
            line.push(byte.wrapping_sub(left));
        }
        encoder.write_all(&line)?;
    }
    encoder.finish()
}

/// Length, kind, content, checksum of kind and content.
pub(super) fn chunk(out: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) -> Result<()> {
    let length =
        i32::try_from(content.len()).map_err(|_| ToolError::internal("a picture above 2 GiB"))?;
    out.extend(length.to_be_bytes());
    let mut sum = Crc::new();
    for part in [&kind[..], content] {
        sum.update(part);
        out.extend(part);
    }
    out.extend(sum.sum().to_be_bytes());
    Ok(())
}
