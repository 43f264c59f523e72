//! Dropout: N. Srivastava et al., JMLR 15 (2014) 1929-1958, scaled at training time.

use candle_core::Tensor;

use crate::error::Result;
use crate::network::{Dropout, Mode, Training};
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
    pub(crate) fn forward(&self, xs: &Tensor, mode: Mode) -> Result<Tensor> {
        let Mode::Train(Training {
            dropout: Dropout::Drawn { seed, step },
            ..
        }) = mode
        else {
            return Ok(xs.clone());
        };
        let mut stream = Stream::new(seed, Purpose::Dropout, step, self.layer);
        let kept = (1.0 / (1.0 - self.rate)) as f32;
        let mask: Vec<f32> = (0..xs.elem_count())
            .map(|_| {
                if stream.uniform() < self.rate {
                    0.0
                } else {
                    kept
                }
            })
            .collect();
        Ok((xs * Tensor::from_vec(mask, xs.shape(), xs.device())?)?)
    }
}
