//! The transforms of [`super::winograd`], in whole vectors over the tiles of a block.
//!
//! ```text
//!      1  0 -1  0        1   0   0
//! Bᵀ = 0  1  1  0   G =  ½   ½   ½   Aᵀ = 1  1  1  0
//!      0 -1  1  0        ½  -½   ½        0  1 -1 -1
//!      0  1  0 -1        0   0   1
//! ```
//!
//! Rows and columns of a plane are first sorted by parity into four *phases*: pixel (i, j) of the tile in
//! place q then lies at q + (i / 2) pitch + j / 2 of phase (i mod 2, j mod 2), so that neighbouring tiles
//! are neighbours in memory. What stands in the spare place of a row of tiles is never read back.
//!
//! Vectors are written whole: what reaches beyond a segment is overwritten by the next one, and buffers
//! end with room for one vector more ([`padded`]).

use pulp::{Simd, WithSimd};

use super::lanes::dispatch;
use super::memory::with_scratch;
use super::sizes::Sizes;
use super::vectors::vectorised;

/// Positions of a transformed tile.
pub(crate) const POSITIONS: usize = 16;
/// Numbers of the longest vector.
const VECTOR: usize = 16;

/// Room for `len` numbers written in whole vectors from anywhere.
pub(crate) fn padded(len: usize) -> usize {
    len.next_multiple_of(VECTOR) + VECTOR
}

/// Rows of tiles of one sample, and where they stand in their block.
pub(crate) struct Segment {
    pub(crate) sample: usize,
    /// First row of tiles.
    pub(crate) first: usize,
    pub(crate) rows: usize,
    /// Place of the first tile.
    pub(crate) at: usize,
}

#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn load<S: Simd>(_: S, from: &[f32], at: usize) -> S::f32s {
    S::as_simd_f32s(&from[at..at + S::F32_LANES]).0[0]
}

#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn store<S: Simd>(_: S, to: &mut [f32], at: usize, value: S::f32s) {
    S::as_mut_simd_f32s(&mut to[at..at + S::F32_LANES]).0[0] = value;
}

/// `rows` rows of a plane from row `first - shift` on, columns from `-shift` on, sorted into four phases
/// of `len` numbers; zero outside the plane. Row i of the source goes to row i / 2 of its phase.
fn sort_phases(
    plane: &[f32],
    [height, width]: [usize; 2],
    [first, rows]: [usize; 2],
    shift: usize,
    pitch: usize,
    phases: &mut [f32],
    len: usize,
) {
    phases.fill(0.0);
    let (front, back) = phases.split_at_mut(2 * len);
    for i in 0..rows {
        let Some(row) = (first + i).checked_sub(shift).filter(|row| *row < height) else {
            continue;
        };
        let source = &plane[row * width..(row + 1) * width];
        let pair = if i % 2 == 0 { &mut *front } else { &mut *back };
        let (even, odd) = pair.split_at_mut(len);
        let at = i / 2 * pitch;
        // Columns 2 k and 2 k + 1 of the plane are columns 2 k + shift and 2 k + 1 + shift here.
        let (a, b) = if shift.is_multiple_of(2) {
            (&mut even[at + shift / 2..], &mut odd[at + shift / 2..])
        } else {
            (&mut odd[at + shift / 2..], &mut even[at + shift / 2 + 1..])
        };
        vectorised(
            #[inline(always)]
            || {
                let pairs = source.chunks_exact(2);
                if let Some(last) = pairs.remainder().first() {
                    a[width / 2] = *last;
                }
                for (pair, (a, b)) in pairs.zip(a.iter_mut().zip(b.iter_mut())) {
                    *a = pair[0];
                    *b = pair[1];
                }
            },
        );
    }
}

/// V = Bᵀ d B of one channel's tiles in `block`; positions of `out` lie `stride` apart.
pub(crate) fn input_tiles(
    s: &Sizes,
    x: &[f32],
    channel: usize,
    block: &[Segment],
    pitch: usize,
    out: &mut [f32],
    stride: usize,
) {
    let plane = s.height * s.width;
    for segment in block {
        let len = padded((segment.rows + 1) * pitch + 1);
        let at = (segment.sample * s.input + channel) * plane;
        with_scratch(4 * len, |phases| {
            sort_phases(
                &x[at..at + plane],
                [s.height, s.width],
                [2 * segment.first, 2 * segment.rows + 2],
                s.padding,
                pitch,
                phases,
                len,
            );
            dispatch(InputTiles {
                phases,
                len,
                pitch,
                places: segment.rows * pitch,
                out: &mut out[segment.at..],
                stride,
            });
        });
    }
}

