//! What a network makes of the validation samples.

use std::ops::ControlFlow;

use raduet_study::Label;
use raduet_study::metrics::{Confusion, auc};

use super::{BatchProgress, Phase};
use crate::error::{DeepError, Result};
use crate::model::{ImageShape, Model};
use crate::ops::cross_entropy::{log_sum_exp, softmax};
use crate::predict::{evaluate, first_largest};
use crate::prepared::Prepared;

/// Figures over the validation samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    /// Mean cross-entropy.
    pub(super) loss: f64,
    /// Fraction of right answers.
    pub(super) accuracy: f64,
    /// Mean sensitivity of the classes that occur.
    pub(super) balanced_accuracy: f64,
    /// Mean area of each class against the rest; none where a class does not occur.
    pub(super) macro_auc: Option<f64>,
}

/// Figures over the validation samples, or `None` when broken off. `size` is that of a batch, `shape` that of the images.
pub(super) fn validate(
    model: &Model,
    valid: &Prepared,
    (size, shape): (usize, ImageShape),
    epoch: usize,
    callback: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
) -> Result<Option<Figures>> {
    let count = valid.images.len();
    let (mut total, mut correct, mut samples) = (0.0, 0_usize, 0);
    let mut rows = Vec::with_capacity(count);
    let chunks = valid.images.chunks(size);
    for (number, (images, labels)) in (1..).zip(chunks.zip(valid.labels.chunks(size))) {
        let logits = evaluate(model, images, shape)?;
        for (row, label) in logits.iter().zip(labels) {
            total += log_sum_exp(row) - f64::from(row[*label]);
            correct += usize::from(first_largest(row) == *label);
        }
        rows.extend(logits);
        samples += images.len();
        let loss = total / samples as f64;
        if !loss.is_finite() {
            return Err(DeepError::Diverged {
                epoch,
                batch: number,
                loss,
            });
        }
        let progress = BatchProgress {
            phase: Phase::Validate,
            epoch,
            batch: number,
            batches: count.div_ceil(size),
            samples,
            loss,
            accuracy: correct as f64 / samples as f64,
        };
        if callback(progress).is_break() {
            return Ok(None);
        }
    }
    let pairs = rows.iter().zip(&valid.labels);
    let pairs = pairs.map(|(row, label)| (Label(*label), Label(first_largest(row))));
    let confusion = Confusion::from_labels(model.classes(), pairs);
    Ok(Some(Figures {
        loss: total / count as f64,
        accuracy: correct as f64 / count as f64,
        // There is at least one sample, so at least one class occurs.
        balanced_accuracy: confusion.balanced_accuracy().unwrap_or(0.0),
        macro_auc: macro_auc(&rows, &valid.labels, model.classes()),
    }))
}

fn macro_auc(logits: &[Vec<f32>], labels: &[usize], classes: usize) -> Option<f64> {
    let probabilities: Vec<Vec<f64>> = logits.iter().map(|row| softmax(row)).collect();
    let mut sum = 0.0;
    for class in 0..classes {
        let scores: Vec<f64> = probabilities.iter().map(|row| row[class]).collect();
        let positive: Vec<bool> = labels.iter().map(|label| *label == class).collect();
        sum += auc(&scores, &positive).ok()?;
    }
    Some(sum / classes as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_auc_closed_form() {
        let logits = [[2.0_f32, 0.0], [1.0, 0.0], [0.0, 0.5], [0.0, 3.0]].map(Vec::from);
        // Three of four pairs are in order.
        let found = macro_auc(&logits, &[0, 1, 0, 1], 2).unwrap();
        assert!((found - 0.75).abs() < 1e-12, "{found}");
        assert_eq!(macro_auc(&logits, &[0; 4], 2), None);
    }
}
