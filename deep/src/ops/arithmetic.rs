//! Sums and products of tensors of one shape, in one pass each.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read, read2, tensor_like};
use super::vectors::vectorised;
use crate::graph::{Value, record};

/// Numbers handled by one task.
const CHUNK: usize = 32 * 1024;

/// y[i] = f(a[i], b[i]).
pub(crate) fn zip(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = vec![0.0; a.len()];
    y.par_chunks_mut(CHUNK)
        .zip(a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)))
        .for_each(|(y, (a, b))| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, (a, b)) in y.iter_mut().zip(a.iter().zip(b)) {
                        *y = f(*a, *b);
                    }
                },
            );
        });
    y
}

/// y[i] = f(a[i]).
pub(crate) fn map(a: &[f32], f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = vec![0.0; a.len()];
    y.par_chunks_mut(CHUNK)
        .zip(a.par_chunks(CHUNK))
        .for_each(|(y, a)| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, a) in y.iter_mut().zip(a) {
                        *y = f(*a);
                    }
                },
            );
        });
    y
}

fn check_shapes(what: &str, a: &Tensor, b: &Tensor) -> Result<()> {
    if a.dims() == b.dims() {
        return Ok(());
    }
    bail!("{what} of shapes {:?} and {:?}", a.dims(), b.dims())
}

/// a + b, without a way back.
pub(crate) fn sum(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_shapes("sum", a, b)?;
    on_gpu!(a, super::cuda::add(a, b));
    let data = read2(a, b, |a, b| Ok(zip(a, b, |a, b| a + b)))?;
    tensor_like(data, a)
}

/// a · b element by element, without a way back.
pub(crate) fn product(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_shapes("product", a, b)?;
    on_gpu!(a, super::cuda::multiply(a, b));
    let data = read2(a, b, |a, b| Ok(zip(a, b, |a, b| a * b)))?;
    tensor_like(data, a)
}

/// factor · a, without a way back.
pub(crate) fn scaled(a: &Tensor, factor: f32) -> Result<Tensor> {
    on_gpu!(a, super::cuda::scale(a, f64::from(factor)));
    let data = read(a, |a| Ok(map(a, |a| factor * a)))?;
    tensor_like(data, a)
}

/// a + b.
pub(crate) fn add(a: &Value, b: &Value) -> Result<Value> {
    let y = sum(a.tensor(), b.tensor())?;
    Ok(record([a, b], y, |dy, needs| {
        Ok(needs.map(|needed| needed.then(|| dy.clone())))
    }))
}

/// a · b element by element.
pub(crate) fn multiply(a: &Value, b: &Value) -> Result<Value> {
    let y = product(a.tensor(), b.tensor())?;
    let (kept_a, kept_b) = (a.tensor().clone(), b.tensor().clone());
    Ok(record([a, b], y, move |dy, [a, b]| {
        Ok([
            a.then(|| product(dy, &kept_b)).transpose()?,
            b.then(|| product(dy, &kept_a)).transpose()?,
        ])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn arithmetic_closed_form_and_gradient() {
        let (a, b) = (noise(1, &[3, 50]), noise(2, &[3, 50]));
        let found = multiply(&Value::constant(a.clone()), &Value::constant(b.clone())).unwrap();
        let expected = (&a * &b).unwrap();
        assert_eq!(
            found.tensor().to_vec2::<f32>().unwrap(),
            expected.to_vec2::<f32>().unwrap()
        );
        check(&[a.clone(), b.clone()], |v| multiply(&v[0], &v[1]));
        check(&[a.clone(), b], |v| add(&v[0], &v[1]));
    }

    #[test]
    fn other_shapes_are_refused() {
        let (a, b) = (noise(1, &[3, 4]), noise(2, &[4, 3]));
        assert!(add(&Value::constant(a), &Value::constant(b)).is_err());
    }
}
