//! A grown tree, packed: 16 bytes a split and 4 a leaf, for a forest holds millions of them.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::saved::{expect_finite, expect_values};
use crate::tree::file::TreeArrays;

/// Set in the word of a leaf.
pub(super) const LEAF: u32 = 1 << 31;

/// Set in a split's column where undefined values go left.
pub(super) const MISSING_LEFT: u32 = 1 << 30;

/// Words of a split: column with [`MISSING_LEFT`], place of the right child, threshold in two halves. The left
/// child follows at once. A leaf is one word: [`LEAF`] and the number of its end.
pub(super) const SPLIT_WORDS: usize = 4;

/// A node as those who walk a tree see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum View<'a> {
    /// An end, with its numbers.
    Leaf(&'a [f64]),
    /// Values up to and including the threshold go to the node at `left`, greater ones to `right`.
    Split {
        /// Column compared.
        column: usize,
        /// Where the column is cut.
        threshold: f64,
        /// Whether undefined values go left.
        missing_left: bool,
        /// Place of the left child.
        left: usize,
        /// Place of the right child.
        right: usize,
    },
}

/// A binary tree whose leaves hold `outputs` numbers each. A node is known by its *place*; that of the root is
/// 0, and children come after their parent, in preorder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TreeArrays", into = "TreeArrays")]
pub(crate) struct Tree {
    pub(super) words: Vec<u32>,
    /// Ends × outputs. Leaves with the same numbers and weight share an end.
    pub(super) ends: Vec<f64>,
    /// Weight of the training rows that reached a leaf, by end.
    pub(super) end_cover: Vec<f64>,
    pub(super) outputs: usize,
}

impl Tree {
    /// Number of numbers in a leaf.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// The values of the leaf that a row falls into. Undefined values follow each split's own rule.
    pub(crate) fn leaf(&self, x: &[f64]) -> &[f64] {
        let mut at = 0;
        loop {
            let word = self.words[at];
            if word & LEAF != 0 {
                return self.end(word);
            }
            let (column, threshold, right) = self.split(at);
            let value = x[(column & !MISSING_LEFT) as usize];
            let goes_left = value <= threshold || (value.is_nan() && column & MISSING_LEFT != 0);
            at = if goes_left { at + SPLIT_WORDS } else { right };
        }
    }

    /// Column with its flag, threshold and place of the right child of the split at a place.
    fn split(&self, at: usize) -> (u32, f64, usize) {
        let words = &self.words[at..at + SPLIT_WORDS];
        let bits = u64::from(words[2]) | u64::from(words[3]) << 32;
        (words[0], f64::from_bits(bits), words[1] as usize)
    }

    fn end(&self, word: u32) -> &[f64] {
        let start = (word & !LEAF) as usize * self.outputs;
        &self.ends[start..start + self.outputs]
    }

    /// The node at a place.
    ///
    /// # Panics
    /// When there is no such node.
    pub(crate) fn view(&self, at: usize) -> View<'_> {
        let word = self.words[at];
        if word & LEAF != 0 {
            return View::Leaf(self.end(word));
        }
        let (column, threshold, right) = self.split(at);
        View::Split {
            column: (column & !MISSING_LEFT) as usize,
            threshold,
            missing_left: column & MISSING_LEFT != 0,
            left: at + SPLIT_WORDS,
            right,
        }
    }

    /// Places of all nodes, ascending.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let first = (!self.words.is_empty()).then_some(0);
        std::iter::successors(first, |&at| {
            let step = if self.words[at] & LEAF != 0 {
                1
            } else {
                SPLIT_WORDS
            };
            Some(at + step).filter(|&next| next < self.words.len())
        })
    }

    /// Places are below this.
    pub(crate) fn extent(&self) -> usize {
        self.words.len()
    }

    /// Weight of the training rows that reached each node, by place.
    pub(crate) fn covers(&self) -> Vec<f64> {
        let mut covers = vec![0.0; self.extent()];
        let places: Vec<usize> = self.places().collect();
        for at in places.into_iter().rev() {
            covers[at] = match self.view(at) {
                View::Leaf(_) => self.end_cover[(self.words[at] & !LEAF) as usize],
                View::Split { left, right, .. } => covers[left] + covers[right],
            };
        }
        covers
    }

    /// Whether it is known how many rows went where.
    pub(crate) fn is_covered(&self) -> bool {
        self.end_cover.iter().all(|&cover| cover > 0.0)
    }

    /// The different ends' values, one end after another.
    pub(crate) fn ends(&self) -> &[f64] {
        &self.ends
    }

    /// Refuses a tree of another shape, and numbers that cannot be; what a file says of the structure was
    /// checked when it was read.
    pub(crate) fn check(&self, width: usize, outputs: usize) -> Result<()> {
        let fault = |found: String, expected: String| LearnError::saved("tree", found, expected);
        if self.outputs != outputs {
            return Err(fault(
                format!("{} values a leaf", self.outputs),
                outputs.to_string(),
            ));
        }
        expect_finite("tree leaves", &self.ends)?;
        expect_values(
            "tree cover",
            &self.end_cover,
            "finite weights of 0 or more",
            |v| v.is_finite() && v >= 0.0,
        )?;
        for (number, at) in self.places().enumerate() {
            let View::Split {
                column, threshold, ..
            } = self.view(at)
            else {
                continue;
            };
            if column >= width {
                return Err(fault(
                    format!("node {number}: column {column}"),
                    format!("a column below {width}"),
                ));
            }
            if !threshold.is_finite() {
                return Err(fault(
                    format!("node {number}: threshold {threshold}"),
                    "a finite number".into(),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl Tree {
    /// The splits in preorder as (column, threshold).
    pub(crate) fn splits(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.places().filter_map(|at| match self.view(at) {
            View::Leaf(_) => None,
            View::Split {
                column, threshold, ..
            } => Some((column, threshold)),
        })
    }

    /// The leaves' values from left to right.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = &[f64]> {
        self.places().filter_map(|at| match self.view(at) {
            View::Leaf(values) => Some(values),
            View::Split { .. } => None,
        })
    }
}
