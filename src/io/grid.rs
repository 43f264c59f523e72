//! Grids from what headers say, and the few vectors that takes.
//!
//! Patient space is RAS (x to the right, y to the front, z to the head) as in NIfTI; DICOM, NRRD and MetaImage
//! say LPS, which is the same with x and y turned.

use raduet_features::{Affine, Grid, Spacing};

/// Cosine between two axes above which they are called sheared.
const SHEAR: f64 = 1e-3;

/// An affine of LPS coordinates as one of RAS coordinates, or back.
pub(crate) fn lps_to_ras(affine: Affine) -> Affine {
    let [x, y, z] = affine.0;
    Affine([x.map(|v| -v), y.map(|v| -v), z])
}

/// Where the axes x, y, z point, as people say it: `RAS`, `LPS`. Each letter is the side of the patient that
/// the axis comes closest to: right or left, anterior or posterior, superior or inferior.
pub fn axis_letters(affine: &Affine) -> String {
    const SIDES: [[char; 2]; 3] = [['R', 'L'], ['A', 'P'], ['S', 'I']];
    // An axis of the patient is named once: the strongest pairs first, as for oblique volumes.
    let columns = columns(affine);
    let mut letters = ['?'; 3];
    let mut named = [false; 3];
    for _ in 0..3 {
        let mut best: Option<(usize, usize, f64)> = None;
        for (axis, column) in columns.iter().enumerate() {
            let scale = length(*column);
            for (side, component) in column.iter().enumerate() {
                let strength = component / scale;
                let free = letters[axis] == '?' && !named[side];
                if free && best.is_none_or(|(_, _, known)| strength.abs() > known.abs()) {
                    best = Some((axis, side, strength));
                }
            }
        }
        if let Some((axis, side, strength)) = best {
            named[side] = true;
            letters[axis] = SIDES[side][usize::from(strength < 0.0)];
        }
    }
    letters.iter().collect()
}

/// A grid of voxels of the given sizes whose axes are those of the patient, its first voxel at the origin, in
/// the order of DICOM (x to the left, y to the back): for files that do not say where they lie.
pub(crate) fn unplaced([sx, sy, sz]: [f64; 3], size: [usize; 3]) -> Option<Grid> {
    let affine = Affine([
        [sx, 0.0, 0.0, 0.0],
        [0.0, sy, 0.0, 0.0],
        [0.0, 0.0, sz, 0.0],
    ]);
    grid_of(lps_to_ras(affine), size)
}

/// A grid whose spacing is the length of the affine's columns, if the affine can be inverted.
pub(crate) fn grid_of(affine: Affine, [x, y, z]: [usize; 3]) -> Option<Grid> {
    if affine.0.as_flattened().iter().any(|v| !v.is_finite()) {
        return None;
    }
    let [cx, cy, cz] = columns(&affine);
    let lengths = [cz, cy, cx].map(length);
    let spacing = Spacing::new(lengths)?;
    let [lz, ly, lx] = lengths;
    // Relative to a box of the same edges: 1 for right angles, 0 for axes in one plane.
    let volume = dot(cx, cross(cy, cz)).abs() / lx / ly / lz;
    (volume > 1e-6).then_some(Grid {
        shape: [z, y, x],
        spacing,
        affine,
    })
}

/// The largest cosine between two axes, if it is more than rounding.
pub(crate) fn shear(affine: &Affine) -> Option<f64> {
    let [x, y, z] = columns(affine);
    let cosine = [(x, y), (x, z), (y, z)]
        .map(|(u, v)| (dot(u, v) / length(u) / length(v)).abs())
        .into_iter()
        .fold(0.0, f64::max);
    (cosine > SHEAR).then_some(cosine)
}

pub(crate) fn columns(affine: &Affine) -> [[f64; 3]; 3] {
    let [[a, b, c, _], [d, e, f, _], [g, h, i, _]] = affine.0;
    [[a, d, g], [b, e, h], [c, f, i]]
}

pub(crate) fn dot([a, b, c]: [f64; 3], [d, e, f]: [f64; 3]) -> f64 {
    a * d + b * e + c * f
}

pub(crate) fn length(v: [f64; 3]) -> f64 {
    dot(v, v).sqrt()
}

pub(crate) fn cross([a, b, c]: [f64; 3], [d, e, f]: [f64; 3]) -> [f64; 3] {
    [b * f - c * e, c * d - a * f, a * e - b * d]
}

/// Inverse of an affine map by cofactors, or `None` when it has none.
pub(crate) fn inverse(affine: &Affine) -> Option<[[f64; 4]; 3]> {
    let [[a, b, c, p], [d, e, f, q], [g, h, i, r]] = affine.0;
    let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    if !determinant.is_normal() {
        return None;
    }
    let rows = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ];
    Some(rows.map(|row| {
        let [x, y, z] = row.map(|v| v / determinant);
        [x, y, z, -(x * p + y * q + z * r)]
    }))
}

pub(crate) fn apply(map: &[[f64; 4]; 3], [x, y, z]: [f64; 3]) -> [f64; 3] {
    map.map(|[a, b, c, d]| a * x + b * y + c * z + d)
}

/// A whole number in floating point as one; none where it is not finite or not exact.
#[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
pub(crate) fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.abs() < EXACT && value.fract() == 0.0).then_some(value as i64)
}

/// A count in floating point.
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}
