//! Principal axes of the pixel centres of a mask.

use super::Pixel;
use crate::mesh::bits::BitMask;

/// Variances of the pixel centres along their two principal axes, in mm².
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PrincipalVariances {
    pub(super) major: f64,
    pub(super) minor: f64,
}

impl PrincipalVariances {
    /// Eigenvalues of the covariance of the pixel centres (divided by their number).
    ///
    /// Sums of coordinates are whole numbers, so the covariance in pixels is exact, and so is its
    /// determinant: the minor variance of a line is 0, not a rounding error.
    pub(super) fn new(inside: &BitMask, pixel: Pixel) -> Self {
        let (mut n, mut y, mut x, mut yy, mut yx) = (0_i128, 0, 0, 0, 0);
        let mut sixfold_xx = 0_i128;
        let [_, rows, _] = inside.shape();
        for row in 0..rows {
            for (first, length) in inside.runs(1, row) {
                let (row, length) = (row as i128, length as i128);
                // Columns a..b: sums of k and k² up to b less those up to a.
                let (a, b) = (first as i128, first as i128 + length);
                let columns = (b * (b - 1) - a * (a - 1)) / 2;
                n += length;
                y += row * length;
                x += columns;
                yy += row * row * length;
                sixfold_xx += (b - 1) * b * (2 * b - 1) - (a - 1) * a * (2 * a - 1);
                yx += row * columns;
            }
        }
        let xx = sixfold_xx / 6;
        // n² times the covariance.
        let (yy, xx, yx) = (n * yy - y * y, n * xx - x * x, n * yx - y * x);
        let n_2 = (n * n) as f64;
        let (h, w) = (pixel.height, pixel.width);
        let (a, b, c) = (
            yy as f64 / n_2 * h * h,
            yx as f64 / n_2 * h * w,
            xx as f64 / n_2 * w * w,
        );
        let major = f64::midpoint(a + c, (a - c).hypot(2.0 * b));
        let determinant = (yy * xx - yx * yx) as f64 / (n_2 * n_2) * (h * w) * (h * w);
        Self {
            major,
            minor: if major > 0.0 {
                determinant / major
            } else {
                0.0
            },
        }
    }
}
