//! A network with its weights, spoken to in plain slices.

use std::fmt;

use candle_core::Tensor;

use crate::device::{self, Place};
use crate::error::{DeepError, Result};
use crate::graph::{Value, backward};
use crate::network::{Dropout, Mode, Moving, Network, RunningStatistics, Training};
use crate::ops::cross_entropy::CrossEntropy;
#[cfg(feature = "cuda")]
use crate::ops::cuda;
use crate::ops::on_gpu;
use crate::registry::{self, NetworkEntry};
use crate::state::{PAPER_SIDE, StateDict, TensorInfo, numbers_of};

/// Channels of an input image unless something else is asked for: those of the published networks.
pub(crate) const CHANNELS: usize = 3;

/// The square images that a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    /// Channels C.
    pub channels: usize,
    /// Rows and columns S.
    pub side: usize,
}

impl ImageShape {
    /// Three channels, as the published networks see them.
    pub fn of_side(side: usize) -> Self {
        Self {
            channels: CHANNELS,
            side,
        }
    }
}

/// Images (N, C, S, S) as one slice of f32 in C order.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    pixels: &'a [f32],
    count: usize,
    shape: ImageShape,
}

impl<'a> Images<'a> {
    /// `count` images of three channels and `side` x `side` pixels.
    ///
    /// # Errors
    /// [`DeepError::Shape`] unless there are count · 3 · side² pixels, and at least one.
    pub fn new(pixels: &'a [f32], count: usize, side: usize) -> Result<Self> {
        Self::of(pixels, count, ImageShape::of_side(side))
    }

    /// `count` images of any number of channels.
    ///
    /// # Errors
    /// [`DeepError::Shape`] unless there are count · C · S² pixels, and at least one.
    pub fn of(pixels: &'a [f32], count: usize, shape: ImageShape) -> Result<Self> {
        let expected = vec![count, shape.channels, shape.side, shape.side];
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
            shape,
        })
    }

    /// How many.
    pub(crate) fn count(self) -> usize {
        self.count
    }

    pub(crate) fn value(self, place: &Place) -> candle_core::Result<Value> {
        let ImageShape { channels, side } = self.shape;
        #[cfg(feature = "cuda")]
        if place.is_gpu() {
            let sizes = [self.count, channels, side, side];
            let images = cuda::upload_images(self.pixels, sizes, &place.device, place.dtype)?;
            return Ok(Value::constant(images));
        }
        let shape = (self.count, channels, side, side);
        Tensor::from_slice(self.pixels, shape, &place.device).map(Value::constant)
    }
}

/// Images where a model lies.
#[derive(Debug)]
pub struct Placed(Value);

/// A network with its weights.
pub struct Model {
    entry: &'static NetworkEntry,
    classes: usize,
    network: Box<dyn Network>,
    state: StateDict,
    place: Place,
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
    told: Told,
    /// By parameter in state-dict order; `None` where the loss does not depend on it.
    parameters: Vec<Option<Tensor>>,
}

impl fmt::Debug for Gradients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gradients")
            .field("parameters", &self.parameters.len())
            .finish_non_exhaustive()
    }
}

/// What a network said to a batch. On the device still: reading it waits for everything before.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    loss: Tensor,
    logits: Tensor,
}

impl Told {
    pub(crate) fn loss(&self) -> Result<f64> {
        self.loss
            .to_scalar::<f32>()
            .map(f64::from)
            .map_err(|error| DeepError::refused(&error))
    }

    pub(crate) fn logits(&self) -> Result<Vec<Vec<f32>>> {
        rows(&self.logits).map_err(|error| DeepError::refused(&error))
    }
}

impl Gradients {
    /// The batch's loss: mean cross-entropy, unless training changes it.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when the device failed on the way.
    pub fn loss(&self) -> Result<f64> {
        self.told.loss()
    }

    /// Logits per image, as seen in training.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when the device failed on the way.
    pub fn logits(&self) -> Result<Vec<Vec<f32>>> {
        self.told.logits()
    }

