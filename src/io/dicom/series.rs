//! Slices as a volume: sorted by position along the normal, checked for gaps, twins, mixtures and tilt.

use std::collections::BTreeMap;

use raduet_features::{Affine, Grid, Scaling, Spacing, Volume, Voxels};

use super::attributes::{self, Image, PixelForm, Plane, Slice};
use super::file::DicomFile;
use super::pixels;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::grid::{cross, dot, grid_of, length, lps_to_ras, unplaced};
use crate::io::room::reserved;
use crate::io::voxel_bytes::{ByteOrder, NumberType, declared, values, voxels};
use crate::io::{ReadOptions, ReadVolume};

/// Deviations that are rounding: of cosines, of pixel sizes, and of positions in steps.
pub(super) const ROUNDING: f64 = 1e-3;
/// Positions may be off a regular grid by so many steps, with a doubt.
pub(super) const TOLERATED: f64 = 0.05;
/// Agreement of a stated distance with the positions, relative: then its own digits are used.
const STATED: f64 = 1e-6;
/// Places that a message lists.
const LISTED: usize = 6;

/// A slice with the file it is in.
struct Held<'a> {
    file: &'a DicomFile,
    image: &'a Image,
    slice: &'a Slice,
}

/// The volume of the files of one series.
///
/// # Errors
/// `E_SERIES`, `E_HEADER`, `E_TRANSFER_SYNTAX`, `E_TOO_LARGE` and those of pixels.
pub(super) fn volume(files: &[DicomFile], options: &ReadOptions) -> Result<ReadVolume> {
    let images: Result<Vec<Image>> = files.iter().map(attributes::image).collect();
    let images = images?;
    let mut warnings = Vec::new();
    let mut held: Vec<Held<'_>> = Vec::new();
    for (file, image) in files.iter().zip(&images) {
        held.extend(image.slices.iter().map(|slice| Held { file, image, slice }));
    }
    let Some(first) = held.first() else {
        return Err(error("no slice").expected("the images of one series"));
    };
    let form = first.image.form;
    let frame_of_reference = first.image.frame_of_reference.clone();
    mixed(&held)?;
    let elsewhere = |image: &Image| image.frame_of_reference != frame_of_reference;
    if images.iter().any(elsewhere) {
        warnings.push(Warning::new(
            WarningCode::Series,
            "slices of several frames of reference",
            "their positions are compared all the same",
        ));
    }
    if images.iter().any(|image| image.inverted) {
        warnings.push(Warning::new(
            WarningCode::Scale,
            "MONOCHROME1: low values are meant to be shown bright",
            "values are taken as stored",
        ));
    }
    let held = without_twins(held, &mut warnings)?;
    let (held, grid) = placed(held, options, &mut warnings)?;
    let kind = kind(form);
    let counted = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let sizes = [form.columns, form.rows, held.len()].map(counted);
    let declared = declared(&sizes, kind, options.budget)?;
    let mut bytes = reserved(declared.bytes)?;
    for held in &held {
        let frames = held.image.slices.len();
        // Unused bits may differ from slice to slice.
        let frame = pixels::frame(held.file, held.image.form, held.slice.frame, frames)?;
        bytes.extend_from_slice(&frame);
    }
    let stored = voxels(&bytes, kind, ByteOrder::Little, grid.shape)?;
    let volume = scaled(stored, &held, grid)?;
    Ok(ReadVolume {
        frame_of_reference,
        ..ReadVolume::new(volume, warnings)
    })
}

fn error(found: impl Into<String>) -> ToolError {
    ToolError::new(Code::Series, found)
        .remedy("put the images of one series, and all of them, into one folder")
}

fn kind(form: PixelForm) -> NumberType {
    match (form.allocated, form.signed) {
        (32, true) => NumberType::I32,
        (32, false) => NumberType::U32,
        (16, true) => NumberType::I16,
        (16, false) => NumberType::U16,
        (_, true) => NumberType::I8,
        (_, false) => NumberType::U8,
    }
}

