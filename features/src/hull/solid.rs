//! Convex hull of points in space, with its volume and area.
//!
//! Quickhull with exact predicates: a point sees a face when it lies strictly beyond its plane, in whole
//! numbers, so flat and collinear points need no tolerance. Coplanar faces are left as they come: they
//! change neither volume nor area.
//!
//! Barber, Dobkin and Huhdanpaa, The quickhull algorithm for convex hulls, ACM Transactions on
//! Mathematical Software 22(4), 1996, doi:10.1145/235815.235821.

use crate::geometry::Spacing;
use crate::mesh::triangulation::area;

/// A point `[z, y, x]`; coordinates of less than 2^30.
pub(crate) type Point = [i64; 3];

/// Marks a vertex at which no new face begins.
const NONE: usize = usize::MAX;

/// A triangle of the hull; seen from outside, its corners turn the same way for all faces.
#[derive(Debug, Clone)]
struct Face {
    corners: [usize; 3],
    /// The face beyond the side from corner `k` to corner `k + 1`.
    neighbours: [usize; 3],
    normal: Point,
    /// Points that see this face and were given to it.
    outside: Vec<usize>,
    alive: bool,
}

/// The hull.
#[derive(Debug, Clone)]
pub(crate) struct Hull {
    triangles: Vec<[Point; 3]>,
    corners: Vec<Point>,
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: Point, b: Point) -> i128 {
    (0..3).map(|k| i128::from(a[k]) * i128::from(b[k])).sum()
}

/// A hull under construction.
struct Builder<'a> {
    points: &'a [Point],
    faces: Vec<Face>,
}

impl Builder<'_> {
    fn face(&self, corners: [usize; 3]) -> Face {
        let [a, b, c] = corners.map(|corner| self.points[corner]);
        Face {
            corners,
            neighbours: [NONE; 3],
            normal: cross(minus(b, a), minus(c, a)),
            outside: Vec::new(),
            alive: true,
        }
    }

    /// How far a point lies beyond a face, in units of the face's own.
    fn beyond(&self, face: usize, point: usize) -> i128 {
        let face = &self.faces[face];
        dot(
            face.normal,
            minus(self.points[point], self.points[face.corners[0]]),
        )
    }

    /// Gives each point to the first of the faces that it sees; points that see none lie inside.
    fn give(&mut self, points: impl IntoIterator<Item = usize>, faces: std::ops::Range<usize>) {
        for point in points {
            if let Some(face) = faces.clone().find(|face| self.beyond(*face, point) > 0) {
                self.faces[face].outside.push(point);
            }
        }
    }

    /// Four points that span a body, or `None` when all lie in a plane.
    fn simplex(&self) -> Option<[usize; 4]> {
        let all = 0..self.points.len();
        let a = all.clone().min_by_key(|at| self.points[*at])?;
        let from_a = |at: usize| minus(self.points[at], self.points[a]);
        let b = all.clone().max_by_key(|at| dot(from_a(*at), from_a(*at)))?;
        let off_line = |at: &usize| {
            let area = cross(from_a(b), from_a(*at));
            dot(area, area)
        };
        let c = all.clone().max_by_key(off_line)?;
        let normal = cross(from_a(b), from_a(c));
        let d = all.max_by_key(|at| dot(normal, from_a(*at)).abs())?;
        let height = dot(normal, from_a(d));
        match height {
            0 => None,
            // The first face must not see the fourth point.
            ..0 => Some([a, b, c, d]),
            _ => Some([a, c, b, d]),
        }
    }

    fn start(&mut self, [a, b, c, d]: [usize; 4]) {
        let corners = [[a, b, c], [a, d, b], [b, d, c], [c, d, a]];
        let neighbours = [[1, 2, 3], [3, 2, 0], [1, 3, 0], [2, 1, 0]];
        for (corners, neighbours) in corners.into_iter().zip(neighbours) {
            let face = self.face(corners);
            self.faces.push(Face { neighbours, ..face });
        }
        let first = [a, b, c, d];
        let rest = (0..self.points.len()).filter(|point| !first.contains(point));
        self.give(rest, 0..4);
    }

    /// Makes a corner of the furthest point outside a face, and returns the range of the new faces.
    fn grow(&mut self, face: usize, begins: &mut [usize]) -> std::ops::Range<usize> {
        let outside = self.faces[face].outside.iter().copied();
        let apex = outside
            .max_by_key(|point| self.beyond(face, *point))
            .expect("a face with points outside");

        // The faces that the point sees form one patch; its rim are the sides to faces it does not see.
        let (mut seen, mut rim) = (vec![face], Vec::new());
        self.faces[face].alive = false;
        let mut at = 0;
        while at < seen.len() {
            let Face {
                corners,
                neighbours,
                ..
            } = self.faces[seen[at]];
            for (side, neighbour) in neighbours.into_iter().enumerate() {
                if !self.faces[neighbour].alive {
                    continue;
                }
                if self.beyond(neighbour, apex) > 0 {
                    self.faces[neighbour].alive = false;
                    seen.push(neighbour);
                } else {
                    rim.push((corners[side], corners[(side + 1) % 3], neighbour));
                }
            }
            at += 1;
        }

        // A cone of new faces between the rim and the point.
        let first = self.faces.len();
        for (new, (from, to, beyond)) in rim.iter().enumerate() {
            let mut face = self.face([*from, *to, apex]);
            face.neighbours[0] = *beyond;
            self.faces.push(face);
            begins[*from] = first + new;
            let back = self.faces[*beyond]
                .corners
                .iter()
                .position(|corner| corner == to);
            self.faces[*beyond].neighbours[back.expect("a common side")] = first + new;
        }
        for (new, (_, to, _)) in rim.iter().enumerate() {
            let next = begins[*to];
            self.faces[first + new].neighbours[1] = next;
            self.faces[next].neighbours[2] = first + new;
        }
        let new = first..self.faces.len();
        for face in seen {
            let points = std::mem::take(&mut self.faces[face].outside);
            self.give(
                points.into_iter().filter(|point| *point != apex),
                new.clone(),
            );
        }
        new
    }
}

