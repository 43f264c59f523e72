//! Segmentations (SEG): regions as frames of pixels (PS3.3, C.8.20). Frames may be missing where a segment has no
//! voxel; each says by itself where it lies and which segment it shows.
//!
//! Binary frames are bits, the lowest of a byte first, frame after frame without filling. Fractional ones hold shares
//! of `MaximumFractionalValue`: a voxel is inside from one half on. Label maps hold numbers of segments.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array2, Array3, Axis};
use raduet_features::Grid;

use super::attributes::{self, Class, Groups, PixelForm, Plane};
use super::corrupt;
use super::elements::{PIXEL_DATA, Tag, Value};
use super::file::DicomFile;
use super::pixels;
use super::regions::{Region, Regions};
use super::stack::{Stack, stack};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::grid::{apply, inverse, real, whole};
use crate::io::voxel_bytes::{NumberType, declared, truncated};
use crate::io::{ByteBudget, GeometryRule, Misfit, ReadOptions, geometry};

const SEGMENTS: Tag = (0x0062, 0x0002);
const IDENTIFICATION: Tag = (0x0062, 0x000a);

/// What a pixel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Binary,
    /// Shares of this number.
    Fractional(u32),
    LabelMap,
}

/// A segmentation.
#[derive(Debug)]
pub struct Segmentation {
    file: DicomFile,
    form: PixelForm,
    meaning: Meaning,
    /// Those that a frame shows.
    segments: Vec<Region>,
    frames: Vec<Frame>,
    /// Distance of frames in mm, as stated.
    step: Option<f64>,
    frame_of_reference: Option<String>,
    budget: ByteBudget,
}

#[derive(Debug)]
struct Frame {
    /// None in label maps.
    segment: Option<i64>,
    /// Or why it is nowhere: other segments are none the worse.
    place: Result<Place>,
}

/// Where a frame lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) plane: Plane,
    /// Distance of rows, then of columns, in mm.
    pub(super) spacing: [f64; 2],
}

/// Reads a segmentation from the bytes of its file.
///
/// # Errors
/// `E_FORMAT` for anything else; `E_CORRUPT`, `E_HEADER`, `E_TRUNCATED`.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Segmentation> {
    of(DicomFile::parse(bytes.to_vec(), options.budget)?, options)
}

pub(super) fn of(file: DicomFile, options: &ReadOptions) -> Result<Segmentation> {
    let set = file.set();
    if attributes::class(set) != Class::Segmentation {
        return Err(ToolError::new(Code::Format, "no segmentation (SEG)")
            .remedy("give the file with the segments"));
    }
    let form = attributes::form(set)?;
    let kind = set.text((0x0062, 0x0001)).unwrap_or_default();
    let meaning = match (kind.as_str(), form.allocated) {
        ("BINARY", 1) => Meaning::Binary,
        ("FRACTIONAL", 8) => Meaning::Fractional(
            set.stored((0x0062, 0x000e))
                .filter(|most| *most > 0)
                .ok_or_else(|| corrupt("a fractional segmentation without its maximum"))?,
        ),
        ("LABELMAP", 8 | 16) => Meaning::LabelMap,
        (kind, bits) => {
            let shown: String = kind.chars().take(20).collect();
            return Err(ToolError::new(
                Code::Datatype,
                format!("a segmentation of kind '{shown}' with {bits} bits"),
            )
            .expected("BINARY, FRACTIONAL or LABELMAP")
            .remedy("export the segmentation again"));
        }
    };
    // A frame is unpacked as a whole.
    let size = [form.columns, form.rows].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
    declared(&size, NumberType::U16, options.budget)?;
    let mut segments: BTreeMap<i64, Region> = BTreeMap::new();
    for item in set.items(SEGMENTS) {
        let number = item
            .stored((0x0062, 0x0004))
            .ok_or_else(|| corrupt("a segment without its number"))?;
        // A label map describes its background, too.
        if number == 0 && meaning != Meaning::LabelMap {
            return Err(corrupt("a segment of number 0").expected("numbers from 1 on"));
        }
        let number = i64::from(number);
        let name = item.text((0x0062, 0x0005)).unwrap_or_default();
        if segments.insert(number, Region { number, name }).is_some() {
            return Err(corrupt(format!("two segments of number {number}")));
        }
    }
    let groups = Groups::new(set);
    let frames = frames(attributes::frames(set)?, &groups, meaning)?;
    let (step, frame_of_reference) = (groups.step(0), attributes::frame_of_reference(set));
    let mut read = Segmentation {
        file,
        form,
        meaning,
        segments: Vec::new(),
        frames,
        step,
        frame_of_reference,
        budget: options.budget,
    };
    for number in read.shown()? {
        let region = segments.remove(&number);
        read.segments.push(
            region.ok_or_else(|| {
                corrupt(format!("frames of segment {number}, which is not listed"))
            })?,
        );
    }
    Ok(read)
}

