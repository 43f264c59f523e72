//! y = factor · (a + b) · z σ(z): the gate of a state-space block, over one input or the sum of two.
//!
//! All of one shape; σ(z) = 1 / (1 + e^-z). Backward: da = db = factor · dy · z σ(z),
//! dz = factor · dy · (a + b) · σ(z) (1 + z (1 - σ(z))).

use candle_core::{Result, Tensor, bail};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{dispatch, load, sigmoid, store};
use super::memory::{read, read2};
use crate::graph::{Value, record, record_all};

/// Numbers handled by one task: a multiple of every vector's length.
const CHUNK: usize = 16 * 1024;

struct Forward<'a> {
    a: &'a [f32],
    /// As long as `a`, or empty.
    b: &'a [f32],
    z: &'a [f32],
    y: &'a mut [f32],
    factor: f32,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let factor = simd.splat_f32s(self.factor);
        for first in (0..self.a.len()).step_by(S::F32_LANES) {
            let mut sum = load(simd, &self.a[first..]);
            if !self.b.is_empty() {
                sum = simd.add_f32s(sum, load(simd, &self.b[first..]));
            }
            let z = load(simd, &self.z[first..]);
            let gate = simd.mul_f32s(simd.mul_f32s(z, sigmoid(simd, z)), factor);
            store(simd, &mut self.y[first..], simd.mul_f32s(sum, gate));
        }
    }
}

struct Backward<'a> {
    a: &'a [f32],
    b: &'a [f32],
    z: &'a [f32],
    dy: &'a [f32],
    da: &'a mut [f32],
    dz: &'a mut [f32],
    factor: f32,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (factor, one) = (simd.splat_f32s(self.factor), simd.splat_f32s(1.0));
        for first in (0..self.a.len()).step_by(S::F32_LANES) {
            let mut sum = load(simd, &self.a[first..]);
            if !self.b.is_empty() {
                sum = simd.add_f32s(sum, load(simd, &self.b[first..]));
            }
            let z = load(simd, &self.z[first..]);
            let dy = simd.mul_f32s(load(simd, &self.dy[first..]), factor);
            let s = sigmoid(simd, z);
            let da = simd.mul_f32s(dy, simd.mul_f32s(z, s));
            store(simd, &mut self.da[first..], da);
            let inner = simd.mul_add_e_f32s(z, simd.sub_f32s(one, s), one);
            let slope = simd.mul_f32s(s, inner);
            let dz = simd.mul_f32s(simd.mul_f32s(dy, sum), slope);
            store(simd, &mut self.dz[first..], dz);
        }
    }
}

/// The piece of a slice that a task handles; nothing of an empty one.
fn piece(slice: &[f32], task: usize) -> &[f32] {
    let end = slice.len().min((task + 1) * CHUNK);
    &slice[end.min(task * CHUNK)..end]
}

fn forward([a, b, z]: [&[f32]; 3], factor: f32) -> Vec<f32> {
    let mut y = vec![0.0; a.len()];
    y.par_chunks_mut(CHUNK).enumerate().for_each(|(task, y)| {
        dispatch(Forward {
            a: piece(a, task),
            b: piece(b, task),
            z: piece(z, task),
            y,
            factor,
        });
    });
    y
}

fn backward([a, b, z]: [&[f32]; 3], dy: &[f32], factor: f32) -> (Vec<f32>, Vec<f32>) {
    let (mut da, mut dz) = (vec![0.0; a.len()], vec![0.0; a.len()]);
    da.par_chunks_mut(CHUNK)
        .zip(dz.par_chunks_mut(CHUNK))
        .enumerate()
        .for_each(|(task, (da, dz))| {
            dispatch(Backward {
                a: piece(a, task),
                b: piece(b, task),
                z: piece(z, task),
                dy: piece(dy, task),
                da,
                dz,
                factor,
            });
        });
    (da, dz)
}

/// Calls `work` with the numbers of two tensors and, where there is one, a third between them.
fn read_all<R>(
    a: &Tensor,
    b: Option<&Tensor>,
    z: &Tensor,
    work: impl FnOnce([&[f32]; 3]) -> R,
) -> Result<R> {
    read2(a, z, |a, z| match b {
        None => Ok(work([a, &[], z])),
        Some(b) => read(b, |b| Ok(work([a, b, z]))),
    })
}

