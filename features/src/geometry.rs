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
