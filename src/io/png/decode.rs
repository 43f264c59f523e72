//! Reads back the PNG files that this module writes, and nothing else: eight bits a channel, red, green and blue or
//! a palette, rows as they are or as differences. A file may come from anybody: sizes are checked before anything is
//! allocated for them, and what is broken or of another form gives no picture.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::encode::SIGNATURE;
use super::overlay::MOST_PIXELS;
use super::picture::Picture;

/// The picture of a file, where it is one of ours.
pub fn decode(bytes: &[u8]) -> Option<Picture> {
    let mut rest = bytes.strip_prefix(&SIGNATURE)?;
    let (mut header, mut palette, mut pixels) = (None, None, Vec::new());
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let content = after.get(..length)?;
        match kind {
            b"IHDR" => header = Some(content),
            b"PLTE" => palette = Some(content),
            b"IDAT" => pixels.extend_from_slice(content),
            _ => {}
        }
        // The checksum guards against damage on the way, which the compressed stream's own sum finds too.
        rest = after.get(length + 4..)?;
    }
    let &[w0, w1, w2, w3, h0, h1, h2, h3, 8, colours, 0, 0, 0] = header? else {
        return None;
    };
    let width = usize::try_from(u32::from_be_bytes([w0, w1, w2, w3])).ok()?;
    let height = usize::try_from(u32::from_be_bytes([h0, h1, h2, h3])).ok()?;
    let channels = match (colours, palette) {
        (2, _) => 3,
        (3, Some(_)) => 1,
        _ => return None,
    };
    let count = width.checked_mul(height)?;
    if !(1..=MOST_PIXELS).contains(&count) {
        return None;
    }
    let line = width * channels + 1;
    let expected = line * height;
    let mut rows = Vec::new();
    // One byte more than expected tells a stream that is too long.
    let limit = u64::try_from(expected).ok()? + 1;
    ZlibDecoder::new(&pixels[..])
        .take(limit)
        .read_to_end(&mut rows)
        .ok()?;
    if rows.len() != expected {
        return None;
    }
    let mut values = Vec::with_capacity(count * channels);
    for row in rows.chunks_exact(line) {
        let first = values.len();
        values.extend_from_slice(&row[1..]);
        match row[0] {
            0 => {}
            1 => {
                for at in first + channels..values.len() {
                    values[at] = values[at].wrapping_add(values[at - channels]);
                }
            }
            _ => return None,
        }
    }
    if channels == 1 {
        let palette = palette?;
        let mut rgb = Vec::with_capacity(3 * count);
        for value in values {
            let at = 3 * usize::from(value);
            rgb.extend_from_slice(palette.get(at..at + 3)?);
        }
        values = rgb;
    }
    Picture::new(width, height, values)
}

#[cfg(test)]
mod tests {
    use super::super::compact;
    use super::*;

    fn picture(colours: usize) -> Picture {
        Picture::of_cells(40, 30, |row, column| {
            let at = (row * 30 + column) % colours;
            [
                u8::try_from(at % 256).unwrap(),
                u8::try_from(at / 256).unwrap(),
                7,
            ]
        })
        .unwrap()
    }

    #[test]
    fn what_is_written_is_read_back_in_both_forms() {
        for (colours, kind) in [(2, 3), (256, 3), (257, 2), (1200, 2)] {
            let picture = picture(colours);
            let bytes = compact(&picture, Some(300.0)).unwrap();
            assert_eq!(bytes[25], kind, "{colours} colours");
            assert_eq!(decode(&bytes), Some(picture));
            let dots = bytes.windows(4).position(|w| w == b"pHYs").unwrap() + 4;
            assert_eq!(bytes[dots..dots + 4], 11_811_u32.to_be_bytes());
        }
    }

    #[test]
    fn broken_files_give_nothing() {
        let bytes = compact(&picture(3), None).unwrap();
        for length in 0..bytes.len() - 12 {
            assert_eq!(decode(&bytes[..length]), None, "{length}");
        }
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0x55;
            // Nothing to expect but that it ends and asks for no memory of its own making.
            let _ = decode(&broken);
        }
        let mut huge = bytes;
        huge[16..24].fill(0xff);
        assert_eq!(decode(&huge), None);
    }
}
