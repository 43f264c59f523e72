//! A canvas as the bytes of a PNG file (ISO/IEC 15948), and the chunks that such a file is made of.

use flate2::Crc;

use super::canvas::Canvas;
use super::compact::compact;
use super::picture::Picture;
use crate::error::{Result, ToolError};

pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The file's bytes of a canvas.
///
/// # Errors
/// `E_INTERNAL` for a picture without pixels or too large for the format.
pub(super) fn encode(canvas: Canvas) -> Result<Vec<u8>> {
    let (width, height) = (canvas.width, canvas.height);
    let picture = Picture::new(width, height, canvas.bytes);
    let picture = picture
        .ok_or_else(|| ToolError::internal(format!("a picture of {width} × {height} pixels")))?;
    compact(&picture, None)
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
