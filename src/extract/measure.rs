//! The rows of one case: its slices or itself, for one region or for every label or lesion.

use raduet_features::components::Components;
use raduet_features::extractor::{Extractor, ImageDoubt, Measured};
use raduet_features::{FeatureError, Grid, MaskVolume, Roi, Volume};
use serde::{Deserialize, Serialize};

use super::{Lesions, Unit};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::feature_csv::RegionKey;

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredRow {
    /// 0-based index along z as stored; none for a case as a whole.
    pub(super) slice: Option<u32>,
    /// Which region of the mask, where several are measured.
    pub(super) region: RegionKey,
    pub(super) position_mm: Option<f64>,
    pub(super) voxels: usize,
    /// Area in mm² of a slice, volume in mm³ of a case.
    pub(super) size: f64,
    /// Highest minus lowest intensity.
    pub(super) range: f64,
    pub(super) levels: Option<usize>,
    /// None where undefined.
    pub(super) values: Vec<Option<f64>>,
}

/// A case with its rows and the doubts about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredCase {
    /// Position in the cohort.
    pub(super) case: usize,
    /// What decides the rows; see [`crate::cases::Cases::stamp`].
    pub(super) stamp: String,
    /// Digest of the image's voxels.
    #[serde(default)]
    pub(super) content: String,
    pub(super) rows: Vec<MeasuredRow>,
    /// Regions that are too small, or a single line of voxels.
    pub(super) too_small: usize,
    pub(super) warnings: Vec<Warning>,
}

/// How cases are measured.
pub(super) struct Measuring<'a> {
    /// None where only pixels are wanted.
    pub(super) extractor: Option<&'a Extractor>,
    pub(super) unit: Unit,
    pub(super) lesions: Lesions,
    /// Regions with fewer voxels are left out.
    pub(super) min_pixels: usize,
}

/// Slices with their indices along z, each measured or not.
pub(super) type Slices = Vec<(usize, std::result::Result<Measured, FeatureError>)>;

/// The rows of a case, how many regions are too small for one, and what is unusual.
type Rows = (Vec<MeasuredRow>, usize, Vec<Warning>);

/// Rows of a case as they are found.
#[derive(Default)]
struct Found {
    rows: Vec<MeasuredRow>,
    too_small: usize,
    largest: usize,
    in_parts: usize,
    /// Most parts of a region.
    parts: usize,
    /// Distinct doubts about filtered images, in order of appearance.
    doubts: Vec<ImageDoubt>,
}

/// Slices at least this much thicker than their pixels are wide mix near and far neighbours in 3D.
const THICK: f64 = 3.0;

