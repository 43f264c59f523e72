//! Zones as the trees of a union-find.

use super::joins::Joins;

/// The nodes of some slices, while they are joined.
pub(super) struct Forest<'a> {
    /// For each voxel how far back its parent stands; for a root 0, less 1 for each further voxel of its zone.
    nodes: &'a mut [i32],
    /// Voxels that were the root of a zone of several voxels when it had two.
    begun: Vec<usize>,
}

impl<'a> Forest<'a> {
    /// Goes on with nodes and what has begun among them.
    pub(super) fn new(nodes: &'a mut [i32], begun: Vec<usize>) -> Self {
        Self { nodes, begun }
    }

    /// Voxels that were the root of a zone of several voxels when it had two.
    pub(super) fn begun(self) -> Vec<usize> {
        self.begun
    }

    /// Makes the listed joins of a row that begins at one node, the first ones of its voxels.
    pub(super) fn join_row(&mut self, joins: &Joins, row: usize) {
        let back = joins.back();
        joins.each(|column, needs| {
            let node = row + column;
            // Nothing is joined with this voxel yet.
            let root = root(self.nodes, node - back[needs.trailing_zeros() as usize]);
            self.attach(root, node, 0);
            let mut further = needs & (needs - 1);
            while further > 0 {
                self.unite(root, node - back[further.trailing_zeros() as usize]);
                further &= further - 1;
            }
        });
    }

    /// Makes the listed joins with the slice before of a row that begins at one node and has joins already.
    pub(super) fn join_with_slice_before(&mut self, joins: &Joins, row: usize) {
        let back = joins.back();
        joins.each(|column, needs| {
            let mut needs = needs & Joins::SLICE_BEFORE;
            while needs > 0 {
                let node = row + column;
                self.unite(node, node - back[needs.trailing_zeros() as usize]);
                needs &= needs - 1;
            }
        });
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (root(self.nodes, a), root(self.nodes, b));
        if a == b {
            return;
        }
        let (first, later) = (a.min(b), a.max(b));
        self.attach(first, later, self.nodes[later]);
    }

    /// Makes one root the parent of a later one, whose zone is larger than one voxel by so many, as a node
    /// says it.
    fn attach(&mut self, first: usize, later: usize, further: i32) {
        if self.nodes[first] == 0 {
            self.begun.push(first);
        }
        self.nodes[first] += further - 1;
        self.nodes[later] = i32::try_from(later - first).expect("fewer than 2^31 voxels");
    }
}

/// The root of a node's zone.
pub(super) fn root(nodes: &mut [i32], mut node: usize) -> usize {
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
