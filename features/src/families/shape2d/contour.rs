//! The outline of a mask by marching squares: perimeter, area and diameter.
//!
//! A square spans four pixel centres; the outline crosses its sides half way between a pixel inside
//! and one outside. Two pixels inside that touch at a corner only are kept apart.
//!
//! ```text
//! # .   # #   # #   # .     area cut off, in squares: 1/8, 1/2, 7/8, 2 · 1/8
//! . .   . .   # .   . #     outline: one corner, one straight line, one corner, two corners
//! ```
//!
//! Lorensen and Cline, Marching cubes, Computer Graphics 21(4), 1987, doi:10.1145/37402.37422.

use super::Pixel;
use crate::hull::planar::convex_hull;
use crate::mesh::bits::{BitMask, differences, extent, next};
use crate::vectorised::vectorised;

/// Distances that are compared at a time.
const LANES: usize = 4;

/// What the outline is made of, in whole numbers: lengths and areas are exact until the spacing
/// comes in, and do not depend on where the region lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contour {
    /// Lines across a corner of a square.
    corners: u64,
    /// Straight lines along x.
    along_x: u64,
    /// Straight lines along y.
    along_y: u64,
    /// Area in eighths of a square.
    eighths: u64,
    /// Points (y, x) of the outline in half pixels that may be furthest apart: the outermost ones of
    /// each row and of each gap between rows.
    extremes: Vec<[i64; 2]>,
}

impl Contour {
    /// Walks over all squares that touch the region in a slice.
    pub(super) fn new(inside: &BitMask) -> Self {
        let [_, rows, _] = inside.shape();
        let mut contour = Self {
            extremes: Vec::with_capacity(4 * rows),
            ..Self::default()
        };
        let mut changes = Vec::new();
        vectorised(
            #[inline(always)]
            || {
                for y in 0..rows - 1 {
                    // The slice has one of padding before it.
                    let (upper, lower) = (inside.row(1, y), inside.row(1, y + 1));
                    for word in 0..upper.len() {
                        let pixels = [
                            upper[word],
                            next(upper, word),
                            lower[word],
                            next(lower, word),
                        ];
                        contour.add_squares(pixels);
                    }
                    differences(upper, lower, &mut changes);
                    contour.add_extremes(y, upper, &changes);
                }
            },
        );
        contour
    }

    /// Upper left, upper right, lower left, lower right pixels of 64 squares, one a bit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn add_squares(&mut self, [a, b, c, d]: [u64; 4]) {
        if a | b | c | d == 0 {
            return;
        }
        let count = |squares: u64| u64::from(squares.count_ones());
        // Two pixels out of four: both in one row, in one column, or across.
        let two = |[a, b, c, d]: [u64; 4]| count((a & b & !(c | d)) | (c & d & !(a | b)));
        let four = count(a & b & c & d);
        let three = (a & b & (c ^ d)) | (c & d & (a ^ b));
        let one = count((a ^ b ^ c ^ d) & !three);
        let three = count(three);
        let (rows, columns, across) = (two([a, b, c, d]), two([a, c, b, d]), two([a, d, b, c]));
        self.corners += one + three + 2 * across;
        self.along_x += rows;
        self.along_y += columns;
        self.eighths += one + 4 * (rows + columns) + 2 * across + 7 * three + 8 * four;
    }

    fn add_extremes(&mut self, y: usize, upper: &[u64], changes: &[u64]) {
        let half =
            |index: usize| i64::try_from(index).expect("a slice has fewer than 2^63 pixels") * 2;
        let mut add = |y: i64, bits: &[u64], reach: i64| {
            if let Some((first, last)) = extent(bits) {
                self.extremes.push([y, half(first) - reach]);
                self.extremes.push([y, half(last) + reach]);
            }
        };
        // Left and right of the pixels of the upper row.
        add(half(y), upper, 1);
        // Between the rows, where one pixel is inside and the other is not.
        add(half(y) + 1, changes, 0);
    }

    /// Length of the outline in mm.
    pub(super) fn perimeter(&self, pixel: Pixel) -> f64 {
        let corner = (pixel.height / 2.0).hypot(pixel.width / 2.0);
        self.corners as f64 * corner
            + self.along_x as f64 * pixel.width
            + self.along_y as f64 * pixel.height
    }

    /// Area within the outline in mm².
    pub(super) fn area(&self, pixel: Pixel) -> f64 {
        self.eighths as f64 / 8.0 * (pixel.height * pixel.width)
    }

    /// Largest distance in mm between two points where the outline crosses a line between pixels.
    pub(super) fn diameter(&self, pixel: Pixel) -> f64 {
        // The furthest pair are corners of the convex hull, which scaling along an axis preserves.
        let hull = convex_hull(self.extremes.clone());
        let along = |axis: usize| hull.iter().map(move |corner| corner[axis] as f64);
        let (ys, xs) = (along(0).collect::<Vec<_>>(), along(1).collect::<Vec<_>>());
        // Several at a time: which of them is the largest does not depend on their order.
        let mut largest = [0.0_f64; LANES];
        vectorised(
            #[inline(always)]
            || {
                let mut take = |lane: usize, dy: f64, dx: f64| {
                    let (dy, dx) = (dy / 2.0 * pixel.height, dx / 2.0 * pixel.width);
                    let square = dy * dy + dx * dx;
                    if square > largest[lane] {
                        largest[lane] = square;
                    }
                };
                for (at, (a, b)) in ys.iter().zip(&xs).enumerate() {
                    let (ys, rest_ys) = ys[at + 1..].as_chunks::<LANES>();
                    let (xs, rest_xs) = xs[at + 1..].as_chunks::<LANES>();
                    for (ys, xs) in ys.iter().zip(xs) {
                        for lane in 0..LANES {
                            take(lane, a - ys[lane], b - xs[lane]);
                        }
                    }
                    for (y, x) in rest_ys.iter().zip(rest_xs) {
                        take(0, a - y, b - x);
                    }
                }
            },
        );
        let largest = largest.into_iter().fold(0.0, f64::max);
        largest.sqrt()
    }
}