impl Measuring<'_> {
    /// Measures every region of a case. A slice whose region is a single line of pixels has no texture in
    /// the plane and is left out, as PyRadiomics does (`minimumROIDimensions` 2).
    ///
    /// # Errors
    /// The engine's; [`Code::RoiSmall`] when no region is large enough.
    pub(super) fn case(
        &self,
        volume: &Volume,
        regions: &[(Option<i64>, MaskVolume)],
    ) -> Result<Rows> {
        let mut found = Found::default();
        for (label, mask) in regions {
            if self.lesions == Lesions::Apart {
                let parts = Components::new(mask);
                for (at, size) in parts.sizes().enumerate() {
                    // A speckled mask has thousands of parts of a voxel: no mask is made for those.
                    if size < self.min_pixels {
                        found.largest = found.largest.max(size);
                        found.too_small += 1;
                        continue;
                    }
                    let key = RegionKey {
                        label: *label,
                        lesion: u32::try_from(at + 1).ok(),
                    };
                    if let Some(part) = parts.mask(at) {
                        self.region(volume, &part, key, &mut found)?;
                    }
                }
            } else {
                let key = RegionKey {
                    label: *label,
                    lesion: None,
                };
                self.region(volume, mask, key, &mut found)?;
            }
        }
        self.rows(volume.grid(), found)
    }

    /// The same of a case whose slices have been measured.
    ///
    /// # Errors
    /// As [`Self::case`].
    pub(super) fn slices(&self, grid: &Grid, slices: Slices) -> Result<Rows> {
        let mut found = Found::default();
        found.add_slices(slices, grid.spacing.zyx()[0], RegionKey::default())?;
        self.rows(grid, found)
    }

    fn rows(&self, grid: &Grid, found: Found) -> Result<Rows> {
        if found.rows.is_empty() {
            let what = match self.unit {
                Unit::Slice => "slice of the region",
                Unit::Case => "region",
            };
            let text = format!("the largest {what} has {} pixels", found.largest);
            return Err(ToolError::new(Code::RoiSmall, text)
                .expected(format!(
                    "at least {} in several rows and columns",
                    self.min_pixels
                ))
                .remedy("check the mask, or lower --min-pixels"));
        }
        let doubts = self.doubts(grid, &found);
        Ok((found.rows, found.too_small, doubts))
    }

    fn region(
        &self,
        volume: &Volume,
        mask: &MaskVolume,
        key: RegionKey,
        found: &mut Found,
    ) -> Result<()> {
        let Some(extractor) = self.extractor else {
            return self.slices_without_features(volume, mask, key, found);
        };
        let step = volume.grid().spacing.zyx()[0];
        match self.unit {
            Unit::Slice => {
                let slices = extractor
                    .slices(volume, mask)
                    .map_err(|fault| failed(&fault))?;
                found.add_slices(slices, step, key)?;
            }
            Unit::Case => {
                let row = extractor.case(volume, mask).map(|measured| {
                    found.in_parts += usize::from(measured.parts > 1);
                    found.parts = found.parts.max(measured.parts);
                    let voxel: f64 = measured.spacing.iter().product();
                    let place = Place {
                        slice: None,
                        position_mm: None,
                        size: measured.voxels as f64 * voxel,
                    };
                    row(measured, key, place, &mut found.doubts)
                });
                found.add(row)?;
            }
        }
        Ok(())
    }

    /// The slices that take part when nothing is measured on them.
    fn slices_without_features(
        &self,
        volume: &Volume,
        mask: &MaskVolume,
        key: RegionKey,
        found: &mut Found,
    ) -> Result<()> {
        for z in mask.occupied_slices() {
            let roi = Roi::from_slice(volume, mask, z).map_err(|fault| failed(&fault))?;
            let Some(roi) = roi else { continue };
            found.largest = found.largest.max(roi.count());
            if roi.count() < self.min_pixels || roi.shape()[1..].contains(&1) {
                found.too_small += 1;
                continue;
            }
            found.in_parts += usize::from(roi.parts() > 1);
            found.parts = found.parts.max(roi.parts());
            let [dz, dy, dx] = roi.spacing().zyx();
            let (low, high) = roi.range();
            found.rows.push(MeasuredRow {
                slice: Some(u32::try_from(z).unwrap_or(u32::MAX)),
                region: key,
                position_mm: Some(z as f64 * dz),
                voxels: roi.count(),
                size: roi.count() as f64 * dy * dx,
                range: high - low,
                levels: None,
                values: Vec::new(),
            });
        }
        Ok(())
    }

    /// What is unusual about the regions of a case.
    fn doubts(&self, grid: &Grid, found: &Found) -> Vec<Warning> {
        let mut doubts = Vec::new();
        if self.unit == Unit::Slice && found.rows.len() == 1 {
            let text = "the region covers one slice";
            doubts.push(Warning::new(WarningCode::RoiFlat, text, "measured as it is").note());
        }
        if found.in_parts > 0 {
            let text = match self.unit {
                Unit::Slice => {
                    format!(
                        "the region has several parts in {} slice(s), {} at most",
                        found.in_parts, found.parts
                    )
                }
                Unit::Case => format!("the region has {} parts", found.parts),
            };
            doubts.push(Warning::new(WarningCode::RoiParts, text, "measured as one region").note());
        }
        let constant = found.rows.iter().filter(|row| row.range <= 0.0).count();
        if constant > 0 {
            let text = match self.unit {
                Unit::Slice => {
                    format!("all intensities of the region are equal in {constant} slice(s)")
                }
                Unit::Case => "all intensities of the region are equal".to_owned(),
            };
            let done = "features have the values defined for a flat region";
            doubts.push(Warning::new(WarningCode::Constant, text, done));
        }
        let one_bin = |row: &&MeasuredRow| row.range > 0.0 && row.levels == Some(1);
        let one_bin = found.rows.iter().filter(one_bin).count();
        if one_bin > 0 {
            let text = match self.unit {
                Unit::Slice => {
                    format!("the region's intensities fall into one bin in {one_bin} slice(s)")
                }
                Unit::Case => "the region's intensities fall into one bin".to_owned(),
            };
            let done = "texture has the values defined for a flat region; choose smaller bins";
            doubts.push(Warning::new(WarningCode::Constant, text, done));
        }
        let [dz, dy, dx] = grid.spacing.zyx();
        let resampled = self.extractor.is_some_and(Extractor::resamples);
        if self.unit == Unit::Case && !resampled && dz >= THICK * dy.max(dx) {
            let text = format!("slices are {dz} mm apart, pixels {} mm", dy.max(dx));
            let done = "measured in 3D, where neighbours across slices are far; --by slice or \
                        resampledPixelSpacing suits such images better";
            doubts.push(Warning::new(WarningCode::Thick, text, done).note());
        }
        doubts.extend(found.doubts.iter().map(|doubt| match doubt {
            ImageDoubt::NotFiltered { images, reason } => {
                let text = format!("{}: {reason}", images.join(", "));
                let done = "the columns of these images are empty";
                Warning::new(WarningCode::Filter, text, done)
            }
            ImageDoubt::Collapsed { image } => {
                let text = format!("on image {image} the region has a single grey level");
                let done = "measured as set; give the image type a bin width or count of its own";
                Warning::new(WarningCode::Filter, text, done)
            }
        }));
        doubts
    }
}

