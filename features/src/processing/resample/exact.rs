//! Whole numbers out of interpolated ones as ITK makes them: it truncates, so the last bit of a result
//! beside a whole number decides.
//!
//! Sums axis by axis differ from ITK's in that bit. The few results that lie so near a whole number are
//! computed once more, each in ITK's own order.

use rayon::prelude::*;

use super::Interpolator;
use super::separable::Block;
use super::taps::Taps;

/// Results this near a whole number are computed again, and relative to their size: far above rounding
/// errors, far below what intensities usually differ from whole numbers.
const NEAR: f64 = 1e-6;
const NEAR_RELATIVE: f64 = 1e-12;

/// What ITK reads one result from.
pub(super) struct Source<'a> {
    /// Samples, or coefficients for splines.
    pub(super) samples: &'a Block,
    /// Positions along z, y, x in these samples' indices.
    pub(super) positions: [&'a [f64]; 3],
    /// Taps along z, y, x.
    pub(super) taps: [&'a Taps; 3],
    /// How.
    pub(super) interpolator: Interpolator,
}

/// Replaces the results beside whole numbers by ITK's.
pub(super) fn settle(results: &mut Block, source: &Source<'_>) {
    let [_, rows, columns] = results.shape;
    let lines = results.values.par_chunks_mut(columns).enumerate();
    lines.for_each(|(line, values)| {
        for (x, value) in values.iter_mut().enumerate() {
            if (*value - value.round()).abs() < NEAR + NEAR_RELATIVE * value.abs() {
                *value = source.value([line / rows, line % rows, x], *value);
            }
        }
    });
}

impl Source<'_> {
    fn value(&self, at: [usize; 3], otherwise: f64) -> f64 {
        match self.interpolator {
            Interpolator::CubicBSpline => self.spline(at),
            Interpolator::Linear => self.linear(at),
            Interpolator::NearestNeighbour | Interpolator::CubicConvolution => otherwise,
        }
    }

    fn sample(&self, z: usize, y: usize, x: usize) -> f64 {
        let [_, rows, columns] = self.samples.shape;
        self.samples.values[(z * rows + y) * columns + x]
    }

    /// All 64 products one after another, x fastest.
    fn spline(&self, at: [usize; 3]) -> f64 {
        let [z, y, x] = std::array::from_fn(|axis| {
            let taps = self.taps[axis];
            let from = at[axis] * taps.width;
            let weights = taps.weights[from..].iter().copied();
            taps.indices[from..][..taps.width]
                .iter()
                .copied()
                .zip(weights)
        });
        let mut sum = 0.0;
        for (z, weight_z) in z {
            for (y, weight_y) in y.clone() {
                for (x, weight_x) in x.clone() {
                    sum += weight_x * weight_y * weight_z * self.sample(z, y, x);
                }
            }
        }
        sum
    }

    /// Along x, then y, then z, each as `a + (b - a) t`.
    fn linear(&self, at: [usize; 3]) -> f64 {
        let outside = (0..3).any(|axis| {
            let taps = self.taps[axis];
            let mut weights = taps.weights[at[axis] * taps.width..][..taps.width].iter();
            weights.all(|weight| weight.abs() <= 0.0)
        });
        if outside {
            return 0.0;
        }
        let [z, y, x] = std::array::from_fn(|axis| {
            let taps = self.taps[axis];
            let from = at[axis] * taps.width;
            let position = self.positions[axis][at[axis]];
            // Before the first centre the first sample counts.
            let t = (position - position.floor().max(0.0)).max(0.0);
            (taps.indices[from], taps.indices[from + 1], t)
        });
        let between = |a: f64, b: f64, t: f64| a + (b - a) * t;
        let row = |z, y| between(self.sample(z, y, x.0), self.sample(z, y, x.1), x.2);
        let plane = |z| between(row(z, y.0), row(z, y.1), y.2);
        between(plane(z.0), plane(z.1), z.2)
    }
}
