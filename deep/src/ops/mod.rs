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

/// Hands a call over to the form for the GPU where `tensor` lies on one.
macro_rules! on_gpu {
    ($tensor:expr, $answer:expr) => {
        #[cfg(feature = "cuda")]
        if $crate::ops::cuda::holds($tensor) {
            return $answer;
        }
    };
}
pub(crate) use on_gpu;

pub(crate) mod activation;
pub(crate) mod adamw;
pub(crate) mod adaptive_average_pool;
pub(crate) mod add_relu;
pub(crate) mod arithmetic;
pub(crate) mod attention;
pub(crate) mod average;
pub(crate) mod average_pool;
pub(crate) mod batch_norm;
pub(crate) mod bias;
pub(crate) mod class_token;
pub(crate) mod convolution;
pub(crate) mod cross_entropy;
#[cfg(feature = "cuda")]
pub(crate) mod cuda;
mod depthwise;
pub(crate) mod elementary;
pub(crate) mod gelu;
mod gemm;
pub(crate) mod general_convolution;
#[cfg(test)]
pub(crate) mod gradient_check;
mod im2col;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "position tables ask for one of its forms, without the way back"
    )
)]
pub(crate) mod interpolate;
mod lanes;
pub(crate) mod layer_norm;
pub(crate) mod layer_norm_image;
pub(crate) mod linear;
pub(crate) mod max_pool;
pub(crate) mod memory;
pub(crate) mod merge_patches;
pub(crate) mod residual;
pub(crate) mod rms_norm;
pub(crate) mod scale_channels;
pub(crate) mod scale_samples;
pub(crate) mod selective_scan;
pub(crate) mod sgd;
pub(crate) mod shuffle;
pub(crate) mod silu_gate;
mod sizes;
pub(crate) mod softmax;
pub(crate) mod sum_squares;
pub(crate) mod token_convolution;
pub(crate) mod token_mean;
pub(crate) mod tokens;
mod unfold;
pub(crate) mod update;
pub(crate) mod vectors;
pub(crate) mod view;
pub(crate) mod window_average_pool;
pub(crate) mod windows;
