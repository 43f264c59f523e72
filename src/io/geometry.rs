//! Whether two grids lie on one another, measured in patient space.
//!
//! The measure is the largest displacement of a corner of the volume, in voxels of the image:
//! `max |A_image⁻¹ · A_mask · p − p|` over the eight outer corners `p` (from −½ to n − ½ along each
//! axis, so that a wrong spacing shows on a single slice as well). A tolerance on origin or spacing
//! alone would let a small error of direction through on a large volume.

use ndarray::Array3;
use raduet_features::{Affine, Grid};

use super::grid::{apply, axis_letters, inverse, whole};
use crate::error::{Code, ToolError, Warning, WarningCode};

/// How far mask and image may lie apart, in voxels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeometryRule {
    /// Up to here nothing is said: rounding of the header's 32-bit numbers.
    pub silent_voxels: f64,
    /// Up to here a warning gives the amount; beyond it is an error.
    pub tolerated_voxels: f64,
    /// What becomes of a mask that lies elsewhere.
    pub otherwise: Misfit,
}

/// What becomes of a mask on another grid than its image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misfit {
    /// It is an error.
    #[default]
    Refuse,
    /// The image's voxels take the label of the mask's voxel nearest to their centre.
    Resample,
}

impl Default for GeometryRule {
    fn default() -> Self {
        Self {
            silent_voxels: 1e-3,
            tolerated_voxels: 0.05,
            otherwise: Misfit::Refuse,
        }
    }
}

/// How a mask's array becomes one on the image's grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reorder {
    /// For every axis of the image, the axis of the mask that runs along it (both `[z, y, x]`).
    pub(crate) axes: [usize; 3],
    /// For every axis of the image, whether the mask runs the other way.
    pub(crate) flipped: [bool; 3],
}

impl Reorder {
    const NONE: Self = Self {
        axes: [0, 1, 2],
        flipped: [false; 3],
    };

    /// Whether the mask is in the image's order already.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// How a mask comes onto the grid of its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Voxel by voxel.
    Ordered(Reorder),
    /// By the nearest voxel.
    Resampled,
}

/// Compares the grid of a mask with that of its image, and says what is done where they differ.
///
/// # Errors
/// As [`fit`], unless the rule resamples.
pub(crate) fn place(
    image: &Grid,
    mask: &Grid,
    rule: GeometryRule,
) -> Result<(Placement, Option<Warning>), ToolError> {
    match fit(image, mask, rule) {
        Ok((order, warning)) => Ok((Placement::Ordered(order), warning)),
        Err(error) if rule.otherwise == Misfit::Resample => {
            let done = "the mask is resampled onto the image's grid, by the nearest voxel";
            let warning = Warning::new(WarningCode::Geometry, error.found.clone(), done);
            Ok((Placement::Resampled, Some(warning)))
        }
        Err(error) => Err(error),
    }
}

/// A region of `mask`'s grid on `image`'s: each centre takes the voxel it lies in. None when the mask's grid
/// cannot be inverted.
fn nearest(image: &Grid, mask: &Grid, inside: &Array3<bool>) -> Option<Array3<bool>> {
    let inverse = inverse(&mask.affine)?;
    let index = |v: f64| whole((v + 0.5).floor()).and_then(|n| usize::try_from(n).ok());
    let [nz, ny, nx] = image.shape;
    Some(Array3::from_shape_fn((nz, ny, nx), |(z, y, x)| {
        let place = image.affine.position([z as f64, y as f64, x as f64]);
        let [i, j, k] = apply(&inverse, place);
        let place = index(k).zip(index(j)).zip(index(i));
        place.is_some_and(|((k, j), i)| inside.get([k, j, i]).copied().unwrap_or(false))
    }))
}

/// A region of `mask`'s grid on `image`'s, by [`nearest`].
///
/// # Errors
/// `E_GEOMETRY` when a part of it lies outside the image; `E_MASK_EMPTY`.
pub(crate) fn resampled(
    image: &Grid,
    mask: &Grid,
    inside: &Array3<bool>,
) -> Result<Array3<bool>, ToolError> {
    let indices = inside.indexed_iter().filter(|(_, inside)| **inside);
    let indices = indices.map(|((z, y, x), _)| [z, y, x]);
    let lost = share_outside(image, mask, indices).filter(|lost| *lost > 0.0);
    if let Some(lost) = lost {
        let percent = 100.0 * lost;
        return Err(ToolError::new(
            Code::Geometry,
            format!("{percent:.1} % of the region's voxels lie outside the image"),
        )
        .expected("a region within the image")
        .remedy("pair the mask with the image it was drawn on"));
    }
    let nearest = nearest(image, mask, inside)
        .ok_or_else(|| ToolError::internal("a grid that cannot be inverted"))?;
    if !nearest.iter().any(|inside| *inside) {
        return Err(ToolError::new(
            Code::MaskEmpty,
            "no voxel centre of the image lies in the resampled region",
        )
        .expected("at least one voxel of the region")
        .remedy("draw the region on the image itself"));
    }
    Ok(nearest)
}

