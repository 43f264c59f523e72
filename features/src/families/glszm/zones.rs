//! Labelling zones: voxels of one grey level connected through any of their 8 neighbours in a slice or 26
//! in a volume.
//!
//! ```text
//! 1 1 2 2 2      row before: runs 0 (level 1) and 1 (level 2)
//! . 2 1 1 .      this row:   runs 2 (outside), 3 (level 2) and 4 (level 1)
//! ```
//!
//! Rows are cut into runs of one level, which are the nodes of a union-find. Runs of one level that touch
//! runs of the row before, corners included, are joined; with 26 neighbours also those that touch runs of
//! three rows of the slice before. Random textures change at almost every voxel, where a processor cannot
//! guess what comes next: so the loops over voxels have no branches, and joins are listed before they are
//! made.

use std::ops::Range;

use crate::discretise::DiscretisedRoi;
use crate::families::parts::Part;
use crate::families::size_matrix::SizeCounts;
use crate::geometry::Reach;

/// Runs that room is made for in advance.
const ROOM: usize = 1 << 14;

/// The zones of a part of a region.
pub(crate) struct Zones {
    /// A run's parent comes before it; the first run of a zone is its own. Row after row.
    parents: Vec<u32>,
    /// The column behind each run; it begins where the one before it in the row ends.
    ends: Vec<u32>,
    /// Rank of each run, 0 outside the region.
    ranks: Vec<u16>,
    /// Where the runs of each row end, one row after another.
    row_ends: Vec<usize>,
    /// Ranks of the region.
    highest: usize,
}

impl Zones {
    /// Finds the zones.
    pub(crate) fn label(levels: &DiscretisedRoi, part: &Part) -> Self {
        let (rows, columns) = (levels.rows(), levels.columns());
        let mut zones = Self::with_room(levels, part);
        // The run at each voxel of this slice and of the one before.
        let mut here = vec![0_u32; rows * columns];
        let mut before = match part.reach {
            Reach::Slice => Vec::new(),
            Reach::Volume => here.clone(),
        };
        let mut joins = Joins::new(columns);
        for z in part.slices.clone() {
            if part.reach == Reach::Volume {
                std::mem::swap(&mut here, &mut before);
            }
            for y in 0..rows {
                let row = padded_row(levels, z, y);
                let (done, rest) = here.split_at_mut(y * columns);
                let runs = &mut rest[..columns];
                zones.add_row(row, runs);
                if y > 0 {
                    let other = &done[(y - 1) * columns..];
                    joins.list(row, padded_row(levels, z, y - 1));
                    zones.join(&joins, runs, other);
                }
                if part.reach == Reach::Volume && z > part.slices.start {
                    for y in y.saturating_sub(1)..(y + 2).min(rows) {
                        let other = &before[y * columns..][..columns];
                        joins.list(row, padded_row(levels, z - 1, y));
                        zones.join(&joins, runs, other);
                    }
                }
            }
        }
        zones
    }

    /// No runs yet, but room for as many as small regions have: growing costs them more than counting.
    fn with_room(levels: &DiscretisedRoi, part: &Part) -> Self {
        let rows = levels.rows() * part.slices.len();
        let runs = (rows * levels.columns()).min(ROOM);
        Self {
            parents: Vec::with_capacity(runs),
            ends: Vec::with_capacity(runs),
            ranks: Vec::with_capacity(runs),
            row_ends: Vec::with_capacity(rows),
            highest: levels.levels().len(),
        }
    }

    /// Cuts a row into runs and writes down which one each voxel belongs to; each begins a zone of its own.
    fn add_row(&mut self, row: &[u16], runs: &mut [u32]) {
        let first = self.parents.len();
        self.ends.resize(first + runs.len(), 0);
        self.ranks.resize(first + runs.len(), 0);
        let (ends, ranks) = (&mut self.ends[first..], &mut self.ranks[first..]);
        let label = small(first);
        let mut run = 0_u32;
        let pairs = row[1..].iter().zip(&row[2..]);
        for ((at, (rank, next)), of_voxel) in (1..).zip(pairs).zip(runs) {
            // Overwritten until the run ends.
            ends[run as usize] = at;
            ranks[run as usize] = *rank;
            *of_voxel = label + run;
            run += u32::from(rank != next);
        }
        // Behind the row is padding: only a last run outside the region is not counted.
        let total = first + run as usize;
        self.ends.truncate(total);
        self.ranks.truncate(total);
        self.parents.extend(label..small(total));
        self.row_ends.push(total);
    }

    /// Makes the joins of a row with another.
    fn join(&mut self, joins: &Joins, runs: &[u32], others: &[u32]) {
        for (column, kind) in joins.listed() {
            if kind & Joins::SAME_COLUMN != 0 {
                self.unite(runs[column], others[column]);
                continue;
            }
            if kind & Joins::COLUMN_BEFORE != 0 {
                self.unite(runs[column], others[column - 1]);
            }
            if kind & Joins::COLUMN_BEHIND != 0 {
                self.unite(runs[column], others[column + 1]);
            }
        }
    }

