//! Dense convolution as matrix products on unfolded images.
//!
//! A *block* of output rows is unfolded into a matrix of C K² rows and one column per output pixel,
//! small enough to stay in the second-level cache, and multiplied by the weight matrix (O, C K²).
//! Samples whose planes are tiny are unfolded together, so that the products keep a useful width.
//! Work is shared over samples (or groups of samples); which samples form a group and the order of
//! all additions depend on the sizes only.

use rayon::prelude::*;

use super::gemm::{Matrix, Output, multiply};
use super::memory::with_scratch;
use super::sizes::Sizes;

/// Numbers of one unfolded block: half a megabyte, half of a usual second-level cache.
const BLOCK_NUMBERS: usize = 128 * 1024;
/// Fewest columns worth a product of their own.
const LEAST_COLUMNS: usize = 128;
/// Partial sums of the weight gradient: enough for a few cores, few enough for memory.
const WEIGHT_PARTS: usize = 4;

/// How the samples and output rows are cut.
struct Plan {
    /// Samples unfolded together.
    group: usize,
    /// Output rows unfolded together; all of them when `group` is more than one.
    rows: usize,
}

impl Sizes {
    /// Rows of the unfolded matrix, C K².
    fn depth(&self) -> usize {
        self.input * self.kernel * self.kernel
    }

    /// Whether the unfolded matrix is the image itself.
    fn is_pointwise(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == 0
    }

    fn plan(&self, samples: usize) -> Plan {
        let plane = self.out_plane();
        if plane < LEAST_COLUMNS && samples > 1 {
            // An even number of groups, so that two threads finish together.
            let groups = (samples * plane / LEAST_COLUMNS).next_multiple_of(2).max(2);
            let group = samples.div_ceil(groups);
            if group > 1 {
                return Plan {
                    group,
                    rows: self.out_height,
                };
            }
        }
        let rows = if self.is_pointwise() {
            self.out_height
        } else {
            let columns = (BLOCK_NUMBERS / self.depth().max(1)).max(LEAST_COLUMNS);
            (columns / self.out_width).clamp(1, self.out_height)
        };
        Plan { group: 1, rows }
    }
}

/// Unfolds output rows `first..first + rows` of a sample; matrix rows start `stride` apart.
fn unfold(s: &Sizes, x: &[f32], first: usize, rows: usize, columns: &mut [f32], stride: usize) {
    let plane = s.height * s.width;
    for c in 0..s.input {
        let image = &x[c * plane..(c + 1) * plane];
        for u in 0..s.kernel {
            for v in 0..s.kernel {
                let at = ((c * s.kernel + u) * s.kernel + v) * stride;
                let (low, high) = inside(s, v);
                for (k, i) in (first..first + rows).enumerate() {
                    let out = &mut columns[at + k * s.out_width..at + (k + 1) * s.out_width];
                    let Some(row) = source_row(s, i, u) else {
                        out.fill(0.0);
                        continue;
                    };
                    out[..low].fill(0.0);
                    out[high..].fill(0.0);
                    if low == high {
                        continue;
                    }
                    let from = row * s.width + low * s.stride + v - s.padding;
                    if s.stride == 1 {
                        out[low..high].copy_from_slice(&image[from..from + high - low]);
                    } else {
                        for (o, x) in out[low..high]
                            .iter_mut()
                            .zip(image[from..].iter().step_by(s.stride))
                        {
                            *o = *x;
                        }
                    }
                }
            }
        }
    }
}

/// The transpose of [`unfold`]: adds every column entry to the pixel it came from.
fn fold(s: &Sizes, columns: &[f32], stride: usize, first: usize, rows: usize, x: &mut [f32]) {
    let plane = s.height * s.width;
    for c in 0..s.input {
        let image = &mut x[c * plane..(c + 1) * plane];
        for u in 0..s.kernel {
            for v in 0..s.kernel {
                let at = ((c * s.kernel + u) * s.kernel + v) * stride;
                let (low, high) = inside(s, v);
                if low == high {
                    continue;
                }
                for (k, i) in (first..first + rows).enumerate() {
                    let Some(row) = source_row(s, i, u) else {
                        continue;
                    };
                    let from = at + k * s.out_width;
                    let source = &columns[from + low..from + high];
                    let to = row * s.width + low * s.stride + v - s.padding;
                    if s.stride == 1 {
                        for (x, g) in image[to..to + high - low].iter_mut().zip(source) {
                            *x += g;
                        }
                    } else {
                        for (x, g) in image[to..].iter_mut().step_by(s.stride).zip(source) {
                            *x += g;
                        }
                    }
                }
            }
        }
    }
}

