//! Laplacian of Gaussian (IBSI L6PA): edges and blobs of one size.
//!
//! In voxels, with `D` dimensions, `s` the standard deviation and `r` the distance to the centre:
//! `-(1 / (√(2π) s))^D (D - r² / s²) / s² · exp(-r² / (2 s²))`, sampled at the voxels up to
//! `floor(cutoff · s + 0.5)` along each axis. It is not scaled by `s²`, and its sum is not corrected to 0.
//!
//! As a sum of products, `Σ_a d_a Π_{b≠a} g_b` with a Gaussian `g` and its second derivative `d` along each
//! axis, it needs no convolution in two or three dimensions. Where spacings differ, `s` does so, too, and the
//! second derivatives are taken per mean spacing (the side of a square or cube as large as a voxel), so that
//! the filter is the same in all directions in mm.

use std::f64::consts::TAU;

use ndarray::Array3;

use crate::error::Result;
use crate::filters::Filter;
use crate::filters::convolve::{self, Kernel};
use crate::filters::ibsi::{Dimensions, Faults, checked_reach, in_standard_layout};
use crate::filters::padding::Boundary;
use crate::filters::voxelwise;
use crate::geometry::Spacing;

/// Parameters of [`LaplacianOfGaussian`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaplacianOfGaussianOptions {
    /// Standard deviation of the Gaussian in mm.
    pub sigma_mm: f64,
    /// Where the kernel ends, in standard deviations; 4 is usual.
    pub cutoff: f64,
    /// Slices or volumes.
    pub dimensions: Dimensions,
    /// Beyond the border.
    pub boundary: Boundary,
}

/// The Laplacian of a Gaussian.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplacianOfGaussian(LaplacianOfGaussianOptions);

impl LaplacianOfGaussianOptions {
    /// Adds what is wrong.
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.positive("sigma of the Laplacian of Gaussian", self.sigma_mm);
        faults.positive("cutoff of the Laplacian of Gaussian", self.cutoff);
    }

    /// The name of the response.
    pub(super) fn name(&self) -> String {
        format!("log_s{}_{}", self.sigma_mm, self.dimensions.name())
    }

    /// The kernel's parts for each of the filter's axes.
    ///
    /// # Errors
    /// [`FeatureError::Filter`](crate::FeatureError::Filter) for a kernel that reaches too far.
    pub(super) fn parts(&self, spacing: Spacing) -> Result<Vec<AxisParts>> {
        let spacing = spacing.zyx();
        let axes = self.dimensions.axes();
        let size: f64 = axes.iter().map(|axis| spacing[*axis]).product();
        let mean_spacing = match self.dimensions {
            Dimensions::Two => size.sqrt(),
            Dimensions::Three => size.cbrt(),
        };
        let part = |axis: &usize| self.axis_parts(*axis, spacing[*axis], mean_spacing);
        axes.iter().map(part).collect()
    }

    fn axis_parts(&self, axis: usize, spacing: f64, mean_spacing: f64) -> Result<AxisParts> {
        let s = self.sigma_mm / spacing;
        let half_width = self.half_width(spacing)?;
        let offsets = (0..=2 * half_width).map(|at| at as f64 - half_width as f64);
        let gaussian = |r: f64| (-r * r / (2.0 * s * s)).exp() / (TAU.sqrt() * s);
        let per_mean_spacing = (mean_spacing / spacing).powi(2);
        let second = |r: f64| (r * r / (s * s) - 1.0) / (s * s) * gaussian(r) * per_mean_spacing;
        Ok(AxisParts {
            axis,
            half_width,
            gaussian: offsets.clone().map(gaussian).collect(),
            second_derivative: offsets.map(second).collect(),
        })
    }

    /// How far the kernel reaches from its centre, in voxels.
    fn half_width(&self, spacing: f64) -> Result<usize> {
        let voxels = (self.cutoff * self.sigma_mm / spacing + 0.5).floor();
        checked_reach(&self.name(), voxels)
    }
}

/// What the kernel is made of along one axis; each `2 · half_width + 1` numbers.
pub(super) struct AxisParts {
    /// 0 is z.
    pub(super) axis: usize,
    pub(super) half_width: usize,
    pub(super) gaussian: Vec<f64>,
    pub(super) second_derivative: Vec<f64>,
}

impl LaplacianOfGaussian {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`FeatureError::Settings`](crate::FeatureError::Settings) unless sigma and cutoff are finite and above
    /// 0.
    pub fn new(options: LaplacianOfGaussianOptions) -> Result<Self> {
        let mut faults = Faults::default();
        options.check(&mut faults);
        faults.into_result()?;
        Ok(Self(options))
    }
}

impl Filter for LaplacianOfGaussian {
    fn names(&self) -> Vec<String> {
        vec![self.0.name()]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let boundary = self.0.boundary;
        // The image smoothed along the axes so far, and the sum of all products with one second derivative.
        let mut smooth = in_standard_layout(image);
        let mut derived: Option<Array3<f64>> = None;
        for AxisParts {
            axis,
            gaussian,
            second_derivative,
            ..
        } in self.0.parts(spacing)?
        {
            let gaussian = Kernel::centred(gaussian);
            let second_derivative = Kernel::centred(second_derivative);
            let mut sum = convolve::along(&smooth, axis, &second_derivative, boundary);
            if let Some(derived) = derived {
                let smoothed = convolve::along(&derived, axis, &gaussian, boundary);
                voxelwise::add(&mut sum, &smoothed);
            }
            derived = Some(sum);
            // The last axis is x: nothing follows that would need a smooth image.
            if axis < 2 {
                smooth = convolve::along(&smooth, axis, &gaussian, boundary);
            }
        }
        each(0, derived.unwrap_or(smooth))
    }

    fn reach(&self, spacing: Spacing) -> Option<[usize; 3]> {
        if self.0.boundary == Boundary::Periodic {
            return None;
        }
        let mut reach = [0; 3];
        for axis in self.0.dimensions.axes() {
            reach[*axis] = self.0.half_width(spacing.zyx()[*axis]).ok()?;
        }
        Some(reach)
    }
}
