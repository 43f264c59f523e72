//! Gradient boosting of regression trees on the deviance, scikit-learn's `GradientBoostingClassifier`.
//!
//! K ≥ 3 classes: every round fits one tree a class to the residuals `y_k − p_k`, all from the same
//! scores, `p = softmax(F)`; a leaf steps by `(K − 1)/K · Σ r / Σ p_k (1 − p_k)`. Two classes: one tree a
//! round on p = sigmoid(F), without the factor. F starts at the log of the class shares (of the odds);
//! each tree adds `learning_rate` times its leaf.
//! Friedman 2001, doi 10.1214/aos/1013203451, algorithms 5 and 6.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::decision_tree::all_rows;
use crate::dense::{sigmoid, softmax};
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::{PresentClasses, Samples};
use crate::saved::{SavedModel, expect_classes, expect_finite, expect_size};
use crate::tree::columns::RankedColumns;
use crate::tree::criterion::NewtonLeaves;
use crate::tree::grow::{Candidates, grow};
use crate::tree::node::Tree;
use crate::tree::order::Presorted;

/// Name in results.
pub(crate) const NAME: &str = "gradient_boosting";

/// Rows predicted together by one thread.
const BLOCK: usize = 64;

/// Gradient boosting and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GradientBoosting {
    /// How many rounds.
    pub n_estimators: usize,
    /// Share of each step that is taken.
    pub learning_rate: f64,
    /// Most splits from root to leaf.
    pub max_depth: usize,
}

impl Default for GradientBoosting {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            learning_rate: 0.1,
            max_depth: 3,
        }
    }
}

/// What one class needs from round to round.
struct ClassState {
    scores: Vec<f64>,
    residuals: Vec<f64>,
    curvatures: Vec<f64>,
    order: Presorted,
}

impl Learner for GradientBoosting {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 2)?;
        let present = samples.two_classes(NAME)?;
        let columns = RankedColumns::new(samples);
        let weights: Vec<f64> = (0..samples.rows()).map(|row| samples.weight(row)).collect();
        let start = start_scores(&present, &weights);
        let mut states: Vec<ClassState> = start
            .iter()
            .map(|&score| ClassState {
                scores: vec![score; samples.rows()],
                residuals: vec![0.0; samples.rows()],
                curvatures: vec![0.0; samples.rows()],
                order: Presorted::new(&columns),
            })
            .collect();
        let k = present.labels.len() as f64;
        let factor = if states.len() == 1 {
            1.0
        } else {
            (k - 1.0) / k
        };
        let mut trees = Vec::with_capacity(self.n_estimators * states.len());
        for _ in 0..self.n_estimators {
            update_residuals(&mut states, &present.of_row);
            let round: Vec<Tree> = states
                .par_iter_mut()
                .map(|state| self.grow_one(&columns, &weights, factor, state))
                .collect();
            trees.extend(round);
        }
        Ok(Box::new(BoostingModel {
            width: samples.width(),
            classes: samples.classes().len(),
            present: present.labels,
            learning_rate: self.learning_rate,
            start,
            trees,
        }))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "loss": "log_loss",
            "n_estimators": self.n_estimators,
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "criterion": "friedman_mse",
            "subsample": 1.0,
            "min_samples_split": 2,
            "min_samples_leaf": 1,
            "max_features": "all",
            "ties": "first column, then lowest threshold",
        })
    }
}

impl GradientBoosting {
    /// One class's tree of a round; moves its scores along.
    fn grow_one(
        &self,
        columns: &RankedColumns,
        weights: &[f64],
        factor: f64,
        state: &mut ClassState,
    ) -> Tree {
        state.order.reset(columns);
        let mut reached = vec![0.0; columns.rows()];
        let mut criterion = NewtonLeaves::new(
            &state.residuals,
            &state.curvatures,
            weights,
            factor,
            &mut reached,
        );
        let tree = grow(
            columns,
            all_rows(columns),
            1,
            Some(self.max_depth),
            &mut criterion,
            &mut state.order,
            &mut Candidates::All,
        );
        for (score, leaf) in state.scores.iter_mut().zip(&reached) {
            *score += self.learning_rate * leaf;
        }
        tree
    }
}

/// Log shares of the classes; for two the log odds of the second.
fn start_scores(present: &PresentClasses, weights: &[f64]) -> Vec<f64> {
    let mut totals = vec![0.0; present.labels.len()];
    for (&class, weight) in present.of_row.iter().zip(weights) {
        totals[class] += weight;
    }
    let all: f64 = totals.iter().sum();
    match totals[..] {
        [first, second] => vec![(second / first).ln()],
        _ => totals.iter().map(|total| (total / all).ln()).collect(),
    }
}

/// Residuals and curvatures of all classes from the scores of this round.
fn update_residuals(states: &mut [ClassState], class_of_row: &[usize]) {
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
        for (k, (state, p)) in states.iter_mut().zip(&probabilities).enumerate() {
            let own = if binary { class == 1 } else { class == k };
            state.residuals[row] = f64::from(u8::from(own)) - p;
            state.curvatures[row] = p * (1.0 - p);
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

    /// Probabilities of one row.
    fn predict_row(&self, x: &[f64], scores: &mut [f64], out: &mut [f64]) {
        scores.copy_from_slice(&self.start);
        for round in self.trees.chunks_exact(scores.len()) {
            for (score, tree) in scores.iter_mut().zip(round) {
                *score += self.learning_rate * tree.leaf(x)[0];
            }
        }
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
                let mut scores = self.start.clone();
                for (out, x) in out.chunks_exact_mut(k).zip(values.chunks_exact(p)) {
                    self.predict_row(x, &mut scores, out);
                }
            });
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::GradientBoosting(self.clone())
    }
}