struct InputTiles<'a> {
    phases: &'a [f32],
    len: usize,
    pitch: usize,
    places: usize,
    out: &'a mut [f32],
    stride: usize,
}

impl WithSimd for InputTiles<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for q in (0..self.places).step_by(S::F32_LANES) {
            let pixel = |i: usize, j: usize| {
                let phase = 2 * (i % 2) + j % 2;
                let at = phase * self.len + q + i / 2 * self.pitch + j / 2;
                load(simd, self.phases, at)
            };
            // Bᵀ d, then (Bᵀ d) B.
            let rows = [0, 1, 2, 3].map(
                #[inline(always)]
                |j| combine(simd, [0, 1, 2, 3].map(|i| pixel(i, j))),
            );
            #[expect(clippy::needless_range_loop, reason = "a row of four columns")]
            for i in 0..4 {
                let line = combine(simd, [rows[0][i], rows[1][i], rows[2][i], rows[3][i]]);
                for (j, value) in line.into_iter().enumerate() {
                    store(simd, self.out, (4 * i + j) * self.stride + q, value);
                }
            }
        }
    }
}

/// Bᵀ times a column.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn combine<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
    [
        simd.sub_f32s(d[0], d[2]),
        simd.add_f32s(d[1], d[2]),
        simd.sub_f32s(d[2], d[1]),
        simd.sub_f32s(d[1], d[3]),
    ]
}

/// A dy Aᵀ of one channel's tiles in `block`; positions of `out` lie `stride` apart. Zero in spare places.
pub(crate) fn gradient_tiles(
    s: &Sizes,
    dy: &[f32],
    channel: usize,
    block: &[Segment],
    pitch: usize,
    out: &mut [f32],
    stride: usize,
) {
    let plane = s.out_plane();
    for segment in block {
        let len = padded(segment.rows * pitch);
        let at = (segment.sample * s.output + channel) * plane;
        with_scratch(4 * len, |phases| {
            sort_phases(
                &dy[at..at + plane],
                [s.out_height, s.out_width],
                [2 * segment.first, 2 * segment.rows],
                0,
                pitch,
                phases,
                len,
            );
            dispatch(GradientTiles {
                phases,
                len,
                places: segment.rows * pitch,
                out: &mut out[segment.at..],
                stride,
            });
        });
    }
}

struct GradientTiles<'a> {
    phases: &'a [f32],
    len: usize,
    places: usize,
    out: &'a mut [f32],
    stride: usize,
}

impl WithSimd for GradientTiles<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for q in (0..self.places).step_by(S::F32_LANES) {
            let pixel = |phase: usize| load(simd, self.phases, phase * self.len + q);
            let left = spread_two(simd, pixel(0), pixel(2));
            let right = spread_two(simd, pixel(1), pixel(3));
            for i in 0..4 {
                for (j, value) in spread_two(simd, left[i], right[i]).into_iter().enumerate() {
                    store(simd, self.out, (4 * i + j) * self.stride + q, value);
                }
            }
        }
    }
}

/// A times a column of two.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn spread_two<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 4] {
    [
        a,
        simd.add_f32s(a, b),
        simd.sub_f32s(a, b),
        simd.neg_f32s(b),
    ]
}

/// Y = Aᵀ M A of one output channel's tiles in `block`, written into `y`; positions of `m` lie `stride`
/// apart.
pub(crate) fn output_tiles(
    s: &Sizes,
    m: &[f32],
    stride: usize,
    channel: usize,
    block: &[Segment],
    pitch: usize,
    y: &mut [f32],
) {
    let plane = s.out_plane();
    for segment in block {
        let len = padded(segment.rows * pitch);
        let at = (segment.sample * s.output + channel) * plane;
        let y = &mut y[at..at + plane];
        with_scratch(4 * len, |phases| {
            dispatch(OutputTiles {
                m: &m[segment.at..],
                stride,
                places: segment.rows * pitch,
                phases,
                len,
            });
            let rows = y.chunks_exact_mut(s.out_width).enumerate();
            for (i, row) in rows.skip(2 * segment.first).take(2 * segment.rows) {
                let i = i - 2 * segment.first;
                let at = i % 2 * 2 * len + i / 2 * pitch;
                let (even, odd) = (&phases[at..at + pitch], &phases[at + len..at + len + pitch]);
                vectorised(
                    #[inline(always)]
                    || {
                        let mut pairs = row.chunks_exact_mut(2);
                        for (pair, (a, b)) in (&mut pairs).zip(even.iter().zip(odd)) {
                            pair[0] = *a;
                            pair[1] = *b;
                        }
                        if let Some(last) = pairs.into_remainder().first_mut() {
                            *last = even[s.out_width / 2];
                        }
                    },
                );
            }
        });
    }
}

