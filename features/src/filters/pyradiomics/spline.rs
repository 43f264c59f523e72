//! Cubic B-spline interpolation of a volume on its own grid, moved by a fraction of a voxel.
//!
//! An image becomes the coefficients of the spline through its voxels by a recursion along each axis, with the image
//! mirrored at its outermost voxels (M. Unser, doi:10.1109/79.799930).

use ndarray::{Array3, ArrayViewMut1, Axis};
use rayon::prelude::*;

/// The pole of the recursion, √3 - 2.
const POLE: f64 = -0.267_949_192_431_122_7;

/// How many voxels away a voxel's share of a coefficient is below the rounding of an `f64`: 0.268^28 < 2^-53.
pub(super) const MEMORY: usize = 28;

/// Taps of the interpolation along one axis.
pub(super) const TAPS: usize = 4;

/// The coefficients of the spline through all voxels.
pub(super) fn coefficients(image: &Array3<f64>) -> Array3<f64> {
    let mut all = image.as_standard_layout().into_owned();
    for axis in [0, 1, 2] {
        let length = all.len_of(Axis(axis));
        if length == 1 {
            continue;
        }
        let across = if axis == 0 { Axis(1) } else { Axis(0) };
        let planes: Vec<_> = all.axis_iter_mut(across).collect();
        planes.into_par_iter().for_each(|mut plane| {
            let lines = Axis(axis.saturating_sub(1));
            let mut line = Vec::with_capacity(length);
            for mut lane in plane.lanes_mut(lines) {
                line.clear();
                line.extend(lane.iter());
                recursion(&mut line);
                assign(&mut lane, &line);
            }
        });
    }
    all
}

fn assign(lane: &mut ArrayViewMut1<'_, f64>, line: &[f64]) {
    for (value, new) in lane.iter_mut().zip(line) {
        *value = *new;
    }
}

/// Turns a line of at least two voxels into coefficients.
fn recursion(line: &mut [f64]) {
    let last = line.len() - 1;
    let gain = (1.0 - POLE) * (1.0 - 1.0 / POLE);
    for value in &mut *line {
        *value *= gain;
    }
    // The recursion has been running over the mirrored line for ever when it comes to its first voxel.
    let through = i32::try_from(last).map_or(0.0, |n| POLE.powi(n));
    let mut sum = line[0] + through * line[last];
    let mut power = POLE;
    for i in 1..last {
        sum += power * (line[i] + through * line[last - i]);
        power *= POLE;
    }
    line[0] = sum / (1.0 - through * through);
    for i in 1..=last {
        line[i] += POLE * line[i - 1];
    }
    line[last] = (POLE * line[last - 1] + line[last]) * POLE / (POLE * POLE - 1.0);
    for i in (0..last).rev() {
        line[i] = POLE * (line[i + 1] - line[i]);
    }
}

/// Weights of the four coefficients around a place, from its distance to the voxel before it, 0 to 1.
pub(super) fn weights(beyond: f64) -> [f64; TAPS] {
    let short = 1.0 - beyond;
    let outer = short * short * short / 6.0;
    let inner = |t: f64| (t * t * (t - 2.0) * 3.0 + 4.0) / 6.0;
    let (second, third) = (inner(beyond), inner(short));
    [outer, second, third, 1.0 - outer - second - third]
}

/// The place on a line of `length` voxels that one beyond its ends is mirrored to.
pub(super) fn mirrored(at: isize, length: usize) -> usize {
    if length == 1 {
        return 0;
    }
    let period = 2 * (length - 1);
    let at = at.rem_euclid(period.cast_signed()).unsigned_abs();
    at.min(period - at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spline_goes_through_the_voxels() {
        for length in [2, 3, 7, 60] {
            let values: Vec<f64> = (0..length).map(|i| f64::from(i * i % 11)).collect();
            let mut line = values.clone();
            recursion(&mut line);
            for (i, value) in values.iter().enumerate() {
                let near = |step: isize| line[mirrored(i.cast_signed() + step, line.len())];
                let taps = [near(-1), near(0), near(1), near(2)];
                let found: f64 = taps.iter().zip(weights(0.0)).map(|(c, w)| c * w).sum();
                assert!(
                    (found - value).abs() < 1e-12,
                    "{length}: {found} for {value}"
                );
            }
        }
    }

    #[test]
    fn the_spline_keeps_a_parabola_inside() {
        let mut line: Vec<f64> = (0..80).map(|i| f64::from(i).powi(2)).collect();
        recursion(&mut line);
        let weights = weights(0.3);
        let found: f64 = line[39..43].iter().zip(weights).map(|(c, w)| c * w).sum();
        assert!((found - 40.3 * 40.3).abs() < 1e-9, "{found}");
    }

    #[test]
    fn places_are_mirrored_at_the_outermost_voxels() {
        let all: Vec<_> = (-4..8).map(|at| mirrored(at, 4)).collect();
        assert_eq!(all, [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]);
    }
}
