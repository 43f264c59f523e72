//! Trees in files: one list a field, nodes in preorder, every leaf's numbers by themselves.

use serde::{Deserialize, Serialize};

use crate::tree::node::{Tree, View};
use crate::tree::writer::TreeWriter;

/// How far a split's weight may be from the sum of its leaves' by rounding, relative.
const COVER_TOLERANCE: f64 = 1e-9;

/// The layout in files. Leaves have column −1 and threshold 0.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TreeArrays {
    outputs: usize,
    column: Vec<i64>,
    threshold: Vec<f64>,
    /// Right child of a split, number of a leaf.
    next: Vec<usize>,
    /// Nodes whose undefined values go left, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing_left: Vec<usize>,
    /// Weight of the training rows that reached each node.
    cover: Vec<f64>,
    leaves: Vec<f64>,
}

impl From<Tree> for TreeArrays {
    fn from(tree: Tree) -> Self {
        let mut number_at = vec![0; tree.extent()];
        for (number, at) in tree.places().enumerate() {
            number_at[at] = number;
        }
        let covers = tree.covers();
        let mut arrays = Self {
            outputs: tree.outputs(),
            column: Vec::new(),
            threshold: Vec::new(),
            next: Vec::new(),
            missing_left: Vec::new(),
            cover: tree.places().map(|at| covers[at]).collect(),
            leaves: Vec::new(),
        };
        for at in tree.places() {
            let (column, threshold, next) = match tree.view(at) {
                View::Leaf(values) => {
                    let number = arrays.leaves.len() / tree.outputs();
                    arrays.leaves.extend(values);
                    (None, 0.0, number)
                }
                View::Split {
                    column,
                    threshold,
                    missing_left,
                    right,
                    ..
                } => {
                    if missing_left {
                        arrays.missing_left.push(number_at[at]);
                    }
                    (i64::try_from(column).ok(), threshold, number_at[right])
                }
            };
            arrays.column.push(column.unwrap_or(-1));
            arrays.threshold.push(threshold);
            arrays.next.push(next);
        }
        arrays
    }
}

impl TryFrom<TreeArrays> for Tree {
    type Error = String;

    fn try_from(arrays: TreeArrays) -> Result<Self, String> {
        let leaves = arrays.leaves()?;
        let n = arrays.column.len();
        let mut missing_left = arrays.missing_left.iter().peekable();
        let mut writer = TreeWriter::new(arrays.outputs);
        // Splits whose left branch is being written: number and place.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut after_leaf = false;
        for at in 0..n {
            if after_leaf {
                let (parent, place) = open
                    .pop()
                    .ok_or_else(|| format!("tree: node {at}: after the last leaf"))?;
                let right = arrays.next[parent];
                if right != at {
                    return Err(format!(
                        "tree: node {at}: after node {parent}'s left branch, whose right child is node {right}"
                    ));
                }
                writer.next_is_right_of(place);
            }
            let column = arrays.column[at];
            after_leaf = column == -1;
            if after_leaf {
                let number = arrays.next[at];
                let values = leaves
                    .get(number)
                    .ok_or_else(|| format!("tree: node {at}: leaf {number} of {}", leaves.len()))?;
                writer.push_leaf(arrays.cover[at], |end| end.extend(*values));
            } else {
                let column = usize::try_from(column).ok().filter(|&c| c < 1 << 30);
                let column = column.ok_or_else(|| format!("tree: column {}", arrays.column[at]))?;
                let left = missing_left.next_if_eq(&&at).is_some();
                open.push((at, writer.push_split(column, arrays.threshold[at], left)));
            }
        }
        if !after_leaf || !open.is_empty() {
            return Err("tree: a split without a left child or a right one, or no node".into());
        }
        if let Some(at) = missing_left.next() {
            return Err(format!("tree: undefined values at node {at}"));
        }
        let tree = writer.finish();
        let covers = tree.covers();
        for (number, (at, &written)) in tree.places().zip(&arrays.cover).enumerate() {
            let sum = covers[at];
            let near = (written - sum).abs() <= COVER_TOLERANCE * sum.abs();
            if !near {
                return Err(format!(
                    "tree: node {number}: cover {written}, of its leaves {sum}"
                ));
            }
        }
        Ok(tree)
    }
}

impl TreeArrays {
    /// The leaves' numbers, after the sizes of all lists were compared.
    fn leaves(&self) -> Result<Vec<&[f64]>, String> {
        let n = self.column.len();
        let lengths = [self.threshold.len(), self.next.len(), self.cover.len()];
        if lengths != [n; 3] {
            return Err(format!(
                "tree: {n} columns, {} thresholds, {} links, {} covers",
                lengths[0], lengths[1], lengths[2]
            ));
        }
        let count = self.column.iter().filter(|&&column| column == -1).count();
        let values = self.leaves.len();
        if self.outputs == 0 || count.checked_mul(self.outputs) != Some(values) {
            return Err(format!(
                "tree: {values} values of {count} leaves with {} each",
                self.outputs
            ));
        }
        Ok(self.leaves.chunks_exact(self.outputs).collect())
    }
}
