//! cuDNN's convolutions, channels-last: the deterministic algorithm of a shape that the library expects to be the
//! fastest. Trying them out would choose by the clock, and so compute other last bits from run to run.
//!
//! The second place of our code that speaks to a library of the vendor without a guard; the argument of
//! [`super::launch`] holds here too: every address belongs to a tensor that the caller holds, and its sizes
//! come from the same [`Shape`] as the descriptors. The safe twin is the processor's convolution.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::c_void;

use candle_core::cuda::cudarc::cudnn::{result, sys};
use candle_core::{DType, Result, Tensor, bail};

use super::convolution::Shape;
use super::launch::{Gpu, address};
use super::{Precision, precision};

/// Which of the three convolutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    /// y from x and w.
    Forward,
    /// dx from w and dy.
    Input,
    /// dw from x and dy.
    Weight,
}

/// An algorithm with what it needs.
#[derive(Debug, Clone, Copy)]
struct Choice {
    algorithm: u32,
    math: sys::cudnnMathType_t,
    workspace: usize,
}

/// What the library is told of a shape.
#[derive(Debug, Clone, Copy)]
struct Descriptors {
    x: sys::cudnnTensorDescriptor_t,
    y: sys::cudnnTensorDescriptor_t,
    w: sys::cudnnFilterDescriptor_t,
    convolution: sys::cudnnConvolutionDescriptor_t,
}

/// Descriptors of a shape and the algorithms for it, the best last; none where cuDNN has none.
pub(super) struct Plan {
    descriptors: Descriptors,
    choices: Vec<Choice>,
}

/// A device's handle and what has been found so far.
#[derive(Default)]
pub(super) struct Plans {
    handle: Option<sys::cudnnHandle_t>,
    known: HashMap<(Shape, DType, Direction, bool), Plan>,
    /// Working memory, reused: convolutions run one after another.
    workspace: Option<Tensor>,
}

#[expect(unsafe_code, reason = "handles of a C library; see the module's head")]
// SAFETY: the handle and the descriptors are plain addresses that are used under the device's lock only.
unsafe impl Send for Plans {}

/// Most working memory that an algorithm may ask for: a gibibyte.
const MOST_WORKSPACE: usize = 1 << 30;
/// Room for cuDNN's answers about algorithms: more than there are.
const ANSWERS: usize = 16;
const ANSWERS_ASKED: i32 = 16;

fn fault(what: &str, error: impl std::fmt::Debug) -> candle_core::Error {
    candle_core::Error::msg(format!("cudnn, {what}: {error:?}"))
}

fn int(n: usize) -> Result<i32> {
    i32::try_from(n).map_err(candle_core::Error::wrap)
}

impl Plan {
    /// Runs a convolution over (x or dx, w or dw, y or dy); `false` where cuDNN cannot.
    pub(super) fn run(
        gpu: &Gpu,
        direction: Direction,
        s: &Shape,
        tensors: [&Tensor; 3],
    ) -> Result<bool> {
        let mut plans = gpu
            .plans
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        plans.run(gpu, direction, s, tensors)
    }
}

impl Plans {
    #[expect(unsafe_code, reason = "calls of a C library; see the module's head")]
    fn run(
        &mut self,
        gpu: &Gpu,
        direction: Direction,
        s: &Shape,
        tensors: [&Tensor; 3],
    ) -> Result<bool> {
        let handle = if let Some(handle) = self.handle {
            handle
        } else {
            let handle = result::create_handle().map_err(|e| fault("handle", e))?;
            // SAFETY: both handles are alive.
            unsafe { result::set_stream(handle, gpu.stream().cu_stream().cast()) }
                .map_err(|e| fault("stream", e))?;
            self.handle = Some(handle);
            handle
        };
        let exact = precision() == Precision::Exact;
        let dtype = tensors[0].dtype();
        let key = (*s, dtype, direction, exact);
        let pointers = [
            address(tensors[0])?,
            address(tensors[1])?,
            address(tensors[2])?,
        ];
        if let Entry::Vacant(place) = self.known.entry(key) {
            let descriptors = describe(s, dtype, exact)?;
            let choices = ask(handle, direction, descriptors, exact);
            place.insert(Plan {
                descriptors,
                choices,
            });
        }
        loop {
            let Some(plan) = self.known.get(&key) else {
                bail!("cudnn: a plan was lost");
            };
            let Some(&choice) = plan.choices.last() else {
                return Ok(false);
            };
            let descriptors = plan.descriptors;
            let workspace = self.room(gpu, choice.workspace)?;
            match compute(handle, direction, descriptors, choice, pointers, workspace) {
                Ok(()) => return Ok(true),
                Err(error) if is_refused(error) => {}
                Err(error) => return Err(fault(&format!("{direction:?} of {s:?}"), error)),
            }
            // What the library thought possible is not: the next best from now on.
            if let Some(plan) = self.known.get_mut(&key) {
                plan.choices.pop();
            }
        }
    }

