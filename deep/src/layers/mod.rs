//! Layers: an operation with the parameters it needs, named as in PyTorch's state dicts.

mod batch_norm;
mod convolution;
mod dropout;
mod linear;

pub(crate) use batch_norm::BatchNorm;
pub(crate) use convolution::Conv2d;
pub(crate) use dropout::DropoutLayer;
pub(crate) use linear::Linear;

use candle_core::{Tensor, Var};

use crate::network::Mode;

/// The tensor of a parameter: with a gradient when training, without when evaluating.
fn parameter(var: &Var, mode: Mode) -> Tensor {
    match mode {
        Mode::Train(_) => var.as_tensor().clone(),
        Mode::Evaluate => var.as_detached_tensor(),
    }
}
