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

use crate::discretise::DiscretisedRoi;
use crate::families::parts::Part;
use crate::families::size_matrix::SizeCounts;
use crate::geometry::Reach;
use crate::mesh::bits::{WORD, packed};

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

impl<'a> Zones<'a> {
    /// Finds the zones.
    pub(crate) fn label(levels: &'a DiscretisedRoi, part: &Part) -> Self {
        let (rows, columns) = (levels.rows(), levels.columns());
        let voxels = part.slices.len() * rows * columns;
        assert!(i32::try_from(voxels).is_ok(), "fewer than 2^31 voxels");
        let mut zones = Self {
            levels,
            slices: part.slices.clone(),
            nodes: vec![0; voxels],
            begun: Vec::new(),
        };
        let mut joins = Joins::new(columns);
        for z in part.slices.clone() {
            for y in 0..rows {
                let row = padded_row(levels, z, y);
                let here = zones.node(z, y);
                // Above the first row of the box is padding.
                joins.list_before(
                    row,
                    &levels.ranks()[levels.row(z, y) - levels.stride() - 1..],
                );
                zones.join_slice(&joins, here);
                if part.reach == Reach::Volume && z > part.slices.start {
                    for y in y.saturating_sub(1)..(y + 2).min(rows) {
                        joins.list(row, padded_row(levels, z - 1, y));
                        zones.join(&joins, here, zones.node(z - 1, y));
                    }
                }
            }
        }
        zones
    }

    /// The first node of a row.
    fn node(&self, z: usize, y: usize) -> usize {
        ((z - self.slices.start) * self.levels.rows() + y) * self.levels.columns()
    }

    /// Makes the joins of a row that begins at one node within its slice, the first ones of its voxels.
    fn join_slice(&mut self, joins: &Joins, row: usize) {
        let columns = self.levels.columns();
        // How far back the voxel of a kind stands that is looked at first.
        let mut back = [0; Joins::KINDS];
        for (kind, back) in back.iter_mut().enumerate() {
            *back = match u8::try_from(kind).unwrap_or_default() {
                kind if kind & Joins::SAME_COLUMN != 0 => columns,
                kind if kind & Joins::SAME_ROW != 0 => 1,
                kind if kind & Joins::COLUMN_BEFORE != 0 => columns + 1,
                _ => columns - 1,
            };
        }
        for (column, kind) in joins.listed() {
            let node = row + column;
            // Nothing is joined with this voxel yet.
            let root = self.root(node - back[usize::from(kind) % Joins::KINDS]);
            self.attach(root, node, 0);
            if kind > Joins::COLUMN_BEHIND {
                self.unite(root, node + 1 - columns);
            }
        }
    }

    /// Makes the joins of a row that begins at one node with another row.
    fn join(&mut self, joins: &Joins, row: usize, other: usize) {
        for (column, kind) in joins.listed() {
            if kind & Joins::SAME_COLUMN != 0 {
                self.unite(row + column, other + column);
                continue;
            }
            if kind & Joins::COLUMN_BEFORE != 0 {
                self.unite(row + column, other + column - 1);
            }
            if kind & Joins::COLUMN_BEHIND != 0 {
                self.unite(row + column, other + column + 1);
            }
        }
    }

