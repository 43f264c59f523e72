//! The optimiser over all parameters of a model, with a state that can be stored.

use candle_core::{DType, Tensor};

use crate::error::{DeepError, Result};
use crate::groups::{Group, groups};
use crate::model::{Gradients, Model};
use crate::ops::sum_squares::sum_squares;
use crate::ops::update::{Rule, update};
use crate::ops::{adamw, sgd};
use crate::settings::{Decayed, OptimiserKind, TrainSettings};
use crate::state::Entry;

/// Added to the norm of the gradients that a bound is divided by, as PyTorch's `clip_grad_norm_` does.
const NORM_EPSILON: f64 = 1e-6;

/// Which parameters move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moving {
    /// All of them.
    All,
    /// The classifier's only.
    Head,
}

/// The rule with its constants.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Adamw(adamw::Constants),
    Sgd(sgd::Constants),
}

/// The optimiser: its state per parameter and the number of steps taken.
#[derive(Debug)]
pub struct Optimiser {
    kind: Kind,
    groups: Vec<Group>,
    clip_norm: Option<f64>,
    pub(crate) steps: u64,
    /// Steps in which only the classifier moved.
    pub(crate) head_steps: u64,
    /// (numbers of state, numbers) of every parameter, on its device.
    pub(crate) states: Vec<Tensor>,
}

/// AdamW with PyTorch's constants, as [`Optimiser::new`] makes it.
pub type AdamW = Optimiser;

impl Optimiser {
    /// AdamW at step 0 for the parameters of `model`.
    ///
    /// # Panics
    /// When there is no memory for its state.
    pub fn new(model: &Model, weight_decay: f64, decayed: Decayed) -> Self {
        let settings = TrainSettings {
            weight_decay,
            decayed,
            ..TrainSettings::default()
        };
        match Self::of(model, &settings) {
            Ok(optimiser) => optimiser,
            Err(error) => panic!("{error}"),
        }
    }

    /// The optimiser of the settings at step 0 for the parameters of `model`.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when there is no memory for its state.
    pub fn of(model: &Model, settings: &TrainSettings) -> Result<Self> {
        let rule = &settings.optimiser;
        let kind = match rule.kind {
            OptimiserKind::Adamw => Kind::Adamw(adamw::Constants {
                betas: [rule.beta1, rule.beta2],
                epsilon: rule.epsilon,
            }),
            OptimiserKind::Sgd => Kind::Sgd(sgd::Constants {
                momentum: rule.momentum,
                nesterov: rule.nesterov,
            }),
        };
        let numbers = kind.rule(1, 0.0, 0.0, 1.0).state_numbers();
        let zeros = |entry: &Entry| {
            let shape = (numbers, entry.value.elem_count());
            Tensor::zeros(shape, DType::F32, entry.value.device())
        };
        let states = model.state().parameters().map(zeros);
        Ok(Self {
            kind,
            groups: groups(model.state(), settings),
            clip_norm: settings.clip_norm,
            steps: 0,
            head_steps: 0,
            states: states
                .collect::<candle_core::Result<_>>()
                .map_err(|error| DeepError::refused(&error))?,
        })
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Moves every parameter once with this learning rate.
    ///
    /// # Errors
    /// [`DeepError::TensorName`] for a parameter without a gradient.
    pub fn step(
        &mut self,
        model: &mut Model,
        gradients: &Gradients,
        learning_rate: f64,
    ) -> Result<()> {
        let gradients = gradients.parameters();
        self.apply(model, gradients, 1.0, learning_rate, Moving::All)
            .map(|_| ())
    }

    /// Moves the parameters by their gradients times `scale`. The norm of all of these gradients, where a bound
    /// on it is set; nothing moves when it is not finite.
    pub(crate) fn apply(
        &mut self,
        model: &Model,
        gradients: &[Option<Tensor>],
        scale: f64,
        learning_rate: f64,
        moving: Moving,
    ) -> Result<Option<f64>> {
        let mut parts: Vec<(usize, &Entry, &Tensor)> = Vec::new();
        for (at, (entry, gradient)) in model.state().parameters().zip(gradients).enumerate() {
            if moving == Moving::Head && !self.groups[at].is_head {
                continue;
            }
            let Some(gradient) = gradient else {
                return Err(DeepError::TensorName {
                    name: entry.info.name.clone(),
                    found: "it has no gradient",
                });
            };
            parts.push((at, entry, gradient));
        }
        let refused = |error: candle_core::Error| DeepError::refused(&error);
        let mut scale = scale;
        let mut norm = None;
        if let Some(bound) = self.clip_norm {
            let mut squares = 0.0;
            for (_, _, gradient) in &parts {
                squares += sum_squares(gradient).map_err(refused)?;
            }
            let found = squares.sqrt() * scale;
            norm = Some(found);
            if !found.is_finite() {
                return Ok(norm);
            }
            scale *= (bound / (found + NORM_EPSILON)).min(1.0);
        }
        self.steps += 1;
        self.head_steps += u64::from(moving == Moving::Head);
        for (at, entry, gradient) in parts {
            let group = self.groups[at];
            let t = if group.is_head {
                self.steps
            } else {
                self.steps - self.head_steps
            };
            let rule = self
                .kind
                .rule(t, learning_rate * group.rate, group.decay, scale);
            update(&*rule, &entry.value, &self.states[at], gradient).map_err(refused)?;
        }
        Ok(norm)
    }

    /// What the state holds, for names in files: one per number of state.
    pub(crate) fn state_names(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Adamw(_) => &["adamw.first", "adamw.second"],
            Kind::Sgd(constants) if constants.momentum > 0.0 => &["sgd.velocity"],
            Kind::Sgd(_) => &[],
        }
    }

    /// The numbers of the state: for each parameter, one list per name of [`Optimiser::state_names`].
    pub(crate) fn numbers(&self) -> Result<Vec<Vec<Vec<f32>>>> {
        let lists = self.states.iter().map(Tensor::to_vec2);
        lists
            .collect::<candle_core::Result<_>>()
            .map_err(|error| DeepError::refused(&error))
    }

    /// Takes over a state: for each parameter the lists of [`Optimiser::numbers`], one after the other.
    pub(crate) fn restore(&mut self, numbers: &[Vec<f32>]) -> Result<()> {
        for (state, numbers) in self.states.iter_mut().zip(numbers) {
            *state = Tensor::from_slice(numbers, state.shape(), state.device())
                .map_err(|error| DeepError::refused(&error))?;
        }
        Ok(())
    }

    /// A copy whose state does not move with this one's.
    pub(crate) fn copied(&self) -> Result<Self> {
        let states = self.states.iter().map(Tensor::copy);
        Ok(Self {
            groups: self.groups.clone(),
            states: states
                .collect::<candle_core::Result<_>>()
                .map_err(|error| DeepError::refused(&error))?,
            ..*self
        })
    }
}

impl Kind {
    /// The rule of step `t`.
    fn rule(self, t: u64, eta: f64, decay: f64, scale: f64) -> Box<dyn Rule> {
        match self {
            Self::Adamw(constants) => Box::new(adamw::Adamw::new(constants, t, eta, decay, scale)),
            Self::Sgd(constants) => Box::new(sgd::Sgd::new(constants, eta, decay, scale)),
        }
    }
}

#[cfg(test)]
mod tests;
