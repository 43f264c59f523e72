//! Dropout: N. Srivastava et al., JMLR 15 (2014) 1929-1958, scaled at training time.

use candle_core::{Result, Tensor};

use crate::graph::Value;
#[cfg(feature = "cuda")]
use crate::graph::record;
use crate::network::{Dropout, Mode, Training};
use crate::ops::arithmetic::multiply;
use crate::ops::on_gpu;
use crate::rng::{Purpose, Stream};

/// Zeroes each number with a probability and divides the rest by the probability of staying.
pub(crate) struct DropoutLayer {
    /// Probability of zero.
    pub(crate) rate: f64,
    /// Which dropout of the network this is, from 0.
    pub(crate) layer: u32,
}

impl DropoutLayer {
    /// Any shape to the same shape.
    #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
    pub(crate) fn forward(&self, xs: &Value, mode: Mode) -> Result<Value> {
        let Mode::Train(Training {
            dropout: Dropout::Drawn { seed, step },
            ..
        }) = mode
        else {
            return Ok(xs.clone());
        };
        let mut stream = Stream::new(seed, Purpose::Dropout, step, self.layer);
        on_gpu!(xs.tensor(), on_gpu(xs, stream.next_u32(), self.rate));
        let kept = (1.0 / (1.0 - self.rate)) as f32;
        let mask: Vec<f32> = (0..xs.tensor().elem_count())
            .map(|_| {
                if stream.uniform() < self.rate {
                    0.0
                } else {
                    kept
                }
            })
            .collect();
        let mask = Tensor::from_vec(mask, xs.dims(), xs.device())?;
        multiply(xs, &Value::constant(mask))
    }
}

/// The same with the mask drawn on the GPU, from one number of the stream.
#[cfg(feature = "cuda")]
fn on_gpu(xs: &Value, draw: u32, rate: f64) -> Result<Value> {
    use crate::ops::cuda::dropout;
    let key = u64::from(draw);
    let ys = dropout(xs.tensor(), key, rate)?;
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(dropout(dys, key, rate)?)])
    }))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::network::{Moving, RunningStatistics};

    fn dropped(step: u32, layer: u32) -> Vec<f32> {
        let xs = Tensor::ones((100, 100), DType::F32, &Device::Cpu).unwrap();
        let mode = Mode::Train(Training {
            dropout: Dropout::Drawn { seed: 1, step },
            running: RunningStatistics::Momentum,
            moving: Moving::All,
        });
        let ys = DropoutLayer { rate: 0.2, layer }
            .forward(&Value::constant(xs), mode)
            .unwrap();
        ys.tensor().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn a_fifth_is_dropped_and_the_rest_scaled() {
        let ys = dropped(0, 0);
        let zeros = ys.iter().filter(|y| y.to_bits() == 0).count();
        // 2000 expected of 10 000; five standard deviations are 200.
        assert!(zeros.abs_diff(2000) < 200, "{zeros}");
        assert!(
            ys.iter()
                .all(|y| y.to_bits() == 0 || (y - 1.25).abs() < 1e-6)
        );
        assert_eq!(ys, dropped(0, 0));
        assert_ne!(ys, dropped(1, 0));
        assert_ne!(ys, dropped(0, 1));
    }

    #[test]
    fn evaluation_changes_nothing() {
        let xs = Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap();
        let layer = DropoutLayer {
            rate: 0.2,
            layer: 0,
        };
        let ys = layer
            .forward(&Value::constant(xs.clone()), Mode::Evaluate)
            .unwrap();
        assert_eq!(
            ys.tensor().to_vec2::<f32>().unwrap(),
            xs.to_vec2::<f32>().unwrap()
        );
    }
}
