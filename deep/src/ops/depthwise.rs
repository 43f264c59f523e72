//! Depthwise convolution by direct kernels: one K x K kernel per channel.
//!
//! A plane is copied into a padded buffer whose columns are sorted by their remainder modulo the
//! stride (*phases*), so that for every kernel tap the pixels under one output row lie side by side:
//!
//! ```text
//! stride 2:   a0 b0 a1 b1 a2 b2   ->   a0 a1 a2 | b0 b1 b2
//! ```
//!
//! Every inner loop is then a plain multiply-add over two contiguous rows.

use rayon::prelude::*;

use super::memory::{dot, with_scratch};
use super::sizes::Sizes;

/// The padded, phase-sorted form of a plane.
struct Padded {
    rows: usize,
    /// Columns of one phase.
    phase: usize,
    /// Columns of all phases.
    width: usize,
}

impl Padded {
    fn of(s: &Sizes) -> Self {
        let rows = (s.out_height - 1) * s.stride + s.kernel;
        let columns = (s.out_width - 1) * s.stride + s.kernel;
        let phase = columns.div_ceil(s.stride);
        Self {
            rows,
            phase,
            width: phase * s.stride,
        }
    }

    fn len(&self) -> usize {
        self.rows * self.width
    }

    /// Where the pixels under output row `i` and tap (u, v) begin.
    fn start(&self, s: &Sizes, i: usize, u: usize, v: usize) -> usize {
        (i * s.stride + u) * self.width + v % s.stride * self.phase + v / s.stride
    }

    /// Calls `visit` with the position in the plane and in the buffer of every pixel that a kernel sees,
    /// row by row: (plane range of a row, buffer row start).
    fn pixels(&self, s: &Sizes, mut visit: impl FnMut(usize, usize)) {
        for row in 0..s.height.min(self.rows.saturating_sub(s.padding)) {
            let to = (row + s.padding) * self.width;
            for column in 0..s.width {
                let padded = column + s.padding;
                let at = padded / s.stride;
                if at < self.phase {
                    visit(
                        row * s.width + column,
                        to + padded % s.stride * self.phase + at,
                    );
                }
            }
        }
    }

    fn fill(&self, s: &Sizes, plane: &[f32], buffer: &mut [f32]) {
        buffer.fill(0.0);
        if s.stride == 1 {
            let width = s.width.min(self.width.saturating_sub(s.padding));
            for row in 0..s.height.min(self.rows.saturating_sub(s.padding)) {
                let to = (row + s.padding) * self.width + s.padding;
                buffer[to..to + width]
                    .copy_from_slice(&plane[row * s.width..row * s.width + width]);
            }
        } else {
            self.pixels(s, |from, to| buffer[to] = plane[from]);
        }
    }
}

/// y from x and w.
pub(crate) fn forward(s: &Sizes, x: &[f32], w: &[f32]) -> Vec<f32> {
    let padded = Padded::of(s);
    let taps = s.kernel * s.kernel;
    let mut y = vec![0.0; s.batch * s.output_len()];
    y.par_chunks_mut(s.out_plane())
        .zip(x.par_chunks(s.height * s.width))
        .enumerate()
        .for_each(|(index, (y, x))| {
            let channel = index % s.input;
            let kernel = &w[channel * taps..(channel + 1) * taps];
            with_scratch(padded.len(), |buffer| {
                padded.fill(s, x, buffer);
                for (i, out) in y.chunks_exact_mut(s.out_width).enumerate() {
                    for u in 0..s.kernel {
                        for v in 0..s.kernel {
                            let weight = kernel[u * s.kernel + v];
                            let at = padded.start(s, i, u, v);
                            for (o, x) in out.iter_mut().zip(&buffer[at..at + s.out_width]) {
                                *o += weight * x;
                            }
                        }
                    }
                }
            });
        });
    y
}

/// Gradient of x from w and the gradient of y.
pub(crate) fn backward_input(s: &Sizes, w: &[f32], dy: &[f32]) -> Vec<f32> {
    let padded = Padded::of(s);
    let taps = s.kernel * s.kernel;
    let mut dx = vec![0.0; s.batch * s.input_len()];
    dx.par_chunks_mut(s.height * s.width)
        .zip(dy.par_chunks(s.out_plane()))
        .enumerate()
        .for_each(|(index, (dx, dy))| {
            let channel = index % s.input;
            let kernel = &w[channel * taps..(channel + 1) * taps];
            with_scratch(padded.len(), |buffer| {
                buffer.fill(0.0);
                for (i, gradient) in dy.chunks_exact(s.out_width).enumerate() {
                    for u in 0..s.kernel {
                        for v in 0..s.kernel {
                            let weight = kernel[u * s.kernel + v];
                            let at = padded.start(s, i, u, v);
                            let target = &mut buffer[at..at + s.out_width];
                            for (t, g) in target.iter_mut().zip(gradient) {
                                *t += weight * g;
                            }
                        }
                    }
                }
                padded.pixels(s, |to, from| dx[to] = buffer[from]);
            });
        });
    dx
}

/// Gradient of w from x and the gradient of y; samples are added in order.
pub(crate) fn backward_weight(s: &Sizes, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let padded = Padded::of(s);
    let mut dw = vec![0.0; s.input * s.kernel * s.kernel];
    let (plane, out_plane) = (s.height * s.width, s.out_plane());
    dw.par_chunks_mut(s.kernel * s.kernel)
        .enumerate()
        .for_each(|(channel, dw)| {
            with_scratch(padded.len(), |buffer| {
                for n in 0..s.batch {
                    let index = n * s.input + channel;
                    padded.fill(s, &x[index * plane..(index + 1) * plane], buffer);
                    let dy = &dy[index * out_plane..(index + 1) * out_plane];
                    for (i, gradient) in dy.chunks_exact(s.out_width).enumerate() {
                        for u in 0..s.kernel {
                            for v in 0..s.kernel {
                                let at = padded.start(s, i, u, v);
                                dw[u * s.kernel + v] +=
                                    dot(&buffer[at..at + s.out_width], gradient);
                            }
                        }
                    }
                }
            });
        });
    dw
}
