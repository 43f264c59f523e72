//! The fitted model: start scores and trees.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dense::{sigmoid, softmax};
use crate::error::{LearnError, Result};
use crate::explain::TreeEnsemble;
use crate::learner::{Model, assert_shape};
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_size};
use crate::tree::node::Tree;

/// Rows predicted together by one thread, tree by tree: their values and scores stay in the cache.
const BLOCK: usize = 64;

/// A fitted histogram boosting. Leaves hold steps already multiplied by the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistBoostingModel {
    pub(super) width: usize,
    pub(super) classes: usize,
    /// Class numbers that occurred in training, at least two.
    pub(super) present: Vec<usize>,
    /// One a score: one for two classes, else one a class.
    pub(super) start: Vec<f64>,
    /// Round after round, one tree a score.
    pub(super) trees: Vec<Tree>,
}

impl HistBoostingModel {
    pub(crate) fn check(&self) -> Result<()> {
        expect_classes("present", &self.present, self.classes)?;
        let scores = match self.present.len() {
            0 | 1 => return Err(LearnError::saved("present", "one class", "two or more")),
            2 => 1,
            k => k,
        };
        expect_size("start", self.start.len(), scores)?;
        expect_finite("start", &self.start)?;
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

    /// Raw scores of a block of rows, row-major.
    fn scores(&self, values: &[f64], scores: &mut [f64]) {
        let count = self.start.len();
        for scores in scores.chunks_exact_mut(count) {
            scores.copy_from_slice(&self.start);
        }
        for round in self.trees.chunks_exact(count) {
            for (k, tree) in round.iter().enumerate() {
                let rows = values.chunks_exact(self.width);
                for (x, score) in rows.zip(scores.iter_mut().skip(k).step_by(count)) {
                    *score += tree.leaf(x)[0];
                }
            }
        }
    }

    /// Turns one row's scores into probabilities.
    fn write_probabilities(&self, scores: &mut [f64], out: &mut [f64]) {
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

impl Model for HistBoostingModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let (p, k) = (self.width, self.classes);
        let count = self.start.len();
        let mut probabilities = vec![0.0; rows * k];
        probabilities
            .par_chunks_mut(BLOCK * k)
            .zip(values.par_chunks(BLOCK * p))
            .for_each(|(out, values)| {
                let mut scores = vec![0.0; out.len() / k * count];
                self.scores(values, &mut scores);
                for (out, scores) in out.chunks_exact_mut(k).zip(scores.chunks_exact_mut(count)) {
                    self.write_probabilities(scores, out);
                }
            });
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::HistGradientBoosting(self.clone())
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
            // Leaves hold steps already multiplied by it.
            1.0,
            trees
                .map(|(at, tree)| (tree, at % self.start.len()))
                .collect(),
        )
    }
}
