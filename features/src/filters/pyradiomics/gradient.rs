//! `Gradient`: the magnitude of the gradient by central differences.
//!
//! `|∇f| = √(Σ ((f[i+1] - f[i-1]) / 2d)²)` over the axes, `d` the spacing in mm or one voxel. Beyond the border
//! the image goes on with its outermost voxels. Magnitudes are single-precision numbers, as ITK's filter
//! gives them to PyRadiomics.

use ndarray::{Array3, Axis};
use rayon::prelude::*;

use super::parameters::Parameters;
use super::recursive_gaussian::single;
use crate::error::Result;
use crate::filters::Filter;
use crate::geometry::Spacing;

/// In which unit the gradient is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GradientUnit {
    /// Per mm.
    #[default]
    Millimetre,
    /// Per voxel, whatever its size (`gradientUseSpacing: false`).
    Voxel,
}

/// The gradient magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gradient {
    /// Unit of the lengths.
    pub unit: GradientUnit,
}

impl Gradient {
    pub(super) const PARAMETERS: &'static [&'static str] = &["gradientUseSpacing"];

    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self> {
        let units = [GradientUnit::Millimetre, GradientUnit::Voxel];
        let unit = parameters.either("gradientUseSpacing", true, units)?;
        Ok(Self { unit })
    }
}

impl Filter for Gradient {
    fn names(&self) -> Vec<String> {
        vec!["gradient".into()]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let weights = match self.unit {
            GradientUnit::Millimetre => spacing.zyx().map(|d| 0.5 * (1.0 / d)),
            GradientUnit::Voxel => [0.5; 3],
        };
        each(0, magnitude(image, weights))
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        Some([1; 3])
    }
}

/// Magnitudes from differences across two voxels times `weights` along z, y, x.
fn magnitude(image: &Array3<f64>, weights: [f64; 3]) -> Array3<f64> {
    let mut response = Array3::zeros(image.raw_dim());
    let (depth, height, width) = image.dim();
    let planes: Vec<_> = response.outer_iter_mut().enumerate().collect();
    planes.into_par_iter().for_each(|(z, mut plane)| {
        let at = |z| image.index_axis(Axis(0), z);
        let (here, below, above) = (at(z), at(z.saturating_sub(1)), at((z + 1).min(depth - 1)));
        for y in 0..height {
            let (before, behind) = (y.saturating_sub(1), (y + 1).min(height - 1));
            for x in 0..width {
                let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                let pairs = [
                    (here[[y, right]], here[[y, left]], weights[2]),
                    (here[[behind, x]], here[[before, x]], weights[1]),
                    (above[[y, x]], below[[y, x]], weights[0]),
                ];
                // Each side is weighted before the difference, and x comes first, as in ITK: the same bits.
                let squares = pairs.map(|(next, last, weight)| {
                    let slope = next * weight - last * weight;
                    slope * slope
                });
                let sum = squares[0] + squares[1] + squares[2];
                plane[[y, x]] = f64::from(single(sum.sqrt()));
            }
        }
    });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_has_its_slope_inside_and_half_of_it_at_the_border() {
        let image = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| (z + 2 * y + 3 * x) as f64);
        let found = magnitude(&image, [0.5; 3]);
        assert!((found[[1, 1, 1]] - 14.0_f64.sqrt()).abs() < 1e-6);
        let corner = (0.25_f64 + 1.0 + 2.25).sqrt();
        assert!((found[[0, 0, 0]] - corner).abs() < 1e-6);
    }
}
