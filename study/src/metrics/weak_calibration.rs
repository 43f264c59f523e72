//! Calibration intercept and slope of one probability (Cox 1958, doi 10.1093/biomet/45.3-4.562; Van Calster and others 2016,
//! doi 10.1016/j.jclinepi.2015.12.005).
//!
//! * slope b of logit P(y = 1) = a + b · logit(p): 1 when right, below 1 when probabilities are too extreme;
//! * intercept ("calibration in the large") a of logit P(y = 1) = a + logit(p): 0 when right, above when too low.
//!
//! Both are fitted by Newton's method. Standard errors are robust (sandwich) with one cluster a patient, without small-sample
//! correction: H⁻¹ (Σ over patients of g gᵀ) H⁻¹, g the sum of a patient's score vectors.

use std::collections::BTreeMap;

use crate::error::{Result, StudyError};

/// Probabilities are kept this far from 0 and 1, where the logit has no end.
const NEAREST: f64 = 1e-6;

/// Newton's steps; a fit that needs more runs away.
const MOST_STEPS: usize = 100;

/// Steps below this leave a coefficient where it is.
const STILL: f64 = 1e-12;

/// Values with their standard errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeakCalibration {
    /// Intercept with the slope held at one, and its standard error.
    pub intercept: [f64; 2],
    /// Slope, and its standard error.
    pub slope: [f64; 2],
}

/// Fits intercept and slope of a probability.
///
/// `owners`: whose sample each one is.
///
/// # Errors
/// [`StudyError::Undefined`] without samples of both kinds, with one probability only, or where the probability separates
/// both kinds, so that no finite slope fits.
///
/// # Panics
/// When the three lists differ in length.
pub fn weak_calibration<K: Ord>(
    scores: &[f64],
    positive: &[bool],
    owners: &[K],
) -> Result<WeakCalibration> {
    assert!(
        scores.len() == positive.len() && scores.len() == owners.len(),
        "one score and one owner a sample"
    );
    let undefined = |reason: &str| StudyError::Undefined {
        figure: "calibration slope",
        reason: reason.to_owned(),
    };
    let logits: Vec<f64> = scores.iter().map(|&p| logit(p)).collect();
    let extremes = |wanted: bool| {
        let of_kind = logits.iter().zip(positive).filter(|(_, p)| **p == wanted);
        of_kind.fold(None, |ends: Option<(f64, f64)>, (&x, _)| {
            let (low, high) = ends.unwrap_or((x, x));
            Some((low.min(x), high.max(x)))
        })
    };
    let (Some(of_positives), Some(of_negatives)) = (extremes(true), extremes(false)) else {
        return Err(undefined("all samples are of one kind"));
    };
    let lowest = of_positives.0.min(of_negatives.0);
    let highest = of_positives.1.max(of_negatives.1);
    if highest - lowest <= 0.0 {
        return Err(undefined("all samples have one probability"));
    }
    if of_positives.0 >= of_negatives.1 || of_positives.1 <= of_negatives.0 {
        return Err(undefined(
            "the probability separates the samples of the class from all others",
        ));
    }
    let owner = positions(owners);
    let ones = vec![1.0; logits.len()];
    let fit = |design: &[&[f64]], offset: &[f64]| {
        fit(design, offset, positive, &owner).ok_or_else(|| undefined("the fit does not settle"))
    };
    let large = fit(&[&ones], &logits)?;
    let none = vec![0.0; logits.len()];
    let both = fit(&[&ones, &logits], &none)?;
    Ok(WeakCalibration {
        intercept: large[0],
        slope: both[1],
    })
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(NEAREST, 1.0 - NEAREST);
    p.ln() - (-p).ln_1p()
}

/// Numbers from 0 for the owners, in their order.
fn positions<K: Ord>(owners: &[K]) -> Vec<usize> {
    let mut numbers: BTreeMap<&K, usize> = owners.iter().map(|owner| (owner, 0)).collect();
    for (number, value) in numbers.values_mut().enumerate() {
        *value = number;
    }
    owners.iter().map(|owner| numbers[owner]).collect()
}

