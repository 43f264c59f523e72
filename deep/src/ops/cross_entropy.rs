//! Mean softmax cross-entropy of logits (N, K) against N class indices, with the softmax inside.
//!
//! loss = 1/N Σ (log Σ exp(l - max l) - (l[label] - max l)); gradient (softmax(l) - one-hot) / N.
//! Computed in f64: K is small, and the loss steers schedules.

use candle_core::{Result, Tensor, bail};

use super::memory::{read, tensor_like};
use crate::graph::{Value, record};

/// The loss against these labels.
#[derive(Debug, Clone)]
pub(crate) struct CrossEntropy {
    pub(crate) labels: Vec<usize>,
}

impl CrossEntropy {
    /// The mean loss, a scalar tensor.
    pub(crate) fn apply(self, logits: &Value) -> Result<Value> {
        on_gpu!(logits.tensor(), self.on_gpu(logits));
        let loss = self.forward(logits.tensor())?;
        let kept = logits.tensor().clone();
        Ok(record([logits], loss, move |gradient, _| {
            Ok([Some(self.backward(&kept, gradient)?)])
        }))
    }

    #[cfg(feature = "cuda")]
    fn on_gpu(&self, logits: &Value) -> Result<Value> {
        let (batch, classes) = logits.dims2()?;
        if batch != self.labels.len() || self.labels.iter().any(|l| *l >= classes) {
            bail!(
                "cross-entropy: labels {:?} for {batch} rows of {classes} classes",
                self.labels
            );
        }
        let mut factors = vec![0.0; batch * classes];
        for (row, label) in factors.chunks_exact_mut(classes).zip(&self.labels) {
            row[*label] = 1.0;
        }
        let (loss, gradient) =
            super::cuda::cross_entropy(logits.tensor(), &factors, 0.0, batch as f64)?;
        let dtype = logits.tensor().dtype();
        Ok(record([logits], loss, move |factor, _| {
            Ok([Some(super::cuda::times(&gradient, factor, dtype)?)])
        }))
    }

    #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
    fn forward(&self, logits: &Tensor) -> Result<Tensor> {
        let (batch, classes) = logits.dims2()?;
        if batch != self.labels.len() || self.labels.iter().any(|l| *l >= classes) {
            bail!(
                "cross-entropy: labels {:?} for {batch} rows of {classes} classes",
                self.labels
            );
        }
        let total: f64 = read(logits, |logits| {
            Ok(logits
                .chunks_exact(classes)
                .zip(&self.labels)
                .map(|(row, label)| log_sum_exp(row) - f64::from(row[*label]))
                .sum())
        })?;
        Tensor::new((total / batch as f64) as f32, logits.device())
    }

    #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
    fn backward(&self, logits: &Tensor, gradient: &Tensor) -> Result<Tensor> {
        let (batch, classes) = logits.dims2()?;
        let factor = f64::from(gradient.to_scalar::<f32>()?) / batch as f64;
        let data = read(logits, |logits| {
            let mut out = Vec::with_capacity(logits.len());
            for (row, label) in logits.chunks_exact(classes).zip(&self.labels) {
                for (k, p) in softmax(row).into_iter().enumerate() {
                    let target = if k == *label { 1.0 } else { 0.0 };
                    out.push((factor * (p - target)) as f32);
                }
            }
            Ok(out)
        })?;
        tensor_like(data, logits)
    }
}

/// log Σ exp(l) without overflow.
pub(crate) fn log_sum_exp(logits: &[f32]) -> f64 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|l| f64::from(l - max).exp()).sum();
    f64::from(max) + sum.ln()
}

/// Class probabilities of one row of logits.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut row: Vec<f64> = logits.iter().map(|l| f64::from(l - max).exp()).collect();
    let sum: f64 = row.iter().sum();
    for p in &mut row {
        *p /= sum;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn cross_entropy_closed_form() {
        let of = |rows: &[[f32; 3]], labels: &[usize]| {
            let op = CrossEntropy {
                labels: labels.to_vec(),
            };
            let logits = Tensor::from_slice(&rows.concat(), (rows.len(), 3), &device()).unwrap();
            op.apply(&Value::constant(logits))
                .and_then(|l| l.tensor().to_scalar::<f32>())
        };
        assert!((of(&[[0.0; 3]], &[1]).unwrap() - 3.0_f32.ln()).abs() < 1e-7);
        // Logits far beyond what exp can hold.
        assert!((of(&[[1000.0, 0.0, 0.0]], &[1]).unwrap() - 1000.0).abs() < 1e-3);
        assert!(of(&[[1000.0, 0.0, 0.0]], &[0]).unwrap().abs() < 1e-7);
        assert!(of(&[[0.0; 3]], &[3]).is_err());
        assert!(of(&[[0.0; 3]], &[0, 1]).is_err());
    }

    #[test]
    fn cross_entropy_gradient_finite_differences() {
        let logits = noise(8, &[6, 4]);
        check(&[logits], |a| {
            CrossEntropy {
                labels: vec![0, 3, 1, 2, 2, 0],
            }
            .apply(&a[0])
        });
    }
}
