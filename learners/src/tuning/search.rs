//! The search for a learner's settings within the training rows.
//!
//! Every point of the learner's space is fitted on each fold's learning rows and judged on its held-out
//! patients. Preprocessing is fitted anew on every fold's learning rows, once for all points, since it
//! does not depend on them. The best mean wins, an earlier point before a later one of the same mean, and
//! the defaults are the earliest. The pipeline that wins is fitted on all rows.
//!
//! The search sees the rows it is given and no others: called with the training rows of an outer fold it
//! makes nested cross-validation, and the outer estimate has not seen the choice. Calibration, if the
//! pipeline has one, is fitted for the winner only; points are judged without.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::folds::{Folds, ThinClass};
use super::groups::Groups;
use super::score::{Judge, Score};
use super::spaces::{Effort, points};
use crate::error::{LearnError, Result};
use crate::learner::Parameters;
use crate::pipeline::{FittedPipeline, Pipeline, Prepared};
use crate::samples::Samples;

/// How settings are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tuning {
    /// How much is tried.
    pub effort: Effort,
    /// What is chosen by.
    pub score: Score,
    /// Folds within the training rows.
    pub folds: usize,
    /// How often they are drawn.
    pub repeats: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            effort: Effort::None,
            score: Score::LogLoss,
            folds: 5,
            repeats: 1,
        }
    }
}

/// One point of the search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// Settings that differ from the learner's defaults.
    pub parameters: Parameters,
    /// Its score on each fold, repeat after repeat; NaN where a fold's patients do not define it.
    pub scores: Vec<f64>,
    /// Why it could not be fitted, if so.
    pub failure: Option<String>,
}

impl Trial {
    fn defined(&self) -> Vec<f64> {
        self.scores
            .iter()
            .copied()
            .filter(|s| !s.is_nan())
            .collect()
    }

    /// Mean over the folds, NaN for a failed point.
    pub fn mean(&self) -> f64 {
        let defined = self.defined();
        defined.iter().sum::<f64>() / defined.len() as f64
    }

    /// Standard deviation over the folds (divided by their number, as scikit-learn's `std_test_score`).
    pub fn sd(&self) -> f64 {
        let (defined, mean) = (self.defined(), self.mean());
        let squares: f64 = defined.iter().map(|s| (s - mean) * (s - mean)).sum();
        (squares / defined.len() as f64).sqrt()
    }
}

/// What a search found.
#[derive(Debug)]
pub struct Tuned {
    /// The winner, fitted on all training rows.
    pub pipeline: FittedPipeline,
    /// Which of the trials it is.
    pub chosen: usize,
    /// Every point in the order it was tried; empty where nothing was searched.
    pub trials: Vec<Trial>,
    /// Classes with fewer patients than folds.
    pub warnings: Vec<ThinClass>,
}

impl Tuned {
    /// Settings of the winner that differ from the learner's defaults.
    pub fn parameters(&self) -> Option<&Parameters> {
        self.trials.get(self.chosen).map(|trial| &trial.parameters)
    }
}

/// Rows that are learned from, as the learner sees them, and those that judge.
struct Prepare {
    learned: Prepared,
    values: Vec<f64>,
    rows: usize,
    judge: Judge,
}

impl Prepare {
    fn new(pipeline: &Pipeline, learn: &Samples, judge: &Samples) -> Result<Self> {
        let learned = pipeline.prepare(learn)?;
        let values = learned.values_of(judge)?;
        Ok(Self {
            learned,
            values,
            rows: judge.rows(),
            judge: Judge::new(judge, Groups::new(learn).len()),
        })
    }
}

/// Searches the settings of the pipeline's learner in folds of the training rows and fits the best on
/// all of them.
///
/// # Errors
/// Those of [`Folds::new`] and [`Pipeline::fit`]; a point that fails is recorded instead, unless all do.
pub fn tune(pipeline: &Pipeline, samples: &Samples, tuning: &Tuning, seed: u64) -> Result<Tuned> {
    if tuning.effort == Effort::None {
        return untuned(pipeline, samples, seed);
    }
    let samples = samples.in_canonical_order();
    let folds = Folds::new(&samples, tuning.folds, tuning.repeats, seed)?;
    let prepare = |part: &super::HeldOut| {
        let (learn, judge) = (samples.subset(&part.learn), samples.subset(&part.judge));
        Prepare::new(pipeline, &learn, &judge)
    };
    let parts: Vec<Prepare> = folds
        .parts()
        .par_iter()
        .map(prepare)
        .collect::<Result<_>>()?;
    let warnings = folds.warnings().to_vec();
    search(pipeline, &samples, &parts, warnings, tuning, seed)
}

/// The same with validation rows that decide; the winner is fitted on the training rows alone.
///
/// # Errors
/// Those of [`tune`].
pub fn tune_with_validation(
    pipeline: &Pipeline,
    train: &Samples,
    valid: &Samples,
    tuning: &Tuning,
    seed: u64,
) -> Result<Tuned> {
    if tuning.effort == Effort::None {
        return untuned(pipeline, train, seed);
    }
    let train = train.in_canonical_order();
    let part = Prepare::new(pipeline, &train, &valid.in_canonical_order())?;
    search(pipeline, &train, &[part], Vec::new(), tuning, seed)
}

fn untuned(pipeline: &Pipeline, samples: &Samples, seed: u64) -> Result<Tuned> {
    Ok(Tuned {
        pipeline: pipeline.fit(samples, seed)?,
        chosen: 0,
        trials: Vec::new(),
        warnings: Vec::new(),
    })
}

fn search(
    pipeline: &Pipeline,
    samples: &Samples,
    parts: &[Prepare],
    warnings: Vec<ThinClass>,
    tuning: &Tuning,
    seed: u64,
) -> Result<Tuned> {
    let points = points(pipeline.entry(), pipeline.parameters(), tuning.effort, seed);
    let all: Vec<Result<f64>> = (0..points.len() * parts.len())
        .into_par_iter()
        .map(|at| {
            let part = &parts[at % parts.len()];
            let learner = pipeline.entry().with(&points[at / parts.len()])?;
            let model = part.learned.fit(&*learner, seed)?;
            let answers = model.predict_proba(&part.values, part.rows);
            if answers.iter().any(|p| !p.is_finite()) {
                return Err(LearnError::samples(
                    "held-out rows so far out that sums overflow",
                    "values of the size seen in training",
                ));
            }
            Ok(part.judge.score(tuning.score, &answers))
        })
        .collect();
    let trials: Vec<Trial> = points
        .into_iter()
        .zip(all.chunks_exact(parts.len()))
        .map(|(parameters, scores)| trial(parameters, scores))
        .collect();
    let mut chosen = 0;
    for (at, trial) in trials.iter().enumerate() {
        if tuning.score.is_better(trial.mean(), trials[chosen].mean()) {
            chosen = at;
        }
    }
    // Where all points failed, the fit of the first says why.
    let best = pipeline.again(&trials[chosen].parameters)?;
    Ok(Tuned {
        pipeline: best.fit(samples, seed)?,
        chosen,
        trials,
        warnings,
    })
}

fn trial(parameters: Parameters, scores: &[Result<f64>]) -> Trial {
    let failure = scores.iter().find_map(|score| score.as_ref().err());
    Trial {
        parameters,
        failure: failure.map(ToString::to_string),
        scores: match failure {
            Some(_) => Vec::new(),
            None => scores
                .iter()
                .filter_map(|score| score.as_ref().ok().copied())
                .collect(),
        },
    }
}
