//! Convolution of volumes with kernels along one axis.
//!
//! `out[i] = Σ_k w[k] · in[i + (o - k) s]` with taps `w`, origin `o` and step `s`: a true convolution, so an
//! impulse gives the kernel itself. Taps are added in their order for every voxel, so the bits do not depend
//! on the number of threads.

use ndarray::Array3;
use rayon::prelude::*;

use crate::filters::padding::Boundary;

/// A kernel along one axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kernel {
    /// Weights; at least one.
    taps: Vec<f64>,
    /// The tap that stands on the voxel itself.
    origin: usize,
    /// Voxels from one tap to the next; with more than 1 the kernel has holes (à trous).
    step: usize,
}

impl Kernel {
    /// A kernel whose middle tap stands on the voxel; of an even number, the one after the middle.
    pub(crate) fn centred(taps: Vec<f64>) -> Self {
        let origin = taps.len() / 2;
        Self {
            taps,
            origin,
            step: 1,
        }
    }

    /// The same taps further apart.
    pub(crate) fn with_step(self, step: usize) -> Self {
        Self { step, ..self }
    }

    /// The mirror image about the origin.
    pub(crate) fn flipped(&self) -> Self {
        Self {
            taps: self.taps.iter().rev().copied().collect(),
            origin: self.taps.len() - 1 - self.origin,
            step: self.step,
        }
    }

    /// The kernel with all weights negated.
    pub(crate) fn negated(&self) -> Self {
        Self {
            taps: self.taps.iter().map(|tap| -tap).collect(),
            ..self.clone()
        }
    }

    /// How many voxels away from a voxel its response depends on.
    pub(crate) fn reach(&self) -> usize {
        self.step * self.origin.max(self.taps.len() - 1 - self.origin)
    }

    /// Weights that are not zero and where their voxel lies relative to the response's.
    fn offsets(&self) -> impl Iterator<Item = (f64, isize)> {
        let origin = self.origin.cast_signed();
        let step = self.step.cast_signed();
        let taps = self.taps.iter().zip(0_isize..);
        taps.filter(|(tap, _)| **tap != 0.0)
            .map(move |(tap, k)| (*tap, (origin - k) * step))
    }
}

/// `sum += weight · line`.
fn add_weighted(sum: &mut [f64], weight: f64, line: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(line) {
        *sum += weight * value;
    }
}

/// Convolves a volume `[z, y, x]` along an axis (0 is z).
pub(crate) fn along(
    volume: &Array3<f64>,
    axis: usize,
    kernel: &Kernel,
    boundary: Boundary,
) -> Array3<f64> {
    let (slices, rows, columns) = volume.dim();
    let mut response = Array3::zeros(volume.dim());
    let volume = volume.as_standard_layout();
    let (Some(from), Some(to)) = (volume.as_slice(), response.as_slice_mut()) else {
        unreachable!("both are in standard layout");
    };
    if to.is_empty() {
        return response;
    }
    let offsets: Vec<(f64, isize)> = kernel.offsets().collect();
    let row = |z: usize, y: usize| &from[(z * rows + y) * columns..][..columns];
    let reach = kernel.reach();
    let around = boundary.indices(columns, reach, reach);

    let planes = to.par_chunks_mut(rows * columns).enumerate();
    planes.for_each(|(z, plane)| {
        let mut padded = Vec::with_capacity(around.len());
        for (y, response) in plane.chunks_mut(columns).enumerate() {
            match axis {
                0 => {
                    for (weight, offset) in &offsets {
                        let position = z.cast_signed() + offset;
                        if let Some(z) = boundary.index(position, slices) {
                            add_weighted(response, *weight, row(z, y));
                        }
                    }
                }
                1 => {
                    for (weight, offset) in &offsets {
                        let position = y.cast_signed() + offset;
                        if let Some(y) = boundary.index(position, rows) {
                            add_weighted(response, *weight, row(z, y));
                        }
                    }
                }
                _ => {
                    let line = row(z, y);
                    padded.clear();
                    padded.extend(around.iter().map(|at| at.map_or(0.0, |at| line[at])));
                    for (weight, offset) in &offsets {
                        let start = reach.saturating_add_signed(*offset);
                        add_weighted(response, *weight, &padded[start..]);
                    }
                }
            }
        }
    });
    response
}

#[cfg(test)]
mod tests {
    use raduet_testkit::phantoms::texture;

    use super::*;

    const BOUNDARIES: [Boundary; 4] = [
        Boundary::Zero,
        Boundary::Nearest,
        Boundary::Periodic,
        Boundary::Mirror,
    ];

    /// The definition, voxel after voxel.
    fn plain(
        volume: &Array3<f64>,
        axis: usize,
        kernel: &Kernel,
        boundary: Boundary,
    ) -> Array3<f64> {
        let length = volume.shape()[axis];
        Array3::from_shape_fn(volume.dim(), |(z, y, x)| {
            let mut at = [z, y, x];
            let here = at[axis];
            let mut sum = 0.0;
            for (k, weight) in kernel.taps.iter().enumerate() {
                let steps = kernel.origin.cast_signed() - k.cast_signed();
                let position = here.cast_signed() + steps * kernel.step.cast_signed();
                if let Some(inside) = boundary.index(position, length) {
                    at[axis] = inside;
                    sum += weight * volume[at];
                }
            }
            sum
        })
    }

    #[test]
    fn lines_agree_with_the_definition() {
        let values = texture(4 * 5, 6, 50, 1).into_iter().map(f64::from);
        let volume = Array3::from_shape_vec((4, 5, 6), values.collect()).expect("a volume");
        let even = Kernel::centred(vec![1.0, 2.0, -3.0, 0.5]);
        // The last one is longer than every axis.
        let kernels = [
            even.clone(),
            even.flipped(),
            even.with_step(2),
            Kernel::centred(vec![1.0, 0.0, -1.0]),
            Kernel::centred((0..19).map(f64::from).collect()),
        ];
        for kernel in &kernels {
            for boundary in BOUNDARIES {
                for axis in 0..3 {
                    assert_eq!(
                        along(&volume, axis, kernel, boundary),
                        plain(&volume, axis, kernel, boundary),
                        "{kernel:?} {boundary:?} along {axis}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_impulse_gives_the_kernel() {
        let mut volume = Array3::zeros((1, 1, 7));
        volume[[0, 0, 3]] = 1.0;
        let kernel = Kernel::centred(vec![1.0, 2.0, 3.0, 4.0]);
        let response = along(&volume, 2, &kernel, Boundary::Zero);
        assert_eq!(
            response.into_raw_vec_and_offset().0,
            [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0]
        );
        let response = along(&volume, 2, &kernel.flipped().with_step(2), Boundary::Zero);
        assert_eq!(
            response.into_raw_vec_and_offset().0,
            [0.0, 4.0, 0.0, 3.0, 0.0, 2.0, 0.0]
        );
    }
}
