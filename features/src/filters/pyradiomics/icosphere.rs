//! Points spread over a sphere: an icosahedron whose faces are split in four again and again.
//!
//! Vertices of the icosahedron are the cyclic permutations of `(0, ±1, ±φ)`, `φ` the golden ratio, with `φ` at the
//! place of y in `(±1, ±φ, 0)`: its orientation as in the Python package trimesh.

use std::collections::BTreeSet;

/// The golden ratio.
const PHI: f64 = 1.618_033_988_749_895;

type Point = [f64; 3];

/// The points `[x, y, z]` of an icosphere: `10 · 4^subdivisions + 2` of them, in no meaningful order.
pub(super) fn icosphere(subdivisions: usize, radius: f64) -> Vec<Point> {
    let mut points = Vec::new();
    for turn in 0..3 {
        for (a, b) in [(-1.0, PHI), (1.0, PHI), (-1.0, -PHI), (1.0, -PHI)] {
            let mut point = [0.0; 3];
            point[turn] = a;
            point[(turn + 1) % 3] = b;
            points.push(onto_sphere(point, radius));
        }
    }
    let mut edges = BTreeSet::new();
    let shortest = 1.01 * nearest(&points);
    for (i, a) in points.iter().enumerate() {
        for (j, b) in points.iter().enumerate().skip(i + 1) {
            if distance(*a, *b) < shortest {
                edges.insert([i, j]);
            }
        }
    }
    let mut faces: Vec<[usize; 3]> = Vec::new();
    for [a, b] in &edges {
        for c in b + 1..points.len() {
            if edges.contains(&[*a, c]) && edges.contains(&[*b, c]) {
                faces.push([*a, *b, c]);
            }
        }
    }
    for _ in 0..subdivisions {
        faces = subdivided(&mut points, &faces, radius);
    }
    points
}

/// Splits each face at the middles of its edges, which become points of the sphere.
fn subdivided(points: &mut Vec<Point>, faces: &[[usize; 3]], radius: f64) -> Vec<[usize; 3]> {
    let sorted = |a: usize, b: usize| [a.min(b), a.max(b)];
    let edges_of = |[a, b, c]: [usize; 3]| [sorted(a, b), sorted(b, c), sorted(a, c)];
    let edges: BTreeSet<_> = faces.iter().flat_map(|face| edges_of(*face)).collect();
    let edges: Vec<_> = edges.into_iter().collect();
    let first = points.len();
    for [a, b] in &edges {
        let (a, b) = (points[*a], points[*b]);
        let middle = std::array::from_fn(|axis| f64::midpoint(a[axis], b[axis]));
        points.push(onto_sphere(middle, radius));
    }
    let place = |edge| first + edges.binary_search(&edge).expect("an edge of a face");
    let split = |face: &[usize; 3]| {
        let [a, b, c] = *face;
        let [ab, bc, ac] = edges_of(*face).map(place);
        [[a, ab, ac], [b, ab, bc], [c, ac, bc], [ab, bc, ac]]
    };
    faces.iter().flat_map(split).collect()
}

fn onto_sphere(point: Point, radius: f64) -> Point {
    let length = point.iter().map(|x| x * x).sum::<f64>().sqrt();
    point.map(|x| x / length * radius)
}

fn distance(a: Point, b: Point) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f64>().sqrt()
}

/// Distance from the first point to its nearest neighbour.
fn nearest(points: &[Point]) -> f64 {
    let others = points[1..].iter().map(|point| distance(points[0], *point));
    others.fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_on_the_sphere_and_balance() {
        for (subdivisions, count) in [(0, 12), (1, 42), (2, 162)] {
            let points = icosphere(subdivisions, 2.5);
            assert_eq!(points.len(), count);
            for axis in 0..3 {
                let sum: f64 = points.iter().map(|point| point[axis]).sum();
                assert!(sum.abs() < 1e-12);
            }
            for point in points {
                assert!((distance(point, [0.0; 3]) - 2.5).abs() < 1e-14);
            }
        }
    }
}
