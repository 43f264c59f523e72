//! Structure sets (RTSTRUCT): regions as contours (PS3.3, C.8.8.5 and C.8.8.6).

use std::collections::BTreeMap;

use ndarray::Array3;
use raduet_features::Grid;

use super::attributes::{self, Class};
use super::contours::{self, Contour, Filled};
use super::corrupt;
use super::elements::Tag;
use super::file::DicomFile;
use super::regions::{Region, Regions};
use super::values::Set;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::{GeometryRule, ReadOptions};

const ROIS: Tag = (0x3006, 0x0020);
const ROI_CONTOURS: Tag = (0x3006, 0x0039);
const CONTOURS: Tag = (0x3006, 0x0040);

/// Numbers of a contour at most, three a point: a slice has hundreds of points.
const MOST_NUMBERS: usize = 3 << 20;

/// A structure set.
#[derive(Debug)]
pub struct StructureSet {
    regions: BTreeMap<i64, Outlined>,
}

#[derive(Debug)]
struct Outlined {
    region: Region,
    contours: Vec<Contour>,
    /// Contours that enclose nothing: points, open lines.
    open: usize,
    /// What is wrong with one of its contours; the other regions are none the worse.
    fault: Option<ToolError>,
    frame_of_reference: Option<String>,
}

/// Reads a structure set from the bytes of its file.
///
/// # Errors
/// `E_FORMAT` for anything else; `E_CORRUPT`, `E_HEADER`.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<StructureSet> {
    of(&DicomFile::parse(bytes.to_vec(), options.budget)?)
}

pub(super) fn of(file: &DicomFile) -> Result<StructureSet> {
    let set = file.set();
    if attributes::class(set) != Class::StructureSet {
        return Err(ToolError::new(Code::Format, "no structure set (RTSTRUCT)")
            .remedy("give the file with the contours"));
    }
    let mut regions: BTreeMap<i64, Outlined> = BTreeMap::new();
    for roi in set.items(ROIS) {
        let number = roi
            .written((0x3006, 0x0022))
            .ok_or_else(|| corrupt("a region without its number"))?;
        let outlined = Outlined {
            region: Region {
                number,
                name: roi.text((0x3006, 0x0026)).unwrap_or_default(),
            },
            contours: Vec::new(),
            open: 0,
            fault: None,
            frame_of_reference: roi.text((0x3006, 0x0024)).filter(|uid| !uid.is_empty()),
        };
        if regions.insert(number, outlined).is_some() {
            return Err(corrupt(format!("two regions of number {number}")));
        }
    }
    for item in set.items(ROI_CONTOURS) {
        let number = item
            .written((0x3006, 0x0084))
            .ok_or_else(|| corrupt("contours without the number of their region"))?;
        let region = regions
            .get_mut(&number)
            .ok_or_else(|| corrupt(format!("contours of region {number}, which is not listed")))?;
        for contour in item.items(CONTOURS) {
            match points(contour) {
                Ok(Some(points)) => region.contours.push(points),
                Ok(None) => region.open = region.open.saturating_add(1),
                Err(fault) => drop(region.fault.get_or_insert(fault)),
            }
        }
    }
    Ok(StructureSet { regions })
}

/// The points of a closed contour, in RAS.
fn points(contour: Set<'_>) -> Result<Option<Contour>> {
    let kind = contour.text((0x3006, 0x0042)).unwrap_or_default();
    if !matches!(
        kind.as_str(),
        "CLOSED_PLANAR" | "CLOSEDPLANAR_XOR" | "INTERPOLATED_PLANAR" | ""
    ) {
        return Ok(None);
    }
    let data = contour.decimals((0x3006, 0x0050), MOST_NUMBERS);
    let data = data.ok_or_else(|| corrupt("a contour whose points are no numbers"))?;
    if !data.len().is_multiple_of(3) {
        return Err(corrupt(format!(
            "a contour of {} numbers, not three a point",
            data.len()
        )));
    }
    if let Some(declared) = contour.written((0x3006, 0x0046))
        && usize::try_from(declared)
            .ok()
            .and_then(|n| n.checked_mul(3))
            != Some(data.len())
    {
        return Err(corrupt(format!(
            "a contour of {} points that declares {declared}",
            data.len() / 3
        )));
    }
    let points: Contour = data
        .chunks_exact(3)
        .filter_map(|point| match point {
            [x, y, z] => Some([-x, -y, *z]),
            _ => None,
        })
        .collect();
    Ok((points.len() >= 3).then_some(points))
}

impl Regions for StructureSet {
    fn list(&self) -> Vec<Region> {
        // Regions without a contour are names only.
        let drawn = self
            .regions
            .values()
            .filter(|known| !known.contours.is_empty() || known.fault.is_some());
        drawn.map(|known| known.region.clone()).collect()
    }

    fn frame_of_reference(&self, number: i64) -> Option<&str> {
        self.regions.get(&number)?.frame_of_reference.as_deref()
    }

    fn lay(
        &self,
        number: i64,
        image: &Grid,
        _: GeometryRule,
    ) -> Result<(Array3<bool>, Vec<Warning>)> {
        let found = self.regions.get(&number);
        let found = found.ok_or_else(|| ToolError::internal("a region that is not there"))?;
        if let Some(fault) = &found.fault {
            return Err(fault.clone());
        }
        let Filled {
            inside,
            mut warnings,
        } = contours::fill(&found.contours, image)?;
        if found.open > 0 {
            warnings.push(Warning::new(
                WarningCode::Geometry,
                format!(
                    "{} contours enclose nothing (points, open lines)",
                    found.open
                ),
                "they are passed over",
            ));
        }
        Ok((inside, warnings))
    }
}
