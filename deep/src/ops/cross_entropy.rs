//! Softmax cross-entropy of logits (N, K) against class indices, with the softmax inside, and with what may be
//! changed about it: class weights, label smoothing, the focal factor, and mixed samples.
//!
//! Sample n has the target t (N, K): 1 at its class; λ at its own and 1 - λ at its partner's class where samples
//! are mixed. With q = (1 - ε) t + ε / K and class weights w, over samples n and classes c:
//!
//! ```text
//! loss = Σ Σ w[c] q[n,c] (1 - p[n,c])^γ (-log p[n,c]) / W,   W = Σ Σ w[c] t[n,c]
//! ```
//!
//! With γ = 0 this is PyTorch's `cross_entropy` with `weight` and `label_smoothing`, whose mean is the weighted
//! one. The factor with γ is that of T.-Y. Lin et al., *Focal loss*, arXiv 1708.02002. The gradient of logit k,
//! with h = γ p (1 - p)^(γ - 1) log p - (1 - p)^γ and a = w q, is (a[k] h[k] - p[k] Σ a[c] h[c]) / W.
//!
//! Computed in f64: K is small, and the loss steers schedules.

use candle_core::{Result, Tensor, bail};

use super::memory::{read, tensor_like};
use crate::augment::mixup::Mixing;
use crate::graph::{Value, record};

/// The loss against these labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CrossEntropy {
    /// Class of every sample.
    pub(crate) labels: Vec<usize>,
    /// How samples were mixed, where they were.
    pub(crate) mixing: Option<Mixing>,
    /// How the classes count.
    pub(crate) criterion: Criterion,
}

/// What is changed about the plain cross-entropy.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Criterion {
    /// w, one per class; `None` for 1 everywhere.
    pub(crate) weights: Option<Vec<f64>>,
    /// ε.
    pub(crate) smoothing: f64,
    /// γ.
    pub(crate) focal: f64,
}

impl CrossEntropy {
    /// The mean cross-entropy with nothing changed.
    pub(crate) fn plain(labels: Vec<usize>) -> Self {
        Self {
            labels,
            mixing: None,
            criterion: Criterion::default(),
        }
    }

    /// The loss, a scalar tensor.
    pub(crate) fn apply(self, logits: &Value) -> Result<Value> {
        on_gpu!(logits.tensor(), self.on_gpu(logits));
        let loss = self.forward(logits.tensor())?;
        let kept = logits.tensor().clone();
        Ok(record([logits], loss, move |gradient, _| {
            Ok([Some(self.backward(&kept, gradient)?)])
        }))
    }

    /// W: what the loss was divided by. Losses times their W add up over the parts of a batch.
    pub(crate) fn divisor(&self) -> f64 {
        let Criterion {
            weights: Some(weights),
            ..
        } = &self.criterion
        else {
            return self.labels.len() as f64;
        };
        (0..self.labels.len())
            .flat_map(|n| self.target(n))
            .map(|(class, share)| share * weights[class])
            .sum()
    }

    /// The classes of a sample with their shares.
    fn target(&self, n: usize) -> [(usize, f64); 2] {
        match &self.mixing {
            None => [(self.labels[n], 1.0), (self.labels[n], 0.0)],
            Some(mixing) => {
                let partner = self.labels[mixing.partners[n]];
                [(self.labels[n], mixing.own), (partner, 1.0 - mixing.own)]
            }
        }
    }

    /// a = w q of a sample.
    fn factors(&self, n: usize, classes: usize) -> Vec<f64> {
        let smoothing = self.criterion.smoothing;
        let mut factors = vec![smoothing / classes as f64; classes];
        for (class, share) in self.target(n) {
            factors[class] += (1.0 - smoothing) * share;
        }
        if let Some(weights) = &self.criterion.weights {
            for (factor, weight) in factors.iter_mut().zip(weights) {
                *factor *= weight;
            }
        }
        factors
    }

    fn check(&self, batch: usize, classes: usize) -> Result<()> {
        if batch != self.labels.len() || self.labels.iter().any(|l| *l >= classes) {
            bail!(
                "cross-entropy: labels {:?} for {batch} rows of {classes} classes",
                self.labels
            );
        }
        if let Some(weights) = &self.criterion.weights
            && weights.len() != classes
        {
            bail!(
                "cross-entropy: {} weights for {classes} classes",
                weights.len()
            );
        }
        if let Some(mixing) = &self.mixing
            && (mixing.partners.len() != batch || mixing.partners.iter().any(|p| *p >= batch))
        {
            bail!("cross-entropy: partners of other samples than the {batch} of the batch");
        }
        Ok(())
    }

