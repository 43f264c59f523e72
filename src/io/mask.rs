//! Segmentations: whole-number labels on the image's grid, and one region chosen from them.

mod labels;

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array3, Axis};
use raduet_features::{Grid, MaskVolume, Volume};

use self::labels::{Counts, WHOLE, count, inside, into_inside, with_share_outside};
pub(super) use self::labels::{Run, runs_of};
use super::dicom::{self, Regions};
use super::geometry::{self, GeometryRule, Placement, Reorder};
use super::{ReadOptions, ReadVolume, read_volume};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::manifest::nearest;

/// Labels listed in a message.
const LISTED: usize = 12;

/// Which label is the region of interest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LabelChoice {
    /// The only label there is; several are an error.
    #[default]
    Only,
    /// The voxels with this value, or the region of this number.
    Value(i64),
    /// The region of this name.
    Name(String),
}

/// A segmentation on the grid of its image.
#[derive(Debug)]
pub struct LabelVolume {
    content: Content,
    image: Grid,
    /// That of the image, where it says so.
    frame_of_reference: Option<String>,
    rule: GeometryRule,
    warnings: Vec<Warning>,
    file: std::path::PathBuf,
}

/// How a file holds its regions.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a case, not a list")]
enum Content {
    /// A label at every voxel, in the mask's own order.
    Labels {
        stored: Volume,
        placement: Placement,
        /// Voxels of each label, 0 left out.
        counts: BTreeMap<i64, u64>,
    },
    /// Regions with names, which may overlap.
    Regions(Box<dyn Regions>),
}

/// A mask file that was read, not laid on an image yet.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a case, not a list")]
pub(super) enum MaskFile {
    /// An image of labels, with their numbers of voxels.
    Volume(ReadVolume, Result<Counts>),
    /// Contours or segments.
    Regions(Box<dyn Regions>),
}

impl MaskFile {
    /// Reads a mask of any format.
    ///
    /// # Errors
    /// Those of [`read_volume`].
    pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<Self> {
        if let Some(regions) = dicom::regions_of(path, options)? {
            return Ok(Self::Regions(regions));
        }
        let read = read_volume(path, options)?;
        let counts = count(&read.volume);
        Ok(Self::Volume(read, counts))
    }

    /// The file's fingerprint, where it was read as a whole.
    pub(super) fn fingerprint(&self) -> Option<String> {
        match self {
            Self::Volume(read, _) => read.fingerprint.clone(),
            Self::Regions(_) => None,
        }
    }
}

/// One region and the doubts about its file.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadMask {
    /// The region, on the image's grid.
    pub mask: MaskVolume,
    /// Its label value.
    pub label: i64,
    /// Voxels of each label in the file, 0 left out; of regions with names, of the chosen one.
    pub counts: BTreeMap<i64, u64>,
    /// What is doubtful about the file.
    pub warnings: Vec<Warning>,
}

impl LabelVolume {
    /// Reads a segmentation and lays it on the image's grid.
    ///
    /// # Errors
    /// Those of [`read_volume`]; `E_GEOMETRY`, `E_MASK_VALUES`.
    pub fn read(
        path: &Path,
        image: &Grid,
        rule: GeometryRule,
        options: &ReadOptions,
    ) -> Result<Self> {
        Self::new(MaskFile::read(path, options)?, path, image, None, rule)
    }

    /// Lays a segmentation that was read from a file on the image's grid; `frame` is the image's frame of reference.
    ///
    /// # Errors
    /// `E_GEOMETRY`, `E_MASK_VALUES`.
    pub(super) fn new(
        read: MaskFile,
        path: &Path,
        image: &Grid,
        frame: Option<&str>,
        rule: GeometryRule,
    ) -> Result<Self> {
        let (read, counts) = match read {
            MaskFile::Volume(read, counts) => (read, counts),
            MaskFile::Regions(regions) => {
                return Ok(Self {
                    content: Content::Regions(regions),
                    image: *image,
                    frame_of_reference: frame.map(str::to_owned),
                    rule,
                    warnings: Vec::new(),
                    file: path.to_owned(),
                });
            }
        };
        let ReadVolume {
            volume,
            mut warnings,
            frame_of_reference,
            ..
        } = read;
        let mut add = |warning: Warning| warnings.push(warning.file(path));
        elsewhere(frame, frame_of_reference.as_deref())
            .into_iter()
            .for_each(&mut add);
        let (placement, moved) = geometry::place(image, volume.grid(), rule)
            .map_err(|error| with_share_outside(error, image, &volume).file(path))?;
        moved.into_iter().for_each(&mut add);
        let (counts, rounded) = counts.map_err(|error| error.file(path))?;
        if rounded > 0 {
            add(Warning::new(
                WarningCode::MaskRounded,
                format!("{rounded} mask values are near, but not at, whole numbers"),
                format!("rounded (all within {WHOLE})"),
            ));
        }
        Ok(Self {
            content: Content::Labels {
                stored: volume,
                placement,
                counts,
            },
            image: *image,
            frame_of_reference: None,
            rule,
            warnings,
            file: path.to_owned(),
        })
    }