/// The image row under kernel row `u` for output row `i`, unless it lies in the padding.
fn source_row(s: &Sizes, i: usize, u: usize) -> Option<usize> {
    (i * s.stride + u)
        .checked_sub(s.padding)
        .filter(|row| *row < s.height)
}

/// The output columns whose pixel under kernel column `v` lies in the image, as a half-open range.
fn inside(s: &Sizes, v: usize) -> (usize, usize) {
    let low = s.padding.saturating_sub(v).div_ceil(s.stride);
    let high = (s.width + s.padding).saturating_sub(v).div_ceil(s.stride);
    let high = high.min(s.out_width);
    (low.min(high), high)
}

/// Unfolds whole samples side by side.
fn unfold_group(s: &Sizes, xs: &[f32], columns: &mut [f32], stride: usize) {
    for (k, x) in xs.chunks_exact(s.input_len()).enumerate() {
        let to = &mut columns[k * s.out_plane()..];
        unfold(s, x, 0, s.out_height, to, stride);
    }
}

/// (samples, channels, plane) to (channels, samples x plane).
fn gather(from: &[f32], channels: usize, plane: usize, to: &mut [f32]) {
    let stride = from.len() / channels;
    for (n, sample) in from.chunks_exact(channels * plane).enumerate() {
        for (c, source) in sample.chunks_exact(plane).enumerate() {
            let at = c * stride + n * plane;
            to[at..at + plane].copy_from_slice(source);
        }
    }
}

/// The inverse of [`gather`].
fn scatter(from: &[f32], channels: usize, plane: usize, to: &mut [f32]) {
    let stride = from.len() / channels;
    for (n, sample) in to.chunks_exact_mut(channels * plane).enumerate() {
        for (c, target) in sample.chunks_exact_mut(plane).enumerate() {
            let at = c * stride + n * plane;
            target.copy_from_slice(&from[at..at + plane]);
        }
    }
}

/// y from x and w.
pub(crate) fn forward(s: &Sizes, x: &[f32], w: &[f32]) -> Vec<f32> {
    let plan = s.plan(s.batch);
    let weight = Matrix::dense(w, s.output, s.depth());
    let plane = s.out_plane();
    let mut y = vec![0.0; s.batch * s.output_len()];
    y.par_chunks_mut(plan.group * s.output_len())
        .zip(x.par_chunks(plan.group * s.input_len()))
        .for_each(|(y, x)| {
            if plan.group > 1 {
                let columns = x.len() / s.input_len() * plane;
                with_scratch(s.depth() * columns, |unfolded| {
                    unfold_group(s, x, unfolded, columns);
                    with_scratch(s.output * columns, |product| {
                        let rhs = Matrix::dense(unfolded, s.depth(), columns);
                        multiply(product, columns, Output::Overwrite, weight, rhs);
                        scatter(product, s.output, plane, y);
                    });
                });
            } else if s.is_pointwise() {
                let rhs = Matrix::dense(x, s.depth(), plane);
                multiply(y, plane, Output::Overwrite, weight, rhs);
            } else {
                for (first, rows) in blocks(s.out_height, plan.rows) {
                    let columns = rows * s.out_width;
                    with_scratch(s.depth() * columns, |unfolded| {
                        unfold(s, x, first, rows, unfolded, columns);
                        let rhs = Matrix::dense(unfolded, s.depth(), columns);
                        let out = &mut y[first * s.out_width..];
                        multiply(out, plane, Output::Overwrite, weight, rhs);
                    });
                }
            }
        });
    y
}

