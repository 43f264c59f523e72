//! Histogram gradient boosting, scikit-learn's `HistGradientBoostingClassifier`: trees on binned values,
//! best leaf first.
//!
//! K ≥ 3 classes: every round fits one tree a class to gradients `g = p_k − y_k` and curvatures
//! `h = p_k (1 − p_k)`, all from the same scores, p = softmax(F); two classes: one tree a round on
//! p = sigmoid(F). A leaf adds `−learning_rate · Σ g / (Σ h + λ)` to F, which starts at the log of the class
//! shares. Ke et al. 2017 (`LightGBM`, Advances in Neural Information Processing Systems 30); Friedman 2001, doi 10.1214/aos/1013203451.
//!
//! | for | look at |
//! |---|---|
//! | values as bins | `binning.rs` |
//! | gradient, curvature and count in one number | `packed.rs` |
//! | sums by bin | `histogram.rs` |
//! | the best split | `search.rs` |
//! | growing | `grow.rs` |
//! | scores and trees of one class | `class.rs` |
//! | rows held out, rows of a round | `rows.rs` |
//! | the fitted model | `model.rs` |
//!
//! Undefined values have a bin of their own and go to the side where they gain more; where a node met
//! none, to the heavier side. Splits are found on whole-number sums, leaves are computed from the
//! gradients themselves in the order of rows: the number of threads leaves no trace.

mod binning;
mod class;
mod grow;
mod histogram;
mod model;
mod packed;
mod rows;
mod search;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin;

use raduet_study::random::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dense::{log1p_exp, sigmoid, softmax};
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model};
use crate::samples::{PresentClasses, Samples};
use crate::tree::node::Tree;

use binning::{BinnedTable, MOST_BINS};
use class::{ClassState, TreeSettings};
pub use model::HistBoostingModel;
use packed::MOST_ROWS;
use rows::{drawn, hold_out, share};

/// Name in results.
pub(crate) const NAME: &str = "hist_gradient_boosting";

/// Rows whose probabilities are computed together by one thread.
const BLOCK: usize = 512;

/// Columns from which one split has work for all threads, so that classes need not be grown side by side,
/// each with histograms of its own.
const WIDE: usize = 256;

/// Histogram gradient boosting and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HistGradientBoosting {
    /// Share of each step that is taken.
    pub learning_rate: f64,
    /// Most rounds.
    pub max_iter: usize,
    /// Most leaves of a tree; `None` sets no limit.
    pub max_leaf_nodes: Option<usize>,
    /// Most splits from root to leaf; `None` sets no limit.
    pub max_depth: Option<usize>,
    /// Fewest rows of a leaf, whatever their weights.
    pub min_samples_leaf: usize,
    /// λ, added to the curvature of every leaf.
    pub l2_regularization: f64,
    /// Most bins of a column, undefined values apart; 2 to 255.
    pub max_bins: usize,
    /// Least curvature of a leaf.
    pub min_sum_hessian: f64,
    /// Share of the rows, drawn anew for every round.
    pub subsample: f64,
    /// Share of the columns, drawn anew for every tree.
    pub colsample_bytree: f64,
    /// Whether held-out rows say when to stop.
    pub early_stopping: bool,
    /// Share of the rows held out to say when to stop; patients stay whole.
    pub validation_fraction: f64,
    /// Rounds without improvement after which it stops.
    pub n_iter_no_change: usize,
    /// Smallest improvement of the held-out log loss that counts.
    pub tol: f64,
}

impl Default for HistGradientBoosting {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            max_iter: 100,
            max_leaf_nodes: Some(31),
            max_depth: None,
            min_samples_leaf: 20,
            l2_regularization: 0.0,
            max_bins: MOST_BINS,
            min_sum_hessian: 1e-3,
            subsample: 1.0,
            colsample_bytree: 1.0,
            early_stopping: false,
            validation_fraction: 0.1,
            n_iter_no_change: 10,
            tol: 1e-7,
        }
    }
}

