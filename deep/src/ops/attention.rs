//! Scaled dot-product attention of several heads: A. Vaswani et al., arXiv 1706.03762.
//!
//! For each sample and head with queries Q (L, E), keys K (M, E) and values V (M, E):
//! Y = softmax(Q Kᵀ / sqrt(E)) V, row by row. Heads lie side by side in the channels, C = heads · E, as
//! linear layers leave them: queries (N, L, C), keys and values (N, M, 2 C), or all three (N, L, 3 C).
//!
//! Probabilities are worked out for a block of queries at a time and never stored: of the forward pass
//! only log Σ exp of each row is kept, from which the way back finds them again (as T. Dao et al., arXiv
//! 2205.14135, do). With P the probabilities and dP = dY Vᵀ:
//! dV = Pᵀ dY; dS = P (dP - Σ dY Y) / sqrt(E); dQ = dS K; dK = dSᵀ Q.

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use super::elementary::exp;
use super::gemm::{Matrix, Output, multiply};
use super::memory::{read, read2, with_scratch};
use super::softmax::largest;
use super::vectors::{sum1, sum2, vectorised};
use crate::graph::{Value, record};
use crate::tally::multiply_adds;

/// Numbers of a block of scores: a quarter of a usual second-level cache.
const BLOCK_NUMBERS: usize = 64 * 1024;
/// Queries of a block at least.
const LEAST_QUERIES: usize = 16;

/// The sizes of one attention.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// N.
    batch: usize,
    heads: usize,
    /// L.
    queries: usize,
    /// M.
    keys: usize,
    /// E, channels of a head.
    width: usize,
}

impl Sizes {
    #[cfg(feature = "cuda")]
    fn on_gpu(&self) -> super::cuda::AttentionSizes {
        super::cuda::AttentionSizes {
            batch: self.batch,
            heads: self.heads,
            queries: self.queries,
            keys: self.keys,
            width: self.width,
        }
    }

    fn channels(&self) -> usize {
        self.heads * self.width
    }

    fn block(&self) -> usize {
        (BLOCK_NUMBERS / self.keys).clamp(LEAST_QUERIES, self.queries.max(LEAST_QUERIES))
    }

    fn scale(&self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }
}

/// Where queries, keys or values lie: rows of `stride` numbers, of which C begin at `offset`.
#[derive(Clone, Copy)]
struct Tokens<'a> {
    data: &'a [f32],
    stride: usize,
    offset: usize,
    rows: usize,
}

impl<'a> Tokens<'a> {
    /// Rows `first..first + rows` of a head of a sample, (rows, E).
    fn head(&self, s: &Sizes, n: usize, h: usize, first: usize, rows: usize) -> Matrix<'a> {
        let at = (n * self.rows + first) * self.stride + self.offset + h * s.width;
        Matrix::strided(&self.data[at..], rows, s.width, self.stride)
    }
}

/// Queries, keys and values.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    q: Tokens<'a>,
    k: Tokens<'a>,
    v: Tokens<'a>,
}

/// How queries, keys and values are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// (N, L, 3 C).
    Together,
    /// (N, L, C) and (N, M, 2 C).
    Apart,
}

impl<'a> Inputs<'a> {
    fn new(s: &Sizes, packing: Packing, first: &'a [f32], second: &'a [f32]) -> Self {
        let c = s.channels();
        let tokens = |data, rows, stride, offset| Tokens {
            data,
            stride,
            offset,
            rows,
        };
        match packing {
            Packing::Together => Self {
                q: tokens(first, s.queries, 3 * c, 0),
                k: tokens(first, s.keys, 3 * c, c),
                v: tokens(first, s.keys, 3 * c, 2 * c),
            },
            Packing::Apart => Self {
                q: tokens(first, s.queries, c, 0),
                k: tokens(second, s.keys, 2 * c, 0),
                v: tokens(second, s.keys, 2 * c, c),
            },
        }
    }
}

/// (first query, queries) of each block.
fn blocks(s: &Sizes) -> impl Iterator<Item = (usize, usize)> {
    let (queries, block) = (s.queries, s.block());
    (0..queries)
        .step_by(block)
        .map(move |first| (first, block.min(queries - first)))
}

/// Turns rows of Q Kᵀ into probabilities, and tells log Σ exp of each.
fn probabilities(scores: &mut [f32], keys: usize, scale: f32, logs: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for (row, log) in scores.chunks_exact_mut(keys).zip(logs) {
                let top = largest(row) * scale;
                for p in row.iter_mut() {
                    *p = exp(*p * scale - top);
                }
                let sum = sum1(row, |p| p);
                let factor = 1.0 / sum;
                for p in row {
                    *p *= factor;
                }
                *log = top + sum.ln();
            }
        },
    );
}

