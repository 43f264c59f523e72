//! Whether probabilities mean what they say: logarithmic loss, Brier score, calibration error.

use serde::{Deserialize, Serialize};

/// Bins of the confidence, as in Guo et al. 2017 (arXiv 1706.04599).
pub const CONFIDENCE_BINS: usize = 15;

/// −ln of the probability given to the true class, nats.
///
/// Probabilities are kept `f64::EPSILON` away from 0 and 1, as scikit-learn does for this type: an
/// answer that excluded the truth costs 36.04, not infinity.
pub(crate) fn log_loss(probabilities: &[f64], truth: usize) -> f64 {
    -probabilities[truth]
        .clamp(f64::EPSILON, 1.0 - f64::EPSILON)
        .ln()
}

/// Brier's score in its original form (1950): Σ over the classes k of (p − \[k is true\])², 0..=2.
///
/// For two classes it is twice the usual binary score.
pub(crate) fn brier(probabilities: &[f64], truth: usize) -> f64 {
    probabilities
        .iter()
        .enumerate()
        .map(|(k, &p)| {
            let wanted = f64::from(u8::from(k == truth));
            (p - wanted) * (p - wanted)
        })
        .sum()
}

/// The bin of a confidence c: bin b holds b/M < c ≤ (b+1)/M, and bin 0 the value 0 too.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a confidence lies in 0..=1, so the bin lies in 0..M"
)]
pub(crate) fn confidence_bin(confidence: f64) -> usize {
    let bin = (confidence * CONFIDENCE_BINS as f64).ceil() as usize;
    bin.saturating_sub(1)
}

/// One bar of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lower edge of the confidence, outside the bin (inside for 0).
    pub lower: f64,
    /// Upper edge of the confidence, inside the bin.
    pub upper: f64,
    /// Samples whose largest probability lies in the bin.
    pub samples: u64,
    /// Sum of those largest probabilities.
    pub confidence_sum: f64,
    /// Samples of the bin answered rightly.
    pub correct: u64,
}

impl ReliabilityBin {
    /// The empty bins in order.
    pub(crate) fn all() -> Vec<Self> {
        let edge = |b: usize| b as f64 / CONFIDENCE_BINS as f64;
        (0..CONFIDENCE_BINS)
            .map(|b| Self {
                lower: edge(b),
                upper: edge(b + 1),
                samples: 0,
                confidence_sum: 0.0,
                correct: 0,
            })
            .collect()
    }

    /// Mean confidence, where there is a sample.
    pub fn mean_confidence(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.confidence_sum / self.samples as f64)
    }

    /// Share of right answers, where there is a sample.
    pub fn accuracy(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.correct as f64 / self.samples as f64)
    }
}

/// The reliability diagram of one class's probability: `correct` counts samples of the class.
pub fn class_reliability(scores: &[f64], positive: &[bool]) -> Vec<ReliabilityBin> {
    let mut bins = ReliabilityBin::all();
    for (&score, &positive) in scores.iter().zip(positive) {
        let bin = &mut bins[confidence_bin(score)];
        bin.samples += 1;
        bin.confidence_sum += score;
        bin.correct += u64::from(positive);
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_open_below_and_closed_above() {
        assert_eq!(confidence_bin(0.0), 0);
        assert_eq!(confidence_bin(0.2), 2);
        assert_eq!(confidence_bin(0.200_000_1), 3);
        assert_eq!(confidence_bin(1.0), CONFIDENCE_BINS - 1);
    }

    #[test]
    fn a_perfect_and_a_contrary_answer() {
        assert!(log_loss(&[0.0, 1.0], 1) < 1e-15);
        assert!((log_loss(&[0.0, 1.0], 0) - 36.043_653_389_117_15).abs() < 1e-12);
        assert!(brier(&[0.0, 1.0], 1).abs() < 1e-300);
        assert!((brier(&[0.0, 1.0], 0) - 2.0).abs() < 1e-15);
    }
}