impl Learner for HistGradientBoosting {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        ready(samples)?;
        let present = samples.two_classes(NAME)?;
        if self.early_stopping {
            let held = hold_out(samples, self.validation_fraction, seed);
            if held.judging.is_empty() {
                return Err(LearnError::TooFewRows {
                    learner: NAME,
                    found: samples.rows(),
                    needed: samples.rows() + 1,
                });
            }
            let judging = samples.subset(&held.judging);
            let learning = samples.subset(&held.learning);
            return Ok(Box::new(self.boost(
                &learning,
                &present,
                Some(&judging),
                seed,
            )));
        }
        Ok(Box::new(self.boost(samples, &present, None, seed)))
    }

    fn check(&self) -> Result<()> {
        let share = |v: f64| v > 0.0 && v <= 1.0;
        let amount = |v: f64| v.is_finite() && v >= 0.0;
        let rules = [
            (
                self.learning_rate.is_finite() && self.learning_rate > 0.0,
                "learning_rate must be above 0",
            ),
            (self.max_iter >= 1, "max_iter must be 1 or more"),
            (
                self.max_leaf_nodes.is_none_or(|n| n >= 2),
                "max_leaf_nodes must be null or 2 or more",
            ),
            (
                self.max_depth.is_none_or(|n| n >= 1),
                "max_depth must be null or 1 or more",
            ),
            (
                self.min_samples_leaf >= 1,
                "min_samples_leaf must be 1 or more",
            ),
            (
                amount(self.l2_regularization),
                "l2_regularization must be 0 or more",
            ),
            (
                (2..=MOST_BINS).contains(&self.max_bins),
                "max_bins must lie in 2 to 255",
            ),
            (
                amount(self.min_sum_hessian),
                "min_sum_hessian must be 0 or more",
            ),
            (
                share(self.subsample),
                "subsample must be above 0 and at most 1",
            ),
            (
                share(self.colsample_bytree),
                "colsample_bytree must be above 0 and at most 1",
            ),
            (
                self.validation_fraction > 0.0 && self.validation_fraction < 1.0,
                "validation_fraction must lie between 0 and 1",
            ),
            (
                self.n_iter_no_change >= 1,
                "n_iter_no_change must be 1 or more",
            ),
            (amount(self.tol), "tol must be 0 or more"),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(LearnError::settings(NAME, *rule)),
            None => Ok(()),
        }
    }

    fn reads_undefined(&self) -> bool {
        true
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Enough rows and not too many, a column, no infinite value.
fn ready(samples: &Samples) -> Result<()> {
    samples.ready_but_undefined(NAME, 2)?;
    if samples.rows() > MOST_ROWS {
        return Err(LearnError::samples(
            format!("{} rows", samples.rows()),
            format!("at most {MOST_ROWS} for {NAME}"),
        ));
    }
    Ok(())
}

impl HistGradientBoosting {
    /// All rounds, or as many as lower the log loss of `judging`.
    fn boost(
        &self,
        samples: &Samples,
        present: &PresentClasses,
        judging: Option<&Samples>,
        seed: u64,
    ) -> HistBoostingModel {
        let table = BinnedTable::new(samples, self.max_bins, seed);
        let of_row = present.of(samples);
        let start = start_scores(samples, &of_row, present.labels.len());
        let mut states: Vec<ClassState> = start
            .iter()
            .enumerate()
            .map(|(k, &score)| ClassState::new(k, score, samples.rows()))
            .collect();
        let mut judge = judging.map(|rows| Judge::new(rows, present, &start));
        let mut trees: Vec<Tree> = Vec::new();
        let mut probabilities = vec![0.0; samples.rows() * states.len()];
        for round in 0..self.max_iter {
            update_probabilities(&states, &mut probabilities);
            let bag = self.bag(samples.rows(), seed, round);
            let grow = |state: &mut ClassState| {
                let number = (round * start.len() + state.class()) as u64;
                let columns = self.columns(table.width(), seed, number);
                let settings = TreeSettings {
                    boosting: self,
                    table: &table,
                    columns: &columns,
                    bag: bag.as_deref(),
                };
                state.grow(
                    &settings,
                    samples.weights(),
                    &of_row,
                    &probabilities,
                    start.len(),
                )
            };
            let grown: Vec<Tree> = if table.width() < WIDE {
                states.par_iter_mut().map(grow).collect()
            } else {
                states.iter_mut().map(grow).collect()
            };
            let stops = judge
                .as_mut()
                .is_some_and(|judge| judge.stops(&grown, self.n_iter_no_change, self.tol));
            trees.extend(grown);
            if stops {
                break;
            }
        }
        HistBoostingModel {
            width: samples.width(),
            classes: samples.classes().len(),
            present: present.labels.clone(),
            start,
            trees,
        }
    }

    /// Rows of a round, unless all of them.
    fn bag(&self, rows: usize, seed: u64, round: usize) -> Option<Vec<usize>> {
        (self.subsample < 1.0).then(|| {
            let stream = Stream::new(seed, "rows of a boosting round", round as u64);
            drawn(rows, share(rows, self.subsample), stream)
        })
    }

    /// Columns of a tree.
    fn columns(&self, width: usize, seed: u64, tree: u64) -> Vec<usize> {
        let stream = Stream::new(seed, "columns of a boosting tree", tree);
        if self.colsample_bytree < 1.0 {
            drawn(width, share(width, self.colsample_bytree), stream)
        } else {
            (0..width).collect()
        }
    }
}

/// Log shares of the classes with mean 0; for two classes the log odds of the second.
fn start_scores(samples: &Samples, of_row: &[usize], classes: usize) -> Vec<f64> {
    let mut totals = vec![0.0; classes];
    for (row, &class) in of_row.iter().enumerate() {
        totals[class] += samples.weight(row);
    }
    if let [first, second] = totals[..] {
        return vec![(second / first).ln()];
    }
    let all: f64 = totals.iter().sum();
    let logs: Vec<f64> = totals.iter().map(|total| (total / all).ln()).collect();
    let mean = logs.iter().sum::<f64>() / classes as f64;
    logs.iter().map(|log| log - mean).collect()
}

/// Probabilities of all rows from the scores of this round, row-major; for two classes of the second.
fn update_probabilities(states: &[ClassState], probabilities: &mut [f64]) {
    let count = states.len();
    probabilities
        .par_chunks_mut(BLOCK * count)
        .enumerate()
        .for_each(|(block, out)| {
            for (at, p) in out.chunks_exact_mut(count).enumerate() {
                for (p, state) in p.iter_mut().zip(states) {
                    *p = state.scores()[block * BLOCK + at];
                }
                if let [p] = p {
                    *p = sigmoid(*p);
                } else {
                    softmax(p);
                }
            }
        });
}

/// Held-out rows and their log loss after every round.
struct Judge<'a> {
    samples: &'a Samples,
    classes: Vec<usize>,
    /// Row-major.
    scores: Vec<f64>,
    losses: Vec<f64>,
}