    #[cfg(feature = "cuda")]
    #[expect(clippy::cast_possible_truncation, reason = "kernels take f32")]
    fn on_gpu(&self, logits: &Value) -> Result<Value> {
        let (batch, classes) = logits.tensor().dims2()?;
        self.check(batch, classes)?;
        let factors: Vec<f32> = (0..batch)
            .flat_map(|n| self.factors(n, classes))
            .map(|factor| factor as f32)
            .collect();
        let (focal, divisor) = (self.criterion.focal, self.divisor());
        let (loss, gradient) =
            super::cuda::cross_entropy(logits.tensor(), &factors, focal, divisor)?;
        let dtype = logits.tensor().dtype();
        Ok(record([logits], loss, move |factor, _| {
            Ok([Some(super::cuda::times(&gradient, factor, dtype)?)])
        }))
    }

    #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
    fn forward(&self, logits: &Tensor) -> Result<Tensor> {
        let (batch, classes) = logits.dims2()?;
        self.check(batch, classes)?;
        let gamma = self.criterion.focal;
        let total: f64 = read(logits, |logits| {
            let of_row = |(n, row): (usize, &[f32])| -> f64 {
                let normal = log_sum_exp(row);
                let terms = self.factors(n, classes).into_iter().zip(row);
                terms
                    .filter(|(factor, _)| *factor != 0.0)
                    .map(|(factor, logit)| {
                        let surprise = normal - f64::from(*logit);
                        factor * focus(surprise, gamma) * surprise
                    })
                    .sum()
            };
            Ok(logits.chunks_exact(classes).enumerate().map(of_row).sum())
        })?;
        Tensor::new((total / self.divisor()) as f32, logits.device())
    }

    #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
    fn backward(&self, logits: &Tensor, gradient: &Tensor) -> Result<Tensor> {
        let (_, classes) = logits.dims2()?;
        let factor = f64::from(gradient.to_scalar::<f32>()?) / self.divisor();
        let gamma = self.criterion.focal;
        let data = read(logits, |logits| {
            let mut out = Vec::with_capacity(logits.len());
            for (n, row) in logits.chunks_exact(classes).enumerate() {
                let normal = log_sum_exp(row);
                let mut factors = self.factors(n, classes);
                if gamma > 0.0 {
                    for (factor, logit) in factors.iter_mut().zip(row) {
                        *factor *= -slope(normal - f64::from(*logit), gamma);
                    }
                }
                // Now Σ a[c] (-h[c]), and -h is 1 where γ is 0.
                let sum: f64 = factors.iter().sum();
                for (p, a) in softmax(row).into_iter().zip(&factors) {
                    out.push((factor * (p * sum - a)) as f32);
                }
            }
            Ok(out)
        })?;
        tensor_like(data, logits)
    }
}

/// (1 - p)^γ of -log p.
fn focus(surprise: f64, gamma: f64) -> f64 {
    if gamma == 0.0 {
        return 1.0;
    }
    (-(-surprise).exp_m1()).powf(gamma)
}

