//! One case: its two files, how they lie on one another, and, with its voxels, its region.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::Array2;
use raduet_features::{DiscretisedRoi, Grid, MaskVolume, Roi, Volume, Voxels};
use raduet_study::CaseId;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use super::{Depth, Looking, Member};
use crate::error::{Code, ToolError, Warning, WarningCode};
use crate::extract::failed;
use crate::io::{ReadMask, Survey, geometry, numbers, read_labels, survey};
use crate::settings::LabelName;

/// Grey levels beyond which texture matrices are refused; the engine's own default.
const MOST_BINS: usize = 4096;

/// What is known about a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseFacts {
    /// Its name.
    pub id: String,
    /// Its patient.
    pub patient: String,
    /// Voxels along x, y, z.
    pub size: Option<[usize; 3]>,
    /// mm along x, y, z.
    pub spacing: Option<[f64; 3]>,
    /// Where x, y and z run to, as people say it: `RAS`.
    pub orientation: Option<String>,
    /// Stored number type of the image.
    pub numbers: Option<&'static str>,
    /// Its region, where voxels were read.
    pub region: Option<Region>,
    /// Codes of what was found.
    pub findings: Vec<&'static str>,
    /// The picture of it.
    #[serde(skip)]
    pub tile: Option<Tile>,
}

/// The region of a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Region {
    /// Its label.
    pub label: i64,
    /// Voxels of every label.
    pub labels: BTreeMap<i64, u64>,
    /// Its voxels.
    pub voxels: usize,
    /// Slices that hold some of it.
    pub slices: usize,
    /// Connected parts.
    pub parts: usize,
    /// Lowest intensity.
    pub minimum: f64,
    /// Highest intensity.
    pub maximum: f64,
    /// Grey levels that the settings make of it.
    pub bins: Option<u32>,
}

/// The slice with most of the region, and the region in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Intensities.
    pub slice: Array2<f64>,
    /// The region.
    pub inside: Array2<bool>,
}

/// What looking at a case gave.
pub(super) struct Looked {
    pub(super) facts: CaseFacts,
    pub(super) errors: Vec<ToolError>,
    pub(super) warnings: Vec<Warning>,
    /// Fingerprint of the image's voxels, where they were read.
    pub(super) content: Option<u128>,
}

impl Looked {
    fn new(member: &Member<'_>) -> Self {
        Self {
            facts: CaseFacts {
                id: member.id.as_str().to_owned(),
                patient: member.patient.as_str().to_owned(),
                size: None,
                spacing: None,
                orientation: None,
                numbers: None,
                region: None,
                findings: Vec::new(),
                tile: None,
            },
            errors: Vec::new(),
            warnings: Vec::new(),
            content: None,
        }
    }

    pub(super) fn failed(member: &Member<'_>, error: ToolError) -> Self {
        let mut looked = Self::new(member);
        looked.errors.push(error);
        looked
    }

    /// With the case's name, and paths as the manifest gives them.
    pub(super) fn named(mut self, id: &CaseId, folder: &Path) -> Self {
        let errors = self.errors.into_iter();
        self.errors = errors
            .map(|error| error.case(id.clone()).relative_to(folder))
            .collect();
        let warnings = self.warnings.into_iter();
        self.warnings = warnings
            .map(|warning| warning.case(id.clone()).relative_to(folder))
            .collect();
        self
    }

    fn grid(&mut self, grid: &Grid, numbers: &'static str) {
        let [z, y, x] = grid.shape;
        let [dz, dy, dx] = grid.spacing.zyx();
        self.facts.size = Some([x, y, z]);
        self.facts.spacing = Some([dx, dy, dz]);
        self.facts.orientation = Some(orientation(grid));
        self.facts.numbers = Some(numbers);
    }
}