/// factor · (a + b) · z σ(z); without b, factor · a · z σ(z).
pub(crate) fn silu_gate(a: &Value, b: Option<&Value>, z: &Value, factor: f32) -> Result<Value> {
    if a.dims() != z.dims() || b.is_some_and(|b| b.dims() != a.dims()) {
        bail!(
            "gate of {:?}, {:?} by {:?}",
            a.dims(),
            b.map(Value::dims),
            z.dims()
        );
    }
    on_gpu!(a.tensor(), on_gpu(a, b, z, factor));
    let y = read_all(a.tensor(), b.map(Value::tensor), z.tensor(), |all| {
        forward(all, factor)
    })?;
    let y = Tensor::from_vec(y, a.dims(), a.device())?;
    let kept_a = a.tensor().clone();
    let kept_b = b.map(|b| b.tensor().clone());
    let kept_z = z.tensor().clone();
    let back = move |dy: &Tensor| -> Result<_> {
        let (da, dz) = read_all(&kept_a, kept_b.as_ref(), &kept_z, |all| {
            read(dy, |dy| Ok(backward(all, dy, factor)))
        })??;
        let tensor = |data| Tensor::from_vec(data, kept_a.shape(), dy.device());
        Ok((tensor(da)?, tensor(dz)?))
    };
    Ok(match b {
        None => record([a, z], y, move |dy, _| {
            let (da, dz) = back(dy)?;
            Ok([Some(da), Some(dz)])
        }),
        Some(b) => record_all(&[a, b, z], y, move |dy, _| {
            let (da, dz) = back(dy)?;
            Ok(vec![Some(da.clone()), Some(da), Some(dz)])
        }),
    })
}

#[cfg(feature = "cuda")]
fn on_gpu(a: &Value, b: Option<&Value>, z: &Value, factor: f32) -> Result<Value> {
    use super::cuda::{gate, gate_back};
    let (kept_a, kept_z) = (a.tensor().clone(), z.tensor().clone());
    let kept_b = b.map(|b| b.tensor().clone());
    let y = gate(&kept_a, kept_b.as_ref(), &kept_z, factor)?;
    let back = move |dy: &Tensor| gate_back(&kept_a, kept_b.as_ref(), [&kept_z, dy], factor);
    Ok(match b {
        None => record([a, z], y, move |dy, _| Ok(back(dy)?.map(Some))),
        Some(b) => record([a, b, z], y, move |dy, _| {
            let [da, dz] = back(dy)?;
            Ok([Some(da.clone()), Some(da), Some(dz)])
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn silu_gate_closed_form() {
        let shape = [2, 3, 5471]; // more than one task, and a part of a vector at the end
        let tensors = [1, 2, 3].map(|tag| noise(tag, &shape));
        let [a, b, z] = tensors.each_ref().map(|t| Value::constant(t.clone()));
        let [x, w, v] = tensors.map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        for (second, factor) in [(None, 1.0), (Some(&b), 0.5)] {
            let found = silu_gate(&a, second, &z, factor).unwrap();
            let found = found
                .tensor()
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap();
            for k in 0..found.len() {
                let mut sum = f64::from(x[k]);
                if second.is_some() {
                    sum += f64::from(w[k]);
                }
                let z = f64::from(v[k]);
                let expected = f64::from(factor) * sum * z / (1.0 + (-z).exp());
                assert!((f64::from(found[k]) - expected).abs() < 5e-7);
            }
        }
        let other = Value::constant(noise(1, &[2, 3]));
        assert!(silu_gate(&a, None, &other, 1.0).is_err());
    }

    #[test]
    fn silu_gate_gradient_finite_differences() {
        let [a, b, z] = [1, 2, 3].map(|tag| noise(tag, &[2, 37]));
        check(&[a.clone(), z.clone()], |v| {
            silu_gate(&v[0], None, &v[1], 1.0)
        });
        check(&[a, b, z], |v| silu_gate(&v[0], Some(&v[1]), &v[2], 0.5));
    }
}
