//! One classification tree: exact thresholds, every column at every node unless `max_features` says
//! otherwise, grown until its leaves are pure unless a setting stops it. The core, its tie rule and its
//! treatment of undefined values stand in `tree/`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::explain::TreeEnsemble;
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_values};
use crate::tree::columns::RankedColumns;
use crate::tree::criterion::{ClassRows, Criterion, Entropy, Gini};
use crate::tree::draws::Draws;
use crate::tree::grow::grow;
use crate::tree::limits::{Growth, Limits, MIN_SAMPLES_LEAF, MIN_SAMPLES_SPLIT};
use crate::tree::node::Tree;
use crate::tree::presorted::{Branches, Presorted};
use crate::tree::rank::{NARROW_ROWS, Rank};
use raduet_study::random::Stream;

pub use crate::tree::criterion::ClassCriterion;
pub use crate::tree::limits::{Amount, MaxFeatures, NamedFeatures};

/// Name in results.
pub(crate) const NAME: &str = "decision_tree";

/// A classification tree and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionTree {
    /// How the classes of a node are judged.
    pub criterion: ClassCriterion,
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
    /// Most leaves; the most rewarding splits are then made first.
    pub max_leaf_nodes: Option<usize>,
    /// Least decrease of impurity of a split, times the node's part of the training weight.
    pub min_impurity_decrease: f64,
    /// Price of a leaf in minimal cost-complexity pruning.
    pub ccp_alpha: f64,
}

impl Default for DecisionTree {
    fn default() -> Self {
        Self {
            criterion: ClassCriterion::Gini,
            max_depth: None,
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

impl DecisionTree {
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

    fn grow<R: Rank>(&self, samples: &Samples, seed: u64) -> Tree {
        let targets = ClassTargets::new(samples);
        let rows: ClassRows<R> = targets.rows();
        match self.criterion {
            ClassCriterion::Gini => self.grow_by(samples, Gini::new(&rows), &rows, seed),
            ClassCriterion::Entropy | ClassCriterion::LogLoss => {
                self.grow_by(samples, Entropy::new(&rows), &rows, seed)
            }
        }
    }

    fn grow_by<R: Rank, C: Criterion>(
        &self,
        samples: &Samples,
        criterion: C,
        rows: &ClassRows<R>,
        seed: u64,
    ) -> Tree {
        let (columns, orders) = RankedColumns::<R>::with_orders(samples);
        let limits: Limits = self.growth().limits(samples.rows(), samples.total_weight());
        let draws = match self.max_features {
            None => Draws::all(samples.width()),
            Some(features) => Draws::some(
                samples.width(),
                features.of(samples.width()),
                Stream::new(seed, "columns of a tree", 0),
            ),
        };
        let mut search = Presorted::new(
            &columns,
            (0..samples.rows()).map(R::of).collect(),
            orders,
            criterion,
            draws,
            limits.leaf,
            Branches::Apart,
        );
        let mut draft = grow(&mut search, &limits);
        draft.prune(self.ccp_alpha);
        let (members, _) = search.into_parts();
        draft.write(rows.classes(), |span, values| {
            rows.shares(members[span].iter().map(|row| row.at()), values);
        })
    }
}

impl Learner for DecisionTree {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        samples.ready_but_undefined(NAME, 1)?;
        let tree = if samples.rows() <= NARROW_ROWS {
            self.grow::<u16>(samples, seed)
        } else {
            self.grow::<u32>(samples, seed)
        };
        Ok(Box::new(TreeModel {
            width: samples.width(),
            classes: samples.classes().len(),
            tree,
        }))
    }

    fn check(&self) -> Result<()> {
        self.growth().check(NAME)
    }

    fn reads_undefined(&self) -> bool {
        true
    }

    fn settings(&self) -> serde_json::Value {
        with_notes(
            self,
            &[
                ("splitter", "best"),
                ("ties", "first column, then lowest threshold"),
            ],
        )
    }
}

/// A learner's settings, with notes on what cannot be set.
pub(crate) fn with_notes(settings: &impl Serialize, notes: &[(&str, &str)]) -> serde_json::Value {
    let mut all = serde_json::to_value(settings).unwrap_or_default();
    for (name, note) in notes {
        all[*name] = (*note).into();
    }
    all
}

/// Classes and weights of the rows, as the tree core reads them.
pub(crate) struct ClassTargets<'a> {
    /// Class of each row.
    pub(crate) classes: Vec<u32>,
    /// Weight of each row, if any were given.
    pub(crate) weights: Option<&'a [f64]>,
    /// Number of classes.
    pub(crate) count: usize,
}

impl<'a> ClassTargets<'a> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "fewer than 2^32 class names"
    )]
    pub(crate) fn new(samples: &'a Samples) -> Self {
        Self {
            classes: samples.labels().iter().map(|l| l.0 as u32).collect(),
            weights: samples.weights(),
            count: samples.classes().len(),
        }
    }

    /// Rows with their own weights.
    pub(crate) fn rows<R: Rank>(&self) -> ClassRows<R> {
        match self.weights {
            Some(weights) => ClassRows::weighted(&self.classes, weights, self.count),
            None => ClassRows::counted(&self.classes, &vec![1; self.classes.len()], self.count),
        }
    }
}

