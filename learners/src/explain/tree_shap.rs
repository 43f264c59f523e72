//! Path-dependent `TreeSHAP`: what each column adds to the answer of a tree model for one row.
//!
//! The value of a set S of known columns is what the tree answers on average where splits on other
//! columns send a row both ways, by the shares of training rows that went there; contributions are the
//! Shapley values of this game: Lundberg et al. 2020, doi 10.1038/s42256-019-0138-9 (algorithm 2 and its
//! supplement). They sum to the answer minus its expectation.
//!
//! The game is a sum over leaves. With m columns on the way to a leaf of value v, `z_j` the share of rows that
//! take column j's branches and `o_j` = 1 where the row does, else 0, a leaf is worth
//!
//! ```text
//! v · Π_{j in S} o_j · Π_{j not in S} z_j, so
//! φ_i = v · (o_i − z_i) · Σ_k w(k) · [t^k] Π_{j ≠ i} (z_j + o_j t),   w(k) = k! (m − 1 − k)! / m!
//! ```
//!
//! The polynomial of all columns with `o_j` = 1 is made once a leaf; one factor is divided out for each of
//! them. Columns with `o_i` = 0 share one φ.

use rayon::prelude::*;

use super::paths::{Condition, Paths};
use super::shap::places;
use crate::error::{LearnError, Result};
use crate::learner::assert_shape;
use crate::pipeline::FittedPipeline;
use crate::samples::Samples;
use crate::tree::node::Tree;

/// Rows explained together by one thread: a tree's paths are listed once for all of them.
const BLOCK: usize = 32;

/// The trees of a fitted model and how its answer is made of them.
///
/// Answers are class shares for single trees and forests, raw scores for boosting (log odds of the
/// second of two classes, or one score a class before softmax).
pub struct TreeEnsemble<'a> {
    width: usize,
    outputs: Vec<usize>,
    base: Vec<f64>,
    scale: f64,
    /// Each with the first answer that its leaf values add to.
    trees: Vec<(&'a Tree, usize)>,
}

/// Contributions of all columns to the answers for some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeShap {
    /// Class number of each answer (S).
    pub outputs: Vec<usize>,
    /// Expected answer over the training rows, S.
    pub expected: Vec<f64>,
    /// Row-major rows × S × p.
    pub values: Vec<f64>,
}

/// Explains the answers of a pipeline's trees for rows of a table, before calibration. Contributions are in
/// terms of the training table's columns; those that the preprocessing dropped have 0.
///
/// # Errors
/// [`LearnError::Samples`] for a learner without trees that know their training rows, or a
/// preprocessing that combines columns; and those of reading the samples by column name.
pub fn tree_shap(fitted: &FittedPipeline, samples: &Samples) -> Result<TreeShap> {
    let Some(ensemble) = fitted.model.explain_trees() else {
        return Err(LearnError::samples(
            "a learner without trees that know their training rows",
            "a decision tree, forest or boosting of our own",
        ));
    };
    let places = places(fitted, samples)?;
    let seen = ensemble.contributions(&fitted.seen(samples)?, samples.rows());
    let p = fitted.columns.len();
    let mut values = vec![0.0; samples.rows() * seen.outputs.len() * p];
    let of_answers = values.chunks_exact_mut(p);
    for (out, of_seen) in of_answers.zip(seen.values.chunks_exact(ensemble.width)) {
        for (&place, value) in places.iter().zip(of_seen) {
            out[place] += value;
        }
    }
    Ok(TreeShap { values, ..seen })
}

