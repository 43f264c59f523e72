//! A slice with where a network looks, and the outline of the region.

use super::bar::Bar;
use super::canvas::Canvas;
use super::colours::{OUTLINE_OF_MAP, grey, viridis};
use super::encode::encode;
use super::overlay::{MOST_PIXELS, outline, share, window};
use crate::error::{Result, ToolError};

/// How much of the grey the colours cover, where the network looks least and most.
const COVER: [f64; 2] = [0.15, 0.65];

/// A slice of `rows` by `columns` as PNG, each pixel `scale` pixels wide and high. The grey of the image shines
/// through the colours of `map`, which run from zero to its highest value; the bar tells shares of that. The region
/// has an outline one pixel wide, just within its border.
///
/// # Errors
/// `E_INTERNAL` when an array has another number of values than the slice, or the picture would have no or more
/// than 2^26 pixels.
pub fn attention(
    slice: &[f32],
    rows: usize,
    columns: usize,
    inside: &[bool],
    map: &[f32],
    scale: usize,
) -> Result<Vec<u8>> {
    let pixels = rows.saturating_mul(columns);
    let lengths = [slice.len(), inside.len(), map.len()];
    let size = pixels.saturating_mul(scale).saturating_mul(scale);
    if lengths != [pixels; 3] || !(1..=MOST_PIXELS).contains(&size) {
        let found = format!("{lengths:?} values for a slice of {rows} x {columns}, x {scale}");
        return Err(ToolError::internal(found));
    }
    let [width, height] = [columns * scale, rows * scale];
    let bar = Bar::new(0.0, 1.0, height);
    let mut canvas = Canvas::new(width + bar.width(), height.max(bar.least_height()));
    let slice: Vec<f64> = slice.iter().map(|v| f64::from(*v)).collect();
    let window = window(&slice);
    let highest = map.iter().fold(0.0_f64, |m, v| m.max(f64::from(*v)));
    for (at, value) in slice.iter().enumerate() {
        let looked = if highest > 0.0 {
            f64::from(map[at]) / highest
        } else {
            0.0
        };
        let cover = COVER[0] + (COVER[1] - COVER[0]) * looked.clamp(0.0, 1.0);
        let (below, above) = (grey(share(*value, window)), viridis(looked));
        let colour = std::array::from_fn(|channel| {
            let [below, above] = [below, above].map(|colour| f64::from(colour[channel]));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between two bytes"
            )]
            let mixed = (below + (above - below) * cover).round() as u8;
            mixed
        });
        let corner = [at / columns * scale, at % columns * scale];
        canvas.fill(corner, [scale, scale], colour);
    }
    for ([row, column], [high, wide]) in outline(inside, [rows, columns], scale) {
        canvas.fill([row, column], [high, wide], OUTLINE_OF_MAP);
    }
    bar.draw(&mut canvas, width);
    encode(canvas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_size_asked_for() {
        let inside = [false, true, true, false, false, false];
        let map = [0.0, 1.0, 2.0, 0.0, 0.0, 0.5];
        let bytes = attention(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3, &inside, &map, 4).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"));
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let bar = u32::try_from(Bar::new(0.0, 1.0, 8).width()).unwrap();
        let least = u32::try_from(Bar::new(0.0, 1.0, 8).least_height()).unwrap();
        assert_eq!([number(16), number(20)], [12 + bar, least.max(8)]);
        assert!(attention(&[1.0], 1, 1, &[true], &[0.0], 1).is_ok());
        assert!(attention(&[1.0], 1, 1, &[true], &[0.0, 1.0], 1).is_err());
        assert!(attention(&[], 0, 0, &[], &[], 1).is_err());
    }
}