    /// The labels there are, ascending, 0 left out.
    pub fn labels(&self) -> Vec<i64> {
        match &self.content {
            Content::Labels { counts, .. } => counts.keys().copied().collect(),
            Content::Regions(regions) => regions.list().iter().map(|r| r.number).collect(),
        }
    }

    /// What is doubtful about the file.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The region of one label, with the doubts about it alone.
    ///
    /// # Errors
    /// `E_MASK_EMPTY` when there is no label at all; `E_LABEL` when the label is absent, or none was
    /// chosen and there are several; `E_GEOMETRY` when the region leaves the image.
    pub fn region(&self, choice: &LabelChoice) -> Result<ReadMask> {
        self.laid(choice).map_err(|error| error.file(&self.file))
    }

    fn laid(&self, choice: &LabelChoice) -> Result<ReadMask> {
        let label = self.choose(choice)?;
        match &self.content {
            Content::Labels {
                stored,
                placement,
                counts,
            } => Ok(ReadMask {
                mask: match placement {
                    Placement::Ordered(order) => {
                        laid(inside(stored, label), *order, self.image, &self.file)?
                    }
                    Placement::Resampled => self.within(geometry::resampled(
                        &self.image,
                        stored.grid(),
                        &inside(stored, label),
                    )?)?,
                },
                label,
                counts: counts.clone(),
                warnings: Vec::new(),
            }),
            Content::Regions(regions) => {
                let (inside, mut warnings) = regions.lay(label, &self.image, self.rule)?;
                warnings.extend(elsewhere(
                    self.frame_of_reference.as_deref(),
                    regions.frame_of_reference(label),
                ));
                let voxels = inside.iter().filter(|inside| **inside).count();
                if voxels == 0 {
                    return Err(ToolError::new(
                        Code::MaskEmpty,
                        "no voxel centre lies in the region",
                    )
                    .expected("at least one voxel of the region")
                    .remedy("draw the region larger, or take the case off the manifest"));
                }
                Ok(ReadMask {
                    mask: self.within(inside)?,
                    label,
                    counts: BTreeMap::from([(label, voxels as u64)]),
                    warnings: warnings.into_iter().map(|w| w.file(&self.file)).collect(),
                })
            }
        }
    }

    /// The region of one label, with all doubts.
    ///
    /// # Errors
    /// As [`Self::region`].
    pub fn into_mask(self, choice: &LabelChoice) -> Result<ReadMask> {
        let label = self
            .choose(choice)
            .map_err(|error| error.file(&self.file))?;
        if let Content::Labels {
            stored,
            placement: Placement::Ordered(order),
            counts,
        } = self.content
        {
            // The stored bytes become the region where they stand.
            return Ok(ReadMask {
                mask: laid(into_inside(stored, label), order, self.image, &self.file)?,
                label,
                counts,
                warnings: self.warnings,
            });
        }
        let mut read = self.region(choice)?;
        read.warnings.splice(0..0, self.warnings);
        Ok(read)
    }

    /// A region on the image's grid.
    fn within(&self, inside: Array3<bool>) -> Result<MaskVolume> {
        MaskVolume::new(inside, self.image)
            .ok_or_else(|| ToolError::internal("a region of another shape"))
    }

