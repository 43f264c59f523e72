//! Resampling of an image and its region to another voxel spacing (IBSI chapter 2.4.2; PyRadiomics'
//! `resampledPixelSpacing`).
//!
//! | | the standard | PyRadiomics |
//! |---|---|---|
//! | grid | centre on the old grid's centre, `ceil(N old / new)` voxels | corner on the old grid's corner |
//! | axes with spacing 0 | kept | kept, and so are axes on which the region has one slice |
//! | beyond the image | nearest voxel on the edge | half a voxel of it, then 0 |
//! | intensities | as interpolated, or the nearest whole number | truncated to the image's number type |
//! | region | linear, at least half inside; or nearest | nearest |
//!
//! Interpolation is separable: along one axis after the other, on the box that the new grid needs.

mod bspline;
mod cubic;
mod exact;
mod grid;
mod linear;
mod nearest;
mod separable;
mod stored;
mod taps;

use ndarray::Array3;

use crate::error::{FeatureError, Result};
use crate::roi::bounding_box;
use crate::volume::{MaskVolume, Volume};
use grid::Axis;
use separable::Block;
use taps::{Beyond, Taps};

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

/// Brings an image and its region to a new grid.
///
/// # Errors
/// [`FeatureError::GridMismatch`] when they lie on different grids, [`FeatureError::Emptied`] when the
/// region is empty before or after, [`FeatureError::Resampling`] when the new spacing makes no sense.
///
/// # Panics
/// Never: image and region get the shape of the new grid.
pub fn resample(
    image: &Volume,
    mask: &MaskVolume,
    how: &Resampling,
) -> Result<(Volume, MaskVolume)> {
    crate::roi::check_same_grid(image.grid(), mask.grid())?;
    let old = image.grid();
    let Some((low, size)) = bounding_box(&mask.inside().view()) else {
        return Err(FeatureError::Emptied { step: "masking" });
    };
    let axes = grid::axes(old, how, low, size)?;
    if how.grid == GridRule::PyRadiomics && axes.iter().all(|axis| axis.kept) {
        return Ok(cut_out(image, mask, how.extent, low, size));
    }
    let new = grid::new_grid(old, &axes);
    let inside = resampled_mask(mask, how, &axes, low, size);
    if !inside.iter().any(|inside| *inside) {
        return Err(FeatureError::Emptied { step: "resampling" });
    }
    let values = resampled_image(image, how, &axes);
    Ok((
        stored::volume(image, values, how.intensities, new),
        MaskVolume::new(inside, new).expect("the axes give the shape of both"),
    ))
}

/// What PyRadiomics does where the spacing is right already: the region's box and the padding around it.
fn cut_out(
    image: &Volume,
    mask: &MaskVolume,
    extent: Extent,
    low: [usize; 3],
    size: [usize; 3],
) -> (Volume, MaskVolume) {
    let Extent::AroundRegion { padding } = extent else {
        return (image.clone(), mask.clone());
    };
    let shape = image.grid().shape;
    let from = low.map(|low| low.saturating_sub(padding));
    let size = std::array::from_fn(|axis| {
        (low[axis] + size[axis] + padding).min(shape[axis]) - from[axis]
    });
    (image.cut(from, size), mask.cut(from, size))
}

fn beyond(rule: GridRule) -> Beyond {
    match rule {
        GridRule::Ibsi => Beyond::Edge,
        GridRule::PyRadiomics => Beyond::Zero,
    }
}

