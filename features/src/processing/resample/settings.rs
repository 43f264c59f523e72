//! What can be chosen in resampling.

use crate::error::{FeatureError, Result};

/// How values between voxel centres are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolator {
    /// The nearest voxel; half-way the one with the higher index.
    NearestNeighbour,
    /// Between the nearest two on each axis.
    Linear,
    /// Cubic B-spline through the voxels, mirrored at the ends: the standard's tricubic spline and ITK's
    /// `BSpline`.
    CubicBSpline,
    /// Cubic convolution (Keys, a = -1/2).
    CubicConvolution,
}

impl Interpolator {
    /// The interpolator with a `SimpleITK` name, as PyRadiomics' parameter files have it.
    ///
    /// # Errors
    /// [`FeatureError::Resampling`] for a name that is not one of the three known here.
    pub fn from_simple_itk(name: &str) -> Result<Self> {
        match name {
            "sitkNearestNeighbor" => Ok(Self::NearestNeighbour),
            "sitkLinear" => Ok(Self::Linear),
            "sitkBSpline" => Ok(Self::CubicBSpline),
            _ => Err(FeatureError::Resampling {
                found: format!("interpolator '{name}'"),
                expected: "there are sitkNearestNeighbor, sitkLinear and sitkBSpline".into(),
            }),
        }
    }
}

/// How the region is interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskInterpolator {
    /// A voxel is inside when the nearest old one is.
    NearestNeighbour,
    /// A voxel is inside when linear interpolation finds it at least half inside.
    Linear,
}

/// Which grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GridRule {
    /// The standard's.
    Ibsi,
    /// PyRadiomics'.
    PyRadiomics,
}

/// How much of the image is resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// The box of the region and some of the image around it.
    AroundRegion {
        /// New voxels on each side (PyRadiomics' `padDistance`).
        padding: usize,
    },
}

/// What becomes of interpolated intensities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intensities {
    /// They stay as they are, as `f64`.
    Interpolated,
    /// Rounded to the nearest whole number, as the standard wants it for CT.
    NearestInteger,
    /// Truncated towards zero to the number type of the image, as ITK does; `f32` images stay `f32`.
    /// Images with a scaling become `f32`, as they are in `SimpleITK`.
    NumberType,
}

/// Settings of resampling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// New distances between voxel centres in mm along z, y, x; 0 keeps the image's.
    pub spacing: [f64; 3],
    /// Which grid.
    pub grid: GridRule,
    /// How much of the image.
    pub extent: Extent,
    /// How the image is interpolated.
    pub image: Interpolator,
    /// What becomes of the interpolated intensities.
    pub intensities: Intensities,
    /// How the region is interpolated.
    pub mask: MaskInterpolator,
}

impl Resampling {
    /// The standard's way: linear region, the whole image, intensities as interpolated.
    pub fn ibsi(spacing: [f64; 3], image: Interpolator) -> Self {
        Self {
            spacing,
            grid: GridRule::Ibsi,
            extent: Extent::Whole,
            image,
            intensities: Intensities::Interpolated,
            mask: MaskInterpolator::Linear,
        }
    }

    /// PyRadiomics' way; its own defaults are the cubic B-spline and a padding of 5.
    pub fn pyradiomics(spacing: [f64; 3], image: Interpolator, padding: usize) -> Self {
        Self {
            spacing,
            grid: GridRule::PyRadiomics,
            extent: Extent::AroundRegion { padding },
            image,
            intensities: Intensities::NumberType,
            mask: MaskInterpolator::NearestNeighbour,
        }
    }
}
