//! Numbers of zones while they are found, and what is gathered over the voxels of each.

use std::hint::select_unpredictable;

use super::joins::Joins;

/// What is gathered over the voxels of a zone.
pub(crate) trait Gather: Sync {
    /// What no voxel has.
    const NOTHING: u32;

    /// What the voxels of a row have, by their column; rows count from the first slice of the part on.
    fn row(&self, row: usize) -> impl Fn(usize) -> u32;

    /// What the voxels of two parts of a zone have together.
    fn both(a: u32, b: u32) -> u32;
}

/// The labels given so far. Labels whose voxels were found to be of one zone hang together as a tree, the lowest at
/// its root.
#[derive(Default)]
pub(super) struct Labels {
    /// A lower label of the same zone, or the label itself.
    parents: Vec<u32>,
    /// The rank of the label's voxels.
    ranks: Vec<u16>,
    /// What the voxels with this label have together.
    gathered: Vec<u32>,
}

impl Labels {
    /// No labels, with room for as many as so many voxels may need. The room costs memory only where it is used.
    pub(super) fn with_room(voxels: usize) -> Self {
        Self {
            parents: Vec::with_capacity(voxels),
            ranks: Vec::with_capacity(voxels),
            gathered: Vec::with_capacity(voxels),
        }
    }

    /// Number of labels.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// Labels a row of ranks. `needs` are its voxels' joins with neighbours, which stand `back` before them in
    /// `places` by number; those of the row begin at `at`.
    ///
    /// Whether a voxel begins a zone is a coin's toss in a random texture, so it is no branch: a label of its own is
    /// held ready for each voxel, and used up if the voxel has no join.
    pub(super) fn label_row<G: Gather>(
        &mut self,
        ranks: &[u16],
        needs: &[u16],
        back: &[usize; Joins::NONE + 1],
        (places, at): (&mut [u32], usize),
        of: impl Fn(usize) -> u32,
    ) {
        let given = self.parents.len();
        let end = given + ranks.len();
        self.parents.extend((given..end).map(label));
        self.ranks.resize(end, 0);
        self.gathered.resize(end, G::NOTHING);
        let (parents, of_label, gathered) = (
            &mut self.parents[..],
            &mut self.ranks[..],
            &mut self.gathered[..],
        );
        let mut next = given;
        for (column, (rank, needs)) in ranks.iter().zip(needs).enumerate() {
            let place = at + column;
            let (inside, joined) = (*rank > 0, *needs > 0);
            let seen = places[place - back[needs.trailing_zeros() as usize]];
            let mine = select_unpredictable(joined, seen, label(next));
            places[place] = mine;
            of_label[next] = *rank;
            let has = select_unpredictable(inside, of(column), G::NOTHING);
            let all = &mut gathered[mine as usize];
            *all = G::both(*all, has);
            next += usize::from(inside && !joined);
            let mut further = needs & needs.wrapping_sub(1);
            while further > 0 {
                unite(
                    parents,
                    mine,
                    places[place - back[further.trailing_zeros() as usize]],
                );
                further &= further - 1;
            }
        }
        self.parents.truncate(next);
        self.ranks.truncate(next);
        self.gathered.truncate(next);
    }

    /// Makes two labels one zone's.
    pub(super) fn unite(&mut self, a: u32, b: u32) {
        unite(&mut self.parents, a, b);
    }

    /// Takes over the labels of other voxels, each larger by the number of those that were here: that number.
    pub(super) fn append(&mut self, other: &Self) -> u32 {
        let given = label(self.len());
        self.parents
            .extend(other.parents.iter().map(|parent| parent + given));
        self.ranks.extend_from_slice(&other.ranks);
        self.gathered.extend_from_slice(&other.gathered);
        given
    }

    /// Visits the zones: their rank, and what their voxels have together.
    pub(super) fn zones<G: Gather>(mut self, mut visit: impl FnMut(u16, u32)) {
        // Parents are lower, so that they hang from their root when their turn comes, and a root has everything
        // when all labels had their turn.
        for of in 0..self.len() {
            let root = self.parents[self.parents[of] as usize];
            if root as usize != of {
                self.parents[of] = root;
                let all = G::both(self.gathered[root as usize], self.gathered[of]);
                self.gathered[root as usize] = all;
            }
        }
        let labels = self.parents.iter().zip(&self.ranks).zip(&self.gathered);
        for (of, ((parent, rank), gathered)) in labels.enumerate() {
            if *parent as usize == of {
                visit(*rank, *gathered);
            }
        }
    }
}

fn label(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 labels")
}

fn unite(parents: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b) as usize] = a.min(b);
}

/// The lowest label of a label's zone.
fn root(parents: &mut [u32], mut of: u32) -> u32 {
    loop {
        let parent = parents[of as usize];
        if parent == of {
            return of;
        }
        // Halve the path on the way up, so that chains stay short.
        let above = parents[parent as usize];
        parents[of as usize] = above;
        of = above;
    }
}
