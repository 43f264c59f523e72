//! Layers: an operation with the parameters it needs, named as in PyTorch's state dicts.

mod batch_norm;
mod convolution;
mod drop_path;
mod dropout;
mod layer_norm;
mod linear;
mod rms_norm;
mod scan;
mod token_filter;

pub(crate) use batch_norm::{BatchNorm, BatchNormSettings};
pub(crate) use convolution::Conv2d;
pub(crate) use drop_path::DropPath;
pub(crate) use dropout::DropoutLayer;
pub(crate) use layer_norm::LayerNorm;
pub(crate) use linear::Linear;
pub(crate) use rms_norm::RmsNorm;
pub(crate) use scan::Scan;
pub(crate) use token_filter::{FilterBias, TokenFilter};

use crate::graph::Value;
use crate::network::Mode;
use crate::state::Parameter;

/// A parameter in a computation: with a gradient when training, without when evaluating.
pub(crate) fn parameter(parameter: &Parameter, mode: Mode) -> Value {
    let var = parameter.copy.as_ref().unwrap_or(&parameter.var);
    let tensor = var.as_detached_tensor();
    match mode {
        Mode::Train(_) => Value::parameter(parameter.slot, tensor),
        Mode::Evaluate => Value::constant(tensor),
    }
}
