//! `LoG`: the Laplacian of a Gaussian, by recursion along the axes.
//!
//! `σ² (∂²/∂x² + ∂²/∂y² + ∂²/∂z²) (G_σ * f)` with `σ` in mm, one response for each `σ`, always in three
//! dimensions. Each summand is made by three recursions ([`super::recursive_gaussian`]): first the second
//! derivative along its axis, then the smoothing along the others in the order x, y, z.
//!
//! ITK keeps the images between the recursions and the sum in single precision whatever the pixel type, and
//! PyRadiomics measures features on them. So does this filter: its responses are single-precision numbers,
//! and in double precision throughout none of them would agree to more than seven digits.

use ndarray::{Array3, Axis, Zip};
use rayon::prelude::*;

use super::parameters::{Number, Parameters};
use super::recursive_gaussian::{Recursion, SHORTEST, single};
use crate::error::{FeatureError, Result};
use crate::filters::Filter;
use crate::geometry::Spacing;

/// Responses to the Laplacian of Gaussians of some widths.
///
/// The image must have at least 4 voxels along each axis, and `ceil(σ / spacing) + 1` for each `σ`. Where one
/// `σ` is too wide, [`Filter::respond`] hands out the responses of all others first and then gives an error
/// that names the first one left out.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplacianOfGaussian {
    sigmas: Vec<Number>,
}

impl LaplacianOfGaussian {
    pub(super) const PARAMETERS: &'static [&'static str] = &["sigma"];

    /// A filter with widths in mm. Their names are as Python writes the numbers: `1` is
    /// `log-sigma-1-mm-3D`, `1.0` is `log-sigma-1-0-mm-3D`.
    ///
    /// # Errors
    /// [`FeatureError::Settings`] when there is no width, one is not above zero, or two are the same.
    pub fn new(sigmas: &[Number]) -> Result<Self> {
        let mut faults = Vec::new();
        if sigmas.is_empty() {
            faults.push("LoG: sigma must list at least one width in mm".into());
        }
        for (at, sigma) in sigmas.iter().enumerate() {
            let width = sigma.value();
            if !(width.is_finite() && width > 0.0) {
                faults.push(format!("LoG: sigma {sigma}: must be above zero"));
            }
            if sigmas[..at]
                .iter()
                .any(|one| one.to_string() == sigma.to_string())
            {
                faults.push(format!("LoG: sigma {sigma} is listed twice"));
            }
        }
        if faults.is_empty() {
            Ok(Self {
                sigmas: sigmas.to_vec(),
            })
        } else {
            Err(FeatureError::Settings { faults })
        }
    }

    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self> {
        Self::new(&parameters.numbers("sigma")?)
    }

    /// Why the response for a width cannot be made.
    fn fault(sigma: Number, shape: &[usize], spacing: Spacing) -> Option<FeatureError> {
        let axes = ["z", "y", "x"].into_iter().zip(shape).zip(spacing.zyx());
        for ((axis, size), spacing) in axes {
            let least = ((sigma.value() / spacing).ceil() + 1.0).max(SHORTEST as f64);
            if (*size as f64) < least {
                return Some(FeatureError::Filter {
                    filter: name(sigma),
                    found: format!("the image has {size} voxels along {axis}"),
                    expected: format!("at least {least}"),
                });
            }
        }
        None
    }
}

fn name(sigma: Number) -> String {
    format!("log-sigma-{}-mm-3D", sigma.to_string().replace('.', "-"))
}

impl Filter for LaplacianOfGaussian {
    fn names(&self) -> Vec<String> {
        self.sigmas.iter().copied().map(name).collect()
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let mut left_out = None;
        for (at, sigma) in self.sigmas.iter().enumerate() {
            match Self::fault(*sigma, image.shape(), spacing) {
                None => each(at, laplacian(image, spacing, sigma.value()))?,
                Some(fault) => left_out = left_out.or(Some(fault)),
            }
        }
        left_out.map_or(Ok(()), Err)
    }

    /// The recursion carries every voxel on to the ends of its lines.
    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        None
    }
}

fn laplacian(image: &Array3<f64>, spacing: Spacing, sigma: f64) -> Array3<f64> {
    let shape = image.raw_dim();
    let mut sum = Array3::<f32>::zeros(shape);
    let mut front = Array3::<f32>::zeros(shape);
    let mut back = Array3::<f32>::zeros(shape);
    let smoothing = spacing.zyx().map(|d| Recursion::smoothing(sigma, d));
    for axis in [2, 1, 0] {
        let d = spacing.zyx()[axis];
        Recursion::curvature(sigma, d).filter(image, &mut front, Axis(axis));
        for other in [2, 1, 0].into_iter().filter(|other| *other != axis) {
            smoothing[other].filter(&front, &mut back, Axis(other));
            std::mem::swap(&mut front, &mut back);
        }
        let per_voxel = 1.0 / (d * d);
        let planes: Vec<_> = sum.outer_iter_mut().zip(front.outer_iter()).collect();
        planes.into_par_iter().for_each(|(sum, part)| {
            Zip::from(sum).and(part).for_each(|sum, part| {
                *sum = single(f64::from(*sum) + f64::from(*part) * per_voxel);
            });
        });
    }
    sum.mapv(f64::from)
}