    fn root(&mut self, mut node: usize) -> usize {
        loop {
            let back = self.nodes[node];
            if back <= 0 {
                return node;
            }
            let parent = node - back.unsigned_abs() as usize;
            // Halve the path on the way up, so that chains stay short.
            let above = self.nodes[parent].max(0);
            self.nodes[node] = back + above;
            node = parent - above.unsigned_abs() as usize;
        }
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
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
                let root = self.root(line * columns + column);
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

/// Where the voxels of a row must be joined with those of another.
struct Joins {
    /// What to do with each voxel.
    kinds: Vec<u8>,
    /// 1 for each voxel that there is something to do with, whole words of them.
    flags: Vec<u8>,
    columns: usize,
}

impl Joins {
    /// A voxel has the level of the other row's voxel in its own column …
    const SAME_COLUMN: u8 = 1;
    /// … or of the one before it in its own row …
    const SAME_ROW: u8 = 2;
    /// … or of its corner neighbours in the other row.
    const COLUMN_BEFORE: u8 = 4;
    const COLUMN_BEHIND: u8 = 8;
    /// Sums of these.
    const KINDS: usize = 16;

    fn new(columns: usize) -> Self {
        Self {
            kinds: vec![0; columns],
            flags: vec![0; columns.next_multiple_of(WORD)],
            columns,
        }
    }

    /// Lists the joins of a padded row with the row before it in the slice, which also joins the row's own:
    ///
    /// ```text
    /// a b c    e–b, to which a, c and d are joined already; else e–d or e–a, which are neighbours; and e–c,
    /// d e      which alone may belong to another zone
    /// ```
    ///
    /// So a kind is one of the first three, perhaps with the last one.
    fn list_before(&mut self, row: &[u16], other: &[u16]) {
        let n = self.columns;
        let (d, e) = (&row[..n], &row[1..=n]);
        let (a, b, c) = (&other[..n], &other[1..=n], &other[2..n + 2]);
        for (at, kind) in self.kinds.iter_mut().enumerate() {
            let (a, b, c, d, e) = (a[at], b[at], c[at], d[at], e[at]);
            let [inside, eb, ed, ea, ec] = [e > 0, e == b, e == d, e == a, e == c].map(u8::from);
            let others = Self::SAME_ROW * ed
                + Self::COLUMN_BEFORE * (ea & (ed ^ 1))
                + Self::COLUMN_BEHIND * ec;
            *kind = inside * (Self::SAME_COLUMN * eb + (eb ^ 1) * others);
        }
        self.flag();
    }

    /// Lists the joins of two padded rows, each pair of touching runs at least once and seldom twice:
    ///
    /// ```text
    /// a b c    other row        e–b unless d–a joins the same runs (d = e, a = d)
    /// d e f    row              e–a unless e = b (then b = a) or e = d (then d–a joins them), e–c alike
    /// ```
    fn list(&mut self, row: &[u16], other: &[u16]) {
        let n = self.columns;
        let (d, e, f) = (&row[..n], &row[1..=n], &row[2..n + 2]);
        let (a, b, c) = (&other[..n], &other[1..=n], &other[2..n + 2]);
        for (at, kind) in self.kinds.iter_mut().enumerate() {
            let (a, b, c, d, e, f) = (a[at], b[at], c[at], d[at], e[at], f[at]);
            let [inside, eb, ed, da, ea, ec, ef] =
                [e > 0, e == b, e == d, d == a, e == a, e == c, e == f].map(u8::from);
            let corners =
                Self::COLUMN_BEFORE * (ea & (ed ^ 1)) + Self::COLUMN_BEHIND * (ec & (ef ^ 1));
            *kind = inside * (Self::SAME_COLUMN * (eb & ((ed & da) ^ 1)) + (eb ^ 1) * corners);
        }
        self.flag();
    }

    fn flag(&mut self) {
        for (flag, kind) in self.flags.iter_mut().zip(&self.kinds) {
            *flag = u8::from(*kind > 0);
        }
    }

    fn listed(&self) -> impl Iterator<Item = (usize, u8)> {
        let kinds = &self.kinds;
        let words = self.flags.chunks_exact(WORD).enumerate();
        words.flat_map(move |(number, flags)| {
            let mut word = packed(flags);
            std::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                let column = WORD * number + word.trailing_zeros() as usize;
                word &= word - 1;
                Some((column, kinds[column]))
            })
        })
    }
}

/// A row with one voxel of padding before and behind it.
fn padded_row(levels: &DiscretisedRoi, z: usize, y: usize) -> &[u16] {
    &levels.ranks()[levels.row(z, y) - 1..][..levels.columns() + 2]
}
