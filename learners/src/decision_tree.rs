//! One classification tree grown until its leaves are pure: Gini impurity, every column at every
//! node, exact thresholds. The core and its tie rule stand in `tree/`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::Result;
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_values};
use crate::tree::columns::RankedColumns;
use crate::tree::criterion::Gini;
use crate::tree::grow::{Candidates, grow};
use crate::tree::node::Tree;
use crate::tree::order::Presorted;

/// Name in results.
pub(crate) const NAME: &str = "decision_tree";

/// A classification tree and its settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionTree {
    /// Most splits from root to leaf; `None` grows until leaves are pure.
    pub max_depth: Option<usize>,
}

impl Learner for DecisionTree {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 1)?;
        let columns = RankedColumns::new(samples);
        let targets = ClassTargets::new(samples);
        let tree = grow(
            &columns,
            all_rows(&columns),
            targets.count,
            self.max_depth,
            &mut Gini::new(&targets.classes, &targets.weights, targets.count),
            &mut Presorted::new(&columns),
            &mut Candidates::All,
        );
        Ok(Box::new(TreeModel {
            width: samples.width(),
            classes: targets.count,
            tree,
        }))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "criterion": "gini",
            "splitter": "best",
            "max_depth": self.max_depth,
            "min_samples_split": 2,
            "min_samples_leaf": 1,
            "max_features": "all",
            "ties": "first column, then lowest threshold",
        })
    }
}

/// Classes and weights of the rows, as the tree core reads them.
pub(crate) struct ClassTargets {
    /// Class of each row.
    pub(crate) classes: Vec<u32>,
    /// Weight of each row.
    pub(crate) weights: Vec<f64>,
    /// Number of classes.
    pub(crate) count: usize,
}

impl ClassTargets {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "fewer than 2^32 class names"
    )]
    pub(crate) fn new(samples: &Samples) -> Self {
        Self {
            classes: samples.labels().iter().map(|l| l.0 as u32).collect(),
            weights: (0..samples.rows()).map(|row| samples.weight(row)).collect(),
            count: samples.classes().len(),
        }
    }
}

/// Every row's number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "RankedColumns has fewer than 2^32 rows"
)]
pub(crate) fn all_rows(columns: &RankedColumns) -> Vec<u32> {
    (0..columns.rows() as u32).collect()
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
    expect_values("tree leaves", tree.leaves(), "shares in 0..=1", |v| {
        (0.0..=1.0).contains(&v)
    })?;
    for leaf in tree.leaves().chunks_exact(tree.outputs()) {
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
        assert_eq!(splits, [(0, 0, 3.0)]);
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
        assert_eq!(model.tree.splits().next(), Some((0, 0, 1.5)));
    }

    #[test]
    fn equal_rows_of_two_classes_share_a_leaf() {
        let model = fit(&[1.0, 1.0, 1.0, 1.0], 1, &[0, 1, 1, 1]);
        assert_eq!(model.predict_proba(&[1.0], 1), [0.25, 0.75]);
    }
}