fn frames(count: usize, groups: &Groups<'_>, meaning: Meaning) -> Result<Vec<Frame>> {
    if groups.each.len() != count {
        return Err(corrupt(format!(
            "{count} frames, {} of them described",
            groups.each.len()
        )));
    }
    let lost = |frame: usize, what: &str| corrupt(format!("frame {frame} without {what}"));
    (0..count)
        .map(|frame| {
            let named = groups.find(frame, IDENTIFICATION);
            let number = named.and_then(|set| set.stored((0x0062, 0x000b)));
            if meaning != Meaning::LabelMap && number.is_none() {
                return Err(lost(frame, "the number of its segment"));
            }
            let place = || {
                let plane = groups.plane(frame)?;
                let spacing = groups.spacing(frame)?;
                Ok(Place {
                    plane: plane.ok_or_else(|| lost(frame, "its position or orientation"))?,
                    spacing: spacing.ok_or_else(|| lost(frame, "the size of its pixels"))?,
                })
            };
            Ok(Frame {
                // Label maps may say a number that means nothing.
                segment: number
                    .filter(|_| meaning != Meaning::LabelMap)
                    .map(i64::from),
                place: place(),
            })
        })
        .collect()
}

impl Segmentation {
    /// The segments that frames show, ascending.
    fn shown(&self) -> Result<BTreeSet<i64>> {
        if self.meaning != Meaning::LabelMap {
            return Ok(self
                .frames
                .iter()
                .filter_map(|frame| frame.segment)
                .collect());
        }
        let mut shown = BTreeSet::new();
        for frame in 0..self.frames.len() {
            shown.extend(self.values(frame)?.iter().copied());
        }
        shown.remove(&0);
        Ok(shown.into_iter().map(i64::from).collect())
    }

    /// The frames that show a segment, or may, with their places.
    fn showing(&self, number: i64) -> Result<Vec<(usize, &Place)>> {
        let frames = self.frames.iter().enumerate();
        let own = frames.filter(|(_, frame)| frame.segment.is_none_or(|own| own == number));
        own.map(|(at, frame)| match &frame.place {
            Ok(place) => Ok((at, place)),
            Err(fault) => Err(fault.clone()),
        })
        .collect()
    }

    /// The numbers of a frame that is no bits.
    fn values(&self, frame: usize) -> Result<Vec<u32>> {
        let bytes = pixels::frame(&self.file, self.form, frame, self.frames.len())?;
        let value = |pixel: &[u8]| match pixel {
            [low, high, ..] => u32::from(u16::from_le_bytes([*low, *high])),
            [only] => u32::from(*only),
            [] => 0,
        };
        let pixels = bytes.chunks_exact(pixels::width(self.form));
        Ok(pixels.map(value).collect())
    }

