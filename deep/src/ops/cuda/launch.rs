//! Where our code meets the driver: pointers into device memory, launches of our kernels.
//!
//! # Why this is sound
//! The driver's calls are unsafe because it believes what it is told. Everything here holds on to these:
//! * **Lifetime.** A device address is taken from a tensor that the caller holds until the call returns.
//!   Memory is freed on the stream that uses it, in order (`cuMemFreeAsync`): work handed over before a
//!   tensor is dropped still sees its memory. All work of a device runs on one stream of ours.
//! * **Bounds.** A kernel is told the number of its elements by the function that made its output from the
//!   same shapes; every such function is private to `ops/cuda`, checks its shapes, and is compared with
//!   the processor's form of the operation (the safe twin) by the tests.
//! * **Aliasing.** Outputs are fresh tensors that nobody else has seen, or variables that belong to the
//!   training step; kernels run one after another.
//!
//! Every status is turned into an error; a kernel that fails while running is reported by a later call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::backend::{BackendDevice, BackendStorage};
use candle_core::cuda::cudarc::driver::{
    CudaFunction, CudaModule, CudaStream, DevicePtr, LaunchConfig, PushKernelArg, result, sys,
};
use candle_core::cuda::cudarc::nvrtc::{CompileOptions, compile_ptx_with_opts};
use candle_core::cuda::{CudaStorageSlice, DeviceId};
use candle_core::op::BackpropOp;
use candle_core::{CudaDevice, DType, Device, Result, Shape, Storage, Tensor, bail};

use super::convolution::Plans;

/// What every kernel file begins with.
const COMMON: &str = include_str!("kernels/common.cu");

/// A file of kernels, compiled when first asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Pointwise,
    Columns,
    Rows,
    Pool,
    Depthwise,
    Convolution,
    Sequence,
    Scan,
    Optimiser,
}

impl Source {
    fn text(self) -> &'static str {
        match self {
            Self::Pointwise => include_str!("kernels/pointwise.cu"),
            Self::Columns => include_str!("kernels/columns.cu"),
            Self::Rows => include_str!("kernels/rows.cu"),
            Self::Pool => include_str!("kernels/pool.cu"),
            Self::Depthwise => include_str!("kernels/depthwise.cu"),
            Self::Convolution => include_str!("kernels/convolution.cu"),
            Self::Sequence => include_str!("kernels/sequence.cu"),
            Self::Scan => include_str!("kernels/scan.cu"),
            Self::Optimiser => include_str!("kernels/optimiser.cu"),
        }
    }
}

/// What a kernel is handed.
#[derive(Clone, Copy)]
pub(super) enum Arg<'a> {
    /// Memory of a tensor, read or written.
    Of(&'a Tensor),
    /// Memory of a tensor, or none.
    Maybe(Option<&'a Tensor>),
    Int(usize),
    Long(usize),
    Word(u32),
    Key(u64),
    Float(f32),
}

/// An argument in the form in which the driver copies it.
enum Raw {
    Four(u32),
    Eight(u64),
}

/// Blocks and threads of a launch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) blocks: [usize; 3],
    pub(super) threads: [usize; 2],
}

/// Threads of a block.
pub(super) const THREADS: usize = 256;
/// Blocks that fill any present device a few times over; kernels loop over what is left.
pub(super) const BLOCKS: usize = 2112;

impl Grid {
    /// One thread for each of `n` items, or loops where there are many.
    pub(super) fn over(n: usize) -> Self {
        Self {
            blocks: [n.div_ceil(THREADS).clamp(1, BLOCKS), 1, 1],
            threads: [THREADS, 1],
        }
    }

    /// Exactly one thread for each of `n` items.
    pub(super) fn exactly(n: usize) -> Self {
        Self {
            blocks: [n.div_ceil(THREADS).max(1), 1, 1],
            threads: [THREADS, 1],
        }
    }

    /// Eight threads for each of `n` sums, 32 sums a block.
    pub(super) fn sums(n: usize) -> Self {
        Self {
            blocks: [n.div_ceil(32).max(1), 1, 1],
            threads: [32, 8],
        }
    }

    /// Blocks of 256 threads.
    pub(super) fn blocks(blocks: usize) -> Self {
        Self {
            blocks: [blocks.max(1), 1, 1],
            threads: [THREADS, 1],
        }
    }
}

/// A device with what is kept for it.
pub(super) struct Gpu {
    id: DeviceId,
    pub(super) device: CudaDevice,
    stream: Arc<CudaStream>,
    /// Compute capability, as NVRTC wants it.
    architecture: String,
    modules: Mutex<HashMap<(Source, &'static str), Arc<CudaModule>>>,
    functions: Mutex<HashMap<String, CudaFunction>>,
    pub(super) plans: Mutex<Plans>,
}

static GPUS: Mutex<Vec<Arc<Gpu>>> = Mutex::new(Vec::new());

/// Bytes that the driver keeps for later allocations instead of giving them back: all.
const KEEP_ALL: u64 = u64::MAX;

/// The devices that have been opened, by number.
static OPEN: Mutex<Vec<(usize, Device)>> = Mutex::new(Vec::new());

/// A device by number, with one stream, its memory kept between allocations; the same again when asked again.
pub(super) fn open(ordinal: usize) -> Result<Device> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, device)) = open.iter().find(|(number, _)| *number == ordinal) {
        return Ok(device.clone());
    }
    let device = first_open(ordinal)?;
    open.push((ordinal, device.clone()));
    Ok(device)
}

