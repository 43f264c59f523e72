//! A contact sheet: many slices small, each with the outline of its region and its number.

use ndarray::Array2;

use super::canvas::Canvas;
use super::colours::{LABEL, OUTLINE, grey};
use super::digits;
use super::encode::encode;
use super::overlay::{MOST_PIXELS, outline, share, window};
use crate::error::{Result, ToolError};

/// Side of a tile in pixels.
const SIDE: usize = 128;
/// Black between tiles.
const GAP: usize = 4;
/// Pixels of the picture for a pixel of a number's sign.
const ZOOM: usize = 2;
/// Tiles beside one another, at most.
const COLUMNS: usize = 12;
/// Most tiles of a sheet.
pub const MOST_TILES: usize = MOST_PIXELS / ((SIDE + GAP) * (SIDE + GAP)) / 2;

/// Slices with their regions as one picture; each tile bears its place in the list, from 1. A slice keeps its
/// proportions in pixels, whatever the spacing; a place without a slice stays black.
///
/// # Errors
/// `E_INTERNAL` without a tile, with more than [`MOST_TILES`], or when a region has another shape than its slice.
pub fn sheet(tiles: &[Option<(&Array2<f64>, &Array2<bool>)>]) -> Result<Vec<u8>> {
    if tiles.is_empty() || tiles.len() > MOST_TILES {
        let found = format!("a sheet of {} tiles", tiles.len());
        return Err(ToolError::internal(found).expected(format!("1 to {MOST_TILES}")));
    }
    let columns = tiles.len().min(COLUMNS);
    let rows = tiles.len().div_ceil(columns);
    let step = SIDE + GAP;
    let mut canvas = Canvas::new(columns * step - GAP, rows * step - GAP);
    for (at, tile) in tiles.iter().enumerate() {
        let corner = [at / columns * step, at % columns * step];
        if let Some((slice, inside)) = tile {
            draw(&mut canvas, corner, slice, inside)?;
        }
        digits::write(
            &mut canvas,
            [corner[0] + ZOOM, corner[1] + ZOOM],
            &(at + 1).to_string(),
            ZOOM,
            LABEL,
        );
    }
    encode(canvas)
}

/// Draws a slice with its longer side as long as a tile's; each pixel is the nearest of the slice.
fn draw(
    canvas: &mut Canvas,
    [top, left]: [usize; 2],
    slice: &Array2<f64>,
    inside: &Array2<bool>,
) -> Result<()> {
    let (rows, columns) = slice.dim();
    if inside.dim() != (rows, columns) || rows == 0 || columns == 0 {
        let found = format!(
            "a region of {:?} on a slice of {rows} x {columns}",
            inside.dim()
        );
        return Err(ToolError::internal(found));
    }
    let longer = rows.max(columns);
    let [height, width] = [rows, columns].map(|n| (n * SIDE / longer).max(1));
    let values: Vec<f64> = slice.iter().copied().collect();
    let window = window(&values);
    let source = |at: usize, pixels: usize, voxels: usize| {
        // The middle of the pixel, in voxels.
        ((2 * at + 1) * voxels / (2 * pixels)).min(voxels - 1)
    };
    let mut region = vec![false; height * width];
    for r in 0..height {
        for c in 0..width {
            let place = [source(r, height, rows), source(c, width, columns)];
            let value = slice[place];
            let brightness = if value.is_finite() {
                share(value, window)
            } else {
                0.0
            };
            canvas.set(top + r, left + c, grey(brightness));
            region[r * width + c] = inside[place];
        }
    }
    for ([row, column], size) in outline(&region, [height, width], 1) {
        canvas.fill([top + row, left + column], size, OUTLINE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_a_tile_for_each_slice() {
        let slice = Array2::from_shape_fn((40, 80), |(r, c)| (r + c) as f64);
        let inside = Array2::from_shape_fn((40, 80), |(r, c)| r > 10 && r < 30 && c > 20 && c < 60);
        let tiles = vec![Some((&slice, &inside)), None, Some((&slice, &inside))];
        let bytes = sheet(&tiles).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"));
        let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!([size(16), size(20)], [3 * 132 - 4, 128]);
        assert!(sheet(&[]).is_err());
        let other = Array2::from_elem((4, 4), true);
        assert!(sheet(&[Some((&slice, &other))]).is_err());
    }
}
