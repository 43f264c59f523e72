//! Spatial autocorrelation of intensities: Moran's I and Geary's C.
//!
//! Moran, Biometrika 37, 1950, doi:10.2307/2332142; Geary, The Incorporated Statistician 5, 1954,
//! doi:10.2307/2986645; IBSI chapters 3.1.26 and 3.1.27.

use ndarray::Zip;

use super::weighted_pairs::WeightedPairs;
use crate::families::summary::Summary;
use crate::roi::Roi;

/// Both measures; NaN when all intensities are equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Autocorrelation {
    pub(super) moran: f64,
    pub(super) geary: f64,
}

impl Autocorrelation {
    /// Of a region with its summary.
    ///
    /// With `u = (X - mu) / sigma`, sums over all pairs `i != j`, `P = Σ w u_i u_j` and `Q = Σ w u_i²`:
    /// `I = P / W`, `C = (n - 1) / n · (Q - P) / W`.
    pub(super) fn new(roi: &Roi, summary: &Summary) -> Self {
        if summary.is_flat() {
            return Self {
                moran: f64::NAN,
                geary: f64::NAN,
            };
        }
        let n = roi.count() as f64;
        let (mean, deviation) = (summary.mean, summary.variance.sqrt());
        let u = Zip::from(roi.values()).and(roi.inside());
        let u = u.map_collect(|x, inside| if *inside { (x - mean) / deviation } else { 0.0 });
        let pairs = WeightedPairs::new(&u, roi.inside(), roi.spacing());
        Self {
            moran: pairs.products / pairs.weights,
            geary: (n - 1.0) / n * (pairs.squares - pairs.products) / pairs.weights,
        }
    }
}
