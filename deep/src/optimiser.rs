//! The optimiser over all parameters of a model, with a state that can be stored.

use candle_core::{DType, Tensor};

use crate::error::{DeepError, Result};
use crate::groups::{Group, groups};
use crate::model::{Gradients, Model};
use crate::network::Moving;
#[cfg(feature = "cuda")]
use crate::ops::cuda;
use crate::ops::sum_squares::sum_squares;
use crate::ops::update::{Rule, update};
use crate::ops::{adamw, sgd};
use crate::settings::{Decayed, OptimiserKind, TrainSettings};
use crate::state::{Entry, numbers_of, tensor_of};

/// Added to the norm of the gradients that a bound is divided by, as PyTorch's `clip_grad_norm_` does.
const NORM_EPSILON: f64 = 1e-6;

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
    /// (numbers of state, numbers) of every parameter, on its device and in its order there.
    pub(crate) states: Vec<Tensor>,
    /// Shape of every parameter.
    shapes: Vec<Vec<usize>>,
    /// What the GPU is told once.
    #[cfg(feature = "cuda")]
    tables: Option<cuda::Tensors>,
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
        let shapes = model.state().parameters();
        Ok(Self {
            kind,
            shapes: shapes.map(|entry| entry.info.shape.clone()).collect(),
            #[cfg(feature = "cuda")]
            tables: None,
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
        #[cfg(feature = "cuda")]
        if model.place().is_gpu() {
            let parts: Vec<(usize, &Tensor)> = parts.iter().map(|part| (part.0, part.2)).collect();
            self.steps += 1;
            self.head_steps += u64::from(moving == Moving::Head);
            self.apply_on_gpu(model, &parts, scale, learning_rate)
                .map_err(refused)?;
            return Ok(None);
        }
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
            let t = self.time(at);
            let rule = self
                .kind
                .rule(t, learning_rate * group.rate, group.decay, scale);
            update(&*rule, &entry.value, &self.states[at], gradient).map_err(refused)?;
        }
        Ok(norm)
    }

    /// Steps in which a parameter has moved.
    fn time(&self, at: usize) -> u64 {
        if self.groups[at].is_head {
            self.steps
        } else {
            self.steps - self.head_steps
        }
    }

    /// Moves (position, gradient) of parameters in one launch. Nothing is read back: where the norm of the
    /// gradients is bounded and not finite, nothing moves, and the next loss tells.
    #[cfg(feature = "cuda")]
    #[expect(clippy::cast_possible_truncation, reason = "kernels take f32")]
    fn apply_on_gpu(
        &mut self,
        model: &Model,
        parts: &[(usize, &Tensor)],
        scale: f64,
        learning_rate: f64,
    ) -> candle_core::Result<()> {
        let states: Vec<[Option<Tensor>; 2]> = self
            .states
            .iter()
            .map(|state| {
                let of = |k: usize| match state.dim(0)? {
                    held if k < held => state.narrow(0, k, 1).map(Some),
                    _ => Ok(None),
                };
                Ok([of(0)?, of(1)?])
            })
            .collect::<candle_core::Result<_>>()?;
        let rows: Vec<cuda::Row<'_>> = model
            .state()
            .parameters()
            .zip(&states)
            .map(|(entry, [first, second])| cuda::Row {
                value: &entry.value,
                first: first.as_ref(),
                second: second.as_ref(),
                copy: entry.copy.as_deref(),
            })
            .collect();
        let known = match &self.tables {
            Some(tables) => tables.are_of(&rows)?,
            None => false,
        };
        if !known {
            self.tables = Some(cuda::Tensors::new(&rows, &model.place().device)?);
        }
        let Some(tables) = &self.tables else {
            return Ok(());
        };
        let mut gradients = vec![None; rows.len()];
        let mut factors = vec![cuda::Factors::default(); rows.len()];
        for (at, gradient) in parts {
            let group = self.groups[*at];
            let rate = learning_rate * group.rate;
            gradients[*at] = Some(*gradient);
            factors[*at] = self.kind.factors(self.time(*at), rate, group.decay);
        }
        let steps = tables.steps(&gradients, &factors)?;
        let clip = match self.clip_norm {
            None => None,
            Some(bound) => Some(tables.norm(&steps, [scale, bound, NORM_EPSILON])?),
        };
        let rule = match self.kind {
            Kind::Adamw(adamw::Constants { betas, epsilon }) => {
                let [b1, b2] = betas;
                let all = [b1, b2, 1.0 - b1, 1.0 - b2, epsilon];
                cuda::Rule::AdamW(all.map(|x| x as f32))
            }
            Kind::Sgd(sgd::Constants { momentum, nesterov }) => {
                cuda::Rule::Sgd(momentum as f32, u32::from(nesterov))
            }
        };
        tables.step(rule, &steps, clip.as_ref(), scale)
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
        let lists = self.states.iter().zip(&self.shapes).map(|(state, shape)| {
            let rows = (0..state.dim(0)?).map(|k| {
                let row = state.narrow(0, k, 1)?.reshape(shape.as_slice())?;
                numbers_of(&row)
            });
            rows.collect()
        });
        lists
            .collect::<candle_core::Result<_>>()
            .map_err(|error| DeepError::refused(&error))
    }

    /// Takes over a state: for each parameter the lists of [`Optimiser::numbers`], one after the other.
    pub(crate) fn restore(&mut self, numbers: &[Vec<f32>]) -> Result<()> {
        let shapes = self.shapes.iter();
        for ((state, numbers), shape) in self.states.iter_mut().zip(numbers).zip(shapes) {
            *state = restored(state, numbers, shape).map_err(|error| DeepError::refused(&error))?;
        }
        Ok(())
    }

    /// A copy whose state does not move with this one's.
    pub(crate) fn copied(&self) -> Result<Self> {
        let states = self.states.iter().map(Tensor::copy);
        Ok(Self {
            groups: self.groups.clone(),
            shapes: self.shapes.clone(),
            #[cfg(feature = "cuda")]
            tables: None,
            states: states
                .collect::<candle_core::Result<_>>()
                .map_err(|error| DeepError::refused(&error))?,
            ..*self
        })
    }
}

/// A state like `state`, (k, n), with the numbers of k tensors of `shape` one after the other.
fn restored(state: &Tensor, numbers: &[f32], shape: &[usize]) -> candle_core::Result<Tensor> {
    let (held, count) = state.dims2()?;
    if held == 0 || numbers.len() != held * count {
        return Tensor::from_slice(numbers, state.shape(), state.device());
    }
    let rows: Vec<Tensor> = numbers
        .chunks(count.max(1))
        .zip(0..held)
        .map(|(numbers, k)| {
            let like = state.narrow(0, k, 1)?.reshape(shape)?;
            tensor_of(numbers, &like)?.reshape((1, count))
        })
        .collect::<candle_core::Result<_>>()?;
    Tensor::cat(&rows, 0)
}

impl Kind {
    /// The factors of step `t` for the GPU.
    #[cfg(feature = "cuda")]
    #[expect(clippy::cast_possible_truncation, reason = "kernels take f32")]
    fn factors(self, t: u64, eta: f64, decay: f64) -> cuda::Factors {
        match self {
            Self::Adamw(adamw::Constants { betas, .. }) => cuda::Factors {
                keep: (1.0 - eta * decay) as f32,
                rate: (eta / (1.0 - betas[0].powf(t as f64))) as f32,
                root: (1.0 - betas[1].powf(t as f64)).sqrt() as f32,
            },
            Self::Sgd(_) => cuda::Factors {
                keep: decay as f32,
                rate: eta as f32,
                root: 0.0,
            },
        }
    }

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
