//! `LoG`: the Laplacian of a Gaussian, by recursion along the axes.
//!
//! `σ² (∂²/∂x² + ∂²/∂y² + ∂²/∂z²) (G_σ * f)` with `σ` in mm, one response for each `σ`, always in three
//! dimensions. Each summand is made by three recursions ([`super::recursive_gaussian`]): first the second
//! derivative along its axis, then the smoothing along the others in the order x, y, z.
//!
//! ITK keeps the images between the recursions and the sum in single precision whatever the pixel type, and
//! PyRadiomics measures features on them. So does this filter: its responses are single-precision numbers,
//! and in double precision throughout none of them would agree to more than seven digits.

use ndarray::{Array3, Axis, Slice, Zip, s};
use rayon::prelude::*;

use super::parameters::{Number, Parameters};
use super::recursive_gaussian::{Recursion, SHORTEST, single};
use crate::error::{FeatureError, Result};
use crate::filters::{Box3, Filter};
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
        let (slices, rows, columns) = image.dim();
        self.respond_within(image, spacing, ([0; 3], [slices, rows, columns]), each)
    }

    fn respond_within(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        wanted: Box3,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let mut left_out = None;
        let mut workspace = Workspace::new(image);
        for (at, sigma) in self.sigmas.iter().enumerate() {
            match Self::fault(*sigma, image.shape(), spacing) {
                None => {
                    let sigma = sigma.value();
                    each(at, workspace.laplacian(image, spacing, sigma, wanted))?;
                }
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

/// Images in single precision that are used again for each width.
struct Workspace {
    sum: Array3<f32>,
    front: Array3<f32>,
    back: Array3<f32>,
}

impl Workspace {
    fn new(image: &Array3<f64>) -> Self {
        let empty = || Array3::zeros(image.raw_dim());
        Self {
            sum: empty(),
            front: empty(),
            back: empty(),
        }
    }

    /// A box of the response. Every line that the box depends on is filtered whole, from the same numbers as if
    /// all of the response were wanted: along the first axis all lines are, along the second those whose
    /// places on the first axis lie in the box, along the third those that pass through it.
    fn laplacian(
        &mut self,
        image: &Array3<f64>,
        spacing: Spacing,
        sigma: f64,
        (low, shape): Box3,
    ) -> Array3<f64> {
        let Self { sum, front, back } = self;
        let wanted = |axis: usize| Slice::from(low[axis]..low[axis] + shape[axis]);
        let smoothing = spacing.zyx().map(|d| Recursion::smoothing(sigma, d));
        let boxed = s![
            low[0]..low[0] + shape[0],
            low[1]..low[1] + shape[1],
            low[2]..low[2] + shape[2]
        ];
        sum.slice_mut(boxed).fill(0.0);
        for axis in [2, 1, 0] {
            let d = spacing.zyx()[axis];
            Recursion::curvature(sigma, d).filter(&image.view(), &mut front.view_mut(), Axis(axis));
            let mut done = vec![axis];
            for other in [2, 1, 0].into_iter().filter(|other| *other != axis) {
                let (mut source, mut target) = (front.view(), back.view_mut());
                for axis in &done {
                    source.slice_axis_inplace(Axis(*axis), wanted(*axis));
                    target.slice_axis_inplace(Axis(*axis), wanted(*axis));
                }
                smoothing[other].filter(&source, &mut target, Axis(other));
                done.push(other);
                std::mem::swap(front, back);
            }
            let per_voxel = 1.0 / (d * d);
            let (mut sum, front) = (sum.slice_mut(boxed), front.slice(boxed));
            let planes: Vec<_> = sum.outer_iter_mut().zip(front.outer_iter()).collect();
            planes.into_par_iter().for_each(|(sum, part)| {
                Zip::from(sum).and(part).for_each(|sum, part| {
                    *sum = single(f64::from(*sum) + f64::from(*part) * per_voxel);
                });
            });
        }
        sum.slice(boxed).mapv(f64::from)
    }
}
