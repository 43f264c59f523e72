//! An affine map as the quaternion of the qform, where it is a rotation.
//!
//! Symbols as in [`super::orientation`]. The largest of the four components of the quaternion is taken from
//! the diagonal of `R`, the others from sums and differences divided by it (S. W. Shepperd, J. Guidance and
//! Control 1 (1978) 223): none of them loses digits.

use raduet_features::Grid;

use super::orientation::{AGREEMENT, Rotated};
use crate::io::geometry::largest_corner_displacement;
use crate::io::grid::{columns, cross, dot};

/// The qform of a grid, as it reads back from 32-bit fields. None for sheared axes, and for the rare
/// rotations (near a half turn, where `a` is a small difference) that 32 bits place elsewhere than the
/// sform does.
pub(super) fn of(grid: &Grid) -> Option<Rotated> {
    let [z, y, x] = grid.spacing.zyx();
    let sizes = [x, y, z];
    let [u, v, w] = columns(&grid.affine);
    let unit = |column: [f64; 3], size: f64| column.map(|component| component / size);
    let (u, v, w) = (unit(u, x), unit(v, y), unit(w, z));
    let handedness = if dot(cross(u, v), w) < 0.0 { -1.0 } else { 1.0 };
    let w = w.map(|component| component * handedness);
    let rotated = Rotated {
        quaternion: quaternion([u, v, w]).map(rounded),
        handedness,
        sizes: sizes.map(rounded),
        position: grid.affine.0.map(|row| rounded(row[3])),
    };
    let again = Grid {
        affine: rotated.affine().ok()?,
        ..*grid
    };
    let apart = largest_corner_displacement(grid, &again)?;
    // Half of what a reader takes for rounding leaves room for the sform's own.
    (apart <= AGREEMENT / 2.0).then_some(rotated)
}

/// `b, c, d` of the rotation with these columns, with `a` not negative.
fn quaternion([[r00, r10, r20], [r01, r11, r21], [r02, r12, r22]]: [[f64; 3]; 3]) -> [f64; 3] {
    let squares = [
        1.0 + r00 + r11 + r22,
        1.0 + r00 - r11 - r22,
        1.0 - r00 + r11 - r22,
        1.0 - r00 - r11 + r22,
    ];
    let largest = (0..4).fold(
        0,
        |best, i| if squares[i] > squares[best] { i } else { best },
    );
    let root = squares[largest].max(0.0).sqrt(); // twice the largest component
    let [a, b, c, d] = match largest {
        0 => [root * root, r21 - r12, r02 - r20, r10 - r01],
        1 => [r21 - r12, root * root, r10 + r01, r02 + r20],
        2 => [r02 - r20, r10 + r01, root * root, r21 + r12],
        _ => [r10 - r01, r02 + r20, r21 + r12, root * root],
    };
    let sign = if a < 0.0 { -1.0 } else { 1.0 };
    [b, c, d].map(|component| sign * component / (2.0 * root))
}

/// As the header keeps it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the format's own precision"
)]
fn rounded(value: f64) -> f64 {
    f64::from(value as f32)
}

#[cfg(test)]
mod tests {
    use raduet_features::{Affine, Spacing};

    use super::*;

    fn grid(affine: Affine, spacing: [f64; 3]) -> Grid {
        Grid {
            shape: [20, 256, 256],
            spacing: Spacing::new(spacing).unwrap(),
            affine,
        }
    }

    /// The quaternion of a rotation gives that rotation, whichever component is largest.
    #[test]
    fn rotations_come_back() {
        let sizes = [0.75, 0.5, 3.0];
        let mut written = 0;
        for quaternion in [
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0],
            [0.1, -0.2, 0.3],
            [0.9, 0.1, -0.2],
            [-0.2, 0.9, 0.1],
            [0.3, -0.1, 0.9],
            [0.5, 0.5, 0.5],
            [-0.7, 0.7, 0.05],
        ] {
            for handedness in [1.0, -1.0] {
                let rotated = Rotated {
                    quaternion,
                    handedness,
                    sizes,
                    position: [-90.5, 12.25, 7.0],
                };
                let grid = grid(rotated.affine().unwrap(), [3.0, 0.5, 0.75]);
                let found = of(&grid).unwrap();
                assert!((found.handedness - handedness).abs() < f64::EPSILON);
                let again = Grid {
                    affine: found.affine().unwrap(),
                    ..grid
                };
                let apart = largest_corner_displacement(&grid, &again).unwrap();
                assert!(apart < AGREEMENT, "{quaternion:?}: {apart}");
                written += 1;
            }
        }
        assert_eq!(written, 20);
    }

    #[test]
    fn what_is_no_rotation_has_none() {
        let sheared = Affine([
            [1.0, 0.2, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]);
        assert_eq!(of(&grid(sheared, [1.0, 1.04_f64.sqrt(), 1.0])), None);
    }
}