    /// Whether each pixel of a frame is in a segment.
    fn pixels(&self, frame: usize, number: i64) -> Result<Vec<bool>> {
        let n = self.form.pixels();
        if self.meaning == Meaning::Binary {
            let Some(Value::Bytes(span)) = self.file.set().value(PIXEL_DATA) else {
                return Err(corrupt("no plain pixel data"));
            };
            let bytes = self.file.set().span(*span);
            let first = n.saturating_mul(frame);
            let needed = first.saturating_add(n).div_ceil(8);
            if bytes.len() < needed {
                return Err(truncated(bytes.len(), needed, "bits of a segmentation"));
            }
            return Ok((first..first.saturating_add(n))
                .map(|bit| {
                    let byte = bytes.get(bit / 8).copied().unwrap_or(0);
                    let place = u32::try_from(bit % 8).unwrap_or(0);
                    byte.checked_shr(place).unwrap_or(0) & 1 == 1
                })
                .collect());
        }
        let values = self.values(frame)?.into_iter();
        match self.meaning {
            Meaning::Fractional(most) => values
                .map(|value| {
                    if value > most {
                        return Err(corrupt(format!(
                            "a share of {value} of {most} in frame {frame}"
                        )));
                    }
                    Ok(value.saturating_mul(2) >= most)
                })
                .collect(),
            _ => Ok(values.map(|value| i64::from(value) == number).collect()),
        }
    }

    /// A segment whose frames do not lie on the image's voxels: laid on the grid of all frames, then resampled.
    fn resampled(&self, number: i64, image: &Grid) -> Result<Array3<bool>> {
        let frames = self.frames.iter().enumerate();
        let (at, places): (Vec<usize>, Vec<&Place>) = frames
            .filter_map(|(at, frame)| Some((at, frame.place.as_ref().ok()?)))
            .unzip();
        let Stack { grid, slices } = stack(&places, self.form, self.step, self.budget)?;
        let [_, rows, columns] = grid.shape;
        let mut inside = Array3::from_elem(grid.shape, false);
        for (frame, slice) in at.into_iter().zip(slices) {
            let own = self.frames.get(frame).and_then(|frame| frame.segment);
            if own.is_some_and(|own| own != number) {
                continue;
            }
            let pixels = Array2::from_shape_vec((rows, columns), self.pixels(frame, number)?)
                .map_err(|error| ToolError::internal(error.to_string()))?;
            let mut plane = inside.index_axis_mut(Axis(0), slice);
            plane.zip_mut_with(&pixels, |inside, pixel| *inside |= *pixel);
        }
        geometry::resampled(image, &grid, &inside)
    }

    /// A segment whose frames lie on the image's voxels.
    fn paired(
        &self,
        number: i64,
        image: &Grid,
        rule: GeometryRule,
    ) -> Result<(Array3<bool>, Vec<Warning>)> {
        let [nz, ny, nx] = image.shape;
        let mut inside = Array3::from_elem([nz, ny, nx], false);
        let (mut all, mut lost, mut worst) = (0_u64, 0_u64, 0.0_f64);
        for (at, place) in self.showing(number)? {
            let (steps, apart) = Steps::of(place, image, self.form)?;
            worst = worst.max(apart);
            if apart.is_nan() || apart > rule.tolerated_voxels {
                return Err(beside(apart, rule));
            }
            let columns = self.form.columns;
            let pixels = self.pixels(at, number)?;
            for (pixel, _) in pixels.iter().enumerate().filter(|(_, inside)| **inside) {
                all = all.saturating_add(1);
                let row = pixel.checked_div(columns).unwrap_or(0);
                let column = pixel.checked_rem(columns).unwrap_or(0);
                let voxel = steps
                    .place(row, column)
                    .and_then(|place| inside.get_mut(place));
                match voxel {
                    Some(voxel) => *voxel = true,
                    None => lost = lost.saturating_add(1),
                }
            }
        }
        if lost > 0 {
            let share = 100.0 * real(lost) / real(all);
            return Err(ToolError::new(
                Code::Geometry,
                format!("{share:.1} % of the segment's voxels lie outside the image"),
            )
            .expected("a segment within the image")
            .remedy("pair the segmentation with the series it was drawn on"));
        }
        let mut warnings = Vec::new();
        if worst > rule.silent_voxels {
            warnings.push(Warning::new(
                WarningCode::Geometry,
                format!("frames lie up to {worst:.4} voxels off the image's"),
                "voxels are paired by the nearest index",
            ));
        }
        Ok((inside, warnings))
    }
}

impl Regions for Segmentation {
    fn list(&self) -> Vec<Region> {
        self.segments.clone()
    }

    fn frame_of_reference(&self, _: i64) -> Option<&str> {
        self.frame_of_reference.as_deref()
    }

