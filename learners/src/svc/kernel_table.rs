//! Kernels of the training rows: every one known from the start for small tables, else computed line
//! by line when a solver asks.
//!
//! For a Gaussian kernel rows are kept as differences from the columns' means: distances are the same, and
//! their rounding no longer depends on where the data lie. Products and kernels are computed in `f64` and
//! kept in `f32`, as by LIBSVM: solvers that follow its steps then see the same numbers. Values have the
//! same bits whoever computes them; see `panels.rs`.

use rayon::prelude::*;

use super::kernel::KernelFunction;
use super::panels::{LANES, Panels, product};
use crate::adapters::pulp::vectorised;
use crate::samples::Samples;

/// Rows of a full table computed before their mirror image is copied.
const GRAM_BLOCK: usize = 256;

/// Kernels of every pair of training rows.
pub(crate) struct KernelTable {
    function: KernelFunction,
    width: usize,
    values: Vec<f64>,
    norms: Vec<f64>,
    /// n × n, if it fits.
    full: Option<Vec<f32>>,
}

impl KernelTable {
    /// Of all rows; computed at once where that takes no more than `bytes`.
    pub(crate) fn new(samples: &Samples, function: KernelFunction, bytes: usize) -> Self {
        let (n, width) = (samples.rows(), samples.width());
        let origin: Vec<f64> = if function.sees_differences_only() {
            let mean = |column| samples.column(column).sum::<f64>() / n as f64;
            (0..width).map(mean).collect()
        } else {
            vec![0.0; width]
        };
        let rows = samples.values().chunks_exact(width);
        let values: Vec<f64> = rows
            .flat_map(|row| row.iter().zip(&origin).map(|(v, o)| v - o))
            .collect();
        let rows = values.chunks_exact(width);
        let mut table = Self {
            function,
            width,
            norms: rows.map(|row| product(row, row)).collect(),
            values,
            full: None,
        };
        if n.saturating_mul(n).saturating_mul(size_of::<f32>()) <= bytes {
            table.full = Some(table.of_all_pairs());
        }
        table
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    fn of_all_pairs(&self) -> Vec<f32> {
        let n = self.norms.len();
        let columns = self.columns((0..n).collect());
        let mut values = vec![0.0; n * n];
        for start in (0..n).step_by(GRAM_BLOCK) {
            let (done, rest) = values.split_at_mut(start * n);
            rest.par_chunks_exact_mut(n)
                .take(GRAM_BLOCK)
                .enumerate()
                .for_each(|(at, line)| {
                    let row = start + at;
                    let (mirrored, own) = line.split_at_mut(start);
                    for (value, other) in mirrored.iter_mut().zip(done.chunks_exact(n)) {
                        *value = other[row];
                    }
                    columns.fill(row, start, own);
                });
        }
        values
    }

    /// Whether every kernel is known already.
    pub(crate) fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// Kernel of a training row with itself.
    pub(crate) fn diagonal(&self, row: usize) -> f64 {
        self.function.diagonal(self.norms[row])
    }

    /// Lines of kernels with the given training rows.
    pub(crate) fn columns(&self, rows: Vec<usize>) -> KernelColumns<'_> {
        let mut columns = KernelColumns {
            table: self,
            rows,
            norms: Vec::new(),
            panels: None,
        };
        columns.pack();
        columns
    }
}

/// Some training rows, as columns of the table of kernels.
pub(crate) struct KernelColumns<'a> {
    table: &'a KernelTable,
    rows: Vec<usize>,
    /// |x|² of each, by panels.
    norms: Vec<[f64; LANES]>,
    /// The rows themselves, unless kernels are known.
    panels: Option<Panels>,
}

impl KernelColumns<'_> {
    fn pack(&mut self) {
        let table = self.table;
        if table.is_full() {
            return;
        }
        let rows = self.rows.iter().map(|&row| table.row(row));
        self.panels = Some(Panels::pack(table.width, rows));
        let norms = self.rows.chunks(LANES).map(|rows| {
            let mut norms = [0.0; LANES];
            for (norm, &row) in norms.iter_mut().zip(rows) {
                *norm = table.norms[row];
            }
            norms
        });
        self.norms = norms.collect();
    }

    /// Puts the columns into another order: the new column i is the old column `order[i]`.
    pub(crate) fn reorder(&mut self, order: &[usize]) {
        self.rows = order.iter().map(|&at| self.rows[at]).collect();
        self.pack();
    }

    /// Kernels of a training row with columns `from..from + out.len()`.
    pub(crate) fn fill(&self, row: usize, from: usize, out: &mut [f32]) {
        match (&self.panels, &self.table.full) {
            (Some(panels), _) => {
                vectorised(
                    #[inline(always)]
                    || self.compute(panels, row, from, out),
                );
            }
            (None, Some(full)) => {
                let n = self.table.norms.len();
                let line = &full[row * n..(row + 1) * n];
                for (value, &column) in out.iter_mut().zip(&self.rows[from..]) {
                    *value = line[column];
                }
            }
            (None, None) => unreachable!("columns are packed unless all kernels are known"),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "kept in single precision")]
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    fn compute(&self, panels: &Panels, row: usize, from: usize, out: &mut [f32]) {
        let (values, norm) = (self.table.row(row), self.table.norms[row]);
        let (mut panel, mut skipped) = (from / LANES, from % LANES);
        let mut rest = out;
        while !rest.is_empty() {
            let products = panels.products(panel, values);
            let mut kernels = [0.0; LANES];
            let norms = &self.norms[panel];
            self.table
                .function
                .of_products(&products, norm, norms, &mut kernels);
            let (now, later) = rest.split_at_mut((LANES - skipped).min(rest.len()));
            for (value, &kernel) in now.iter_mut().zip(&kernels[skipped..]) {
                *value = kernel as f32;
            }
            (rest, skipped, panel) = (later, 0, panel + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    #[test]
    fn known_and_computed_kernels_have_the_same_bits() {
        let (n, width) = (300, 3);
        let values: Vec<f64> = (0..n * width)
            .map(|i| (i * 37 % 101) as f64 / 20.0)
            .collect();
        let samples = Samples::new(
            values,
            (0..width).map(|i| format!("x{i}")).collect(),
            vec![Label(0); n],
            ClassNames::new(["a"]).unwrap(),
        )
        .unwrap();
        let function = KernelFunction::Rbf { gamma: 0.2 };
        let known = KernelTable::new(&samples, function, usize::MAX);
        let computed = KernelTable::new(&samples, function, 0);
        assert!(known.is_full() && !computed.is_full());
        let rows: Vec<usize> = (0..n).filter(|row| row % 3 != 1).rev().collect();
        let (mut a, mut b) = (known.columns(rows.clone()), computed.columns(rows.clone()));
        let turned: Vec<usize> = (0..rows.len()).map(|i| i * 7 % rows.len()).collect();
        for _ in 0..2 {
            for (row, from) in [(0, 0), (7, 33), (299, 150)] {
                let mut lines = [vec![0.0; rows.len() - from], vec![0.0; rows.len() - from]];
                a.fill(row, from, &mut lines[0]);
                b.fill(row, from, &mut lines[1]);
                let bits = |line: &[f32]| line.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&lines[0]), bits(&lines[1]));
                for (value, &other) in lines[0].iter().zip(&a.rows[from..]) {
                    let plain = function.of_rows(samples.row(row), samples.row(other));
                    assert!((f64::from(*value) - plain).abs() < 1e-7);
                }
            }
            a.reorder(&turned);
            b.reorder(&turned);
        }
    }
}
