//! Filters given by what they do to the frequencies of an image.

use ndarray::{Array3, Axis};
use rayon::prelude::*;
use rustfft::num_complex::Complex64;

use crate::filters::fft;
use crate::filters::ibsi::Dimensions;

/// Frequency coordinates of an axis in the order of a Fourier transform, in units of its Nyquist frequency.
///
/// `N` points from -1 to 1 at equal distances, both ends included, begin with the one at (or, when `N` is
/// even, just above) 0. The consensus maps of IBSI 2 were made on this grid: with frequencies `k / N` those
/// of the Simoncelli wavelet's higher levels are missed. A single point is 0.
pub(super) fn coordinates(length: usize) -> Vec<f64> {
    let centre = (length as f64 - 1.0) / 2.0;
    let coordinate = |at: usize| {
        let from_low_end = (at + length / 2) % length;
        if length == 1 {
            0.0
        } else {
            (from_low_end as f64 - centre) / centre
        }
    };
    (0..length).map(coordinate).collect()
}

/// The coordinates of a volume's frequencies; those of axes that a filter does not work along are 0.
pub(super) struct Frequencies([Vec<f64>; 3]);

impl Frequencies {
    /// Of a volume of this shape `[z, y, x]`.
    pub(super) fn new(shape: &[usize], dimensions: Dimensions) -> Self {
        let axes = dimensions.axes();
        Self(std::array::from_fn(|axis| {
            if axes.contains(&axis) {
                coordinates(shape[axis])
            } else {
                vec![0.0; shape[axis]]
            }
        }))
    }

    /// The coordinates of the frequency at `[z, y, x]`.
    pub(super) fn at(&self, [z, y, x]: [usize; 3]) -> [f64; 3] {
        [self.0[0][z], self.0[1][y], self.0[2][x]]
    }
}

/// Multiplies the transform of an image by `transfer`, a function of the position `[z, y, x]` in it, and
/// gives the real part of what results. The image goes on periodically.
pub(super) fn filter(
    image: &Array3<f64>,
    dimensions: Dimensions,
    transfer: impl Fn([usize; 3]) -> Complex64 + Sync,
) -> Array3<f64> {
    let mut spectrum = fft::complex(image);
    fft::forward(&mut spectrum, dimensions.axes());
    let planes: Vec<_> = spectrum.axis_iter_mut(Axis(0)).enumerate().collect();
    planes.into_par_iter().for_each(|(z, mut plane)| {
        for ((y, x), value) in plane.indexed_iter_mut() {
            *value *= transfer([z, y, x]);
        }
    });
    fft::inverse_real(spectrum, dimensions.axes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_begin_in_the_middle() {
        assert_eq!(coordinates(5), [0.0, 0.5, 1.0, -1.0, -0.5]);
        let third = 1.0 / 3.0;
        let expected = [third, 1.0, -1.0, -third];
        for (found, expected) in coordinates(4).iter().zip(expected) {
            assert!((found - expected).abs() < f64::EPSILON);
        }
        assert_eq!(coordinates(1), [0.0]);
    }
}
