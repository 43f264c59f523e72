//! Frames as a volume of their own, where they do not lie on the voxels of an image: which grid they make, and at which
//! of its slices each lies. Frames may be missing in between.

use raduet_features::Grid;

use super::attributes::PixelForm;
use super::seg::Place;
use super::series::{ROUNDING, TOLERATED, grid};
use crate::error::{Code, Result, ToolError};
use crate::io::ByteBudget;
use crate::io::grid::{cross, dot, length, whole};
use crate::io::voxel_bytes::{NumberType, declared};

/// A grid, and the slice of each frame in it.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) grid: Grid,
    pub(super) slices: Vec<usize>,
}

fn uneven(found: &str) -> ToolError {
    ToolError::new(Code::Geometry, found)
        .expected("frames on one grid, to resample them from")
        .remedy("export the segmentation again on the image's grid")
}

/// The grid of frames of one size.
///
/// # Errors
/// `E_GEOMETRY` when they lie on no common grid; `E_TOO_LARGE`.
pub(super) fn stack(
    frames: &[&Place],
    form: PixelForm,
    step: Option<f64>,
    budget: ByteBudget,
) -> Result<Stack> {
    let first = frames.first().ok_or_else(|| uneven("no frame"))?;
    let normal = cross(first.plane.along_row, first.plane.along_column);
    let normal = normal.map(|v| v / length(normal));
    let apart = |a: [f64; 3], b: [f64; 3]| {
        let pairs = a.iter().zip(b);
        pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()))
    };
    let other = |place: &&&Place| {
        let [rows, columns] = first.spacing;
        let [r, c] = place.spacing;
        apart(place.plane.along_row, first.plane.along_row) > ROUNDING
            || apart(place.plane.along_column, first.plane.along_column) > ROUNDING
            || (r / rows - 1.0).abs() > ROUNDING
            || (c / columns - 1.0).abs() > ROUNDING
    };
    if frames.iter().any(|place| other(&place)) {
        return Err(uneven("frames of several orientations or pixel sizes"));
    }
    let along: Vec<f64> = frames
        .iter()
        .map(|place| dot(place.plane.position, normal))
        .collect();
    let mut sorted = along.clone();
    sorted.sort_by(f64::total_cmp);
    let gaps = sorted.iter().zip(sorted.iter().skip(1)).map(|(a, b)| b - a);
    let least = gaps
        .filter(|gap| *gap > ROUNDING)
        .fold(f64::INFINITY, f64::min);
    let step = if least.is_finite() { Some(least) } else { step };
    let step = step.ok_or_else(|| uneven("a single frame that states no thickness"))?;
    let low = sorted.first().copied().unwrap_or_default();
    let lowest = along.iter().position(|at| *at <= low).unwrap_or(0);
    let origin = frames
        .get(lowest)
        .map_or([0.0; 3], |place| place.plane.position);
    let mut slices = Vec::new();
    for (place, at) in frames.iter().zip(&along) {
        let slice = (at - low) / step;
        let mut exact = origin;
        for (slot, n) in exact.iter_mut().zip(normal) {
            *slot += n * (at - low);
        }
        let sideways = apart(exact, place.plane.position) / step;
        if (slice - slice.round()).abs() > TOLERATED || sideways > TOLERATED {
            return Err(uneven("frames at uneven distances, or shifted sideways"));
        }
        let slice = whole(slice.round()).and_then(|n| usize::try_from(n).ok());
        slices.push(slice.ok_or_else(|| uneven("frames too far apart"))?);
    }
    let depth = slices.iter().max().map_or(1, |last| last.saturating_add(1));
    let size = [form.columns, form.rows, depth];
    let counted = size.map(|n| u64::try_from(n).unwrap_or(u64::MAX));
    declared(&counted, NumberType::U8, budget)?;
    let [rows, columns] = first.spacing;
    let grid = grid(first.plane, origin, normal, [step, rows, columns], size)
        .ok_or_else(|| uneven("positions or pixel sizes out of range"))?;
    Ok(Stack { grid, slices })
}
