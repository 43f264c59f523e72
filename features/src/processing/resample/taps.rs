//! Interpolation along one axis: which samples make each new one, and with which weights.

use super::{Interpolator, bspline, cubic, linear, nearest};

/// A sample and its weight; the index may lie outside the image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tap {
    pub(super) index: f64,
    pub(super) weight: f64,
}

/// What is beyond the outermost voxel centres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// The nearest voxel on the edge.
    Edge,
    /// As far as the voxels on the edge reach, what the interpolator makes of it; then 0, as in ITK.
    Zero,
}

/// The taps of all new samples of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Taps {
    /// Taps for each new sample.
    pub(super) width: usize,
    /// Sample indices, those of one new sample together.
    pub(super) indices: Vec<usize>,
    /// Their weights.
    pub(super) weights: Vec<f64>,
}

impl Taps {
    /// Taps for new samples at `positions`, in voxels of an axis with `length` of them.
    pub(super) fn new(
        interpolator: Interpolator,
        positions: &[f64],
        length: usize,
        beyond: Beyond,
    ) -> Self {
        match interpolator {
            Interpolator::NearestNeighbour => {
                Self::of(positions, length, beyond, clamped, nearest::tap)
            }
            Interpolator::Linear => Self::of(positions, length, beyond, clamped, linear::taps),
            Interpolator::CubicConvolution => {
                Self::of(positions, length, beyond, clamped, cubic::taps)
            }
            Interpolator::CubicBSpline => {
                Self::of(positions, length, beyond, mirrored, bspline::taps)
            }
        }
    }

    fn of<const W: usize>(
        positions: &[f64],
        length: usize,
        beyond: Beyond,
        inside: fn(f64, usize) -> usize,
        taps: fn(f64) -> [Tap; W],
    ) -> Self {
        let mut indices = Vec::with_capacity(W * positions.len());
        let mut weights = Vec::with_capacity(W * positions.len());
        let last = (length - 1) as f64;
        for position in positions {
            let (position, factor) = match beyond {
                Beyond::Edge => (position.clamp(0.0, last), 1.0),
                Beyond::Zero => {
                    let within = (-0.5..last + 0.5).contains(position);
                    (*position, f64::from(u8::from(within)))
                }
            };
            for tap in taps(position) {
                indices.push(inside(tap.index, length));
                weights.push(tap.weight * factor);
            }
        }
        Self {
            width: W,
            indices,
            weights,
        }
    }

    /// New samples.
    pub(super) fn len(&self) -> usize {
        self.indices.len() / self.width
    }

    /// Lowest and highest sample needed; `None` when there is no new sample.
    pub(super) fn needed(&self) -> Option<(usize, usize)> {
        let low = self.indices.iter().min()?;
        let high = self.indices.iter().max()?;
        Some((*low, *high))
    }

    /// Counts the samples from `low` on.
    pub(super) fn shift(&mut self, low: usize) {
        for index in &mut self.indices {
            *index -= low;
        }
    }

    /// Whether every new sample is the old one at the same place.
    pub(super) fn keep(&self, length: usize) -> bool {
        self.width == 1
            && self.len() == length
            && self
                .indices
                .iter()
                .enumerate()
                .all(|(at, index)| at == *index)
            && self.weights.iter().all(|weight| *weight >= 1.0)
    }
}

/// The nearest index of the axis.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to an index"
)]
fn clamped(index: f64, length: usize) -> usize {
    index.clamp(0.0, (length - 1) as f64) as usize
}

/// The index in a mirror that stands on the last voxel of either side.
fn mirrored(index: f64, length: usize) -> usize {
    let last = (length - 1) as f64;
    let index = if index < 0.0 { -index } else { index };
    let index = if index > last {
        last - (index - last)
    } else {
        index
    };
    // Axes of one or two voxels are shorter than the spline.
    clamped(index, length)
}
