//! Gradient descent with momentum in one pass over a parameter, as PyTorch's `SGD` without dampening.
//!
//! g ← s g + λ p (s shortens gradients that are too long together); u ← μ u + g;
//! p ← p - η (g + μ u) with Nesterov's look ahead, else p ← p - η u.
//! The state is u; without momentum there is none, and p ← p - η g.

use rayon::prelude::*;

use super::update::{CHUNK, Rule};

/// The factors of one step, the same for every element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sgd {
    scale: f32,
    eta: f32,
    lambda: f32,
    momentum: f32,
    nesterov: bool,
}

/// The constants of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Constants {
    /// μ.
    pub(crate) momentum: f64,
    /// Whether to look ahead.
    pub(crate) nesterov: bool,
}

impl Sgd {
    /// Factors of a step with learning rate η, weight decay λ and gradients times `scale`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "factors are computed in f64 and applied to f32 tensors"
    )]
    pub(crate) fn new(constants: Constants, eta: f64, lambda: f64, scale: f64) -> Self {
        Self {
            scale: scale as f32,
            eta: eta as f32,
            lambda: lambda as f32,
            momentum: constants.momentum as f32,
            nesterov: constants.nesterov,
        }
    }
}

impl Rule for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn state_numbers(&self) -> usize {
        usize::from(self.momentum > 0.0)
    }

    fn cpu(&self, p: &mut [f32], state: &mut [f32], g: &[f32]) {
        let f = *self;
        let pairs = p.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK));
        if state.is_empty() {
            pairs.for_each(|(p, g)| {
                for (p, g) in p.iter_mut().zip(g) {
                    *p -= f.eta * (f.scale * g + f.lambda * *p);
                }
            });
            return;
        }
        pairs
            .zip(state.par_chunks_mut(CHUNK))
            .for_each(|((p, g), u)| {
                for ((p, g), u) in p.iter_mut().zip(g).zip(u) {
                    let g = f.scale * g + f.lambda * *p;
                    *u = f.momentum * *u + g;
                    let direction = if f.nesterov { g + f.momentum * *u } else { *u };
                    *p -= f.eta * direction;
                }
            });
    }
}
