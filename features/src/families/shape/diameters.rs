//! Largest distances between vertices of the mesh, through convex hulls.

use crate::geometry::Spacing;
use crate::hull::planar::{convex_hull, squared_diameter};
use crate::hull::solid::Hull;
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
    ///
    /// # Panics
    /// When the mask is empty, which no region is.
    pub(super) fn new(mask: &BitMask, spacing: Spacing) -> Self {
        let half = spacing.half();
        let [z, y, x] = half.zyx();
        let slices = hull_of_each_slice(mask);
        let points = slices.concat();
        let hull =
            Hull::new(&points).expect("vertices lie on both sides of a voxel along all axes");
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
            solid: hull.diameter(half),
            same_z: in_slices.fold(0.0, f64::max).sqrt(),
            same_y: of_planes(outermost_of_each_row(mask), [z, x]),
            same_x: of_planes(outermost_of_each_column(mask), [z, y]),
        }
    }
}
