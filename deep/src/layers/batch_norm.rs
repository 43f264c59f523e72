//! Batch normalisation with running statistics, and an activation in the same pass.

use candle_core::{Result, Tensor, Var};

use super::parameter;
use crate::graph::Value;
use crate::network::{Mode, RunningStatistics, Training};
use crate::ops::activation::Activation;
#[cfg(feature = "cuda")]
use crate::ops::batch_norm::train_on_gpu;
use crate::ops::batch_norm::{evaluate, train, values};
use crate::ops::on_gpu;
use crate::state::{Builder, Initial, Parameter};

/// ε and the weight of a new batch in the running statistics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchNormSettings {
    pub(crate) epsilon: f64,
    pub(crate) momentum: f64,
}

/// `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`, each of C numbers but the last.
pub(crate) struct BatchNorm {
    weight: Parameter,
    bias: Parameter,
    running_mean: Var,
    running_variance: Var,
    batches: Var,
    settings: BatchNormSettings,
}

impl BatchNorm {
    /// PyTorch's defaults: ε 1e-5, momentum 0.1.
    pub(crate) const TORCH: BatchNormSettings = BatchNormSettings {
        epsilon: 1e-5,
        momentum: 0.1,
    };
    /// torchvision's MobileNetV3: ε 1e-3, momentum 0.01.
    pub(crate) const MOBILENET: BatchNormSettings = BatchNormSettings {
        epsilon: 1e-3,
        momentum: 0.01,
    };

    pub(crate) fn new(
        b: &mut Builder,
        channels: usize,
        settings: BatchNormSettings,
    ) -> Result<Self> {
        Ok(Self {
            weight: b.parameter("weight", &[channels], Initial::Constant(1.0))?,
            bias: b.parameter("bias", &[channels], Initial::Constant(0.0))?,
            running_mean: b.buffer("running_mean", channels, 0.0)?,
            running_variance: b.buffer("running_var", channels, 1.0)?,
            batches: b.counter("num_batches_tracked")?,
            settings,
        })
    }

    /// f(normalised xs): (N, C, H, W) or (N, C) to the same shape. Training also moves the running
    /// statistics, the variance by its unbiased estimate.
    pub(crate) fn forward(&self, xs: &Value, activation: Activation, mode: Mode) -> Result<Value> {
        let BatchNormSettings { epsilon, momentum } = self.settings;
        match mode {
            Mode::Train(Training { running, .. }) => {
                let batches = self.batches.to_scalar::<i64>()? + 1;
                let momentum = match running {
                    RunningStatistics::Momentum => momentum,
                    RunningStatistics::WarmStart => {
                        momentum.max(Self::TORCH.momentum).max(1.0 / batches as f64)
                    }
                };
                let [weight, bias] = [&self.weight, &self.bias].map(|p| parameter(p, mode));
                on_gpu!(xs.tensor(), {
                    let batches = Tensor::new(batches, self.batches.device())?;
                    self.batches.set(&batches)?;
                    let running = [self.running_mean.as_tensor(), &self.running_variance];
                    let settings = [epsilon, momentum];
                    train_on_gpu(xs, [&weight, &bias], running, settings, activation)
                });
                let (ys, found) = train(xs, &weight, &bias, epsilon, activation)?;
                track(&self.running_mean, &found.mean, momentum)?;
                track(&self.running_variance, &found.unbiased_variance, momentum)?;
                self.batches
                    .set(&Tensor::new(batches, self.batches.device())?)?;
                Ok(ys)
            }
            Mode::Evaluate => Ok(evaluate(
                xs,
                [&self.weight.var, &self.bias.var],
                [&self.running_mean, &self.running_variance],
                epsilon,
                activation,
            )?),
        }
    }
}

/// running ← (1 - momentum) running + momentum batch.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
fn track(running: &Var, batch: &[f32], momentum: f64) -> Result<()> {
    let mut numbers = values(running)?;
    for (running, batch) in numbers.iter_mut().zip(batch) {
        *running = ((1.0 - momentum) * f64::from(*running) + momentum * f64::from(*batch)) as f32;
    }
    let len = numbers.len();
    running.set(&Tensor::from_vec(numbers, len, running.device())?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::network::{Dropout, Moving};

    /// Channel means 2, then 4; unbiased variances 2, then 8.
    #[test]
    fn running_statistics_closed_form() {
        let batches = [[1.0_f32, 3.0], [2.0, 6.0]]
            .map(|batch| Tensor::from_slice(&batch, (2, 1), &Device::Cpu).unwrap())
            .map(Value::constant);
        for (running, means, variances) in [
            // 0.9 · 0 + 0.1 · 2 and so on.
            (RunningStatistics::Momentum, [0.2, 0.58], [1.1, 1.79]),
            // The first batch itself, then the mean of two.
            (RunningStatistics::WarmStart, [2.0, 3.0], [2.0, 5.0]),
        ] {
            let mut builder = Builder::new(0, &Device::Cpu);
            let layer = BatchNorm::new(&mut builder, 1, BatchNorm::TORCH).unwrap();
            let mode = Mode::Train(Training {
                dropout: Dropout::Off,
                running,
                moving: Moving::All,
            });
            for (k, batch) in batches.iter().enumerate() {
                layer.forward(batch, Activation::Identity, mode).unwrap();
                let mean = f64::from(values(&layer.running_mean).unwrap()[0]);
                let variance = f64::from(values(&layer.running_variance).unwrap()[0]);
                assert!((mean - means[k]).abs() < 1e-6, "{running:?} {mean}");
                assert!(
                    (variance - variances[k]).abs() < 1e-6,
                    "{running:?} {variance}"
                );
            }
            assert_eq!(layer.batches.to_scalar::<i64>().unwrap(), 2);
        }
    }

    /// Nine batches of mean 0, then many of mean 2: a network of momentum 0.01 follows at 0.1.
    #[test]
    fn a_warm_start_forgets_as_fast_as_the_usual_momentum() {
        let mut builder = Builder::new(0, &Device::Cpu);
        let layer = BatchNorm::new(&mut builder, 1, BatchNorm::MOBILENET).unwrap();
        let mode = Mode::Train(Training {
            dropout: Dropout::Off,
            running: RunningStatistics::WarmStart,
            moving: Moving::All,
        });
        for mean in [0.0_f32; 9].into_iter().chain([2.0; 21]) {
            let batch = [mean - 1.0, mean + 1.0];
            let batch = Tensor::from_slice(&batch, (2, 1), &Device::Cpu).unwrap();
            let batch = Value::constant(batch);
            layer.forward(&batch, Activation::Identity, mode).unwrap();
        }
        let found = f64::from(values(&layer.running_mean).unwrap()[0]);
        let expected = 2.0 * (1.0 - 0.9_f64.powi(21));
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}
