//! Labelling zones: voxels of one grey level connected through any of their 8 neighbours in a slice or 26
//! in a volume.
//!
//! ```text
//! 1 1 2 2 2      nodes:  0 1 . . .     a zone's first voxel is its root; others tell how far back
//! . 2 1 1 .              . . . . .     their parent stands
//! ```
//!
//! Voxels are the nodes of a union-find, joined with as few of their neighbours before them as make the zone whole.
//! Random textures change at almost every voxel, where a processor cannot guess what comes next: so neighbours are
//! compared without branches, and only voxels with a join are visited one by one. A zone of one voxel is never
//! visited: there are as many as voxels that no join has reached.

use std::ops::Range;

use rayon::prelude::*;

use super::forest::{Begun, Forest, root};
use super::joins::{Joins, Neighbourhood};
use crate::discretise::DiscretisedRoi;
use crate::families::parts::Part;
use crate::families::size_matrix::SizeCounts;
use crate::geometry::Reach;

/// The zones of a part of a region.
pub(crate) struct Zones<'a> {
    levels: &'a DiscretisedRoi,
    slices: Range<usize>,
    /// For each voxel of the box how far back its parent stands; for a root 0, less 1 for each further voxel
    /// of its zone.
    nodes: Vec<i32>,
    /// The zones of several voxels, with some that are parts of others.
    begun: Vec<Begun>,
}

/// Slabs that are labelled side by side: few, since what joins them is done by one thread.
const SLABS: usize = 8;

/// Fewest voxels of a slab.
const SLAB_VOXELS: usize = 1 << 17;

/// There are fewer zones of several voxels, as a rule, than one for so many voxels: room is asked for once.
const VOXELS_OF_A_ZONE: usize = 4;

impl<'a> Zones<'a> {
    /// Finds the zones: in slabs of slices side by side, which are then joined where they meet.
    pub(crate) fn label(levels: &'a DiscretisedRoi, part: &Part) -> Self {
        let (rows, columns) = (levels.rows(), levels.columns());
        let voxels = part.slices.len() * rows * columns;
        assert!(i32::try_from(voxels).is_ok(), "fewer than 2^31 voxels");
        let mut nodes = vec![0; voxels];
        let slab = SLAB_VOXELS.max(voxels.div_ceil(SLABS));
        let thickness = slab.div_ceil(rows * columns);
        let slab = thickness * rows * columns;
        let begun: Vec<Vec<Begun>> = nodes
            .par_chunks_mut(slab)
            .enumerate()
            .map(|(number, nodes)| {
                let first = part.slices.start + number * thickness;
                let slices = first..part.slices.end.min(first + thickness);
                let mut forest =
                    Forest::new(nodes, Vec::with_capacity(nodes.len() / VOXELS_OF_A_ZONE));
                let mut joins = Joins::new(rows, columns);
                for (z, y) in slices.flat_map(|z| (0..rows).map(move |y| (z, y))) {
                    let reach = if z > first { part.reach } else { Reach::Slice };
                    joins.list(neighbourhood(levels, z, y, reach));
                    forest.join_row(
                        &joins,
                        ranks(levels, z, y),
                        ((z - first) * rows + y) * columns,
                    );
                }
                forest.begun()
            })
            .collect();
        // Those of the first slab stay where they are.
        let mut slabs = begun.into_iter();
        let mut begun = slabs.next().unwrap_or_default();
        for (number, more) in (1..).zip(slabs) {
            let first = u32::try_from(number * slab).expect("asserted above");
            begun.extend(more.into_iter().map(|zone| Begun {
                root: first + zone.root,
                ..zone
            }));
        }
        let mut whole = Forest::new(&mut nodes, begun);
        if part.reach == Reach::Volume {
            let mut joins = Joins::new(rows, columns);
            let seams = part.slices.clone().step_by(thickness).skip(1);
            for (z, y) in seams.flat_map(|z| (0..rows).map(move |y| (z, y))) {
                joins.list(neighbourhood(levels, z, y, Reach::Volume));
                let row = ((z - part.slices.start) * rows + y) * columns;
                whole.join_with_slice_before(&joins, ranks(levels, z, y), row);
            }
        }
        let begun = whole.begun();
        Self {
            levels,
            slices: part.slices.clone(),
            nodes,
            begun,
        }
    }

    /// The ranks of the voxels in the order of the nodes, 0 outside the region.
    fn ranks(&self) -> impl Iterator<Item = u16> {
        let rows = self.slices.clone();
        let rows = rows.flat_map(|z| (0..self.levels.rows()).map(move |y| (z, y)));
        rows.flat_map(|(z, y)| ranks(self.levels, z, y).iter().copied())
    }

    /// Number of zones and of voxels in them.
    pub(crate) fn zones_and_voxels(&self) -> (usize, u64) {
        let (mut zones, mut voxels) = (0, 0);
        for (_, back) in self.ranks().zip(&self.nodes).filter(|(rank, _)| *rank > 0) {
            zones += usize::from(*back <= 0);
            voxels += 1;
        }
        (zones, voxels)
    }