/// h of -log p, for γ above 0.
fn slope(surprise: f64, gamma: f64) -> f64 {
    let (p, rest) = ((-surprise).exp(), -(-surprise).exp_m1());
    // Both terms vanish with 1 - p, the first as γ (1 - p)^γ.
    if rest <= 0.0 {
        return 0.0;
    }
    -gamma * p * rest.powf(gamma - 1.0) * surprise - rest.powf(gamma)
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
    use serde_json::Value as Json;

    use super::*;
    use crate::graph::backward;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn cross_entropy_closed_form() {
        let of = |rows: &[[f32; 3]], labels: &[usize]| {
            let op = CrossEntropy::plain(labels.to_vec());
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

    fn floats(json: &Json) -> Vec<f64> {
        json.as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect()
    }

    fn counts(json: &Json) -> Vec<usize> {
        let whole = |v: &Json| usize::try_from(v.as_u64().unwrap()).unwrap();
        json.as_array().unwrap().iter().map(whole).collect()
    }

    /// Losses and gradients of PyTorch in f64, see `tests/reference/torch/README.md`.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "logits that are f32")]
    fn cross_entropy_torch() {
        let text = include_str!("../../../tests/reference/torch/training.json");
        let golden = &serde_json::from_str::<Json>(text).unwrap()["losses"];
        let logits: Vec<f32> = floats(&golden["logits"])
            .iter()
            .map(|v| *v as f32)
            .collect();
        let logits = Tensor::from_vec(logits, (5, 4), &device()).unwrap();
        let cases = golden["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 24);
        for case in cases {
            let is = |key: &str| case[key].as_bool().unwrap();
            let op = CrossEntropy {
                labels: counts(&golden["labels"]),
                mixing: is("mixed").then(|| Mixing {
                    own: golden["own"].as_f64().unwrap(),
                    partners: counts(&golden["partners"]),
                }),
                criterion: Criterion {
                    weights: is("weighted").then(|| floats(&golden["weights"])),
                    smoothing: case["smoothing"].as_f64().unwrap(),
                    focal: case["focal"].as_f64().unwrap(),
                },
            };
            let loss = op.apply(&Value::parameter(0, logits.clone())).unwrap();
            let found = f64::from(loss.tensor().to_scalar::<f32>().unwrap());
            let expected = case["loss"].as_f64().unwrap();
            // One rounding to f32.
            assert!(
                (found - expected).abs() < 1e-7 * expected,
                "{case}: {found}"
            );
            let one = loss.tensor().ones_like().unwrap();
            let gradients = backward(loss, one, 1).unwrap();
            let found = gradients[0].as_ref().unwrap().flatten_all().unwrap();
            let found = found.to_vec1::<f32>().unwrap();
            for (f, e) in found.iter().zip(floats(&case["gradient"])) {
                assert!((f64::from(*f) - e).abs() < 1e-7, "{case}: {f} {e}");
            }
        }
    }

    #[test]
    fn cross_entropy_gradient_finite_differences() {
        let labels = vec![0, 3, 1, 2, 2, 0];
        for (weights, smoothing, focal, own) in [
            (None, 0.0, 0.0, None),
            (Some(vec![1.0, 0.5, 2.0, 0.25]), 0.1, 0.0, None),
            (Some(vec![1.0, 0.5, 2.0, 0.25]), 0.2, 2.0, Some(0.6)),
            (None, 0.0, 0.5, Some(0.3)),
        ] {
            check(&[noise(8, &[6, 4])], |a| {
                CrossEntropy {
                    labels: labels.clone(),
                    mixing: own.map(|own| Mixing {
                        own,
                        partners: vec![1, 0, 3, 2, 5, 4],
                    }),
                    criterion: Criterion {
                        weights: weights.clone(),
                        smoothing,
                        focal,
                    },
                }
                .apply(&a[0])
            });
        }
    }

    /// A sure right answer has neither loss nor gradient, whatever γ: nothing becomes NaN.
    #[test]
    fn focal_loss_of_a_sure_answer_is_zero() {
        for focal in [0.5, 1.0, 2.0] {
            let logits = Tensor::new(&[[200.0_f32, 0.0]], &device()).unwrap();
            let mut op = CrossEntropy::plain(vec![0]);
            op.criterion.focal = focal;
            let loss = op.apply(&Value::parameter(0, logits)).unwrap();
            assert!(loss.tensor().to_scalar::<f32>().unwrap().abs() < 1e-30);
            let one = loss.tensor().ones_like().unwrap();
            let gradients = backward(loss, one, 1).unwrap();
            let found = gradients[0].as_ref().unwrap().to_vec2::<f32>().unwrap();
            assert!(found[0].iter().all(|g| g.abs() < 1e-30), "{found:?}");
        }
    }

    /// The loss of a batch is the mean of its parts' losses, weighted by what each was divided by.
    #[test]
    fn parts_of_a_batch_add_up() {
        let criterion = Criterion {
            weights: Some(vec![1.0, 0.5, 2.0]),
            smoothing: 0.1,
            focal: 0.0,
        };
        let logits = noise(9, &[5, 3]);
        let of = |first: usize, labels: &[usize]| {
            let op = CrossEntropy {
                labels: labels.to_vec(),
                mixing: None,
                criterion: criterion.clone(),
            };
            let divisor = op.divisor();
            let part = logits.narrow(0, first, labels.len()).unwrap();
            let loss = op.apply(&Value::constant(part)).unwrap();
            (
                f64::from(loss.tensor().to_scalar::<f32>().unwrap()),
                divisor,
            )
        };
        let labels = [0, 1, 2, 2, 1];
        let ((whole, all), (a, w_a), (b, w_b)) =
            (of(0, &labels), of(0, &labels[..2]), of(2, &labels[2..]));
        assert!((all - (w_a + w_b)).abs() < 1e-12);
        assert!((whole - (a * w_a + b * w_b) / all).abs() < 1e-6);
    }
}
