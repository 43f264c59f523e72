//! Learning curves: scores against the number of patients learned from.
//!
//! In every fold the learning patients are put in a random order in which each class is spread evenly,
//! and the pipeline is fitted on ever longer beginnings of it. A larger size thus holds the smaller ones.
//! Held-out patients stay the same. Where the held-out curve still rises, more patients would help; where
//! the two curves stay apart, the learner fits what does not hold.

use raduet_study::random::Stream;
use rayon::prelude::*;
use serde::Serialize;

use crate::error::{LearnError, Result};
use crate::pipeline::Pipeline;
use crate::samples::Samples;
use crate::tuning::groups::Groups;
use crate::tuning::score::Judge;
use crate::tuning::{Folds, HeldOut, Score};

/// Which curve is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningCurve {
    /// Sizes as shares of a fold's learning patients, above 0 and at most 1.
    pub shares: Vec<f64>,
    /// Folds within the rows.
    pub folds: usize,
    /// How often they are drawn.
    pub repeats: usize,
    /// What is drawn.
    pub score: Score,
}

impl Default for LearningCurve {
    fn default() -> Self {
        Self {
            shares: vec![0.2, 0.4, 0.6, 0.8, 1.0],
            folds: 5,
            repeats: 1,
            score: Score::LogLoss,
        }
    }
}

/// One size of the curve; every list holds one value a fold, repeat after repeat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Share of the learning patients.
    pub share: f64,
    /// Patients learned from.
    pub patients: Vec<usize>,
    /// Scores on the patients learned from; NaN where the fit failed.
    pub learned: Vec<f64>,
    /// Scores on the patients held out; NaN where the fit failed.
    pub held_out: Vec<f64>,
    /// Why fits failed, each reason once; small sizes may miss a class.
    pub failures: Vec<String>,
}

impl CurvePoint {
    /// Mean and standard deviation (divided by the number of folds) of what is defined of a list.
    pub fn summary(scores: &[f64]) -> (f64, f64) {
        let defined: Vec<f64> = scores.iter().copied().filter(|s| !s.is_nan()).collect();
        let n = defined.len() as f64;
        let mean = defined.iter().sum::<f64>() / n;
        let squares: f64 = defined.iter().map(|s| (s - mean) * (s - mean)).sum();
        (mean, (squares / n).sqrt())
    }
}

/// Fits the pipeline on growing numbers of patients.
///
/// # Errors
/// [`LearnError::Samples`] for a share outside 0..=1, and those of [`Folds::new`]. Fits that fail are
/// recorded.
pub fn learning_curve(
    pipeline: &Pipeline,
    samples: &Samples,
    settings: &LearningCurve,
    seed: u64,
) -> Result<Vec<CurvePoint>> {
    if let Some(bad) = settings.shares.iter().find(|s| !(**s > 0.0 && **s <= 1.0)) {
        return Err(LearnError::samples(
            format!("share {bad}"),
            "shares above 0, at most 1",
        ));
    }
    let samples = samples.in_canonical_order();
    let folds = Folds::new(&samples, settings.folds, settings.repeats, seed)?;
    let parts = folds.parts();
    let fitted: Vec<(usize, Result<(f64, f64)>)> = (0..settings.shares.len() * parts.len())
        .into_par_iter()
        .map(|at| {
            let part = &parts[at % parts.len()];
            let (learn, patients) =
                beginning(&samples, part, settings.shares[at / parts.len()], seed);
            let score = |rows: &Samples, fitted: &crate::FittedPipeline| -> Result<f64> {
                let judge = Judge::new(rows, patients);
                Ok(judge.score(settings.score, &fitted.answers(rows)?))
            };
            let both = pipeline.fit(&learn, seed).and_then(|fitted| {
                let held_out = samples.subset(&part.judge);
                Ok((score(&learn, &fitted)?, score(&held_out, &fitted)?))
            });
            (patients, both)
        })
        .collect();
    let points = settings.shares.iter().zip(fitted.chunks_exact(parts.len()));
    Ok(points
        .map(|(&share, of_share)| point(share, of_share))
        .collect())
}

fn point(share: f64, fitted: &[(usize, Result<(f64, f64)>)]) -> CurvePoint {
    let both = |(_, scores): &(usize, Result<(f64, f64)>)| {
        scores.as_ref().map_or((f64::NAN, f64::NAN), |both| *both)
    };
    let faults = fitted
        .iter()
        .filter_map(|(_, scores)| scores.as_ref().err());
    let mut failures: Vec<String> = faults.map(ToString::to_string).collect();
    failures.sort_unstable();
    failures.dedup();
    CurvePoint {
        share,
        patients: fitted.iter().map(|(patients, _)| *patients).collect(),
        learned: fitted.iter().map(|of| both(of).0).collect(),
        held_out: fitted.iter().map(|of| both(of).1).collect(),
        failures,
    }
}

/// The rows of a share of a fold's learning patients, rounded up, and how many patients they are.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count of patients"
)]
fn beginning(samples: &Samples, part: &HeldOut, share: f64, seed: u64) -> (Samples, usize) {
    let learn = samples.subset(&part.learn);
    let groups = Groups::new(&learn);
    let mut order: Vec<usize> = (0..groups.len()).collect();
    let number = (part.repeat as u64) << 32 | part.fold as u64;
    Stream::new(seed, "learning curve", number).shuffle(&mut order);
    // A patient's place is its rank within its class as a share of the class.
    let mut seen = vec![0_usize; samples.classes().len()];
    let mut totals = seen.clone();
    for group in 0..groups.len() {
        totals[groups.main_class(group)] += 1;
    }
    let mut places: Vec<(f64, usize)> = Vec::with_capacity(order.len());
    for group in order {
        let class = groups.main_class(group);
        places.push(((seen[class] as f64 + 0.5) / totals[class] as f64, group));
        seen[class] += 1;
    }
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let patients = ((share * groups.len() as f64).ceil() as usize).clamp(1, groups.len());
    let chosen = places[..patients]
        .iter()
        .flat_map(|(_, group)| groups.rows[*group].clone());
    let mut rows: Vec<usize> = chosen.collect();
    rows.sort_unstable();
    (learn.subset(&rows), patients)
}
