//! Sums over all pairs of voxels, weighted by their inverse distance, without visiting the pairs.
//!
//! The weight depends on the step between two voxels alone, so `Σ_ij w(i - j) a_i b_j` is a convolution.
//! With transforms over a box twice as wide, where steps to the left and to the right keep apart,
//! Parseval's theorem makes it `1/P Σ_k ŵ(k) Re(â(k) conj(b̂(k)))`: `P` voxels of that box, `ŵ` real
//! because `w` is even. Three sums need four transforms: `m` (1 inside), `u`, `u²` and `w`.
//!
//! The transforms along x are made first, two real rows in one complex transform. Each frequency along x
//! is then a problem of its own in y and z, whose transforms are never held for all of them. Frequencies
//! are worked through in blocks of at most [`BLOCK_BYTES`]; the sums do not depend on the number of
//! threads.

use std::sync::Arc;

use ndarray::Array3;
use rayon::prelude::*;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::geometry::Spacing;

/// Room for the rows' transforms of one block.
const BLOCK_BYTES: usize = 256 << 20;

/// Mask, values, squares, weights.
const SIGNALS: usize = 4;

type Number = Complex<f64>;

const ZERO: Number = Number { re: 0.0, im: 0.0 };

/// Sums over ordered pairs `i != j` of voxels of a region, `w_ij = 1 / d_ij` in mm^-1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct WeightedPairs {
    /// `Σ w_ij`.
    pub(super) weights: f64,
    /// `Σ w_ij u_i u_j`.
    pub(super) products: f64,
    /// `Σ w_ij u_i²`.
    pub(super) squares: f64,
}

impl WeightedPairs {
    /// Of values that are 0 outside the region, all arrays `[z, y, x]`.
    pub(super) fn new(u: &Array3<f64>, inside: &Array3<bool>, spacing: Spacing) -> Self {
        let transforms = Transforms::new(u.dim(), spacing);
        let [slices, rows, _] = transforms.shape;
        let [_, _, width] = transforms.padded;
        let frequencies = width / 2 + 1;
        let of_one = slices * rows * SIGNALS;
        let bytes = frequencies * of_one * size_of::<Number>();
        let block = frequencies.div_ceil(bytes.div_ceil(BLOCK_BYTES));
        let mut spectra = vec![ZERO; block * of_one];

        let mut total = Self::default();
        for first in (0..frequencies).step_by(block) {
            let block = first..(first + block).min(frequencies);
            let spectra = &mut spectra[..block.len() * of_one];
            transforms.along_x(u, inside, block.clone(), spectra);
            let parts = block.clone().into_par_iter();
            let parts: Vec<Self> = parts
                .map_init(
                    || Plane::new(&transforms),
                    |plane, k| {
                        let of_k = spectra.chunks_exact(SIGNALS).skip(k - block.start);
                        plane.sums(&transforms, of_k.step_by(block.len()))
                    },
                )
                .collect();
            for (k, part) in block.zip(parts) {
                // The spectrum of real numbers repeats itself for negative frequencies.
                let times = if k == 0 || 2 * k == width { 1.0 } else { 2.0 };
                total.add(part, times);
            }
        }
        let voxels = transforms.padded.iter().product::<usize>() as f64;
        Self {
            weights: total.weights / voxels,
            products: total.products / voxels,
            squares: total.squares / voxels,
        }
    }

    fn add(&mut self, part: Self, times: f64) {
        self.weights += times * part.weights;
        self.products += times * part.products;
        self.squares += times * part.squares;
    }
}

/// The box, its padded size and the transforms along its axes.
struct Transforms {
    shape: [usize; 3],
    padded: [usize; 3],
    spacing: [f64; 3],
    along: [Arc<dyn Fft<f64>>; 3],
}

/// The smallest number from `least` on that has no prime factor above 7: transforms of such a length are
/// fast.
fn fast_length(least: usize) -> usize {
    let smooth = |length: &usize| {
        let rest = [2, 3, 5, 7].into_iter().fold(*length, |mut rest, prime| {
            while rest % prime == 0 {
                rest /= prime;
            }
            rest
        });
        rest == 1
    };
    let mut lengths = least..=2 * least;
    lengths.find(smooth).expect("a power of two among them")
}

