//! Depthwise convolution by direct kernels: one K x K kernel per channel.
//!
//! A plane is copied into a padded buffer whose columns are sorted by their remainder modulo the
//! stride (*phases*), so that for every kernel tap the pixels under one output row lie side by side:
//!
//! ```text
//! stride 2:   a0 b0 a1 b1 a2 b2   ->   a0 a1 a2 | b0 b1 b2
//! ```
//!
//! A vector of outputs then stays in a register while all taps are added to it. On the way back every
//! pixel of a phase is a convolution of dy with the taps of that phase.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{dispatch, load, store};
use super::memory::with_scratch;
use super::sizes::Sizes;

/// Numbers of the longest vector: buffers end with as many spare ones.
const VECTOR: usize = 16;

/// The padded, phase-sorted form of a plane.
#[derive(Clone, Copy)]
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
        self.rows * self.width + VECTOR
    }

    /// Where the pixels under output row `i` and tap (u, v) begin.
    fn start(&self, s: &Sizes, i: usize, u: usize, v: usize) -> usize {
        (i * s.stride + u) * self.width + v % s.stride * self.phase + v / s.stride
    }

    fn fill(&self, s: &Sizes, plane: &[f32], buffer: &mut [f32]) {
        buffer.fill(0.0);
        let rows = s.height.min(self.rows.saturating_sub(s.padding));
        for (row, source) in plane.chunks_exact(s.width).take(rows).enumerate() {
            let at = (row + s.padding) * self.width;
            let target = &mut buffer[at..at + self.width];
            if s.stride == 1 {
                let width = s.width.min(self.width.saturating_sub(s.padding));
                target[s.padding..s.padding + width].copy_from_slice(&source[..width]);
                continue;
            }
            for remainder in 0..s.stride {
                // Pixels whose padded column leaves this remainder.
                let first = (remainder + s.stride - s.padding % s.stride) % s.stride;
                let at = (first + s.padding) / s.stride;
                let phase = &mut target[remainder * self.phase..(remainder + 1) * self.phase];
                for (to, from) in phase
                    .iter_mut()
                    .skip(at)
                    .zip(source.iter().skip(first).step_by(s.stride))
                {
                    *to = *from;
                }
            }
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
                dispatch(Forward {
                    s,
                    padded,
                    buffer,
                    kernel,
                    y,
                });
            });
        });
    y
}

struct Forward<'a> {
    s: &'a Sizes,
    padded: Padded,
    buffer: &'a [f32],
    kernel: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.s.kernel {
            3 => self.rows::<S, 3>(simd),
            5 => self.rows::<S, 5>(simd),
            7 => self.rows::<S, 7>(simd),
            _ => self.rows::<S, 0>(simd),
        }
    }
}

impl Forward<'_> {
    /// K is the side of the kernel where the compiler shall know it, else 0.
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn rows<S: Simd, const K: usize>(self, simd: S) {
        let s = self.s;
        let kernel = if K == 0 { s.kernel } else { K };
        for (i, out) in self.y.chunks_exact_mut(s.out_width).enumerate() {
            for (q, out) in out.chunks_mut(S::F32_LANES).enumerate() {
                let q = q * S::F32_LANES;
                let mut sum = simd.splat_f32s(0.0);
                for u in 0..kernel {
                    for v in 0..kernel {
                        let weight = simd.splat_f32s(self.kernel[u * kernel + v]);
                        let at = self.padded.start(s, i, u, v) + q;
                        sum = simd.mul_add_e_f32s(weight, vector(simd, self.buffer, at), sum);
                    }
                }
                store(simd, out, sum);
            }
        }
    }
}

/// The vector that begins at `at`.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn vector<S: Simd>(simd: S, from: &[f32], at: usize) -> S::f32s {
    load(simd, &from[at..at + S::F32_LANES])
}

/// Gradient of x from w and the gradient of y.
pub(crate) fn backward_input(s: &Sizes, w: &[f32], dy: &[f32]) -> Vec<f32> {
    let taps = s.kernel * s.kernel;
    // dy with a margin of zeros as wide as a phase of the kernel.
    let margin = (s.kernel - 1) / s.stride;
    let places = |side: usize| (side - 1 + s.padding) / s.stride + 1;
    let (rows, columns) = (places(s.height), places(s.width));
    let width = margin + columns.max(s.out_width);
    let height = margin + rows.max(s.out_height);
    let mut dx = vec![0.0; s.batch * s.input_len()];
    dx.par_chunks_mut(s.height * s.width)
        .zip(dy.par_chunks(s.out_plane()))
        .enumerate()
        .for_each(|(index, (dx, dy))| {
            let channel = index % s.input;
            let kernel = &w[channel * taps..(channel + 1) * taps];
            with_scratch(height * width + VECTOR, |buffer| {
                buffer.fill(0.0);
                for (i, row) in dy.chunks_exact(s.out_width).enumerate() {
                    let at = (i + margin) * width + margin;
                    buffer[at..at + s.out_width].copy_from_slice(row);
                }
                with_scratch(s.stride * (columns + VECTOR), |phases| {
                    dispatch(BackwardInput {
                        s,
                        margin,
                        width,
                        columns,
                        buffer,
                        kernel,
                        phases,
                        dx,
                    });
                });
            });
        });
    dx
}

