//! Labelling zones: voxels of one grey level connected through any of their 8 neighbours in a slice or 26
//! in a volume.
//!
//! ```text
//! 1 1 2 2 2      row before: runs [0, 2) of level 1 and [2, 5) of level 2
//! . 2 1 1 .      this row:   runs [1, 2) of level 2 and [2, 4) of level 1
//! ```
//!
//! Rows are cut into runs of one level. A run touches those of the row before that end no earlier than it
//! begins and begin no later than it ends, corners included; with 26 neighbours also those of three rows of
//! the slice before. Touching runs of one level are joined in a union-find over runs.

use std::cmp::Ordering;

use crate::discretise::DiscretisedRoi;
use crate::families::parts::Part;
use crate::families::size_matrix::SizeCounts;
use crate::geometry::Reach;

/// Columns `begin..end` of a row, all of one rank.
#[derive(Debug, Clone, Copy)]
struct Run {
    begin: u32,
    end: u32,
    rank: u16,
}

impl Run {
    fn continues(self, other: Self) -> bool {
        self.rank == other.rank && self.begin <= other.end && other.begin <= self.end
    }
}

/// The zones of a part of a region.
pub(crate) struct Zones {
    /// Row after row.
    runs: Vec<Run>,
    /// A run's parent comes before it; the first run of a zone is its own.
    parents: Vec<u32>,
    /// Where the runs of each row end, one row after another.
    row_ends: Vec<usize>,
    /// Ranks of the region.
    ranks: usize,
}

impl Zones {
    /// Finds the zones.
    pub(crate) fn label(levels: &DiscretisedRoi, part: &Part) -> Self {
        let rows = levels.rows();
        let mut zones = Self {
            runs: Vec::new(),
            parents: Vec::new(),
            row_ends: Vec::with_capacity(rows * part.slices.len()),
            ranks: levels.levels().len(),
        };
        for (slice, z) in part.slices.clone().enumerate() {
            for y in 0..rows {
                zones.add_row(&levels.ranks()[levels.row(z, y)..][..levels.columns()]);
                let here = slice * rows + y;
                if y > 0 {
                    zones.join_rows(here, here - 1);
                }
                if part.reach == Reach::Volume && slice > 0 {
                    let first = (slice - 1) * rows;
                    for before in y.saturating_sub(1)..(y + 2).min(rows) {
                        zones.join_rows(here, first + before);
                    }
                }
            }
        }
        zones
    }

    /// Cuts a row into runs; each begins a zone of its own.
    fn add_row(&mut self, row: &[u16]) {
        let mut begin = 0;
        for same in row.chunk_by(|a, b| a == b) {
            let end = begin + small(same.len());
            if same[0] > 0 {
                self.parents.push(small(self.runs.len()));
                self.runs.push(Run {
                    begin,
                    end,
                    rank: same[0],
                });
            }
            begin = end;
        }
        self.row_ends.push(self.runs.len());
    }

    /// The runs of a row.
    fn row(&self, row: usize) -> std::ops::Range<usize> {
        let begin = if row == 0 { 0 } else { self.row_ends[row - 1] };
        begin..self.row_ends[row]
    }

    /// Joins the runs of two rows that touch and have one level. Both rows are walked once: of two runs
    /// the one that ends first cannot touch what follows the other.
    fn join_rows(&mut self, here: usize, there: usize) {
        let (here, there) = (self.row(here), self.row(there));
        let (mut a, mut b) = (here.start, there.start);
        while a < here.end && b < there.end {
            let (run, other) = (self.runs[a], self.runs[b]);
            if run.continues(other) {
                self.join(a, b);
            }
            match run.end.cmp(&other.end) {
                Ordering::Less => a += 1,
                Ordering::Greater => b += 1,
                Ordering::Equal => {
                    // Both end here, and each may touch the other's successor at a corner. The next turn
                    // sees one of the two pairs, this is the other.
                    if b + 1 < there.end && run.continues(self.runs[b + 1]) {
                        self.join(a, b + 1);
                    }
                    a += 1;
                }
            }
        }
    }

    fn root(&mut self, run: usize) -> usize {
        let mut run = run;
        loop {
            let parent = self.parents[run] as usize;
            if parent == run {
                return run;
            }
            // Halve the path on the way up, so that chains stay short.
            self.parents[run] = self.parents[parent];
            run = self.parents[run] as usize;
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = small(a.min(b));
    }

    /// Voxels in all zones.
    pub(crate) fn voxels(&self) -> u64 {
        let lengths = self.runs.iter().map(|run| run.end - run.begin);
        lengths.map(u64::from).sum()
    }

    /// Number of zones.
    pub(crate) fn zones(&self) -> usize {
        let runs = self.parents.iter().enumerate();
        runs.filter(|(run, parent)| **parent as usize == *run)
            .count()
    }

    /// Zones by level and number of voxels.
    pub(crate) fn sizes(&self) -> SizeCounts {
        let lengths = self.runs.iter().map(|run| run.end - run.begin).collect();
        self.count(lengths, |a, b| a + b)
    }

    /// Zones by level and smallest distance; `distances` gives those of the columns of a row of the part,
    /// counted from its first slice on.
    pub(crate) fn smallest<'a>(&self, distances: impl Fn(usize) -> &'a [u32]) -> SizeCounts {
        let mut nearest = Vec::with_capacity(self.runs.len());
        for row in 0..self.row_ends.len() {
            let distances = distances(row);
            nearest.extend(self.runs[self.row(row)].iter().map(|run| {
                let of_run = &distances[run.begin as usize..run.end as usize];
                of_run.iter().copied().min().unwrap_or(u32::MAX)
            }));
        }
        self.count(nearest, u32::min)
    }

    /// Gathers a number of each run in the first run of its zone, from the last run on: parents come
    /// before their children.
    fn count(&self, mut of_run: Vec<u32>, merge: fn(u32, u32) -> u32) -> SizeCounts {
        let mut counts = SizeCounts::new(self.ranks);
        for run in (0..self.runs.len()).rev() {
            let parent = self.parents[run] as usize;
            if parent == run {
                counts.add(self.runs[run].rank, of_run[run]);
            } else {
                of_run[parent] = merge(of_run[parent], of_run[run]);
            }
        }
        counts
    }
}

/// Columns, runs and voxels are counted in 32 bits.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 voxels")
}
