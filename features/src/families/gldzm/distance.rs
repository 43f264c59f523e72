//! How far each voxel of a region is from its edge, in steps along the axes.

use ndarray::Array3;

use crate::geometry::Reach;

/// City-block distances to the nearest voxel outside a mask, 0 outside; everything beyond the mask's box
/// is outside, so that voxels at its faces have distance 1. Within slices or through the volume.
pub(crate) struct DistanceMap {
    /// `[z, y, x]`, with a layer of zeros on all six sides.
    distances: Vec<u32>,
    plane: usize,
    stride: usize,
}

impl DistanceMap {
    /// Two passes, forwards with the distances before each voxel and backwards with those behind it: for
    /// city-block distances that is exact (Rosenfeld and Pfaltz, Sequential operations in digital picture
    /// processing, Journal of the ACM 13(4), 1966, doi:10.1145/321356.321357).
    pub(crate) fn new(inside: &Array3<bool>, reach: Reach) -> Self {
        let (slices, rows, columns) = inside.dim();
        let stride = columns + 2;
        let plane = (rows + 2) * stride;
        let mut distances = vec![0_u32; (slices + 2) * plane];
        // Within slices the row beside is looked at twice instead of one in the slice beside.
        let apart = match reach {
            Reach::Slice => stride,
            Reach::Volume => plane,
        };
        let begin = |line: usize| (line / rows + 1) * plane + (line % rows + 1) * stride + 1;
        for (line, inside) in inside.rows().into_iter().enumerate() {
            let (before, here) = distances.split_at_mut(begin(line));
            let [a, b] = [stride, apart].map(|step| &before[before.len() - step..][..columns]);
            let mut last = 0;
            for (((distance, inside), a), b) in here.iter_mut().zip(inside).zip(a).zip(b) {
                let next = last.min(*a).min(*b) + 1;
                last = if *inside { next } else { 0 };
                *distance = last;
            }
        }
        for line in (0..slices * rows).rev() {
            let (here, behind) = distances[begin(line)..].split_at_mut(columns);
            let [a, b] = [stride, apart].map(|step| &behind[step - columns..][..columns]);
            let mut last = 0;
            for ((distance, a), b) in here.iter_mut().zip(a).zip(b).rev() {
                // Stays 0 outside.
                last = (last.min(*a).min(*b) + 1).min(*distance);
                *distance = last;
            }
        }
        Self {
            distances,
            plane,
            stride,
        }
    }

    /// The map seen from another box that lies inside its own; both offsets count in the image.
    pub(crate) fn window(&self, own: [usize; 3], other: [usize; 3]) -> Window<'_> {
        let [z, y, x] = std::array::from_fn(|axis| other[axis] - own[axis] + 1);
        Window {
            map: self,
            first: z * self.plane + y * self.stride + x,
        }
    }
}

/// A box of a [`DistanceMap`].
pub(crate) struct Window<'a> {
    map: &'a DistanceMap,
    first: usize,
}

impl Window<'_> {
    /// The distances of a row of the box, and some behind it.
    pub(crate) fn row(&self, z: usize, y: usize) -> &[u32] {
        &self.map.distances[self.first + z * self.map.plane + y * self.map.stride..]
    }
}
