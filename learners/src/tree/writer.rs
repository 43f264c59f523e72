//! Writes a tree down, node by node in preorder.

use std::collections::HashMap;

use crate::tree::node::{LEAF, MISSING_LEFT, SPLIT_WORDS, Tree};

/// A tree of which a part is written.
pub(crate) struct TreeWriter {
    tree: Tree,
    nodes: usize,
    /// Number of the end with these bits: of its numbers, then of its weight.
    known: HashMap<Vec<u64>, u32>,
    bits: Vec<u64>,
}

impl TreeWriter {
    /// Nothing yet of a tree whose leaves hold `outputs` numbers.
    pub(crate) fn new(outputs: usize) -> Self {
        Self {
            tree: Tree {
                words: Vec::new(),
                ends: Vec::new(),
                end_cover: Vec::new(),
                outputs,
            },
            nodes: 0,
            known: HashMap::new(),
            bits: Vec::new(),
        }
    }

    /// As [`TreeWriter::new`], for a tree of so many leaves or somewhat fewer.
    pub(crate) fn with_capacity(outputs: usize, leaves: usize) -> Self {
        let mut writer = Self::new(outputs);
        let splits = leaves.saturating_sub(1);
        writer
            .tree
            .words
            .reserve_exact(splits * SPLIT_WORDS + leaves);
        writer
    }

    /// Number of nodes written.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes
    }

    /// Writes a leaf reached by rows of weight `cover`, whose values `fill` appends.
    ///
    /// # Panics
    /// With 2^31 different ends.
    pub(crate) fn push_leaf(&mut self, cover: f64, fill: impl FnOnce(&mut Vec<f64>)) {
        let tree = &mut self.tree;
        let start = tree.ends.len();
        fill(&mut tree.ends);
        debug_assert_eq!(tree.ends.len(), start + tree.outputs);
        let values = tree.ends[start..].iter().chain([&cover]);
        self.bits.clear();
        self.bits.extend(values.map(|value| value.to_bits()));
        let end = if let Some(&end) = self.known.get(&self.bits) {
            tree.ends.truncate(start);
            end
        } else {
            let end = u32::try_from(tree.end_cover.len()).ok();
            let end = end
                .filter(|end| end & LEAF == 0)
                .expect("fewer than 2^31 ends");
            tree.end_cover.push(cover);
            self.known.insert(self.bits.clone(), end);
            end
        };
        tree.words.push(LEAF | end);
        self.nodes += 1;
    }

    /// Writes a split and gives its place; its left child must be written next.
    ///
    /// # Panics
    /// With 2^30 columns.
    pub(crate) fn push_split(
        &mut self,
        column: usize,
        threshold: f64,
        missing_left: bool,
    ) -> usize {
        let column = u32::try_from(column).ok().filter(|&c| c < MISSING_LEFT);
        let column = column.expect("fewer than 2^30 columns");
        let flag = if missing_left { MISSING_LEFT } else { 0 };
        let place = self.tree.words.len();
        let [low, high] = halves(threshold);
        let words: [u32; SPLIT_WORDS] = [column | flag, 0, low, high];
        self.tree.words.extend(words);
        self.nodes += 1;
        place
    }

    /// Makes the node written next the right child of the split at `place`.
    ///
    /// # Panics
    /// With 2^32 words of nodes.
    pub(crate) fn next_is_right_of(&mut self, place: usize) {
        let next = u32::try_from(self.tree.words.len());
        self.tree.words[place + 1] = next.expect("fewer than 2^32 words");
    }

    /// The tree, in no more memory than it needs.
    pub(crate) fn finish(self) -> Tree {
        let mut tree = self.tree;
        tree.words.shrink_to_fit();
        tree.ends.shrink_to_fit();
        tree.end_cover.shrink_to_fit();
        tree
    }
}

