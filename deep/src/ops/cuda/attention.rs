//! Attention as two batches of matrix products around a softmax: queries, keys and values are laid out by
//! heads first.

use candle_core::{Result, Tensor};

use super::layout::{empty_like, gather, scatter};
use super::linear::{Turn, products};
use super::rows::{softmax, softmax_back};

/// N, heads, L, M and E of an attention.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttentionSizes {
    pub(crate) batch: usize,
    pub(crate) heads: usize,
    pub(crate) queries: usize,
    pub(crate) keys: usize,
    pub(crate) width: usize,
}

/// What the way back needs: q, k and v by heads, and the probabilities.
pub(crate) struct Attended {
    q: Tensor,
    k: Tensor,
    v: Tensor,
    p: Tensor,
}

impl AttentionSizes {
    fn channels(&self) -> usize {
        self.heads * self.width
    }

    fn scale(&self) -> f64 {
        1.0 / (self.width as f64).sqrt()
    }

    /// Sizes and strides of (N, heads, rows, E) inside tokens (N, rows, parts · C).
    fn view(&self, rows: usize, parts: usize) -> ([usize; 4], [usize; 4]) {
        let row = parts * self.channels();
        (
            [self.batch, self.heads, rows, self.width],
            [rows * row, self.width, row, 1],
        )
    }

    /// Part `part` of tokens (N, rows, parts · C), by heads.
    fn split(&self, xs: &Tensor, rows: usize, part: usize, parts: usize) -> Result<Tensor> {
        let (sizes, strides) = self.view(rows, parts);
        gather(xs, part * self.channels(), &sizes, &strides)
    }

    /// The opposite: writes what lies by heads into part `part`.
    fn join(&self, xs: &Tensor, to: &Tensor, rows: usize, part: usize, parts: usize) -> Result<()> {
        let (sizes, strides) = self.view(rows, parts);
        scatter(xs, to, part * self.channels(), &sizes, &strides)
    }

    fn forward(&self, [q, k, v]: [Tensor; 3]) -> Result<(Tensor, Attended)> {
        let (batch, l, m, e) = (self.batch * self.heads, self.queries, self.keys, self.width);
        let scores = products(
            [&q, &k],
            [Turn::No, Turn::Yes],
            [batch, l, e, m],
            batch * l * m,
        )?;
        let p = softmax(&scores, m, self.scale())?;
        let out = products(
            [&p, &v],
            [Turn::No, Turn::No],
            [batch, l, m, e],
            batch * l * e,
        )?;
        let y = empty_like(&out, &[self.batch, l, self.channels()])?;
        self.join(&out, &y, l, 0, 1)?;
        Ok((y, Attended { q, k, v, p }))
    }

    fn backward(&self, a: &Attended, dys: &Tensor) -> Result<[Tensor; 3]> {
        let (batch, l, m, e) = (self.batch * self.heads, self.queries, self.keys, self.width);
        let dy = self.split(dys, l, 0, 1)?;
        let both = |a: &Tensor, b: &Tensor, turns, sizes: [usize; 4]| {
            products([a, b], turns, sizes, sizes[0] * sizes[1] * sizes[3])
        };
        let dv = both(&a.p, &dy, [Turn::Yes, Turn::No], [batch, m, l, e])?;
        let dp = both(&dy, &a.v, [Turn::No, Turn::Yes], [batch, l, e, m])?;
        let ds = softmax_back(&a.p, &dp, m, self.scale())?;
        let dq = both(&ds, &a.k, [Turn::No, Turn::No], [batch, l, m, e])?;
        let dk = both(&ds, &a.q, [Turn::Yes, Turn::No], [batch, m, l, e])?;
        Ok([dq, dk, dv])
    }

    /// Attention of tokens (N, L, 3 C) to themselves.
    pub(crate) fn itself(&self, qkv: &Tensor) -> Result<(Tensor, Attended)> {
        let of = |part| self.split(qkv, self.queries, part, 3);
        self.forward([of(0)?, of(1)?, of(2)?])
    }

    /// The gradient of (N, L, 3 C).
    pub(crate) fn itself_back(&self, a: &Attended, dys: &Tensor) -> Result<Tensor> {
        let parts = self.backward(a, dys)?;
        let d = empty_like(dys, &[self.batch, self.queries, 3 * self.channels()])?;
        for (part, gradient) in parts.iter().enumerate() {
            self.join(gradient, &d, self.queries, part, 3)?;
        }
        Ok(d)
    }

    /// Attention of queries (N, L, C) to keys and values (N, M, 2 C).
    pub(crate) fn across(&self, q: &Tensor, kv: &Tensor) -> Result<(Tensor, Attended)> {
        let of = |part| self.split(kv, self.keys, part, 2);
        self.forward([self.split(q, self.queries, 0, 1)?, of(0)?, of(1)?])
    }

    /// Gradients of (N, L, C) and (N, M, 2 C).
    pub(crate) fn across_back(&self, a: &Attended, dys: &Tensor) -> Result<[Tensor; 2]> {
        let [dq, dk, dv] = self.backward(a, dys)?;
        let q = empty_like(dys, &[self.batch, self.queries, self.channels()])?;
        self.join(&dq, &q, self.queries, 0, 1)?;
        let kv = empty_like(dys, &[self.batch, self.keys, 2 * self.channels()])?;
        self.join(&dk, &kv, self.keys, 0, 2)?;
        self.join(&dv, &kv, self.keys, 1, 2)?;
        Ok([q, kv])
    }
}