fn resampled_image(image: &Volume, how: &Resampling, axes: &[Axis; 3]) -> Block {
    let old = image.grid();
    let truncated = how.intensities == Intensities::NumberType && stored::is_whole(image);
    let interpolators: [Interpolator; 3] = std::array::from_fn(|axis| {
        // An axis that stays needs no interpolation, unless the last bit decides.
        if axes[axis].kept && !truncated {
            Interpolator::NearestNeighbour
        } else {
            how.image
        }
    });
    let taps: [Taps; 3] = std::array::from_fn(|axis| {
        let (positions, length) = (&axes[axis].positions, old.shape[axis]);
        Taps::new(interpolators[axis], positions, length, beyond(how.grid))
    });
    let needed: [(usize, usize); 3] = std::array::from_fn(|axis| {
        let (low, high) = taps[axis].needed().unwrap_or_default();
        match interpolators[axis] {
            Interpolator::CubicBSpline => (
                low.saturating_sub(bspline::REACH),
                (high + bspline::REACH).min(old.shape[axis] - 1),
            ),
            _ => (low, high),
        }
    });
    let low = needed.map(|(low, _)| low);
    let shape = needed.map(|(low, high)| high - low + 1);
    let mut taps = taps;
    for (taps, low) in taps.iter_mut().zip(low) {
        taps.shift(low);
    }
    let (values, _) = image.box_f64(low, shape).into_raw_vec_and_offset();
    let mut block = Block { shape, values };
    if truncated {
        // In ITK's order, x first; all axes, before any is interpolated.
        for axis in (0..3).rev() {
            block.prefilter(axis, interpolators[axis]);
        }
        let mut results = block.clone();
        for axis in cheapest_first(shape, &taps) {
            results = results.resampled(axis, &taps[axis]);
        }
        let positions: [Vec<f64>; 3] = std::array::from_fn(|axis| {
            let positions = axes[axis].positions.iter();
            positions.map(|at| at - low[axis] as f64).collect()
        });
        let source = exact::Source {
            samples: &block,
            positions: [&positions[0], &positions[1], &positions[2]],
            taps: [&taps[0], &taps[1], &taps[2]],
            interpolator: how.image,
        };
        exact::settle(&mut results, &source);
        return results;
    }
    for axis in cheapest_first(shape, &taps) {
        block.prefilter(axis, interpolators[axis]);
        block = block.resampled(axis, &taps[axis]);
    }
    block
}

impl Block {
    fn prefilter(&mut self, axis: usize, interpolator: Interpolator) {
        if interpolator == Interpolator::CubicBSpline {
            let (length, inner) = (self.shape[axis], self.inner(axis));
            bspline::prefilter(&mut self.values, length, inner);
        }
    }
}

/// The axes, those that become shortest first: what is gone need not be interpolated along the next.
fn cheapest_first(shape: [usize; 3], taps: &[Taps; 3]) -> [usize; 3] {
    let mut axes = [0, 1, 2];
    let ratio = |axis: usize| taps[axis].len() as f64 / shape[axis] as f64;
    axes.sort_by(|a, b| ratio(*a).total_cmp(&ratio(*b)));
    axes
}

/// The new region; `low` and `size` are the box of the old one, outside of which nothing is inside.
fn resampled_mask(
    mask: &MaskVolume,
    how: &Resampling,
    axes: &[Axis; 3],
    low: [usize; 3],
    size: [usize; 3],
) -> Array3<bool> {
    /// Linear interpolation of zeros and ones rounds; half is half all the same.
    const HALF: f64 = 0.5 - 5e-7;
    let interpolator = match how.mask {
        MaskInterpolator::NearestNeighbour => Interpolator::NearestNeighbour,
        MaskInterpolator::Linear => Interpolator::Linear,
    };
    let shape: [usize; 3] = std::array::from_fn(|axis| axes[axis].positions.len());
    let mut inside = Array3::from_elem(shape, false);
    // New voxels that the region reaches, and the old ones that they read.
    let near: [std::ops::Range<usize>; 3] = std::array::from_fn(|axis| {
        let positions = &axes[axis].positions;
        let (first, last) = (low[axis] as f64 - 1.0, (low[axis] + size[axis]) as f64);
        let from = positions.partition_point(|at| *at <= first);
        // At the ends of the image the region may go on for ever.
        let from = if low[axis] == 0 { 0 } else { from };
        let to = positions.partition_point(|at| *at < last);
        let to = if low[axis] + size[axis] == mask.grid().shape[axis] {
            positions.len()
        } else {
            to
        };
        from..to.max(from)
    });
    if near.iter().any(std::ops::Range::is_empty) {
        return inside;
    }
    let mut taps: [Taps; 3] = std::array::from_fn(|axis| {
        let positions = &axes[axis].positions[near[axis].clone()];
        let length = mask.grid().shape[axis];
        Taps::new(interpolator, positions, length, beyond(how.grid))
    });
    let needed = [0, 1, 2].map(|axis| taps[axis].needed().unwrap_or_default());
    for (taps, (low, _)) in taps.iter_mut().zip(needed) {
        taps.shift(low);
    }
    let [z, y, x] = needed.map(|(low, high)| low..=high);
    let old = mask.inside().slice(ndarray::s![z, y, x]);
    let mut block = Block {
        shape: needed.map(|(low, high)| high - low + 1),
        values: old
            .iter()
            .map(|inside| f64::from(u8::from(*inside)))
            .collect(),
    };
    for axis in cheapest_first(block.shape, &taps) {
        block = block.resampled(axis, &taps[axis]);
    }
    let [z, y, x] = near;
    let mut target = inside.slice_mut(ndarray::s![z, y, x]);
    for (inside, share) in target.iter_mut().zip(&block.values) {
        *inside = *share >= HALF;
    }
    inside
}
