//! y = x Wᵀ + b. x: (N, I); W: (O, I) or (O, I, 1, 1); b: (O) or absent; y: (N, O).

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::gemm::{Matrix, Output, multiply};
use super::memory::{read, read2, slice};

/// The affine map of a fully connected layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear;

impl Linear {
    /// x Wᵀ, plus b where there is one.
    pub(crate) fn apply(
        self,
        xs: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let xs = xs.contiguous()?;
        match bias {
            Some(bias) => xs.apply_op3(weight, bias, self),
            None => xs.apply_op2(weight, self),
        }
    }
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

/// Gradients of x and W.
fn backward(xs: &Tensor, weight: &Tensor, ys_gradient: &Tensor) -> Result<(Tensor, Tensor)> {
    let (batch, input, output) = sizes(xs.shape(), weight.shape())?;
    let dx = read2(weight, ys_gradient, |w, dy| {
        let mut dx = vec![0.0; batch * input];
        let (dy, w) = (
            Matrix::dense(dy, batch, output),
            Matrix::dense(w, output, input),
        );
        multiply(&mut dx, input, Output::Overwrite, dy, w);
        Ok(dx)
    })?;
    let dw = read2(xs, ys_gradient, |x, dy| {
        let mut dw = vec![0.0; output * input];
        let (dy, x) = (
            Matrix::dense(dy, batch, output).transposed(),
            Matrix::dense(x, batch, input),
        );
        multiply(&mut dw, input, Output::Overwrite, dy, x);
        Ok(dw)
    })?;
    Ok((
        Tensor::from_vec(dx, xs.shape(), xs.device())?,
        Tensor::from_vec(dw, weight.shape(), xs.device())?,
    ))
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = sizes(x_layout.shape(), w_layout.shape())?;
        let x = slice(x, x_layout, "linear")?;
        let w = slice(w, w_layout, "linear")?;
        Ok((
            CpuStorage::F32(forward(x, w, sizes)),
            (sizes.0, sizes.2).into(),
        ))
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        _ys: &Tensor,
        ys_gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = backward(xs, weight, ys_gradient)?;
        Ok((Some(dx), Some(dw)))
    }
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear_bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = sizes(x_layout.shape(), w_layout.shape())?;
        let b = slice(b, b_layout, "linear")?;
        if b.len() != sizes.2 {
            bail!("linear: {} biases for {} outputs", b.len(), sizes.2);
        }
        let x = slice(x, x_layout, "linear")?;
        let w = slice(w, w_layout, "linear")?;
        let mut y = forward(x, w, sizes);
        for row in y.chunks_exact_mut(sizes.2) {
            for (y, b) in row.iter_mut().zip(b) {
                *y += b;
            }
        }
        Ok((CpuStorage::F32(y), (sizes.0, sizes.2).into()))
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _ys: &Tensor,
        ys_gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = backward(xs, weight, ys_gradient)?;
        let outputs = bias.elem_count();
        let db = read(ys_gradient, |dy| {
            let mut db = vec![0.0; outputs];
            for row in dy.chunks_exact(outputs) {
                for (db, dy) in db.iter_mut().zip(row) {
                    *db += dy;
                }
            }
            Ok(db)
        })?;
        let db = Tensor::from_vec(db, bias.shape(), bias.device())?;
        Ok((Some(dx), Some(dw), Some(db)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn linear_closed_form() {
        let x = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        let w = Tensor::new(&[[1.0_f32, 0.0], [0.0, 1.0], [1.0, -1.0]], &Device::Cpu).unwrap();
        let b = Tensor::new(&[0.5_f32, 0.0, 10.0], &Device::Cpu).unwrap();
        let y = Linear.apply(&x, &w, Some(&b)).unwrap();
        assert_eq!(
            y.to_vec2::<f32>().unwrap(),
            [[1.5, 2.0, 9.0], [3.5, 4.0, 9.0]]
        );
        let y = Linear.apply(&x, &w, None).unwrap();
        assert_eq!(
            y.to_vec2::<f32>().unwrap(),
            [[1.0, 2.0, -1.0], [3.0, 4.0, -1.0]]
        );
    }

    #[test]
    fn linear_gradient_finite_differences() {
        let (x, w, b) = (noise(1, &[5, 7]), noise(2, &[3, 7, 1, 1]), noise(3, &[3]));
        check(&[x.clone(), w.clone(), b], |a| {
            Linear.apply(&a[0], &a[1], Some(&a[2]))
        });
        check(&[x, w], |a| Linear.apply(&a[0], &a[1], None));
    }
}
