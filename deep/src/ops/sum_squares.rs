//! The sum of the squares of a tensor's numbers, in f64: chunks of a fixed size side by side, their sums one
//! after the other, so that the number of threads does not change it.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::memory::read;
use super::update::CHUNK;

/// Σ x².
pub(crate) fn sum_squares(tensor: &Tensor) -> Result<f64> {
    read(tensor, |numbers| {
        let of_chunk = |chunk: &[f32]| chunk.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        let sums: Vec<f64> = numbers.par_chunks(CHUNK).map(of_chunk).collect();
        Ok(sums.iter().sum())
    })
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn sum_squares_closed_form() {
        let small = Tensor::new(&[3.0_f32, -4.0], &Device::Cpu).unwrap();
        assert!((sum_squares(&small).unwrap() - 25.0).abs() < 1e-12);
        // Longer than a chunk, with squares far beyond f32.
        let large = Tensor::full(1e20_f32, 100_000, &Device::Cpu).unwrap();
        let expected = 1e5 * f64::from(1e20_f32).powi(2);
        assert!((sum_squares(&large).unwrap() / expected - 1.0).abs() < 1e-12);
    }
}
