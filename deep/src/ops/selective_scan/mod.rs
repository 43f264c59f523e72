//! Selective scan: the recurrence of A. Gu and T. Dao, *Mamba: linear-time sequence modeling with selective
//! state spaces*, arXiv 2312.00752 (algorithm 2), over tokens of any order and several directions at once.
//!
//! For every sample, direction and channel, along the direction's order of the tokens:
//!
//! ```text
//! Δ_t = softplus(W p_t + f b)                     p_t: the first R numbers of the token's projection
//! h_t = exp(Δ_t A) h_{t-1} + Δ_t B_t u_t          S states; A = -exp(A_log); B_t: the next S numbers
//! y_t = C_t · h_t + D u_t                         C_t: the last S numbers
//! ```
//!
//! and the directions' y are added, each token's to its own place.
//!
//! | | shape | |
//! |---|---|---|
//! | u | (N, L, E) | input, the same for all directions |
//! | projected | (N, L, K (R + 2 S)) | p, B, C of direction 0, then of direction 1 ... |
//! | `a_log` | (K E, S) | |
//! | `step_weight` | (K E, R), or (K, E, R) | W |
//! | `step_bias` | K E numbers | b; f is 1, or 2 where a network adds it twice |
//! | shortcut | (K E) | D |
//! | y | (N, L, E) | |
//!
//! S is 8 or 16. Neither Δ nor the states are ever written out: the states before every 16th token are
//! kept, and the way back computes the rest again. Lanes of a vector are channels, so no sum crosses them
//! but those of dB, dC and dp, once per group of channels.

mod backward;
mod forward;
pub(crate) mod order;
mod problem;
#[cfg(test)]
mod tests;

use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

use self::backward::Backward;
use self::forward::Forward;
use self::order::Order;
use self::problem::Problem;
use super::lanes::{dispatch, lanes};
use super::memory::{read, read2};
use crate::graph::{Value, record};
use crate::tally::multiply_adds;

/// What a scan learns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameters<'a> {
    pub(crate) a_log: &'a Value,
    pub(crate) step_weight: &'a Value,
    pub(crate) step_bias: &'a Value,
    pub(crate) shortcut: &'a Value,
}

/// Kinds of learned tensors of a scan: as many as [`Parameters`] has fields, in the same order.
const KINDS: usize = 4;

/// The scan's settings.
#[derive(Debug, Clone)]
pub(crate) struct SelectiveScan {
    /// One per direction.
    pub(crate) orders: Vec<Order>,
    /// R.
    pub(crate) rank: usize,
    /// f.
    pub(crate) bias_factor: f32,
}

impl SelectiveScan {
    /// y of u.
    pub(crate) fn apply(
        &self,
        u: &Value,
        projected: &Value,
        parameters: Parameters<'_>,
    ) -> Result<Value> {
        let Parameters {
            a_log,
            step_weight,
            step_bias,
            shortcut,
        } = parameters;
        let learned = [a_log, step_weight, step_bias, shortcut];
        on_gpu!(u.tensor(), self.on_gpu(u, projected, learned));
        let problem = self.problem(u.tensor(), projected.tensor(), learned.map(Value::tensor))?;
        let inputs = [u, projected, a_log, step_weight, step_bias, shortcut];
        let keep = inputs.iter().any(|input| input.learns());
        let packed = pack(&problem, learned.map(Value::tensor), self.bias_factor)?;
        // A step's length, and three products for each state.
        let places = [
            problem.batch,
            problem.tokens,
            problem.channels,
            problem.orders.len(),
        ];
        multiply_adds(&[places.iter().product(), problem.rank + 3 * problem.states]);
        let (y, kept) = read2(u.tensor(), projected.tensor(), |u, projected| {
            Ok(forward(&problem, u, projected, &packed, keep))
        })?;
        let y = Tensor::from_vec(y, u.dims(), u.device())?;
        let (u_tensor, projected_tensor) = (u.tensor().clone(), projected.tensor().clone());
        let learned = learned.map(|value| value.tensor().clone());
        let factor = self.bias_factor;
        Ok(record(inputs, y, move |dy, _| {
            let device = dy.device();
            let (du, dprojected, mut found) =
                read2(&u_tensor, &projected_tensor, |u, projected| {
                    read(dy, |dy| {
                        Ok(backward(&problem, u, dy, projected, &packed, &kept))
                    })
                })?;
            read(&learned[0], |a_log| {
                for (gradient, a_log) in found[0].iter_mut().zip(a_log) {
                    *gradient *= -a_log.exp(); // dA/dA_log = A
                }
                Ok(())
            })?;
            for gradient in &mut found[2] {
                *gradient *= factor;
            }
            let [a_log, step_weight, step_bias, shortcut] = found;
            let tensor = |data, like: &Tensor| Tensor::from_vec(data, like.shape(), device);
            Ok([
                Some(tensor(du, &u_tensor)?),
                Some(tensor(dprojected, &projected_tensor)?),
                Some(tensor(a_log, &learned[0])?),
                Some(tensor(step_weight, &learned[1])?),
                Some(tensor(step_bias, &learned[2])?),
                Some(tensor(shortcut, &learned[3])?),
            ])
        }))
    }

