//! Liver texture: fine speckle, nodules, and septa around the nodules.
//!
//! A smooth random field `g` of unit variance makes both: nodules are where it is far from zero
//! (`tanh 1.5 g`), septa run along its zero lines (`exp −(g/0.25)²`). With severity `v` (0 mild,
//! 1 severe) weight moves from speckle to nodules and septa, and the nodules grow from about 2.6 to
//! 4.8 mm, as micronodular turns into macronodular cirrhosis. The sum is brought back to a variance
//! that is the patient's own and unrelated to `v`, so that a standard deviation tells nothing.

use ndarray::Array3;
use raduet_features::Grid;
use raduet_study::random::Stream;

use super::blur::gaussian;

/// Width in mm of the fine speckle and of the slow variation common to all livers.
const SPECKLE_MM: f64 = 1.4;
const SLOW_MM: f64 = 9.0;
/// Width in mm of the nodule field at severity 0, and what severity 1 adds.
const NODULE_MM: f64 = 2.6;
const NODULE_GROWTH_MM: f64 = 2.2;
/// Half width of a septum in units of the nodule field.
const SEPTUM: f64 = 0.25;
/// Median contrast of the texture relative to the tissue, and its spread between patients (log scale).
const CONTRAST: f64 = 0.13;
const CONTRAST_SPREAD: f64 = 0.25;

/// Relative deviation of every voxel from the mean tissue signal, zero on average.
pub(super) fn liver(seed: u64, patient: usize, severity: f64, grid: &Grid) -> Array3<f64> {
    let field = |purpose: &str, sigma: f64| unit_field(seed, purpose, patient, sigma, grid);
    let speckle = field("phantom speckle", SPECKLE_MM);
    let nodules = field("phantom nodules", NODULE_MM + NODULE_GROWTH_MM * severity);
    let slow = field("phantom slow", SLOW_MM);

    let mut stream = Stream::new(seed, "phantom contrast", patient as u64);
    // Patients differ in their mixture for reasons other than the stage.
    let mut vary = |weight: f64| (weight * (0.15 * stream.normal()).exp()).max(0.05);
    let w_speckle = vary(1.0 - 0.6 * severity);
    let w_nodule = vary(0.4 + 0.7 * severity);
    let w_septum = vary(0.2 + 0.8 * severity);
    let w_slow = vary(0.5);
    let contrast = CONTRAST * (CONTRAST_SPREAD * stream.normal()).exp();

    let mut sum = speckle * w_speckle + slow * w_slow;
    sum.zip_mut_with(&nodules, |value, &g| {
        *value += w_nodule * (1.5 * g).tanh() - w_septum * (-(g / SEPTUM).powi(2)).exp();
    });
    standardise(&mut sum);
    sum * contrast
}

/// White noise blurred to a width of `sigma` mm, then brought to mean 0 and variance 1.
fn unit_field(seed: u64, purpose: &str, patient: usize, sigma: f64, grid: &Grid) -> Array3<f64> {
    let mut stream = Stream::new(seed, purpose, patient as u64);
    let [nz, ny, nx] = grid.shape;
    let mut field = Array3::from_shape_simple_fn((nz, ny, nx), || stream.normal());
    gaussian(&mut field, sigma, grid.spacing);
    standardise(&mut field);
    field
}

fn standardise(field: &mut Array3<f64>) {
    let n = field.len() as f64;
    let mean = field.sum() / n;
    let variance = field.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let scale = 1.0 / variance.sqrt();
    field.mapv_inplace(|v| (v - mean) * scale);
}