    /// The address of working memory of at least `bytes`.
    fn room(&mut self, gpu: &Gpu, bytes: usize) -> Result<u64> {
        if bytes == 0 {
            return Ok(0);
        }
        let large_enough = self
            .workspace
            .as_ref()
            .is_some_and(|held| held.elem_count() >= bytes);
        if !large_enough {
            self.workspace = None;
            self.workspace = Some(gpu.empty(bytes, DType::U8)?);
        }
        match &self.workspace {
            Some(held) => address(held),
            None => Ok(0),
        }
    }
}

/// Whether the library says that it cannot do a shape this way: its statuses 2000 to 2999 find the arguments wrong
/// (sides or channels that an algorithm does not take), 3000 to 3999 the request unsupported.
fn is_refused(error: result::CudnnError) -> bool {
    matches!(error.0 as u32 / 1000, 2 | 3)
}

/// Runs a convolution by an algorithm.
#[expect(unsafe_code, reason = "calls of a C library; see the module's head")]
fn compute(
    handle: sys::cudnnHandle_t,
    direction: Direction,
    Descriptors {
        x,
        y,
        w,
        convolution,
    }: Descriptors,
    choice: Choice,
    pointers: [u64; 3],
    workspace: u64,
) -> std::result::Result<(), result::CudnnError> {
    let workspace = workspace as *mut c_void;
    let (one, zero) = (1.0_f32, 0.0_f32);
    let (one, zero): (*const c_void, *const c_void) = (
        std::ptr::from_ref(&one).cast(),
        std::ptr::from_ref(&zero).cast(),
    );
    let [px, pw, py] = pointers.map(|p| p as *mut c_void);
    // SAFETY: descriptors, addresses and working memory belong together; see the module's head.
    unsafe {
        result::set_convolution_math_type(convolution, choice.math)?;
        match direction {
            Direction::Forward => result::convolution_forward(
                handle,
                one,
                x,
                px,
                w,
                pw,
                convolution,
                std::mem::transmute::<u32, sys::cudnnConvolutionFwdAlgo_t>(choice.algorithm),
                workspace,
                choice.workspace,
                zero,
                y,
                py,
            ),
            Direction::Input => result::convolution_backward_data(
                handle,
                one,
                w,
                pw,
                y,
                py,
                convolution,
                std::mem::transmute::<u32, sys::cudnnConvolutionBwdDataAlgo_t>(choice.algorithm),
                workspace,
                choice.workspace,
                zero,
                x,
                px,
            ),
            Direction::Weight => result::convolution_backward_filter(
                handle,
                one,
                x,
                px,
                y,
                py,
                convolution,
                std::mem::transmute::<u32, sys::cudnnConvolutionBwdFilterAlgo_t>(choice.algorithm),
                workspace,
                choice.workspace,
                zero,
                w,
                pw,
            ),
        }
    }
}

