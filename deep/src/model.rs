//! A network with its weights, spoken to in plain slices.

use std::fmt;

use candle_core::{Device, Tensor};

use crate::error::{DeepError, Result};
use crate::graph::{Value, backward};
use crate::network::{Dropout, Mode, Network, RunningStatistics, Training};
use crate::ops::cross_entropy::CrossEntropy;
use crate::registry::{self, NetworkEntry};
use crate::state::{StateDict, TensorInfo};

/// Channels of every input image.
pub(crate) const CHANNELS: usize = 3;

/// Images (N, 3, S, S) as one slice of f32 in C order.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    pixels: &'a [f32],
    count: usize,
    side: usize,
}

impl<'a> Images<'a> {
    /// `count` images of three channels and `side` x `side` pixels.
    ///
    /// # Errors
    /// [`DeepError::Shape`] unless there are count · 3 · side² pixels, and at least one.
    pub fn new(pixels: &'a [f32], count: usize, side: usize) -> Result<Self> {
        let expected = vec![count, CHANNELS, side, side];
        if pixels.is_empty() || pixels.len() != expected.iter().product::<usize>() {
            return Err(DeepError::Shape {
                place: "images".into(),
                found: vec![pixels.len()],
                expected,
            });
        }
        Ok(Self {
            pixels,
            count,
            side,
        })
    }

    fn value(self) -> candle_core::Result<Value> {
        let shape = (self.count, CHANNELS, self.side, self.side);
        Tensor::from_slice(self.pixels, shape, &Device::Cpu).map(Value::constant)
    }
}

/// A network with its weights.
pub struct Model {
    entry: &'static NetworkEntry,
    classes: usize,
    network: Box<dyn Network>,
    state: StateDict,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.entry.name)
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}

/// What one pass forward and back through a batch gave.
pub struct Gradients {
    loss: f64,
    logits: Vec<Vec<f32>>,
    /// By parameter in state-dict order; `None` where the loss does not depend on it.
    parameters: Vec<Option<Tensor>>,
}

impl fmt::Debug for Gradients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gradients")
            .field("loss", &self.loss)
            .finish_non_exhaustive()
    }
}

impl Gradients {
    /// The batch's loss: mean cross-entropy, unless training changes it.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Logits per image, as seen in training.
    pub fn logits(&self) -> &[Vec<f32>] {
        &self.logits
    }

    /// The gradients of the parameters, in state-dict order.
    pub(crate) fn parameters(&self) -> &[Option<Tensor>] {
        &self.parameters
    }

    /// The same, to keep.
    pub(crate) fn into_parameters(self) -> Vec<Option<Tensor>> {
        self.parameters
    }
}

impl Model {
    /// A new network of a registered name with random weights of a seed.
    ///
    /// # Errors
    /// [`DeepError::UnknownNetwork`].
    pub fn new(name: &str, classes: usize, seed: u64) -> Result<Self> {
        let entry = registry::find(name)?;
        let (network, state) = entry.build(classes, seed, &Device::Cpu)?;
        Ok(Self {
            entry,
            classes,
            network,
            state,
        })
    }

    /// The registry's line.
    pub fn entry(&self) -> &'static NetworkEntry {
        self.entry
    }

    /// Classes K.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Names, shapes and roles in state-dict order.
    pub fn tensors(&self) -> impl Iterator<Item = &TensorInfo> {
        self.state.entries.iter().map(|entry| &entry.info)
    }

    /// The numbers of a tensor in C order.
    ///
    /// # Errors
    /// [`DeepError::TensorName`].
    pub fn tensor(&self, name: &str) -> Result<Vec<f32>> {
        self.state.entry(name)?.numbers()
    }

    /// Replaces the numbers of a tensor.
    ///
    /// # Errors
    /// [`DeepError::TensorName`], or [`DeepError::Shape`] when their count differs.
    pub fn set_tensor(&mut self, name: &str, numbers: &[f32]) -> Result<()> {
        self.state.entry(name)?.replace(numbers)
    }

    /// Logits (N rows of K) in evaluation mode.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when the images are too small for the network.
    pub fn logits(&self, images: Images<'_>) -> Result<Vec<Vec<f32>>> {
        images
            .value()
            .and_then(|xs| {
                let logits = self.network.forward(&xs, Mode::Evaluate)?;
                logits.tensor().to_vec2()
            })
            .map_err(|error| DeepError::refused(&error))
    }

    /// One training-mode pass forward and back without dropout: mean cross-entropy against `labels`
    /// (class indices). Moves running statistics, not the weights.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when the images are too small, a batch normalisation sees one value only,
    /// or labels do not fit.
    pub fn gradients(&mut self, images: Images<'_>, labels: &[usize]) -> Result<Gradients> {
        let training = Training {
            dropout: Dropout::Off,
            running: RunningStatistics::Momentum,
        };
        self.gradients_with(images, CrossEntropy::plain(labels.to_vec()), training)
    }

    /// One pass forward and back with this loss.
    pub(crate) fn gradients_with(
        &self,
        images: Images<'_>,
        loss: CrossEntropy,
        training: Training,
    ) -> Result<Gradients> {
        let pass = || {
            let xs = images.value()?;
            let logits = self.network.forward(&xs, Mode::Train(training))?;
            let loss = loss.apply(&logits)?;
            let (value, one) = (loss.tensor().clone(), loss.tensor().ones_like()?);
            let logits = logits.tensor().clone();
            Ok(Gradients {
                parameters: backward(loss, one, self.state.parameters().count())?,
                loss: f64::from(value.to_scalar::<f32>()?),
                logits: logits.to_vec2()?,
            })
        };
        pass().map_err(|error| DeepError::refused(&error))
    }

    /// Euclidean norm of each parameter's gradient, in state-dict order.
    ///
    /// # Errors
    /// [`DeepError::TensorName`] for a parameter that the loss does not depend on.
    pub fn gradient_norms(&self, gradients: &Gradients) -> Result<Vec<(String, f64)>> {
        self.state
            .parameters()
            .zip(&gradients.parameters)
            .map(|(entry, gradient)| {
                let name = entry.info.name.clone();
                let Some(gradient) = gradient else {
                    return Err(DeepError::TensorName {
                        name,
                        found: "the loss does not depend on it",
                    });
                };
                let numbers = gradient
                    .flatten_all()
                    .and_then(|g| g.to_vec1::<f32>())
                    .map_err(|error| DeepError::refused(&error))?;
                let squares: f64 = numbers.iter().map(|g| f64::from(*g).powi(2)).sum();
                Ok((name, squares.sqrt()))
            })
            .collect()
    }

    pub(crate) fn state(&self) -> &StateDict {
        &self.state
    }
}