/// Compares the grid of a mask with that of its image.
///
/// # Errors
/// `E_GEOMETRY` naming which of size, origin, spacing and direction differ, and by how much.
pub(crate) fn fit(
    image: &Grid,
    mask: &Grid,
    rule: GeometryRule,
) -> Result<(Reorder, Option<Warning>), ToolError> {
    let Some(order) = order_of(image, mask) else {
        return Err(mismatch(image, mask, None));
    };
    let ordered = reordered(mask, order);
    if ordered.shape != image.shape {
        return Err(mismatch(image, mask, None));
    }
    let apart = largest_corner_displacement(image, &ordered).unwrap_or(f64::INFINITY);
    if apart.is_nan() || apart > rule.tolerated_voxels {
        return Err(mismatch(image, mask, Some((apart, rule, ordered))));
    }
    let mut found = Vec::new();
    let mut done = Vec::new();
    if !order.is_none() {
        found.push(format!(
            "the mask is stored {}, the image {} (where x, y, z point)",
            axis_letters(&mask.affine),
            axis_letters(&image.affine)
        ));
        done.push("brought into the image's order by its position in the patient");
    }
    if apart > rule.silent_voxels {
        found.push(format!(
            "mask and image lie {apart:.4} voxels apart ({})",
            differences(image, &ordered).join(", ")
        ));
        done.push("voxels are paired by index");
    }
    let warning = (!found.is_empty())
        .then(|| Warning::new(WarningCode::Geometry, found.join("; "), done.join("; ")));
    Ok((order, warning))
}

/// The largest displacement of an outer corner in voxels of `image`, over `image`'s extent; `None`
/// when `image` cannot be inverted.
pub(crate) fn largest_corner_displacement(image: &Grid, other: &Grid) -> Option<f64> {
    let inverse = inverse(&image.affine)?;
    let ends = image.shape.map(|n| [-0.5, n as f64 - 0.5]);
    let mut largest: f64 = 0.0;
    for z in ends[0] {
        for y in ends[1] {
            for x in ends[2] {
                let [px, py, pz] = other.affine.position([z, y, x]);
                let [i, j, k] = apply(&inverse, [px, py, pz]);
                let apart = ((i - x).powi(2) + (j - y).powi(2) + (k - z).powi(2)).sqrt();
                if apart.is_nan() {
                    return None;
                }
                largest = largest.max(apart);
            }
        }
    }
    Some(largest)
}

/// Share of the voxels (indices `[z, y, x]` of `mask`) whose centres lie outside `image`; `None` when
/// there is no voxel or `image` cannot be inverted.
pub(crate) fn share_outside(
    image: &Grid,
    mask: &Grid,
    voxels: impl Iterator<Item = [usize; 3]>,
) -> Option<f64> {
    let inverse = inverse(&image.affine)?;
    let (mut all, mut outside) = (0_u64, 0_u64);
    for at in voxels {
        let [i, j, k] = apply(&inverse, mask.affine.position(at.map(|n| n as f64)));
        let within = [k, j, i]
            .into_iter()
            .zip(image.shape)
            .all(|(p, n)| p >= -0.5 && p < n as f64 - 0.5);
        all += 1;
        outside += u64::from(!within);
    }
    (all > 0).then(|| outside as f64 / all as f64)
}

/// The signed permutation of axes nearest to `A_image⁻¹ · A_mask`, if one is near at all.
fn order_of(image: &Grid, mask: &Grid) -> Option<Reorder> {
    /// Below this a component counts as zero, above as a whole axis: 0.5 would accept 45 degrees.
    const NEAR: f64 = 0.75;
    let columns = |grid: &Grid| {
        // Direction of the array axes z, y, x in the patient.
        [2_usize, 1, 0].map(|column| {
            let v = grid.affine.0.map(|row| row[column]);
            let length = v.iter().map(|c| c * c).sum::<f64>().sqrt();
            v.map(|c| c / length)
        })
    };
    let image_axes = columns(image);
    let mask_axes = columns(mask);
    let mut order = Reorder::NONE;
    let mut used = [false; 3];
    for (axis, direction) in image_axes.iter().enumerate() {
        let mut hit = None;
        for (candidate, other) in mask_axes.iter().enumerate() {
            let cosine: f64 = direction.iter().zip(other).map(|(a, b)| a * b).sum();
            if cosine.abs() > NEAR && !used[candidate] {
                hit = Some((candidate, cosine < 0.0));
            }
        }
        let (candidate, flipped) = hit?;
        used[candidate] = true;
        order.axes[axis] = candidate;
        order.flipped[axis] = flipped;
    }
    Some(order)
}