/// Y of one head, (L, E), and log Σ exp of each row.
fn forward_head(s: &Sizes, x: &Inputs<'_>, n: usize, h: usize) -> (Vec<f32>, Vec<f32>) {
    let mut y = vec![0.0; s.queries * s.width];
    let mut logs = vec![0.0; s.queries];
    let (k, v) = (x.k.head(s, n, h, 0, s.keys), x.v.head(s, n, h, 0, s.keys));
    for (first, rows) in blocks(s) {
        with_scratch(rows * s.keys, |scores| {
            let q = x.q.head(s, n, h, first, rows);
            multiply(scores, s.keys, Output::Overwrite, q, k.transposed());
            probabilities(scores, s.keys, s.scale(), &mut logs[first..first + rows]);
            let p = Matrix::dense(scores, rows, s.keys);
            let out = &mut y[first * s.width..];
            multiply(out, s.width, Output::Overwrite, p, v);
        });
    }
    (y, logs)
}

/// Gradients of one head's queries, keys and values, each dense.
fn backward_head(
    s: &Sizes,
    x: &Inputs<'_>,
    [y, dy]: [Tokens<'_>; 2],
    logs: &[f32],
    (n, h): (usize, usize),
) -> [Vec<f32>; 3] {
    let mut dq = vec![0.0; s.queries * s.width];
    let mut dk = vec![0.0; s.keys * s.width];
    let mut dv = vec![0.0; s.keys * s.width];
    let (k, v) = (x.k.head(s, n, h, 0, s.keys), x.v.head(s, n, h, 0, s.keys));
    let scale = s.scale();
    for (first, rows) in blocks(s) {
        with_scratch(2 * rows * s.keys, |scratch| {
            let (p, ds) = scratch.split_at_mut(rows * s.keys);
            let q = x.q.head(s, n, h, first, rows);
            let y = y.head(s, n, h, first, rows);
            let dy = dy.head(s, n, h, first, rows);
            multiply(p, s.keys, Output::Overwrite, q, k.transposed());
            multiply(ds, s.keys, Output::Overwrite, dy, v.transposed());
            let logs = &logs[first..first + rows];
            vectorised(
                #[inline(always)]
                || {
                    let lines = p
                        .chunks_exact_mut(s.keys)
                        .zip(ds.chunks_exact_mut(s.keys))
                        .zip(logs);
                    for (i, ((p, ds), log)) in lines.enumerate() {
                        let row = |m: &Matrix<'_>| i * m.row_stride..i * m.row_stride + s.width;
                        let inner = sum2(&y.data[row(&y)], &dy.data[row(&dy)], |y, dy| y * dy);
                        for (p, ds) in p.iter_mut().zip(ds) {
                            *p = exp(*p * scale - log);
                            *ds = *p * (*ds - inner) * scale;
                        }
                    }
                },
            );
            let p = Matrix::dense(p, rows, s.keys);
            let ds = Matrix::dense(ds, rows, s.keys);
            multiply(&mut dv, s.width, Output::Add, p.transposed(), dy);
            multiply(&mut dk, s.width, Output::Add, ds.transposed(), q);
            let out = &mut dq[first * s.width..];
            multiply(out, s.width, Output::Overwrite, ds, k);
        });
    }
    [dq, dk, dv]
}

/// Copies a head's dense rows into the channels of tokens of `stride` numbers.
fn place(sample: &mut [f32], stride: usize, offset: usize, head: &[f32], width: usize) {
    for (to, from) in sample
        .chunks_exact_mut(stride)
        .zip(head.chunks_exact(width))
    {
        to[offset..offset + width].copy_from_slice(from);
    }
}

/// Y, (N, L, C), and log Σ exp, (N, heads, L).
fn forward(s: &Sizes, x: &Inputs<'_>) -> (Vec<f32>, Vec<f32>) {
    let heads: Vec<(Vec<f32>, Vec<f32>)> = (0..s.batch * s.heads)
        .into_par_iter()
        .map(|at| forward_head(s, x, at / s.heads, at % s.heads))
        .collect();
    let c = s.channels();
    let mut y = vec![0.0; s.batch * s.queries * c];
    y.par_chunks_mut(s.queries * c)
        .zip(heads.par_chunks(s.heads))
        .for_each(|(y, heads)| {
            for (h, (head, _)) in heads.iter().enumerate() {
                place(y, c, h * s.width, head, s.width);
            }
        });
    let logs = heads.into_iter().flat_map(|(_, logs)| logs).collect();
    (y, logs)
}

/// Gradients in the packing of the inputs; the second is empty where all lie together.
fn backward(
    s: &Sizes,
    packing: Packing,
    x: &Inputs<'_>,
    [y, dy]: [&[f32]; 2],
    logs: &[f32],
) -> [Vec<f32>; 2] {
    let c = s.channels();
    let [y, dy] = [y, dy].map(|data| Tokens {
        data,
        stride: c,
        offset: 0,
        rows: s.queries,
    });
    let heads: Vec<[Vec<f32>; 3]> = (0..s.batch * s.heads)
        .into_par_iter()
        .map(|at| {
            let logs = &logs[at * s.queries..(at + 1) * s.queries];
            backward_head(s, x, [y, dy], logs, (at / s.heads, at % s.heads))
        })
        .collect();
    let gather = |rows: usize, parts: &[(usize, usize)], stride: usize| {
        let mut out = vec![0.0; s.batch * rows * stride];
        out.par_chunks_mut(rows * stride)
            .zip(heads.par_chunks(s.heads))
            .for_each(|(out, heads)| {
                for (h, head) in heads.iter().enumerate() {
                    for (part, offset) in parts {
                        place(out, stride, offset + h * s.width, &head[*part], s.width);
                    }
                }
            });
        out
    };
    match packing {
        Packing::Together => [
            gather(s.queries, &[(0, 0), (1, c), (2, 2 * c)], 3 * c),
            Vec::new(),
        ],
        Packing::Apart => [
            gather(s.queries, &[(0, 0)], c),
            gather(s.keys, &[(1, 0), (2, c)], 2 * c),
        ],
    }
}

fn width_of(channels: usize, heads: usize) -> Result<usize> {
    if heads == 0 || channels == 0 || !channels.is_multiple_of(heads) {
        bail!("attention of {heads} heads over {channels} channels");
    }
    Ok(channels / heads)
}

/// Attention of tokens to each other: (N, L, 3 C) with queries, keys and values side by side to (N, L, C).
///
/// # Errors
/// When the channels cannot be shared by the heads.
pub(crate) fn self_attention(qkv: &Value, heads: usize) -> Result<Value> {
    let (batch, tokens, triple) = qkv.dims3()?;
    if !triple.is_multiple_of(3) || tokens == 0 {
        bail!("self-attention of {:?}", qkv.dims());
    }
    let s = Sizes {
        batch,
        heads,
        queries: tokens,
        keys: tokens,
        width: width_of(triple / 3, heads)?,
    };
    on_gpu!(qkv.tensor(), {
        let sizes = s.on_gpu();
        let (y, kept) = sizes.itself(qkv.tensor())?;
        Ok(record([qkv], y, move |dys, _| {
            Ok([Some(sizes.itself_back(&kept, dys)?)])
        }))
    });
    // Q Kᵀ and P V.
    multiply_adds(&[2, s.batch, s.queries, s.keys, s.channels()]);
    let packing = Packing::Together;
    let (y, logs) = read(qkv.tensor(), |x| {
        Ok(forward(&s, &Inputs::new(&s, packing, x, x)))
    })?;
    let y = Tensor::from_vec(y, (batch, tokens, s.channels()), qkv.device())?;
    let (kept, kept_y) = (qkv.tensor().clone(), y.clone());
    Ok(record([qkv], y, move |dys, _| {
        let [dx, _] = read(&kept, |x| {
            let inputs = Inputs::new(&s, packing, x, x);
            read2(&kept_y, dys, |y, dy| {
                Ok(backward(&s, packing, &inputs, [y, dy], &logs))
            })
        })?;
        Ok([Some(Tensor::from_vec(dx, kept.shape(), kept.device())?)])
    }))
}

/// Attention of queries (N, L, C) to keys and values side by side (N, M, 2 C), to (N, L, C).
///
/// # Errors
/// When shapes do not fit together or the channels cannot be shared by the heads.
pub(crate) fn cross_attention(q: &Value, kv: &Value, heads: usize) -> Result<Value> {
    let (batch, queries, channels) = q.dims3()?;
    let (other, keys, double) = kv.dims3()?;
    if other != batch || double != 2 * channels || keys == 0 || queries == 0 {
        bail!("attention of {:?} to {:?}", q.dims(), kv.dims());
    }
    let s = Sizes {
        batch,
        heads,
        queries,
        keys,
        width: width_of(channels, heads)?,
    };
    on_gpu!(q.tensor(), {
        let sizes = s.on_gpu();
        let (y, kept) = sizes.across(q.tensor(), kv.tensor())?;
        Ok(record([q, kv], y, move |dys, _| {
            Ok(sizes.across_back(&kept, dys)?.map(Some))
        }))
    });
    multiply_adds(&[2, s.batch, s.queries, s.keys, s.channels()]);
    let packing = Packing::Apart;
    let (y, logs) = read2(q.tensor(), kv.tensor(), |q, kv| {
        Ok(forward(&s, &Inputs::new(&s, packing, q, kv)))
    })?;
    let y = Tensor::from_vec(y, (batch, queries, channels), q.device())?;
    let (kept_q, kept_kv, kept_y) = (q.tensor().clone(), kv.tensor().clone(), y.clone());
    Ok(record([q, kv], y, move |dys, _| {
        let [dq, dkv] = read2(&kept_q, &kept_kv, |q, kv| {
            let inputs = Inputs::new(&s, packing, q, kv);
            read2(&kept_y, dys, |y, dy| {
                Ok(backward(&s, packing, &inputs, [y, dy], &logs))
            })
        })?;
        Ok([
            Some(Tensor::from_vec(dq, kept_q.shape(), kept_q.device())?),
            Some(Tensor::from_vec(dkv, kept_kv.shape(), kept_kv.device())?),
        ])
    }))
}

#[cfg(test)]
mod tests;
