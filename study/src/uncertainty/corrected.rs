//! The corrected resampled t test of two models over repeated splits or folds.
//!
//! Models of different splits share training patients, so the plain t test over splits takes its differences for
//! independent and finds far too many. Nadeau and Bengio (2003, doi 10.1023/A:1024068626366) put `n_test / n_train` in place of
//! the missing correlation; for k folds repeated r times (Bouckaert and Frank 2004, doi 10.1007/978-3-540-24775-3_3):
//!
//! `t = mean / √((1/J + n_test / n_train) · s²)`, J = k · r differences, s² their sample variance, J − 1 degrees.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::uncertainty::interval::Interval;
use crate::uncertainty::student;

/// Differences of shares that are closer than this are the same: shares of 10⁶ patients differ by more.
const ROUNDING: f64 = 1e-12;

/// The test's result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CorrectedTest {
    /// Differences, one a split and fold.
    pub differences: usize,
    /// Their mean.
    pub mean: f64,
    /// Corrected standard error of the mean.
    pub standard_error: f64,
    /// Mean number of tested patients over mean number of patients trained on.
    pub test_to_train: f64,
    /// Two-sided p; 1 where no split shows a difference.
    pub p: f64,
    /// Interval of the mean.
    pub interval: Interval,
}

/// The test of differences (first model minus second), one for each split and fold.
///
/// # Errors
/// [`StudyError::Undefined`] with fewer than two differences, or one that is not finite, with an impossible ratio of
/// patients, or with differences that are all the same and not zero: without any variance there is nothing to hold them against.
pub fn corrected_test(
    differences: &[f64],
    test_to_train: f64,
    confidence: f64,
) -> Result<CorrectedTest> {
    let undefined = |reason: String| StudyError::Undefined {
        figure: "corrected resampled t test",
        reason,
    };
    if differences.len() < 2 || differences.iter().any(|d| !d.is_finite()) {
        let reason = format!(
            "{} difference(s); two finite ones are needed",
            differences.len()
        );
        return Err(undefined(reason));
    }
    if !(test_to_train.is_finite() && test_to_train > 0.0) {
        return Err(undefined(format!(
            "{test_to_train} tested patients per trained one"
        )));
    }
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let largest = differences.iter().copied().fold(f64::MIN, f64::max);
    let smallest = differences.iter().copied().fold(f64::MAX, f64::min);
    let varies = largest - smallest > ROUNDING;
    if !varies && mean.abs() > ROUNDING {
        return Err(undefined(format!(
            "all {} differences are {mean}, without any variance",
            differences.len()
        )));
    }
    let squares: f64 = differences.iter().map(|d| (d - mean) * (d - mean)).sum();
    let standard_error = ((1.0 / count + test_to_train) * squares / (count - 1.0)).sqrt();
    let degrees = count - 1.0;
    let p = if varies {
        student::two_sided(mean / standard_error, degrees)
    } else {
        1.0
    };
    let reach = student::critical(1.0 - confidence, degrees) * standard_error;
    Ok(CorrectedTest {
        differences: differences.len(),
        mean,
        standard_error,
        test_to_train,
        p,
        interval: Interval {
            lower: mean - reach,
            upper: mean + reach,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.7 − 0.6 and 0.3 − 0.2 differ in their last bits only.
    #[test]
    fn the_same_difference_everywhere_has_no_test_unless_it_is_none() {
        let same = corrected_test(&[0.7 - 0.6, 0.3 - 0.2, 0.1], 0.25, 0.95).unwrap_err();
        assert!(same.to_string().contains("without any variance"), "{same}");
        let none = corrected_test(&[0.0; 3], 0.25, 0.95).unwrap();
        assert!((none.p - 1.0).abs() < 1e-15);
    }
}
