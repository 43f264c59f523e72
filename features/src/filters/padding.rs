//! What a filter reads beyond the border of an image (the boundary conditions of IBSI 2).

use ndarray::Array3;

/// How an image goes on beyond its border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// With zeros.
    Zero,
    /// With the voxel at the border: `aaa|abc|ccc`.
    Nearest,
    /// From the opposite border: `abc|abc|abc`.
    Periodic,
    /// Mirrored, the voxel at the border twice (half-sample symmetric): `cba|abc|cba`.
    Mirror,
}

impl Boundary {
    /// Which of the `length > 0` voxels of a line stands at `position`, which may lie at any distance
    /// beyond the line; `None` is a zero.
    pub(crate) fn index(self, position: isize, length: usize) -> Option<usize> {
        let end = length.cast_signed();
        if (0..end).contains(&position) {
            return Some(position.unsigned_abs());
        }
        let inside = match self {
            Self::Zero => return None,
            Self::Nearest => position.clamp(0, end - 1),
            Self::Periodic => position.rem_euclid(end),
            Self::Mirror => {
                let folded = position.rem_euclid(2 * end);
                folded.min(2 * end - 1 - folded)
            }
        };
        Some(inside.unsigned_abs())
    }

    /// The same for the positions `-before..length + after`, in order.
    pub(crate) fn indices(self, length: usize, before: usize, after: usize) -> Vec<Option<usize>> {
        let positions = -before.cast_signed()..(length + after).cast_signed();
        positions
            .map(|position| self.index(position, length))
            .collect()
    }
}

/// A volume `[z, y, x]` with so many more voxels before and after each axis.
pub(crate) fn pad(
    volume: &Array3<f64>,
    before: [usize; 3],
    after: [usize; 3],
    boundary: Boundary,
) -> Array3<f64> {
    let axis = |axis: usize| boundary.indices(volume.shape()[axis], before[axis], after[axis]);
    let [slices, rows, columns] = [axis(0), axis(1), axis(2)];
    let shape = (slices.len(), rows.len(), columns.len());
    Array3::from_shape_fn(shape, |(z, y, x)| match (slices[z], rows[y], columns[x]) {
        (Some(z), Some(y), Some(x)) => volume[[z, y, x]],
        _ => 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extended(boundary: Boundary) -> String {
        let letters = ['a', 'b', 'c'];
        let indices = boundary.indices(letters.len(), 4, 4);
        indices
            .into_iter()
            .map(|at| at.map_or('0', |at| letters[at]))
            .collect()
    }

    #[test]
    fn lines_go_on_beyond_their_ends() {
        assert_eq!(extended(Boundary::Zero), "0000abc0000");
        assert_eq!(extended(Boundary::Nearest), "aaaaabccccc");
        assert_eq!(extended(Boundary::Periodic), "cabcabcabca");
        assert_eq!(extended(Boundary::Mirror), "ccbaabccbaa");
    }

    #[test]
    fn a_single_voxel_goes_on_with_itself() {
        for boundary in [Boundary::Nearest, Boundary::Periodic, Boundary::Mirror] {
            assert_eq!(boundary.indices(1, 3, 3), [Some(0); 7]);
        }
    }
}
