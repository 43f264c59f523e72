//! What the elements of an image say about each of its slices: place, size of pixels, scaling, form of the numbers.

use super::corrupt;
use super::elements::{PIXEL_DATA, Tag};
use super::file::DicomFile;
use super::values::Set;
use crate::error::{Code, Result, ToolError};

const SHARED_GROUPS: Tag = (0x5200, 0x9229);
const FRAME_GROUPS: Tag = (0x5200, 0x9230);
const POSITION_GROUP: Tag = (0x0020, 0x9113);
const ORIENTATION_GROUP: Tag = (0x0020, 0x9116);
const MEASURES_GROUP: Tag = (0x0028, 0x9110);
const VALUES_GROUP: Tag = (0x0028, 0x9145);

const SLOPE: Tag = (0x0028, 0x1053);
const INTERCEPT: Tag = (0x0028, 0x1052);

/// Frames of a file at most.
const MOST_FRAMES: usize = 1 << 16;

/// A number as it is stored in a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PixelForm {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// 1, 8, 16 or 32.
    pub(super) allocated: u32,
    pub(super) stored: u32,
    pub(super) high: u32,
    pub(super) signed: bool,
}

impl PixelForm {
    /// Pixels of a frame.
    pub(super) fn pixels(self) -> usize {
        self.rows.saturating_mul(self.columns)
    }
}

/// Where a slice lies, in LPS and mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plane {
    /// Centre of the first pixel.
    pub(super) position: [f64; 3],
    /// Where columns count on.
    pub(super) along_row: [f64; 3],
    /// Where rows count on.
    pub(super) along_column: [f64; 3],
}

/// A slice of a series.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    pub(super) frame: usize,
    pub(super) plane: Option<Plane>,
    /// Distance of rows, then of columns, in mm.
    pub(super) spacing: Option<[f64; 2]>,
    /// Between slices, as stated; the thickness where nothing is.
    pub(super) step: Option<f64>,
    pub(super) slope: f64,
    pub(super) intercept: f64,
}

/// An image.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) object: String,
    pub(super) series: String,
    pub(super) frame_of_reference: Option<String>,
    pub(super) form: PixelForm,
    pub(super) inverted: bool,
    pub(super) slices: Vec<Slice>,
}

/// The class of an object: what it is, by its SOP class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Image,
    StructureSet,
    Segmentation,
    Dose,
    Other,
}

/// What a file holds.
pub(super) fn class(set: Set<'_>) -> Class {
    let uid = set.text((0x0008, 0x0016)).unwrap_or_default();
    match uid.strip_prefix("1.2.840.10008.5.1.4.1.1.") {
        Some("481.3") => Class::StructureSet,
        Some("66.4" | "66.7") => Class::Segmentation,
        Some("481.2") => Class::Dose,
        _ if set.stored((0x0028, 0x0010)).is_some() && set.value(PIXEL_DATA).is_some() => {
            Class::Image
        }
        _ => Class::Other,
    }
}

/// The frame of reference of a file (its UID): within one, places can be compared.
pub(super) fn frame_of_reference(set: Set<'_>) -> Option<String> {
    set.text((0x0020, 0x0052)).filter(|uid| !uid.is_empty())
}

/// The image of a file.
///
/// # Errors
/// `E_HEADER`, `E_DATATYPE`.
pub(super) fn image(file: &DicomFile) -> Result<Image> {
    let set = file.set();
    let form = form(set)?;
    let photometric = set.text((0x0028, 0x0004)).unwrap_or_default();
    let inverted = match photometric.as_str() {
        "MONOCHROME2" | "" => false,
        "MONOCHROME1" => true,
        other => {
            let shown: String = other.chars().take(20).collect();
            return Err(
                ToolError::new(Code::Datatype, format!("pixels of kind '{shown}'"))
                    .expected("MONOCHROME1 or MONOCHROME2")
                    .remedy("convert the images to grey levels"),
            );
        }
    };
    if matches!(set.stored((0x0028, 0x0002)), Some(n) if n != 1) {
        return Err(ToolError::new(Code::Datatype, "several samples a pixel")
            .expected("one")
            .remedy("convert the images to grey levels"));
    }
    Ok(Image {
        object: set.text((0x0008, 0x0018)).unwrap_or_default(),
        series: set.text((0x0020, 0x000e)).unwrap_or_default(),
        frame_of_reference: frame_of_reference(set),
        form,
        inverted,
        slices: slices(set)?,
    })
}