struct BackwardInput<'a> {
    s: &'a Sizes,
    margin: usize,
    /// Numbers of a row of `buffer`.
    width: usize,
    /// Places of a phase of a row of x.
    columns: usize,
    buffer: &'a [f32],
    kernel: &'a [f32],
    phases: &'a mut [f32],
    dx: &'a mut [f32],
}

impl WithSimd for BackwardInput<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.s.kernel, self.s.stride) {
            (3, 1) => self.rows::<S, 3, 1>(simd),
            (5, 1) => self.rows::<S, 5, 1>(simd),
            (7, 1) => self.rows::<S, 7, 1>(simd),
            (3, 2) => self.rows::<S, 3, 2>(simd),
            (5, 2) => self.rows::<S, 5, 2>(simd),
            _ => self.rows::<S, 0, 0>(simd),
        }
    }
}

impl BackwardInput<'_> {
    /// K and T are kernel and stride where the compiler shall know them, else 0.
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn rows<S: Simd, const K: usize, const T: usize>(self, simd: S) {
        let s = self.s;
        let kernel = if K == 0 { s.kernel } else { K };
        let stride = if T == 0 { s.stride } else { T };
        let line = self.columns + VECTOR;
        for (row, dx) in self.dx.chunks_exact_mut(s.width).enumerate() {
            let (i, a) = ((row + s.padding) / stride, (row + s.padding) % stride);
            for b in 0..stride {
                let phase = &mut self.phases[b * line..(b + 1) * line];
                for q in (0..self.columns).step_by(S::F32_LANES) {
                    let mut sum = simd.splat_f32s(0.0);
                    for u in (a..kernel).step_by(stride) {
                        let from = (i + self.margin - u / stride) * self.width + self.margin + q;
                        for v in (b..kernel).step_by(stride) {
                            let weight = simd.splat_f32s(self.kernel[u * kernel + v]);
                            let dy = vector(simd, self.buffer, from - v / stride);
                            sum = simd.mul_add_e_f32s(weight, dy, sum);
                        }
                    }
                    store(simd, &mut phase[q..q + S::F32_LANES], sum);
                }
            }
            if stride == 1 {
                dx.copy_from_slice(&self.phases[s.padding..s.padding + s.width]);
                continue;
            }
            for b in 0..stride {
                let first = (b + stride - s.padding % stride) % stride;
                let at = (first + s.padding) / stride;
                let phase = &self.phases[b * line..(b + 1) * line];
                for (to, from) in dx
                    .iter_mut()
                    .skip(first)
                    .step_by(stride)
                    .zip(phase.iter().skip(at))
                {
                    *to = *from;
                }
            }
        }
    }
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
                    dispatch(BackwardWeight {
                        s,
                        padded,
                        buffer,
                        dy: &dy[index * out_plane..(index + 1) * out_plane],
                        dw,
                    });
                }
            });
        });
    dw
}

struct BackwardWeight<'a> {
    s: &'a Sizes,
    padded: Padded,
    buffer: &'a [f32],
    dy: &'a [f32],
    dw: &'a mut [f32],
}

impl WithSimd for BackwardWeight<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.s.kernel {
            3 => self.taps::<S, 3>(simd),
            5 => self.taps::<S, 5>(simd),
            7 => self.taps::<S, 7>(simd),
            kernel => {
                let mut this = self;
                for v in 0..kernel {
                    this.row::<S, 1>(simd, kernel, v);
                }
            }
        }
    }
}

impl BackwardWeight<'_> {
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn taps<S: Simd, const K: usize>(mut self, simd: S) {
        self.row::<S, K>(simd, K, 0);
    }

    /// Adds the gradients of the taps (u, `first` + v) for all u and v < V: V sums stay in registers.
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn row<S: Simd, const V: usize>(&mut self, simd: S, kernel: usize, first: usize) {
        let s = self.s;
        for u in 0..kernel {
            let mut sums = [simd.splat_f32s(0.0); V];
            for (i, dy) in self.dy.chunks_exact(s.out_width).enumerate() {
                for (q, dy) in dy.chunks(S::F32_LANES).enumerate() {
                    let dy = load(simd, dy);
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let at = self.padded.start(s, i, u, first + v) + q * S::F32_LANES;
                        *sum = simd.mul_add_e_f32s(dy, vector(simd, self.buffer, at), *sum);
                    }
                }
            }
            for (v, sum) in sums.into_iter().enumerate() {
                self.dw[u * kernel + first + v] += simd.reduce_sum_f32s(sum);
            }
        }
    }
}
