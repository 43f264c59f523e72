//! The slices as pixels, for the deep arm.

use raduet_features::{MaskVolume, Volume};
use raduet_study::{CaseRecord, SampleId};

use super::measure::failed;
use crate::error::Result;

/// The pixels of one slice, for the deep arm.
#[derive(Debug, Clone, PartialEq)]
pub struct SlicePixels {
    /// Which slice.
    pub sample: SampleId,
    /// Intensities, row after row.
    pub pixels: Vec<f32>,
    /// Rows of the slice.
    pub rows: usize,
    /// Columns of the slice.
    pub columns: usize,
    /// True inside the region.
    pub mask: Vec<bool>,
}

impl SlicePixels {
    /// Cuts a slice out of a case.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "networks work in single precision"
    )]
    pub(super) fn cut(
        record: &CaseRecord,
        index: u32,
        volume: &Volume,
        mask: &MaskVolume,
    ) -> Result<Self> {
        let z = index as usize;
        let plane = volume.slice_f64(z).map_err(|fault| failed(&fault))?;
        let inside = mask.slice(z).map_err(|fault| failed(&fault))?;
        let (rows, columns) = plane.dim();
        Ok(Self {
            sample: SampleId::slice(record.id.clone(), index),
            pixels: plane.iter().map(|&value| value as f32).collect(),
            rows,
            columns,
            mask: inside.iter().copied().collect(),
        })
    }
}
