//! The scan's way back, from the last token to the first.
//!
//! With a_t = exp(Δ_t A) and g_t the gradient of h_t: g_t = dy_t C_t + a_{t+1} g_{t+1}, and from it
//! dC_t = Σ dy_t h_t, dB_t = Σ g_t Δ_t u_t (sums over channels), du_t = D dy_t + Δ_t Σ g_t B_t,
//! dΔ_t = Σ g_t (A a_t h_{t-1} + u_t B_t) (sums over states), dA = Σ g_t Δ_t a_t h_{t-1} (over time).
//! States and decays are computed again, chunk by chunk, from the states that the forward pass kept.

use pulp::{Simd, WithSimd};

use super::problem::{CHUNK, Problem};
use crate::ops::lanes::{exp2, load, softplus};
use crate::ops::memory::with_scratch;

/// One sample and one group of channels.
pub(super) struct Backward<'a> {
    pub(super) problem: &'a Problem,
    pub(super) group: usize,
    /// The sample's (L, E).
    pub(super) u: &'a [f32],
    /// The sample's (L, E).
    pub(super) dy: &'a [f32],
    /// The sample's (L, K, R + 2 S).
    pub(super) projected: &'a [f32],
    /// [`Problem::pack`].
    pub(super) packed: &'a [f32],
    /// The states before every chunk.
    pub(super) kept: &'a [f32],
    /// (L, width), zeros at first.
    pub(super) du: &'a mut [f32],
    /// The group's part of the gradient of `projected`.
    pub(super) dprojected: &'a mut [f32],
    /// The sample's part of the gradients of the group's parameters: (K, blocks, packed), zeros at first.
    /// Decays have the gradient of A.
    pub(super) dpacked: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let p = self.problem;
        let sums = CHUNK * p.row() * p.lanes;
        let carried = p.blocks * p.states * p.lanes;
        with_scratch(sums + carried, |scratch| {
            let (sums, carried) = scratch.split_at_mut(sums);
            let sums = S::as_mut_simd_f32s(sums).0;
            let carried = S::as_mut_simd_f32s(carried).0;
            match p.states {
                8 => run::<S, 8>(simd, self, sums, carried),
                _ => run::<S, 16>(simd, self, sums, carried),
            }
        });
    }
}

