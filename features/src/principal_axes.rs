//! Variances of the voxel centres of a mask along their principal axes.
//!
//! Jacobi's method: Golub and Van Loan, Matrix Computations, section 8.5.

use crate::geometry::Spacing;
use crate::mesh::bits::BitMask;

/// A symmetric matrix of three rows.
type Matrix = [[f64; 3]; 3];

/// Eigenvalues no larger than this part of the largest one are rounding errors of zero, above or below:
/// the region is flat or a line. PyRadiomics sets those between -1e-10 mm² and zero to zero.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Sweeps after which every matrix of three rows is diagonal; three or four do.
const SWEEPS: usize = 20;

/// Number of voxels, their mean position and the variances along their principal axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PrincipalAxes {
    /// Number of voxels.
    pub(crate) voxels: u64,
    /// Mean of the voxel centres in mm from voxel 0 of the unpadded box, `[z, y, x]`.
    pub(crate) centre: [f64; 3],
    /// Largest, middle and smallest eigenvalue of the covariance of the voxel centres, in mm².
    pub(crate) variances: [f64; 3],
}

impl PrincipalAxes {
    /// Moments are summed in whole numbers, run by run; the covariance divides by the number of voxels.
    pub(crate) fn new(mask: &BitMask, spacing: Spacing) -> Self {
        let mut n: i128 = 0;
        let mut first = [0_i128; 3];
        let mut second = [[0_i128; 3]; 3];
        let [slices, rows, _] = mask.shape();
        for z in 1..slices - 1 {
            for y in 1..rows - 1 {
                // Number, sum and sum of squares of the x of this row.
                let (mut count, mut sum, mut squares) = (0_i128, 0, 0);
                for (from, length) in mask.runs(z, y) {
                    let (a, k) = (from as i128 - 1, length as i128);
                    let steps = k * (k - 1) / 2;
                    count += k;
                    sum += k * a + steps;
                    squares += k * a * a + 2 * a * steps + (k - 1) * k * (2 * k - 1) / 6;
                }
                let (z, y) = (z as i128 - 1, y as i128 - 1);
                n += count;
                for (total, part) in first.iter_mut().zip([count * z, count * y, sum]) {
                    *total += part;
                }
                let products = [
                    [count * z * z, count * z * y, sum * z],
                    [count * z * y, count * y * y, sum * y],
                    [sum * z, sum * y, squares],
                ];
                for (total, part) in second
                    .as_flattened_mut()
                    .iter_mut()
                    .zip(products.as_flattened())
                {
                    *total += part;
                }
            }
        }
        let s = spacing.zyx();
        let n_2 = (n * n) as f64;
        let covariance = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                let scaled = n * second[i][j] - first[i] * first[j];
                scaled as f64 / n_2 * s[i] * s[j]
            })
        });
        let variances = eigenvalues(covariance);
        Self {
            voxels: u64::try_from(n).expect("a number of voxels"),
            centre: std::array::from_fn(|axis| first[axis] as f64 / n as f64 * s[axis]),
            variances: variances.map(|v| if v <= variances[0] * ROUNDING { 0.0 } else { v }),
        }
    }
}

/// Eigenvalues in descending order.
fn eigenvalues(mut a: Matrix) -> [f64; 3] {
    for _ in 0..SWEEPS {
        for (p, q, r) in [(0, 1, 2), (0, 2, 1), (1, 2, 0)] {
            // Exactly zero: rotations that would not change the diagonal end the method.
            if a[p][q] == 0.0 {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
            let c = 1.0 / t.hypot(1.0);
            let s = t * c;
            a[p][p] -= t * a[p][q];
            a[q][q] += t * a[p][q];
            a[p][q] = 0.0;
            a[q][p] = 0.0;
            let (rp, rq) = (a[r][p], a[r][q]);
            a[r][p] = c * rp - s * rq;
            a[r][q] = s * rp + c * rq;
            a[p][r] = a[r][p];
            a[q][r] = a[r][q];
        }
    }
    let mut values = [a[0][0], a[1][1], a[2][2]];
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_a_matrix_with_known_ones() {
        // Second difference matrix: 2 - 2 cos(k pi / 4).
        let found = eigenvalues([[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]]);
        let expected = [2.0 + 2.0_f64.sqrt(), 2.0, 2.0 - 2.0_f64.sqrt()];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
    }

    #[test]
    fn a_plane_has_no_thickness_and_a_point_no_extent() {
        let none = eigenvalues([[0.0; 3]; 3]);
        assert!(none.iter().all(|value| value.to_bits() == 0));
        let flat = eigenvalues([[0.0, 0.0, 0.0], [0.0, 3.0, 1.0], [0.0, 1.0, 3.0]]);
        assert!((flat[0] - 4.0).abs() < 1e-15 && (flat[1] - 2.0).abs() < 1e-15);
        assert_eq!(flat[2].to_bits(), 0.0_f64.to_bits());
    }
}
