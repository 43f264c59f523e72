//! One case: its two files, how they lie on one another, and, with its voxels, its regions.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::Array2;
use raduet_features::{DiscretisedRoi, Grid, MaskVolume, Roi, Volume};
use raduet_study::CaseId;
use serde::Serialize;

use super::{Depth, Labels, Looking, Member};
use crate::cases::{LoadedCase, left_out};
use crate::cohort::CaseFiles;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::extract::failed;
use crate::guards::doubles::digest_of_voxels;
use crate::io::grid::axis_letters;
use crate::io::survey::header;
use crate::io::{
    LabelChoice, LabelVolume, ReadLabels, ReadMask, ReadOptions, geometry, numbers, read_labels,
};

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
    /// Its regions, where voxels were read.
    pub regions: Vec<Region>,
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

/// The slice with most of the largest region, and that region in it.
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
    /// Fingerprint of the image's values, where they were read.
    pub(super) content: Option<String>,
}

impl Looked {
    fn new(member: &Member<'_>) -> Self {
        Self {
            facts: CaseFacts {
                id: member.record.id.as_str().to_owned(),
                patient: member.record.patient.as_str().to_owned(),
                size: None,
                spacing: None,
                orientation: None,
                numbers: None,
                regions: Vec::new(),
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
        self.facts.orientation = Some(axis_letters(&grid.affine));
        self.facts.numbers = Some(numbers);
    }
}

/// Looks at a case; `load` gives image and region of one that has no files.
pub(super) fn look(
    member: &Member<'_>,
    load: impl FnOnce() -> Result<LoadedCase>,
    looking: &Looking,
) -> Looked {
    let mut looked = Looked::new(member);
    let outcome = match &member.files {
        None => load().and_then(|case| looked.made(&case, looking)),
        Some((files, options)) if looking.depth == Depth::Headers => {
            looked.headers(files, options, looking)
        }
        Some((files, options)) => looked.voxels(files, options, looking),
    };
    if let Err(error) = outcome {
        looked.errors.push(error);
    }
    looked
}

impl Looked {
    /// Image and mask by their headers; read whole where one of them cannot be known by its header.
    fn headers(
        &mut self,
        files: &CaseFiles,
        options: &ReadOptions,
        looking: &Looking,
    ) -> Result<()> {
        let image = header(&files.image, options)?;
        let mask = match &image {
            Some(_) => header(&files.mask, &options.of_mask())?,
            None => None,
        };
        let (Some(image), Some(mask)) = (image, mask) else {
            let read = read_labels(&files.image, &files.mask, looking.rule, options)?;
            let doubts = read.labels.warnings().to_vec();
            return self.image(&read.image, read.warnings.into_iter().chain(doubts));
        };
        self.grid(&image.grid, image.numbers);
        self.warnings.extend(image.warnings);
        self.warnings.extend(mask.warnings);
        let (_, moved) = geometry::place(&image.grid, &mask.grid, looking.rule)
            .map_err(|error| error.file(&files.mask).against(&files.image))?;
        self.warnings
            .extend(moved.map(|warning| warning.file(&files.mask)));
        Ok(())
    }

    fn image(
        &mut self,
        volume: &Volume,
        warnings: impl IntoIterator<Item = Warning>,
    ) -> Result<()> {
        self.grid(volume.grid(), numbers(volume.voxels()));
        self.warnings.extend(warnings);
        self.content = Some(digest_of_voxels(volume)?);
        Ok(())
    }

    /// Image and mask as they are measured.
    fn voxels(
        &mut self,
        files: &CaseFiles,
        options: &ReadOptions,
        looking: &Looking,
    ) -> Result<()> {
        let ReadLabels {
            image: volume,
            labels,
            warnings,
            ..
        } = read_labels(&files.image, &files.mask, looking.rule, options)?;
        self.image(
            &volume,
            warnings.into_iter().chain(labels.warnings().to_vec()),
        )?;
        let mut largest: Option<(usize, MaskVolume)> = None;
        let mut faults = Vec::new();
        for choice in choices(&labels, files, &looking.labels) {
            let read = match labels.region(&choice) {
                Ok(read) => read,
                Err(error) => {
                    faults.push((choice, error));
                    continue;
                }
            };
            self.warnings.extend_from_slice(&read.warnings);
            let voxels = self.region(&volume, &read, looking, Some(files))?;
            if largest.as_ref().is_none_or(|(most, _)| voxels > *most) {
                largest = Some((voxels, read.mask));
            }
        }
        let some = largest.is_some();
        for (choice, error) in faults {
            if some {
                let doubt = left_out(&choice, &error, &files.mask);
                self.warnings.push(doubt);
            } else {
                self.errors.push(error);
            }
        }
        if looking.depth == Depth::Pictures {
            self.facts.tile = largest.and_then(|(_, mask)| tile(&volume, &mask));
        }
        Ok(())
    }

    /// An image in memory, with its only region.
    fn made(&mut self, case: &LoadedCase, looking: &Looking) -> Result<()> {
        if looking.depth == Depth::Headers {
            self.grid(case.volume.grid(), numbers(case.volume.voxels()));
            return Ok(());
        }
        self.image(&case.volume, case.warnings.clone())?;
        let read = ReadMask {
            mask: case.mask.clone(),
            label: 1,
            counts: BTreeMap::new(),
            warnings: Vec::new(),
        };
        self.region(&case.volume, &read, looking, None)?;
        if looking.depth == Depth::Pictures {
            self.facts.tile = tile(&case.volume, &case.mask);
        }
        Ok(())
    }

    /// One region, and what is unusual about it; gives its number of voxels.
    fn region(
        &mut self,
        volume: &Volume,
        read: &ReadMask,
        looking: &Looking,
        files: Option<&CaseFiles>,
    ) -> Result<usize> {
        let of_image = |error: ToolError| match files {
            Some(files) => error.file(&files.image),
            None => error,
        };
        let roi = Roi::from_volume(volume, &read.mask)
            .map_err(|fault| of_image(failed(&fault)))?
            .ok_or_else(|| ToolError::internal("a region without voxels"))?;
        let (minimum, maximum) = roi.range();
        let mut bins = None;
        if let Some(rule) = looking.discretisation {
            match DiscretisedRoi::new(&roi, rule, MOST_BINS, 1) {
                Ok(discretised) => bins = Some(discretised.highest_level()),
                Err(fault) => self.errors.push(of_image(failed(&fault))),
            }
        }
        let region = Region {
            label: read.label,
            labels: read.counts.clone(),
            voxels: roi.count(),
            slices: read.mask.occupied_slices().len(),
            parts: roi.parts(),
            minimum,
            maximum,
            bins,
        };
        region.doubts(looking, self, files.map(|files| files.mask.as_path()));
        self.facts.regions.push(region);
        Ok(roi.count())
    }
}

/// Which regions of a mask are looked at.
fn choices(labels: &LabelVolume, files: &CaseFiles, wanted: &Labels) -> Vec<LabelChoice> {
    match wanted {
        Labels::Named => vec![files.label_choice()],
        Labels::This(choice) => vec![choice.clone()],
        Labels::All => match labels.labels() {
            // The error of a mask without any label.
            none if none.is_empty() => vec![LabelChoice::Only],
            labels => labels.into_iter().map(LabelChoice::Value).collect(),
        },
    }
}

impl Region {
    /// What is unusual about it.
    fn doubts(&self, looking: &Looking, looked: &mut Looked, mask: Option<&Path>) {
        if self.voxels < looking.min_pixels {
            let found = format!("the region has {} voxels", self.voxels);
            let error = ToolError::new(Code::RoiSmall, found)
                .expected(format!("at least {}", looking.min_pixels))
                .remedy("check the mask, or lower --min-pixels");
            looked.errors.push(match mask {
                Some(mask) => error.file(mask),
                None => error,
            });
            return;
        }
        let mut add = |code, found: String, done: &str| {
            let warning = Warning::new(code, found, done);
            looked.warnings.push(match mask {
                Some(mask) => warning.file(mask),
                None => warning,
            });
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
