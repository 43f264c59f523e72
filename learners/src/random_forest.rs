//! Random forest: trees on bootstrap samples that look at √p drawn columns a node; probabilities
//! are the mean of the trees'. Breiman 2001, doi 10.1023/A:1010933404324.
//!
//! Each tree draws from its own stream of the seed and results are added in the order of trees, so
//! the number of threads leaves no trace.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::decision_tree::{ClassTargets, check_shares};
use crate::dense::add_scaled;
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::Samples;
use crate::saved::SavedModel;
use crate::tree::columns::RankedColumns;
use crate::tree::criterion::Gini;
use crate::tree::grow::{Candidates, grow};
use crate::tree::node::Tree;
use crate::tree::order::SortedOnDemand;
use raduet_study::random::Stream;

/// Name in results.
pub(crate) const NAME: &str = "random_forest";

/// Rows predicted together by one thread.
const BLOCK: usize = 64;

/// A random forest and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomForest {
    /// How many trees.
    pub n_estimators: usize,
    /// Most splits from root to leaf; `None` grows until leaves are pure.
    pub max_depth: Option<usize>,
}

impl Default for RandomForest {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            max_depth: None,
        }
    }
}

impl Learner for RandomForest {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 1)?;
        let columns = RankedColumns::new(samples);
        let targets = ClassTargets::new(samples);
        let trees = (0..self.n_estimators as u64)
            .into_par_iter()
            .map(|tree| {
                let stream = Stream::new(seed, "tree of a forest", tree);
                grow_one(&columns, &targets, self.max_depth, stream)
            })
            .collect();
        Ok(Box::new(ForestModel {
            width: samples.width(),
            classes: targets.count,
            trees,
        }))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "n_estimators": self.n_estimators,
            "criterion": "gini",
            "max_depth": self.max_depth,
            "min_samples_split": 2,
            "min_samples_leaf": 1,
            "max_features": "sqrt",
            "bootstrap": true,
            "probabilities": "mean of trees",
        })
    }
}

/// One tree on rows drawn with replacement; a row drawn twice weighs twice.
fn grow_one(
    columns: &RankedColumns,
    targets: &ClassTargets,
    max_depth: Option<usize>,
    mut stream: Stream,
) -> Tree {
    let mut weights = vec![0.0; columns.rows()];
    for _ in 0..columns.rows() {
        let row = stream.below(columns.rows());
        weights[row] += targets.weights[row];
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "RankedColumns has fewer than 2^32 rows"
    )]
    let members = (0..columns.rows() as u32)
        .filter(|&row| weights[row as usize] > 0.0)
        .collect();
    grow(
        columns,
        members,
        targets.count,
        max_depth,
        &mut Gini::new(&targets.classes, &weights, targets.count),
        &mut SortedOnDemand::new(columns),
        &mut Candidates::Drawn {
            count: columns.width().isqrt().max(1),
            stream,
        },
    )
}

/// Fitted trees whose leaves hold class shares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForestModel {
    pub(crate) width: usize,
    pub(crate) classes: usize,
    pub(crate) trees: Vec<Tree>,
}

impl ForestModel {
    pub(crate) fn check(&self) -> Result<()> {
        if self.trees.is_empty() {
            return Err(LearnError::saved("trees", "none", "at least one"));
        }
        for tree in &self.trees {
            tree.check(self.width, self.classes)?;
            check_shares(tree)?;
        }
        Ok(())
    }
}

impl Model for ForestModel {
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
        let count = self.trees.len() as f64;
        probabilities
            .par_chunks_mut(BLOCK * k)
            .zip(values.par_chunks(BLOCK * p))
            .for_each(|(out, values)| {
                // Tree by tree, so that each stays in the cache for the whole block.
                for tree in &self.trees {
                    for (sum, x) in out.chunks_exact_mut(k).zip(values.chunks_exact(p)) {
                        add_scaled(sum, 1.0, tree.leaf(x));
                    }
                }
                for v in out.iter_mut() {
                    *v /= count;
                }
            });
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::RandomForest(self.clone())
    }
}
