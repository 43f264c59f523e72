//! Largest distance between points in space.

use crate::geometry::Spacing;
use crate::hull::solid::Point;

/// Keeps a bound a bound although it is rounded.
const ROUNDING_UP: f64 = 1.0 + 1e-9;

/// Corners with one z, in mm, and a circle around them.
struct Slice<'a> {
    corners: &'a [[f64; 3]],
    centre: [f64; 2],
    radius: f64,
}

impl<'a> Slice<'a> {
    fn new(corners: &'a [[f64; 3]]) -> Self {
        let middle = |axis: usize| {
            let along = || corners.iter().map(|corner| corner[axis]);
            f64::midpoint(
                along().fold(f64::MAX, f64::min),
                along().fold(f64::MIN, f64::max),
            )
        };
        let centre = [middle(1), middle(2)];
        let radii = corners
            .iter()
            .map(|c| (c[1] - centre[0]).hypot(c[2] - centre[1]));
        Self {
            corners,
            centre,
            radius: radii.fold(0.0, f64::max),
        }
    }

    /// Square of a distance that no pair of corners exceeds.
    fn furthest(&self, other: &Self) -> f64 {
        let apart = (self.centre[0] - other.centre[0]).hypot(self.centre[1] - other.centre[1]);
        let in_plane = apart + self.radius + other.radius;
        let z = self.corners[0][0] - other.corners[0][0];
        z * z + in_plane * in_plane
    }
}

/// Largest distance in mm between two corners of a hull, which stand in order of their coordinates; a
/// step of the lattice is `unit` mm.
///
/// A circle around each slice's corners bounds how far apart those of two slices can be, which leaves
/// the pairs of slices that lie opposite each other.
pub(crate) fn diameter(corners: &[Point], unit: Spacing) -> f64 {
    let s = unit.zyx();
    let corner = |corner: &Point| -> [f64; 3] { std::array::from_fn(|k| corner[k] as f64 * s[k]) };
    let in_mm: Vec<_> = corners.iter().map(corner).collect();
    let slices = corners.chunk_by(|a, b| a[0] == b[0]);
    let slices = slices.scan(0, |first, slice| {
        let from = *first;
        *first += slice.len();
        Some(Slice::new(&in_mm[from..*first]))
    });
    let slices: Vec<Slice<'_>> = slices.collect();
    let mut largest: f64 = 0.0;
    // The slices furthest apart first: a large distance found early spares others.
    for apart in (0..slices.len()).rev() {
        for (a, b) in slices.iter().zip(&slices[apart..]) {
            if a.furthest(b) * ROUNDING_UP < largest {
                continue;
            }
            for p in a.corners {
                for q in b.corners {
                    let [z, y, x] = [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
                    largest = largest.max(z * z + y * y + x * x);
                }
            }
        }
    }
    largest.sqrt()
}
