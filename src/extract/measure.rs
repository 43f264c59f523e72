//! The slices of one case, measured one by one.

use raduet_features::engine::extract_one;
use raduet_features::{ExtractionSettings, FeatureError, FeatureSet, MaskVolume, Roi, Volume};
use raduet_study::CaseRecord;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Result, ToolError, Warning, WarningCode};

/// A slice that takes part, as the journal keeps it. An undefined feature is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredSlice {
    pub(super) index: u32,
    pub(super) position_mm: f64,
    pub(super) pixels: usize,
    pub(super) area_mm2: f64,
    /// Largest minus smallest intensity.
    pub(super) range: f64,
    pub(super) values: Vec<Option<f64>>,
}

/// The slices of one case, as the journal keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredCase {
    /// Position of the case in the cohort.
    pub(super) case: usize,
    /// What its files looked like.
    pub(super) stamp: String,
    pub(super) slices: Vec<MeasuredSlice>,
    /// Slices whose region is too small, or a single line of pixels.
    pub(super) too_small: usize,
    pub(super) warnings: Vec<Warning>,
}

/// How slices are measured.
pub(super) struct Measuring<'a> {
    /// None where only pixels are wanted.
    pub(super) set: Option<&'a FeatureSet>,
    pub(super) settings: &'a ExtractionSettings,
    /// Slices with fewer pixels are left out.
    pub(super) min_pixels: usize,
}

impl Measuring<'_> {
    /// Measures every slice that holds enough of the region. A region that is a single line of pixels has
    /// no texture in the plane and is left out, as PyRadiomics does (`minimumROIDimensions` 2).
    pub(super) fn case(
        &self,
        (case, stamp): (usize, String),
        record: &CaseRecord,
        warnings: Vec<Warning>,
        volume: &Volume,
        mask: &MaskVolume,
    ) -> Result<MeasuredCase> {
        let mut measured = MeasuredCase {
            case,
            stamp,
            slices: Vec::new(),
            too_small: 0,
            warnings,
        };
        let (mut largest, mut in_parts) = (0, 0);
        for z in mask.occupied_slices() {
            let roi = Roi::from_slice(volume, mask, z).map_err(|fault| failed(&fault))?;
            let Some(roi) = roi else { continue };
            largest = largest.max(roi.count());
            if roi.count() < self.min_pixels || roi.shape()[1..].contains(&1) {
                measured.too_small += 1;
                continue;
            }
            in_parts += usize::from(roi.parts() > 1);
            let values = match self.set {
                Some(set) => extract_one(set, self.settings, &roi)
                    .map_err(|fault| failed(&fault))?
                    .into_values(),
                None => Vec::new(),
            };
            measured.slices.push(slice(z, &roi, values));
        }
        if measured.slices.is_empty() {
            let found = format!("the largest slice of the region has {largest} pixels");
            return Err(ToolError::new(Code::RoiSmall, found)
                .expected(format!(
                    "at least {} in several rows and columns",
                    self.min_pixels
                ))
                .remedy("check the mask, or lower --min-pixels"));
        }
        let doubts = doubts(&measured.slices, in_parts);
        measured.warnings.extend(
            doubts
                .into_iter()
                .map(|doubt| doubt.case(record.id.clone())),
        );
        Ok(measured)
    }
}

/// What is unusual about the regions of a case.
fn doubts(slices: &[MeasuredSlice], in_parts: usize) -> Vec<Warning> {
    let mut doubts = Vec::new();
    if slices.len() == 1 {
        let found = "the region covers one slice";
        doubts.push(Warning::new(WarningCode::RoiFlat, found, "measured as it is").note());
    }
    if in_parts > 0 {
        let found = format!("the region has several parts in {in_parts} slice(s)");
        doubts.push(Warning::new(WarningCode::RoiParts, found, "measured as one region").note());
    }
    let constant = slices.iter().filter(|slice| slice.range <= 0.0).count();
    if constant > 0 {
        let found = format!("all intensities of the region are equal in {constant} slice(s)");
        let done = "features have the values defined for a flat region";
        doubts.push(Warning::new(WarningCode::Constant, found, done));
    }
    doubts
}

fn slice(z: usize, roi: &Roi, values: Vec<f64>) -> MeasuredSlice {
    let intensities = roi.intensities();
    let low = intensities.iter().copied().fold(f64::INFINITY, f64::min);
    let high = intensities
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let [dz, dy, dx] = roi.spacing().zyx();
    MeasuredSlice {
        index: u32::try_from(z).unwrap_or(u32::MAX),
        position_mm: z as f64 * dz,
        pixels: roi.count(),
        area_mm2: roi.count() as f64 * dy * dx,
        range: high - low,
        values: values
            .into_iter()
            .map(|value| value.is_finite().then_some(value))
            .collect(),
    }
}

/// An engine's error as a case's failure.
pub(super) fn failed(fault: &FeatureError) -> ToolError {
    let (code, remedy) = match fault {
        FeatureError::TooManyBins { .. } => {
            (Code::Bins, "choose the width it names, or a bin count")
        }
        FeatureError::NonFinite { .. } => (Code::Nonfinite, "mend the image or the mask"),
        FeatureError::TooSmall { .. } => (Code::RoiSmall, "check the mask, or lower --min-pixels"),
        FeatureError::GridMismatch { .. } => {
            (Code::Geometry, "bring the mask onto the image's grid")
        }
        _ => (Code::Internal, "report this as a bug"),
    };
    ToolError::new(code, fault.to_string()).remedy(remedy)
}
