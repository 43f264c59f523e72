//! Comparing a backward pass with finite differences of its forward pass (tests only).

#[cfg(feature = "cuda")]
use candle_core::DType;
use candle_core::{Device, Result, Tensor};

use crate::graph::{Value, backward};
use crate::rng::{Purpose, Stream};

/// Step of the central difference. In f32 the error of a difference is about `EPSILON`·|f| / step
/// from rounding and step² · |f'''| / 6 from curvature; 2^-6 balances both for values near one.
const STEP: f32 = 1.0 / 64.0;
/// Directions tried per argument.
const DIRECTIONS: u32 = 3;

/// Where operations are tested.
pub(crate) fn device() -> Device {
    Device::Cpu
}

/// Uniform numbers in [-1, 1).
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
pub(crate) fn noise(tag: u32, shape: &[usize]) -> Tensor {
    let mut stream = Stream::new(11, Purpose::Initialise, tag, 0);
    let n = shape.iter().product();
    let data: Vec<f32> = (0..n)
        .map(|_| (2.0 * stream.uniform() - 1.0) as f32)
        .collect();
    Tensor::from_vec(data, shape, &device()).unwrap()
}

/// Like [`noise`], but no value closer to 0 than a quarter: away from the kink of a rectifier by more
/// than the step of the difference.
pub(crate) fn noise_off_zero(tag: u32, shape: &[usize]) -> Tensor {
    noise(tag, shape)
        .affine(0.75, 0.0)
        .and_then(|t| t.sign()?.affine(0.25, 0.0)? + t)
        .unwrap()
}

fn weighted_sum(y: &Tensor, weights: &[f64]) -> f64 {
    let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    y.iter().zip(weights).map(|(v, w)| f64::from(*v) * w).sum()
}