    fn root(&mut self, mut run: u32) -> u32 {
        loop {
            let parent = self.parents[run as usize];
            if parent == run {
                return run;
            }
            // Halve the path on the way up, so that chains stay short.
            let above = self.parents[parent as usize];
            self.parents[run as usize] = above;
            run = above;
        }
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    /// The runs of a row.
    fn row(&self, row: usize) -> Range<usize> {
        let begin = if row == 0 { 0 } else { self.row_ends[row - 1] };
        begin..self.row_ends[row]
    }

    /// Columns of the runs of a row.
    fn columns(&self, row: usize) -> impl Iterator<Item = Range<u32>> {
        let ends = &self.ends[self.row(row)];
        let begins = std::iter::once(&0).chain(ends);
        begins.zip(ends).map(|(begin, end)| *begin..*end)
    }

    /// Voxels of each run.
    fn lengths(&self) -> Vec<u32> {
        let mut lengths = Vec::with_capacity(self.parents.len());
        for row in 0..self.row_ends.len() {
            lengths.extend(self.columns(row).map(|run| run.end - run.start));
        }
        lengths
    }

    /// Number of zones and of voxels in them.
    pub(crate) fn zones_and_voxels(&self) -> (usize, u64) {
        let roots = (0..).zip(&self.parents).zip(&self.ranks);
        let zones = roots.filter(|((run, parent), rank)| run == *parent && **rank > 0);
        let lengths = self.lengths().into_iter().zip(&self.ranks);
        let inside = lengths.filter(|(_, rank)| **rank > 0);
        (
            zones.count(),
            inside.map(|(length, _)| u64::from(length)).sum(),
        )
    }

    /// Zones by level and number of voxels.
    pub(crate) fn sizes(&self) -> SizeCounts {
        self.count(self.lengths(), |a, b| a + b)
    }

    /// Zones by level and smallest distance; `distances` gives those of the columns of a row of the part,
    /// counted from its first slice on.
    pub(crate) fn smallest<'a>(&self, distances: impl Fn(usize) -> &'a [u32]) -> SizeCounts {
        let mut nearest = Vec::with_capacity(self.parents.len());
        for row in 0..self.row_ends.len() {
            let distances = distances(row);
            nearest.extend(self.columns(row).map(|run| {
                let of_run = &distances[run.start as usize..run.end as usize];
                of_run.iter().copied().fold(u32::MAX, u32::min)
            }));
        }
        self.count(nearest, u32::min)
    }

    /// Gathers a number of each run in the first run of its zone, from the last run on: parents come
    /// before their children.
    fn count(&self, mut of_run: Vec<u32>, merge: impl Fn(u32, u32) -> u32) -> SizeCounts {
        let mut roots = vec![0; self.parents.len()];
        let mut found = 0;
        for (run, parent) in self.parents.iter().enumerate().rev() {
            let parent = *parent as usize;
            let (own, above) = (of_run[run], of_run[parent]);
            let root = run == parent;
            of_run[parent] = if root { own } else { merge(above, own) };
            roots[found] = run;
            found += usize::from(root) & usize::from(self.ranks[run] > 0);
        }
        let mut counts = SizeCounts::new(self.highest);
        for root in &roots[..found] {
            counts.add(self.ranks[*root], of_run[*root]);
        }
        counts
    }
}

/// Where the runs of a row must be joined with those of another.
struct Joins {
    kinds: Vec<u16>,
    columns: Vec<u32>,
    found: usize,
}

impl Joins {
    /// A voxel has the level of the other row's voxel in its own column …
    const SAME_COLUMN: u16 = 1;
    /// … or of its corner neighbours there.
    const COLUMN_BEFORE: u16 = 2;
    const COLUMN_BEHIND: u16 = 4;

    fn new(columns: usize) -> Self {
        Self {
            kinds: vec![0; columns],
            columns: vec![0; columns],
            found: 0,
        }
    }

    /// Lists the joins of two padded rows, each pair of touching runs at least once and seldom twice:
    ///
    /// ```text
    /// a b c    other row        e–b unless d–a joins the same runs (d = e, a = d)
    /// d e f    row              e–a unless e = b (then b = a) or e = d (then d–a joins them), e–c alike
    /// ```
    fn list(&mut self, row: &[u16], other: &[u16]) {
        let n = self.kinds.len();
        let (d, e, f) = (&row[..n], &row[1..=n], &row[2..n + 2]);
        let (a, b, c) = (&other[..n], &other[1..=n], &other[2..n + 2]);
        for (at, kind) in self.kinds.iter_mut().enumerate() {
            let (a, b, c, d, e, f) = (a[at], b[at], c[at], d[at], e[at], f[at]);
            let [inside, eb, ed, da, ea, ec, ef] =
                [e > 0, e == b, e == d, d == a, e == a, e == c, e == f].map(u16::from);
            let corners =
                Self::COLUMN_BEFORE * (ea & (ed ^ 1)) + Self::COLUMN_BEHIND * (ec & (ef ^ 1));
            *kind = inside * (Self::SAME_COLUMN * (eb & ((ed & da) ^ 1)) + (eb ^ 1) * corners);
        }
        self.found = 0;
        for (column, kind) in (0..).zip(&self.kinds) {
            self.columns[self.found] = column;
            self.found += usize::from(*kind > 0);
        }
    }

    fn listed(&self) -> impl Iterator<Item = (usize, u16)> {
        let columns = self.columns[..self.found].iter();
        columns.map(|column| (*column as usize, self.kinds[*column as usize]))
    }
}

/// A row with one voxel of padding before and behind it.
fn padded_row(levels: &DiscretisedRoi, z: usize, y: usize) -> &[u16] {
    &levels.ranks()[levels.row(z, y) - 1..][..levels.columns() + 2]
}

/// Columns, runs and voxels are counted in 32 bits.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 voxels")
}
