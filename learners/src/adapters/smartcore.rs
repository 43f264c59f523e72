//! smartcore: a random forest. Its trees become ours: leaves hold the one class that smartcore keeps
//! of them, so a probability is the share of trees that vote for the class.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model};
use crate::random_forest::{ForestModel, NAME};
use crate::samples::Samples;
use crate::tree::node::Tree;
use crate::tree::writer::TreeWriter;
use raduet_study::random::Stream;

/// smartcore does not keep how many rows reached a node.
const NO_COVER: f64 = 0.0;

/// A random forest grown by smartcore.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SmartcoreForest {
    n_estimators: u16,
}

impl Default for SmartcoreForest {
    fn default() -> Self {
        Self { n_estimators: 100 }
    }
}

/// What smartcore writes of a forest; its trees are not public otherwise.
#[derive(Deserialize)]
struct WrittenForest {
    trees: Vec<WrittenTree>,
    classes: Vec<u32>,
}

#[derive(Deserialize)]
struct WrittenTree {
    nodes: Vec<WrittenNode>,
}

#[derive(Deserialize)]
struct WrittenNode {
    /// Position of the class among `classes`.
    output: usize,
    split_feature: usize,
    split_value: Option<f64>,
    /// Where values up to and including the split value go.
    true_child: Option<usize>,
    false_child: Option<usize>,
}

fn fault(reason: impl std::fmt::Display) -> LearnError {
    LearnError::Backend {
        learner: NAME,
        reason: reason.to_string(),
    }
}

impl Learner for SmartcoreForest {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, 2)?;
        samples.without_weights(NAME)?;
        let present = samples.two_classes(NAME)?;
        let (n, p) = (samples.rows(), samples.width());
        let x = DenseMatrix::new(n, p, samples.values().to_vec(), false).map_err(fault)?;
        let y: Vec<u32> = present
            .of_row
            .iter()
            .map(|&class| u32::try_from(class))
            .collect::<std::result::Result<_, _>>()
            .map_err(fault)?;
        // Trees take consecutive seeds there: a mixed one keeps neighbouring seeds apart.
        let parameters = RandomForestClassifierParameters::default()
            .with_n_trees(self.n_estimators)
            .with_seed(Stream::new(seed, "foreign seed", 0).bits());
        let fitted = RandomForestClassifier::fit(&x, &y, parameters).map_err(fault)?;
        let written = serde_json::to_value(&fitted).map_err(fault)?;
        let forest: WrittenForest = serde_json::from_value(written).map_err(fault)?;
        let label_of: Vec<usize> = forest
            .classes
            .iter()
            .map(|&class| present.labels.get(class as usize).copied())
            .collect::<Option<_>>()
            .ok_or_else(|| fault("a class that was not given"))?;
        let classes = samples.classes().len();
        let trees = forest
            .trees
            .iter()
            .map(|tree| converted(&tree.nodes, &label_of, classes))
            .collect::<Result<_>>()?;
        let model = ForestModel {
            width: p,
            classes,
            trees,
            oob_score: None,
        };
        model.check().map_err(fault)?;
        Ok(Box::new(model))
    }

    fn settings(&self) -> Value {
        json!({
            "n_estimators": self.n_estimators,
            "criterion": "gini",
            "max_depth": null,
            "min_samples_split": 2,
            "min_samples_leaf": 1,
            "max_features": "sqrt",
            "bootstrap": "within classes",
            "probabilities": "share of trees that vote for the class",
        })
    }
}

/// One tree in preorder.
fn converted(nodes: &[WrittenNode], label_of: &[usize], classes: usize) -> Result<Tree> {
    let mut writer = TreeWriter::new(classes);
    // Node to append, and the split it is the right child of.
    let mut waiting: Vec<(usize, Option<usize>)> = vec![(0, None)];
    while let Some((at, right_of)) = waiting.pop() {
        let node = nodes.get(at).ok_or_else(|| fault("a missing node"))?;
        if writer.nodes() >= nodes.len() {
            return Err(fault("a node with two parents"));
        }
        if let Some(parent) = right_of {
            writer.next_is_right_of(parent);
        }
        let split = (node.split_value, node.true_child, node.false_child);
        if let (Some(threshold), Some(left), Some(right)) = split {
            let place = writer.push_split(node.split_feature, threshold, false);
            waiting.push((right, Some(place)));
            waiting.push((left, None));
            continue;
        }
        let label = *label_of
            .get(node.output)
            .ok_or_else(|| fault("an unknown class"))?;
        writer.push_leaf(NO_COVER, |values| {
            values.extend((0..classes).map(|k| f64::from(u8::from(k == label))));
        });
    }
    Ok(writer.finish())
}
