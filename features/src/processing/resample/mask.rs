//! A region on the new grid.

use ndarray::Array3;

use super::grid::Axis;
use super::separable::Block;
use super::taps::Taps;
use super::{Interpolator, MaskInterpolator, Resampling, beyond, cheapest_first};
use crate::volume::MaskVolume;

/// The new region; `low` and `size` are the box of the old one, outside of which nothing is inside.
pub(super) fn resampled(
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
