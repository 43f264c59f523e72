//! A slice with its region, and a map over the region.

use super::bar::Bar;
use super::canvas::Canvas;
use super::colours::{OUTLINE, OUTLINE_OF_MAP, grey, viridis};
use super::encode::encode;
use crate::error::{Result, ToolError};

/// Share of the intensities that is cut off at either end, so that single voxels do not turn all others dark.
const CUT: f64 = 0.005;
/// More pixels than this are no picture of a slice.
pub(super) const MOST_PIXELS: usize = 1 << 26;

/// A slice of `rows` by `columns` as PNG, each voxel `scale` pixels wide and high.
///
/// Intensities are grey; what is not finite is black. The region `inside` has an outline one pixel wide, just
/// within its border. A `map` has colours where it is finite inside the region, from its lowest to its highest
/// value there, and a bar that names both; a map without any such value is left out.
///
/// # Errors
/// `E_INTERNAL` when an array has another number of values than the slice, or the picture would have no or more
/// than 2^26 pixels.
pub fn overlay(
    slice: &[f64],
    rows: usize,
    columns: usize,
    inside: &[bool],
    map: Option<&[f64]>,
    scale: u32,
) -> Result<Vec<u8>> {
    let voxels = rows.saturating_mul(columns);
    let lengths = [slice.len(), inside.len(), map.map_or(voxels, <[f64]>::len)];
    if lengths != [voxels; 3] {
        let found = format!("{lengths:?} values for a slice of {rows} x {columns}");
        return Err(ToolError::internal(found));
    }
    let scale = scale as usize;
    let pixels = scale
        .checked_mul(scale)
        .and_then(|pixels| pixels.checked_mul(voxels))
        .filter(|pixels| (1..=MOST_PIXELS).contains(pixels));
    if pixels.is_none() {
        let found = format!("a picture of {rows} x {columns} voxels, {scale} pixels each");
        return Err(ToolError::internal(found).expected("1 to 2^26 pixels"));
    }
    let map = map.and_then(|map| {
        let measured = map.iter().zip(inside).filter(|(_, inside)| **inside);
        range(measured.map(|(value, _)| *value)).map(|range| (map, range))
    });
    let [width, height] = [columns * scale, rows * scale];
    let bar = map.map(|(_, (low, high))| Bar::new(low, high, height));
    let mut canvas = match &bar {
        Some(bar) => Canvas::new(width + bar.width(), height.max(bar.least_height())),
        None => Canvas::new(width, height),
    };
    let window = window(slice);
    for (at, value) in slice.iter().enumerate() {
        let colour = match map {
            Some((map, range)) if inside[at] && map[at].is_finite() => {
                viridis(share(map[at], range))
            }
            _ if value.is_finite() => grey(share(*value, window)),
            _ => grey(0.0),
        };
        let corner = [at / columns * scale, at % columns * scale];
        canvas.fill(corner, [scale, scale], colour);
    }
    let colour = if map.is_some() {
        OUTLINE_OF_MAP
    } else {
        OUTLINE
    };
    for ([row, column], [high, wide]) in outline(inside, [rows, columns], scale) {
        canvas.fill([row, column], [high, wide], colour);
    }
    if let Some(bar) = bar {
        bar.draw(&mut canvas, width);
    }
    encode(canvas)
}

/// Lowest and highest of the finite values, if there is one.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .filter(|value| value.is_finite())
        .fold(None, |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
}

/// The range of intensities that greys are given to.
pub(super) fn window(slice: &[f64]) -> (f64, f64) {
    let mut finite: Vec<f64> = slice.iter().copied().filter(|v| v.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length"
    )]
    let cut = (finite.len() as f64 * CUT) as usize;
    let low = finite.get(cut).copied().unwrap_or(0.0);
    let high = finite.iter().rev().nth(cut).copied().unwrap_or(0.0);
    (low, high)
}

/// Where a value lies between two bounds, 0 to 1; in the middle where they are equal.
pub(super) fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    if high > low {
        // Halves, for bounds whose distance is no finite number.
        (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
    } else {
        0.5
    }
}

/// Boxes (corner, size) of one pixel's width along the border of the region, within it.
pub(super) fn outline(
    inside: &[bool],
    [rows, columns]: [usize; 2],
    scale: usize,
) -> Vec<([usize; 2], [usize; 2])> {
    let at = |row: Option<usize>, column: Option<usize>| match (row, column) {
        (Some(row), Some(column)) if row < rows && column < columns => {
            inside[row * columns + column]
        }
        _ => false,
    };
    let mut boxes = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            if !at(Some(row), Some(column)) {
                continue;
            }
            let [top, left] = [row * scale, column * scale];
            let [below, beside] = [top + scale - 1, left + scale - 1];
            if !at(row.checked_sub(1), Some(column)) {
                boxes.push(([top, left], [1, scale]));
            }
            if !at(Some(row + 1), Some(column)) {
                boxes.push(([below, left], [1, scale]));
            }
            if !at(Some(row), column.checked_sub(1)) {
                boxes.push(([top, left], [scale, 1]));
            }
            if !at(Some(row), Some(column + 1)) {
                boxes.push(([top, beside], [scale, 1]));
            }
        }
    }
    boxes
}
