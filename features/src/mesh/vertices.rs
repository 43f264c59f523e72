//! Where a mesh crosses the lines between neighbouring voxel centres: the points that may be furthest
//! apart or span its convex hull.
//!
//! Points are given in half voxels of the padded mask: voxel `(z, y, x)` has its centre at
//! `(2z, 2y, 2x)`, and a vertex has one odd coordinate.

use crate::hull::planar;
use crate::mesh::bits::{BitMask, differences, extent, positions, steps};

/// Half voxels as signed numbers.
fn whole(index: usize) -> i64 {
    i64::try_from(index).expect("an image has fewer than 2^62 voxels along an axis")
}

/// The vertices on one row of half voxels.
struct Row {
    crossings: Vec<u64>,
    /// 1 when the vertices lie half way between two voxels of the row, else 0.
    half: usize,
}

impl Row {
    fn empty() -> Self {
        Self {
            crossings: Vec::new(),
            half: 0,
        }
    }

    /// Row `(z, y)` in half voxels.
    fn fill(&mut self, mask: &BitMask, z: usize, y: usize) {
        let (slice, row) = (z / 2, y / 2);
        self.half = usize::from((z % 2, y % 2) == (0, 0));
        let here = mask.row(slice, row);
        match (z % 2, y % 2) {
            (0, 0) => steps(here, &mut self.crossings),
            (0, _) => differences(here, mask.row(slice, row + 1), &mut self.crossings),
            (_, 0) => differences(here, mask.row(slice + 1, row), &mut self.crossings),
            // Between four voxels there is no line.
            _ => self.crossings.clear(),
        }
    }

    /// First and last vertex, in half voxels.
    fn extent(&self) -> Option<[i64; 2]> {
        let (first, last) = extent(&self.crossings)?;
        Some([first, last].map(|x| whole(2 * x + self.half)))
    }
}

/// Corners of the convex hull of each plane of vertices with one z, as `[z, y, x]`.
pub(crate) fn hull_of_each_slice(mask: &BitMask) -> Vec<Vec<[i64; 3]>> {
    let [slices, rows, _] = mask.shape();
    let mut row = Row::empty();
    let mut hulls = Vec::with_capacity(2 * slices - 1);
    for z in 0..2 * slices - 1 {
        let mut plane = Vec::new();
        for y in 0..2 * rows - 1 {
            row.fill(mask, z, y);
            if let Some([first, last]) = row.extent() {
                plane.extend([[whole(y), first], [whole(y), last]]);
            }
        }
        let hull = planar::convex_hull(plane).into_iter();
        hulls.push(hull.map(|[y, x]| [whole(z), y, x]).collect());
    }
    hulls
}

/// The outermost vertices of each plane with one y, as `[z, x]`: all that its hull may need.
pub(crate) fn outermost_of_each_row(mask: &BitMask) -> Vec<Vec<[i64; 2]>> {
    let [slices, rows, _] = mask.shape();
    let mut row = Row::empty();
    let mut planes = vec![Vec::new(); 2 * rows - 1];
    for z in 0..2 * slices - 1 {
        for (y, plane) in planes.iter_mut().enumerate() {
            row.fill(mask, z, y);
            if let Some([first, last]) = row.extent() {
                plane.extend([[whole(z), first], [whole(z), last]]);
            }
        }
    }
    planes
}

/// The outermost vertices of each plane with one x, as `[z, y]`.
pub(crate) fn outermost_of_each_column(mask: &BitMask) -> Vec<Vec<[i64; 2]>> {
    let [slices, rows, columns] = mask.shape();
    let mut row = Row::empty();
    let mut planes = vec![Vec::new(); 2 * columns - 1];
    let words = mask.row(0, 0).len();
    let mut new = Vec::with_capacity(words);
    for z in 0..2 * slices - 1 {
        for downwards in [true, false] {
            // Columns of half voxels that had a vertex already: by `half`, then by word.
            let mut seen = [vec![0_u64; words], vec![0_u64; words]];
            for step in 0..2 * rows - 1 {
                let y = if downwards { step } else { 2 * rows - 2 - step };
                row.fill(mask, z, y);
                new.clear();
                for (crossing, seen) in row.crossings.iter().zip(&mut seen[row.half]) {
                    new.push(crossing & !*seen);
                    *seen |= crossing;
                }
                for x in positions(&new) {
                    planes[2 * x + row.half].push([whole(z), whole(y)]);
                }
            }
        }
    }
    planes
}