    fn choose(&self, choice: &LabelChoice) -> Result<i64> {
        let labels = self.labels();
        let found = match (labels.as_slice(), choice) {
            ([], _) => {
                let found = match &self.content {
                    Content::Labels { .. } => "every voxel of the mask is 0",
                    Content::Regions(_) => "no region has a contour or segment",
                };
                return Err(ToolError::new(Code::MaskEmpty, found)
                    .expected("at least one voxel of the region")
                    .remedy("draw the region, or take the case off the manifest"));
            }
            ([only], LabelChoice::Only) => Some(*only),
            (_, LabelChoice::Only) => {
                return Err(ToolError::new(
                    Code::Label,
                    format!("several labels: {}", self.listed()),
                )
                .expected("one label, or a choice")
                .remedy("choose one with --label or the manifest's Label column"));
            }
            (all, LabelChoice::Value(label)) => all.iter().find(|l| *l == label).copied(),
            (_, LabelChoice::Name(name)) => self.named(name)?,
        };
        let wanted = match choice {
            LabelChoice::Name(name) => format!("'{name}'"),
            LabelChoice::Value(label) => label.to_string(),
            LabelChoice::Only => String::new(),
        };
        found.ok_or_else(|| {
            let usual = "give one of the labels present";
            let what = match &self.content {
                Content::Labels { .. } => "no voxel has label",
                Content::Regions(_) => "no region is",
            };
            ToolError::new(
                Code::Label,
                format!("{what} {wanted}; present: {}", self.listed()),
            )
            .expected(format!("label {wanted}"))
            .remedy(match (choice, &self.content) {
                (LabelChoice::Name(name), Content::Regions(regions)) => {
                    let list = regions.list();
                    nearest(name, list.iter().map(|region| region.name.as_str()))
                        .map_or(usual.into(), |near| format!("did you mean '{near}'?"))
                }
                _ => usual.into(),
            })
        })
    }

    /// The region of a name: letter by letter, else without regard to capitals where that is unambiguous.
    fn named(&self, name: &str) -> Result<Option<i64>> {
        let Content::Regions(regions) = &self.content else {
            return Err(ToolError::new(
                Code::Label,
                format!(
                    "label '{name}' is asked for, but this mask has numbers: {}",
                    self.listed()
                ),
            )
            .expected("a whole number")
            .remedy("give one of the labels present"));
        };
        let list = regions.list();
        let exact: Vec<i64> = list
            .iter()
            .filter(|region| region.name == name)
            .map(|region| region.number)
            .collect();
        let alike: Vec<i64> = list
            .iter()
            .filter(|region| region.name.eq_ignore_ascii_case(name))
            .map(|region| region.number)
            .collect();
        match (exact.as_slice(), alike.as_slice()) {
            ([one], _) | ([], [one]) => Ok(Some(*one)),
            ([], []) => Ok(None),
            _ => Err(ToolError::new(
                Code::Label,
                format!("several regions are called '{name}': {}", self.listed()),
            )
            .expected("one of them")
            .remedy("choose by number")),
        }
    }

    /// `1 (120 voxels), 2 (7 voxels)`, or `1 'GTV', 2 'Heart'`.
    fn listed(&self) -> String {
        let all: Vec<String> = match &self.content {
            Content::Labels { counts, .. } => counts
                .iter()
                .map(|(label, n)| format!("{label} ({n} voxel{})", if *n == 1 { "" } else { "s" }))
                .collect(),
            Content::Regions(regions) => regions
                .list()
                .iter()
                .map(|region| format!("{} '{}'", region.number, region.name))
                .collect(),
        };
        let mut text = all
            .iter()
            .take(LISTED)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if all.len() > LISTED {
            let more = all.len() - LISTED;
            text.push_str(" and ");
            text.push_str(&more.to_string());
            text.push_str(" more");
        }
        text
    }
}

/// A doubt when image and mask name two frames of reference. Programs that take names out of files often write new UIDs
/// file by file, so that it is the places that decide.
fn elsewhere(image: Option<&str>, mask: Option<&str>) -> Option<Warning> {
    let (image, mask) = image.zip(mask)?;
    (image != mask).then(|| {
        Warning::new(
            WarningCode::Geometry,
            "image and mask name different frames of reference",
            "their places are compared all the same",
        )
    })
}

/// A region in the order of its image, on the image's grid.
fn laid(inside: Array3<bool>, order: Reorder, image: Grid, file: &Path) -> Result<MaskVolume> {
    let inside = if order.is_none() {
        inside
    } else {
        reordered(&inside, order)
    };
    MaskVolume::new(inside, image)
        .ok_or_else(|| ToolError::internal("mask does not fit the grid it was laid on").file(file))
}

/// Brings a mask into the order of its image.
fn reordered(inside: &Array3<bool>, order: Reorder) -> Array3<bool> {
    let mut view = inside.view().permuted_axes(order.axes);
    for (axis, flipped) in order.flipped.into_iter().enumerate() {
        if flipped {
            view.invert_axis(Axis(axis));
        }
    }
    view.as_standard_layout().into_owned()
}
