//! Differentiable operations of our own, one a file, each with its way back, a closed form and a
//! finite-difference check. They work on [`crate::graph::Value`]s.
//!
//! The tensor library's own versions are avoided where they are wrong or slow: its layer norm and
//! last-dimension softmax drop gradients, its max pool refuses a stride other than the window or
//! returns a part of the gradient, its grouped convolution runs one convolution per channel, and its
//! random numbers cannot be seeded on the CPU.
//!
//! A tensor (N, C, H, W) is an image: its memory order belongs to its device, so only operations of this
//! folder touch images. Everything else lies in C order; [`tokens`] crosses over, [`view`] looks at
//! tokens in other shapes. An operation without a form for a device answers with an error.

pub(crate) mod activation;
pub(crate) mod adamw;
pub(crate) mod add_relu;
pub(crate) mod arithmetic;
pub(crate) mod average;
pub(crate) mod average_pool;
pub(crate) mod batch_norm;
pub(crate) mod bias;
pub(crate) mod convolution;
pub(crate) mod cross_entropy;
mod depthwise;
mod gemm;
#[cfg(test)]
pub(crate) mod gradient_check;
mod im2col;
pub(crate) mod linear;
pub(crate) mod max_pool;
pub(crate) mod memory;
pub(crate) mod scale_channels;
pub(crate) mod sgd;
mod sizes;
pub(crate) mod sum_squares;
pub(crate) mod tokens;
pub(crate) mod update;
pub(crate) mod view;
