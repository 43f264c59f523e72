//! AdamW in one pass over a parameter: I. Loshchilov and F. Hutter, *Decoupled weight decay
//! regularization*, ICLR 2019, arXiv 1711.05101.
//!
//! g ← s g (s shortens gradients that are too long together);
//! p ← p (1 - η λ); m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²;
//! p ← p - η / (1 - β₁ᵗ) · m / (sqrt(v / (1 - β₂ᵗ)) + ε), in PyTorch's order of operations.
//! The state is m, then v.

use rayon::prelude::*;

use super::update::{CHUNK, Rule};

/// The factors of one step, the same for every element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adamw {
    scale: f32,
    keep: f32,
    beta1: f32,
    beta2: f32,
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    step_size: f32,
    root_correction2: f32,
    epsilon: f32,
}

/// The constants of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Constants {
    /// β₁ and β₂.
    pub(crate) betas: [f64; 2],
    /// ε.
    pub(crate) epsilon: f64,
}

impl Adamw {
    /// Factors of step `t` (from 1) with learning rate η, weight decay λ and gradients times `scale`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "factors are computed in f64 and applied to f32 tensors"
    )]
    pub(crate) fn new(constants: Constants, t: u64, eta: f64, lambda: f64, scale: f64) -> Self {
        let t = t as f64;
        let [beta1, beta2] = constants.betas;
        Self {
            scale: scale as f32,
            keep: (1.0 - eta * lambda) as f32,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            one_minus_beta1: (1.0 - beta1) as f32,
            one_minus_beta2: (1.0 - beta2) as f32,
            step_size: (eta / (1.0 - beta1.powf(t))) as f32,
            root_correction2: (1.0 - beta2.powf(t)).sqrt() as f32,
            epsilon: constants.epsilon as f32,
        }
    }
}

impl Rule for Adamw {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn state_numbers(&self) -> usize {
        2
    }

    fn cpu(&self, p: &mut [f32], state: &mut [f32], g: &[f32]) {
        let f = *self;
        let (first, second) = state.split_at_mut(p.len());
        p.par_chunks_mut(CHUNK)
            .zip(g.par_chunks(CHUNK))
            .zip(
                first
                    .par_chunks_mut(CHUNK)
                    .zip(second.par_chunks_mut(CHUNK)),
            )
            .for_each(|((p, g), (m, v))| {
                for ((p, g), (m, v)) in p.iter_mut().zip(g).zip(m.iter_mut().zip(v)) {
                    let g = f.scale * g;
                    *m = f.beta1 * *m + f.one_minus_beta1 * g;
                    *v = f.beta2 * *v + f.one_minus_beta2 * g * g;
                    let denominator = v.sqrt() / f.root_correction2 + f.epsilon;
                    *p = *p * f.keep - f.step_size * (*m / denominator);
                }
            });
    }
}
