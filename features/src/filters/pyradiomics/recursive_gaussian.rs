//! Gaussian smoothing and its second derivative along one axis, by recursion.
//!
//! The Gaussian is approximated by two damped cosines on each side, so that a line of any `σ` costs the same:
//! R. Deriche, *Recursively implementing the Gaussian and its derivatives*, INRIA report 1893, 1993. The
//! decays and frequencies are Deriche's, the amplitudes and the exact normalisation of the discrete responses
//! (a constant keeps its value, a parabola its curvature) those of G. Farnebäck and C.-F. Westin,
//! doi:10.1007/s11263-006-9004-3, as ITK has them.
//!
//! ```text
//! y⁺[i] = Σ n_k x[i-k] (k = 0..4) - Σ d_k y⁺[i-k] (k = 1..5)     forwards
//! y⁻[i] = Σ m_k x[i+k] (k = 1..5) - Σ d_k y⁻[i+k] (k = 1..5)     backwards
//! y     = y⁺ + y⁻
//! ```
//!
//! Beyond its ends a line goes on with its end values for ever. Sums are taken in ITK's order, so that results
//! agree to the last bit but for the mathematics library.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::vectorised::vectorised;

/// Shortest line that the recursion can start on.
pub(super) const SHORTEST: usize = 4;

/// Lines that are filtered side by side: as many single-precision numbers as a cache line holds.
const LANES: usize = 16;

/// One number of each line of a block.
type Lanes = [f64; LANES];

/// Frequency and decay of the two damped cosines, per voxel at `σ` = 1 voxel.
const FREQUENCY: [f64; 2] = [0.6681, 2.0787];
const DECAY: [f64; 2] = [-1.3932, -1.3732];

/// Amplitudes of a derivative: of the cosines and of the sines.
#[derive(Debug, Clone, Copy)]
struct Amplitudes {
    cosine: [f64; 2],
    sine: [f64; 2],
}

const SMOOTHING: Amplitudes = Amplitudes {
    cosine: [1.3530, -0.3531],
    sine: [1.8151, 0.0902],
};
const CURVATURE: Amplitudes = Amplitudes {
    cosine: [-1.3563, 0.3446],
    sine: [5.2318, -2.2355],
};

/// Coefficients of the recursion for one axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Recursion {
    n: [f64; 4],
    m: [f64; 4],
    d: [f64; 4],
    /// What stands for `d_k y⁺[i-k]` before the line, per unit of its first value.
    before: [f64; 4],
    /// What stands for `d_k y⁻[i+k]` behind the line, per unit of its last value.
    behind: [f64; 4],
}

/// A numerator with its sums `Σ n_k`, `Σ k n_k`, `Σ k² n_k`.
#[derive(Debug, Clone, Copy)]
struct Numerator {
    n: [f64; 4],
    sums: [f64; 3],
}

/// Cosines, sines and decays of one step at a width of `sigma` voxels.
#[derive(Debug, Clone, Copy)]
struct Oscillation {
    sine: [f64; 2],
    cosine: [f64; 2],
    decay: [f64; 2],
}

impl Oscillation {
    fn new(sigma: f64) -> Self {
        Self {
            sine: FREQUENCY.map(|w| (w / sigma).sin()),
            cosine: FREQUENCY.map(|w| (w / sigma).cos()),
            decay: DECAY.map(|l| (l / sigma).exp()),
        }
    }

    /// The numerator for some amplitudes: the z-transform of the causal half on a common denominator.
    fn numerator(self, amplitudes: Amplitudes) -> Numerator {
        let Self {
            sine: [s1, s2],
            cosine: [c1, c2],
            decay: [e1, e2],
        } = self;
        let ([a1, a2], [b1, b2]) = (amplitudes.cosine, amplitudes.sine);
        let n0 = a1 + a2;
        let n1 = e2 * (b2 * s2 - (a2 + 2.0 * a1) * c2) + e1 * (b1 * s1 - (a1 + 2.0 * a2) * c1);
        let crossed = (a1 + a2) * c2 * c1 - (b1 * c2 * s1 + b2 * c1 * s2);
        let n2 = crossed * (2.0 * e1 * e2) + (a2 * e1 * e1 + a1 * e2 * e2);
        let n3 = e2 * e1 * e1 * (b2 * s2 - a2 * c2) + e1 * e2 * e2 * (b1 * s1 - a1 * c1);
        let sums = [
            n0 + n1 + n2 + n3,
            n1 + 2.0 * n2 + 3.0 * n3,
            n1 + 4.0 * n2 + 9.0 * n3,
        ];
        Numerator {
            n: [n0, n1, n2, n3],
            sums,
        }
    }