struct OutputTiles<'a> {
    m: &'a [f32],
    stride: usize,
    places: usize,
    phases: &'a mut [f32],
    len: usize,
}

impl WithSimd for OutputTiles<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for q in (0..self.places).step_by(S::F32_LANES) {
            let at = |i: usize, j: usize| load(simd, self.m, (4 * i + j) * self.stride + q);
            let columns = [0, 1, 2, 3].map(
                #[inline(always)]
                |j| fold_four(simd, [0, 1, 2, 3].map(|i| at(i, j))),
            );
            #[expect(clippy::needless_range_loop, reason = "a row of four columns")]
            for a in 0..2 {
                let line = fold_four(
                    simd,
                    [columns[0][a], columns[1][a], columns[2][a], columns[3][a]],
                );
                for (b, value) in line.into_iter().enumerate() {
                    store(simd, self.phases, (2 * a + b) * self.len + q, value);
                }
            }
        }
    }
}

/// Aᵀ times a column of four.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn fold_four<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 2] {
    [
        simd.add_f32s(simd.add_f32s(d[0], d[1]), d[2]),
        simd.sub_f32s(simd.sub_f32s(d[1], d[2]), d[3]),
    ]
}

/// U = G g Gᵀ of a row of kernels: taps (9, `row`) to (16, `row`).
pub(crate) fn kernel_tiles(taps: &[f32], row: usize, out: &mut [f32]) {
    dispatch(KernelTiles { taps, row, out });
}

struct KernelTiles<'a> {
    taps: &'a [f32],
    row: usize,
    out: &'a mut [f32],
}

impl WithSimd for KernelTiles<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for q in (0..self.row).step_by(S::F32_LANES) {
            let tap = |u: usize, v: usize| load(simd, self.taps, (3 * u + v) * self.row + q);
            let columns = [0, 1, 2].map(
                #[inline(always)]
                |v| spread_three(simd, [0, 1, 2].map(|u| tap(u, v))),
            );
            #[expect(clippy::needless_range_loop, reason = "a row of three columns")]
            for i in 0..4 {
                let line = spread_three(simd, [columns[0][i], columns[1][i], columns[2][i]]);
                for (j, value) in line.into_iter().enumerate() {
                    store(simd, self.out, (4 * i + j) * self.row + q, value);
                }
            }
        }
    }
}

/// G times a column of three.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn spread_three<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 4] {
    let half = simd.splat_f32s(0.5);
    let outer = simd.add_f32s(g[0], g[2]);
    [
        g[0],
        simd.mul_f32s(half, simd.add_f32s(outer, g[1])),
        simd.mul_f32s(half, simd.sub_f32s(outer, g[1])),
        g[2],
    ]
}

/// Gᵀ dU G of a row of kernels: positions `stride` apart to taps (9, `row`).
pub(crate) fn kernel_gradient(sums: &[f32], stride: usize, row: usize, taps: &mut [f32]) {
    dispatch(KernelGradient {
        sums,
        stride,
        row,
        taps,
    });
}

struct KernelGradient<'a> {
    sums: &'a [f32],
    stride: usize,
    row: usize,
    taps: &'a mut [f32],
}

impl WithSimd for KernelGradient<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // The last vector of the last row of kernels ends within the spare one.
        for q in (0..self.row - VECTOR).step_by(S::F32_LANES) {
            let at = |i: usize, j: usize| load(simd, self.sums, (4 * i + j) * self.stride + q);
            let columns = [0, 1, 2, 3].map(
                #[inline(always)]
                |j| fold_kernel(simd, [0, 1, 2, 3].map(|i| at(i, j))),
            );
            #[expect(clippy::needless_range_loop, reason = "a row of four columns")]
            for u in 0..3 {
                let line = fold_kernel(
                    simd,
                    [columns[0][u], columns[1][u], columns[2][u], columns[3][u]],
                );
                for (v, value) in line.into_iter().enumerate() {
                    store(simd, self.taps, (3 * u + v) * self.row + q, value);
                }
            }
        }
    }
}

/// Gᵀ times a column of four.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn fold_kernel<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 3] {
    let half = simd.splat_f32s(0.5);
    let sum = simd.mul_f32s(half, simd.add_f32s(d[1], d[2]));
    [
        simd.add_f32s(d[0], sum),
        simd.mul_f32s(half, simd.sub_f32s(d[1], d[2])),
        simd.add_f32s(sum, d[3]),
    ]
}
