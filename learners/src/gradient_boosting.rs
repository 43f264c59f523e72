//! Gradient boosting of regression trees on the deviance, scikit-learn's `GradientBoostingClassifier`.
//!
//! K ≥ 3 classes: every round fits one tree a class to the residuals `y_k − p_k`, all from the same
//! scores, `p = softmax(F)`; a leaf steps by `(K − 1)/K · Σ r / Σ p_k (1 − p_k)`. Two classes: one tree a
//! round on p = sigmoid(F), without the factor. F starts at the log of the class shares (of the odds);
//! each tree adds `learning_rate` times its leaf.
//! Friedman 2001, doi 10.1214/aos/1013203451, algorithms 5 and 6.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::decision_tree::{Amount, MaxFeatures, with_notes};
use crate::dense::{sigmoid, softmax};
use crate::error::{LearnError, Result};
use crate::explain::TreeEnsemble;
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::{PresentClasses, Samples};
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_size};
use crate::tree::columns::RankedColumns;
use crate::tree::draws::Draws;
use crate::tree::grow::grow;
use crate::tree::limits::{Growth, MIN_SAMPLES_LEAF, MIN_SAMPLES_SPLIT};
use crate::tree::node::Tree;
use crate::tree::presorted::{Branches, Presorted};
use crate::tree::rank::{NARROW_ROWS, Rank};
use crate::tree::squared_error::SquaredError;
use raduet_study::random::Stream;

/// Name in results.
pub(crate) const NAME: &str = "gradient_boosting";

/// Rows predicted together by one thread.
const BLOCK: usize = 64;

/// Curvature below which a leaf stays at zero, as scikit-learn has it.
const SMALLEST_CURVATURE: f64 = 1e-150;

/// Gradient boosting and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GradientBoosting {
    /// How many rounds.
    pub n_estimators: usize,
    /// Share of each step that is taken.
    pub learning_rate: f64,
    /// Fraction of the rows, drawn without replacement, that each round learns from.
    pub subsample: f64,
    /// Most splits from root to leaf; `None` grows until leaves are pure.
    pub max_depth: Option<usize>,
    /// Fewest rows of a node that is split.
    pub min_samples_split: Amount,
    /// Fewest rows of a leaf.
    pub min_samples_leaf: Amount,
    /// Least part of the training weight in a leaf.
    pub min_weight_fraction_leaf: f64,
    /// Columns a node looks at, drawn anew for each; `None` looks at all.
    pub max_features: Option<MaxFeatures>,
    /// Most leaves of a tree; the most rewarding splits are then made first.
    pub max_leaf_nodes: Option<usize>,
    /// Least decrease of impurity of a split, times the node's part of the training weight.
    pub min_impurity_decrease: f64,
    /// Price of a leaf in minimal cost-complexity pruning.
    pub ccp_alpha: f64,
}

impl Default for GradientBoosting {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            learning_rate: 0.1,
            subsample: 1.0,
            max_depth: Some(3),
            min_samples_split: MIN_SAMPLES_SPLIT,
            min_samples_leaf: MIN_SAMPLES_LEAF,
            min_weight_fraction_leaf: 0.0,
            max_features: None,
            max_leaf_nodes: None,
            min_impurity_decrease: 0.0,
            ccp_alpha: 0.0,
        }
    }
}

impl Learner for GradientBoosting {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 2)?;
        let present = samples.two_classes(NAME)?;
        let start = start_scores(&present, samples);
        let trees = if samples.rows() <= NARROW_ROWS {
            self.trees::<u16>(samples, &present, &start, seed)
        } else {
            self.trees::<u32>(samples, &present, &start, seed)
        };
        Ok(Box::new(BoostingModel {
            width: samples.width(),
            classes: samples.classes().len(),
            present: present.labels,
            learning_rate: self.learning_rate,
            start,
            trees,
        }))
    }

    fn check(&self) -> Result<()> {
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(LearnError::settings(
                NAME,
                "learning_rate: give a number above 0",
            ));
        }
        if !(self.subsample > 0.0 && self.subsample <= 1.0) {
            return Err(LearnError::settings(
                NAME,
                "subsample: give a fraction in 0..=1",
            ));
        }
        self.growth().check(NAME)
    }

    fn settings(&self) -> serde_json::Value {
        with_notes(
            self,
            &[
                ("loss", "log_loss"),
                ("criterion", "squared_error"),
                ("ties", "first column, then lowest threshold"),
            ],
        )
    }
}

/// What one score needs from round to round.
struct ScoreState {
    scores: Vec<f64>,
    /// Truth minus probability of each row, times its weight.
    residuals: Vec<f64>,
    /// Probability times its complement of each row, times its weight.
    curvatures: Vec<f64>,
}

/// What all trees of a fit share.
struct Fit<'a, R> {
    settings: &'a GradientBoosting,
    samples: &'a Samples,
    columns: RankedColumns<'a, R>,
    /// All rows in the order of each column.
    sorted: Vec<Vec<R>>,
    /// (K − 1)/K, or 1 for two classes.
    factor: f64,
}