impl Transforms {
    fn new((slices, rows, columns): (usize, usize, usize), spacing: Spacing) -> Self {
        let shape = [slices, rows, columns];
        let padded = shape.map(|n| fast_length(2 * n - 1));
        let mut planner = FftPlanner::new();
        Self {
            shape,
            padded,
            spacing: spacing.zyx(),
            along: padded.map(|n| planner.plan_fft_forward(n)),
        }
    }

    /// Transforms of all rows at the frequencies of a block: `[row][frequency][signal]`.
    fn along_x(
        &self,
        u: &Array3<f64>,
        inside: &Array3<bool>,
        block: std::ops::Range<usize>,
        spectra: &mut [Number],
    ) {
        let [_, rows, columns] = self.shape;
        let width = self.padded[2];
        let fft = &self.along[2];
        let u = u.as_slice().expect("a region's values lie in order");
        let inside = inside.as_slice().expect("a region's mask lies in order");
        spectra
            .par_chunks_mut(block.len() * SIGNALS)
            .zip(u.par_chunks(columns).zip(inside.par_chunks(columns)))
            .enumerate()
            .for_each_init(
                || {
                    (
                        vec![ZERO; 2 * width],
                        vec![ZERO; fft.get_inplace_scratch_len()],
                    )
                },
                |(both, scratch), (row, (spectra, (u, inside)))| {
                    both.fill(ZERO);
                    let (first, second) = both.split_at_mut(width);
                    for (x, (u, inside)) in u.iter().zip(inside).enumerate() {
                        first[x].re = f64::from(u8::from(*inside));
                        second[x] = Number::new(*u, u * u);
                        let weight = self.weight([row / rows, row % rows, x]);
                        first[x].im = weight;
                        first[(width - x) % width].im = weight;
                    }
                    // Rows beside the region have weights only.
                    let used = if inside.contains(&true) { 2 } else { 1 };
                    fft.process_with_scratch(&mut both[..used * width], scratch);
                    let (first, second) = both.split_at(width);
                    for (k, spectra) in block.clone().zip(spectra.chunks_exact_mut(SIGNALS)) {
                        let back = (width - k) % width;
                        let (mask, weights) = two_in_one(first[k], first[back]);
                        let (values, squares) = two_in_one(second[k], second[back]);
                        spectra.copy_from_slice(&[mask, values, squares, weights]);
                    }
                },
            );
    }

    /// Inverse length of a step in mm^-1, 0 for none.
    fn weight(&self, step: [usize; 3]) -> f64 {
        let squared = step
            .iter()
            .zip(self.spacing)
            .map(|(step, s)| (*step as f64 * s).powi(2));
        let length = squared.sum::<f64>().sqrt();
        if length > 0.0 { 1.0 / length } else { 0.0 }
    }
}

/// Transforms of the real and the imaginary part from that of both together, at a frequency and its
/// negative.
fn two_in_one(at: Number, back: Number) -> (Number, Number) {
    let back = back.conj();
    let (sum, difference) = (at + back, at - back);
    (sum * 0.5, Number::new(difference.im, -difference.re) * 0.5)
}

/// Columns along z that are worked on together: neighbours in memory are read together.
const COLUMNS: usize = 8;

/// Room for one frequency along x.
struct Plane {
    /// Rows along y: `[signal][z][frequency along y]`.
    rows: Vec<Number>,
    /// Columns along z: `[signal][column][frequency along z]`.
    columns: Vec<Number>,
    scratch: Vec<Number>,
}

impl Plane {
    fn new(transforms: &Transforms) -> Self {
        let [depth, height, _] = transforms.padded;
        let [z, y, _] = &transforms.along;
        let scratch = y.get_inplace_scratch_len().max(z.get_inplace_scratch_len());
        Self {
            rows: vec![ZERO; SIGNALS * transforms.shape[0] * height],
            columns: vec![ZERO; SIGNALS * COLUMNS * depth],
            scratch: vec![ZERO; scratch],
        }
    }