impl<'a> Judge<'a> {
    fn new(samples: &'a Samples, present: &PresentClasses, start: &[f64]) -> Self {
        let mut judge = Self {
            samples,
            classes: present.of(samples),
            scores: start.repeat(samples.rows()),
            losses: Vec::new(),
        };
        let before = judge.loss(start.len());
        judge.losses.push(before);
        judge
    }

    /// Adds a round's trees; whether none of the last `patience` rounds improved by more than `tol`.
    fn stops(&mut self, round: &[Tree], patience: usize, tol: f64) -> bool {
        let rows = self.samples.values().chunks_exact(self.samples.width());
        for (x, scores) in rows.zip(self.scores.chunks_exact_mut(round.len())) {
            for (score, tree) in scores.iter_mut().zip(round) {
                *score += tree.leaf(x)[0];
            }
        }
        self.losses.push(self.loss(round.len()));
        let Some(before) = self.losses.len().checked_sub(patience + 1) else {
            return false;
        };
        let wanted = self.losses[before] - tol;
        !self.losses[before + 1..].iter().any(|loss| *loss < wanted)
    }

    /// Weighted mean log loss.
    fn loss(&self, count: usize) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (row, scores) in self.scores.chunks_exact(count).enumerate() {
            let class = self.classes[row];
            let loss = if let [score] = scores {
                log1p_exp(if class == 1 { -score } else { *score })
            } else {
                let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = scores.iter().map(|score| (score - highest).exp()).sum();
                sum.ln() + highest - scores[class]
            };
            sum += self.samples.weight(row) * loss;
            weights += self.samples.weight(row);
        }
        sum / weights
    }
}
