//! Zones as the trees of a union-find.

#![expect(
    clippy::cast_possible_truncation,
    reason = "fewer than 2^31 voxels, which whoever makes the nodes asserts"
)]

use super::joins::Joins;

/// A zone that had two voxels once; it may have become a part of a larger one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Begun {
    /// Its root.
    pub(super) root: u32,
    /// The rank of its level.
    pub(super) rank: u16,
}

/// The nodes of some slices, while they are joined.
pub(super) struct Forest<'a> {
    /// For each voxel how far back its parent stands; for a root 0, less 1 for each further voxel of its zone.
    nodes: &'a mut [i32],
    begun: Vec<Begun>,
    /// Room for those of a row.
    begun_in_row: Vec<Begun>,
}

impl<'a> Forest<'a> {
    /// Goes on with nodes and what has begun among them.
    pub(super) fn new(nodes: &'a mut [i32], begun: Vec<Begun>) -> Self {
        Self {
            nodes,
            begun,
            begun_in_row: Vec::new(),
        }
    }

    /// The zones of several voxels, with some that are parts of others.
    pub(super) fn begun(self) -> Vec<Begun> {
        self.begun
    }

    /// Makes the listed joins of a row of these ranks that begins at one node: first one join of each voxel that has
    /// any, then the few others.
    pub(super) fn join_row(&mut self, joins: &Joins, ranks: &[u16], row: usize) {
        let (nodes, back) = (&mut *self.nodes, joins.back());
        self.begun_in_row.resize(ranks.len(), Begun::default());
        let mut begun = 0;
        joins.each(|column, needs| {
            let node = row + column;
            // Nothing is joined with this voxel yet.
            let root = root(nodes, node - back[needs.trailing_zeros() as usize]);
            // Whether the zone begins here nobody can guess.
            let rank = ranks[column];
            self.begun_in_row[begun] = Begun {
                root: root as u32,
                rank,
            };
            begun += usize::from(nodes[root] == 0);
            nodes[root] -= 1;
            nodes[node] = distance(root, node);
        });
        self.begun.extend_from_slice(&self.begun_in_row[..begun]);
        joins.each_of_several(|column, needs| {
            let node = row + column;
            let mut needs = needs & (needs - 1);
            while needs > 0 {
                let other = node - back[needs.trailing_zeros() as usize];
                self.unite(node, other, ranks[column]);
                needs &= needs - 1;
            }
        });
    }

    /// Makes the listed joins with the slice before of a row of these ranks that begins at one node and has
    /// joins already.
    pub(super) fn join_with_slice_before(&mut self, joins: &Joins, ranks: &[u16], row: usize) {
        let back = joins.back();
        joins.each(|column, needs| {
            let mut needs = needs & Joins::SLICE_BEFORE;
            while needs > 0 {
                let node = row + column;
                let other = node - back[needs.trailing_zeros() as usize];
                self.unite(node, other, ranks[column]);
                needs &= needs - 1;
            }
        });
    }

    fn unite(&mut self, a: usize, b: usize, rank: u16) {
        let (a, b) = (root(self.nodes, a), root(self.nodes, b));
        if a == b {
            return;
        }
        let (first, later) = (a.min(b), a.max(b));
        if self.nodes[first] == 0 {
            let root = first as u32;
            self.begun.push(Begun { root, rank });
        }
        self.nodes[first] += self.nodes[later] - 1;
        self.nodes[later] = distance(first, later);
    }
}

/// How far back a parent stands.
fn distance(parent: usize, node: usize) -> i32 {
    i32::try_from(node - parent).expect("fewer than 2^31 voxels")
}

/// The root of a node's zone.
#[inline]
pub(super) fn root(nodes: &mut [i32], node: usize) -> usize {
    // Whether a node is a root nobody can guess; its parent mostly is one.
    let parent = node - nodes[node].max(0).unsigned_abs() as usize;
    if nodes[parent] <= 0 {
        return parent;
    }
    climb(nodes, node)
}

fn climb(nodes: &mut [i32], mut node: usize) -> usize {
    loop {
        let back = nodes[node];
        if back <= 0 {
            return node;
        }
        let parent = node - back.unsigned_abs() as usize;
        // Halve the path on the way up, so that chains stay short.
        let above = nodes[parent].max(0);
        nodes[node] = back + above;
        node = parent - above.unsigned_abs() as usize;
    }
}
