//! Kernels of the training rows: every one known from the start where they fit into memory, else computed
//! line by line when a solver asks.
//!
//! Computed or known, a kernel has the same bits; see `panels.rs`. They are kept in `f32`, as by LIBSVM.

use rayon::prelude::*;

use super::kernel::KernelFunction;
use super::panels::{LANES, Panels};
use crate::adapters::pulp::vectorised;
use crate::samples::Samples;

/// Values that a thread reads at least for its part of a line of kernels: some 10 µs.
const PARALLEL_MIN: usize = 50_000;

/// Kernels of every pair of training rows.
pub(crate) struct KernelTable<'a> {
    samples: &'a Samples,
    function: KernelFunction,
    full: Option<Triangle>,
    threads_a_line: usize,
}

impl<'a> KernelTable<'a> {
    /// Of all rows; computed at once where that takes no more than `bytes`.
    pub(crate) fn new(samples: &'a Samples, function: KernelFunction, bytes: usize) -> Self {
        let mut table = Self {
            samples,
            function,
            full: None,
            threads_a_line: 1,
        };
        if Self::bytes_of(samples.rows()) <= bytes {
            table.full = Some(Triangle::new(&table));
        }
        table
    }

    /// From now on, so many threads compute a line of kernels that are not known.
    pub(crate) fn share_lines(&mut self, threads: usize) {
        self.threads_a_line = threads;
    }

    /// Memory that so many rows take as columns, where kernels are not known.
    pub(crate) fn packed_bytes(samples: &Samples, rows: usize) -> usize {
        let values = rows.next_multiple_of(LANES).saturating_mul(samples.width());
        values.saturating_mul(size_of::<f64>())
    }

    /// Memory that every kernel of so many rows takes.
    pub(crate) fn bytes_of(rows: usize) -> usize {
        let kernels = rows.saturating_mul(rows.saturating_add(1)) / 2;
        kernels.saturating_mul(size_of::<f32>())
    }

    /// Whether every kernel is known already.
    pub(crate) fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// Memory that known kernels take.
    pub(crate) fn bytes(&self) -> usize {
        self.full
            .as_ref()
            .map_or(0, |full| size_of_val(full.values.as_slice()))
    }

    /// Kernel of a training row with itself.
    pub(crate) fn diagonal(&self, row: usize) -> f64 {
        let mut kernels = [self.function.own_measure(self.samples.row(row)); LANES];
        self.function.of_measures(&mut kernels);
        kernels[0]
    }

    /// Lines of kernels with the given training rows, which are packed into `panels` unless kernels are known.
    pub(crate) fn columns(&'a self, rows: Vec<usize>, panels: &'a mut Panels) -> KernelColumns<'a> {
        let mut columns = KernelColumns {
            table: self,
            rows,
            panels,
        };
        columns.pack();
        columns
    }
}

/// Some training rows, as columns of the table of kernels.
pub(crate) struct KernelColumns<'a> {
    table: &'a KernelTable<'a>,
    rows: Vec<usize>,
    /// The rows themselves, unless kernels are known.
    panels: &'a mut Panels,
}

impl KernelColumns<'_> {
    fn pack(&mut self) {
        if !self.table.is_full() {
            let samples = self.table.samples;
            let rows = self.rows.iter().map(|&row| samples.row(row));
            self.panels.pack(samples.width(), rows);
        }
    }

    /// Puts the columns into another order: the new column i is the old column `order[i]`.
    pub(crate) fn reorder(&mut self, order: &[usize]) {
        self.rows = order.iter().map(|&at| self.rows[at]).collect();
        self.pack();
    }

    /// Kernels of a training row with columns `from..from + out.len()`.
    pub(crate) fn fill(&self, row: usize, from: usize, out: &mut [f32]) {
        if let Some(full) = &self.table.full {
            full.fill(row, &self.rows[from..], out);
            return;
        }
        let share = self.share(out.len());
        let parts = out.par_chunks_mut(share).enumerate();
        parts.for_each(|(number, out)| {
            vectorised(
                #[inline(always)]
                || self.compute(row, from + number * share, out),
            );
        });
    }

    /// How many of `count` kernels one thread computes: whole panels.
    fn share(&self, count: usize) -> usize {
        let least = PARALLEL_MIN / self.table.samples.width().max(1);
        let even = count.div_ceil(self.table.threads_a_line);
        even.max(least).next_multiple_of(LANES)
    }

    #[expect(clippy::cast_possible_truncation, reason = "kept in single precision")]
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    fn compute(&self, row: usize, from: usize, out: &mut [f32]) {
        let (function, row) = (self.table.function, self.table.samples.row(row));
        let (mut at, mut skipped) = (from / LANES, from % LANES);
        let mut rest = out;
        while !rest.is_empty() {
            let mut kernels = function.measures(self.panels.panel(at), row);
            function.of_measures(&mut kernels);
            let (now, later) = rest.split_at_mut((LANES - skipped).min(rest.len()));
            for (value, &kernel) in now.iter_mut().zip(&kernels[skipped..]) {
                *value = kernel as f32;
            }
            (rest, skipped, at) = (later, 0, at + 1);
        }
    }
}