/// The form of the numbers.
///
/// # Errors
/// `E_HEADER`, `E_DATATYPE`.
pub(super) fn form(set: Set<'_>) -> Result<PixelForm> {
    let number = |tag: Tag, name: &str| {
        set.stored(tag).ok_or_else(|| {
            ToolError::new(Code::Header, format!("no {name}"))
                .remedy("the file is damaged: copy or export it again")
        })
    };
    let size = |tag: Tag, name: &str| -> Result<usize> {
        let n = number(tag, name)?;
        let n = usize::try_from(n).ok().filter(|n| *n > 0);
        n.ok_or_else(|| {
            ToolError::new(Code::Header, format!("{name} 0"))
                .expected("at least 1")
                .remedy("the file is damaged: copy or export it again")
        })
    };
    let allocated = number((0x0028, 0x0100), "BitsAllocated")?;
    let stored = set.stored((0x0028, 0x0101)).unwrap_or(allocated);
    let high = set
        .stored((0x0028, 0x0102))
        .unwrap_or_else(|| stored.saturating_sub(1));
    if !matches!(allocated, 1 | 8 | 16 | 32) {
        return Err(
            ToolError::new(Code::Datatype, format!("{allocated} bits a pixel"))
                .expected("8, 16 or 32 (1 in segmentations)")
                .remedy("convert the images"),
        );
    }
    if stored == 0 || stored > allocated || high >= allocated || high.saturating_add(1) < stored {
        return Err(ToolError::new(
            Code::Header,
            format!("BitsAllocated {allocated}, BitsStored {stored}, HighBit {high}"),
        )
        .expected("bits that fit into one another")
        .remedy("the file is damaged: copy or export it again"));
    }
    Ok(PixelForm {
        rows: size((0x0028, 0x0010), "Rows")?,
        columns: size((0x0028, 0x0011), "Columns")?,
        allocated,
        stored,
        high,
        signed: set.stored((0x0028, 0x0103)) == Some(1),
    })
}

/// How many frames a file says it has.
///
/// # Errors
/// `E_HEADER`.
pub(super) fn frames(set: Set<'_>) -> Result<usize> {
    let Some(text) = set.text((0x0028, 0x0008)).filter(|text| !text.is_empty()) else {
        return Ok(1);
    };
    let frames = text.parse().ok().filter(|n| (1..=MOST_FRAMES).contains(n));
    frames.ok_or_else(|| {
        let shown: String = text.chars().take(20).collect();
        ToolError::new(Code::Header, format!("NumberOfFrames {shown}"))
            .expected(format!("1 to {MOST_FRAMES}"))
            .remedy("the file is damaged: copy or export it again")
    })
}

fn slices(set: Set<'_>) -> Result<Vec<Slice>> {
    let frames = frames(set)?;
    if frames == 1 && set.value(FRAME_GROUPS).is_none() {
        return Ok(vec![Slice {
            frame: 0,
            plane: plane(set, set)?,
            spacing: spacing(set)?,
            step: step(set),
            slope: set.decimal(SLOPE, "RescaleSlope")?.unwrap_or(1.0),
            intercept: set.decimal(INTERCEPT, "RescaleIntercept")?.unwrap_or(0.0),
        }]);
    }
    let groups = Groups::new(set);
    if groups.each.len() != frames {
        return Err(ToolError::new(
            Code::Header,
            format!("{frames} frames, {} of them described", groups.each.len()),
        )
        .expected("functional groups for every frame")
        .remedy("export the images again, one file a slice"));
    }
    (0..frames)
        .map(|frame| {
            let values = groups.find(frame, VALUES_GROUP);
            let number = |tag, name| values.map_or(Ok(None), |values| values.decimal(tag, name));
            Ok(Slice {
                frame,
                plane: groups.plane(frame)?,
                spacing: groups.spacing(frame)?,
                step: groups.step(frame),
                slope: number(SLOPE, "RescaleSlope")?.unwrap_or(1.0),
                intercept: number(INTERCEPT, "RescaleIntercept")?.unwrap_or(0.0),
            })
        })
        .collect()
}

