//! Gaussian error linear unit: D. Hendrycks and K. Gimpel, arXiv 1606.08415.
//!
//! exact: y = x Φ(x) with Φ(x) = (1 + erf(x / sqrt 2)) / 2; dy/dx = Φ(x) + x φ(x).
//! tanh form: y = x (1 + tanh u) / 2 = x / (1 + exp(-2 u)) with u = sqrt(2/π) (x + 0.044715 x³).

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::elementary::{erf, exp};
use super::memory::{read, read2, tensor_like};
use super::vectors::vectorised;
use crate::graph::{Value, record};

/// Numbers handled by one task.
const CHUNK: usize = 16 * 1024;
/// 1 / sqrt(2 π): the normal density at zero.
const DENSITY: f32 = 0.398_942_3;
/// Twice sqrt(2 / π), and the paper's factor of the cube.
const TWICE_ROOT: f32 = 1.595_769_2;
const CUBE: f32 = 0.044_715;

/// Which of the paper's two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gelu {
    /// With the error function.
    Exact,
    /// With the hyperbolic tangent.
    Tanh,
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
fn normal_cdf(x: f32) -> f32 {
    0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// (1 + tanh u) / 2.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
fn gate(x: f32) -> f32 {
    1.0 / (1.0 + exp(-TWICE_ROOT * (x + CUBE * x * x * x)))
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
fn exact_slope(x: f32) -> f32 {
    normal_cdf(x) + x * DENSITY * exp(-0.5 * x * x)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled anew inside `vectorised`")]
fn tanh_slope(x: f32) -> f32 {
    let g = gate(x);
    g + x * g * (1.0 - g) * TWICE_ROOT * (1.0 + 3.0 * CUBE * x * x)
}

fn map(x: &[f32], f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(y, x)| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = f(*x);
                    }
                },
            );
        });
    y
}

fn chain(x: &[f32], dy: &[f32], slope: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut dx = vec![0.0; x.len()];
    dx.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK).zip(dy.par_chunks(CHUNK)))
        .for_each(|(dx, (x, dy))| {
            vectorised(
                #[inline(always)]
                || {
                    for (dx, (x, dy)) in dx.iter_mut().zip(x.iter().zip(dy)) {
                        *dx = dy * slope(*x);
                    }
                },
            );
        });
    dx
}

fn forward(form: Gelu, x: &[f32]) -> Vec<f32> {
    match form {
        Gelu::Exact => map(
            x,
            #[inline(always)]
            |x| x * normal_cdf(x),
        ),
        Gelu::Tanh => map(
            x,
            #[inline(always)]
            |x| x * gate(x),
        ),
    }
}

fn backward(form: Gelu, x: &[f32], dy: &[f32]) -> Vec<f32> {
    match form {
        Gelu::Exact => chain(x, dy, exact_slope),
        Gelu::Tanh => chain(x, dy, tanh_slope),
    }
}

impl Gelu {
    #[cfg(feature = "cuda")]
    fn on_gpu(self, xs: &Value) -> Result<Value> {
        use super::cuda::{Function, activation, activation_back};
        let function = match self {
            Self::Exact => Function::Gelu,
            Self::Tanh => Function::GeluTanh,
        };
        let ys = activation(function, xs.tensor())?;
        let kept = xs.tensor().clone();
        Ok(record([xs], ys, move |dys, _| {
            Ok([Some(activation_back(function, &kept, dys)?)])
        }))
    }

    /// The function of every number; any shape.
    pub(crate) fn apply(self, xs: &Value) -> Result<Value> {
        on_gpu!(xs.tensor(), self.on_gpu(xs));
        let ys = read(xs.tensor(), |x| Ok(forward(self, x)))?;
        let ys = tensor_like(ys, xs.tensor())?;
        let kept: Tensor = xs.tensor().clone();
        Ok(record([xs], ys, move |dys, _| {
            let dxs = read2(&kept, dys, |x, dy| Ok(backward(self, x, dy)))?;
            Ok([Some(tensor_like(dxs, &kept)?)])
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    /// Values of PyTorch 2.15 in f64 at -3, -1, -0.5, 0, 0.5, 1, 3.
    const X: [f32; 7] = [-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0];
    const EXACT: [f64; 7] = [
        -0.004_049_694_094_9,
        -0.158_655_253_931_5,
        -0.154_268_769_363_0,
        0.0,
        0.345_731_230_637_0,
        0.841_344_746_068_5,
        2.995_950_305_905_1,
    ];
    const TANH: [f64; 7] = [
        -0.003_637_392_081_8,
        -0.158_808_009_391_7,
        -0.154_285_990_174_9,
        0.0,
        0.345_714_009_825_1,
        0.841_191_990_608_3,
        2.996_362_607_918_2,
    ];

    #[test]
    fn gelu_torch() {
        for (form, expected) in [(Gelu::Exact, EXACT), (Gelu::Tanh, TANH)] {
            let x = Tensor::new(&X, &device()).unwrap();
            let y = form.apply(&Value::constant(x)).unwrap();
            let y = y.tensor().to_vec1::<f32>().unwrap();
            for (found, expected) in y.iter().zip(expected) {
                // Of 1 + erf only units of 2^-24 are known, times |x| / 2.
                assert!(
                    (f64::from(*found) - expected).abs() < 3e-7,
                    "{form:?} {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn gelu_gradient_finite_differences() {
        let x = noise(1, &[3, 7, 11]).affine(4.0, 0.0).unwrap();
        for form in [Gelu::Exact, Gelu::Tanh] {
            check(std::slice::from_ref(&x), |v| form.apply(&v[0]));
        }
    }
}
