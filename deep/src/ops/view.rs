//! Other views of tensors that are not images: the same numbers under another shape or order.
//!
//! Images (N, C, H, W) lie in the order their device likes best; [`super::tokens`] crosses over.

use candle_core::{Result, Tensor};

use crate::graph::{Value, record, record_all};

/// The same numbers in C order under another shape.
pub(crate) fn reshape(xs: &Value, shape: &[usize]) -> Result<Value> {
    let before = xs.dims().to_vec();
    let ys = xs.tensor().contiguous()?.reshape(shape)?;
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(dys.contiguous()?.reshape(before)?)])
    }))
}

/// Axis k of the result is axis `axes[k]` of `xs`.
pub(crate) fn permute(xs: &Value, axes: &[usize]) -> Result<Value> {
    let mut inverse = vec![0; axes.len()];
    for (to, from) in axes.iter().enumerate() {
        inverse[*from] = to;
    }
    let ys = permuted(xs.tensor(), axes)?;
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(permuted(dys, &inverse)?)])
    }))
}

fn permuted(xs: &Tensor, axes: &[usize]) -> Result<Tensor> {
    on_gpu!(xs, {
        let view = xs.permute(axes)?;
        super::cuda::gather(xs, 0, view.dims(), view.stride())
    });
    xs.permute(axes)?.contiguous()
}

/// `len` entries of an axis from `start` on.
pub(crate) fn narrow(xs: &Value, axis: usize, start: usize, len: usize) -> Result<Value> {
    let size = xs.dims()[axis];
    let ys = narrowed(xs.tensor(), axis, start, len)?;
    Ok(record([xs], ys, move |dys, _| {
        Ok([Some(padded(dys, axis, start, size)?)])
    }))
}

fn narrowed(xs: &Tensor, axis: usize, start: usize, len: usize) -> Result<Tensor> {
    on_gpu!(xs, {
        let view = xs.narrow(axis, start, len)?;
        super::cuda::gather(xs, start * view.stride()[axis], view.dims(), view.stride())
    });
    xs.narrow(axis, start, len)?.contiguous()
}

/// The opposite: zeros around, so that the axis has `size` entries.
fn padded(dys: &Tensor, axis: usize, start: usize, size: usize) -> Result<Tensor> {
    on_gpu!(dys, {
        let mut shape = dys.dims().to_vec();
        shape[axis] = size;
        let out = super::cuda::zeros_like(dys, &shape)?;
        write(dys, &out, axis, start)?;
        Ok(out)
    });
    dys.pad_with_zeros(axis, start, size - start - dys.dims()[axis])
}

/// Writes `part` into `whole` from `start` of an axis on.
#[cfg(feature = "cuda")]
fn write(part: &Tensor, whole: &Tensor, axis: usize, start: usize) -> Result<()> {
    let strides = whole.stride();
    super::cuda::scatter(part, whole, start * strides[axis], part.dims(), strides)
}

fn joined(tensors: &[&Tensor], axis: usize) -> Result<Tensor> {
    on_gpu!(tensors[0], {
        let mut shape = tensors[0].dims().to_vec();
        shape[axis] = tensors.iter().map(|t| t.dims()[axis]).sum();
        let out = super::cuda::empty_like(tensors[0], &shape)?;
        let mut start = 0;
        for part in tensors {
            write(part, &out, axis, start)?;
            start += part.dims()[axis];
        }
        Ok(out)
    });
    Tensor::cat(tensors, axis)?.contiguous()
}

/// Tensors one after the other along an axis.
pub(crate) fn cat(parts: &[&Value], axis: usize) -> Result<Value> {
    let tensors: Vec<&Tensor> = parts.iter().map(|part| part.tensor()).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.dims()[axis]).collect();
    let ys = joined(&tensors, axis)?;
    Ok(record_all(parts, ys, move |dys, needs| {
        let mut start = 0;
        lengths
            .iter()
            .zip(needs)
            .map(|(len, needed)| {
                let from = start;
                start += len;
                needed.then(|| narrowed(dys, axis, from, *len)).transpose()
            })
            .collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn views_closed_form() {
        let xs = Tensor::arange(0.0_f32, 6.0, &candle_core::Device::Cpu).unwrap();
        let xs = Value::constant(xs.reshape((2, 3)).unwrap());
        let rows = |v: Value| v.tensor().to_vec2::<f32>().unwrap();
        assert_eq!(
            rows(permute(&xs, &[1, 0]).unwrap()),
            [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
        );
        assert_eq!(
            rows(reshape(&xs, &[3, 2]).unwrap()),
            [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
        );
        let end = narrow(&xs, 1, 1, 2).unwrap();
        assert_eq!(
            rows(cat(&[&end, &xs], 1).unwrap()),
            [[1.0, 2.0, 0.0, 1.0, 2.0], [4.0, 5.0, 3.0, 4.0, 5.0]]
        );
    }

    #[test]
    fn views_gradient_finite_differences() {
        let (x, y) = (noise(1, &[2, 3, 4]), noise(2, &[2, 5, 4]));
        check(std::slice::from_ref(&x), |v| reshape(&v[0], &[4, 6]));
        check(std::slice::from_ref(&x), |v| permute(&v[0], &[2, 0, 1]));
        check(std::slice::from_ref(&x), |v| narrow(&v[0], 1, 1, 1));
        check(&[x, y], |v| cat(&[&v[0], &v[1]], 1));
    }
}
