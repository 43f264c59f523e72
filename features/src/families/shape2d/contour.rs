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

use ndarray::ArrayView2;

use super::Pixel;
use crate::hull::planar::convex_hull;

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
    /// Walks over all squares that touch the region; `inside` is its tight bounding box.
    pub(super) fn new(inside: &ArrayView2<'_, bool>) -> Self {
        let (rows, columns) = inside.dim();
        // One pixel of padding: all squares around the region exist.
        let stride = columns + 2;
        let mut padded = vec![false; (rows + 2) * stride];
        for (row, pixels) in padded[stride..]
            .chunks_exact_mut(stride)
            .zip(inside.outer_iter())
        {
            for (to, from) in row[1..].iter_mut().zip(pixels) {
                *to = *from;
            }
        }
        let mut contour = Self::default();
        for (y, (upper, lower)) in padded
            .chunks_exact(stride)
            .zip(padded[stride..].chunks_exact(stride))
            .enumerate()
        {
            for (left, right) in upper.windows(2).zip(lower.windows(2)) {
                contour.add_square([left[0], left[1], right[0], right[1]]);
            }
            contour.add_extremes(y, upper, lower);
        }
        contour
    }

    /// Upper left, upper right, lower left, lower right pixel.
    fn add_square(&mut self, pixels: [bool; 4]) {
        match pixels.iter().filter(|inside| **inside).count() {
            1 => {
                self.corners += 1;
                self.eighths += 1;
            }
            2 if pixels[0] == pixels[1] => {
                self.along_x += 1;
                self.eighths += 4;
            }
            2 if pixels[0] == pixels[2] => {
                self.along_y += 1;
                self.eighths += 4;
            }
            2 => {
                self.corners += 2;
                self.eighths += 2;
            }
            3 => {
                self.corners += 1;
                self.eighths += 7;
            }
            4 => self.eighths += 8,
            _ => {}
        }
    }

    fn add_extremes(&mut self, y: usize, upper: &[bool], lower: &[bool]) {
        let half =
            |index: usize| i64::try_from(index).expect("a slice has fewer than 2^63 pixels") * 2;
        let mut add = |y: i64, first: Option<usize>, last: Option<usize>, reach: i64| {
            if let (Some(first), Some(last)) = (first, last) {
                self.extremes.push([y, half(first) - reach]);
                self.extremes.push([y, half(last) + reach]);
            }
        };
        // Left and right of the pixels of the upper row.
        let (first, last) = (
            upper.iter().position(|inside| *inside),
            upper.iter().rposition(|inside| *inside),
        );
        add(half(y), first, last, 1);
        // Between the rows, where one pixel is inside and the other is not.
        let changes = || upper.iter().zip(lower).map(|(a, b)| a != b);
        let (first, last) = (
            changes().position(|change| change),
            changes().rposition(|change| change),
        );
        add(half(y) + 1, first, last, 0);
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
        let mut largest: f64 = 0.0;
        for (at, a) in hull.iter().enumerate() {
            for b in &hull[at + 1..] {
                let dy = (a[0] - b[0]) as f64 / 2.0 * pixel.height;
                let dx = (a[1] - b[1]) as f64 / 2.0 * pixel.width;
                largest = largest.max(dy * dy + dx * dx);
            }
        }
        largest.sqrt()
    }
}