/// Line i holds the kernels of row i with rows 0 to i.
struct Triangle {
    values: Vec<f32>,
}

impl Triangle {
    /// Kernels before a line.
    fn before(line: usize) -> usize {
        line * (line + 1) / 2
    }

    fn new(table: &KernelTable<'_>) -> Self {
        let rows = table.samples.rows();
        let mut values = vec![0.0; Self::before(rows)];
        let mut lines = Vec::with_capacity(rows);
        let mut rest = values.as_mut_slice();
        for row in 0..rows {
            let (line, others) = rest.split_at_mut(row + 1);
            lines.push(line);
            rest = others;
        }
        let panels = lines.par_chunks_mut(LANES).enumerate();
        panels.for_each(|(at, lines)| {
            vectorised(
                #[inline(always)]
                || Self::compute(table, at * LANES, lines),
            );
        });
        Self { values }
    }

    /// Lines of rows from `first` on, a panel at most.
    #[expect(clippy::cast_possible_truncation, reason = "kept in single precision")]
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    fn compute(table: &KernelTable<'_>, first: usize, lines: &mut [&mut [f32]]) {
        let (samples, end) = (table.samples, first + lines.len());
        let rows = (first..end).map(|row| samples.row(row));
        let panels = Panels::of(samples.width(), rows);
        for other in 0..end {
            let row = samples.row(other);
            let mut kernels = table.function.measures(panels.panel(0), row);
            table.function.of_measures(&mut kernels);
            for (line, kernel) in lines.iter_mut().zip(kernels) {
                // Lines end with their own row.
                if let Some(value) = line.get_mut(other) {
                    *value = kernel as f32;
                }
            }
        }
    }

    fn fill(&self, row: usize, others: &[usize], out: &mut [f32]) {
        let line = &self.values[Self::before(row)..Self::before(row + 1)];
        for (out, &other) in out.iter_mut().zip(others) {
            *out = match line.get(other) {
                Some(kernel) => *kernel,
                None => self.values[Self::before(other) + row],
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    #[test]
    fn known_and_computed_kernels_have_the_same_bits() {
        // Wide enough that threads share a line.
        let (n, width) = (300, 600);
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
        let others: Vec<usize> = (0..n).filter(|row| row % 3 != 1).rev().collect();
        for function in [
            KernelFunction::Rbf { gamma: 0.004 },
            KernelFunction::Sigmoid {
                gamma: 0.0001,
                coef0: -0.2,
            },
        ] {
            let known = KernelTable::new(&samples, function, KernelTable::bytes_of(n));
            let mut computed = KernelTable::new(&samples, function, KernelTable::bytes_of(n) - 1);
            computed.share_lines(3);
            assert!(known.is_full() && !computed.is_full());
            assert_eq!((known.bytes(), computed.bytes()), (301 * 300 / 2 * 4, 0));
            for (row, from) in [(0, 0), (7, 33), (299, 150)] {
                let mut lines = [
                    vec![0.0; others.len() - from],
                    vec![0.0; others.len() - from],
                ];
                let mut panels = [Panels::default(), Panels::default()];
                let [none, panels] = &mut panels;
                known
                    .columns(others.clone(), none)
                    .fill(row, from, &mut lines[0]);
                let reversed = others.iter().rev().copied().collect();
                let mut columns = computed.columns(reversed, panels);
                columns.reorder(&(0..others.len()).rev().collect::<Vec<_>>());
                columns.fill(row, from, &mut lines[1]);
                let bits = |line: &[f32]| line.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&lines[0]), bits(&lines[1]));
                for (value, &other) in lines[0].iter().zip(&others[from..]) {
                    let plain = function.of_rows(samples.row(row), samples.row(other));
                    assert!((f64::from(*value) - plain).abs() < 1e-7);
                }
            }
            let alone = known.diagonal(7);
            assert!((alone - function.of_rows(samples.row(7), samples.row(7))).abs() < 1e-14);
        }
    }
}