    /// The denominator `1 + Σ d_k z^-k`, and its sums `1 + Σ d_k`, `Σ k d_k`, `Σ k² d_k`.
    fn denominator(self) -> ([f64; 4], [f64; 3]) {
        let Self {
            cosine: [c1, c2],
            decay: [e1, e2],
            ..
        } = self;
        let d4 = e1 * e1 * e2 * e2;
        let d3 = -2.0 * c1 * e1 * e2 * e2 + -2.0 * c2 * e2 * e1 * e1;
        let d2 = 4.0 * c2 * c1 * e1 * e2 + (e1 * e1 + e2 * e2);
        let d1 = -2.0 * (e2 * c2 + e1 * c1);
        let sums = [
            1.0 + d1 + d2 + d3 + d4,
            d1 + 2.0 * d2 + 3.0 * d3 + 4.0 * d4,
            d1 + 4.0 * d2 + 9.0 * d3 + 16.0 * d4,
        ];
        ([d1, d2, d3, d4], sums)
    }
}

impl Recursion {
    /// Smoothing with a Gaussian of `sigma` mm on voxels `spacing` mm apart; keeps a constant.
    pub(super) fn smoothing(sigma: f64, spacing: f64) -> Self {
        let oscillation = Oscillation::new(sigma / spacing);
        let (d, [sd, ..]) = oscillation.denominator();
        let Numerator { n, sums: [sn, ..] } = oscillation.numerator(SMOOTHING);
        let gain = 2.0 * sn / sd - n[0];
        Self::new(n.map(|n| n * (1.0 / gain)), d)
    }

    /// Second derivative of that Gaussian per voxel², times `sigma²`: responses at different `sigma` are then of
    /// one size. Zero on a straight line.
    pub(super) fn curvature(sigma: f64, spacing: f64) -> Self {
        let oscillation = Oscillation::new(sigma / spacing);
        let (d, [sd, dd, ed]) = oscillation.denominator();
        let smoothing = oscillation.numerator(SMOOTHING);
        let curvature = oscillation.numerator(CURVATURE);
        // As much of the Gaussian is added as brings the response to a constant to zero.
        let beta = -(2.0 * curvature.sums[0] - sd * curvature.n[0])
            / (2.0 * smoothing.sums[0] - sd * smoothing.n[0]);
        let add = |a: f64, b: f64| a + beta * b;
        let n: [f64; 4] = std::array::from_fn(|k| add(curvature.n[k], smoothing.n[k]));
        let [sn, dn, en] = std::array::from_fn(|k| add(curvature.sums[k], smoothing.sums[k]));
        let gain = (en * sd * sd - ed * sn * sd - 2.0 * dn * dd * sd + 2.0 * dd * dd * sn)
            / (sd * sd * sd);
        Self::new(n.map(|n| n * (sigma * sigma / gain)), d)
    }

    /// Adds the coefficients of the way back, for a symmetric kernel, and those of the ends.
    fn new(n: [f64; 4], d: [f64; 4]) -> Self {
        let m = [
            n[1] - d[0] * n[0],
            n[2] - d[1] * n[0],
            n[3] - d[2] * n[0],
            -d[3] * n[0],
        ];
        let sn = n[0] + n[1] + n[2] + n[3];
        let sm = m[0] + m[1] + m[2] + m[3];
        let sd = 1.0 + d[0] + d[1] + d[2] + d[3];
        Self {
            n,
            m,
            d,
            before: d.map(|d| d * sn / sd),
            behind: d.map(|d| d * sm / sd),
        }
    }
}

/// A recursion along the rows or the columns of planes.
#[derive(Debug, Clone)]
pub(super) struct Pass {
    pub(super) recursion: Recursion,
    pub(super) along: Along,
    /// The places of each line that are wanted.
    pub(super) wanted: Range<usize>,
}

/// Which lines of a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    Rows,
    Columns,
}

/// Where the lines of planes are filtered, one plane after another.
#[derive(Debug, Default)]
pub(super) struct Lines {
    block: Block,
    between: Vec<f32>,
}

