//! Rotations by right angles: how they move and mirror the axes of a kernel.
//!
//! A volume has 24 of them, a slice 4. All are proper: mirror images are not among them (the rotation
//! invariance of IBSI 2).

/// Whether a line is taken as it is or backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sense {
    /// As it is.
    Forwards,
    /// Mirrored.
    Backwards,
}

/// For each axis x, y, z of the rotated kernel, which axis of the kernel (0 is x) lies there and in which
/// sense.
pub(crate) type Rotation = [(usize, Sense); 3];

/// The kernel as it is.
pub(crate) const IDENTITY: Rotation = [
    (0, Sense::Forwards),
    (1, Sense::Forwards),
    (2, Sense::Forwards),
];

/// The 24 rotations of a volume; the first is [`IDENTITY`].
pub(crate) fn of_volumes() -> Vec<Rotation> {
    let even = [[0, 1, 2], [1, 2, 0], [2, 0, 1]];
    let odd = [[0, 2, 1], [1, 0, 2], [2, 1, 0]];
    let mut rotations = Vec::new();
    for (orders, swaps) in [(even, 0), (odd, 1)] {
        for order in orders {
            for senses in 0..8_u32 {
                // A permutation with signs is a rotation when swaps and mirrored axes are even together.
                if (swaps + senses.count_ones()).is_multiple_of(2) {
                    rotations.push(std::array::from_fn(|axis| {
                        (order[axis], sense(senses, axis))
                    }));
                }
            }
        }
    }
    rotations
}

/// The 4 rotations of slices about the z axis; the first is [`IDENTITY`].
pub(crate) fn of_slices() -> Vec<Rotation> {
    let mut rotations = of_volumes();
    rotations.retain(|rotation| rotation[2] == IDENTITY[2]);
    rotations
}

/// Bit `axis` set is backwards.
fn sense(senses: u32, axis: usize) -> Sense {
    if senses >> axis & 1 == 0 {
        Sense::Forwards
    } else {
        Sense::Backwards
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    type Matrix = [[i32; 3]; 3];

    fn matrix(rotation: &Rotation) -> Matrix {
        let mut matrix = [[0; 3]; 3];
        for (row, (axis, sense)) in matrix.iter_mut().zip(rotation) {
            row[*axis] = if *sense == Sense::Forwards { 1 } else { -1 };
        }
        matrix
    }

    fn determinant(m: Matrix) -> i32 {
        let minor = |a: usize, b: usize| m[1][a] * m[2][b] - m[1][b] * m[2][a];
        m[0][0] * minor(1, 2) - m[0][1] * minor(0, 2) + m[0][2] * minor(0, 1)
    }

    #[test]
    fn there_are_24_proper_rotations_of_a_cube() {
        let matrices: BTreeSet<Matrix> = of_volumes().iter().map(matrix).collect();
        assert_eq!(matrices.len(), 24);
        assert!(matrices.iter().all(|matrix| determinant(*matrix) == 1));
    }

    #[test]
    fn there_are_4_proper_rotations_of_a_square() {
        let planes: BTreeSet<Matrix> = of_slices().iter().map(matrix).collect();
        let quarter = [[0, -1, 0], [1, 0, 0], [0, 0, 1]];
        let half = [[-1, 0, 0], [0, -1, 0], [0, 0, 1]];
        let three_quarters = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]];
        let none = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
        assert_eq!(planes, [none, quarter, half, three_quarters].into());
    }

    #[test]
    fn the_first_rotation_is_none() {
        assert_eq!(of_volumes()[0], IDENTITY);
        assert_eq!(of_slices()[0], IDENTITY);
    }
}
