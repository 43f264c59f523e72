//! Convolution of any geometry as matrix products on unfolded images, one group of channels at a time.
//!
//! A few output rows of a group become a matrix of C/G K K' rows and one column per output pixel. Samples
//! run side by side; the weight gradient is summed in a fixed number of parts, added in order.

use rayon::prelude::*;

use super::gemm::{Matrix, Output, multiply};
use super::memory::with_scratch;

/// Numbers of one unfolded block: half a megabyte, half of a usual second-level cache.
const BLOCK_NUMBERS: usize = 128 * 1024;
/// Partial sums of the weight gradient.
const WEIGHT_PARTS: usize = 4;

/// Rows or columns of one convolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) input: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
    pub(super) dilation: usize,
    pub(super) output: usize,
}

impl Axis {
    /// The input position under kernel position `u` for output position `i`, unless it is padding.
    fn source(&self, i: usize, u: usize) -> Option<usize> {
        (i * self.stride + u * self.dilation)
            .checked_sub(self.padding)
            .filter(|at| *at < self.input)
    }
}

/// All sizes of one convolution, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) groups: usize,
    pub(super) rows: Axis,
    pub(super) columns: Axis,
}

impl Sizes {
    fn input_plane(&self) -> usize {
        self.rows.input * self.columns.input
    }

    fn output_plane(&self) -> usize {
        self.rows.output * self.columns.output
    }

    fn input_len(&self) -> usize {
        self.input * self.input_plane()
    }

    fn output_len(&self) -> usize {
        self.output * self.output_plane()
    }

    /// Rows of an unfolded matrix.
    fn depth(&self) -> usize {
        self.input / self.groups * self.rows.kernel * self.columns.kernel
    }

    /// Kernels of a group.
    fn per_group(&self) -> usize {
        self.output / self.groups
    }

    /// (group, first output row, output rows) of each block.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let most = (BLOCK_NUMBERS / (self.depth() * self.columns.output)).max(1);
        let (groups, height) = (self.groups, self.rows.output);
        (0..groups).flat_map(move |group| {
            (0..height)
                .step_by(most)
                .map(move |first| (group, first, most.min(height - first)))
        })
    }

    /// Calls `visit` with the place in the unfolded matrix and in the sample of every pixel that is no
    /// padding.
    fn visit(&self, group: usize, first: usize, rows: usize, mut visit: impl FnMut(usize, usize)) {
        let seen = self.input / self.groups;
        let (r, c) = (&self.rows, &self.columns);
        let mut line = 0;
        for channel in group * seen..(group + 1) * seen {
            for u in 0..r.kernel {
                for v in 0..c.kernel {
                    for i in first..first + rows {
                        if let Some(row) = r.source(i, u) {
                            let image = (channel * r.input + row) * c.input;
                            for j in 0..c.output {
                                if let Some(column) = c.source(j, v) {
                                    visit(line + j, image + column);
                                }
                            }
                        }
                        line += c.output;
                    }
                }
            }
        }
    }

    fn unfold(&self, (group, first, rows): (usize, usize, usize), x: &[f32], to: &mut [f32]) {
        to.fill(0.0);
        self.visit(group, first, rows, |at, from| to[at] = x[from]);
    }

    /// The weights of a group, (O/G, depth).
    fn weights<'a>(&self, group: usize, w: &'a [f32]) -> Matrix<'a> {
        let len = self.per_group() * self.depth();
        let w = &w[group * len..(group + 1) * len];
        Matrix::dense(w, self.per_group(), self.depth())
    }

    /// Where output row `first` of a group begins in a sample.
    fn output_start(&self, group: usize, first: usize) -> usize {
        group * self.per_group() * self.output_plane() + first * self.columns.output
    }
}

/// y from x and w.
pub(super) fn forward(s: &Sizes, x: &[f32], w: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; s.batch * s.output_len()];
    y.par_chunks_mut(s.output_len())
        .zip(x.par_chunks(s.input_len()))
        .for_each(|(y, x)| {
            for (group, first, rows) in s.blocks() {
                let width = rows * s.columns.output;
                with_scratch(s.depth() * width, |unfolded| {
                    s.unfold((group, first, rows), x, unfolded);
                    let rhs = Matrix::dense(unfolded, s.depth(), width);
                    let out = &mut y[s.output_start(group, first)..];
                    let weights = s.weights(group, w);
                    multiply(out, s.output_plane(), Output::Overwrite, weights, rhs);
                });
            }
        });
    y
}

/// Gradient of x from w and the gradient of y.
pub(super) fn backward_input(s: &Sizes, w: &[f32], dy: &[f32]) -> Vec<f32> {
    let mut dx = vec![0.0; s.batch * s.input_len()];
    dx.par_chunks_mut(s.input_len())
        .zip(dy.par_chunks(s.output_len()))
        .for_each(|(dx, dy)| {
            for (group, first, rows) in s.blocks() {
                let width = rows * s.columns.output;
                with_scratch(s.depth() * width, |unfolded| {
                    let dy = &dy[s.output_start(group, first)..];
                    let rhs = Matrix::strided(dy, s.per_group(), width, s.output_plane());
                    let weights = s.weights(group, w).transposed();
                    multiply(unfolded, width, Output::Overwrite, weights, rhs);
                    s.visit(group, first, rows, |at, to| dx[to] += unfolded[at]);
                });
            }
        });
    dx
}

/// Gradient of w from x and the gradient of y.
pub(super) fn backward_weight(s: &Sizes, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let samples = s.batch.div_ceil(WEIGHT_PARTS).max(1);
    let len = s.per_group() * s.depth();
    let parts: Vec<Vec<f32>> = x
        .par_chunks(samples * s.input_len())
        .zip(dy.par_chunks(samples * s.output_len()))
        .map(|(x, dy)| {
            let mut dw = vec![0.0; s.groups * len];
            let samples = x
                .chunks_exact(s.input_len())
                .zip(dy.chunks_exact(s.output_len()));
            for (x, dy) in samples {
                for (group, first, rows) in s.blocks() {
                    let width = rows * s.columns.output;
                    with_scratch(s.depth() * width, |unfolded| {
                        s.unfold((group, first, rows), x, unfolded);
                        let rhs = Matrix::dense(unfolded, s.depth(), width).transposed();
                        let dy = &dy[s.output_start(group, first)..];
                        let lhs = Matrix::strided(dy, s.per_group(), width, s.output_plane());
                        let out = &mut dw[group * len..(group + 1) * len];
                        multiply(out, s.depth(), Output::Add, lhs, rhs);
                    });
                }
            }
            dw
        })
        .collect();
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_default();
    for part in parts {
        for (total, value) in sum.iter_mut().zip(&part) {
            *total += value;
        }
    }
    sum
}
