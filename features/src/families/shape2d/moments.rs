//! Principal axes of the pixel centres of a mask.

use ndarray::ArrayView2;

use super::Pixel;

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
    pub(super) fn new(inside: &ArrayView2<'_, bool>, pixel: Pixel) -> Self {
        let (mut n, mut y, mut x, mut yy, mut xx, mut yx) = (0_i128, 0, 0, 0, 0, 0);
        for ((row, column), _) in inside.indexed_iter().filter(|(_, inside)| **inside) {
            let (row, column) = (row as i128, column as i128);
            n += 1;
            y += row;
            x += column;
            yy += row * row;
            xx += column * column;
            yx += row * column;
        }
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
