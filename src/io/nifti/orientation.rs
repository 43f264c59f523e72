//! Where the voxels lie: sform, else qform, else the voxel sizes alone.
//!
//! The standard gives three methods (nifti1.h, "3D image (volume) orientation and location in space").
//! Symbols: `R` rotation of the quaternion `(a, b, c, d)`, `q = ±1` the handedness in `pixdim[0]`.
//! All lengths become millimetres here.

use raduet_features::{Affine, Grid};

use super::fields::{Fields, header_error};
use crate::error::{Result, Warning, WarningCode};
use crate::io::geometry::largest_corner_displacement;
use crate::io::grid::{grid_of, shear};

/// Slack for `b² + c² + d²` above 1: the components are rounded to 32 bits and often printed in between.
const QUATERNION_SLACK: f64 = 1e-5;
/// Disagreement of sform and qform, in voxels, that is rounding.
pub(super) const AGREEMENT: f64 = 1e-3;

/// The grid of the first three dimensions; `size` counts voxels along x, y, z.
///
/// # Errors
/// `E_HEADER` when no method gives positive voxel sizes.
pub(super) fn grid(fields: &Fields, size: [usize; 3], warnings: &mut Vec<Warning>) -> Result<Grid> {
    let unit = millimetres(fields, warnings);
    let flat = fields.dim[0] < 3;
    let sizes = voxel_sizes(fields, unit, flat);
    let sform = (fields.sform_code > 0).then(|| {
        let affine = Affine(fields.srow.map(|row| row.map(|v| v * unit)));
        grid_of(affine, size).ok_or("sform is singular or not finite")
    });
    let qform = (fields.qform_code > 0).then(|| quaternion_grid(fields, &sizes, unit, size));
    let warn = |found: String, done: &str| Warning::new(WarningCode::Orientation, found, done);

    let grid = match (sform, qform) {
        (Some(Ok(s)), Some(Ok(q))) => {
            let apart = largest_corner_displacement(&s, &q).unwrap_or(f64::INFINITY);
            if apart > AGREEMENT {
                warnings.push(warn(
                    format!("sform and qform lie {apart:.3} voxels apart"),
                    "sform is used",
                ));
            }
            s
        }
        (Some(Ok(s)), Some(Err(reason))) => {
            warnings.push(warn(reason, "sform is used"));
            s
        }
        (Some(Ok(s)), None) => {
            if let Err(reason) = &sizes {
                warnings.push(warn(reason.clone(), "spacing is taken from the sform"));
            }
            s
        }
        (Some(Err(reason)), Some(Ok(q))) => {
            warnings.push(warn(reason.to_owned(), "qform is used"));
            q
        }
        (None, Some(Ok(q))) => q,
        (_, Some(Err(reason))) => return Err(header_error(reason)),
        (bad, None) => {
            let found = match bad {
                Some(Err(reason)) => reason,
                _ => "sform_code and qform_code are 0",
            };
            let sizes = sizes.map_err(header_error)?;
            warnings.push(warn(
                found.to_owned(),
                "orientation unknown: spacing is taken from pixdim, axes as stored",
            ));
            let [x, y, z] = sizes;
            grid_of(
                Affine([[x, 0.0, 0.0, 0.0], [0.0, y, 0.0, 0.0], [0.0, 0.0, z, 0.0]]),
                size,
            )
            .ok_or_else(|| header_error("pixdim out of range".to_owned()))?
        }
    };
    if let Some(cosine) = shear(&grid.affine) {
        warnings.push(warn(
            format!("axes are not at right angles (cosine {cosine:.4})"),
            "read as stored; areas and lengths assume right angles",
        ));
    }
    Ok(grid)
}

