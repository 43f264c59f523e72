//! How often each of the 256 configurations of a marching cube occurs, and where.
//!
//! A cube spans eight voxel centres. Its configuration has one bit for each corner inside the region:
//!
//! ```text
//!    0 ------ 1        x to the right, y downwards, 4..=7 lie one slice further
//!    | \      | \
//!    |  4 ------ 5
//!    3 -|---- 2  |
//!      \|       \|
//!       7 ------ 6
//! ```
//!
//! Area and volume of a mesh are sums over cubes of what depends on the configuration alone, up to a
//! term that is linear in the position: whole numbers per configuration are all that is kept of a mask.
//!
//! Lorensen and Cline, Marching cubes, Computer Graphics 21(4), 1987, doi:10.1145/37402.37422.

use crate::mesh::bits::{BitMask, next};

/// Number of configurations.
pub(crate) const CONFIGURATIONS: usize = 256;

/// Corners of the cube, `[z, y, x]`, in the order of the configuration's bits.
pub(crate) const CORNERS: [[i64; 3]; 8] = [
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, 1],
    [0, 1, 0],
    [1, 0, 0],
    [1, 0, 1],
    [1, 1, 1],
    [1, 1, 0],
];

/// The cubes at the surface of a mask, by configuration. Configurations without a surface (all corners
/// in or out) are not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cubes {
    counts: Vec<u64>,
    positions: Vec<[u64; 3]>,
}

impl Cubes {
    /// Visits every cube of the padded mask.
    pub(crate) fn new(mask: &BitMask) -> Self {
        let mut cubes = Self {
            counts: vec![0; CONFIGURATIONS],
            positions: vec![[0; 3]; CONFIGURATIONS],
        };
        let [slices, rows, _] = mask.shape();
        for z in 0..slices - 1 {
            for y in 0..rows - 1 {
                let four = [(z, y), (z, y + 1), (z + 1, y), (z + 1, y + 1)];
                cubes.add_row(z, y, four.map(|(z, y)| mask.row(z, y)));
            }
        }
        cubes
    }

    fn add_row(&mut self, z: usize, y: usize, [a, b, c, d]: [&[u64]; 4]) {
        for word in 0..a.len() {
            // In the order of the corners.
            let corners = [
                a[word],
                next(a, word),
                next(b, word),
                b[word],
                c[word],
                next(c, word),
                next(d, word),
                d[word],
            ];
            let any = corners.iter().fold(0, |any, corner| any | corner);
            let all = corners.iter().fold(u64::MAX, |all, corner| all & corner);
            let mut surface = any & !all;
            while surface != 0 {
                let bit = surface.trailing_zeros();
                surface &= surface - 1;
                let bits = corners.iter().enumerate();
                let configuration = bits.fold(0, |configuration, (at, corner)| {
                    configuration | ((corner >> bit & 1) as usize) << at
                });
                self.counts[configuration] += 1;
                let x = word * u64::BITS as usize + bit as usize;
                for (sum, at) in self.positions[configuration].iter_mut().zip([z, y, x]) {
                    *sum += at as u64;
                }
            }
        }
    }

    /// Number of cubes of a configuration.
    pub(crate) fn count(&self, configuration: usize) -> u64 {
        self.counts[configuration]
    }

    /// Sums of the indices of their corners 0, `[z, y, x]`.
    pub(crate) fn positions(&self, configuration: usize) -> [u64; 3] {
        self.positions[configuration]
    }
}
