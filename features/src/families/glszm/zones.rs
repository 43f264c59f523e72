//! Labelling zones: voxels of one grey level connected through any of their 8 neighbours in a slice or 26
//! in a volume.
//!
//! ```text
//! 1 1 2 2 2      nodes:  0 1 . . .     a zone's first voxel is its root; others tell how far back
//! . 2 1 1 .              . . . . .     their parent stands
//! ```
//!
//! Voxels are the nodes of a union-find, joined with those of their neighbours before them that have their
//! level, as few of them as make the zone whole. Random textures change at almost every voxel, where a processor cannot guess what comes next: so
//! neighbours are compared without branches, and only voxels with a join are visited
//! one by one. A zone of one voxel is never visited: there are as many as voxels that no join has reached.

use std::ops::Range;

use rayon::prelude::*;

use super::forest::{Forest, root};
use super::joins::Joins;
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
    /// Voxels that were the root of a zone of several voxels when it had two.
    begun: Vec<usize>,
}

/// Slabs that are labelled side by side: few, since what joins them is done by one thread.
const SLABS: usize = 8;

/// Fewest voxels of a slab.
const SLAB_VOXELS: usize = 1 << 17;

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
        let begun: Vec<Vec<usize>> = nodes
            .par_chunks_mut(slab)
            .enumerate()
            .map(|(number, nodes)| {
                let first = part.slices.start + number * thickness;
                let mut rows = Rows::new(levels, first, Forest::new(nodes, Vec::new()));
                for z in first..part.slices.end.min(first + thickness) {
                    rows.join_within(z);
                    if part.reach == Reach::Volume && z > first {
                        rows.join_with_slice_before(z);
                    }
                }
                rows.forest.begun()
            })
            .collect();
        let begun = begun.into_iter().enumerate();
        let begun = begun.flat_map(|(number, begun)| {
            let roots = begun.into_iter();
            roots.map(move |root| number * slab + root)
        });
        let whole = Forest::new(&mut nodes, begun.collect());
        let mut rows = Rows::new(levels, part.slices.start, whole);
        if part.reach == Reach::Volume {
            let seams = part.slices.clone().step_by(thickness).skip(1);
            seams.for_each(|z| rows.join_with_slice_before(z));
        }
        let begun = rows.forest.begun();
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
        rows.flat_map(|(z, y)| {
            let begin = self.levels.row(z, y);
            self.levels.ranks()[begin..][..self.levels.columns()]
                .iter()
                .copied()
        })
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
        let (rows, columns) = (self.levels.rows(), self.levels.columns());
        for root in &self.begun {
            // The others have become parts of larger zones.
            let further = self.nodes[*root];
            if further < 0 {
                let line = root / columns;
                let row = self
                    .levels
                    .row(self.slices.start + line / rows, line % rows);
                let rank = self.levels.ranks()[row + root % columns];
                let size = 1 + further.unsigned_abs();
                counts.add(rank, size, 1);
                alone[usize::from(rank) - 1] -= size;
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

/// The rows of some slices and their nodes.
struct Rows<'a> {
    levels: &'a DiscretisedRoi,
    /// The first of the slices.
    first: usize,
    forest: Forest<'a>,
    joins: Joins,
}

impl<'a> Rows<'a> {
    fn new(levels: &'a DiscretisedRoi, first: usize, forest: Forest<'a>) -> Self {
        Self {
            levels,
            first,
            forest,
            joins: Joins::new(levels.columns()),
        }
    }

    /// Makes the joins within a slice, the first ones of its voxels.
    fn join_within(&mut self, z: usize) {
        let levels = self.levels;
        for y in 0..levels.rows() {
            // Above the first row of the box is padding.
            let before = levels.row(z, y) - levels.stride() - 1;
            self.joins
                .list_before(padded_row(levels, z, y), &levels.ranks()[before..]);
            self.forest.join_row(&self.joins, self.node(z, y));
        }
    }

    /// Makes the joins of a slice with the one before it.
    fn join_with_slice_before(&mut self, z: usize) {
        let levels = self.levels;
        let rows = levels.rows();
        for y in 0..rows {
            let row = padded_row(levels, z, y);
            for other in y.saturating_sub(1)..(y + 2).min(rows) {
                self.joins.list(row, padded_row(levels, z - 1, other));
                let (row, other) = (self.node(z, y), self.node(z - 1, other));
                self.forest.join_rows(&self.joins, row, other);
            }
        }
    }

    /// The first node of a row.
    fn node(&self, z: usize, y: usize) -> usize {
        ((z - self.first) * self.levels.rows() + y) * self.levels.columns()
    }
}

/// A row with one voxel of padding before and behind it.
fn padded_row(levels: &DiscretisedRoi, z: usize, y: usize) -> &[u16] {
    &levels.ranks()[levels.row(z, y) - 1..][..levels.columns() + 2]
}
