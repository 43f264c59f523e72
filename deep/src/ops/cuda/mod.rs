//! The operations on an NVIDIA GPU: own kernels, the vendor's matrix products and convolutions.
//!
//! * **Order in memory.** A tensor of rank 4 keeps its shape (N, C, H, W) and lies channels-last, as
//!   N, H, W, C; a convolution's weight (O, C, K, K) lies as O, K, K, C. Only the operations of images
//!   and [`layout`] know. Tensors of other ranks lie in C order.
//! * **Numbers.** Activations and weights of rank 2 and more are bf16, or f32 where results are compared
//!   with the processor's; vectors (norms, biases, statistics), losses and the optimiser's numbers are
//!   f32. Sums are taken in f32, those over long columns end in f64. Every sum has a fixed order.
//! * **Waiting.** Nothing here waits for the device; reading a number out of a tensor does.
//!
//! Kernels are written in `kernels/*.cu` and compiled by NVRTC when first used. An operation that has no
//! form here is refused by name: nothing falls back to the processor silently.

mod attention;
mod batch_norm;
mod convolution;
mod cudnn;
mod depthwise;
mod launch;
mod layout;
mod linear;
mod loss;
mod optimiser;
mod pointwise;
mod pool;
mod product;
mod rows;
mod scan;
mod sequence;

use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::{DType, Device, Result, Tensor, bail};

pub(crate) use attention::AttentionSizes;
pub(crate) use batch_norm::*;
pub(crate) use convolution::{Shape as ConvolutionShape, convolve, convolve_back};
pub(crate) use layout::*;
pub(crate) use linear::*;
pub(crate) use loss::{cross_entropy, times};
pub(crate) use optimiser::{Factors, Row, Rule, Tensors};
pub(crate) use pointwise::*;
pub(crate) use pool::*;
pub(crate) use rows::*;
pub(crate) use scan::ScanSizes;
pub(crate) use sequence::*;

/// Whether f32 products may round their factors to TF32 (10 bits of mantissa).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// As the processor computes: for comparisons.
    Exact,
    /// TF32 where it is faster.
    Fast,
}

static EXACT: AtomicBool = AtomicBool::new(false);

/// Sets the precision of f32 products for the whole process.
pub(crate) fn set_precision(precision: Precision) {
    EXACT.store(precision == Precision::Exact, Ordering::Relaxed);
}

fn precision() -> Precision {
    if EXACT.load(Ordering::Relaxed) {
        Precision::Exact
    } else {
        Precision::Fast
    }
}

/// Opens a device by number.
///
/// # Errors
/// Those of the driver.
pub(crate) fn open(ordinal: usize) -> Result<Device> {
    launch::open(ordinal)
}

/// Largest number of bytes in use on the device so far.
pub(crate) fn peak_bytes(device: &Device) -> Result<u64> {
    launch::peak_bytes(device)
}

/// Begins anew to look for the largest number.
pub(crate) fn forget_peak(device: &Device) -> Result<()> {
    launch::forget_peak(device)
}

/// The device's name.
pub(crate) fn name(device: &Device) -> Result<String> {
    launch::name(device)
}

/// Whether a tensor lies on a GPU.
pub(crate) fn holds(tensor: &Tensor) -> bool {
    tensor.device().is_cuda()
}

/// How a kernel's name ends: the type of the numbers and how many are touched at once.
fn suffix(tensors: &[&Tensor], period: usize) -> Result<&'static str> {
    const WIDE: usize = 8;
    const ALIGNMENT: u64 = 16;
    let mut wide = period.is_multiple_of(WIDE);
    let dtype = tensors[0].dtype();
    for tensor in tensors {
        if tensor.dtype() != dtype {
            bail!("{:?} among tensors of {dtype:?}", tensor.dtype());
        }
        wide &= launch::address(tensor)?.is_multiple_of(ALIGNMENT);
    }
    match (dtype, wide) {
        (DType::F32, true) => Ok("f8"),
        (DType::F32, false) => Ok("f1"),
        (DType::BF16, true) => Ok("b8"),
        (DType::BF16, false) => Ok("b1"),
        _ => bail!("no kernel computes in {dtype:?}"),
    }
}

/// How a kernel's name ends where numbers are touched one by one.
fn letter(dtype: DType) -> Result<&'static str> {
    match dtype {
        DType::F32 => Ok("f"),
        DType::BF16 => Ok("b"),
        _ => bail!("no kernel computes in {dtype:?}"),
    }
}