/// Gradient of x from w and the gradient of y.
pub(crate) fn backward_input(s: &Sizes, w: &[f32], dy: &[f32]) -> Vec<f32> {
    let plan = s.plan(s.batch);
    let weight = Matrix::dense(w, s.output, s.depth()).transposed();
    let plane = s.out_plane();
    let mut dx = vec![0.0; s.batch * s.input_len()];
    dx.par_chunks_mut(plan.group * s.input_len())
        .zip(dy.par_chunks(plan.group * s.output_len()))
        .for_each(|(dx, dy)| {
            if plan.group > 1 {
                let columns = dy.len() / s.output_len() * plane;
                with_scratch(s.output * columns, |gathered| {
                    gather(dy, s.output, plane, gathered);
                    with_scratch(s.depth() * columns, |unfolded| {
                        let rhs = Matrix::dense(gathered, s.output, columns);
                        multiply(unfolded, columns, Output::Overwrite, weight, rhs);
                        for (k, dx) in dx.chunks_exact_mut(s.input_len()).enumerate() {
                            fold(s, &unfolded[k * plane..], columns, 0, s.out_height, dx);
                        }
                    });
                });
            } else if s.is_pointwise() {
                let rhs = Matrix::dense(dy, s.output, plane);
                multiply(dx, plane, Output::Overwrite, weight, rhs);
            } else {
                for (first, rows) in blocks(s.out_height, plan.rows) {
                    let columns = rows * s.out_width;
                    with_scratch(s.depth() * columns, |unfolded| {
                        let rhs =
                            Matrix::strided(&dy[first * s.out_width..], s.output, columns, plane);
                        multiply(unfolded, columns, Output::Overwrite, weight, rhs);
                        fold(s, unfolded, columns, first, rows, dx);
                    });
                }
            }
        });
    dx
}

/// Gradient of w from x and the gradient of y: a fixed number of partial sums, added in order.
pub(crate) fn backward_weight(s: &Sizes, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let samples = s.batch.div_ceil(WEIGHT_PARTS).max(1);
    let parts: Vec<Vec<f32>> = x
        .par_chunks(samples * s.input_len())
        .zip(dy.par_chunks(samples * s.output_len()))
        .map(|(x, dy)| {
            let mut dw = vec![0.0; s.output * s.depth()];
            weight_part(s, x, dy, &mut dw);
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

/// Adds the weight gradient of a few samples to `dw`.
fn weight_part(s: &Sizes, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let plane = s.out_plane();
    let samples = x.len() / s.input_len();
    // Samples with small planes side by side until the product is deep enough to pay for `dw`.
    let group = (2 * LEAST_COLUMNS).div_ceil(plane).clamp(1, samples);
    let add = |dw: &mut [f32], dy: Matrix<'_>, unfolded: Matrix<'_>| {
        multiply(dw, s.depth(), Output::Add, dy, unfolded.transposed());
    };
    for (x, dy) in x
        .chunks(group * s.input_len())
        .zip(dy.chunks(group * s.output_len()))
    {
        let columns = dy.len() / s.output_len() * plane;
        if columns > plane {
            with_scratch(s.output * columns, |gathered| {
                gather(dy, s.output, plane, gathered);
                with_scratch(s.depth() * columns, |unfolded| {
                    unfold_group(s, x, unfolded, columns);
                    add(
                        dw,
                        Matrix::dense(gathered, s.output, columns),
                        Matrix::dense(unfolded, s.depth(), columns),
                    );
                });
            });
        } else if s.is_pointwise() {
            add(
                dw,
                Matrix::dense(dy, s.output, plane),
                Matrix::dense(x, s.depth(), plane),
            );
        } else {
            for (first, rows) in blocks(s.out_height, s.plan(1).rows) {
                let columns = rows * s.out_width;
                with_scratch(s.depth() * columns, |unfolded| {
                    unfold(s, x, first, rows, unfolded, columns);
                    add(
                        dw,
                        Matrix::strided(&dy[first * s.out_width..], s.output, columns, plane),
                        Matrix::dense(unfolded, s.depth(), columns),
                    );
                });
            }
        }
    }
}

/// (first row, rows) of each block.
fn blocks(height: usize, rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..height)
        .step_by(rows)
        .map(move |first| (first, rows.min(height - first)))
}
