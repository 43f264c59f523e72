//! Reaching the numbers of a tensor on the CPU, and scratch memory that lives on between calls.

use std::cell::RefCell;

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};

/// The contiguous numbers of a storage.
pub(crate) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("numbers that do not lie one after the other")
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Calls `work` with the numbers of a contiguous CPU tensor, without a copy.
///
/// # Errors
/// On another device: the operation that asks has no form there, and is named by its file.
#[track_caller]
pub(crate) fn read<R>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => work(slice(storage, layout)?),
        _ => bail!(
            "the operation of {} has no form for {:?}",
            std::panic::Location::caller().file(),
            tensor.device().location()
        ),
    }
}

/// Like [`read`] for two tensors.
#[track_caller]
pub(crate) fn read2<R>(
    first: &Tensor,
    second: &Tensor,
    work: impl FnOnce(&[f32], &[f32]) -> Result<R>,
) -> Result<R> {
    read(first, |a| read(second, |b| work(a, b)))
}

/// A new CPU tensor of the same shape and device as `like`.
pub(crate) fn tensor_like(data: Vec<f32>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(data, like.shape(), like.device())
}

thread_local! {
    static SCRATCH: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `work` a buffer of `len` numbers of unspecified value. Buffers are kept per thread: fresh
/// pages for each call cost more than the copies into them.
pub(crate) fn with_scratch<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = SCRATCH
        .with(|pool| pool.borrow_mut().pop())
        .unwrap_or_default();
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    let result = work(&mut buffer[..len]);
    SCRATCH.with(|pool| pool.borrow_mut().push(buffer));
    result
}

/// Sum of products in 16 running sums: a fixed order that the compiler can vectorise.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_chunks
        .remainder()
        .iter()
        .zip(b_chunks.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
