//! Where to cut the probability of the second of two classes.
//!
//! A cut is chosen on answers out of fold within the training rows, patient by patient, never on rows
//! that judge. Candidates lie halfway between neighbouring probabilities, so that no patient is on the
//! edge; of cuts that serve a rule equally the one nearest to ½ is taken, then the higher. What a cut
//! gains on the rows that chose it is an upper bound: it was chosen for them.
//!
//! Youden 1950, doi `10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3`.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::pipeline::Pipeline;
use crate::samples::Samples;
use crate::tuning::groups::Groups;
use crate::tuning::score::Judge;
use crate::tuning::{Folds, out_of_fold};

/// The cut of whoever answers with the more probable class.
const HALF: f64 = 0.5;

/// What a cut should serve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Largest sensitivity + specificity − 1.
    Youden,
    /// Largest 2 TP / (2 TP + FP + FN).
    F1,
    /// Largest specificity among cuts of at least this sensitivity.
    Sensitivity(f64),
}

/// What a cut does on given patients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cut {
    /// A probability from here on answers the second class.
    pub threshold: f64,
    /// TP / (TP + FN).
    pub sensitivity: f64,
    /// TN / (TN + FP).
    pub specificity: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
}

/// A cut chosen by a rule, beside the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Threshold {
    /// The rule.
    pub rule: Rule,
    /// The cut it chose.
    pub chosen: Cut,
    /// The cut at ½.
    pub half: Cut,
}

impl Threshold {
    /// What the cut gains over that at ½ on the patients that chose it: in Youden's index, F1, or
    /// sensitivity, as its rule says.
    pub fn gain(&self) -> f64 {
        self.rule.of(&self.chosen) - self.rule.of(&self.half)
    }
}

impl Rule {
    /// The figure of a cut that the rule speaks of.
    fn of(self, cut: &Cut) -> f64 {
        match self {
            Self::Youden => cut.sensitivity + cut.specificity - 1.0,
            Self::F1 => cut.f1,
            Self::Sensitivity(_) => cut.sensitivity,
        }
    }

    /// How well a cut serves: larger is better.
    fn merit(self, cut: &Cut) -> f64 {
        match self {
            Self::Sensitivity(least) if cut.sensitivity >= least => cut.specificity,
            Self::Sensitivity(_) => f64::NEG_INFINITY,
            Self::Youden | Self::F1 => self.of(cut),
        }
    }
}

/// Chooses a cut for each rule on answers of the pipeline out of fold.
///
/// # Errors
/// [`LearnError::Samples`] unless there are two classes, those of [`choose`], [`Folds::at_most`] and
/// [`Pipeline::fit`].
pub fn thresholds(
    pipeline: &Pipeline,
    samples: &Samples,
    rules: &[Rule],
    folds: usize,
    seed: u64,
) -> Result<Vec<Threshold>> {
    if samples.classes().len() != 2 {
        return Err(LearnError::samples(
            format!("{} classes", samples.classes().len()),
            "two classes, of which one can be cut from the other",
        ));
    }
    let samples = samples.in_canonical_order();
    let folds = Folds::at_most(&samples, folds, seed)?;
    let answers = out_of_fold(pipeline, &samples, &folds, seed)?;
    let pooled = Judge::new(&samples, Groups::new(&samples).len()).pooled(&answers);
    let scores: Vec<f64> = pooled.iter().map(|(_, p)| p[1]).collect();
    let positive: Vec<bool> = pooled.iter().map(|(class, _)| *class == 1).collect();
    rules
        .iter()
        .map(|&rule| choose(rule, &scores, &positive))
        .collect()
}

/// The cut that serves a rule best on scores in 0..=1 with their sides.
///
/// # Errors
/// [`LearnError::Samples`] for sizes that differ, a score that is no probability, one side only, or a
/// sensitivity outside 0..=1.
pub fn choose(rule: Rule, scores: &[f64], positive: &[bool]) -> Result<Threshold> {
    if let Rule::Sensitivity(least) = rule
        && !(0.0..=1.0).contains(&least)
    {
        return Err(LearnError::samples(
            format!("sensitivity {least}"),
            "a share in 0..=1",
        ));
    }
    let positives = positive.iter().filter(|p| **p).count();
    let whole = scores.len() == positive.len() && positives > 0 && positives < positive.len();
    if !whole || scores.iter().any(|s| !(0.0..=1.0).contains(s)) {
        return Err(LearnError::samples(
            format!(
                "{} scores, {positives} of {} positive",
                scores.len(),
                positive.len()
            ),
            "a probability each of patients of both sides",
        ));
    }
    let mut distinct = scores.to_vec();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    // Below the lowest probability everyone is called: that cut stands at 0.
    let below = std::iter::once(0.0).chain(
        distinct
            .windows(2)
            .map(|pair| f64::midpoint(pair[0], pair[1])),
    );
    let cuts: Vec<Cut> = below
        .map(|threshold| cut(threshold, scores, positive))
        .collect();
    let better = |a: &Cut, b: &Cut| -> Ordering {
        let distance = |cut: &Cut| (cut.threshold - HALF).abs();
        rule.merit(a)
            .total_cmp(&rule.merit(b))
            .then(distance(b).total_cmp(&distance(a)))
            .then(a.threshold.total_cmp(&b.threshold))
    };
    let half = cut(HALF, scores, positive);
    let best = cuts.iter().max_by(|a, b| better(a, b));
    Ok(Threshold {
        rule,
        chosen: best.copied().unwrap_or(half),
        half,
    })
}

/// Counts what a cut does.
fn cut(threshold: f64, scores: &[f64], positive: &[bool]) -> Cut {
    let (mut hits, mut alarms, mut positives) = (0_usize, 0_usize, 0_usize);
    for (&score, &positive) in scores.iter().zip(positive) {
        positives += usize::from(positive);
        if score >= threshold {
            hits += usize::from(positive);
            alarms += usize::from(!positive);
        }
    }
    let negatives = positive.len() - positives;
    Cut {
        threshold,
        sensitivity: hits as f64 / positives as f64,
        specificity: (negatives - alarms) as f64 / negatives as f64,
        f1: 2.0 * hits as f64 / (hits + alarms + positives) as f64,
    }
}