/// Millimetres per unit of length of the header.
fn millimetres(fields: &Fields, warnings: &mut Vec<Warning>) -> f64 {
    const CONVERTED: &str = "converted to millimetres";
    let (found, done, factor) = match fields.xyzt_units & 0b111 {
        // 0 is "unknown"; everyone reads it as millimetres.
        0 | 2 => return 1.0,
        1 => ("lengths in metres".to_owned(), CONVERTED, 1e3),
        3 => ("lengths in micrometres".to_owned(), CONVERTED, 1e-3),
        code => (
            format!("unknown unit of length {code}"),
            "read as millimetres",
            1.0,
        ),
    };
    warnings.push(Warning::new(WarningCode::Units, found, done));
    factor
}

/// Voxel sizes in mm along x, y, z as `pixdim` gives them, or what is wrong with them.
fn voxel_sizes(fields: &Fields, unit: f64, flat: bool) -> Result<[f64; 3], String> {
    let [_, x, y, z, ..] = fields.pixdim;
    let mut sizes = [x, y, z];
    if flat {
        // An axis the image does not have needs no size: 1 stands for it.
        let rank = usize::try_from(fields.dim[0]).unwrap_or(1);
        for size in sizes.iter_mut().skip(rank) {
            if *size == 0.0 {
                *size = 1.0;
            }
        }
    }
    for (axis, &size) in sizes.iter().enumerate() {
        if !(size.is_finite() && size > 0.0) {
            return Err(format!(
                "pixdim[{}] = {size}, expected a positive voxel size",
                axis + 1
            ));
        }
    }
    Ok(sizes.map(|s| s * unit))
}

/// Method 2: rotation by a quaternion, voxel sizes, handedness, position.
fn quaternion_grid(
    fields: &Fields,
    sizes: &Result<[f64; 3], String>,
    unit: f64,
    size: [usize; 3],
) -> Result<Grid, String> {
    let rotated = Rotated {
        quaternion: fields.quatern,
        // Anything but a negative number counts as right-handed, as the standard's own library does.
        handedness: if fields.pixdim[0] < 0.0 { -1.0 } else { 1.0 },
        sizes: sizes.clone()?,
        position: fields.qoffset.map(|v| v * unit),
    };
    grid_of(rotated.affine()?, size).ok_or_else(|| "qform is not finite".to_owned())
}

/// What method 2 puts together; lengths in mm along x, y, z.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rotated {
    /// The components `b, c, d`; `a` is what is missing to length 1.
    pub(super) quaternion: [f64; 3],
    /// `q`: 1 or -1.
    pub(super) handedness: f64,
    pub(super) sizes: [f64; 3],
    pub(super) position: [f64; 3],
}

impl Rotated {
    pub(super) fn affine(self) -> Result<Affine, String> {
        let [mut b, mut c, mut d] = self.quaternion;
        let squares = b * b + c * c + d * d;
        if !squares.is_finite() || squares > 1.0 + QUATERNION_SLACK {
            return Err(format!("quaternion ({b}, {c}, {d}) is no rotation"));
        }
        let a = if squares > 1.0 {
            let length = squares.sqrt();
            (b, c, d) = (b / length, c / length, d / length);
            0.0
        } else {
            (1.0 - squares).sqrt()
        };
        let rotation = [
            [
                a * a + b * b - c * c - d * d,
                2.0 * (b * c - a * d),
                2.0 * (b * d + a * c),
            ],
            [
                2.0 * (b * c + a * d),
                a * a + c * c - b * b - d * d,
                2.0 * (c * d - a * b),
            ],
            [
                2.0 * (b * d - a * c),
                2.0 * (c * d + a * b),
                a * a + d * d - b * b - c * c,
            ],
        ];
        let [sx, sy, sz] = self.sizes;
        let rows = rotation.map(|[x, y, z]| [x * sx, y * sy, z * sz * self.handedness]);
        let [px, py, pz] = self.position;
        let [[r0, r1, r2], [r3, r4, r5], [r6, r7, r8]] = rows;
        Ok(Affine([
            [r0, r1, r2, px],
            [r3, r4, r5, py],
            [r6, r7, r8, pz],
        ]))
    }
}
