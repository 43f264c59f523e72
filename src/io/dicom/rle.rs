//! RLE pixels: PS3.5, annex G. A frame is a header of 64 bytes and one run-length coded plane for each byte of its
//! numbers, the highest first.

use super::corrupt;
use crate::error::Result;
use crate::io::room::zeroed;

/// One frame as little-endian bytes of `numbers` numbers of `width` bytes.
///
/// # Errors
/// `E_CORRUPT`.
pub(super) fn frame(packed: &[u8], numbers: usize, width: usize) -> Result<Vec<u8>> {
    let word = |at: usize| -> Result<usize> {
        let from = at.saturating_mul(4);
        let bytes = packed.get(from..).and_then(|rest| rest.first_chunk::<4>());
        let bytes = bytes.ok_or_else(|| corrupt("an RLE frame without its header"))?;
        usize::try_from(u32::from_le_bytes(*bytes)).map_err(|_| corrupt("an RLE offset"))
    };
    let planes = word(0)?;
    if planes != width {
        return Err(corrupt(format!(
            "{planes} RLE planes for numbers of {width} bytes"
        )));
    }
    let mut bytes = zeroed::<u8>(numbers.saturating_mul(width))?;
    for plane in 0..planes {
        let start = word(plane.saturating_add(1))?;
        let next = plane.saturating_add(2);
        let end = if next <= planes {
            word(next)?
        } else {
            packed.len()
        };
        let segment = packed
            .get(start..end)
            .ok_or_else(|| corrupt("an RLE plane outside its frame"))?;
        // The highest byte first; in the numbers it stands last.
        let place = width.saturating_sub(1).saturating_sub(plane);
        let mut places = bytes.iter_mut().skip(place).step_by(width);
        let mut filled = 0_usize;
        let mut rest = segment;
        while filled < numbers {
            let Some((control, behind)) = rest.split_first() else {
                return Err(corrupt(format!(
                    "{filled} of {numbers} numbers of an RLE plane"
                )));
            };
            rest = behind;
            match *control {
                n @ 0..=127 => {
                    let count = usize::from(n).saturating_add(1);
                    let literal = rest
                        .get(..count)
                        .ok_or_else(|| corrupt("an RLE plane that ends early"))?;
                    for byte in literal {
                        if let Some(slot) = places.next() {
                            *slot = *byte;
                        }
                    }
                    rest = rest.get(count..).unwrap_or_default();
                    filled = filled.saturating_add(count);
                }
                128 => {}
                n => {
                    let count = 257_usize.saturating_sub(usize::from(n));
                    let (byte, behind) = rest
                        .split_first()
                        .ok_or_else(|| corrupt("an RLE plane that ends early"))?;
                    rest = behind;
                    for slot in places.by_ref().take(count) {
                        *slot = *byte;
                    }
                    filled = filled.saturating_add(count);
                }
            }
        }
    }
    Ok(bytes)
}