    fn lay(
        &self,
        number: i64,
        image: &Grid,
        rule: GeometryRule,
    ) -> Result<(Array3<bool>, Vec<Warning>)> {
        let paired = self.paired(number, image, rule);
        match paired {
            Err(error) if error.code == Code::Geometry && rule.otherwise == Misfit::Resample => {
                let done = "the segment is resampled onto the image's grid, by the nearest voxel";
                let warning = Warning::new(WarningCode::Geometry, error.found.clone(), done);
                Ok((self.resampled(number, image)?, vec![warning]))
            }
            paired => paired,
        }
    }
}

fn beside(apart: f64, rule: GeometryRule) -> ToolError {
    let found = if apart.is_finite() {
        format!("frames of the segmentation lie {apart:.3} voxels off the image's")
    } else {
        "frames of the segmentation have pixels of another size or direction than the image's"
            .into()
    };
    ToolError::new(Code::Geometry, found)
        .expected(format!("at most {} voxels", rule.tolerated_voxels))
        .remedy("pair the segmentation with the series it was drawn on, or add --resample-mask")
}

/// Indices `x, y, z` in the image: of the first pixel, from column to column, from row to row.
struct Steps {
    first: [i64; 3],
    column: [i64; 3],
    row: [i64; 3],
}

impl Steps {
    /// Whole steps, and how far a corner of the frame lies from them in voxels.
    fn of(frame: &Place, image: &Grid, form: PixelForm) -> Result<(Self, f64)> {
        let map = inverse(&image.affine)
            .ok_or_else(|| ToolError::internal("the image's grid cannot be inverted"))?;
        let ras = |[x, y, z]: [f64; 3]| [-x, -y, z];
        let [rows, columns] = frame.spacing;
        let first = apply(&map, ras(frame.plane.position));
        let linear = map.map(|[a, b, c, _]| [a, b, c, 0.0]);
        let column = apply(&linear, ras(frame.plane.along_row).map(|v| v * columns));
        let row = apply(&linear, ras(frame.plane.along_column).map(|v| v * rows));
        let nearest = |v: [f64; 3]| {
            let [a, b, c] = v.map(|v| whole(v.round()));
            match (a, b, c) {
                (Some(a), Some(b), Some(c)) => Ok([a, b, c]),
                _ => Err(corrupt("a frame at no finite place")),
            }
        };
        let counted = |n: usize| real(u64::try_from(n.saturating_sub(1)).unwrap_or(0));
        let mut apart = 0.0_f64;
        for r in [0.0, counted(form.rows)] {
            for c in [0.0, counted(form.columns)] {
                let mut square = 0.0;
                for ((f, v), u) in first.iter().zip(row).zip(column) {
                    let exact = f + r * v + c * u;
                    let taken = f.round() + r * v.round() + c * u.round();
                    square += (exact - taken).powi(2);
                }
                apart = apart.max(square.sqrt());
            }
        }
        let steps = Self {
            first: nearest(first)?,
            column: nearest(column)?,
            row: nearest(row)?,
        };
        // Steps of nothing, or of two voxels, are another size of pixels.
        let single = |v: [i64; 3]| {
            v.iter()
                .fold(0_u64, |n, v| n.saturating_add(v.unsigned_abs()))
                == 1
        };
        if !single(steps.column) || !single(steps.row) {
            apart = f64::INFINITY;
        }
        Ok((steps, apart))
    }

    /// The voxel of a pixel, `[z, y, x]`.
    fn place(&self, row: usize, column: usize) -> Option<[usize; 3]> {
        let (row, column) = (i64::try_from(row).ok()?, i64::try_from(column).ok()?);
        let mut place = [0_usize; 3];
        // x, y, z of the image are stored last, middle, first.
        let axes = self.first.iter().zip(self.row).zip(self.column);
        for (slot, ((first, r), c)) in place.iter_mut().rev().zip(axes) {
            let at = first
                .checked_add(r.checked_mul(row)?)?
                .checked_add(c.checked_mul(column)?)?;
            *slot = usize::try_from(at).ok()?;
        }
        Some(place)
    }
}