/// Checks d/dt sum(r · f(a + t d)) against the backward pass for fixed weights r and random
/// directions d of signs, one argument at a time.
pub(crate) fn check(arguments: &[Tensor], f: impl Fn(&[Value]) -> Result<Value>) {
    #[cfg(feature = "cuda")]
    if let Some(gpu) = gpu() {
        for dtype in [DType::F32, DType::BF16] {
            on_both(arguments, &f, &gpu, dtype);
        }
        return;
    }
    let leaves: Vec<Value> = (0..)
        .zip(arguments)
        .map(|(slot, argument)| Value::parameter(slot, argument.clone()))
        .collect();
    let y = f(&leaves).unwrap();
    let weights = noise(99, y.dims());
    let as_f64: Vec<f64> = weights
        .flatten_all()
        .unwrap()
        .to_vec1::<f32>()
        .unwrap()
        .into_iter()
        .map(f64::from)
        .collect();
    let gradients = backward(y, weights, arguments.len()).unwrap();
    for (index, argument) in arguments.iter().enumerate() {
        let gradient = gradients[index]
            .as_ref()
            .expect("the argument has a gradient");
        assert_eq!(gradient.dims(), argument.dims());
        let gradient = gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for direction in 0..DIRECTIONS {
            // Sparse directions: few elements at a time keep the difference's curvature small.
            let mut stream = Stream::new(
                5,
                Purpose::Initialise,
                direction,
                u32::try_from(index).unwrap(),
            );
            let keep = u32::try_from((gradient.len() / 4).max(1)).unwrap();
            let d: Vec<f32> = gradient
                .iter()
                .map(|_| {
                    let sign = if stream.next_u32() & 1 == 0 {
                        1.0
                    } else {
                        -1.0
                    };
                    if stream.below(keep) == 0 { sign } else { 0.0 }
                })
                .collect();
            let d_tensor = Tensor::from_vec(d.clone(), argument.dims(), &device()).unwrap();
            let at = |t: f32| {
                let mut moved = arguments.to_vec();
                moved[index] =
                    (&moved[index] + d_tensor.affine(f64::from(t), 0.0).unwrap()).unwrap();
                let moved: Vec<Value> = moved.into_iter().map(Value::constant).collect();
                weighted_sum(f(&moved).unwrap().tensor(), &as_f64)
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
            let exact: f64 = gradient.iter().zip(&d).map(|(g, d)| f64::from(g * d)).sum();
            let magnitude: f64 = gradient
                .iter()
                .zip(&d)
                .map(|(g, d)| f64::from((g * d).abs()))
                .sum();
            // Rounding: values near one summed over the output, EPSILON / STEP = 8e-6 each at random
            // signs; curvature: STEP² = 2.4e-4 of the terms moved.
            let tolerance = 2e-3 * magnitude + 8e-6 * (as_f64.len() as f64).sqrt() * 4.0;
            assert!(
                (difference - exact).abs() <= tolerance,
                "argument {index}, direction {direction}: difference {difference}, backward {exact}, tolerance {tolerance}"
            );
        }
    }
}

/// A test's tensor where `value` lies, in f32.
pub(crate) fn beside(tensor: &Tensor, value: &Value) -> Tensor {
    #[cfg(feature = "cuda")]
    if value.device().is_cuda() {
        let numbers = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let (dims, device) = (tensor.dims(), value.device());
        return crate::ops::cuda::upload(&numbers, dims, device, DType::F32).unwrap();
    }
    assert!(value.device().is_cpu());
    tensor.clone()
}

/// The GPU that the tests are told to run on, by `RADUET_TEST_DEVICE=cuda`.
#[cfg(feature = "cuda")]
pub(crate) fn gpu() -> Option<Device> {
    use std::sync::OnceLock;

    use crate::ops::cuda;

    static GPU: OnceLock<Option<Device>> = OnceLock::new();
    let open = || match std::env::var("RADUET_TEST_DEVICE") {
        Ok(word) if word == "cuda" => {
            cuda::set_precision(cuda::Precision::Exact);
            Some(cuda::open(0).expect("RADUET_TEST_DEVICE asks for a GPU"))
        }
        _ => None,
    };
    GPU.get_or_init(open).clone()
}

/// Runs `f` and its way back on the processor and on the GPU and compares everything that comes out.
#[cfg(feature = "cuda")]
fn on_both(
    arguments: &[Tensor],
    f: &impl Fn(&[Value]) -> Result<Value>,
    gpu: &Device,
    dtype: DType,
) {
    use crate::ops::cuda;

    // Largest difference in relation to the norm: sums in another order, or 8 bits of mantissa and a few
    // operations one after the other.
    let tolerance = if dtype == DType::F32 { 2e-5 } else { 2e-2 };
    let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    // Vectors (biases, norms) stay f32; both sides start from the same rounded numbers.
    let there: Vec<Tensor> = arguments
        .iter()
        .map(|a| {
            let dtype = if a.rank() > 1 { dtype } else { DType::F32 };
            cuda::upload(&numbers(a), a.dims(), gpu, dtype).unwrap()
        })
        .collect();
    let here: Vec<Tensor> = arguments
        .iter()
        .zip(&there)
        .map(|(a, t)| Tensor::from_vec(cuda::download(t).unwrap(), a.dims(), &Device::Cpu).unwrap())
        .collect();
    let run = |tensors: &[Tensor]| {
        let leaves: Vec<Value> = (0..)
            .zip(tensors)
            .map(|(slot, tensor)| Value::parameter(slot, tensor.clone()))
            .collect();
        f(&leaves).unwrap()
    };
    let compare = |what: &str, expected: &[f32], found: &Tensor| {
        let found = cuda::download(found).unwrap();
        assert_eq!(found.len(), expected.len(), "{what}");
        let square = |x: f32| f64::from(x).powi(2);
        let norm = expected.iter().map(|e| square(*e)).sum::<f64>().sqrt();
        let distance = expected
            .iter()
            .zip(&found)
            .map(|(e, f)| square(e - f))
            .sum::<f64>()
            .sqrt();
        // Terms near one that cancel leave a few roundings in each number.
        let floor = 1e-2 * (expected.len() as f64).sqrt();
        assert!(
            distance <= tolerance * (norm + floor) && distance.is_finite(),
            "{what} in {dtype:?}: distance {distance}, norm {norm}"
        );
    };
    let (expected, found) = (run(&here), run(&there));
    assert_eq!(expected.dims(), found.dims());
    compare("result", &numbers(expected.tensor()), found.tensor());
    let weights = noise(99, expected.dims());
    let dtype_out = found.tensor().dtype();
    let weights_there = cuda::upload(&numbers(&weights), weights.dims(), gpu, dtype_out).unwrap();
    let weights_here = Tensor::from_vec(
        cuda::download(&weights_there).unwrap(),
        weights.dims(),
        &Device::Cpu,
    )
    .unwrap();
    let expected = backward(expected, weights_here, arguments.len()).unwrap();
    let found = backward(found, weights_there, arguments.len()).unwrap();
    for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
        let expected = expected.as_ref().expect("the argument has a gradient");
        let found = found
            .as_ref()
            .expect("the argument has a gradient on the GPU");
        assert_eq!(expected.dims(), found.dims(), "argument {index}");
        compare(&format!("gradient {index}"), &numbers(expected), found);
    }
}