impl GradientBoosting {
    fn growth(&self) -> Growth {
        Growth {
            max_depth: self.max_depth,
            min_samples_split: self.min_samples_split,
            min_samples_leaf: self.min_samples_leaf,
            min_weight_fraction_leaf: self.min_weight_fraction_leaf,
            max_features: self.max_features,
            max_leaf_nodes: self.max_leaf_nodes,
            min_impurity_decrease: self.min_impurity_decrease,
            ccp_alpha: self.ccp_alpha,
        }
    }

    fn trees<R: Rank>(
        &self,
        samples: &Samples,
        present: &PresentClasses,
        start: &[f64],
        seed: u64,
    ) -> Vec<Tree> {
        let (columns, sorted) = RankedColumns::<R>::with_orders(samples);
        let k = present.labels.len() as f64;
        let fit = Fit {
            settings: self,
            samples,
            columns,
            sorted,
            factor: if start.len() == 1 { 1.0 } else { (k - 1.0) / k },
        };
        let mut states: Vec<ScoreState> = start
            .iter()
            .map(|&score| ScoreState {
                scores: vec![score; samples.rows()],
                residuals: vec![0.0; samples.rows()],
                curvatures: vec![0.0; samples.rows()],
            })
            .collect();
        // The orders of one tree at a time: trees of a round grow one after the other, their columns in
        // parallel.
        let mut orders = fit.sorted.clone();
        let mut trees = Vec::with_capacity(self.n_estimators * states.len());
        for round in 0..self.n_estimators as u64 {
            update_residuals(&mut states, &present.of_row, samples);
            let learned = self.drawn_rows(samples.rows(), seed, round);
            for (k, state) in states.iter_mut().enumerate() {
                let number = round * start.len() as u64 + k as u64;
                let stream = Stream::new(seed, "columns of a boosted tree", number);
                let tree;
                (tree, orders) = fit.grow_one(orders, learned.as_deref(), state, stream);
                trees.push(tree);
            }
        }
        trees
    }

    /// Which rows a round learns from; `None` for all.
    fn drawn_rows(&self, rows: usize, seed: u64, round: u64) -> Option<Vec<bool>> {
        if self.subsample >= 1.0 {
            return None;
        }
        let count = Amount::Fraction(self.subsample).rounded_down(rows as f64);
        let mut stream = Stream::new(seed, "rows of a boosting round", round);
        let mut pool: Vec<usize> = (0..rows).collect();
        let mut learned = vec![false; rows];
        for drawn in 0..count {
            let pick = drawn + stream.below(rows - drawn);
            pool.swap(drawn, pick);
            learned[pool[drawn]] = true;
        }
        Some(learned)
    }
}

impl<R: Rank> Fit<'_, R> {
    /// One tree on the residuals of a score, which it moves along. `orders` is working memory.
    fn grow_one(
        &self,
        mut orders: Vec<Vec<R>>,
        learned: Option<&[bool]>,
        state: &mut ScoreState,
        stream: Stream,
    ) -> (Tree, Vec<Vec<R>>) {
        let (samples, growth) = (self.samples, self.settings.growth());
        let learns = |row: usize| learned.is_none_or(|learned| learned[row]);
        orders
            .par_iter_mut()
            .zip(&self.sorted)
            .for_each(|(order, sorted)| {
                order.clear();
                match learned {
                    None => order.extend_from_slice(sorted),
                    Some(learned) => {
                        order.extend(sorted.iter().filter(|row| learned[row.at()]));
                    }
                }
            });
        let members: Vec<R> = (0..samples.rows())
            .filter(|&row| learns(row))
            .map(R::of)
            .collect();
        let weight = members.iter().map(|row| samples.weight(row.at())).sum();
        let limits = growth.limits(samples.rows(), weight);
        let width = samples.width();
        let draws = match growth.max_features {
            None => Draws::all(width),
            Some(features) => Draws::some(width, features.of(width), stream),
        };
        let mut search = Presorted::new(
            &self.columns,
            members,
            orders,
            SquaredError::new(&state.residuals, samples.weights()),
            draws,
            limits.leaf,
            Branches::Within,
        );
        let mut draft = grow(&mut search, &limits);
        draft.prune(growth.ccp_alpha);
        let (members, orders) = search.into_parts();
        let tree = draft.write(1, |span, values| {
            let rows = &members[span];
            let value = self.newton_step(rows, state);
            for row in rows {
                state.scores[row.at()] += self.settings.learning_rate * value;
            }
            values.push(value);
        });
        if learned.is_some() {
            for row in (0..samples.rows()).filter(|&row| !learns(row)) {
                let value = tree.leaf(samples.row(row))[0];
                state.scores[row] += self.settings.learning_rate * value;
            }
        }
        (tree, orders)
    }

    /// The value of a leaf: one Newton step, zero where the curvature vanishes.
    fn newton_step(&self, rows: &[R], state: &ScoreState) -> f64 {
        let sum_of = |values: &[f64]| -> f64 { rows.iter().map(|row| values[row.at()]).sum() };
        let curvature = sum_of(&state.curvatures);
        let weight: f64 = rows.iter().map(|row| self.samples.weight(row.at())).sum();
        if curvature / weight < SMALLEST_CURVATURE {
            return 0.0;
        }
        self.factor * sum_of(&state.residuals) / curvature
    }
}

