//! Between images and square windows of tokens, as MambaVision's later stages see them.
//!
//! image: (N, C, H, W); tokens: (N · ceil(H / k) · ceil(W / k), k², C): windows row by row, and within a
//! window tokens row by row. Where k does not divide a side, zeros are added below and to the right, and
//! cut off again on the way to the image.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::memory::read;
use crate::graph::{Value, record};

/// An image's sizes and the side of its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// k.
    pub(crate) side: usize,
}

impl Windows {
    /// Windows of an image.
    pub(crate) fn of(xs: &Value, side: usize) -> Result<Self> {
        let (batch, channels, height, width) = xs.dims4()?;
        if side * batch * channels * height * width == 0 {
            bail!("windows of side {side} of {:?}", xs.dims());
        }
        Ok(Self {
            batch,
            channels,
            height,
            width,
            side,
        })
    }

    fn across(&self) -> usize {
        self.width.div_ceil(self.side)
    }

    fn down(&self) -> usize {
        self.height.div_ceil(self.side)
    }

    /// Shape of the tokens.
    fn tokens(&self) -> [usize; 3] {
        let windows = self.batch * self.down() * self.across();
        [windows, self.side * self.side, self.channels]
    }

    /// Position of a pixel's token among its sample's.
    fn token(&self, row: usize, column: usize) -> usize {
        let (k, window) = (self.side, self.side * self.side);
        (row / k * self.across() + column / k) * window + row % k * k + column % k
    }

    /// Numbers of a sample's tokens.
    fn sample(&self) -> usize {
        self.down() * self.across() * self.side * self.side * self.channels
    }

    /// Calls `visit` with (position in the sample's image, position among its tokens' numbers).
    fn pairs(&self, mut visit: impl FnMut(usize, usize)) {
        let plane = self.height * self.width;
        for row in 0..self.height {
            for column in 0..self.width {
                let token = self.token(row, column) * self.channels;
                for channel in 0..self.channels {
                    visit(channel * plane + row * self.width + column, token + channel);
                }
            }
        }
    }

    /// The other order on the GPU, where an image's pixels are rows of channels.
    #[cfg(feature = "cuda")]
    fn on_gpu(&self, xs: &Tensor, kind: super::cuda::Move) -> Result<Tensor> {
        use super::cuda::{Move, move_rows};
        let pixels = self.height * self.width;
        let tokens = self.down() * self.across() * self.side * self.side;
        let image = [self.batch, self.channels, self.height, self.width];
        let (sizes, shape): (_, &[usize]) = match kind {
            Move::Windows => ([pixels, tokens, self.channels], &self.tokens()),
            _ => ([tokens, pixels, self.channels], &image),
        };
        move_rows(kind, xs, sizes, [self.height, self.width], self.side, shape)
    }

    fn cut(&self, image: &Tensor) -> Result<Tensor> {
        on_gpu!(image, self.on_gpu(image, super::cuda::Move::Windows));
        let sample = self.channels * self.height * self.width;
        let data = read(image, |x| {
            let mut y = vec![0.0; self.batch * self.sample()];
            y.par_chunks_mut(self.sample())
                .zip(x.par_chunks(sample))
                .for_each(|(y, x)| self.pairs(|pixel, token| y[token] = x[pixel]));
            Ok(y)
        })?;
        Tensor::from_vec(data, &self.tokens(), image.device())
    }

    fn join(&self, tokens: &Tensor) -> Result<Tensor> {
        on_gpu!(tokens, self.on_gpu(tokens, super::cuda::Move::Join));
        let sample = self.channels * self.height * self.width;
        let data = read(tokens, |x| {
            let mut y = vec![0.0; self.batch * sample];
            y.par_chunks_mut(sample)
                .zip(x.par_chunks(self.sample()))
                .for_each(|(y, x)| self.pairs(|pixel, token| y[pixel] = x[token]));
            Ok(y)
        })?;
        let shape = (self.batch, self.channels, self.height, self.width);
        Tensor::from_vec(data, shape, tokens.device())
    }

    /// The image's windows as tokens.
    pub(crate) fn to_tokens(self, xs: &Value) -> Result<Value> {
        if xs.dims() != [self.batch, self.channels, self.height, self.width] {
            bail!("windows {self:?} of {:?}", xs.dims());
        }
        let ys = self.cut(xs.tensor())?;
        Ok(record([xs], ys, move |dys, _| Ok([Some(self.join(dys)?)])))
    }

    /// The image of windows' tokens.
    pub(crate) fn to_image(self, xs: &Value) -> Result<Value> {
        if xs.dims() != self.tokens() {
            bail!("image of windows {self:?} from {:?}", xs.dims());
        }
        let ys = self.join(xs.tensor())?;
        Ok(record([xs], ys, move |dys, _| Ok([Some(self.cut(dys)?)])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn windows_closed_form() {
        // 0 1 2
        // 3 4 5
        let x = Tensor::arange(0.0_f32, 6.0, &device()).unwrap();
        let x = Value::constant(x.reshape((1, 1, 2, 3)).unwrap());
        let windows = Windows::of(&x, 2).unwrap();
        let tokens = windows.to_tokens(&x).unwrap();
        assert_eq!(tokens.dims(), [2, 4, 1]);
        let found = tokens
            .tensor()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        assert_eq!(found, [0.0, 1.0, 3.0, 4.0, 2.0, 0.0, 5.0, 0.0]);
        let back = windows.to_image(&tokens).unwrap();
        let numbers = |v: &Value| v.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(numbers(&back), numbers(&x));
        assert!(windows.to_image(&x).is_err() && windows.to_tokens(&tokens).is_err());
    }

    #[test]
    fn windows_gradient_finite_differences() {
        for (shape, side) in [([2, 3, 4, 6], 2), ([1, 2, 5, 3], 4), ([2, 5, 3, 3], 7)] {
            let x = noise(1, &shape);
            let windows = Windows::of(&Value::constant(x.clone()), side).unwrap();
            check(&[x], |v| windows.to_tokens(&v[0]));
            check(&[noise(2, &windows.tokens())], |v| windows.to_image(&v[0]));
        }
    }
}
