//! Fourier transforms of volumes and slices.
//!
//! Every line is transformed by itself, so the bits do not depend on the number of threads.

use std::sync::Arc;

use ndarray::{Array3, Axis};
use rayon::prelude::*;
use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftDirection, FftPlanner};

/// A complex volume whose parts are the values and zeros.
pub(crate) fn complex(volume: &Array3<f64>) -> Array3<Complex64> {
    volume.mapv(|value| Complex64::new(value, 0.0))
}

/// Transforms a volume `[z, y, x]` in place along some of its axes (0 is z), without a factor.
pub(crate) fn forward(volume: &mut Array3<Complex64>, axes: &[usize]) {
    for axis in axes {
        along(volume, *axis, FftDirection::Forward);
    }
}

/// The inverse of [`forward`], with the factor of `1 / N`; the real parts.
pub(crate) fn inverse_real(mut volume: Array3<Complex64>, axes: &[usize]) -> Array3<f64> {
    let mut count = 1;
    for axis in axes {
        along(&mut volume, *axis, FftDirection::Inverse);
        count *= volume.shape()[*axis];
    }
    let count = count as f64;
    volume.mapv(|value| value.re / count)
}

fn along(volume: &mut Array3<Complex64>, axis: usize, direction: FftDirection) {
    let length = volume.shape()[axis];
    if volume.is_empty() {
        return;
    }
    let fft = FftPlanner::new().plan_fft(length, direction);
    let scratch = fft.get_inplace_scratch_len();
    // Planes that hold whole lines: across y for lines along z, else across z.
    let across = if axis == 0 { Axis(1) } else { Axis(0) };
    let planes: Vec<_> = volume.axis_iter_mut(across).collect();
    let zero = Complex64::default();
    planes.into_par_iter().for_each_init(
        || (Vec::new(), vec![zero; scratch]),
        |(lines, scratch), plane| {
            let mut plane = if axis == 2 {
                plane
            } else {
                plane.reversed_axes()
            };
            lines.clear();
            lines.extend(plane.iter().copied());
            fft.process_with_scratch(lines, scratch);
            for (to, from) in plane.iter_mut().zip(&*lines) {
                *to = *from;
            }
        },
    );
}

/// Transforms of planes of one size, for many planes in a row.
pub(crate) struct PlaneFft {
    /// Rows and columns of a plane.
    shape: [usize; 2],
    /// Along a column and along a row.
    forward: [Arc<dyn Fft<f64>>; 2],
    inverse: [Arc<dyn Fft<f64>>; 2],
}

impl PlaneFft {
    /// Planes of so many rows and columns; none is zero.
    pub(crate) fn new(shape: [usize; 2]) -> Self {
        let mut planner = FftPlanner::new();
        Self {
            shape,
            forward: shape.map(|length| planner.plan_fft_forward(length)),
            inverse: shape.map(|length| planner.plan_fft_inverse(length)),
        }
    }

    /// Rows and columns of a plane.
    pub(crate) fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// A plane or spectrum of zeros.
    pub(crate) fn zeros(&self) -> Vec<Complex64> {
        vec![Complex64::default(); self.shape[0] * self.shape[1]]
    }

    /// Room that the transforms work in.
    pub(crate) fn scratch(&self) -> Vec<Complex64> {
        let plans = self.forward.iter().chain(&self.inverse);
        let length = plans.map(|plan| plan.get_inplace_scratch_len()).max();
        vec![Complex64::default(); length.unwrap_or(0)]
    }

    /// The transform of a plane, without a factor, column after column. `plane`, row after row, is
    /// overwritten.
    pub(crate) fn forward(
        &self,
        plane: &mut [Complex64],
        spectrum: &mut [Complex64],
        scratch: &mut [Complex64],
    ) {
        let [rows, columns] = self.shape;
        self.forward[1].process_with_scratch(plane, scratch);
        transpose(plane, spectrum, rows, columns);
        self.forward[0].process_with_scratch(spectrum, scratch);
    }

    /// The inverse of [`PlaneFft::forward`], without a factor; only the first `wanted` rows of `plane` are
    /// made. `spectrum` is overwritten.
    pub(crate) fn inverse_rows(
        &self,
        spectrum: &mut [Complex64],
        plane: &mut [Complex64],
        wanted: usize,
        scratch: &mut [Complex64],
    ) {
        let [rows, columns] = self.shape;
        self.inverse[0].process_with_scratch(spectrum, scratch);
        transpose(spectrum, plane, columns, rows);
        self.inverse[1].process_with_scratch(&mut plane[..wanted * columns], scratch);
    }
}

/// Side of the squares in which planes are turned, so that both sides stay in the cache.
const TILE: usize = 16;

fn transpose(from: &[Complex64], to: &mut [Complex64], rows: usize, columns: usize) {
    for top in (0..rows).step_by(TILE) {
        for left in (0..columns).step_by(TILE) {
            for row in top..(top + TILE).min(rows) {
                for column in left..(left + TILE).min(columns) {
                    to[column * rows + row] = from[row * columns + column];
                }
            }
        }
    }
}

/// The next length that has no prime factors but 2, 3 and 5: transforms of such lengths are fast.
pub(crate) fn fast_length(at_least: usize) -> usize {
    let smooth = |length: usize| {
        let mut rest = length;
        for prime in [2, 3, 5] {
            while rest.is_multiple_of(prime) {
                rest /= prime;
            }
        }
        rest == 1
    };
    let mut length = at_least.max(1);
    while !smooth(length) {
        length += 1;
    }
    length
}
