//! Largest distance between points in space.

use crate::geometry::Spacing;
use crate::hull::solid::Point;

/// Keeps a bound a bound although it is rounded.
const ROUNDING_UP: f64 = 1.0 + 1e-9;

/// Points with one z, in mm, and a circle around them.
struct Slice<'a> {
    points: &'a [[f64; 3]],
    centre: [f64; 2],
    radius: f64,
}

/// Square of the distance within the slice.
fn in_plane(point: &[f64; 3], [y, x]: [f64; 2]) -> f64 {
    (point[1] - y).powi(2) + (point[2] - x).powi(2)
}

impl<'a> Slice<'a> {
    fn new(points: &'a [[f64; 3]]) -> Self {
        let middle = |axis: usize| {
            let along = || points.iter().map(|point| point[axis]);
            f64::midpoint(
                along().fold(f64::MAX, f64::min),
                along().fold(f64::MIN, f64::max),
            )
        };
        let centre = [middle(1), middle(2)];
        let squares = points.iter().map(|point| in_plane(point, centre));
        Self {
            points,
            centre,
            radius: squares.fold(0.0, f64::max).sqrt(),
        }
    }

    /// Square of a distance that no point of this slice and of the other exceeds.
    fn furthest(&self, other: &Self) -> f64 {
        let [y, x] = other.centre;
        self.within(&[other.points[0][0], y, x], other.radius)
    }

    /// Square of a distance from a point that no point of this slice exceeds.
    fn furthest_from(&self, point: &[f64; 3]) -> f64 {
        self.within(point, 0.0)
    }

    fn within(&self, point: &[f64; 3], radius: f64) -> f64 {
        let across = in_plane(point, self.centre).sqrt() + self.radius + radius;
        let z = self.points[0][0] - point[0];
        z * z + across * across
    }
}

/// Square of the distance between two points.
fn squared(p: &[f64; 3], q: &[f64; 3]) -> f64 {
    let [z, y, x] = [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
    z * z + y * y + x * x
}

/// Square of a large distance between two of the points: from each to the one furthest from it, as long as
/// the way grows.
fn far_apart(points: &[[f64; 3]]) -> f64 {
    let mut largest = 0.0;
    let mut from = points.first();
    while let Some(here) = from {
        let ways = points.iter().map(|point| (squared(here, point), point));
        let furthest = ways.max_by(|a, b| a.0.total_cmp(&b.0));
        from = furthest
            .filter(|(way, _)| *way > largest)
            .map(|(way, there)| {
                largest = way;
                there
            });
    }
    largest
}

/// Largest distance in mm between two points, which stand in order of their z; a step of the lattice is
/// `unit` mm. The corners of each slice's convex hull are enough.
///
/// A circle around each slice's points bounds how far apart those of two slices can be, which leaves the pairs
/// of slices that lie opposite each other, and of their points those far from the other circle.
pub(crate) fn diameter(points: &[Point], unit: Spacing) -> f64 {
    let s = unit.zyx();
    let point = |point: &Point| -> [f64; 3] { std::array::from_fn(|k| point[k] as f64 * s[k]) };
    let in_mm: Vec<_> = points.iter().map(point).collect();
    let slices = points.chunk_by(|a, b| a[0] == b[0]);
    let slices = slices.scan(0, |first, slice| {
        let from = *first;
        *first += slice.len();
        Some(Slice::new(&in_mm[from..*first]))
    });
    let slices: Vec<Slice<'_>> = slices.collect();
    let mut largest = far_apart(&in_mm);
    for apart in 0..slices.len() {
        for (a, b) in slices.iter().zip(&slices[apart..]) {
            if a.furthest(b) * ROUNDING_UP < largest {
                continue;
            }
            for p in a.points {
                if b.furthest_from(p) * ROUNDING_UP < largest {
                    continue;
                }
                for q in b.points {
                    largest = largest.max(squared(p, q));
                }
            }
        }
    }
    largest.sqrt()
}
