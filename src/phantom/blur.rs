//! Separable Gaussian blur of a volume with a width given in mm.

use ndarray::{Array3, Axis};
use raduet_features::Spacing;

/// The kernel is cut at this many standard deviations: what is left out is below 0.3 %.
const CUT: f64 = 3.0;

/// Blurs along all three axes with a standard deviation of `sigma` mm; the border is mirrored.
pub(super) fn gaussian(field: &mut Array3<f64>, sigma: f64, spacing: Spacing) {
    for (axis, step) in spacing.zyx().into_iter().enumerate() {
        let kernel = kernel(sigma / step);
        if kernel.len() == 1 {
            continue;
        }
        let mut line = Vec::new();
        for mut lane in field.lanes_mut(Axis(axis)) {
            line.clear();
            line.extend(lane.iter().copied());
            for (i, out) in lane.iter_mut().enumerate() {
                *out = convolve_at(&line, &kernel, i);
            }
        }
    }
}

/// Half of a symmetric kernel, centre first, normalised so that the whole sums to one.
fn kernel(sigma: f64) -> Vec<f64> {
    let mut half = vec![1.0];
    while half.len() as f64 <= CUT * sigma {
        half.push((-0.5 * (half.len() as f64 / sigma).powi(2)).exp());
    }
    let sum = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    half.into_iter().map(|weight| weight / sum).collect()
}

fn convolve_at(line: &[f64], half: &[f64], centre: usize) -> f64 {
    let period = 2 * line.len();
    // Whole periods added so that no position is negative.
    let shifted = centre + period * half.len().div_ceil(period);
    let mut sum = half[0] * line[centre];
    for (offset, weight) in half.iter().enumerate().skip(1) {
        let before = mirrored(shifted - offset, line.len());
        let after = mirrored(shifted + offset, line.len());
        sum += weight * (line[before] + line[after]);
    }
    sum
}

/// Index of a mirrored line: 0 1 2 … n−1 | n−1 n−2 … 0 | 0 1 …
fn mirrored(position: usize, len: usize) -> usize {
    let folded = position % (2 * len);
    folded.min(2 * len - 1 - folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrored_reflects_at_the_outer_faces() {
        let folded: Vec<usize> = (3..13).map(|i| mirrored(i, 3)).collect();
        assert_eq!(folded, [2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
    }

    #[test]
    fn a_constant_field_stays_and_a_spike_keeps_its_sum() {
        let spacing = Spacing::new([4.0, 1.0, 1.0]).unwrap();
        let mut flat = Array3::from_elem((3, 5, 6), 2.5);
        gaussian(&mut flat, 3.0, spacing);
        assert!(flat.iter().all(|v| (v - 2.5_f64).abs() < 1e-12));
        let mut spike = Array3::zeros((3, 21, 21));
        spike[[1, 10, 10]] = 1.0;
        gaussian(&mut spike, 2.0, spacing);
        assert!((spike.sum() - 1.0).abs() < 1e-12);
        assert!(spike[[1, 10, 10]] > spike[[1, 10, 11]]);
    }
}
