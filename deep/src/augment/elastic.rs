//! Smooth random displacement: normal vectors on a coarse lattice, between them a cubic B-spline, which never
//! reaches beyond the vectors around it.
//!
//! Coarse random displacement is the augmentation of O. Ronneberger et al., *U-Net*, arXiv 1505.04597, there on
//! a lattice of 3 x 3.

use crate::rng::Stream;

/// Lattice intervals along a side.
const INTERVALS: usize = 3;
/// Lattice points along a side: a spline of degree 3 needs three more than intervals.
const POINTS: usize = INTERVALS + 3;

/// A displacement (rows, columns) in pixels for every pixel.
#[derive(Debug)]
pub(super) struct Displacement {
    /// Vectors at the lattice points, row by row.
    lattice: Vec<[f64; 2]>,
    /// For every pixel of a side: its interval, and the weights of the four points around.
    weights: Vec<(usize, [f64; 4])>,
}

impl Displacement {
    /// Vectors of this standard deviation, in pixels.
    pub(super) fn draw(side: usize, deviation: f64, stream: &mut Stream) -> Self {
        let mut vector = || [deviation * stream.normal(), deviation * stream.normal()];
        Self::new(side, (0..POINTS * POINTS).map(|_| vector()).collect())
    }

    fn new(side: usize, lattice: Vec<[f64; 2]>) -> Self {
        let weights = (0..side).map(|at| weights(at, side)).collect();
        Self { lattice, weights }
    }

    /// The displacements of a row of pixels.
    #[expect(clippy::cast_possible_truncation, reason = "images are f32")]
    pub(super) fn line(&self, row: usize) -> Vec<[f32; 2]> {
        let (top, down) = self.weights[row];
        // The spline across rows first: one lattice row is left.
        let mut across = [[0.0; 2]; POINTS];
        for (i, weight) in down.iter().enumerate() {
            let line = &self.lattice[(top + i) * POINTS..(top + i + 1) * POINTS];
            for (sum, vector) in across.iter_mut().zip(line) {
                sum[0] += weight * vector[0];
                sum[1] += weight * vector[1];
            }
        }
        let at = |(left, right): &(usize, [f64; 4])| {
            let mut sum = [0.0; 2];
            for (weight, vector) in right.iter().zip(&across[*left..]) {
                sum[0] += weight * vector[0];
                sum[1] += weight * vector[1];
            }
            sum.map(|value| value as f32)
        };
        self.weights.iter().map(at).collect()
    }
}

/// The interval of a pixel and the uniform cubic B-spline's weights within it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position within the lattice"
)]
fn weights(at: usize, side: usize) -> (usize, [f64; 4]) {
    let position = (at as f64 + 0.5) / side as f64 * INTERVALS as f64;
    let interval = (position.floor() as usize).min(INTERVALS - 1);
    let t = position - interval as f64;
    let (t2, t3) = (t * t, t * t * t);
    let sixths = [
        (1.0 - t).powi(3),
        3.0 * t3 - 6.0 * t2 + 4.0,
        -3.0 * t3 + 3.0 * t2 + 3.0 * t + 1.0,
        t3,
    ];
    (interval, sixths.map(|weight| weight / 6.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    /// A spline returns what is linear on its lattice: a constant, and a ramp.
    #[test]
    fn constant_and_ramp_closed_form() {
        let side = 12;
        let ramp = (0..POINTS * POINTS)
            .map(|at| [2.0, (at % POINTS) as f64])
            .collect();
        let field = Displacement::new(side, ramp);
        for row in 0..side {
            for (col, vector) in field.line(row).iter().enumerate() {
                // Lattice point 1 lies over the left border.
                let expected = (col as f64 + 0.5) / side as f64 * INTERVALS as f64 + 1.0;
                assert!((vector[0] - 2.0).abs() < 1e-6);
                assert!((f64::from(vector[1]) - expected).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn displacement_is_smooth_and_bounded() {
        let side = 64;
        let mut stream = Stream::new(1, Purpose::Augment, 0, 0);
        let field = Displacement::draw(side, 3.0, &mut stream);
        let largest = field
            .lattice
            .iter()
            .flatten()
            .fold(0.0, |m: f64, v| m.max(v.abs()));
        for row in 0..side {
            let line = field.line(row);
            assert!(line.iter().flatten().all(|v| f64::from(v.abs()) <= largest));
            for pair in line.windows(2) {
                // A B-spline's slope is at most the largest difference of neighbours over the interval.
                let step = f64::from((pair[1][0] - pair[0][0]).abs());
                assert!(step <= 2.0 * largest * INTERVALS as f64 / side as f64 + 1e-5);
            }
        }
    }
}
