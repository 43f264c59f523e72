//! y = x Wᵀ + b. x: (N, I); W: (O, I) or (O, I, 1, 1); b: (O) or absent; y: (N, O).

use candle_core::{Result, Shape, Tensor, bail};

use super::gemm::{Matrix, Output, multiply};
use super::memory::{read, read2};
use crate::graph::{Value, record};

/// x Wᵀ, plus b where there is one.
pub(crate) fn linear(xs: &Value, weight: &Value, bias: Option<&Value>) -> Result<Value> {
    let sizes = sizes(xs.tensor().shape(), weight.tensor().shape())?;
    let data = read2(xs.tensor(), weight.tensor(), |x, w| {
        Ok(forward(x, w, sizes))
    })?;
    let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
    let Some(bias) = bias else {
        let ys = Tensor::from_vec(data, (sizes.0, sizes.2), xs.device())?;
        return Ok(record([xs, weight], ys, move |dys, needs| {
            backward(&x, &w, dys, needs)
        }));
    };
    let ys = Tensor::from_vec(
        with_bias(data, bias.tensor())?,
        (sizes.0, sizes.2),
        xs.device(),
    )?;
    Ok(record(
        [xs, weight, bias],
        ys,
        move |dys, [x_needs, w_needs, b_needs]| {
            let [dx, dw] = backward(&x, &w, dys, [x_needs, w_needs])?;
            Ok([dx, dw, b_needs.then(|| column_sums(dys)).transpose()?])
        },
    ))
}

/// (N, I, O)
fn sizes(x: &Shape, w: &Shape) -> Result<(usize, usize, usize)> {
    let (batch, input) = x.dims2()?;
    match *w.dims() {
        [output, columns] | [output, columns, 1, 1] if columns == input => {
            Ok((batch, input, output))
        }
        _ => bail!("linear: weight {w:?} for input {x:?}"),
    }
}

fn forward(x: &[f32], w: &[f32], (batch, input, output): (usize, usize, usize)) -> Vec<f32> {
    let mut y = vec![0.0; batch * output];
    let rhs = Matrix::dense(w, output, input).transposed();
    multiply(
        &mut y,
        output,
        Output::Overwrite,
        Matrix::dense(x, batch, input),
        rhs,
    );
    y
}

/// The bias added to every row.
fn with_bias(mut y: Vec<f32>, bias: &Tensor) -> Result<Vec<f32>> {
    read(bias, |b| {
        if b.is_empty() || !y.len().is_multiple_of(b.len()) {
            bail!("linear: {} biases for {} outputs", b.len(), y.len());
        }
        for row in y.chunks_exact_mut(b.len()) {
            for (y, b) in row.iter_mut().zip(b) {
                *y += b;
            }
        }
        Ok(())
    })?;
    Ok(y)
}

/// Gradients of x and W.
fn backward(
    xs: &Tensor,
    weight: &Tensor,
    dys: &Tensor,
    [x_needs, w_needs]: [bool; 2],
) -> Result<[Option<Tensor>; 2]> {
    let (batch, input, output) = sizes(xs.shape(), weight.shape())?;
    let dx = || {
        let data = read2(weight, dys, |w, dy| {
            let mut dx = vec![0.0; batch * input];
            let (dy, w) = (
                Matrix::dense(dy, batch, output),
                Matrix::dense(w, output, input),
            );
            multiply(&mut dx, input, Output::Overwrite, dy, w);
            Ok(dx)
        })?;
        Tensor::from_vec(data, xs.shape(), xs.device())
    };
    let dw = || {
        let data = read2(xs, dys, |x, dy| {
            let mut dw = vec![0.0; output * input];
            let (dy, x) = (
                Matrix::dense(dy, batch, output).transposed(),
                Matrix::dense(x, batch, input),
            );
            multiply(&mut dw, input, Output::Overwrite, dy, x);
            Ok(dw)
        })?;
        Tensor::from_vec(data, weight.shape(), xs.device())
    };
    Ok([x_needs.then(dx).transpose()?, w_needs.then(dw).transpose()?])
}

/// The sum of each column of a matrix: the gradient of a bias.
fn column_sums(dys: &Tensor) -> Result<Tensor> {
    let (_, outputs) = dys.dims2()?;
    let sums = read(dys, |dy| {
        let mut sums = vec![0.0; outputs];
        for row in dy.chunks_exact(outputs) {
            for (sum, dy) in sums.iter_mut().zip(row) {
                *sum += dy;
            }
        }
        Ok(sums)
    })?;
    Tensor::from_vec(sums, outputs, dys.device())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn linear_closed_form() {
        let of = |rows: Tensor| Value::constant(rows);
        let x = of(Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &device()).unwrap());
        let w = of(Tensor::new(&[[1.0_f32, 0.0], [0.0, 1.0], [1.0, -1.0]], &device()).unwrap());
        let b = of(Tensor::new(&[0.5_f32, 0.0, 10.0], &device()).unwrap());
        let y = linear(&x, &w, Some(&b)).unwrap();
        assert_eq!(
            y.tensor().to_vec2::<f32>().unwrap(),
            [[1.5, 2.0, 9.0], [3.5, 4.0, 9.0]]
        );
        let y = linear(&x, &w, None).unwrap();
        assert_eq!(
            y.tensor().to_vec2::<f32>().unwrap(),
            [[1.0, 2.0, -1.0], [3.0, 4.0, -1.0]]
        );
    }

    #[test]
    fn linear_gradient_finite_differences() {
        let (x, w, b) = (noise(1, &[5, 7]), noise(2, &[3, 7, 1, 1]), noise(3, &[3]));
        check(&[x.clone(), w.clone(), b], |a| {
            linear(&a[0], &a[1], Some(&a[2]))
        });
        check(&[x, w], |a| linear(&a[0], &a[1], None));
    }
}