impl<'a> TreeEnsemble<'a> {
    /// The answer is `base` plus `scale` times the trees' leaves; `None` for trees that do not know how many
    /// rows went where.
    pub(crate) fn new(
        width: usize,
        outputs: Vec<usize>,
        base: Vec<f64>,
        scale: f64,
        trees: Vec<(&'a Tree, usize)>,
    ) -> Option<Self> {
        debug_assert_eq!(outputs.len(), base.len());
        trees
            .iter()
            .all(|(tree, _)| tree.is_covered())
            .then_some(Self {
                width,
                outputs,
                base,
                scale,
                trees,
            })
    }

    /// Class number of each answer (S).
    pub fn outputs(&self) -> &[usize] {
        &self.outputs
    }

    /// The answers, row-major n × S, of row-major values n × p.
    ///
    /// # Panics
    /// When `values` does not hold `rows` × p numbers.
    pub fn answers(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let mut answers = self.base.repeat(rows);
        let rows = values.chunks_exact(self.width);
        for (x, answer) in rows.zip(answers.chunks_exact_mut(self.outputs.len())) {
            for (tree, first) in &self.trees {
                for (sum, value) in answer[*first..].iter_mut().zip(tree.leaf(x)) {
                    *sum += self.scale * value;
                }
            }
        }
        answers
    }

    /// What each column adds to each answer, of row-major values n × p.
    ///
    /// # Panics
    /// When `values` does not hold `rows` × p numbers.
    pub fn contributions(&self, values: &[f64], rows: usize) -> TreeShap {
        assert_shape(values, rows, self.width);
        let (p, count) = (self.width, self.outputs.len());
        let mut contributions = vec![0.0; rows * count * p];
        contributions
            .par_chunks_mut(BLOCK * count * p)
            .zip(values.par_chunks(BLOCK * p))
            .for_each(|(out, values)| {
                let mut shapley = Shapley::default();
                for (tree, first) in &self.trees {
                    let paths = Paths::new(tree);
                    shapley.make_room(paths.longest());
                    let rows = values.chunks_exact(p).zip(out.chunks_exact_mut(count * p));
                    for (x, out) in rows {
                        for (conditions, leaf) in paths.leaves() {
                            shapley.of_leaf(conditions, x, |column, factor| {
                                for (answer, value) in leaf.iter().enumerate() {
                                    out[(first + answer) * p + column] +=
                                        self.scale * factor * value;
                                }
                            });
                        }
                    }
                }
            });
        TreeShap {
            outputs: self.outputs.clone(),
            expected: self.expected(),
            values: contributions,
        }
    }

    /// The answers where nothing is known of a row.
    fn expected(&self) -> Vec<f64> {
        let mut expected = self.base.clone();
        for (tree, first) in &self.trees {
            for (conditions, leaf) in Paths::new(tree).leaves() {
                let share: f64 = conditions.iter().map(|condition| condition.share).product();
                for (sum, value) in expected[*first..].iter_mut().zip(leaf) {
                    *sum += self.scale * share * value;
                }
            }
        }
        expected
    }
}

/// Shapley values of a leaf worth 1, with memory for any leaf.
#[derive(Default)]
struct Shapley {
    /// w(k) for every number m of columns up to the longest path's.
    weights: Vec<Vec<f64>>,
    /// Coefficients of Π (`z_j` + t) over the columns whose branches the row takes.
    polynomial: Vec<f64>,
}

impl Shapley {
    fn make_room(&mut self, longest: usize) {
        for m in self.weights.len()..=longest {
            let mut weights = Vec::with_capacity(m);
            let mut weight = 1.0 / m as f64;
            for k in 0..m {
                weights.push(weight);
                weight *= (k + 1) as f64 / (m - 1 - k) as f64;
            }
            self.weights.push(weights);
        }
    }

    /// Calls `add` with each column on the way to a leaf and its Shapley value.
    fn of_leaf(&mut self, conditions: &[Condition], x: &[f64], mut add: impl FnMut(usize, f64)) {
        self.polynomial.clear();
        self.polynomial.push(1.0);
        let mut others = 1.0;
        for condition in conditions {
            if condition.holds(x[condition.column]) {
                self.polynomial.push(0.0);
                for k in (0..self.polynomial.len()).rev() {
                    let below = if k == 0 { 0.0 } else { self.polynomial[k - 1] };
                    self.polynomial[k] = condition.share * self.polynomial[k] + below;
                }
            } else {
                others *= condition.share;
            }
        }
        let weights = &self.weights[conditions.len()];
        // Never asked for where the row takes all branches.
        let outside = -others * sum_of_products(weights, &self.polynomial);
        for condition in conditions {
            let value = if condition.holds(x[condition.column]) {
                (1.0 - condition.share)
                    * others
                    * without(condition.share, &self.polynomial, weights)
            } else {
                outside
            };
            add(condition.column, value);
        }
    }
}

fn sum_of_products(weights: &[f64], polynomial: &[f64]) -> f64 {
    weights.iter().zip(polynomial).map(|(w, c)| w * c).sum()
}

/// `Σ w(k) q_k` for q = polynomial / (z + t), divided from the highest power down: z is at most 1, so errors
/// do not grow.
fn without(z: f64, polynomial: &[f64], weights: &[f64]) -> f64 {
    let mut coefficient = 0.0;
    let mut sum = 0.0;
    for k in (1..polynomial.len()).rev() {
        coefficient = polynomial[k] - z * coefficient;
        sum += weights[k - 1] * coefficient;
    }
    sum
}