impl Found {
    /// Takes the slices of a region, `step` mm apart.
    fn add_slices(&mut self, slices: Slices, step: f64, key: RegionKey) -> Result<()> {
        for (z, measured) in slices {
            let row = measured.map(|measured| {
                self.in_parts += usize::from(measured.parts > 1);
                self.parts = self.parts.max(measured.parts);
                let [_, dy, dx] = measured.spacing;
                let area = measured.voxels as f64 * dy * dx;
                let place = Place {
                    slice: Some(u32::try_from(z).unwrap_or(u32::MAX)),
                    position_mm: Some(z as f64 * step),
                    size: area,
                };
                row(measured, key, place, &mut self.doubts)
            });
            self.add(row)?;
        }
        Ok(())
    }

    /// Takes a row, counts a region that is too small, passes on what else is wrong.
    fn add(&mut self, row: std::result::Result<MeasuredRow, FeatureError>) -> Result<()> {
        match row {
            Ok(row) => {
                self.largest = self.largest.max(row.voxels);
                self.rows.push(row);
            }
            Err(FeatureError::TooSmall { pixels, .. }) => {
                self.largest = self.largest.max(pixels);
                self.too_small += 1;
            }
            Err(FeatureError::TooFlat { shape, .. }) => {
                self.largest = self.largest.max(shape.iter().product());
                self.too_small += 1;
            }
            Err(FeatureError::Emptied { .. }) => self.too_small += 1,
            Err(fault) => return Err(failed(&fault)),
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Place {
    slice: Option<u32>,
    position_mm: Option<f64>,
    size: f64,
}

fn row(
    measured: Measured,
    region: RegionKey,
    place: Place,
    doubts: &mut Vec<ImageDoubt>,
) -> MeasuredRow {
    for doubt in measured.doubts {
        if !doubts.contains(&doubt) {
            doubts.push(doubt);
        }
    }
    let values = measured.values.into_iter();
    MeasuredRow {
        slice: place.slice,
        region,
        position_mm: place.position_mm,
        voxels: measured.voxels,
        size: place.size,
        range: measured.range.1 - measured.range.0,
        levels: measured.levels,
        values: values
            .map(|value| value.is_finite().then_some(value))
            .collect(),
    }
}

/// An engine's error as a case's failure.
pub(crate) fn failed(fault: &FeatureError) -> ToolError {
    let (code, remedy) = match fault {
        FeatureError::TooManyBins { .. } => {
            (Code::Bins, "choose the width it names, or a bin count")
        }
        FeatureError::NonFinite { .. } => (
            Code::Nonfinite,
            "mend the image or the mask, or leave such voxels out with --nonfinite drop",
        ),
        FeatureError::TooSmall { .. }
        | FeatureError::TooFlat { .. }
        | FeatureError::Emptied { .. } => (Code::RoiSmall, "check the mask, or lower --min-pixels"),
        FeatureError::GridMismatch { .. } | FeatureError::Resampling { .. } => {
            (Code::Geometry, "bring the mask onto the image's grid")
        }
        FeatureError::NotASlice { .. } => (
            Code::Settings,
            "leave the family out (shape2D), or measure --by slice",
        ),
        FeatureError::Settings { .. } => (Code::Settings, "correct the feature settings"),
        _ => (Code::Internal, "report this as a bug"),
    };
    ToolError::new(code, fault.to_string()).remedy(remedy)
}
