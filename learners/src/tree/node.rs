//! A grown tree: a flat list of nodes in preorder.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::saved::{expect_finite, expect_product};

/// Stands for "no column": the node is a leaf.
const LEAF: u32 = u32::MAX;

/// One node. The left child of a split is the next node; children always come after their parent.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    /// Column compared, or [`LEAF`].
    column: u32,
    /// Right child of a split; number of a leaf.
    next: u32,
    /// Values up to and including it go left.
    threshold: f64,
}

/// A binary tree whose leaves hold `outputs` numbers each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TreeArrays", into = "TreeArrays")]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Leaves × outputs.
    leaves: Vec<f64>,
    outputs: usize,
}

impl Tree {
    /// A tree without nodes, to be grown.
    pub(crate) fn empty(outputs: usize) -> Self {
        Self {
            nodes: Vec::new(),
            leaves: Vec::new(),
            outputs,
        }
    }

    /// Number of numbers in a leaf.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Appends a leaf whose values `fill` appends.
    ///
    /// # Panics
    /// With 2^32 leaves.
    pub(crate) fn push_leaf(&mut self, fill: impl FnOnce(&mut Vec<f64>)) {
        let number = self.leaves.len() / self.outputs;
        fill(&mut self.leaves);
        debug_assert_eq!(self.leaves.len(), (number + 1) * self.outputs);
        self.nodes.push(Node {
            column: LEAF,
            next: u32::try_from(number).expect("fewer than 2^32 leaves"),
            threshold: 0.0,
        });
    }

    /// Appends a split; its left child must be appended next.
    ///
    /// # Panics
    /// With 2^32 columns.
    pub(crate) fn push_split(&mut self, column: usize, threshold: f64) {
        self.nodes.push(Node {
            column: u32::try_from(column).expect("fewer than 2^32 columns"),
            next: 0,
            threshold,
        });
    }

    /// Makes the node appended next the right child of `parent`.
    ///
    /// # Panics
    /// With 2^32 nodes.
    pub(crate) fn next_is_right_of(&mut self, parent: usize) {
        self.nodes[parent].next = u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes");
    }

    /// The values of the leaf that a row falls into.
    pub(crate) fn leaf(&self, x: &[f64]) -> &[f64] {
        let mut at = 0;
        loop {
            let node = self.nodes[at];
            if node.column == LEAF {
                let start = node.next as usize * self.outputs;
                return &self.leaves[start..start + self.outputs];
            }
            at = if x[node.column as usize] <= node.threshold {
                at + 1
            } else {
                node.next as usize
            };
        }
    }

    /// All leaf values.
    pub(crate) fn leaves(&self) -> &[f64] {
        &self.leaves
    }

    #[cfg(test)]
    /// The splits in preorder as (node, column, threshold).
    pub(crate) fn splits(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| node.column != LEAF)
            .map(|(at, node)| (at, node.column as usize, node.threshold))
    }

    /// Refuses a tree that could loop, leave its lists or read a column beyond `width`.
    pub(crate) fn check(&self, width: usize, outputs: usize) -> Result<()> {
        let fault = |found: String, expected: String| LearnError::saved("tree", found, expected);
        if self.outputs != outputs || outputs == 0 {
            return Err(fault(
                format!("{} values a leaf", self.outputs),
                outputs.to_string(),
            ));
        }
        let leaf_count = self.nodes.iter().filter(|n| n.column == LEAF).count();
        expect_product("tree leaves", self.leaves.len(), leaf_count, outputs)?;
        expect_finite("tree leaves", &self.leaves)?;
        if self.nodes.is_empty() {
            return Err(fault("no node".into(), "at least a leaf".into()));
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let next = node.next as usize;
            if node.column == LEAF {
                if next >= leaf_count {
                    return Err(fault(
                        format!("node {at}: leaf {next}"),
                        format!("a leaf below {leaf_count}"),
                    ));
                }
                continue;
            }
            if node.column as usize >= width {
                return Err(fault(
                    format!("node {at}: column {}", node.column),
                    format!("a column below {width}"),
                ));
            }
            if next <= at + 1 || next >= self.nodes.len() {
                return Err(fault(
                    format!("node {at}: right child {next}"),
                    format!("a node after {} and below {}", at + 1, self.nodes.len()),
                ));
            }
            if !node.threshold.is_finite() {
                return Err(fault(
                    format!("node {at}: threshold {}", node.threshold),
                    "a finite number".into(),
                ));
            }
        }
        Ok(())
    }
}

/// The layout in files: one list a field. Leaves have column −1 and threshold 0.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TreeArrays {
    outputs: usize,
    column: Vec<i64>,
    threshold: Vec<f64>,
    /// Right child of a split, number of a leaf.
    next: Vec<u32>,
    leaves: Vec<f64>,
}

impl From<Tree> for TreeArrays {
    fn from(tree: Tree) -> Self {
        let column = |node: &Node| match node.column {
            LEAF => -1,
            column => i64::from(column),
        };
        Self {
            outputs: tree.outputs,
            column: tree.nodes.iter().map(column).collect(),
            threshold: tree.nodes.iter().map(|node| node.threshold).collect(),
            next: tree.nodes.iter().map(|node| node.next).collect(),
            leaves: tree.leaves,
        }
    }
}

impl TryFrom<TreeArrays> for Tree {
    type Error = String;

    fn try_from(arrays: TreeArrays) -> std::result::Result<Self, String> {
        let n = arrays.column.len();
        if arrays.threshold.len() != n || arrays.next.len() != n {
            return Err(format!(
                "tree: {n} columns, {} thresholds, {} links",
                arrays.threshold.len(),
                arrays.next.len()
            ));
        }
        let fields = arrays
            .column
            .iter()
            .zip(&arrays.threshold)
            .zip(&arrays.next);
        let nodes = fields
            .map(|((&column, &threshold), &next)| {
                let column = match column {
                    -1 => LEAF,
                    _ => u32::try_from(column).map_err(|_| format!("tree: column {column}"))?,
                };
                Ok(Node {
                    column,
                    next,
                    threshold,
                })
            })
            .collect::<std::result::Result<_, String>>()?;
        Ok(Self {
            nodes,
            leaves: arrays.leaves,
            outputs: arrays.outputs,
        })
    }
}
