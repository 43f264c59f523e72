//! Largest distances between vertices of the mesh, through convex hulls of planes.

use crate::geometry::Spacing;
use crate::hull::diameter::diameter;
use crate::hull::planar::{convex_hull, squared_diameter};
use crate::mesh::bits::BitMask;
use crate::mesh::vertices::{hull_of_each_slice, outermost_of_each_column, outermost_of_each_row};

/// Largest distances in mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Diameters {
    /// Between any two vertices.
    pub(super) solid: f64,
    /// Between two vertices with the same z.
    pub(super) same_z: f64,
    /// With the same y.
    pub(super) same_y: f64,
    /// With the same x.
    pub(super) same_x: f64,
}

impl Diameters {
    /// Of the vertices of a mask.
    pub(super) fn new(mask: &BitMask, spacing: Spacing) -> Self {
        let half = spacing.half();
        let [z, y, x] = half.zyx();
        let slices = hull_of_each_slice(mask);
        let in_slices = slices.iter().map(|slice| {
            let flat: Vec<_> = slice.iter().map(|[_, y, x]| [*y, *x]).collect();
            squared_diameter(&flat, [y, x])
        });
        let of_planes = |planes: Vec<Vec<[i64; 2]>>, unit| {
            let diameters = planes
                .into_iter()
                .map(|plane| squared_diameter(&convex_hull(plane), unit));
            diameters.fold(0.0, f64::max).sqrt()
        };
        Self {
            solid: diameter(&slices.concat(), half),
            same_z: in_slices.fold(0.0, f64::max).sqrt(),
            same_y: of_planes(outermost_of_each_row(mask), [z, x]),
            same_x: of_planes(outermost_of_each_column(mask), [z, y]),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use proptest::prelude::*;

    use super::*;

    /// Middles between each voxel inside and each neighbour outside, in half voxels.
    fn vertices(inside: &Array3<bool>) -> Vec<[i64; 3]> {
        let whole = |k: usize| i64::try_from(k).unwrap();
        let at = |p: [i64; 3]| -> bool {
            let p = p.map(|k| usize::try_from(k).unwrap_or(usize::MAX));
            inside.get(p).copied().unwrap_or(false)
        };
        let mut vertices = Vec::new();
        for ((z, y, x), _) in inside.indexed_iter().filter(|(_, inside)| **inside) {
            let here = [z, y, x].map(whole);
            for (axis, step) in [(0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)] {
                let mut next = here;
                next[axis] += step;
                if !at(next) {
                    vertices.push(std::array::from_fn(|k| here[k] + next[k]));
                }
            }
        }
        vertices
    }

    fn all_pairs(inside: &Array3<bool>, spacing: [f64; 3]) -> [f64; 4] {
        let vertices = vertices(inside);
        let mut largest = [0.0_f64; 4];
        for a in &vertices {
            for b in &vertices {
                let steps: [f64; 3] =
                    std::array::from_fn(|k| (a[k] - b[k]) as f64 / 2.0 * spacing[k]);
                let distance = steps.iter().map(|s| s * s).sum::<f64>().sqrt();
                largest[3] = largest[3].max(distance);
                for axis in (0..3).filter(|axis| a[*axis] == b[*axis]) {
                    largest[axis] = largest[axis].max(distance);
                }
            }
        }
        largest
    }

    proptest! {
        // A failing case is printed; nothing is written.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn diameters_are_those_of_all_pairs(
            shape in (1_usize..5, 1_usize..6, 1_usize..70), holes in 0_u8..10,
            cells in prop::collection::vec(0_u8..10, 4 * 5 * 69),
        ) {
            let n = shape.0 * shape.1 * shape.2;
            let inside = cells[..n].iter().map(|gap| *gap >= holes).collect();
            let mut inside = Array3::from_shape_vec(shape, inside).unwrap();
            inside[[0, 0, 0]] = true;
            let spacing = [3.0, 0.7, 1.9];
            let [same_z, same_y, same_x, solid] = all_pairs(&inside, spacing);
            let found = Diameters::new(&BitMask::new(&inside), Spacing::new(spacing).unwrap());
            for (found, expected) in [
                (found.same_z, same_z),
                (found.same_y, same_y),
                (found.same_x, same_x),
                (found.solid, solid),
            ] {
                prop_assert!((found - expected).abs() < 1e-12, "{} {}", found, expected);
            }
        }
    }
}
