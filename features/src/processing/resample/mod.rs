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
mod mask;
mod nearest;
mod separable;
mod settings;
mod stored;
mod taps;

use crate::error::{FeatureError, Result};
use crate::roi::bounding_box;
use crate::volume::{MaskVolume, Volume};
use grid::Axis;
use separable::Block;
use taps::{Beyond, Taps};

pub use settings::{Extent, GridRule, Intensities, Interpolator, MaskInterpolator, Resampling};

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
    let inside = mask::resampled(mask, how, &axes, low, size);
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
    let mut taps: [Taps; 3] = std::array::from_fn(|axis| {
        let (positions, length) = (&axes[axis].positions, old.shape[axis]);
        Taps::new(interpolators[axis], positions, length, beyond(how.grid))
    });
    let needed = [0, 1, 2].map(|axis: usize| taps[axis].needed().unwrap_or_default());
    let reach = if truncated {
        bspline::REACH_OF_ALL_BITS
    } else {
        bspline::REACH
    };
    let wide: [(usize, usize); 3] = std::array::from_fn(|axis| {
        let (low, high) = needed[axis];
        match interpolators[axis] {
            Interpolator::CubicBSpline => (
                low.saturating_sub(reach),
                (high + reach).min(old.shape[axis] - 1),
            ),
            _ => (low, high),
        }
    });
    let shape = wide.map(|(low, high)| high - low + 1);
    let (values, _) = image
        .box_f64(wide.map(|(low, _)| low), shape)
        .into_raw_vec_and_offset();
    let mut block = Block { shape, values };
    if !truncated {
        for (taps, (low, _)) in taps.iter_mut().zip(wide) {
            taps.shift(low);
        }
        for axis in cheapest_first(shape, &taps) {
            block.prefilter(axis, interpolators[axis]);
            block = block.resampled(axis, &taps[axis]);
        }
        return block;
    }
    // In ITK's order, x first; all axes, before any is interpolated.
    for axis in (0..3).rev() {
        block.prefilter(axis, interpolators[axis]);
        let (low, high) = needed[axis];
        block = block.narrowed(axis, low - wide[axis].0, high - low + 1);
        taps[axis].shift(low);
    }
    let mut results = block.clone();
    for axis in cheapest_first(block.shape, &taps) {
        results = results.resampled(axis, &taps[axis]);
    }
    let positions: [Vec<f64>; 3] = std::array::from_fn(|axis| {
        let low = needed[axis].0 as f64;
        axes[axis].positions.iter().map(|at| at - low).collect()
    });
    let source = exact::Source {
        samples: &block,
        positions: [&positions[0], &positions[1], &positions[2]],
        taps: [&taps[0], &taps[1], &taps[2]],
        interpolator: how.image,
    };
    exact::settle(&mut results, &source);
    results
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