pub(super) fn look(member: &Member<'_>, looking: &Looking) -> Looked {
    let mut looked = Looked::new(member);
    let outcome = if looking.depth == Depth::Headers {
        headers(member, looking, &mut looked)
    } else {
        voxels(member, looking, &mut looked)
    };
    if let Err(error) = outcome {
        looked.errors.push(error);
    }
    looked
}

/// Image and mask by their headers.
fn headers(
    member: &Member<'_>,
    looking: &Looking,
    looked: &mut Looked,
) -> crate::error::Result<()> {
    let files = member.files;
    let options = files.options(&looking.images, looking.budget);
    let rule = looking.images.rule();
    let image = survey(&files.image, &options)?;
    looked.grid(&image.grid, image.numbers);
    looked.warnings.extend(image.warnings);
    let mask_options = crate::io::ReadOptions {
        volume: None,
        ..options.clone()
    };
    let Ok(Survey { grid, warnings, .. }) = survey(&files.mask, &mask_options) else {
        // Contours and segmentations have no grid of their own, and the reader says best what is wrong with a mask.
        let (_, _, warnings) = read_labels(&files.image, &files.mask, rule, &options)?;
        looked.warnings.extend(warnings);
        return Ok(());
    };
    looked.warnings.extend(warnings);
    let (_, moved) = geometry::fit(&image.grid, &grid, rule)
        .map_err(|error| error.file(&files.mask).against(&files.image))?;
    let moved = moved.into_iter();
    looked
        .warnings
        .extend(moved.map(|warning| warning.file(&files.mask)));
    Ok(())
}

/// Image and mask as they are measured.
fn voxels(member: &Member<'_>, looking: &Looking, looked: &mut Looked) -> crate::error::Result<()> {
    let files = member.files;
    let options = files.options(&looking.images, looking.budget);
    let (volume, labels, warnings) =
        read_labels(&files.image, &files.mask, looking.images.rule(), &options)?;
    looked.grid(volume.grid(), numbers(volume.voxels()));
    looked.warnings.extend(warnings);
    looked.warnings.extend_from_slice(labels.warnings());
    looked.content = Some(content(&volume));
    let choice = looking
        .label
        .as_ref()
        .map_or_else(|| files.label_choice(), LabelName::choice);
    let ReadMask {
        mask,
        label,
        counts,
        ..
    } = labels.region(&choice)?;
    if looking.depth == Depth::Pictures {
        looked.facts.tile = tile(&volume, &mask);
    }
    let roi = Roi::from_volume(&volume, &mask)
        .map_err(|fault| failed(&fault).file(&files.image))?
        .ok_or_else(|| ToolError::internal("a region without voxels"))?;
    let (minimum, maximum) = roi.range();
    let mut bins = None;
    if let Some(rule) = looking.discretisation {
        match DiscretisedRoi::new(&roi, rule, MOST_BINS, 1) {
            Ok(discretised) => bins = Some(discretised.highest_level()),
            Err(fault) => looked.errors.push(failed(&fault).file(&files.image)),
        }
    }
    let region = Region {
        label,
        labels: counts,
        voxels: roi.count(),
        slices: mask.occupied_slices().len(),
        parts: roi.parts(),
        minimum,
        maximum,
        bins,
    };
    region.doubts(looking, looked, &files.mask);
    looked.facts.region = Some(region);
    Ok(())
}

