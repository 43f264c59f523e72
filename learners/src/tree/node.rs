//! A grown tree: a flat list of nodes in preorder.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::saved::{expect_finite, expect_product, expect_values};

/// Stands for "no column": the node is a leaf.
const LEAF: u32 = u32::MAX;

/// Set in a split's column where undefined values go left.
const MISSING_LEFT: u32 = 1 << 31;

/// One node. The left child of a split is the next node; children always come after their parent.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    /// Column compared, with [`MISSING_LEFT`], or [`LEAF`].
    column: u32,
    /// Right child of a split; number of a leaf.
    next: u32,
    /// Values up to and including it go left.
    threshold: f64,
}

impl Node {
    /// Column compared, of a split.
    fn compared(self) -> usize {
        (self.column & !MISSING_LEFT) as usize
    }

    /// Whether a value goes left, of a split. Undefined values follow the node's own rule.
    fn goes_left(self, value: f64) -> bool {
        value <= self.threshold || (value.is_nan() && self.column & MISSING_LEFT != 0)
    }
}

/// A node as those who walk a tree see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum View<'a> {
    /// An end, with its numbers.
    Leaf(&'a [f64]),
    /// Values up to and including the threshold go to node `left`, greater ones to `right`.
    Split {
        /// Column compared.
        column: usize,
        /// Where the column is cut.
        threshold: f64,
        /// Whether undefined values go left.
        missing_left: bool,
        /// Node number of the left child.
        left: usize,
        /// Node number of the right child.
        right: usize,
    },
}

/// A binary tree whose leaves hold `outputs` numbers each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TreeArrays", into = "TreeArrays")]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Leaves × outputs.
    leaves: Vec<f64>,
    /// Weight of the training rows that reached each node.
    cover: Vec<f64>,
    outputs: usize,
}

impl Tree {
    /// A tree without nodes, to be grown.
    pub(crate) fn empty(outputs: usize) -> Self {
        Self {
            nodes: Vec::new(),
            leaves: Vec::new(),
            cover: Vec::new(),
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

    /// Appends a leaf reached by rows of weight `cover`, whose values `fill` appends.
    ///
    /// # Panics
    /// With 2^32 leaves.
    pub(crate) fn push_leaf(&mut self, cover: f64, fill: impl FnOnce(&mut Vec<f64>)) {
        let number = self.leaves.len() / self.outputs;
        fill(&mut self.leaves);
        debug_assert_eq!(self.leaves.len(), (number + 1) * self.outputs);
        self.nodes.push(Node {
            column: LEAF,
            next: u32::try_from(number).expect("fewer than 2^32 leaves"),
            threshold: 0.0,
        });
        self.cover.push(cover);
    }

    /// Appends a split reached by rows of weight `cover`; its left child must be appended next.
    ///
    /// # Panics
    /// With 2^31 − 1 columns.
    pub(crate) fn push_split(
        &mut self,
        cover: f64,
        column: usize,
        threshold: f64,
        missing_left: bool,
    ) {
        let column = u32::try_from(column).ok().filter(|&c| c < LEAF >> 1);
        let flag = if missing_left { MISSING_LEFT } else { 0 };
        self.nodes.push(Node {
            column: column.expect("fewer than 2^31 - 1 columns") | flag,
            next: 0,
            threshold,
        });
        self.cover.push(cover);
    }

    /// Makes the node appended next the right child of `parent`.
    ///
    /// # Panics
    /// With 2^32 nodes.
    pub(crate) fn next_is_right_of(&mut self, parent: usize) {
        self.nodes[parent].next = u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes");
    }

    /// Gives back the memory that growing had reserved: a forest keeps its trees.
    pub(crate) fn trim(&mut self) {
        self.nodes.shrink_to_fit();
        self.leaves.shrink_to_fit();
        self.cover.shrink_to_fit();
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
            at = if node.goes_left(x[node.compared()]) {
                at + 1
            } else {
                node.next as usize
            };
        }
    }

    /// Weight of the training rows that reached a node.
    pub(crate) fn cover(&self, at: usize) -> f64 {
        self.cover[at]
    }

    /// Node number `at`; the root is 0.
    ///
    /// # Panics
    /// When there is no such node.
    pub(crate) fn view(&self, at: usize) -> View<'_> {
        let node = self.nodes[at];
        if node.column == LEAF {
            let start = node.next as usize * self.outputs;
            return View::Leaf(&self.leaves[start..start + self.outputs]);
        }
        View::Split {
            column: node.compared(),
            threshold: node.threshold,
            missing_left: node.column & MISSING_LEFT != 0,
            left: at + 1,
            right: node.next as usize,
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
            .map(|(at, node)| (at, node.compared(), node.threshold))
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
        expect_values(
            "tree cover",
            &self.cover,
            "finite weights of 0 or more",
            |v| v.is_finite() && v >= 0.0,
        )?;
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
            if node.compared() >= width {
                return Err(fault(
                    format!("node {at}: column {}", node.compared()),
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
    /// Nodes whose undefined values go left, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing_left: Vec<usize>,
    /// Weight of the training rows that reached each node.
    cover: Vec<f64>,
    leaves: Vec<f64>,
}

impl From<Tree> for TreeArrays {
    fn from(tree: Tree) -> Self {
        let column = |node: &Node| match node.column {
            LEAF => -1,
            column => i64::from(column & !MISSING_LEFT),
        };
        let left = |node: &Node| node.column != LEAF && node.column & MISSING_LEFT != 0;
        let nodes = tree.nodes.iter().enumerate();
        let missing_left = nodes.filter(|(_, node)| left(node)).map(|(at, _)| at);
        Self {
            outputs: tree.outputs,
            column: tree.nodes.iter().map(column).collect(),
            threshold: tree.nodes.iter().map(|node| node.threshold).collect(),
            next: tree.nodes.iter().map(|node| node.next).collect(),
            missing_left: missing_left.collect(),
            cover: tree.cover,
            leaves: tree.leaves,
        }
    }
}

impl TryFrom<TreeArrays> for Tree {
    type Error = String;

    fn try_from(arrays: TreeArrays) -> std::result::Result<Self, String> {
        let n = arrays.column.len();
        let lengths = [
            arrays.threshold.len(),
            arrays.next.len(),
            arrays.cover.len(),
        ];
        if lengths != [n; 3] {
            return Err(format!(
                "tree: {n} columns, {} thresholds, {} links, {} covers",
                lengths[0], lengths[1], lengths[2]
            ));
        }
        let fields = arrays
            .column
            .iter()
            .zip(&arrays.threshold)
            .zip(&arrays.next);
        let mut nodes: Vec<Node> = fields
            .map(|((&column, &threshold), &next)| {
                let column = match column {
                    -1 => LEAF,
                    _ => u32::try_from(column)
                        .ok()
                        .filter(|&column| column < LEAF >> 1)
                        .ok_or_else(|| format!("tree: column {column}"))?,
                };
                Ok(Node {
                    column,
                    next,
                    threshold,
                })
            })
            .collect::<std::result::Result<_, String>>()?;
        for at in arrays.missing_left {
            match nodes.get_mut(at) {
                Some(node) if node.column != LEAF => node.column |= MISSING_LEFT,
                _ => return Err(format!("tree: undefined values at node {at}")),
            }
        }
        Ok(Self {
            nodes,
            cover: arrays.cover,
            leaves: arrays.leaves,
            outputs: arrays.outputs,
        })
    }
}