impl Hull {
    /// The hull of points that do not all lie in one plane, else `None`.
    pub(crate) fn new(points: &[Point]) -> Option<Self> {
        let faces = Vec::new();
        let mut builder = Builder { points, faces };
        let simplex = builder.simplex()?;
        builder.start(simplex);
        let mut begins = vec![NONE; points.len()];
        let mut open: Vec<usize> = (0..4).collect();
        while let Some(face) = open.pop() {
            if builder.faces[face].alive && !builder.faces[face].outside.is_empty() {
                open.extend(builder.grow(face, &mut begins));
            }
        }
        let alive = builder.faces.iter().filter(|face| face.alive);
        let triangles: Vec<_> = alive
            .map(|face| face.corners.map(|at| points[at]))
            .collect();
        let mut corners = triangles.concat();
        corners.sort_unstable();
        corners.dedup();
        Some(Self { triangles, corners })
    }

    /// Volume in mm³, when a step of the lattice is `unit` mm.
    pub(crate) fn volume(&self, unit: Spacing) -> f64 {
        // Counted from a corner, the products stay small; their sum is exact.
        let origin = self.corners[0];
        let tetrahedra = self.triangles.iter().map(|triangle| {
            let [a, b, c] = triangle.map(|corner| minus(corner, origin));
            dot(a, cross(b, c))
        });
        tetrahedra.sum::<i128>() as f64 / 6.0 * unit.voxel()
    }

    /// Area in mm².
    pub(crate) fn area(&self, unit: Spacing) -> f64 {
        let areas = self.triangles.iter().map(|triangle| area(*triangle, unit));
        areas.sum()
    }

    /// The corners, in order of their coordinates.
    pub(crate) fn corners(&self) -> &[Point] {
        &self.corners
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hull::diameter::diameter;

    fn all_pairs(points: &[Point], unit: Spacing) -> f64 {
        let s = unit.zyx();
        let mut largest: f64 = 0.0;
        for a in points {
            for b in points {
                let squares = (0..3).map(|k| ((a[k] - b[k]) as f64 * s[k]).powi(2));
                largest = largest.max(squares.sum());
            }
        }
        largest.sqrt()
    }

    /// A closed surface whose corners are points of the set and whose faces leave all points on one side
    /// is the hull.
    fn is_the_hull(hull: &Hull, points: &[Point]) {
        let mut sides = Vec::new();
        for [a, b, c] in &hull.triangles {
            let normal = cross(minus(*b, *a), minus(*c, *a));
            assert_ne!(normal, [0; 3], "a face without area");
            assert!(points.iter().all(|p| dot(normal, minus(*p, *a)) <= 0));
            sides.extend([(*a, *b), (*b, *c), (*c, *a)]);
        }
        let mut reverse: Vec<_> = sides.iter().map(|(a, b)| (*b, *a)).collect();
        sides.sort_unstable();
        reverse.sort_unstable();
        assert_eq!(sides, reverse);
        sides.dedup();
        assert_eq!(sides.len(), reverse.len(), "a side of more than two faces");
        assert!(hull.corners.iter().all(|corner| points.contains(corner)));
    }

    proptest! {
        // A failing case is printed; nothing is written.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Small coordinates: many points coincide or lie on common lines and planes.
        #[test]
        fn hulls_of_small_lattices(
            points in prop::collection::vec([0_i64..5, 0_i64..5, 0_i64..5], 1..60),
        ) {
            let unit = Spacing::new([3.0, 0.7, 1.9]).unwrap();
            if let Some(hull) = Hull::new(&points) {
                is_the_hull(&hull, &points);
                prop_assert!((diameter(hull.corners(), unit) - all_pairs(&points, unit)).abs() < 1e-12);
                prop_assert!(hull.volume(unit) > 0.0);
            } else {
                // All lie in a plane: every four of them span no volume.
                let a = points[0];
                for b in &points {
                    for c in &points {
                        let normal = cross(minus(*b, a), minus(*c, a));
                        prop_assert!(points.iter().all(|d| dot(normal, minus(*d, a)) == 0));
                    }
                }
            }
        }

        #[test]
        fn hulls_of_scattered_points(
            points in prop::collection::vec([-999_i64..999, -999_i64..999, -999_i64..999], 4..80),
        ) {
            let hull = Hull::new(&points);
            prop_assume!(hull.is_some());
            let (hull, unit) = (hull.unwrap(), Spacing::new([1.0, 2.0, 0.3]).unwrap());
            is_the_hull(&hull, &points);
            prop_assert!((diameter(hull.corners(), unit) - all_pairs(&points, unit)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_full_box_of_lattice_points() {
        let side = 0..4_i64;
        let points: Vec<Point> = side
            .clone()
            .flat_map(|z| {
                side.clone()
                    .flat_map(move |y| (0..6).map(move |x| [z, y, x]))
            })
            .collect();
        let hull = Hull::new(&points).unwrap();
        is_the_hull(&hull, &points);
        let unit = Spacing::new([1.0, 2.0, 0.5]).unwrap();
        assert!((hull.volume(unit) - 3.0 * 6.0 * 2.5).abs() < 1e-12);
        assert!((hull.area(unit) - 2.0 * (18.0 + 15.0 + 7.5)).abs() < 1e-12);
        assert!((diameter(hull.corners(), unit) - (9.0_f64 + 36.0 + 6.25).sqrt()).abs() < 1e-12);
    }
}