/// Descriptors of a shape.
#[expect(unsafe_code, reason = "calls of a C library; see the module's head")]
fn describe(s: &Shape, dtype: DType, exact: bool) -> Result<Descriptors> {
    use sys::cudnnTensorFormat_t::CUDNN_TENSOR_NHWC;
    let kind = match dtype {
        DType::F32 => sys::cudnnDataType_t::CUDNN_DATA_FLOAT,
        DType::BF16 => sys::cudnnDataType_t::CUDNN_DATA_BFLOAT16,
        other => bail!("no convolution of {other:?}"),
    };
    let of = |n: [usize; 4]| {
        Ok::<_, candle_core::Error>([int(n[0])?, int(n[1])?, int(n[2])?, int(n[3])?])
    };
    let wrap = |e| fault("descriptor", e);
    let x = result::create_tensor_descriptor().map_err(wrap)?;
    let y = result::create_tensor_descriptor().map_err(wrap)?;
    let w = result::create_filter_descriptor().map_err(wrap)?;
    let convolution = result::create_convolution_descriptor().map_err(wrap)?;
    // SAFETY: the descriptors have just been made and are never freed: a plan lives as long as the process.
    unsafe {
        let dims = of([s.batch, s.input, s.height, s.width])?;
        result::set_tensor4d_descriptor(x, CUDNN_TENSOR_NHWC, kind, dims).map_err(wrap)?;
        let dims = of([s.batch, s.output, s.out_height, s.out_width])?;
        result::set_tensor4d_descriptor(y, CUDNN_TENSOR_NHWC, kind, dims).map_err(wrap)?;
        let dims = of([s.output, s.input / s.groups, s.kernel[0], s.kernel[1]])?;
        result::set_filter4d_descriptor(w, kind, CUDNN_TENSOR_NHWC, dims).map_err(wrap)?;
        result::set_convolution2d_descriptor(
            convolution,
            int(s.padding[0])?,
            int(s.padding[1])?,
            int(s.stride[0])?,
            int(s.stride[1])?,
            int(s.dilation[0])?,
            int(s.dilation[1])?,
            sys::cudnnConvolutionMode_t::CUDNN_CROSS_CORRELATION,
            sys::cudnnDataType_t::CUDNN_DATA_FLOAT,
        )
        .map_err(wrap)?;
        result::set_convolution_group_count(convolution, int(s.groups)?).map_err(wrap)?;
        let math = match (dtype, exact) {
            (DType::F32, true) => sys::cudnnMathType_t::CUDNN_FMA_MATH,
            (DType::F32, false) => sys::cudnnMathType_t::CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION,
            _ => sys::cudnnMathType_t::CUDNN_TENSOR_OP_MATH,
        };
        result::set_convolution_math_type(convolution, math).map_err(wrap)?;
    }
    Ok(Descriptors {
        x,
        y,
        w,
        convolution,
    })
}

/// The deterministic algorithms that the library thinks possible, the fastest last, and for exact comparisons none that
/// goes over a transform. The same for a shape in every run on a device; where there is none, the convolution is cut into
/// products, which are.
#[expect(unsafe_code, reason = "calls of a C library; see the module's head")]
fn ask(
    handle: sys::cudnnHandle_t,
    direction: Direction,
    Descriptors {
        x,
        y,
        w,
        convolution,
    }: Descriptors,
    exact: bool,
) -> Vec<Choice> {
    use sys::cudnnDeterminism_t::CUDNN_DETERMINISTIC;
    let mut count = 0;
    let plain = sys::cudnnMathType_t::CUDNN_FMA_MATH;
    // The direct algorithms' numbers: the others go over Fourier or Winograd transforms.
    let direct: &[u32] = match direction {
        Direction::Forward => &[0, 1, 2, 3],
        Direction::Input => &[0, 1],
        Direction::Weight => &[0, 1, 3],
    };
    macro_rules! ask {
        ($answer:ty, $function:ident, $($argument:expr),*) => {{
            // SAFETY: an answer is plain numbers, for which zeros are valid.
            let mut answers: [$answer; ANSWERS] = unsafe { std::mem::zeroed() };
            // SAFETY: descriptors belong together and there is room for as many answers as are asked for.
            let status = unsafe {
                sys::$function(handle, $($argument),*, ANSWERS_ASKED, &raw mut count, answers.as_mut_ptr())
            };
            if status.result().is_err() {
                return Vec::new();
            }
            let found = &answers[..usize::try_from(count).unwrap_or(0).min(ANSWERS)];
            let fit = |a: &&$answer| {
                a.status == sys::cudnnStatus_t::CUDNN_STATUS_SUCCESS
                    && a.memory <= MOST_WORKSPACE
                    && a.determinism == CUDNN_DETERMINISTIC
                    && (!exact || direct.contains(&(a.algo as u32)))
            };
            let mut choices: Vec<Choice> = found
                .iter()
                .filter(fit)
                .map(|a| Choice {
                    algorithm: a.algo as u32,
                    math: if exact { plain } else { a.mathType },
                    workspace: a.memory,
                })
                .collect();
            choices.reverse();
            choices
        }};
    }
    match direction {
        Direction::Forward => ask!(
            sys::cudnnConvolutionFwdAlgoPerf_t,
            cudnnGetConvolutionForwardAlgorithm_v7,
            x,
            w,
            convolution,
            y
        ),
        Direction::Input => ask!(
            sys::cudnnConvolutionBwdDataAlgoPerf_t,
            cudnnGetConvolutionBackwardDataAlgorithm_v7,
            w,
            y,
            convolution,
            x
        ),
        Direction::Weight => ask!(
            sys::cudnnConvolutionBwdFilterAlgoPerf_t,
            cudnnGetConvolutionBackwardFilterAlgorithm_v7,
            x,
            y,
            convolution,
            w
        ),
    }
}