impl Region {
    /// What is unusual about it.
    fn doubts(&self, looking: &Looking, looked: &mut Looked, mask: &Path) {
        if self.voxels < looking.min_pixels {
            let found = format!("the region has {} voxels", self.voxels);
            looked.errors.push(
                ToolError::new(Code::RoiSmall, found)
                    .file(mask)
                    .expected(format!("at least {}", looking.min_pixels))
                    .remedy("check the mask, or lower --min-pixels"),
            );
            return;
        }
        let mut add = |code, found: String, done: &str| {
            let warning = Warning::new(code, found, done).file(mask);
            looked.warnings.push(warning);
        };
        if self.slices == 1 {
            let found = "the region covers one slice".to_owned();
            add(WarningCode::RoiFlat, found, "it is measured as it is");
        }
        if self.parts > 1 {
            let found = format!("the region has {} parts", self.parts);
            let done = "measured as one region; --lesions measures each";
            add(WarningCode::RoiParts, found, done);
        }
        if self.maximum <= self.minimum {
            let found = format!("all intensities of the region are {}", self.minimum);
            let done = "features would have the values defined for a flat region";
            add(WarningCode::Constant, found, done);
        } else if self.bins == Some(1) {
            let found = format!(
                "intensities from {} to {} fall into one bin",
                self.minimum, self.maximum
            );
            add(WarningCode::Constant, found, "choose a smaller --bin-width");
        }
    }
}

/// The slice that holds most of the region.
fn tile(volume: &Volume, mask: &MaskVolume) -> Option<Tile> {
    let count = |z: usize| {
        let slice = mask.slice(z).ok()?;
        Some(slice.iter().filter(|inside| **inside).count())
    };
    let z = mask
        .occupied_slices()
        .into_iter()
        // The first of several with as many.
        .max_by_key(|&z| (count(z), std::cmp::Reverse(z)))?;
    Some(Tile {
        slice: volume.slice_f64(z).ok()?,
        inside: mask.slice(z).ok()?.to_owned(),
    })
}

/// Shape, scaling and stored numbers, whatever file they came from.
fn content(volume: &Volume) -> u128 {
    let mut hasher = Xxh3::new();
    for n in volume.grid().shape {
        hasher.update(&(n as u64).to_le_bytes());
    }
    hasher.update(&volume.scaling().slope.to_le_bytes());
    hasher.update(&volume.scaling().intercept.to_le_bytes());
    macro_rules! bytes {
        ($array:expr) => {{
            let standard = $array.as_standard_layout();
            hasher.update(bytemuck::cast_slice(
                standard.as_slice().unwrap_or_default(),
            ));
        }};
    }
    match volume.voxels() {
        Voxels::U8(array) => bytes!(array),
        Voxels::I8(array) => bytes!(array),
        Voxels::U16(array) => bytes!(array),
        Voxels::I16(array) => bytes!(array),
        Voxels::U32(array) => bytes!(array),
        Voxels::I32(array) => bytes!(array),
        Voxels::U64(array) => bytes!(array),
        Voxels::I64(array) => bytes!(array),
        Voxels::F32(array) => bytes!(array),
        Voxels::F64(array) => bytes!(array),
    }
    hasher.digest128()
}

/// Where x, y and z run to, a letter each: R or L, A or P, S or I.
fn orientation(grid: &Grid) -> String {
    const TOWARDS: [[char; 2]; 3] = [['R', 'L'], ['A', 'P'], ['S', 'I']];
    (0..3)
        .map(|axis| {
            let column = [0, 1, 2].map(|row| grid.affine.0[row][axis]);
            let longest = (0..3).max_by(|&a, &b| column[a].abs().total_cmp(&column[b].abs()));
            let row = longest.unwrap_or(0);
            TOWARDS[row][usize::from(column[row] < 0.0)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use raduet_features::{Affine, Spacing};

    use super::*;

    #[test]
    fn orientation_is_said_as_people_say_it() {
        let grid = |rows: [[f64; 4]; 3]| Grid {
            shape: [1, 1, 1],
            spacing: Spacing::new([1.0; 3]).unwrap(),
            affine: Affine(rows),
        };
        let unit = [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ];
        assert_eq!(orientation(&grid(unit)), "RAS");
        let turned = [
            [-1.0, 0.1, 0.0, 5.0],
            [0.1, 0.0, -2.0, 0.0],
            [0.0, 3.0, 0.2, 0.0],
        ];
        assert_eq!(orientation(&grid(turned)), "LSP");
    }
}
