//! Rows side by side, so that one row's kernels with many others are vector instructions.
//!
//! A *panel* holds [`LANES`] rows column by column: entry (k, l) is column k of its row l. Sums run over the
//! columns in order, each in its own lane. So they have the same bits in whichever lane a row falls, in
//! either order of the two rows, and computed by themselves.

/// Rows of a panel.
pub(crate) const LANES: usize = 32;

/// Rows packed for kernels.
#[derive(Default)]
pub(crate) struct Panels {
    width: usize,
    lines: Vec<[f64; LANES]>,
}

impl Panels {
    /// Packs rows of `width` values; missing rows of the last panel are zeros.
    pub(crate) fn of<'a>(width: usize, rows: impl ExactSizeIterator<Item = &'a [f64]>) -> Self {
        let mut panels = Self::default();
        panels.pack(width, rows);
        panels
    }

    /// Packs other rows in the place of these.
    pub(crate) fn pack<'a>(
        &mut self,
        width: usize,
        rows: impl ExactSizeIterator<Item = &'a [f64]>,
    ) {
        let count = rows.len();
        let lines = count.div_ceil(LANES) * width;
        self.width = width;
        self.lines.truncate(lines);
        self.lines.reserve_exact(lines - self.lines.len());
        self.lines.resize(lines, [0.0; LANES]);
        for (at, row) in rows.enumerate() {
            let first = at / LANES * width;
            for (line, value) in self.lines[first..first + width].iter_mut().zip(row) {
                line[at % LANES] = *value;
            }
        }
        for line in &mut self.lines[count / LANES * width..] {
            line[count % LANES..].fill(0.0);
        }
    }

    /// Columns of one panel's rows.
    pub(crate) fn panel(&self, at: usize) -> &[[f64; LANES]] {
        &self.lines[at * self.width..(at + 1) * self.width]
    }
}