    /// Both, to be read later.
    pub(crate) fn told(&self) -> &Told {
        &self.told
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

/// The rows of a matrix, wherever it lies.
fn rows(matrix: &Tensor) -> candle_core::Result<Vec<Vec<f32>>> {
    let (_, columns) = matrix.dims2()?;
    let numbers = numbers_of(matrix)?;
    Ok(numbers
        .chunks(columns.max(1))
        .map(<[f32]>::to_vec)
        .collect())
}

/// The gradient of a loss by itself.
fn one(loss: &Tensor) -> candle_core::Result<Tensor> {
    on_gpu!(loss, cuda::filled(loss, 1.0));
    loss.ones_like()
}

impl Model {
    /// A new network of a registered name with random weights of a seed, for images of the paper's side
    /// where that matters.
    ///
    /// # Errors
    /// [`DeepError::UnknownNetwork`].
    pub fn new(name: &str, classes: usize, seed: u64) -> Result<Self> {
        Self::for_side(name, classes, seed, PAPER_SIDE)
    }

    /// Like [`Self::new`] for images of `side` x `side` pixels: a network with a position table sees
    /// images of that side only.
    ///
    /// # Errors
    /// [`DeepError::UnknownNetwork`].
    pub fn for_side(name: &str, classes: usize, seed: u64, side: usize) -> Result<Self> {
        Self::on(&device::chosen(), name, classes, seed, side)
    }

    /// Like [`Self::for_side`], at a place of one's own choice.
    ///
    /// # Errors
    /// [`DeepError::UnknownNetwork`].
    pub fn on(place: &Place, name: &str, classes: usize, seed: u64, side: usize) -> Result<Self> {
        Self::build(place, name, classes, seed, ImageShape::of_side(side))
    }

    /// Like [`Self::for_side`] for images of any number of channels, which the first convolution sees.
    ///
    /// # Errors
    /// [`DeepError::UnknownNetwork`].
    pub fn for_images(name: &str, classes: usize, seed: u64, images: ImageShape) -> Result<Self> {
        Self::build(&device::chosen(), name, classes, seed, images)
    }

    fn build(
        place: &Place,
        name: &str,
        classes: usize,
        seed: u64,
        images: ImageShape,
    ) -> Result<Self> {
        let entry = registry::find(name)?;
        let (network, state) = entry.build(classes, seed, images, place)?;
        Ok(Self {
            entry,
            classes,
            network,
            state,
            place: place.clone(),
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
            .value(&self.place)
            .and_then(|xs| rows(self.network.forward(&xs, Mode::Evaluate)?.tensor()))
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
            moving: Moving::All,
        };
        self.gradients_with(images, CrossEntropy::plain(labels.to_vec()), training)
    }

    /// The same images to use again and again, moved to where the model lies.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when there is no memory for them.
    pub fn placed(&self, images: Images<'_>) -> Result<Placed> {
        images
            .value(&self.place)
            .map(Placed)
            .map_err(|error| DeepError::refused(&error))
    }

    /// Like [`Self::gradients`], of images that lie where the model does.
    ///
    /// # Errors
    /// Those of [`Self::gradients`].
    pub fn gradients_of(&mut self, images: &Placed, labels: &[usize]) -> Result<Gradients> {
        let training = Training {
            dropout: Dropout::Off,
            running: RunningStatistics::Momentum,
            moving: Moving::All,
        };
        self.pass(&images.0, CrossEntropy::plain(labels.to_vec()), training)
    }

    /// One pass forward and back with this loss.
    pub(crate) fn gradients_with(
        &self,
        images: Images<'_>,
        loss: CrossEntropy,
        training: Training,
    ) -> Result<Gradients> {
        self.pass(&self.placed(images)?.0, loss, training)
    }

    fn pass(&self, xs: &Value, loss: CrossEntropy, training: Training) -> Result<Gradients> {
        let pass = || {
            let logits = self.network.forward(xs, Mode::Train(training))?;
            let loss = loss.apply(&logits)?;
            let (value, one) = (loss.tensor().clone(), one(loss.tensor())?);
            let logits = logits.tensor().clone();
            Ok(Gradients {
                parameters: backward(loss, one, self.state.parameters().count())?,
                told: Told {
                    loss: value,
                    logits,
                },
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
                let numbers = numbers_of(gradient).map_err(|error| DeepError::refused(&error))?;
                let squares: f64 = numbers.iter().map(|g| f64::from(*g).powi(2)).sum();
                Ok((name, squares.sqrt()))
            })
            .collect()
    }

    /// Where it computes.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Its layers.
    pub(crate) fn network(&self) -> &dyn Network {
        self.network.as_ref()
    }

    pub(crate) fn state(&self) -> &StateDict {
        &self.state
    }
}