/// Refuses slices of several sizes, orientations or number types.
fn mixed(held: &[Held<'_>]) -> Result<()> {
    let count = |name: &str, texts: Vec<String>| -> Result<()> {
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for text in texts {
            match kinds.iter_mut().find(|(known, _)| *known == text) {
                Some((_, n)) => *n = n.saturating_add(1),
                None => kinds.push((text, 1)),
            }
        }
        if kinds.len() < 2 {
            return Ok(());
        }
        let list: Vec<String> = kinds
            .iter()
            .take(LISTED)
            .map(|(text, n)| format!("{text} ({n} slices)"))
            .collect();
        Err(error(format!("several {name}: {}", list.join(", "))).expected("one"))
    };
    let size = |h: &Held<'_>| format!("{}x{}", h.image.form.columns, h.image.form.rows);
    count("matrix sizes", held.iter().map(size).collect())?;
    let bits = |h: &Held<'_>| {
        let form = h.image.form;
        let sign = if form.signed { "signed" } else { "unsigned" };
        format!("{} bits, {sign}", form.allocated)
    };
    count("forms of numbers", held.iter().map(bits).collect())?;
    // Rounded, so that only what is really another orientation counts as one.
    let turned = |h: &Held<'_>| match h.slice.plane {
        None => "none".to_owned(),
        Some(plane) => {
            let cosines = plane.along_row.iter().chain(&plane.along_column);
            let rounded: Vec<String> = cosines.map(|v| format!("{:.3}", v + 0.0)).collect();
            rounded.join(" ").replace("-0.000", "0.000")
        }
    };
    if let Some(first) = held.first().and_then(|h| h.slice.plane) {
        let apart = |h: &Held<'_>| match h.slice.plane {
            None => true,
            Some(plane) => {
                let pairs = [
                    (plane.along_row, first.along_row),
                    (plane.along_column, first.along_column),
                ];
                pairs
                    .iter()
                    .any(|(u, v)| u.iter().zip(v).any(|(u, v)| (u - v).abs() > ROUNDING))
            }
        };
        if held.iter().any(apart) {
            count("orientations", held.iter().map(turned).collect())?;
        }
    }
    let [rows, columns] = held
        .first()
        .and_then(|h| h.slice.spacing)
        .unwrap_or([1.0, 1.0]);
    let other = |h: &Held<'_>| {
        h.slice.spacing.is_some_and(|[r, c]| {
            (r / rows - 1.0).abs() > ROUNDING || (c / columns - 1.0).abs() > ROUNDING
        })
    };
    if held.iter().any(other) {
        let text = |h: &Held<'_>| {
            let [r, c] = h.slice.spacing.unwrap_or([0.0; 2]);
            format!("{r} x {c} mm")
        };
        count("pixel sizes", held.iter().map(text).collect())?;
    }
    Ok(())
}

/// Keeps one of several files that are the same object.
fn without_twins<'a>(held: Vec<Held<'a>>, warnings: &mut Vec<Warning>) -> Result<Vec<Held<'a>>> {
    let mut kept: Vec<Held<'a>> = Vec::new();
    let mut known: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    let mut twins = 0_usize;
    for one in held {
        let object = one.image.object.as_str();
        let key = (object, one.slice.frame);
        let same = if object.is_empty() {
            None
        } else {
            known.get(&key).and_then(|at| kept.get(*at))
        };
        match same {
            Some(other) if other.file.bytes() == one.file.bytes() => {
                twins = twins.saturating_add(1);
            }
            Some(_) => {
                return Err(error(format!(
                    "two different files of one object {}",
                    one.image.object
                )));
            }
            None => {
                known.insert(key, kept.len());
                kept.push(one);
            }
        }
    }
    if twins > 0 {
        warnings.push(Warning::new(
            WarningCode::Series,
            format!("{twins} slices are there twice, byte for byte"),
            "each is taken once",
        ));
    }
    Ok(kept)
}

