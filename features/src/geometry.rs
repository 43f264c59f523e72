//! Where voxels lie: shape, spacing and the affine map to patient space.

/// Distance between voxel centres in mm along z, y, x. Finite and positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    zyx: [f64; 3],
}

impl Spacing {
    /// Spacing from `[z, y, x]` in mm, or `None` unless all three are finite and positive.
    pub fn new(zyx: [f64; 3]) -> Option<Self> {
        zyx.iter()
            .all(|s| s.is_finite() && *s > 0.0)
            .then_some(Self { zyx })
    }

    /// `[z, y, x]` in mm.
    pub fn zyx(self) -> [f64; 3] {
        self.zyx
    }

    /// Volume of a voxel in mm³.
    pub(crate) fn voxel(self) -> f64 {
        let [z, y, x] = self.zyx;
        z * y * x
    }

    /// Half of all distances.
    pub(crate) fn half(self) -> Self {
        Self {
            zyx: self.zyx.map(|s| s / 2.0),
        }
    }
}

/// Maps voxel indices `(i, j, k)` along x, y, z to patient coordinates in mm (RAS, as in NIfTI).
///
/// Rows are the patient axes; columns 0..3 belong to x, y, z, column 3 is the position of voxel 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine(pub [[f64; 4]; 3]);

impl Affine {
    /// Patient position in mm of a (fractional) voxel index given in `[z, y, x]` order.
    pub fn position(&self, zyx: [f64; 3]) -> [f64; 3] {
        let [k, j, i] = zyx;
        self.0
            .map(|row| row[0] * i + row[1] * j + row[2] * k + row[3])
    }
}

/// The grid of a volume. Image and mask belong together when their grids agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Voxels along z, y, x; none is zero.
    pub shape: [usize; 3],
    /// Distances between voxel centres.
    pub spacing: Spacing,
    /// Map to patient space.
    pub affine: Affine,
}

impl Grid {
    /// The part of the grid in a box that lies inside.
    #[must_use]
    pub fn cut(&self, low: [usize; 3], shape: [usize; 3]) -> Self {
        let mut affine = self.affine;
        let origin = self.affine.position(low.map(|index| index as f64));
        for (row, origin) in affine.0.iter_mut().zip(origin) {
            row[3] = origin;
        }
        Self {
            shape,
            spacing: self.spacing,
            affine,
        }
    }
}

/// A step to a neighbour within a slice, at distance 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direction2 {
    /// Step along y, 0 or 1: the opposite direction is the same line.
    pub rows: usize,
    /// Step along x.
    pub columns: isize,
}

/// The four directions of a slice; together with their opposites they reach all eight neighbours.
///
/// ```text
/// .  o  0      o the pixel, 0..=3 its neighbour along each direction
/// 1  2  3
/// ```
pub const DIRECTIONS_2D: [Direction2; 4] = [
    Direction2 {
        rows: 0,
        columns: 1,
    },
    Direction2 {
        rows: 1,
        columns: -1,
    },
    Direction2 {
        rows: 1,
        columns: 0,
    },
    Direction2 {
        rows: 1,
        columns: 1,
    },
];

impl Direction2 {
    /// How far the neighbour is in a flat slice with rows of `stride` pixels; needs padding.
    ///
    /// # Panics
    /// When the step would go backwards, which no direction of [`DIRECTIONS_2D`] does.
    pub fn offset(self, stride: usize) -> usize {
        (self.rows * stride)
            .checked_add_signed(self.columns)
            .expect("the directions of a slice go forwards")
    }
}

/// A step to a neighbour in a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset3 {
    /// Step along z.
    pub z: isize,
    /// Step along y.
    pub y: isize,
    /// Step along x.
    pub x: isize,
}

/// Where steps may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Within a slice.
    Slice,
    /// To other slices, too.
    Volume,
}

impl Offset3 {
    /// Length in mm.
    pub fn length(self, spacing: Spacing) -> f64 {
        let [z, y, x] = self.millimetres(spacing);
        (z * z + y * y + x * x).sqrt()
    }

    /// The step in mm along z, y, x.
    pub fn millimetres(self, spacing: Spacing) -> [f64; 3] {
        let [z, y, x] = spacing.zyx();
        [self.z as f64 * z, self.y as f64 * y, self.x as f64 * x]
    }

    /// Whether the step leads from some voxel of a box to another one of it.
    pub(crate) fn fits(self, shape: [usize; 3]) -> bool {
        let steps = [self.z, self.y, self.x].map(isize::unsigned_abs);
        steps.iter().zip(shape).all(|(step, length)| *step < length)
    }

    /// The largest of the three steps, the Chebyshev distance in voxels.
    pub fn chebyshev(self) -> usize {
        [self.z, self.y, self.x]
            .map(isize::unsigned_abs)
            .into_iter()
            .fold(0, usize::max)
    }
}

/// One step of each pair of opposite steps at the given Chebyshev distances: 4 in a slice and 13 in a
/// volume for distance 1. The one chosen leads forwards in storage order.
pub fn half_offsets(distances: &[usize], reach: Reach) -> Vec<Offset3> {
    let furthest = distances.iter().copied().max().unwrap_or(0).cast_signed();
    let deepest = match reach {
        Reach::Slice => 0,
        Reach::Volume => furthest,
    };
    let mut offsets = Vec::new();
    for z in 0..=deepest {
        for y in -furthest..=furthest {
            for x in -furthest..=furthest {
                let offset = Offset3 { z, y, x };
                let forwards = (z, y, x) > (0, 0, 0);
                if forwards && distances.contains(&offset.chebyshev()) {
                    offsets.push(offset);
                }
            }
        }
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_neighbours_reach_all_of_them_with_their_opposites() {
        assert_eq!(half_offsets(&[1], Reach::Slice).len(), 4);
        assert_eq!(half_offsets(&[1], Reach::Volume).len(), 13);
        // The shell of the cube of side 5 has 98 voxels, the ring of the square 16.
        assert_eq!(half_offsets(&[2], Reach::Volume).len(), 49);
        assert_eq!(half_offsets(&[1, 2], Reach::Slice).len(), 12);
    }
}
