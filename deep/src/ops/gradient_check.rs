//! Comparing a backward pass with finite differences of its forward pass (tests only).

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