#[expect(unsafe_code, reason = "settings of the driver; see the module's head")]
fn first_open(ordinal: usize) -> Result<Device> {
    let device = CudaDevice::new_with_stream(ordinal)?;
    let stream = device.cuda_stream();
    // SAFETY: all tensors live and die on this one stream, so no events are needed between streams.
    unsafe { device.disable_event_tracking() };
    if stream.context().has_async_alloc() {
        let mut keep = KEEP_ALL;
        // SAFETY: the pool is the device's own; the attribute's type is a 64-bit number.
        unsafe {
            let pool = result::device::get_default_mem_pool(stream.context().cu_device())
                .map_err(candle_core::Error::wrap)?;
            result::mem_pool::set_attribute(
                pool,
                sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
                std::ptr::from_mut(&mut keep).cast(),
            )
            .map_err(candle_core::Error::wrap)?;
        }
    }
    Ok(Device::Cuda(device))
}

/// The device's name, such as `NVIDIA H200`.
pub(super) fn name(device: &Device) -> Result<String> {
    let gpu = Gpu::of(device)?;
    gpu.stream
        .context()
        .name()
        .map_err(candle_core::Error::wrap)
}

/// Largest number of bytes that the device's memory pool has held.
#[expect(
    unsafe_code,
    reason = "a question to the driver; see the module's head"
)]
pub(super) fn peak_bytes(device: &Device) -> Result<u64> {
    let gpu = Gpu::of(device)?;
    let mut bytes = 0_u64;
    // SAFETY: the pool is the device's own; the attribute's type is a 64-bit number.
    unsafe {
        let pool = result::device::get_default_mem_pool(gpu.stream.context().cu_device())
            .map_err(candle_core::Error::wrap)?;
        result::mem_pool::get_attribute(
            pool,
            sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_HIGH,
            std::ptr::from_mut(&mut bytes).cast(),
        )
        .map_err(candle_core::Error::wrap)?;
    }
    Ok(bytes)
}

/// Begins anew to look for that number.
#[expect(unsafe_code, reason = "a setting of the driver; see the module's head")]
pub(super) fn forget_peak(device: &Device) -> Result<()> {
    let gpu = Gpu::of(device)?;
    let mut bytes = 0_u64;
    // SAFETY: the pool is the device's own; the attribute's type is a 64-bit number.
    unsafe {
        let pool = result::device::get_default_mem_pool(gpu.stream.context().cu_device())
            .map_err(candle_core::Error::wrap)?;
        result::mem_pool::set_attribute(
            pool,
            sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_HIGH,
            std::ptr::from_mut(&mut bytes).cast(),
        )
        .map_err(candle_core::Error::wrap)
    }
}