/// Log shares of the classes; for two the log odds of the second.
fn start_scores(present: &PresentClasses, samples: &Samples) -> Vec<f64> {
    let mut totals = vec![0.0; present.labels.len()];
    for (row, &class) in present.of_row.iter().enumerate() {
        totals[class] += samples.weight(row);
    }
    let all: f64 = totals.iter().sum();
    match totals[..] {
        [first, second] => vec![(second / first).ln()],
        _ => totals.iter().map(|total| (total / all).ln()).collect(),
    }
}

/// Residuals and curvatures of all classes from the scores of this round.
fn update_residuals(states: &mut [ScoreState], class_of_row: &[usize], samples: &Samples) {
    let mut probabilities = vec![0.0; states.len()];
    let binary = states.len() == 1;
    for (row, &class) in class_of_row.iter().enumerate() {
        for (p, state) in probabilities.iter_mut().zip(states.iter()) {
            *p = state.scores[row];
        }
        if binary {
            probabilities[0] = sigmoid(probabilities[0]);
        } else {
            softmax(&mut probabilities);
        }
        let weight = samples.weight(row);
        for (k, (state, p)) in states.iter_mut().zip(&probabilities).enumerate() {
            let own = if binary { class == 1 } else { class == k };
            state.residuals[row] = weight * (f64::from(u8::from(own)) - p);
            state.curvatures[row] = weight * (p * (1.0 - p));
        }
    }
}

/// A fitted boosting: start scores and trees, round after round, one a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostingModel {
    width: usize,
    classes: usize,
    /// Class numbers that occurred in training, at least two.
    present: Vec<usize>,
    learning_rate: f64,
    /// One a score: one for two classes, else one a class.
    start: Vec<f64>,
    trees: Vec<Tree>,
}

impl BoostingModel {
    pub(crate) fn check(&self) -> Result<()> {
        expect_classes("present", &self.present, self.classes)?;
        let scores = match self.present.len() {
            0 | 1 => return Err(LearnError::saved("present", "one class", "two or more")),
            2 => 1,
            k => k,
        };
        expect_size("start", self.start.len(), scores)?;
        expect_finite("start", &self.start)?;
        expect_finite("learning_rate", &[self.learning_rate])?;
        if !self.trees.len().is_multiple_of(scores) {
            return Err(LearnError::saved(
                "trees",
                self.trees.len().to_string(),
                format!("a multiple of {scores}"),
            ));
        }
        for tree in &self.trees {
            tree.check(self.width, 1)?;
        }
        Ok(())
    }

    /// Probabilities of one row from its scores.
    fn answer(&self, scores: &mut [f64], out: &mut [f64]) {
        if let [score] = scores {
            out[self.present[0]] = sigmoid(-*score);
            out[self.present[1]] = sigmoid(*score);
            return;
        }
        softmax(scores);
        for (&label, &probability) in self.present.iter().zip(scores.iter()) {
            out[label] = probability;
        }
    }
}

impl Model for BoostingModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let (p, k) = (self.width, self.classes);
        let mut probabilities = vec![0.0; rows * k];
        probabilities
            .par_chunks_mut(BLOCK * k)
            .zip(values.par_chunks(BLOCK * p))
            .for_each(|(out, values)| {
                let rows = values.len() / p;
                let count = self.start.len();
                let mut scores = self.start.repeat(rows);
                // Tree by tree, so that each stays in the cache for the whole block.
                for (number, tree) in self.trees.iter().enumerate() {
                    let of_tree = scores.iter_mut().skip(number % count).step_by(count);
                    for (score, x) in of_tree.zip(values.chunks_exact(p)) {
                        *score += self.learning_rate * tree.leaf(x)[0];
                    }
                }
                for (out, scores) in out.chunks_exact_mut(k).zip(scores.chunks_exact_mut(count)) {
                    self.answer(scores, out);
                }
            });
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::GradientBoosting(self.clone())
    }

    fn explain_trees(&self) -> Option<TreeEnsemble<'_>> {
        let outputs = match &self.present[..] {
            [_, second] => vec![*second],
            all => all.to_vec(),
        };
        let trees = self.trees.iter().enumerate();
        TreeEnsemble::new(
            self.width,
            outputs,
            self.start.clone(),
            self.learning_rate,
            trees
                .map(|(at, tree)| (tree, at % self.start.len()))
                .collect(),
        )
    }
}
