//! Extra trees: each node draws √p columns and one threshold in each, and takes the best of these; all
//! rows in every tree; probabilities are the mean of the trees'. Geurts, Ernst, Wehenkel 2006,
//! doi 10.1007/s10994-006-6226-1.

use serde::{Deserialize, Serialize};

use crate::decision_tree::{Amount, ClassCriterion, MaxFeatures, with_notes};
use crate::error::Result;
use crate::forest::{ForestSettings, Thresholds};
use crate::learner::{Learner, Model};
use crate::samples::Samples;
use crate::tree::limits::{Growth, MIN_SAMPLES_LEAF, MIN_SAMPLES_SPLIT};

pub use crate::forest::ForestModel;

/// Name in results.
pub(crate) const NAME: &str = "extra_trees";

/// Extra trees and their settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtraTrees {
    /// How many trees.
    pub n_estimators: usize,
    /// How the classes of a node are judged.
    pub criterion: ClassCriterion,
    /// Most splits from root to leaf; `None` grows until leaves are pure.
    pub max_depth: Option<usize>,
    /// Fewest rows of a node that is split; a row drawn twice counts once.
    pub min_samples_split: Amount,
    /// Fewest rows of a leaf; a row drawn twice counts once.
    pub min_samples_leaf: Amount,
    /// Least part of the tree's weight in a leaf.
    pub min_weight_fraction_leaf: f64,
    /// Columns a node looks at, drawn anew for each; `None` looks at all.
    pub max_features: Option<MaxFeatures>,
    /// Most leaves of a tree; the most rewarding splits are then made first.
    pub max_leaf_nodes: Option<usize>,
    /// Least decrease of impurity of a split, times the node's part of the tree's weight.
    pub min_impurity_decrease: f64,
    /// Price of a leaf in minimal cost-complexity pruning.
    pub ccp_alpha: f64,
    /// Whether each tree sees rows drawn with replacement, by their weights; else all rows.
    pub bootstrap: bool,
    /// Rows drawn for a tree; `None` draws as many as there are.
    pub max_samples: Option<Amount>,
    /// Whether the trees that did not draw a row judge it.
    pub oob_score: bool,
}

impl Default for ExtraTrees {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            criterion: ClassCriterion::Gini,
            max_depth: None,
            min_samples_split: MIN_SAMPLES_SPLIT,
            min_samples_leaf: MIN_SAMPLES_LEAF,
            min_weight_fraction_leaf: 0.0,
            max_features: Some(MaxFeatures::SQRT),
            max_leaf_nodes: None,
            min_impurity_decrease: 0.0,
            ccp_alpha: 0.0,
            bootstrap: false,
            max_samples: None,
            oob_score: false,
        }
    }
}

impl ExtraTrees {
    fn forest(&self) -> ForestSettings {
        ForestSettings {
            learner: NAME,
            thresholds: Thresholds::Random,
            n_estimators: self.n_estimators,
            criterion: self.criterion,
            growth: Growth {
                max_depth: self.max_depth,
                min_samples_split: self.min_samples_split,
                min_samples_leaf: self.min_samples_leaf,
                min_weight_fraction_leaf: self.min_weight_fraction_leaf,
                max_features: self.max_features,
                max_leaf_nodes: self.max_leaf_nodes,
                min_impurity_decrease: self.min_impurity_decrease,
                ccp_alpha: self.ccp_alpha,
            },
            bootstrap: self.bootstrap,
            max_samples: self.max_samples,
            oob_score: self.oob_score,
        }
    }
}

impl Learner for ExtraTrees {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        self.forest().fit(samples, seed)
    }

    fn check(&self) -> Result<()> {
        self.forest().check()
    }

    fn reads_undefined(&self) -> bool {
        true
    }

    fn settings(&self) -> serde_json::Value {
        with_notes(self, &[("probabilities", "mean of trees")])
    }
}