impl Pass {
    /// Filters the lines of a plane, each at least [`SHORTEST`] long, by this pass, and what comes out by
    /// another one, into a plane of the places wanted.
    ///
    /// Sums are in double precision, results are kept in single precision, like the images between ITK's
    /// filters.
    pub(super) fn then<S: Copy + Into<f64>>(
        &self,
        next: &Self,
        source: &ArrayView2<'_, S>,
        mut target: ArrayViewMut2<'_, f32>,
        lines: &mut Lines,
    ) {
        let Lines { block, between } = lines;
        let columns = self.filter(source, between, block);
        let source: Vec<_> = between.chunks_exact(columns).collect();
        next.filter_lines(&source, &mut slices_mut(&mut target), block);
    }

    /// Adds `factor` times the filtered lines of a plane to a plane of the places wanted.
    pub(super) fn add<S: Copy + Into<f64>>(
        &self,
        factor: f64,
        source: &ArrayView2<'_, S>,
        mut sum: ArrayViewMut2<'_, f32>,
        lines: &mut Lines,
    ) {
        let Lines { block, between } = lines;
        let columns = self.filter(source, between, block);
        for (sum, parts) in slices_mut(&mut sum)
            .into_iter()
            .zip(between.chunks_exact(columns))
        {
            for (sum, part) in sum.iter_mut().zip(parts) {
                *sum = single(f64::from(*sum) + f64::from(*part) * factor);
            }
        }
    }

    /// Filters the lines of a plane into a plane, row-major, whose row length is returned.
    fn filter<S: Copy + Into<f64>>(
        &self,
        source: &ArrayView2<'_, S>,
        target: &mut Vec<f32>,
        block: &mut Block,
    ) -> usize {
        let (mut rows, mut columns) = source.dim();
        match self.along {
            Along::Rows => columns = self.wanted.len(),
            Along::Columns => rows = self.wanted.len(),
        }
        target.resize(rows * columns, 0.0);
        let mut target: Vec<_> = target.chunks_exact_mut(columns).collect();
        self.filter_lines(&slices(source), &mut target, block);
        columns
    }

    fn filter_lines<S: Copy + Into<f64>>(
        &self,
        source: &[&[S]],
        target: &mut [&mut [f32]],
        block: &mut Block,
    ) {
        vectorised(
            #[inline(always)]
            || match self.along {
                Along::Rows => block.filter_rows(self, source, target),
                Along::Columns => block.filter_columns(self, source, target),
            },
        );
    }
}

fn slices<'a, S>(plane: &'a ArrayView2<'_, S>) -> Vec<&'a [S]> {
    let rows = plane.rows().into_iter();
    rows.map(|row| row.to_slice().expect("rows in standard layout"))
        .collect()
}

fn slices_mut<'a>(plane: &'a mut ArrayViewMut2<'_, f32>) -> Vec<&'a mut [f32]> {
    let rows = plane.rows_mut().into_iter();
    rows.map(|row| row.into_slice().expect("rows in standard layout"))
        .collect()
}

/// A block of lines side by side, and what the recursion makes of them.
#[derive(Debug, Default)]
struct Block {
    lines: Vec<Lanes>,
    /// Sums of the way there, then of both ways.
    filtered: Vec<Lanes>,
}

impl Block {
    fn resize(&mut self, length: usize) {
        self.lines.resize(length, [0.0; LANES]);
        self.filtered.resize(length, [0.0; LANES]);
    }