/// What an object says about all of its frames and about each.
pub(super) struct Groups<'a> {
    shared: Option<Set<'a>>,
    pub(super) each: Vec<Set<'a>>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(set: Set<'a>) -> Self {
        Self {
            shared: set.item(SHARED_GROUPS),
            each: set.items(FRAME_GROUPS).collect(),
        }
    }

    /// A group of a frame, or of all.
    pub(super) fn find(&self, frame: usize, group: Tag) -> Option<Set<'a>> {
        let own = self.each.get(frame).and_then(|set| set.item(group));
        own.or_else(|| self.shared.and_then(|set| set.item(group)))
    }

    /// Where a frame lies.
    pub(super) fn plane(&self, frame: usize) -> Result<Option<Plane>> {
        match (
            self.find(frame, POSITION_GROUP),
            self.find(frame, ORIENTATION_GROUP),
        ) {
            (Some(position), Some(orientation)) => plane(position, orientation),
            _ => Ok(None),
        }
    }

    /// Sizes of a frame's pixels: rows, columns.
    pub(super) fn spacing(&self, frame: usize) -> Result<Option<[f64; 2]>> {
        let measures = self.find(frame, MEASURES_GROUP);
        Ok(measures.map(spacing).transpose()?.flatten())
    }

    /// Distance to the next frame in mm, as stated; the thickness where nothing is.
    pub(super) fn step(&self, frame: usize) -> Option<f64> {
        self.find(frame, MEASURES_GROUP).and_then(step)
    }
}

fn plane(position: Set<'_>, orientation: Set<'_>) -> Result<Option<Plane>> {
    /// Slack of length and right angle: cosines are often written with six digits.
    const SLACK: f64 = 1e-3;
    let (Some(position), Some(cosines)) = (
        position.exactly::<3>((0x0020, 0x0032), "ImagePositionPatient")?,
        orientation.exactly::<6>((0x0020, 0x0037), "ImageOrientationPatient")?,
    ) else {
        return Ok(None);
    };
    let [a, b, c, d, e, f] = cosines;
    let dot = |u: [f64; 3], v: [f64; 3]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
    let (row, column) = ([a, b, c], [d, e, f]);
    let crooked = (dot(row, row) - 1.0).abs() > SLACK
        || (dot(column, column) - 1.0).abs() > SLACK
        || dot(row, column).abs() > SLACK;
    if crooked {
        return Err(ToolError::new(
            Code::Header,
            format!("ImageOrientationPatient {a} {b} {c} {d} {e} {f}"),
        )
        .expected("two unit vectors at right angles")
        .remedy("the file is damaged: copy or export it again"));
    }
    Ok(Some(Plane {
        position,
        along_row: row,
        along_column: column,
    }))
}

fn spacing(set: Set<'_>) -> Result<Option<[f64; 2]>> {
    let Some(spacing) = set.exactly::<2>((0x0028, 0x0030), "PixelSpacing")? else {
        return Ok(None);
    };
    if spacing.iter().all(|s| *s > 0.0) {
        return Ok(Some(spacing));
    }
    let [rows, columns] = spacing;
    Err(
        ToolError::new(Code::Header, format!("PixelSpacing {rows} {columns}"))
            .expected("positive sizes")
            .remedy("the file is damaged: copy or export it again"),
    )
}

/// `SpacingBetweenSlices`, else `SliceThickness`.
fn step(set: Set<'_>) -> Option<f64> {
    // Not needed where positions tell: what is no number is none.
    let positive = |tag| {
        let stated = set.decimal(tag, "").ok().flatten();
        stated.filter(|step| *step > 0.0)
    };
    positive((0x0018, 0x0088)).or_else(|| positive((0x0018, 0x0050)))
}

/// An error for a series UID that is missing where one is needed.
pub(super) fn series_of(image: &Image) -> Result<&str> {
    if image.series.is_empty() {
        return Err(corrupt("an image without SeriesInstanceUID"));
    }
    Ok(&image.series)
}