/// What is computed again of one chunk and one block.
struct Again<V, const STATES: usize> {
    u: [V; CHUNK],
    delta: [V; CHUNK],
    /// dΔ / d(its argument).
    slope: [V; CHUNK],
    decay: [[V; STATES]; CHUNK],
    /// One entry more: the states before the chunk come first.
    h: [[V; STATES]; CHUNK + 1],
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
fn run<S: Simd, const STATES: usize>(
    simd: S,
    mut task: Backward<'_>,
    sums: &mut [S::f32s],
    carried: &mut [S::f32s],
) {
    let p = task.problem;
    let zero = simd.splat_f32s(0.0);
    let mut again = Again::<S::f32s, STATES> {
        u: [zero; CHUNK],
        delta: [zero; CHUNK],
        slope: [zero; CHUNK],
        decay: [[zero; STATES]; CHUNK],
        h: [[zero; STATES]; CHUNK + 1],
    };
    for direction in 0..p.directions() {
        carried.fill(zero);
        for chunk in (0..p.tokens.div_ceil(CHUNK)).rev() {
            let order = std::sync::Arc::clone(&p.orders[direction]);
            let order = &order[chunk * CHUNK..p.tokens.min((chunk + 1) * CHUNK)];
            sums.fill(zero);
            for block in 0..p.blocks {
                recompute(simd, &task, &mut again, order, [direction, chunk, block]);
                let carried = &mut carried[block * STATES..(block + 1) * STATES];
                walk_back(
                    simd,
                    &mut task,
                    &again,
                    order,
                    [direction, block],
                    sums,
                    carried,
                );
            }
            for (at, sums) in order.iter().zip(sums.chunks_exact(p.row())) {
                let row = (*at as usize * p.directions() + direction) * p.row();
                let row = &mut task.dprojected[row..row + p.row()];
                for (to, sum) in row.iter_mut().zip(sums) {
                    *to = simd.reduce_sum_f32s(*sum);
                }
            }
        }
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
fn recompute<S: Simd, const STATES: usize>(
    simd: S,
    task: &Backward<'_>,
    again: &mut Again<S::f32s, STATES>,
    order: &[u32],
    [direction, chunk, block]: [usize; 3],
) {
    let p = task.problem;
    let at_block = (direction * p.groups + task.group) * p.blocks + block;
    let channel = (task.group * p.blocks + block) * p.lanes;
    let packed = &task.packed[at_block * p.packed()..(at_block + 1) * p.packed()];
    let (decays, rest) = S::as_simd_f32s(packed).0.split_at(STATES);
    let (weights, rest) = rest.split_at(p.rank);
    let from = p.kept_at(direction, chunk, block);
    let kept = &task.kept[from..from + STATES * p.lanes];
    again.h[0].copy_from_slice(S::as_simd_f32s(kept).0);
    for (t, at) in order.iter().enumerate() {
        let at = *at as usize;
        let row = (at * p.directions() + direction) * p.row();
        let (steps, row) = task.projected[row..row + p.row()].split_at(p.rank);
        let b = &row[..STATES];
        let u = &task.u[at * p.channels..(at + 1) * p.channels];
        let u = load(simd, &u[channel.min(u.len())..]);
        let mut raw = rest[0];
        for (step, weight) in steps.iter().zip(weights) {
            raw = simd.mul_add_e_f32s(simd.splat_f32s(*step), *weight, raw);
        }
        let (delta, slope) = softplus(simd, raw);
        let moved = simd.mul_f32s(delta, u);
        let before = again.h[t];
        for s in 0..STATES {
            let decay = exp2(simd, simd.mul_f32s(delta, decays[s]));
            let input = simd.mul_f32s(moved, simd.splat_f32s(b[s]));
            again.decay[t][s] = decay;
            again.h[t + 1][s] = simd.mul_add_e_f32s(decay, before[s], input);
        }
        again.u[t] = u;
        again.delta[t] = delta;
        again.slope[t] = slope;
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled anew for every kind of vector"
)]
fn walk_back<S: Simd, const STATES: usize>(
    simd: S,
    task: &mut Backward<'_>,
    again: &Again<S::f32s, STATES>,
    order: &[u32],
    [direction, block]: [usize; 2],
    sums: &mut [S::f32s],
    carried: &mut [S::f32s],
) {
    let p = task.problem;
    let zero = simd.splat_f32s(0.0);
    let ln_2 = simd.splat_f32s(std::f32::consts::LN_2);
    let at_block = (direction * p.groups + task.group) * p.blocks + block;
    let channel = (task.group * p.blocks + block) * p.lanes;
    let packed = &task.packed[at_block * p.packed()..(at_block + 1) * p.packed()];
    let (decays, rest) = S::as_simd_f32s(packed).0.split_at(STATES);
    let (weights, rest) = rest.split_at(p.rank);
    let shortcut = rest[1];
    let at_gradient = (direction * p.blocks + block) * p.packed();
    let gradient = &mut task.dpacked[at_gradient..at_gradient + p.packed()];
    let (d_decays, d_rest) = S::as_mut_simd_f32s(gradient).0.split_at_mut(STATES);
    let (d_weights, d_rest) = d_rest.split_at_mut(p.rank);
    let (mut d_bias, mut d_shortcut) = (zero, zero);
    let du = S::as_mut_simd_f32s(task.du).0;
    for (t, at) in order.iter().enumerate().rev() {
        let at = *at as usize;
        let row = (at * p.directions() + direction) * p.row();
        let (steps, row) = task.projected[row..row + p.row()].split_at(p.rank);
        let (b, c) = row.split_at(STATES);
        let dy = &task.dy[at * p.channels..(at + 1) * p.channels];
        let dy = load(simd, &dy[channel.min(dy.len())..]);
        let (d_steps, sums) = sums[t * p.row()..(t + 1) * p.row()].split_at_mut(p.rank);
        let (d_b, d_c) = sums.split_at_mut(STATES);
        let (u, delta) = (again.u[t], again.delta[t]);
        let moved = simd.mul_f32s(delta, u);
        // Σ g B and Σ g A a h over states, the latter in units of log2.
        let (mut into_moved, mut into_decay) = (zero, zero);
        for s in 0..STATES {
            let g = simd.mul_add_e_f32s(dy, simd.splat_f32s(c[s]), carried[s]);
            d_c[s] = simd.mul_add_e_f32s(dy, again.h[t + 1][s], d_c[s]);
            d_b[s] = simd.mul_add_e_f32s(g, moved, d_b[s]);
            into_moved = simd.mul_add_e_f32s(g, simd.splat_f32s(b[s]), into_moved);
            let back = simd.mul_f32s(g, again.decay[t][s]);
            let lost = simd.mul_f32s(back, again.h[t][s]);
            into_decay = simd.mul_add_e_f32s(decays[s], lost, into_decay);
            d_decays[s] = simd.mul_add_e_f32s(delta, lost, d_decays[s]);
            carried[s] = back;
        }
        let d_u = simd.mul_add_e_f32s(delta, into_moved, simd.mul_f32s(shortcut, dy));
        let d_delta = simd.mul_add_e_f32s(u, into_moved, simd.mul_f32s(ln_2, into_decay));
        let d_raw = simd.mul_f32s(d_delta, again.slope[t]);
        for (j, step) in steps.iter().enumerate() {
            d_steps[j] = simd.mul_add_e_f32s(d_raw, weights[j], d_steps[j]);
            d_weights[j] = simd.mul_add_e_f32s(d_raw, simd.splat_f32s(*step), d_weights[j]);
        }
        d_bias = simd.add_f32s(d_bias, d_raw);
        d_shortcut = simd.mul_add_e_f32s(dy, u, d_shortcut);
        let to = &mut du[at * p.blocks + block];
        *to = simd.add_f32s(*to, d_u);
    }
    d_rest[0] = simd.add_f32s(d_rest[0], d_bias);
    d_rest[1] = simd.add_f32s(d_rest[1], d_shortcut);
}