    #[cfg(feature = "cuda")]
    fn on_gpu(&self, u: &Value, projected: &Value, learned: [&Value; KINDS]) -> Result<Value> {
        let (batch, tokens, channels) = u.dims3()?;
        let (_, states) = learned[0].tensor().dims2()?;
        let sizes = super::cuda::ScanSizes {
            batch,
            tokens,
            channels,
            directions: self.orders.len(),
            states,
            rank: self.rank,
            bias_factor: self.bias_factor,
        };
        let orders: Vec<u32> = self.orders.iter().flat_map(|o| o.iter().copied()).collect();
        let parameters = learned.map(Value::tensor);
        let (y, kept) = sizes.forward(u.tensor(), projected.tensor(), parameters, &orders)?;
        let [a_log, weight, bias, skip] = learned;
        let inputs = [u, projected, a_log, weight, bias, skip];
        let shapes = learned.map(|value| value.dims().to_vec());
        Ok(record(inputs, y, move |dy, _| {
            let [du, dp, da, dw, db, dd] = sizes.backward(&kept, dy)?;
            let [a, w, b, d] = shapes;
            Ok([
                Some(du),
                Some(dp),
                Some(da.reshape(a)?),
                Some(dw.reshape(w)?),
                Some(db.reshape(b)?),
                Some(dd.reshape(d)?),
            ])
        }))
    }

    fn problem(
        &self,
        u: &Tensor,
        projected: &Tensor,
        learned: [&Tensor; KINDS],
    ) -> Result<Problem> {
        let (batch, tokens, channels) = u.dims3()?;
        let (_, states) = learned[0].dims2()?;
        let directions = self.orders.len();
        let row = directions * (self.rank + 2 * states);
        if projected.dims() != [batch, tokens, row] {
            bail!(
                "selective scan: projection {projected:?} of {u:?}, expected {row} numbers a token"
            );
        }
        let all = directions * channels;
        let counts = learned.map(Tensor::elem_count);
        if counts != [all * states, all * self.rank, all, all] {
            bail!(
                "selective scan: parameters of {counts:?} numbers for {directions} x {channels} channels"
            );
        }
        if states != 8 && states != 16 {
            bail!("selective scan: {states} states, expected 8 or 16");
        }
        if let Some(order) = self.orders.iter().find(|order| order.len() != tokens) {
            bail!(
                "selective scan: an order of {} for {tokens} tokens",
                order.len()
            );
        }
        if batch * tokens * channels == 0 {
            bail!("selective scan of an empty tensor {u:?}");
        }
        let sizes = [batch, tokens, channels];
        Ok(Problem::new(
            sizes,
            [states, self.rank],
            &self.orders,
            lanes(),
        ))
    }
}

/// The parameters block by block, A in units of ln 2 so that exp(Δ A) is a power of two.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
fn pack(p: &Problem, learned: [&Tensor; KINDS], bias_factor: f32) -> Result<Vec<f32>> {
    let mut numbers: [Vec<f32>; KINDS] = Default::default();
    for (numbers, tensor) in numbers.iter_mut().zip(learned) {
        *numbers = read(tensor, |slice| Ok(slice.to_vec()))?;
    }
    for a in &mut numbers[0] {
        *a = (-f64::from(*a).exp() * std::f64::consts::LOG2_E) as f32;
    }
    for bias in &mut numbers[2] {
        *bias *= bias_factor;
    }
    Ok(p.pack(numbers.each_ref().map(Vec::as_slice)))
}

