//! A case whose slices are looked at one after another while its image is unpacked: neither the image nor its mask is
//! ever in memory as a whole.
//!
//! Only for files about which there is no doubt (packed NIfTI of whole numbers, one member each, the mask in the image's
//! order, the region known by its number). All others are read as a whole ([`super::read_case`]), which also words what
//! is wrong with them.

use std::path::Path;

use bytemuck::try_cast_slice;
use ndarray::Array3;
use raduet_features::{Grid, MaskVolume, Scaling, Volume};

use super::geometry::{self, Placement};
use super::mask::{Run, runs_of};
use super::nifti::Passing;
use super::voxel_bytes::{Number, with_type};
use super::{Fingerprints, GeometryRule, LabelChoice, NumberType, ReadOptions};
use crate::error::Warning;

/// An image that is still packed, and where its region lies.
pub(crate) struct SlicedCase {
    image: Passing,
    region: Vec<RegionSlice>,
    warnings: Vec<Warning>,
    mask_fingerprint: String,
}

/// What of the region lies in one slice, in the smallest box around it.
#[derive(Debug)]
struct RegionSlice {
    z: usize,
    /// Where the box begins, `[y, x]`.
    low: [usize; 2],
    /// Behind its end.
    high: [usize; 2],
    /// Row, first column and length.
    runs: Vec<[usize; 3]>,
}

impl SlicedCase {
    /// Reads the mask and opens the image, or none where they had better be read as a whole.
    pub(crate) fn open(
        image: &Path,
        mask: &Path,
        choice: &LabelChoice,
        rule: GeometryRule,
        options: &ReadOptions,
    ) -> Option<Self> {
        let mask_path = mask;
        let image = Passing::open(image, options).ok()??;
        let mask = Passing::open(mask, &options.of_mask()).ok()??;
        if matches!(image.numbers(), NumberType::F32 | NumberType::F64) {
            return None;
        }
        let (placement, moved) = geometry::place(image.grid(), mask.grid(), rule).ok()?;
        if !matches!(placement, Placement::Ordered(order) if order.is_none()) {
            return None;
        }
        let ((counts, rounded), runs, mask_fingerprint) = runs_of(&mask)?;
        let label = match choice {
            LabelChoice::Only if counts.len() == 1 => *counts.keys().next()?,
            LabelChoice::Value(label) if counts.contains_key(label) => *label,
            _ => return None,
        };
        if rounded > 0 {
            return None;
        }
        let warnings = moved.into_iter().map(|warning| warning.file(mask_path));
        Some(Self {
            region: slices(image.grid(), runs.iter().filter(|run| run.label == label)),
            image,
            warnings: warnings.collect(),
            mask_fingerprint,
        })
    }

    pub(crate) fn grid(&self) -> &Grid {
        self.image.grid()
    }

    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Unpacks the image, and hands over each slice that holds a part of the region, from the first to the last: its
    /// index, the box around the part, and where it lies in the box. None where the file had better be read as a whole;
    /// then what was handed over is worth nothing.
    pub(crate) fn each(
        &self,
        mut take: impl FnMut(usize, Volume, MaskVolume) + Send,
    ) -> Option<Fingerprints> {
        let mut region = self.region.iter().peekable();
        let (numbers, scaling, grid) = (self.image.numbers(), self.image.scaling(), *self.grid());
        let passed = self.image.slices(|z, bytes| {
            if let Some(slice) = region.next_if(|slice| slice.z == z) {
                let (volume, mask) = slice.cut(bytes, numbers, scaling, &grid)?;
                take(z, volume, mask);
            }
            Some(())
        });
        Some(Fingerprints {
            image: Some(passed.ok()??),
            mask: Some(self.mask_fingerprint.clone()),
        })
    }
}

impl RegionSlice {
    fn cut(
        &self,
        bytes: &[u8],
        numbers: NumberType,
        scaling: Scaling,
        grid: &Grid,
    ) -> Option<(Volume, MaskVolume)> {
        let ([low_y, low_x], [high_y, high_x]) = (self.low, self.high);
        let shape = [1, high_y - low_y, high_x - low_x];
        let [_, _, columns] = grid.shape;
        let voxels = with_type!(numbers, T => {
            let numbers: &[T] = try_cast_slice(bytes).ok()?;
            let rows = numbers.chunks_exact(columns).skip(low_y).take(shape[1]);
            let mut cut = Vec::with_capacity(shape[1] * shape[2]);
            for row in rows {
                cut.extend_from_slice(&row[low_x..high_x]);
            }
            <T as Number>::voxels(Array3::from_shape_vec(shape, cut).ok()?)
        });
        let mut inside = vec![false; shape[1] * shape[2]];
        for [y, x, len] in &self.runs {
            let from = (y - low_y) * shape[2] + x - low_x;
            inside[from..from + len].fill(true);
        }
        let inside = Array3::from_shape_vec(shape, inside).ok()?;
        let grid = grid.cut([self.z, low_y, low_x], shape);
        Some((
            Volume::new(voxels, scaling, grid)?,
            MaskVolume::new(inside, grid)?,
        ))
    }
}

/// The slices that runs of voxels lie in.
fn slices<'a>(grid: &Grid, runs: impl Iterator<Item = &'a Run>) -> Vec<RegionSlice> {
    let [_, rows, columns] = grid.shape;
    let mut slices: Vec<RegionSlice> = Vec::new();
    for run in runs {
        let (mut from, end) = (run.from, run.from + run.len);
        while from < end {
            let line = from / columns;
            let (z, x) = (line / rows, from - line * columns);
            let y = line - z * rows;
            let len = (end - from).min(columns - x);
            from += len;
            if slices.last().is_none_or(|slice| slice.z != z) {
                slices.push(RegionSlice {
                    z,
                    low: [y, x],
                    high: [y + 1, x + len],
                    runs: Vec::new(),
                });
            }
            if let Some(slice) = slices.last_mut() {
                slice.low[1] = slice.low[1].min(x);
                slice.high = [y + 1, slice.high[1].max(x + len)];
                slice.runs.push([y, x, len]);
            }
        }
    }
    slices
}

#[cfg(test)]
mod tests;
