//! Pictures of figures as small PNG files: a palette of at most 256 colours where they have no more, else true
//! colour.

use std::collections::BTreeMap;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::encode::{SIGNATURE, chunk};
use super::picture::Picture;
use crate::error::{Result, ToolError};

/// Millimetres of an inch, for dots a metre.
const INCH: f64 = 0.0254;
/// Filters of a row: the bytes as they are, and their differences to the pixel on the left.
const AS_IT_IS: u8 = 0;
const DIFFERENCES: u8 = 1;

/// The file's bytes; `dots_an_inch` tells how large it is meant to be printed.
///
/// # Errors
/// `E_INTERNAL` for a picture too large for the format.
pub fn compact(picture: &Picture, dots_an_inch: Option<f64>) -> Result<Vec<u8>> {
    let internal = |text: String| ToolError::internal(text);
    let palette = palette(picture);
    let mut header = Vec::with_capacity(13);
    for side in [picture.width(), picture.height()] {
        let side =
            i32::try_from(side).map_err(|_| internal(format!("a picture of {side} pixels")))?;
        header.extend(side.to_be_bytes());
    }
    // Bits a channel; 3 is a palette, 2 red, green, blue; the rest has one value each.
    let colours = if palette.is_some() { 3 } else { 2 };
    header.extend([8, colours, 0, 0, 0]);
    let rows = match &palette {
        Some(palette) => indexed(picture, palette),
        None => differences(picture),
    };
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let pixels = encoder
        .write_all(&rows)
        .and_then(|()| encoder.finish())
        .map_err(|fault| internal(fault.to_string()))?;

    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, *b"IHDR", &header)?;
    if let Some(dots) = dots_an_inch {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some thousand dots a metre"
        )]
        let a_metre = (dots / INCH).round() as u32;
        let mut size = Vec::with_capacity(9);
        size.extend(a_metre.to_be_bytes());
        size.extend(a_metre.to_be_bytes());
        // The unit is the metre.
        size.push(1);
        chunk(&mut out, *b"pHYs", &size)?;
    }
    if let Some(palette) = &palette {
        let mut colours = vec![[0; 3]; palette.len()];
        for (colour, at) in palette {
            colours[usize::from(*at)] = *colour;
        }
        chunk(&mut out, *b"PLTE", &colours.concat())?;
    }
    chunk(&mut out, *b"IDAT", &pixels)?;
    chunk(&mut out, *b"IEND", &[])?;
    Ok(out)
}

/// The picture as an address that holds it.
pub fn data_uri(picture: &Picture) -> String {
    // A picture too large for the format is never set into another.
    let bytes = compact(picture, None).unwrap_or_default();
    format!("data:image/png;base64,{}", STANDARD.encode(bytes))
}

/// Colours with their numbers in the order of their values, where one byte can number them.
fn palette(picture: &Picture) -> Option<BTreeMap<[u8; 3], u8>> {
    let mut palette = BTreeMap::new();
    let mut last = None;
    for colour in colours(picture) {
        // Most pixels look like the one before.
        if last != Some(colour) {
            palette.insert(colour, 0);
            last = Some(colour);
            if palette.len() > 256 {
                return None;
            }
        }
    }
    for (number, at) in (0..=u8::MAX).zip(palette.values_mut()) {
        *at = number;
    }
    Some(palette)
}

fn colours(picture: &Picture) -> impl Iterator<Item = [u8; 3]> {
    let pixels = picture.rgb().chunks_exact(3);
    pixels.map(|pixel| [pixel[0], pixel[1], pixel[2]])
}

fn indexed(picture: &Picture, palette: &BTreeMap<[u8; 3], u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity((picture.width() + 1) * picture.height());
    let mut last = ([0; 3], palette.get(&[0; 3]).copied().unwrap_or(0));
    for (at, colour) in colours(picture).enumerate() {
        if at % picture.width() == 0 {
            out.push(AS_IT_IS);
        }
        if colour != last.0 {
            last = (colour, palette.get(&colour).copied().unwrap_or(0));
        }
        out.push(last.1);
    }
    out
}

fn differences(picture: &Picture) -> Vec<u8> {
    let line = 3 * picture.width();
    let mut out = Vec::with_capacity((line + 1) * picture.height());
    for row in picture.rgb().chunks_exact(line) {
        out.push(DIFFERENCES);
        out.extend_from_slice(&row[..3]);
        out.extend(
            row[3..]
                .iter()
                .zip(row)
                .map(|(byte, left)| byte.wrapping_sub(*left)),
        );
    }
    out
}