    /// Filters lines that are the rows of a plane.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn filter_rows<S: Copy + Into<f64>>(
        &mut self,
        pass: &Pass,
        source: &[&[S]],
        target: &mut [&mut [f32]],
    ) {
        self.resize(source.first().map_or(0, |row| row.len()));
        let blocks = source.chunks(LANES).zip(target.chunks_mut(LANES));
        for (source, target) in blocks {
            for (lane, row) in source.iter().enumerate() {
                for (numbers, value) in self.lines.iter_mut().zip(*row) {
                    numbers[lane] = (*value).into();
                }
            }
            self.there_and_back(&pass.recursion, &pass.wanted);
            for (lane, row) in target.iter_mut().enumerate() {
                let filtered = &self.filtered[pass.wanted.clone()];
                for (value, numbers) in row.iter_mut().zip(filtered) {
                    *value = single(numbers[lane]);
                }
            }
        }
    }

    /// Filters lines that are the columns of a plane.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn filter_columns<S: Copy + Into<f64>>(
        &mut self,
        pass: &Pass,
        source: &[&[S]],
        target: &mut [&mut [f32]],
    ) {
        self.resize(source.len());
        let columns = source.first().map_or(0, |row| row.len());
        for first in (0..columns).step_by(LANES) {
            let part = first..columns.min(first + LANES);
            for (numbers, row) in self.lines.iter_mut().zip(source) {
                let row = &row[part.clone()];
                if let Some(row) = row.first_chunk::<LANES>() {
                    *numbers = row.map(Into::into);
                } else {
                    for (number, value) in numbers.iter_mut().zip(row) {
                        *number = (*value).into();
                    }
                }
            }
            self.there_and_back(&pass.recursion, &pass.wanted);
            let filtered = &self.filtered[pass.wanted.clone()];
            for (numbers, row) in filtered.iter().zip(&mut *target) {
                let row = &mut row[part.clone()];
                if let Some(row) = row.first_chunk_mut::<LANES>() {
                    *row = numbers.map(single);
                } else {
                    for (value, number) in row.iter_mut().zip(numbers) {
                        *value = single(*number);
                    }
                }
            }
        }
    }

    /// `filtered` from `lines` at the places wanted: forwards to the last of them, then backwards to the first.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn there_and_back(&mut self, recursion: &Recursion, wanted: &Range<usize>) {
        let (x, y) = (&self.lines[..], &mut self.filtered[..]);
        let last = x.len() - 1;
        let Recursion { n, m, d, .. } = recursion;

        for i in 0..SHORTEST {
            for lane in 0..LANES {
                let first = x[0][lane];
                let inputs = dot(n, |k| x[i.saturating_sub(k)][lane]);
                let taken = |k: usize| {
                    if i > k {
                        (y[i - 1 - k][lane], d[k])
                    } else {
                        (first, recursion.before[k])
                    }
                };
                let outputs = weighted(taken);
                y[i][lane] = inputs - outputs;
            }
        }
        // The latest result stays in registers: the next one waits for it.
        let mut latest = y[SHORTEST - 1];
        for i in SHORTEST..wanted.end {
            latest = step(
                [&x[i], &x[i - 1], &x[i - 2], &x[i - 3]],
                n,
                [&latest, &y[i - 2], &y[i - 3], &y[i - 4]],
                d,
            );
            y[i] = latest;
        }

        // The way back needs its own last four results only: that of place `i` lies at `i` modulo 4.
        let mut back = [[0.0; LANES]; SHORTEST];
        for i in (x.len() - SHORTEST..x.len()).rev() {
            for lane in 0..LANES {
                let end = x[last][lane];
                let inputs = dot(m, |k| x[(i + 1 + k).min(last)][lane]);
                let taken = |k: usize| {
                    if i + k < last {
                        (back[(i + 1 + k) % SHORTEST][lane], d[k])
                    } else {
                        (end, recursion.behind[k])
                    }
                };
                let now = inputs - weighted(taken);
                back[i % SHORTEST][lane] = now;
                y[i][lane] += now;
            }
        }
        let mut latest = back[x.len() % SHORTEST];
        for i in (wanted.start..x.len() - SHORTEST).rev() {
            let [second, third, fourth] = [2, 3, 4].map(|k| &back[(i + k) % SHORTEST]);
            latest = step(
                [&x[i + 1], &x[i + 2], &x[i + 3], &x[i + 4]],
                m,
                [&latest, second, third, fourth],
                d,
            );
            back[i % SHORTEST] = latest;
            if i < wanted.end {
                for lane in 0..LANES {
                    y[i][lane] += latest[lane];
                }
            }
        }
    }
}

/// One step of the recursion for all lines of a block.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn step(x: [&Lanes; 4], n: &[f64; 4], y: [&Lanes; 4], d: &[f64; 4]) -> Lanes {
    let mut now = [0.0; LANES];
    for lane in 0..LANES {
        let inputs = x[0][lane] * n[0] + x[1][lane] * n[1] + x[2][lane] * n[2] + x[3][lane] * n[3];
        let outputs = y[0][lane] * d[0] + y[1][lane] * d[1] + y[2][lane] * d[2] + y[3][lane] * d[3];
        now[lane] = inputs - outputs;
    }
    now
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn dot(weights: &[f64; 4], value: impl Fn(usize) -> f64) -> f64 {
    value(0) * weights[0] + value(1) * weights[1] + value(2) * weights[2] + value(3) * weights[3]
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn weighted(term: impl Fn(usize) -> (f64, f64)) -> f64 {
    let product = |k| {
        let (value, weight) = term(k);
        value * weight
    };
    product(0) + product(1) + product(2) + product(3)
}

/// The nearest number of single precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is meant"
)]
pub(super) fn single(value: f64) -> f32 {
    value as f32
}