/// Slices in the order of their positions, and the grid they make.
fn placed<'a>(
    mut held: Vec<Held<'a>>,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<(Vec<Held<'a>>, Grid)> {
    let Some(first) = held.first() else {
        return Err(error("no slice"));
    };
    let form = first.image.form;
    let size = [form.columns, form.rows, held.len()];
    let in_plane = in_plane(first.slice, options, warnings);
    let Some(plane) = first.slice.plane else {
        if held.len() > 1 {
            return Err(error("slices without ImagePositionPatient")
                .expected("a position for each, to sort them by"));
        }
        warnings.push(Warning::new(
            WarningCode::Orientation,
            "no position or orientation",
            "axes are taken as stored",
        ));
        let [rows, columns] = in_plane;
        let step = first.slice.step.or(options.spacing.map(|[_, _, z]| z));
        let grid = unplaced([columns, rows, step.unwrap_or(1.0)], size);
        return Ok((held, grid.ok_or_else(|| error("pixel sizes out of range"))?));
    };
    let normal = cross(plane.along_row, plane.along_column);
    let normal = normal.map(|v| v / length(normal));
    let along = |held: &Held<'_>| {
        let position = held.slice.plane.map_or([0.0; 3], |plane| plane.position);
        dot(position, normal)
    };
    held.sort_by(|a, b| along(a).total_cmp(&along(b)));
    let places: Vec<f64> = held.iter().map(along).collect();
    let stated = held.first().and_then(|held| held.slice.step);
    let step = step(&places, stated, options, warnings)?;
    let positions: Vec<[f64; 3]> = held
        .iter()
        .map(|held| held.slice.plane.map_or([0.0; 3], |plane| plane.position))
        .collect();
    tilt(&positions, normal, step)?;
    let origin = positions.first().copied().unwrap_or_default();
    let grid = grid(
        plane,
        origin,
        normal,
        [step, in_plane[0], in_plane[1]],
        size,
    )
    .ok_or_else(|| error("positions or pixel sizes out of range"))?;
    Ok((held, grid))
}

/// Sizes of pixels along rows and columns: stated, else handed in, else 1 mm.
fn in_plane(slice: &Slice, options: &ReadOptions, warnings: &mut Vec<Warning>) -> [f64; 2] {
    match (slice.spacing, options.spacing) {
        (Some(spacing), _) => spacing,
        (None, Some([x, y, _])) => [y, x],
        (None, None) => {
            warnings.push(Warning::new(
                WarningCode::Orientation,
                "no PixelSpacing",
                "pixels are taken as 1 mm",
            ));
            [1.0, 1.0]
        }
    }
}

/// The distance of slices that stand at these places along the normal.
fn step(
    places: &[f64],
    stated: Option<f64>,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<f64> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Err(error("no slice"));
    };
    let gaps = places.len().saturating_sub(1);
    let Some(count) = u32::try_from(gaps).ok().filter(|count| *count > 0) else {
        let step = stated.or(options.spacing.map(|[_, _, z]| z));
        if step.is_none() {
            warnings.push(Warning::new(
                WarningCode::Orientation,
                "one slice that states no thickness",
                "it is taken as 1 mm thick",
            ));
        }
        return Ok(step.unwrap_or(1.0));
    };
    let steps: Vec<f64> = places
        .iter()
        .zip(places.iter().skip(1))
        .map(|(a, b)| b - a)
        .collect();
    let mut sorted = steps.clone();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let at = |wrong: &dyn Fn(f64) -> bool| -> Vec<String> {
        let found = places.iter().zip(places.iter().skip(1)).zip(&steps);
        found
            .filter(|(_, step)| wrong(**step))
            .take(LISTED)
            .map(|((a, b), _)| format!("{a:.3} and {b:.3} mm"))
            .collect()
    };
    let twins = at(&|step| step <= ROUNDING * usual.max(ROUNDING));
    if !twins.is_empty() {
        return Err(error(format!(
            "slices in one place along the normal: {}",
            twins.join(", ")
        ))
        .expected("one slice in every place")
        .remedy("give one time point or echo, in a folder of its own"));
    }
    let step = (last - first) / f64::from(count);
    let mut worst = 0.0_f64;
    let mut number = 0_u32;
    for place in places {
        let regular = first + f64::from(number) * step;
        worst = worst.max(((place - regular) / step).abs());
        number = number.saturating_add(1);
    }
    if worst > TOLERATED {
        let gaps = at(&|step| step > 1.5 * usual);
        let what = if gaps.is_empty() {
            let list = at(&|step| (step / usual - 1.0).abs() > TOLERATED);
            format!(
                "uneven distances, usually {usual:.4} mm, not between {}",
                list.join(", ")
            )
        } else {
            format!(
                "slices are missing between {} (step {usual:.4} mm)",
                gaps.join(", ")
            )
        };
        return Err(error(what)
            .expected(format!("slices within {TOLERATED} steps of even distances"))
            .remedy("copy the whole series again"));
    }
    if worst > ROUNDING {
        warnings.push(Warning::new(
            WarningCode::Series,
            format!("slices lie up to {worst:.4} steps off even distances"),
            format!("taken as evenly {step:.4} mm apart"),
        ));
    }
    // The header's own digits, where the positions agree with them.
    let stated = stated.filter(|stated| (stated / step - 1.0).abs() <= STATED);
    Ok(stated.unwrap_or(step))
}

