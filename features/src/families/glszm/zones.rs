//! Labelling zones: pixels of one grey level connected through any of their eight neighbours.

use crate::discretise::DiscretisedRoi;
use crate::families::size_matrix::SizeCounts;

/// Zone counts of a slice.
///
/// One pass with a union-find over provisional labels. Of the neighbours already visited,
///
/// ```text
/// nw n ne
/// w  o
/// ```
///
/// `n` touches the three others, so when it has the level of `o` nothing needs to be joined; `w` and
/// `nw` touch each other, so at most one of them needs to be joined with `ne`.
pub(crate) fn count_zones(levels: &DiscretisedRoi) -> SizeCounts {
    let (plane, stride) = (levels.plane(0), levels.stride());
    let mut labels = vec![0_u32; plane.len()];
    let mut zones = Zones::default();
    for y in 1..=levels.rows() {
        for at in y * stride + 1..=y * stride + levels.columns() {
            let rank = plane[at];
            if rank == 0 {
                continue;
            }
            let (north, west) = (at - stride, at - 1);
            let label = if plane[north] == rank {
                labels[north]
            } else {
                let left = if plane[west] == rank {
                    Some(labels[west])
                } else if plane[north - 1] == rank {
                    Some(labels[north - 1])
                } else {
                    None
                };
                let right = (plane[north + 1] == rank).then(|| labels[north + 1]);
                match (left, right) {
                    (Some(left), Some(right)) => zones.join(left, right),
                    (Some(one), None) | (None, Some(one)) => one,
                    (None, None) => zones.begin(rank),
                }
            };
            labels[at] = label;
            zones.pixels[label as usize] += 1;
        }
    }
    zones.count(levels.levels().len())
}

/// Provisional zones; a zone's parent has a lower label, a root is its own parent.
#[derive(Default)]
struct Zones {
    parents: Vec<u32>,
    ranks: Vec<u16>,
    pixels: Vec<u32>,
}

impl Zones {
    fn begin(&mut self, rank: u16) -> u32 {
        let label = u32::try_from(self.parents.len()).expect("fewer than 2^32 pixels");
        self.parents.push(label);
        self.ranks.push(rank);
        self.pixels.push(0);
        label
    }

    fn root(&mut self, mut label: u32) -> u32 {
        while self.parents[label as usize] != label {
            // Halve the path on the way up, so that chains stay short.
            let parent = self.parents[label as usize];
            self.parents[label as usize] = self.parents[parent as usize];
            label = parent;
        }
        label
    }

    fn join(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.root(a), self.root(b));
        let root = a.min(b);
        self.parents[a.max(b) as usize] = root;
        root
    }

    /// Adds up the pixels of each zone, from the highest label down: parents are lower.
    fn count(mut self, ranks: usize) -> SizeCounts {
        let mut counts = SizeCounts::new(ranks);
        for label in (0..self.parents.len()).rev() {
            let parent = self.parents[label] as usize;
            if parent == label {
                counts.add(self.ranks[label], self.pixels[label]);
            } else {
                self.pixels[parent] += self.pixels[label];
            }
        }
        counts
    }
}
