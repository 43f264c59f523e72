//! Area and volume of a mesh that is given by triangles for each configuration of a cube.

use crate::geometry::Spacing;
use crate::mesh::cubes::{CONFIGURATIONS, Cubes};

/// A point `[z, y, x]` in a cube, in fractions of its sides.
pub(crate) type Point = [i64; 3];

/// The triangles of each configuration.
///
/// Seen from outside the region, the corners of all triangles turn the same way.
#[derive(Debug, Clone)]
pub(crate) struct Triangulation {
    /// Fractions that the side of a cube is divided into: 2 makes the middle of a side the point 1.
    pub(crate) fractions: i64,
    /// By configuration.
    pub(crate) triangles: Vec<Vec<[Point; 3]>>,
}

fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

impl Triangulation {
    /// Surface area in mm²: number of cubes of each configuration times the area of its triangles.
    pub(crate) fn area(&self, cubes: &Cubes, spacing: Spacing) -> f64 {
        let s = spacing.zyx();
        let fractions = self.fractions as f64;
        let areas = (0..CONFIGURATIONS).map(|configuration| {
            let triangles = self.triangles[configuration].iter();
            let area: f64 = triangles
                .map(|[a, b, c]| {
                    let side = |to: &Point| -> Point { std::array::from_fn(|k| to[k] - a[k]) };
                    let n = cross(side(b), side(c));
                    let n = [
                        n[0] as f64 * s[1] * s[2],
                        n[1] as f64 * s[2] * s[0],
                        n[2] as f64 * s[0] * s[1],
                    ];
                    (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt() / 2.0
                })
                .sum();
            cubes.count(configuration) as f64 * area
        });
        areas.sum::<f64>() / (fractions * fractions)
    }

    /// Volume in mm³: a sixth of the sum over all triangles of `a · (b × c)`, positions counted from
    /// voxel 0 of the padded box. Summed in whole numbers.
    ///
    /// For a cube at `p`, `(p + a) · ((p + b) × (p + c)) = a · (b × c) + p · (a × b + b × c + c × a)`.
    pub(crate) fn volume(&self, cubes: &Cubes, spacing: Spacing) -> f64 {
        let f = self.fractions;
        let mut sixfold: i128 = 0;
        for (configuration, triangles) in self.triangles.iter().enumerate() {
            let count = i128::from(cubes.count(configuration));
            let positions = cubes.positions(configuration).map(i128::from);
            for [a, b, c] in triangles {
                let normal = [cross(*a, *b), cross(*b, *c), cross(*c, *a)];
                let normal: Point = std::array::from_fn(|k| normal.iter().map(|n| n[k]).sum());
                let at_zero: i64 = a.iter().zip(cross(*b, *c)).map(|(a, n)| a * n).sum();
                let moved = positions
                    .iter()
                    .zip(normal)
                    .map(|(p, n)| p * i128::from(f * n));
                sixfold += count * i128::from(at_zero) + moved.sum::<i128>();
            }
        }
        let [z, y, x] = spacing.zyx();
        let f = f as f64;
        sixfold as f64 / (6.0 * f * f * f) * (z * y * x)
    }
}