/// Refuses slices that are shifted sideways from one to the next.
fn tilt(positions: &[[f64; 3]], normal: [f64; 3], step: f64) -> Result<()> {
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else {
        return Ok(());
    };
    let sideways = |from: &[f64; 3], to: &[f64; 3]| {
        let mut d = [0.0; 3];
        for (slot, (a, b)) in d.iter_mut().zip(from.iter().zip(to)) {
            *slot = b - a;
        }
        let along = dot(d, normal);
        let mut across = [0.0; 3];
        for (slot, (d, n)) in across.iter_mut().zip(d.iter().zip(normal)) {
            *slot = d - along * n;
        }
        (length(across), along)
    };
    let mut worst = 0.0_f64;
    for (a, b) in positions.iter().zip(positions.iter().skip(1)) {
        worst = worst.max(sideways(a, b).0 / step);
    }
    if worst <= ROUNDING {
        return Ok(());
    }
    let (across, along) = sideways(first, last);
    let angle = across.atan2(along).to_degrees();
    Err(error(format!(
        "slices are shifted sideways by up to {worst:.4} steps: a tilted gantry, by {angle:.2} degrees"
    ))
    .expected("slices straight above one another")
    .remedy("resample the series to upright slices first, for example with dcm2niix"))
}

/// The grid of planes that stand so many mm apart along their normal: distances of slices, rows and columns.
pub(super) fn grid(
    plane: Plane,
    origin: [f64; 3],
    normal: [f64; 3],
    [dz, dy, dx]: [f64; 3],
    size: [usize; 3],
) -> Option<Grid> {
    let [ax, ay, az] = plane.along_row.map(|v| v * dx);
    let [bx, by, bz] = plane.along_column.map(|v| v * dy);
    let [cx, cy, cz] = normal.map(|v| v * dz);
    let [ox, oy, oz] = origin;
    let affine = Affine([[ax, bx, cx, ox], [ay, by, cy, oy], [az, bz, cz, oz]]);
    let mut grid = grid_of(lps_to_ras(affine), size)?;
    // The distances as written, not as the rounded cosines make them.
    grid.spacing = Spacing::new([dz, dy, dx])?;
    Some(grid)
}

/// One scaling for all slices, or values where each has its own.
fn scaled(stored: Voxels, held: &[Held<'_>], grid: Grid) -> Result<Volume> {
    let of = |held: &Held<'_>| Scaling {
        slope: held.slice.slope,
        intercept: held.slice.intercept,
    };
    if held.iter().any(|held| held.slice.slope == 0.0) {
        return Err(ToolError::new(Code::Header, "RescaleSlope 0")
            .expected("another number")
            .remedy("the file is damaged: copy or export it again"));
    }
    let volume = |voxels, scaling| {
        Volume::new(voxels, scaling, grid)
            .ok_or_else(|| ToolError::internal("voxels do not fit their grid"))
    };
    let first = held.first().map_or(Scaling::NONE, of);
    if held.iter().all(|held| of(held) == first) {
        return volume(stored, first);
    }
    let mut values = values(&volume(stored, Scaling::NONE)?)?;
    for (mut plane, held) in values.outer_iter_mut().zip(held) {
        let Scaling { slope, intercept } = of(held);
        plane.mapv_inplace(|stored| stored * slope + intercept);
    }
    volume(Voxels::F64(values), Scaling::NONE)
}
