//! Stochastic depth: G. Huang et al., *Deep networks with stochastic depth*, ECCV 2016, arXiv 1603.09382.

use candle_core::Result;

use crate::graph::Value;
use crate::network::{Dropout, Mode, Training};
use crate::ops::residual::{Place, residual};
use crate::ops::scale_samples::scale_samples;
use crate::rng::{Purpose, Stream};

/// Leaves a residual branch out for each sample with a probability, and divides the rest by the
/// probability of staying.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DropPath {
    /// Probability of leaving out.
    pub(crate) rate: f64,
    /// Which dropout or drop path of the network this is: each has a number of its own.
    pub(crate) layer: u32,
}

impl DropPath {
    /// Rates of `blocks` blocks that rise evenly from 0 to `last`.
    pub(crate) fn rising(last: f64, blocks: usize) -> impl Iterator<Item = f64> {
        let steps = blocks.saturating_sub(1).max(1) as f64;
        (0..blocks).map(move |block| last * block as f64 / steps)
    }

    /// Each sample's factor, or `None` where all are one.
    #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
    fn factors(self, samples: usize, mode: Mode) -> Option<Vec<f32>> {
        let Mode::Train(Training {
            dropout: Dropout::Drawn { seed, step },
            ..
        }) = mode
        else {
            return None;
        };
        if self.rate <= 0.0 {
            return None;
        }
        let mut stream = Stream::new(seed, Purpose::Dropout, step, self.layer);
        let kept = (1.0 / (1.0 - self.rate)) as f32;
        let draw = |_| {
            if stream.uniform() < self.rate {
                0.0
            } else {
                kept
            }
        };
        Some((0..samples).map(draw).collect())
    }

    /// `branch` with some samples left out; any shape (N, …).
    pub(crate) fn forward(self, branch: &Value, mode: Mode) -> Result<Value> {
        match self.factors(branch.dims()[0], mode) {
            Some(factors) => scale_samples(branch, factors),
            None => Ok(branch.clone()),
        }
    }

    /// `shortcut` + `gamma` · `branch` with some samples of the branch left out; `gamma` is a factor per
    /// channel.
    pub(crate) fn add(
        self,
        shortcut: &Value,
        branch: &Value,
        gamma: Option<&Value>,
        place: Place,
        mode: Mode,
    ) -> Result<Value> {
        let factors = self.factors(branch.dims()[0], mode);
        residual(shortcut, branch, gamma, factors, place)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;
    use crate::network::{Moving, RunningStatistics};

    fn training(step: u32) -> Mode {
        Mode::Train(Training {
            dropout: Dropout::Drawn { seed: 1, step },
            running: RunningStatistics::Momentum,
            moving: Moving::All,
        })
    }

    #[test]
    fn a_fifth_of_the_samples_is_left_out_and_the_rest_scaled() {
        let factors = |step: u32, layer: u32| {
            let path = DropPath { rate: 0.2, layer };
            path.factors(10_000, training(step)).unwrap()
        };
        let found = factors(0, 0);
        let zeros = found.iter().filter(|f| f.to_bits() == 0).count();
        // 2000 expected of 10 000; five standard deviations are 200.
        assert!(zeros.abs_diff(2000) < 200, "{zeros}");
        assert!(
            found
                .iter()
                .all(|f| f.to_bits() == 0 || (f - 1.25).abs() < 1e-6)
        );
        assert_eq!(found, factors(0, 0));
        assert_ne!(found, factors(1, 0));
        assert_ne!(found, factors(0, 1));
    }

    #[test]
    fn a_sample_is_left_out_as_a_whole() {
        let ones = Tensor::ones((64, 5), candle_core::DType::F32, &Device::Cpu).unwrap();
        let branch = Value::constant(ones);
        let path = DropPath {
            rate: 0.5,
            layer: 3,
        };
        let y = path.forward(&branch, training(2)).unwrap();
        let added = path
            .add(&branch, &branch, None, Place::Tokens, training(2))
            .unwrap();
        let rows = |v: &Value| v.tensor().to_vec2::<f32>().unwrap();
        for (row, added) in rows(&y).iter().zip(rows(&added)) {
            assert!(row.iter().all(|v| v.to_bits() == row[0].to_bits()));
            assert!((added[0] - 1.0 - row[0]).abs() < 1e-6);
        }
    }

    #[test]
    fn evaluation_changes_nothing() {
        let path = DropPath {
            rate: 0.5,
            layer: 0,
        };
        assert!(path.factors(3, Mode::Evaluate).is_none());
        let rising: Vec<f64> = DropPath::rising(0.3, 4).collect();
        for (found, expected) in rising.iter().zip([0.0, 0.1, 0.2, 0.3]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(DropPath::rising(0.3, 1).count(), 1);
    }
}