/// Logistic regression of one or two columns with an offset: each coefficient with its robust error; none where Newton's
/// method does not settle.
fn fit(
    design: &[&[f64]],
    offset: &[f64],
    positive: &[bool],
    owners: &[usize],
) -> Option<Vec<[f64; 2]>> {
    let width = design.len();
    let mut beta = vec![0.0; width];
    let linear = |beta: &[f64], at: usize| -> f64 {
        let terms = design.iter().zip(beta).map(|(column, b)| b * column[at]);
        offset[at] + terms.sum::<f64>()
    };
    for _ in 0..MOST_STEPS {
        let mut gradient = [0.0; 2];
        let mut hessian = [[0.0; 2]; 2];
        for (at, &positive) in positive.iter().enumerate() {
            let mu = 1.0 / (1.0 + (-linear(&beta, at)).exp());
            let residual = f64::from(u8::from(positive)) - mu;
            for (i, a) in design.iter().enumerate() {
                gradient[i] += residual * a[at];
                for (j, b) in design.iter().enumerate() {
                    hessian[i][j] += mu * (1.0 - mu) * a[at] * b[at];
                }
            }
        }
        let inverse = inverse(hessian, width)?;
        let mut longest = 0.0_f64;
        for (i, b) in beta.iter_mut().enumerate() {
            let step: f64 = (0..width).map(|j| inverse[i][j] * gradient[j]).sum();
            *b += step;
            longest = longest.max(step.abs() / b.abs().max(1.0));
        }
        if !longest.is_finite() {
            return None;
        }
        if longest < STILL {
            let scores = |at: usize| {
                let mu = 1.0 / (1.0 + (-linear(&beta, at)).exp());
                f64::from(u8::from(positive[at])) - mu
            };
            let errors = robust(design, &inverse, owners, scores);
            return Some(beta.iter().zip(errors).map(|(&b, e)| [b, e]).collect());
        }
    }
    None
}

/// Square roots of the diagonal of H⁻¹ M H⁻¹.
fn robust(
    design: &[&[f64]],
    inverse: &[[f64; 2]; 2],
    owners: &[usize],
    residual: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let width = design.len();
    let clusters = owners.iter().max().map_or(0, |last| last + 1);
    let mut sums = vec![[0.0; 2]; clusters];
    for (at, &owner) in owners.iter().enumerate() {
        let residual = residual(at);
        for (i, column) in design.iter().enumerate() {
            sums[owner][i] += residual * column[at];
        }
    }
    let variance = |i: usize| -> f64 {
        let reach = sums.iter().map(|sum| {
            let along: f64 = (0..width).map(|j| inverse[i][j] * sum[j]).sum();
            along * along
        });
        reach.sum()
    };
    (0..width).map(|i| variance(i).sqrt()).collect()
}

/// The inverse of the leading one or two rows and columns; none where there is none.
fn inverse(matrix: [[f64; 2]; 2], width: usize) -> Option<[[f64; 2]; 2]> {
    let [[a, b], [c, d]] = matrix;
    if width == 1 {
        return (a > 0.0).then(|| [[1.0 / a, 0.0], [0.0, 0.0]]);
    }
    let determinant = a * d - b * c;
    (determinant > 0.0).then(|| {
        [
            [d / determinant, -b / determinant],
            [-c / determinant, a / determinant],
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two probabilities, observed shares q: the fit goes through both points, so slope and errors are in closed form.
    #[test]
    fn two_points_closed_form() {
        let (p, q, n) = ([0.2, 0.7], [0.25, 0.5], 400_usize);
        let (mut scores, mut positive) = (Vec::new(), Vec::new());
        for (p, q) in p.into_iter().zip(q) {
            for i in 0..n {
                scores.push(p);
                positive.push((i as f64) < q * n as f64);
            }
        }
        let owners: Vec<usize> = (0..scores.len()).collect();
        let fit = weak_calibration(&scores, &positive, &owners).unwrap();
        let slope = (logit(q[1]) - logit(q[0])) / (logit(p[1]) - logit(p[0]));
        assert!((fit.slope[0] - slope).abs() < 1e-12);
        let variance: f64 = q.iter().map(|q| 1.0 / (n as f64 * q * (1.0 - q))).sum();
        let expected = variance.sqrt() / (logit(p[1]) - logit(p[0]));
        assert!((fit.slope[1] - expected).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_slope_says_why() {
        let owners = [0, 1, 2, 3];
        let reason = |scores: [f64; 4], positive: [bool; 4]| {
            weak_calibration(&scores, &positive, &owners)
                .unwrap_err()
                .to_string()
        };
        let mixed = [true, false, true, false];
        assert!(reason([0.3; 4], mixed).contains("one probability"));
        assert!(reason([0.9, 0.1, 0.8, 0.2], mixed).contains("separates"));
        assert!(reason([0.1, 0.9, 0.2, 0.8], mixed).contains("separates"));
        assert!(reason([0.1, 0.9, 0.2, 0.8], [true; 4]).contains("one kind"));
    }
}
