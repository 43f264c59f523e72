//! Area and volume of a mesh that is given by triangles for each configuration of a cube.

use crate::geometry::Spacing;
use crate::mesh::cubes::Cubes;

/// Points in a cube count in halves of its sides.
pub(crate) const FRACTIONS: i64 = 2;

/// A point `[z, y, x]` in a cube, from 0 to [`FRACTIONS`].
pub(crate) type Point = [i64; 3];

/// Three corners. Seen from outside the region, those of all triangles turn the same way.
pub(crate) type Triangle = [Point; 3];

/// A multiple of the number of variants of every configuration: 6 to 42 in steps of 6, or 1.
const SHARES: i128 = 2520;

/// The triangles of one configuration.
#[derive(Debug, Clone)]
struct Part {
    /// Triangles, and in how many variants each occurs.
    triangles: Vec<(Triangle, i64)>,
    /// Number of variants, whose mean the part is.
    variants: usize,
}

/// The triangles of each configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Triangulation {
    parts: Vec<Part>,
}

fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// Area of a triangle in mm², when its points count in steps of the lattice `unit`.
pub(crate) fn area([a, b, c]: Triangle, unit: Spacing) -> f64 {
    let [z, y, x] = unit.zyx();
    let side = |to: Point| -> Point { std::array::from_fn(|k| to[k] - a[k]) };
    let n = cross(side(b), side(c));
    let n = [
        n[0] as f64 * y * x,
        n[1] as f64 * x * z,
        n[2] as f64 * z * y,
    ];
    (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt() / 2.0
}

impl Triangulation {
    /// Adds the next configuration: triangles with the number of variants that hold them, of `variants`.
    pub(crate) fn push(&mut self, triangles: Vec<(Triangle, i64)>, variants: usize) {
        self.parts.push(Part {
            triangles,
            variants,
        });
    }

    /// Surface area in mm²: number of cubes of each configuration times the area of its triangles.
    pub(crate) fn area(&self, cubes: &Cubes, spacing: Spacing) -> f64 {
        let half = spacing.half();
        let mut total = 0.0;
        for (configuration, part) in self.parts.iter().enumerate() {
            let count = cubes.count(configuration);
            if count > 0 {
                let triangles = part.triangles.iter();
                let areas =
                    triangles.map(|(triangle, times)| *times as f64 * area(*triangle, half));
                total += count as f64 * (areas.sum::<f64>() / part.variants as f64);
            }
        }
        total
    }

    /// Volume in mm³: a sixth of the sum over all triangles of `a · (b × c)`, positions counted from
    /// voxel 0 of the padded box. Summed in whole numbers.
    ///
    /// For a cube at `p`, `(p + a) · ((p + b) × (p + c)) = a · (b × c) + p · (a × b + b × c + c × a)`.
    pub(crate) fn volume(&self, cubes: &Cubes, spacing: Spacing) -> f64 {
        let mut sixfold: i128 = 0;
        for (configuration, part) in self.parts.iter().enumerate() {
            let count = i128::from(cubes.count(configuration));
            let positions = cubes.positions(configuration).map(i128::from);
            let mut of_part = 0;
            for ([a, b, c], times) in &part.triangles {
                let normals = [cross(*a, *b), cross(*b, *c), cross(*c, *a)];
                let normal: Point = std::array::from_fn(|k| normals.iter().map(|n| n[k]).sum());
                let at_zero: i64 = a.iter().zip(cross(*b, *c)).map(|(a, n)| a * n).sum();
                let moved = positions.iter().zip(normal);
                let moved: i128 = moved.map(|(p, n)| p * i128::from(FRACTIONS * n)).sum();
                of_part += i128::from(*times) * (count * i128::from(at_zero) + moved);
            }
            sixfold += of_part * (SHARES / part.variants as i128);
        }
        sixfold as f64 / (6.0 * SHARES as f64) * spacing.half().voxel()
    }
}
