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