/// A fitted tree; leaves hold the class shares of their training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeModel {
    pub(crate) width: usize,
    pub(crate) classes: usize,
    pub(crate) tree: Tree,
}

impl TreeModel {
    pub(crate) fn check(&self) -> Result<()> {
        self.tree.check(self.width, self.classes)?;
        check_shares(&self.tree)
    }
}

/// Refuses leaves that hold no class shares.
pub(crate) fn check_shares(tree: &Tree) -> Result<()> {
    expect_values("tree leaves", tree.ends(), "shares in 0..=1", |v| {
        (0.0..=1.0).contains(&v)
    })?;
    for leaf in tree.ends().chunks_exact(tree.outputs()) {
        let sum: f64 = leaf.iter().sum();
        expect_values("tree leaves", &[sum], "shares that sum to 1", |sum| {
            (sum - 1.0).abs() < 1e-9
        })?;
    }
    Ok(())
}

impl Model for TreeModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        values
            .chunks_exact(self.width)
            .flat_map(|x| self.tree.leaf(x))
            .copied()
            .collect()
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::DecisionTree(self.clone())
    }

    fn explain_trees(&self) -> Option<TreeEnsemble<'_>> {
        let outputs = (0..self.classes).collect();
        let base = vec![0.0; self.classes];
        TreeEnsemble::new(self.width, outputs, base, 1.0, vec![(&self.tree, 0)])
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    fn fit(values: &[f64], width: usize, labels: &[usize]) -> TreeModel {
        let samples = Samples::new(
            values.to_vec(),
            (0..width).map(|i| format!("x{i}")).collect(),
            labels.iter().map(|&l| Label(l)).collect(),
            ClassNames::new(["a", "b"]).unwrap(),
        )
        .unwrap();
        match DecisionTree::default().fit(&samples, 0).unwrap().to_saved() {
            SavedModel::DecisionTree(model) => model,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn thresholds_lie_half_way() {
        let model = fit(&[1.0, 2.0, 4.0, 8.0], 1, &[0, 0, 1, 1]);
        let splits: Vec<_> = model.tree.splits().collect();
        assert_eq!(splits, [(0, 3.0)]);
    }

    #[test]
    fn an_exclusive_or_is_found_though_its_first_split_gains_nothing() {
        let values = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
        let model = fit(&values, 2, &[0, 1, 1, 0]);
        let probabilities = model.predict_proba(&values, 4);
        assert_eq!(probabilities, [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn the_first_of_equal_columns_wins() {
        let model = fit(&[1.0, 1.0, 2.0, 2.0], 2, &[0, 1]);
        assert_eq!(model.tree.splits().next(), Some((0, 1.5)));
    }

    #[test]
    fn equal_rows_of_two_classes_share_a_leaf() {
        let model = fit(&[1.0, 1.0, 1.0, 1.0], 1, &[0, 1, 1, 1]);
        assert_eq!(model.predict_proba(&[1.0], 1), [0.25, 0.75]);
    }
}