/// The grid of a mask after [`Reorder`].
fn reordered(mask: &Grid, order: Reorder) -> Grid {
    let mut affine = mask.affine;
    for axis in 0..3 {
        let from = order.axes[axis];
        let last = mask.shape[from].saturating_sub(1) as f64;
        for (row, old) in affine.0.iter_mut().zip(&mask.affine.0) {
            // Array axis a is column 2 − a of the affine.
            let step = old[2 - from];
            if order.flipped[axis] {
                row[2 - axis] = -step;
                row[3] += step * last;
            } else {
                row[2 - axis] = step;
            }
        }
    }
    let spacing = mask.spacing.zyx();
    Grid {
        shape: order.axes.map(|from| mask.shape[from]),
        spacing: raduet_features::Spacing::new(order.axes.map(|from| spacing[from]))
            .unwrap_or(mask.spacing),
        affine,
    }
}

fn mismatch(image: &Grid, mask: &Grid, apart: Option<(f64, GeometryRule, Grid)>) -> ToolError {
    let (found, expected) = match apart {
        Some((apart, rule, ordered)) => (
            format!(
                "mask and image lie {apart:.3} voxels apart: {}",
                differences(image, &ordered).join(", ")
            ),
            format!("at most {} voxels", rule.tolerated_voxels),
        ),
        None => (
            format!(
                "mask and image differ: {}",
                differences(image, mask).join(", ")
            ),
            "one grid".to_owned(),
        ),
    };
    ToolError::new(Code::Geometry, found)
        .expected(expected)
        .remedy("bring the mask onto the image's grid with --resample-mask, or pair it with the image it was drawn on")
}

/// Which of size, spacing, origin and direction differ, and by how much.
fn differences(image: &Grid, mask: &Grid) -> Vec<String> {
    /// Shown from here on: a tenth of the silent displacement.
    const SHOWN: f64 = 1e-4;
    let mut list = Vec::new();
    let size = |[z, y, x]: [usize; 3]| format!("{x}x{y}x{z}");
    if image.shape != mask.shape {
        list.push(format!(
            "size {} against {}",
            size(mask.shape),
            size(image.shape)
        ));
    }
    let (s, t) = (image.spacing.zyx(), mask.spacing.zyx());
    let extent = image.shape.map(|n| n as f64);
    if (0..3).any(|a| ((t[a] - s[a]) / s[a]).abs() * extent[a] > SHOWN) {
        let mm = |[z, y, x]: [f64; 3]| format!("{x:.6} {y:.6} {z:.6}");
        list.push(format!("spacing {} against {} mm", mm(t), mm(s)));
    }
    let origin = |grid: &Grid| grid.affine.0.map(|row| row[3]);
    let shift = origin(image)
        .iter()
        .zip(origin(mask))
        .map(|(a, b)| (b - a).powi(2))
        .sum::<f64>()
        .sqrt();
    let smallest = s.iter().copied().fold(f64::INFINITY, f64::min);
    if shift / smallest > SHOWN {
        list.push(format!("origin by {shift:.4} mm"));
    }
    let angle = largest_angle(&image.affine, &mask.affine);
    let longest = extent.iter().copied().fold(0.0, f64::max);
    if angle * longest > SHOWN {
        list.push(format!("direction by {:.4} degrees", angle.to_degrees()));
    }
    if list.is_empty() {
        list.push("rounding only".to_owned());
    }
    list
}

/// Largest angle in radians between axes of the same name.
fn largest_angle(image: &Affine, mask: &Affine) -> f64 {
    (0..3)
        .map(|column| {
            let [u, v] = [image, mask].map(|a| {
                let v = a.0.map(|row| row[column]);
                let length = v.iter().map(|c| c * c).sum::<f64>().sqrt();
                v.map(|c| c / length)
            });
            // 2·asin(|u − v| / 2) keeps small angles, which acos of a cosine near 1 loses.
            let chord = u
                .iter()
                .zip(v)
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f64>()
                .sqrt();
            2.0 * (chord / 2.0).min(1.0).asin()
        })
        .fold(0.0, f64::max)
}
