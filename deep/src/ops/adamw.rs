//! AdamW in one pass over a parameter: I. Loshchilov and F. Hutter, *Decoupled weight decay
//! regularization*, ICLR 2019, arXiv 1711.05101.
//!
//! p ← p (1 - η λ); m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²;
//! p ← p - η / (1 - β₁ᵗ) · m / (sqrt(v / (1 - β₂ᵗ)) + ε), in PyTorch's order of operations.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, bail};
use rayon::prelude::*;

use super::vectors::vectorised;

/// Numbers handled by one task.
const CHUNK: usize = 32 * 1024;

/// First and second moment of a parameter's gradient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moments {
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
}

impl Moments {
    /// Zeros for a parameter of `len` numbers.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            first: vec![0.0; len],
            second: vec![0.0; len],
        }
    }
}

/// The factors of one step, the same for every element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors {
    keep: f32,
    beta1: f32,
    beta2: f32,
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    step_size: f32,
    root_correction2: f32,
    epsilon: f32,
}

impl Factors {
    /// Factors of step `t` (from 1) with learning rate η and weight decay λ.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "factors are computed in f64 and applied to f32 tensors"
    )]
    pub(crate) fn new(
        t: u64,
        eta: f64,
        lambda: f64,
        [beta1, beta2]: [f64; 2],
        epsilon: f64,
    ) -> Self {
        let t = t as f64;
        Self {
            keep: (1.0 - eta * lambda) as f32,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            one_minus_beta1: (1.0 - beta1) as f32,
            one_minus_beta2: (1.0 - beta2) as f32,
            step_size: (eta / (1.0 - beta1.powf(t))) as f32,
            root_correction2: (1.0 - beta2.powf(t)).sqrt() as f32,
            epsilon: epsilon as f32,
        }
    }
}

struct Step<'a> {
    factors: Factors,
    /// The library hands the operation out by shared reference only.
    moments: Mutex<&'a mut Moments>,
}

/// Moves a parameter by one step.
pub(crate) fn step(
    parameter: &Var,
    gradient: &Tensor,
    moments: &mut Moments,
    factors: Factors,
) -> Result<()> {
    let op = Step {
        factors,
        moments: Mutex::new(moments),
    };
    parameter.inplace_op2(&gradient.contiguous()?, &op)
}

impl InplaceOp2 for Step<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(
        &self,
        parameter: &mut CpuStorage,
        parameter_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<()> {
        let g = super::memory::slice(gradient, gradient_layout)?;
        let Some((start, end)) = parameter_layout.contiguous_offsets() else {
            bail!("adamw: a parameter is not contiguous")
        };
        let CpuStorage::F32(p) = parameter else {
            bail!("adamw: a parameter is not f32")
        };
        let p = &mut p[start..end];
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let Moments { first, second } = &mut **moments;
        if g.len() != p.len() || first.len() != p.len() || second.len() != p.len() {
            bail!("adamw: {} numbers, {} gradients", p.len(), g.len());
        }
        let f = self.factors;
        p.par_chunks_mut(CHUNK)
            .zip(g.par_chunks(CHUNK))
            .zip(
                first
                    .par_chunks_mut(CHUNK)
                    .zip(second.par_chunks_mut(CHUNK)),
            )
            .for_each(|((p, g), (m, v))| {
                vectorised(
                    #[inline(always)]
                    || {
                        for ((p, g), (m, v)) in p.iter_mut().zip(g).zip(m.iter_mut().zip(v)) {
                            *m = f.beta1 * *m + f.one_minus_beta1 * g;
                            *v = f.beta2 * *v + f.one_minus_beta2 * g * g;
                            let denominator = v.sqrt() / f.root_correction2 + f.epsilon;
                            *p = *p * f.keep - f.step_size * (*m / denominator);
                        }
                    },
                );
            });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// The definition in f64 over three steps with changing gradients.
    #[test]
    fn adamw_closed_form() {
        let (eta, lambda, betas, epsilon) = (1e-2, 0.1, [0.9, 0.999], 1e-8);
        let gradients = [[0.5_f32, -2.0, 0.0], [0.25, 1.0, 0.0], [-3.0, 1.0, 1e-4]];
        let start = [1.0_f32, -0.5, 2.0];
        let variable = Var::new(&start, &Device::Cpu).unwrap();
        let mut moments = Moments::zeros(3);
        let mut p = start.map(f64::from);
        let (mut m, mut v) = ([0.0_f64; 3], [0.0_f64; 3]);
        for (t, gradient) in (1..).zip(&gradients) {
            let g = Tensor::new(gradient, &Device::Cpu).unwrap();
            let factors = Factors::new(t, eta, lambda, betas, epsilon);
            step(&variable, &g, &mut moments, factors).unwrap();
            for k in 0..3 {
                let g = f64::from(gradient[k]);
                p[k] *= 1.0 - eta * lambda;
                m[k] = 0.9 * m[k] + 0.1 * g;
                v[k] = 0.999 * v[k] + 0.001 * g * g;
                let m_hat = m[k] / (1.0 - 0.9_f64.powf(t as f64));
                let v_hat = v[k] / (1.0 - 0.999_f64.powf(t as f64));
                p[k] -= eta * m_hat / (v_hat.sqrt() + epsilon);
            }
            let found = variable.to_vec1::<f32>().unwrap();
            for (f, e) in found.iter().zip(p) {
                // A few roundings of numbers near two.
                assert!((f64::from(*f) - e).abs() < 1e-6, "step {t}: {f} {e}");
            }
        }
    }
}