/// Lower and upper half of a number's bits.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn halves(number: f64) -> [u32; 2] {
    let bits = number.to_bits();
    [bits as u32, (bits >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::tree::node::View;

    /// One split over two, whose four leaves hold two different pairs of numbers.
    fn written() -> Tree {
        let mut writer = TreeWriter::new(2);
        let root = writer.push_split(7, -0.1, false);
        for (column, threshold) in [(3, f64::MIN_POSITIVE), (4, 1e300)] {
            if column == 4 {
                writer.next_is_right_of(root);
            }
            let place = writer.push_split(column, threshold, column == 4);
            writer.push_leaf(2.0, |values| values.extend([0.0, 1.0]));
            writer.next_is_right_of(place);
            writer.push_leaf(column as f64, |values| values.extend([1.0, 0.0]));
        }
        assert_eq!(writer.nodes(), 7);
        writer.finish()
    }

    #[test]
    fn what_was_written_is_read() {
        let tree = written();
        let splits: Vec<(usize, f64)> = tree.splits().collect();
        assert_eq!(splits, [(7, -0.1), (3, f64::MIN_POSITIVE), (4, 1e300)]);
        let leaves: Vec<&[f64]> = tree.leaves().collect();
        assert_eq!(leaves, [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]);
        // Of equal leaves one is kept; those of weights 3 and 4 differ.
        assert_eq!(tree.ends().len(), 3 * 2);
        let covers = tree.covers();
        let of_nodes: Vec<f64> = tree.places().map(|at| covers[at]).collect();
        assert_eq!(of_nodes, [11.0, 5.0, 2.0, 3.0, 6.0, 2.0, 4.0]);
        let row = |a: f64, b: f64, c: f64| [0.0, 0.0, 0.0, a, b, 0.0, 0.0, c];
        for (x, leaf) in [
            (row(0.0, 0.0, -0.1), [0.0, 1.0]),
            (row(1.0, 0.0, -0.1), [1.0, 0.0]),
            (row(0.0, 2e300, 0.0), [1.0, 0.0]),
            (row(0.0, f64::NAN, f64::NAN), [0.0, 1.0]),
            (row(f64::NAN, 0.0, -1.0), [1.0, 0.0]),
        ] {
            assert_eq!(tree.leaf(&x), leaf, "{x:?}");
        }
        assert!(matches!(
            tree.view(0),
            View::Split {
                left: SPLIT_WORDS,
                right: 10,
                ..
            }
        ));
    }

    #[test]
    fn a_file_gives_the_same_tree_and_text() {
        let tree = written();
        let text = serde_json::to_string(&tree).unwrap();
        let again: Tree = serde_json::from_str(&text).unwrap();
        assert_eq!(again, tree);
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }

    #[test]
    fn files_whose_nodes_are_no_tree_are_refused() {
        let whole = serde_json::to_value(written()).unwrap();
        for (field, at, value, reason) in [
            (
                "next",
                0,
                Value::from(5),
                "node 4: after node 0's left branch, whose right child is node 5",
            ),
            (
                "next",
                1,
                Value::from(2),
                "node 3: after node 1's left branch, whose right child is node 2",
            ),
            ("column", 6, Value::from(1), "a split without a left child"),
            ("column", 0, Value::from(-1), "node 1: after the last leaf"),
            ("next", 2, Value::from(4), "node 2: leaf 4 of 4"),
            ("column", 0, Value::from(-2), "column -2"),
            (
                "cover",
                0,
                Value::from(12),
                "node 0: cover 12, of its leaves 11",
            ),
        ] {
            let mut changed = whole.clone();
            changed[field][at] = value;
            let columns = changed["column"].as_array().unwrap();
            let leaves = columns.iter().filter(|column| **column == -1).count();
            changed["leaves"] = vec![0.5; 2 * leaves].into();
            let error = serde_json::from_value::<Tree>(changed)
                .unwrap_err()
                .to_string();
            assert!(error.contains(reason), "{error} for {reason}");
        }
        for (field, value) in [("outputs", 0), ("outputs", 3)] {
            let mut changed = whole.clone();
            changed[field] = value.into();
            assert!(serde_json::from_value::<Tree>(changed).is_err());
        }
        let empty = r#"{"outputs":1,"column":[],"threshold":[],"next":[],"cover":[],"leaves":[]}"#;
        assert!(serde_json::from_str::<Tree>(empty).is_err());
    }
}
