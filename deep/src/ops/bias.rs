//! y[n, c, i, j] = x[n, c, i, j] + b[c]: the bias of a convolution. x: (N, C, H, W); b: (C).

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::{read, read2, tensor_like};
use crate::graph::{Value, record};

/// An image with a number added to each channel.
pub(crate) fn add_bias(xs: &Value, bias: &Value) -> Result<Value> {
    let (_, channels, _, _) = xs.dims4()?;
    if bias.dims() != [channels] {
        bail!("a bias of shape {:?} for {channels} channels", bias.dims());
    }
    let ys = forward(xs.tensor(), bias.tensor())?;
    Ok(record([xs, bias], ys, |dys, [x_needs, b_needs]| {
        Ok([
            x_needs.then(|| dys.clone()),
            b_needs.then(|| channel_sums(dys)).transpose()?,
        ])
    }))
}

fn forward(xs: &Tensor, bias: &Tensor) -> Result<Tensor> {
    on_gpu!(
        xs,
        super::cuda::add_bias(xs, bias, super::cuda::Function::Identity)
    );
    let (_, channels, height, width) = xs.dims4()?;
    let plane = height * width;
    let data = read2(xs, bias, |x, bias| {
        let mut y = vec![0.0; x.len()];
        y.par_chunks_mut(plane)
            .zip(x.par_chunks(plane))
            .enumerate()
            .for_each(|(at, (y, x))| {
                let bias = bias[at % channels];
                for (y, x) in y.iter_mut().zip(x) {
                    *y = x + bias;
                }
            });
        Ok(y)
    })?;
    tensor_like(data, xs)
}

/// The sum over samples, in order, and pixels of each channel.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
fn channel_sums(dys: &Tensor) -> Result<Tensor> {
    let (_, channels, height, width) = dys.dims4()?;
    on_gpu!(dys, super::cuda::column_sums(dys, channels));
    let plane = height * width;
    let data = read(dys, |dy| {
        Ok((0..channels)
            .into_par_iter()
            .map(|c| {
                let planes = dy.chunks_exact(plane).skip(c).step_by(channels);
                planes
                    .map(|p| f64::from(p.iter().sum::<f32>()))
                    .sum::<f64>() as f32
            })
            .collect())
    })?;
    Tensor::from_vec(data, channels, dys.device())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, noise};

    #[test]
    fn bias_closed_form_and_gradient() {
        let (x, b) = (noise(1, &[2, 3, 4, 5]), noise(2, &[3]));
        let y = add_bias(&Value::constant(x.clone()), &Value::constant(b.clone())).unwrap();
        let expected = x.broadcast_add(&b.reshape((1, 3, 1, 1)).unwrap()).unwrap();
        let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(numbers(y.tensor()), numbers(&expected));
        check(&[x, b], |a| add_bias(&a[0], &a[1]));
    }
}
