//! Which voxels of a row have the level of a neighbour before them.

use crate::mesh::bits::{WORD, packed};
use crate::vectorised::vectorised;

/// Where the voxels of a row must be joined with those of another.
pub(super) struct Joins {
    /// What to do with each voxel.
    kinds: Vec<u8>,
    /// 1 for each voxel that there is something to do with, whole words of them.
    flags: Vec<u8>,
    columns: usize,
}

impl Joins {
    /// A voxel has the level of the other row's voxel in its own column …
    pub(super) const SAME_COLUMN: u8 = 1;
    /// … or of the one before it in its own row …
    pub(super) const SAME_ROW: u8 = 2;
    /// … or of its corner neighbours in the other row.
    pub(super) const COLUMN_BEFORE: u8 = 4;
    pub(super) const COLUMN_BEHIND: u8 = 8;
    /// Sums of these.
    pub(super) const KINDS: usize = 16;

    pub(super) fn new(columns: usize) -> Self {
        Self {
            kinds: vec![0; columns],
            flags: vec![0; columns.next_multiple_of(WORD)],
            columns,
        }
    }

    /// Voxels of a row.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Lists the joins of a padded row with the row before it in the slice, which also joins the row's own:
    ///
    /// ```text
    /// a b c    e–b, to which a, c and d are joined already; else e–d or e–a, which are neighbours; and e–c,
    /// d e      which alone may belong to another zone
    /// ```
    ///
    /// So a kind is one of the first three, perhaps with the last one.
    pub(super) fn list_before(&mut self, row: &[u16], other: &[u16]) {
        vectorised(
            #[inline(always)]
            || self.look_before(row, other),
        );
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn look_before(&mut self, row: &[u16], other: &[u16]) {
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
    pub(super) fn list(&mut self, row: &[u16], other: &[u16]) {
        vectorised(
            #[inline(always)]
            || self.look(row, other),
        );
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn look(&mut self, row: &[u16], other: &[u16]) {
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

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn flag(&mut self) {
        for (flag, kind) in self.flags.iter_mut().zip(&self.kinds) {
            *flag = u8::from(*kind > 0);
        }
    }

    /// Visits the voxels that have something to join, each with its kind.
    #[inline]
    pub(super) fn each(&self, mut visit: impl FnMut(usize, u8)) {
        for (number, flags) in self.flags.chunks_exact(WORD).enumerate() {
            let mut word = packed(flags);
            while word > 0 {
                let column = WORD * number + word.trailing_zeros() as usize;
                word &= word - 1;
                visit(column, self.kinds[column]);
            }
        }
    }
}