    /// Zones by level and number of voxels.
    pub(crate) fn sizes(&self) -> SizeCounts {
        let mut counts = SizeCounts::new(self.levels.levels().len());
        let mut alone = self.levels.histogram_of(&self.slices);
        for Begun { root, rank } in &self.begun {
            // The others have become parts of larger zones.
            let further = self.nodes[*root as usize];
            if further < 0 {
                let size = 1 + further.unsigned_abs();
                counts.add(*rank, size, 1);
                alone[usize::from(*rank) - 1] -= size;
            }
        }
        for (rank, zones) in (1..).zip(alone) {
            counts.add(rank, 1, zones);
        }
        counts
    }

    /// Zones by level and smallest distance; `distances` gives those of the columns of a row of the part,
    /// counted from its first slice on.
    pub(crate) fn smallest<'b>(&mut self, distances: impl Fn(usize) -> &'b [u32]) -> SizeCounts {
        let columns = self.levels.columns();
        let lines = self.nodes.len() / columns;
        let mut nearest = vec![u32::MAX; self.nodes.len()];
        for line in 0..lines {
            for (column, distance) in distances(line).iter().enumerate().take(columns) {
                let root = root(&mut self.nodes, line * columns + column);
                nearest[root] = nearest[root].min(*distance);
            }
        }
        let mut counts = SizeCounts::new(self.levels.levels().len());
        for ((rank, back), distance) in self.ranks().zip(&self.nodes).zip(nearest) {
            if rank > 0 && *back <= 0 {
                counts.add(rank, distance, 1);
            }
        }
        counts
    }
}

/// The ranks of a row.
fn ranks(levels: &DiscretisedRoi, z: usize, y: usize) -> &[u16] {
    &levels.ranks()[levels.row(z, y)..][..levels.columns()]
}

/// What a row is joined with.
fn neighbourhood(levels: &DiscretisedRoi, z: usize, y: usize, reach: Reach) -> Neighbourhood<'_> {
    // All six sides of the box have padding, whose ranks are 0.
    let [plane, stride] = levels.strides();
    let first = levels.row(z, y) - 1;
    let row = |back: usize| &levels.ranks()[first - back..][..levels.columns() + 2];
    Neighbourhood {
        row: row(0),
        before: row(stride),
        slice_before: (reach == Reach::Volume)
            .then(|| [row(plane + stride), row(plane), row(plane - stride)]),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use raduet_testkit::phantoms::Random;

    use super::*;
    use crate::discretise::Discretisation;
    use crate::geometry::Spacing;
    use crate::roi::Roi;

    /// Sizes of the zones, found by walking from voxel to voxel.
    fn walked(levels: &Array3<u32>, reach: Reach) -> Vec<(u32, u32)> {
        let shape = [levels.dim().0, levels.dim().1, levels.dim().2];
        let mut left = levels.clone();
        let mut zones = Vec::new();
        for (start, level) in levels.indexed_iter() {
            if left[start] == 0 {
                continue;
            }
            left[start] = 0;
            let mut waiting = vec![[start.0, start.1, start.2]];
            let mut size = 0;
            while let Some(at) = waiting.pop() {
                size += 1;
                let along = |axis: usize| {
                    let far = usize::from(axis > 0 || reach == Reach::Volume);
                    at[axis].saturating_sub(far)..(at[axis] + far + 1).min(shape[axis])
                };
                for z in along(0) {
                    for (y, x) in along(1).flat_map(|y| along(2).map(move |x| (y, x))) {
                        if left[[z, y, x]] == *level {
                            left[[z, y, x]] = 0;
                            waiting.push([z, y, x]);
                        }
                    }
                }
            }
            zones.push((*level, size));
        }
        zones.sort_unstable();
        zones
    }

    /// Large zones and small ones, through more slabs than two.
    #[test]
    fn zones_go_on_from_slab_to_slab() {
        let shape = (33, 101, 103);
        assert!(shape.0 * shape.1 * shape.2 > 2 * SLAB_VOXELS);
        for (highest, spread) in [(3, 2), (9, 7), (40, 40)] {
            let mut random = Random::new(u64::from(highest));
            let levels = Array3::from_shape_fn(shape, |_| random.below(highest) % spread);
            let values = levels.mapv(f64::from);
            let inside = levels.mapv(|level| level > 0);
            let roi = Roi::from_arrays(&values, &inside, Spacing::new([1.0; 3]).unwrap());
            let rule = Discretisation::AsStored;
            let found = DiscretisedRoi::new(&roi.unwrap().unwrap(), rule, 4096, 1).unwrap();
            for reach in [Reach::Slice, Reach::Volume] {
                let slices = 0..shape.0;
                let counts = Zones::label(&found, &Part { slices, reach }).sizes();
                let zones = counts.cells(found.levels()).into_iter().flat_map(|cell| {
                    std::iter::repeat_n((cell.level, cell.size), cell.count as usize)
                });
                assert!(zones.collect::<Vec<_>>() == walked(&levels, reach));
            }
        }
    }
}
