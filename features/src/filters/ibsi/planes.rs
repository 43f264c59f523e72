//! Convolution of all planes of one kind with complex kernels, and the pooled moduli of their responses.
//!
//! Convolutions are products of Fourier transforms. Planes are padded by the reach of the kernels, so that
//! what a finite transform wraps around does not touch the response.

use ndarray::{Array3, ArrayView2, Axis};
use rayon::prelude::*;
use rustfft::num_complex::Complex64;

use crate::filters::fft::{PlaneFft, fast_length};
use crate::filters::padding::Boundary;
use crate::filters::pooling::Pooling;

/// Kernels prepared for planes of one size.
pub(super) struct PlaneFilter {
    fft: PlaneFft,
    /// Transforms of the kernels, times the factor of the inverse transform.
    kernels: Vec<Vec<Complex64>>,
    /// The voxel at each position of a padded plane along its rows' and along its columns' axis.
    voxels: [Vec<Option<usize>>; 2],
    /// Rows and columns of a plane.
    shape: [usize; 2],
}

impl PlaneFilter {
    /// Prepares `count` kernels that reach `half_widths` voxels along the axes of rows and columns, for planes
    /// of `shape`. `kernel` gives a weight of the kernel with this number at a distance in voxels.
    pub(super) fn new(
        shape: [usize; 2],
        half_widths: [usize; 2],
        boundary: Boundary,
        count: usize,
        kernel: impl Fn(usize, [f64; 2]) -> Complex64,
    ) -> Self {
        let widths = half_widths.map(|half_width| 2 * half_width + 1);
        let padded = [0, 1].map(|axis| fast_length(shape[axis] + 2 * half_widths[axis]));
        let fft = PlaneFft::new(padded);
        let mut scratch = fft.scratch();
        let factor = 1.0 / (padded[0] * padded[1]) as f64;
        let kernels = (0..count).map(|number| {
            let mut plane = fft.zeros();
            for row in 0..widths[0] {
                for column in 0..widths[1] {
                    let distance = [(row, half_widths[0]), (column, half_widths[1])]
                        .map(|(at, half_width)| at as f64 - half_width as f64);
                    // The last weight stands at 0 and the others before it, around the end of the plane:
                    // the first responses are then those of the first voxels.
                    let [row, column] = [(row, 0), (column, 1)]
                        .map(|(at, axis)| (padded[axis] + 1 + at - widths[axis]) % padded[axis]);
                    plane[row * padded[1] + column] = factor * kernel(number, distance);
                }
            }
            let mut spectrum = fft.zeros();
            fft.forward(&mut plane, &mut spectrum, &mut scratch);
            spectrum
        });
        Self {
            kernels: kernels.collect(),
            voxels: [0, 1].map(|axis| {
                let half_width = half_widths[axis];
                boundary.indices(shape[axis], half_width, half_width)
            }),
            shape,
            fft,
        }
    }

    /// Adds the pooled moduli of the responses of every plane across an axis to `sum`.
    pub(super) fn add_pooled_moduli(
        &self,
        volume: &Array3<f64>,
        across: Axis,
        pooling: Pooling,
        sum: &mut Array3<f64>,
    ) {
        let planes = volume.axis_iter(across).zip(sum.axis_iter_mut(across));
        let planes: Vec<_> = planes.collect();
        planes.into_par_iter().for_each_init(
            || Work::new(self),
            |work, (plane, mut sum)| {
                self.pool_moduli(plane, pooling, work);
                for (sum, pooled) in sum.iter_mut().zip(&work.pooled) {
                    *sum += pooled;
                }
            },
        );
    }

    /// The pooled moduli of a plane, row after row, in `work.pooled`.
    fn pool_moduli(&self, plane: ArrayView2<'_, f64>, pooling: Pooling, work: &mut Work) {
        let [rows, columns] = self.shape;
        let padded_columns = self.fft.shape()[1];
        work.plane.fill(Complex64::default());
        for (to, row) in work.plane.chunks_mut(padded_columns).zip(&self.voxels[0]) {
            let Some(row) = row else { continue };
            for (to, column) in to.iter_mut().zip(&self.voxels[1]) {
                to.re = column.map_or(0.0, |column| plane[[*row, column]]);
            }
        }
        self.fft
            .forward(&mut work.plane, &mut work.spectrum, &mut work.scratch);

        for (number, kernel) in self.kernels.iter().enumerate() {
            let factors = work.spectrum.iter().zip(kernel);
            for (product, (value, weight)) in work.product.iter_mut().zip(factors) {
                *product = value * weight;
            }
            self.fft
                .inverse_rows(&mut work.product, &mut work.plane, rows, &mut work.scratch);
            let responses = work.plane.chunks(padded_columns);
            for (pooled, responses) in work.pooled.chunks_mut(columns).zip(responses) {
                for (pooled, response) in pooled.iter_mut().zip(responses) {
                    let modulus = response.norm_sqr().sqrt();
                    *pooled = match pooling {
                        _ if number == 0 => modulus,
                        Pooling::Max => pooled.max(modulus),
                        Pooling::Min => pooled.min(modulus),
                        Pooling::Average => *pooled + modulus,
                    };
                }
            }
        }
        if pooling == Pooling::Average {
            let count = self.kernels.len() as f64;
            work.pooled.iter_mut().for_each(|sum| *sum /= count);
        }
    }
}

/// What a thread works in.
struct Work {
    plane: Vec<Complex64>,
    spectrum: Vec<Complex64>,
    product: Vec<Complex64>,
    scratch: Vec<Complex64>,
    pooled: Vec<f64>,
}

impl Work {
    fn new(filter: &PlaneFilter) -> Self {
        Self {
            plane: filter.fft.zeros(),
            spectrum: filter.fft.zeros(),
            product: filter.fft.zeros(),
            scratch: filter.fft.scratch(),
            pooled: vec![0.0; filter.shape[0] * filter.shape[1]],
        }
    }
}
