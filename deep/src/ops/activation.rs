//! Pointwise activations, alone or fused into [`super::batch_norm`].
//!
//! relu(x) = max(x, 0); hardsigmoid(x) = min(max(x + 3, 0), 6) / 6; hardswish(x) = x hardsigmoid(x)
//! (A. Howard et al., *Searching for MobileNetV3*, ICCV 2019). At the kinks the derivative is the one
//! PyTorch takes: relu'(0) = 0, hardsigmoid'(±3) = 0, hardswish'(-3) = -1/2, hardswish'(3) = 3/2.

use candle_core::{Result, Tensor};

use super::arithmetic::{map, zip};
use super::memory::{read, read2, tensor_like};
use crate::graph::{Value, record};

/// A pointwise function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Relu,
    Hardswish,
    Hardsigmoid,
}

/// A pointwise function known at compile time, so that loops over it vectorise.
pub(crate) trait Pointwise: Copy + Send + Sync {
    fn value(self, x: f32) -> f32;
    fn slope(self, x: f32) -> f32;
}

#[derive(Clone, Copy)]
pub(crate) struct Identity;
#[derive(Clone, Copy)]
pub(crate) struct Relu;
#[derive(Clone, Copy)]
pub(crate) struct Hardswish;
#[derive(Clone, Copy)]
pub(crate) struct Hardsigmoid;

impl Pointwise for Identity {
    fn value(self, x: f32) -> f32 {
        x
    }
    fn slope(self, _: f32) -> f32 {
        1.0
    }
}

impl Pointwise for Relu {
    fn value(self, x: f32) -> f32 {
        // Not `max`: a NaN must stay visible instead of turning into zero.
        if x < 0.0 { 0.0 } else { x }
    }
    fn slope(self, x: f32) -> f32 {
        if x > 0.0 { 1.0 } else { 0.0 }
    }
}

impl Pointwise for Hardsigmoid {
    fn value(self, x: f32) -> f32 {
        (x + 3.0).clamp(0.0, 6.0) / 6.0
    }
    fn slope(self, x: f32) -> f32 {
        if x > -3.0 && x < 3.0 { 1.0 / 6.0 } else { 0.0 }
    }
}

impl Pointwise for Hardswish {
    fn value(self, x: f32) -> f32 {
        x * (x + 3.0).clamp(0.0, 6.0) / 6.0
    }
    fn slope(self, x: f32) -> f32 {
        let middle = x / 3.0 + 0.5;
        let upper = if x > 3.0 { 1.0 } else { middle };
        if x < -3.0 { 0.0 } else { upper }
    }
}

impl Activation {
    /// The activation of every element.
    pub(crate) fn apply(self, xs: &Value) -> Result<Value> {
        if self == Self::Identity {
            return Ok(xs.clone());
        }
        let ys = self.values(xs.tensor())?;
        let kept = xs.tensor().clone();
        Ok(record([xs], ys, move |dys, _| {
            Ok([Some(self.backward(&kept, dys)?)])
        }))
    }

    fn values(self, xs: &Tensor) -> Result<Tensor> {
        on_gpu!(xs, super::cuda::activation(self.into(), xs));
        let data = read(xs, |x| {
            Ok(match self {
                Self::Identity => x.to_vec(),
                Self::Relu => map(x, |x| Relu.value(x)),
                Self::Hardswish => map(x, |x| Hardswish.value(x)),
                Self::Hardsigmoid => map(x, |x| Hardsigmoid.value(x)),
            })
        })?;
        tensor_like(data, xs)
    }

    fn backward(self, xs: &Tensor, dys: &Tensor) -> Result<Tensor> {
        on_gpu!(xs, super::cuda::activation_back(self.into(), xs, dys));
        let data = read2(xs, dys, |x, dy| {
            Ok(match self {
                Self::Identity => dy.to_vec(),
                Self::Relu => zip(x, dy, |x, dy| dy * Relu.slope(x)),
                Self::Hardswish => zip(x, dy, |x, dy| dy * Hardswish.slope(x)),
                Self::Hardsigmoid => zip(x, dy, |x, dy| dy * Hardsigmoid.slope(x)),
            })
        })?;
        tensor_like(data, xs)
    }
}

#[cfg(feature = "cuda")]
impl From<Activation> for super::cuda::Function {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Identity => Self::Identity,
            Activation::Relu => Self::Relu,
            Activation::Hardswish => Self::Hardswish,
            Activation::Hardsigmoid => Self::Hardsigmoid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise_off_zero};

    #[test]
    fn activations_closed_form() {
        let x = Tensor::new(&[-4.0_f32, -3.0, -1.5, 0.0, 1.5, 3.0, 4.0], &device()).unwrap();
        let x = Value::constant(x);
        let of = |a: Activation| a.apply(&x).unwrap().tensor().to_vec1::<f32>().unwrap();
        assert_eq!(of(Activation::Relu), [0.0, 0.0, 0.0, 0.0, 1.5, 3.0, 4.0]);
        assert_eq!(
            of(Activation::Hardsigmoid),
            [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
        );
        assert_eq!(
            of(Activation::Hardswish),
            [0.0, 0.0, -0.375, 0.0, 1.125, 3.0, 4.0]
        );
        assert!(Relu.value(f32::NAN).is_nan());
    }

    #[test]
    fn activation_gradient_finite_differences() {
        for activation in [
            Activation::Relu,
            Activation::Hardswish,
            Activation::Hardsigmoid,
        ] {
            // 6 x spans both kinks of the hard functions; none of these draws lies within a step of ±3.
            let x = noise_off_zero(3, &[4, 50]).affine(6.0, 0.0).unwrap();
            let near = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let x = if near.iter().any(|v| (v.abs() - 3.0).abs() < 0.02) {
                x.affine(1.013, 0.0).unwrap()
            } else {
                x
            };
            check(&[x], move |a| activation.apply(&a[0]));
        }
    }
}
