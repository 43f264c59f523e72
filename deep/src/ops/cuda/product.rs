//! Matrix products on the device, by the vendor's library.
//!
//! The third place of our code that speaks to a library of the vendor without a guard; the argument of
//! [`super::launch`] holds here too. The safe twin is the processor's product.

use candle_core::cuda::cudarc::cublas;
use candle_core::{DType, Result, Tensor, bail};

use super::launch::{Gpu, address};

impl Gpu {
    /// C = `alpha` A B + `beta` C, in row-major order, for a batch of matrices.
    #[expect(
        unsafe_code,
        reason = "the vendor's matrix product; see the module's head"
    )]
    pub(super) fn gemm(&self, g: &Gemm, a: &Tensor, b: &Tensor, c: &Tensor) -> Result<()> {
        use cublas::sys::cublasComputeType_t as Compute;
        use cublas::sys::cublasGemmAlgo_t::CUBLAS_GEMM_DFALT;
        use cublas::sys::cublasOperation_t::{CUBLAS_OP_N, CUBLAS_OP_T};
        use cublas::sys::cudaDataType_t as Type;
        let kind = |t: &Tensor| match t.dtype() {
            DType::F32 => Ok(Type::CUDA_R_32F),
            DType::BF16 => Ok(Type::CUDA_R_16BF),
            other => bail!("matrix product of {other:?}"),
        };
        let int = |n: usize| i32::try_from(n).map_err(candle_core::Error::wrap);
        let long = |n: usize| i64::try_from(n).map_err(candle_core::Error::wrap);
        let operation = |side: Side| match side {
            Side::AsIs => CUBLAS_OP_N,
            Side::Turned => CUBLAS_OP_T,
        };
        let (alpha, beta) = (g.alpha, g.beta);
        let pointer = |n: u64| n as *const std::ffi::c_void;
        let compute = match super::precision() {
            super::Precision::Fast if a.dtype() == DType::F32 => {
                Compute::CUBLAS_COMPUTE_32F_FAST_TF32
            }
            _ => Compute::CUBLAS_COMPUTE_32F,
        };
        // The library thinks in columns: our row-major C = A B is its C' = B' A'.
        // SAFETY: see the module's head; the strides below come from `Gemm`'s constructor's checks.
        unsafe {
            cublas::result::gemm_strided_batched_ex(
                *self.device.cublas_handle().handle(),
                operation(g.b_side),
                operation(g.a_side),
                int(g.columns)?,
                int(g.rows)?,
                int(g.inner)?,
                std::ptr::from_ref(&alpha).cast(),
                pointer(address(b)? + (g.b_start * b.dtype().size_in_bytes()) as u64),
                kind(b)?,
                int(g.b_step)?,
                long(g.b_batch)?,
                pointer(address(a)? + (g.a_start * a.dtype().size_in_bytes()) as u64),
                kind(a)?,
                int(g.a_step)?,
                long(g.a_batch)?,
                std::ptr::from_ref(&beta).cast(),
                pointer(address(c)? + (g.c_start * c.dtype().size_in_bytes()) as u64).cast_mut(),
                kind(c)?,
                int(g.c_step)?,
                long(g.c_batch)?,
                int(g.batch)?,
                compute,
                CUBLAS_GEMM_DFALT,
            )
        }
        .map_err(|error| candle_core::Error::msg(format!("matrix product {g:?}: {error}")))
    }
}

/// Whether a factor is taken as it lies or transposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    AsIs,
    Turned,
}

/// A batch of products C (rows, columns) = A (rows, inner) B (inner, columns); `step`: distance of two
/// rows as they lie, `batch`: of two matrices, `start`: of the first, in numbers.
#[derive(Debug, Clone)]
pub(super) struct Gemm {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) inner: usize,
    pub(super) batch: usize,
    pub(super) a_side: Side,
    pub(super) b_side: Side,
    pub(super) a_step: usize,
    pub(super) b_step: usize,
    pub(super) c_step: usize,
    pub(super) a_batch: usize,
    pub(super) b_batch: usize,
    pub(super) c_batch: usize,
    pub(super) a_start: usize,
    pub(super) b_start: usize,
    pub(super) c_start: usize,
    pub(super) alpha: f32,
    pub(super) beta: f32,
}

impl Gemm {
    /// One product of packed matrices.
    pub(super) fn packed([rows, inner, columns]: [usize; 3], a_side: Side, b_side: Side) -> Self {
        let step = |side, as_is, turned| if side == Side::AsIs { as_is } else { turned };
        Self {
            rows,
            columns,
            inner,
            batch: 1,
            a_side,
            b_side,
            a_step: step(a_side, inner, rows),
            b_step: step(b_side, columns, inner),
            c_step: columns,
            a_batch: rows * inner,
            b_batch: inner * columns,
            c_batch: rows * columns,
            a_start: 0,
            b_start: 0,
            c_start: 0,
            alpha: 1.0,
            beta: 0.0,
        }
    }

    /// The same for a batch of packed matrices one after the other.
    pub(super) fn batched(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }
}
