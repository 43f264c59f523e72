//! Sizes and memory layouts shared by both directions of the scan's kernels.
//!
//! Channels are handled in blocks of one vector, blocks in groups: a task is one sample and one group.
//! What a task writes lies together, (L, channels of the group), so that tasks share nothing.

use rayon::prelude::*;

use super::order::Order;

/// Channels that one task handles, about: enough to spread the sums over channels that the gradients of
/// B and C need, few enough that several threads find work in one sample.
const GROUP_CHANNELS: usize = 128;
/// Steps between two stored states. The states and decays of so many steps, 16 states each, are what
/// stays in the nearest cache on the way back.
pub(super) const CHUNK: usize = 16;

/// What is fixed for a scan.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// N.
    pub(super) batch: usize,
    /// L.
    pub(super) tokens: usize,
    /// E.
    pub(super) channels: usize,
    /// S.
    pub(super) states: usize,
    /// R.
    pub(super) rank: usize,
    /// K lists of L positions.
    pub(super) orders: Vec<Order>,
    /// Numbers of one vector.
    pub(super) lanes: usize,
    /// Blocks of a group.
    pub(super) blocks: usize,
    /// Groups.
    pub(super) groups: usize,
}

impl Problem {
    pub(super) fn new(
        [batch, tokens, channels]: [usize; 3],
        [states, rank]: [usize; 2],
        orders: &[Order],
        lanes: usize,
    ) -> Self {
        let blocks = channels.div_ceil(lanes);
        let groups = blocks.div_ceil((GROUP_CHANNELS / lanes).max(1)).max(1);
        Self {
            batch,
            tokens,
            channels,
            states,
            rank,
            orders: orders.to_vec(),
            lanes,
            blocks: blocks.div_ceil(groups),
            groups,
        }
    }

    /// K.
    pub(super) fn directions(&self) -> usize {
        self.orders.len()
    }

    /// Numbers that a token's projection holds for one direction: R + 2 S.
    pub(super) fn row(&self) -> usize {
        self.rank + 2 * self.states
    }

    /// Numbers that a block's parameters take: decays, step weights, step bias, shortcut.
    pub(super) fn packed(&self) -> usize {
        (self.states + self.rank + 2) * self.lanes
    }

    /// Channels of a group, with those added to fill the last block.
    pub(super) fn width(&self) -> usize {
        self.blocks * self.lanes
    }

    /// Numbers that one task writes of a tensor (L, E).
    pub(super) fn task(&self) -> usize {
        self.tokens * self.width()
    }

    /// Stored states of one task.
    pub(super) fn kept(&self) -> usize {
        self.directions() * self.tokens.div_ceil(CHUNK) * self.blocks * self.states * self.lanes
    }

    /// Where the states before a chunk lie within a task's.
    pub(super) fn kept_at(&self, direction: usize, chunk: usize, block: usize) -> usize {
        let chunks = self.tokens.div_ceil(CHUNK);
        ((direction * chunks + chunk) * self.blocks + block) * self.states * self.lanes
    }

    /// Parameters of all blocks of all directions, each block's together, lane by lane.
    /// Channels that fill the last block have parameters zero.
    pub(super) fn pack(&self, parameters: [&[f32]; 4]) -> Vec<f32> {
        let mut packed = vec![0.0; self.directions() * self.groups * self.blocks * self.packed()];
        self.each_packed(|number, lane, at| packed[at] = parameters[number][lane]);
        packed
    }

    /// Gradients in the layout of [`Self::pack`] added to those of the parameters.
    pub(super) fn unpack(&self, packed: &[f32], parameters: &mut [Vec<f32>; 4]) {
        self.each_packed(|number, lane, at| parameters[number][lane] += packed[at]);
    }

    /// Calls `visit` with (which parameter, its position, the position in the packed form).
    fn each_packed(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let blocks = self.groups * self.blocks;
        for direction in 0..self.directions() {
            for channel in 0..self.channels {
                let block = direction * blocks + channel / self.lanes;
                let place =
                    |row: usize| block * self.packed() + row * self.lanes + channel % self.lanes;
                let from = direction * self.channels + channel;
                for state in 0..self.states {
                    visit(0, from * self.states + state, place(state));
                }
                for j in 0..self.rank {
                    visit(1, from * self.rank + j, place(self.states + j));
                }
                visit(2, from, place(self.states + self.rank));
                visit(3, from, place(self.states + self.rank + 1));
            }
        }
    }

    /// What the tasks wrote, (N, groups, L, width), as (N, L, E).
    pub(super) fn join(&self, tasks: Vec<f32>) -> Vec<f32> {
        if self.groups == 1 && self.width() == self.channels {
            return tasks;
        }
        let mut joined = vec![0.0; self.batch * self.tokens * self.channels];
        joined
            .par_chunks_mut(self.tokens * self.channels)
            .zip(tasks.par_chunks(self.groups * self.task()))
            .for_each(|(joined, tasks)| {
                for (group, part) in tasks.chunks_exact(self.task()).enumerate() {
                    let first = group * self.width();
                    let len = self.width().min(self.channels.saturating_sub(first));
                    for (to, from) in joined
                        .chunks_exact_mut(self.channels)
                        .zip(part.chunks_exact(self.width()))
                    {
                        to[first..first + len].copy_from_slice(&from[..len]);
                    }
                }
            });
        joined
    }
}
