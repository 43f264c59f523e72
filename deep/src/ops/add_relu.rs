//! y = max(a + b, 0): the end of a residual block in one pass. a, b, y of one shape.

use candle_core::{Result, Tensor, bail};

use super::arithmetic::zip;
use super::memory::{read2, tensor_like};
use crate::graph::{Value, record};

/// max(a + b, 0).
pub(crate) fn add_relu(a: &Value, b: &Value) -> Result<Value> {
    let ys = forward(a.tensor(), b.tensor())?;
    let kept = ys.clone();
    Ok(record([a, b], ys, move |dys, needs| {
        let gradient = backward(&kept, dys)?;
        Ok(needs.map(|needed| needed.then(|| gradient.clone())))
    }))
}

fn forward(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    on_gpu!(a, super::cuda::add_relu(a, b));
    if a.dims() != b.dims() {
        bail!("add_relu of {:?} and {:?}", a.dims(), b.dims());
    }
    let data = read2(a, b, |a, b| {
        Ok(zip(a, b, |a, b| {
            let sum = a + b;
            // Not `max`: a NaN must stay visible.
            if sum < 0.0 { 0.0 } else { sum }
        }))
    })?;
    tensor_like(data, a)
}

fn backward(ys: &Tensor, dys: &Tensor) -> Result<Tensor> {
    on_gpu!(ys, super::cuda::add_relu_back(ys, dys));
    let data = read2(ys, dys, |y, dy| {
        Ok(zip(y, dy, |y, dy| if y > 0.0 { dy } else { 0.0 }))
    })?;
    tensor_like(data, ys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise_off_zero};

    #[test]
    fn add_relu_gradient_finite_differences() {
        let a = noise_off_zero(1, &[3, 40]);
        // b has a's sign, so the sum stays off the kink as well.
        let b = a.affine(0.5, 0.0).unwrap();
        check(&[a, b], |t| add_relu(&t[0], &t[1]));
    }
}