impl Gpu {
    /// What is kept for a device.
    pub(super) fn of(device: &Device) -> Result<Arc<Self>> {
        let device = device.as_cuda_device()?;
        let mut gpus = GPUS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gpu) = gpus.iter().find(|gpu| gpu.id == device.id()) {
            return Ok(Arc::clone(gpu));
        }
        let stream = device.cuda_stream();
        let (major, minor) = stream
            .context()
            .compute_capability()
            .map_err(candle_core::Error::wrap)?;
        let gpu = Arc::new(Self {
            id: device.id(),
            device: device.clone(),
            stream,
            architecture: format!("--gpu-architecture=compute_{major}{minor}"),
            modules: Mutex::default(),
            functions: Mutex::default(),
            plans: Mutex::default(),
        });
        gpus.push(Arc::clone(&gpu));
        Ok(gpu)
    }

    pub(super) fn stream(&self) -> &Arc<CudaStream> {
        &self.stream
    }

    fn function(&self, source: Source, name: &str) -> Result<CudaFunction> {
        let mut functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = functions.get(name) {
            return Ok(function.clone());
        }
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let only = only(name);
        let module = if let Some(module) = modules.get(&(source, only)) {
            Arc::clone(module)
        } else {
            let options = CompileOptions {
                options: vec![self.architecture.clone(), "--std=c++17".into()],
                name: Some(format!("{source:?}.cu")),
                ..CompileOptions::default()
            };
            let text = format!("#define {only}\n{COMMON}\n{}", source.text());
            let ptx = compile_ptx_with_opts(text, options).map_err(candle_core::Error::wrap)?;
            let module = self
                .stream
                .context()
                .load_module(ptx)
                .map_err(candle_core::Error::wrap)?;
            modules.insert((source, only), Arc::clone(&module));
            module
        };
        let function = module
            .load_function(name)
            .map_err(|error| candle_core::Error::msg(format!("kernel {name}: {error}")))?;
        functions.insert(name.to_owned(), function.clone());
        Ok(function)
    }

    /// Runs a kernel of ours.
    #[expect(unsafe_code, reason = "the launch of a kernel; see the module's head")]
    pub(super) fn launch(
        &self,
        source: Source,
        name: &str,
        grid: Grid,
        args: &[Arg<'_>],
    ) -> Result<()> {
        let function = self.function(source, name)?;
        let raw = args
            .iter()
            .map(|arg| {
                Ok(match arg {
                    Arg::Of(tensor) => Raw::Eight(address(tensor)?),
                    Arg::Maybe(tensor) => Raw::Eight(tensor.map_or(Ok(0), address)?),
                    Arg::Int(n) => Raw::Four(
                        u32::try_from(i32::try_from(*n).map_err(candle_core::Error::wrap)?)
                            .map_err(candle_core::Error::wrap)?,
                    ),
                    Arg::Long(n) => Raw::Eight(*n as u64),
                    Arg::Word(n) => Raw::Four(*n),
                    Arg::Key(n) => Raw::Eight(*n),
                    Arg::Float(x) => Raw::Four(x.to_bits()),
                })
            })
            .collect::<Result<Vec<Raw>>>()?;
        let mut builder = self.stream.launch_builder(&function);
        for raw in &raw {
            match raw {
                Raw::Four(bits) => builder.arg(bits),
                Raw::Eight(bits) => builder.arg(bits),
            };
        }
        let size = |n: usize| u32::try_from(n).map_err(candle_core::Error::wrap);
        let [bx, by, bz] = grid.blocks;
        let [tx, ty] = grid.threads;
        let config = LaunchConfig {
            grid_dim: (size(bx)?, size(by)?, size(bz)?),
            block_dim: (size(tx)?, size(ty)?, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: see the module's head; arguments have the kernel's sizes in the kernel's order.
        unsafe { builder.launch(config) }
            .map_err(|error| candle_core::Error::msg(format!("kernel {name}: {error}")))?;
        Ok(())
    }

    /// A tensor whose numbers the next kernel writes, every one of them.
    #[expect(
        unsafe_code,
        reason = "memory that a kernel fills; see the module's head"
    )]
    pub(super) fn empty(&self, shape: impl Into<Shape>, dtype: DType) -> Result<Tensor> {
        let shape = shape.into();
        // SAFETY: callers are the operations of this folder; their kernels write all of it.
        let storage = unsafe { self.device.alloc_uninit(&shape, dtype)? };
        Ok(from_storage(Storage::Cuda(storage), shape))
    }

    /// A tensor of zeros.
    pub(super) fn zeros(&self, shape: impl Into<Shape>, dtype: DType) -> Result<Tensor> {
        let shape = shape.into();
        let storage = self.device.zeros_impl(&shape, dtype)?;
        Ok(from_storage(Storage::Cuda(storage), shape))
    }
}

/// The type that a kernel is compiled for, from the end of its name (`_f8`, `_b` …).
fn only(name: &str) -> &'static str {
    match name.rsplit('_').next() {
        Some("b" | "b1" | "b2" | "b8") => "ONLY_BF16",
        _ => "ONLY_FLOAT",
    }
}

/// A tensor around memory, outside the library's graph.
pub(super) fn from_storage(storage: Storage, shape: Shape) -> Tensor {
    Tensor::from_storage(storage, shape, BackpropOp::none(), false)
}

/// The device address of a tensor's first number.
pub(super) fn address(tensor: &Tensor) -> Result<u64> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cuda(storage) = &*storage else {
        bail!(
            "a tensor of {:?} on the processor among ones on the device",
            tensor.shape()
        );
    };
    let Some((start, _)) = layout.contiguous_offsets() else {
        bail!("a tensor of {:?} does not lie in one piece", tensor.shape());
    };
    let stream = storage.device.cuda_stream();
    let base = match &storage.slice {
        CudaStorageSlice::F32(slice) => slice.device_ptr(&stream).0,
        CudaStorageSlice::BF16(slice) => slice.device_ptr(&stream).0,
        CudaStorageSlice::F64(slice) => slice.device_ptr(&stream).0,
        CudaStorageSlice::U8(slice) => slice.device_ptr(&stream).0,
        CudaStorageSlice::U32(slice) => slice.device_ptr(&stream).0,
        CudaStorageSlice::I32(slice) => slice.device_ptr(&stream).0,
        CudaStorageSlice::I64(slice) => slice.device_ptr(&stream).0,
        _ => bail!("no kernel works on {:?}", storage.dtype()),
    };
    Ok(base + (start * storage.dtype().size_in_bytes()) as u64)
}