    /// Sums over all frequencies along y and z. `spectra` are the rows' transforms at one frequency along
    /// x, row after row.
    fn sums<'a>(
        &mut self,
        transforms: &Transforms,
        spectra: impl Iterator<Item = &'a [Number]>,
    ) -> WeightedPairs {
        let [slices, rows, _] = transforms.shape;
        let [_, height, _] = transforms.padded;
        self.rows.fill(ZERO);
        for (line, signals) in spectra.enumerate() {
            let (z, y) = (line / rows, line % rows);
            for (signal, value) in signals.iter().enumerate() {
                let row = &mut self.rows[(signal * slices + z) * height..][..height];
                row[y] = *value;
                if signal == SIGNALS - 1 {
                    // Weights are even.
                    row[(height - y) % height] = *value;
                }
            }
        }
        transforms.along[1].process_with_scratch(&mut self.rows, &mut self.scratch);
        let mut sums = WeightedPairs::default();
        for first in (0..height).step_by(COLUMNS) {
            self.add_columns(transforms, first..(first + COLUMNS).min(height), &mut sums);
        }
        sums
    }

    /// Adds the sums over some frequencies along y.
    fn add_columns(
        &mut self,
        transforms: &Transforms,
        some: std::ops::Range<usize>,
        sums: &mut WeightedPairs,
    ) {
        let slices = transforms.shape[0];
        let [depth, height, _] = transforms.padded;
        let of_signal = some.len() * depth;
        let columns = &mut self.columns[..SIGNALS * of_signal];
        columns.fill(ZERO);
        for (signal, columns) in columns.chunks_exact_mut(of_signal).enumerate() {
            for z in 0..slices {
                let row = &self.rows[(signal * slices + z) * height..][some.clone()];
                for (column, value) in columns.chunks_exact_mut(depth).zip(row) {
                    column[z] = *value;
                    if signal == SIGNALS - 1 {
                        column[(depth - z) % depth] = *value;
                    }
                }
            }
        }
        transforms.along[0].process_with_scratch(columns, &mut self.scratch);
        let (mask, rest) = columns.split_at(of_signal);
        let (values, rest) = rest.split_at(of_signal);
        let (squares, weights) = rest.split_at(of_signal);
        for (((m, u), v), w) in mask.iter().zip(values).zip(squares).zip(weights) {
            sums.weights += w.re * m.norm_sqr();
            sums.products += w.re * u.norm_sqr();
            sums.squares += w.re * (v.re * m.re + v.im * m.im);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition.
    fn all_pairs(u: &Array3<f64>, inside: &Array3<bool>, spacing: [f64; 3]) -> WeightedPairs {
        let voxels = || inside.indexed_iter().filter(|(_, inside)| **inside);
        let mut sums = WeightedPairs::default();
        for (a, _) in voxels() {
            for (b, _) in voxels().filter(|(b, _)| a != *b) {
                let steps = [(a.0, b.0), (a.1, b.1), (a.2, b.2)];
                let steps = steps.iter().zip(spacing);
                let squared = steps.map(|((a, b), s)| (a.abs_diff(*b) as f64 * s).powi(2));
                let weight = 1.0 / squared.sum::<f64>().sqrt();
                let part = WeightedPairs {
                    weights: 1.0,
                    products: u[a] * u[b],
                    squares: u[a] * u[a],
                };
                sums.add(part, weight);
            }
        }
        sums
    }

    proptest! {
        // A failing case is printed; nothing is written.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn sums_are_those_over_all_pairs(
            slices in 1_usize..6, rows in 1_usize..7, columns in 1_usize..8, holes in 0_u8..8,
            cells in prop::collection::vec((-3.0..3.0_f64, 0_u8..10), 5 * 6 * 7),
        ) {
            let shape = (slices, rows, columns);
            let n = slices * rows * columns;
            let inside: Vec<bool> = cells[..n].iter().map(|(_, gap)| *gap >= holes).collect();
            let u = cells.iter().zip(&inside).map(|((u, _), inside)| if *inside { *u } else { 0.0 });
            let u = Array3::from_shape_vec(shape, u.collect()).unwrap();
            let inside = Array3::from_shape_vec(shape, inside).unwrap();
            let spacing = [3.0, 0.7, 1.9];
            let expected = all_pairs(&u, &inside, spacing);
            let found = WeightedPairs::new(&u, &inside, Spacing::new(spacing).unwrap());
            for (found, expected) in [
                (found.weights, expected.weights),
                (found.products, expected.products),
                (found.squares, expected.squares),
            ] {
                // Products may cancel; weights and squares bound the terms.
                let size = expected.abs().max(expected_size(expected, &u));
                prop_assert!((found - expected).abs() <= 1e-12 * size, "{} {}", found, expected);
            }
        }
    }

    fn expected_size(expected: f64, u: &Array3<f64>) -> f64 {
        expected.abs() + u.iter().map(|u| u * u).sum::<f64>() + 1.0
    }
}
