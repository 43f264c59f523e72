//! Mean, variance and range of a region's intensities, row by row, without gathering them.

use crate::roi::Roi;

/// What a pass or two over the values tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) mean: f64,
    /// Divided by the number of values; two passes.
    pub(crate) variance: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

/// Sum over the region of a function of its values; each row is added up on its own.
fn sum(roi: &Roi, of: impl Fn(f64) -> f64) -> f64 {
    let rows = roi.values().rows().into_iter().zip(roi.inside().rows());
    let sums = rows.map(|(values, inside)| {
        let both = values.iter().zip(inside);
        both.fold(
            0.0,
            |sum, (x, inside)| if *inside { sum + of(*x) } else { sum },
        )
    });
    sums.sum()
}

impl Summary {
    pub(crate) fn new(roi: &Roi) -> Self {
        let n = roi.count() as f64;
        let mean = sum(roi, |x| x) / n;
        let variance = sum(roi, |x| (x - mean) * (x - mean)) / n;
        let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
        for (x, inside) in roi.values().iter().zip(roi.inside()) {
            if *inside {
                lowest = lowest.min(*x);
                highest = highest.max(*x);
            }
        }
        Self {
            mean,
            variance,
            lowest,
            highest,
        }
    }

    /// Whether all intensities are one number. The variance of equal numbers may come out above zero.
    pub(crate) fn is_flat(&self) -> bool {
        self.lowest >= self.highest
    }
}
