//! The scan from the first token to the last.

use pulp::{Simd, WithSimd};

use super::problem::{CHUNK, Problem};
use crate::ops::lanes::{exp2, load, softplus};

/// One sample and one group of channels.
pub(super) struct Forward<'a> {
    pub(super) problem: &'a Problem,
    pub(super) group: usize,
    /// The sample's (L, E).
    pub(super) u: &'a [f32],
    /// The sample's (L, K, R + 2 S).
    pub(super) projected: &'a [f32],
    /// [`Problem::pack`].
    pub(super) packed: &'a [f32],
    /// (L, width), zeros at first.
    pub(super) y: &'a mut [f32],
    /// The states before every chunk, or empty where no way back will come.
    pub(super) kept: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled anew for every kind of vector"
    )]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.problem.states {
            8 => run::<S, 8>(simd, self),
            _ => run::<S, 16>(simd, self),
        }
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    clippy::needless_pass_by_value,
    reason = "compiled anew for every kind of vector; the task holds the only borrow of its output"
)]
fn run<S: Simd, const STATES: usize>(simd: S, task: Forward<'_>) {
    let p = task.problem;
    let (row_len, rank) = (p.row(), p.rank);
    let y = S::as_mut_simd_f32s(task.y).0;
    for (direction, order) in p.orders.iter().enumerate() {
        for block in 0..p.blocks {
            let at_block = (direction * p.groups + task.group) * p.blocks + block;
            let channel = (task.group * p.blocks + block) * p.lanes;
            let packed = &task.packed[at_block * p.packed()..(at_block + 1) * p.packed()];
            let (decays, rest) = S::as_simd_f32s(packed).0.split_at(STATES);
            let (weights, rest) = rest.split_at(rank);
            let (bias, shortcut) = (rest[0], rest[1]);
            let mut h = [simd.splat_f32s(0.0); STATES];
            for (t, at) in order.iter().enumerate() {
                let at = *at as usize;
                if t % CHUNK == 0 && !task.kept.is_empty() {
                    let from = p.kept_at(direction, t / CHUNK, block);
                    let kept = &mut task.kept[from..from + STATES * p.lanes];
                    S::as_mut_simd_f32s(kept).0.copy_from_slice(&h);
                }
                let row = (at * p.directions() + direction) * row_len;
                let row = &task.projected[row..row + row_len];
                let (steps, row) = row.split_at(rank);
                let (b, c) = row.split_at(STATES);
                let u = &task.u[at * p.channels..(at + 1) * p.channels];
                let u = load(simd, &u[channel.min(u.len())..]);
                let mut raw = bias;
                for (step, weight) in steps.iter().zip(weights) {
                    raw = simd.mul_add_e_f32s(simd.splat_f32s(*step), *weight, raw);
                }
                let (delta, _) = softplus(simd, raw);
                let moved = simd.mul_f32s(delta, u);
                let mut sum = simd.mul_f32s(shortcut, u);
                for s in 0..STATES {
                    let decay = exp2(simd, simd.mul_f32s(delta, decays[s]));
                    let input = simd.mul_f32s(moved, simd.splat_f32s(b[s]));
                    h[s] = simd.mul_add_e_f32s(decay, h[s], input);
                    sum = simd.mul_add_e_f32s(h[s], simd.splat_f32s(c[s]), sum);
                }
                let to = &mut y[at * p.blocks + block];
                *to = simd.add_f32s(*to, sum);
            }
        }
    }
}