/// y, and the states before every chunk where they are to be kept.
fn forward(
    p: &Problem,
    u: &[f32],
    projected: &[f32],
    packed: &[f32],
    keep: bool,
) -> (Vec<f32>, Vec<f32>) {
    let tasks = p.batch * p.groups;
    let mut y = vec![0.0; tasks * p.task()];
    let mut kept = vec![0.0; if keep { tasks * p.kept() } else { 0 }];
    let work = |index: usize, y: &mut [f32], kept: &mut [f32]| {
        let sample = index / p.groups;
        dispatch(Forward {
            problem: p,
            group: index % p.groups,
            u: part(u, sample, p.tokens * p.channels),
            projected: part(projected, sample, p.tokens * p.directions() * p.row()),
            packed,
            y,
            kept,
        });
    };
    let ys = y.par_chunks_mut(p.task()).enumerate();
    if keep {
        ys.zip(kept.par_chunks_mut(p.kept()))
            .for_each(|((index, y), kept)| work(index, y, kept));
    } else {
        ys.for_each(|(index, y)| work(index, y, &mut []));
    }
    (p.join(y), kept)
}

/// The `index`-th piece of so many numbers.
fn part(slice: &[f32], index: usize, len: usize) -> &[f32] {
    &slice[index * len..(index + 1) * len]
}

/// Gradients of u, of the projection, and of the parameters, where those of A stand in place of `A_log`'s
/// and those of f b in place of b's.
fn backward(
    p: &Problem,
    u: &[f32],
    dy: &[f32],
    projected: &[f32],
    packed: &[f32],
    kept: &[f32],
) -> (Vec<f32>, Vec<f32>, [Vec<f32>; KINDS]) {
    let tasks = p.batch * p.groups;
    let row = p.tokens * p.directions() * p.row();
    let task_packed = p.directions() * p.blocks * p.packed();
    let mut du = vec![0.0; tasks * p.task()];
    let mut dprojected = vec![0.0; tasks * row];
    let mut dpacked = vec![0.0; tasks * task_packed];
    du.par_chunks_mut(p.task())
        .zip(dprojected.par_chunks_mut(row))
        .zip(dpacked.par_chunks_mut(task_packed))
        .enumerate()
        .for_each(|(index, ((du, dprojected), dpacked))| {
            let sample = index / p.groups;
            dispatch(Backward {
                problem: p,
                group: index % p.groups,
                u: part(u, sample, p.tokens * p.channels),
                dy: part(dy, sample, p.tokens * p.channels),
                projected: part(projected, sample, row),
                packed,
                kept: part(kept, index, p.kept()),
                du,
                dprojected,
                dpacked,
            });
        });
    let dpacked = over_samples(p, &dpacked, task_packed);
    let all = p.directions() * p.channels;
    let counts = [all * p.states, all * p.rank, all, all];
    let mut parameters = counts.map(|count| vec![0.0; count]);
    p.unpack(&dpacked, &mut parameters);
    (p.join(du), over_groups(p, dprojected, row), parameters)
}

/// Groups' parts added in order: (N, groups, row) to (N, row).
fn over_groups(p: &Problem, parts: Vec<f32>, row: usize) -> Vec<f32> {
    if p.groups == 1 {
        return parts;
    }
    let mut sums = vec![0.0; p.batch * row];
    sums.par_chunks_mut(row)
        .zip(parts.par_chunks(p.groups * row))
        .for_each(|(sums, parts)| {
            for part in parts.chunks_exact(row) {
                for (sum, part) in sums.iter_mut().zip(part) {
                    *sum += part;
                }
            }
        });
    sums
}

/// Samples' parts added in order: (N, groups, K, blocks, ...) to (K, groups, blocks, ...).
fn over_samples(p: &Problem, parts: &[f32], task: usize) -> Vec<f32> {
    let mut sums = vec![0.0; p.groups * task];
    let direction = task / p.directions();
    for sample in parts.chunks_exact(p.groups * task) {
        for (group, part) in sample.chunks_exact(task).enumerate() {
            for (k, part) in part.chunks_exact(direction).enumerate() {
                let at = (k * p.groups + group) * direction;
                for (sum, part) in sums[at..at + direction].iter_mut().zip(part) {
                    *sum += part;
                }
            }
        }
    }
    sums
}
