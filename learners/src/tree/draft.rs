//! A tree while it grows: nodes that remember their members, pruned before it is written down.
//!
//! Minimal cost-complexity pruning: of all trees that are left when branches become leaves, the
//! smallest one that minimises `Σ_leaves` w/W · impurity + `alpha` · leaves. Breiman, Friedman, Olshen,
//! Stone, Classification and Regression Trees (1984), chapter 3.

use std::ops::Range;

use crate::tree::node::Tree;
use crate::tree::writer::TreeWriter;

/// Where a node is split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DraftSplit {
    /// Column compared.
    pub(crate) column: u32,
    /// Number of the left child; the right one is the next.
    pub(crate) left: u32,
    /// Values up to and including it go left.
    pub(crate) threshold: f64,
    /// Whether undefined values go left.
    pub(crate) missing_left: bool,
}

impl DraftSplit {
    /// Numbers of the children.
    fn children(&self) -> [usize; 2] {
        let left = self.left as usize;
        [left, left + 1]
    }
}

/// A number of members, nodes or columns, which 32 bits hold.
///
/// # Panics
/// Beyond 2^32.
pub(crate) fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 rows, nodes and columns")
}

/// A node; its children come after it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DraftNode {
    /// Where its members stand.
    members: Range<u32>,
    /// Weight of the members.
    pub(crate) weight: f64,
    /// Impurity of the members.
    pub(crate) impurity: f64,
    /// `None` for a leaf.
    pub(crate) split: Option<DraftSplit>,
}

impl DraftNode {
    /// A leaf for the time being.
    pub(crate) fn new(span: Range<usize>, weight: f64, impurity: f64) -> Self {
        Self {
            members: narrow(span.start)..narrow(span.end),
            weight,
            impurity,
            split: None,
        }
    }

    /// Where its members stand.
    pub(crate) fn span(&self) -> Range<usize> {
        self.members.start as usize..self.members.end as usize
    }
}

/// A tree; the root is node 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) nodes: Vec<DraftNode>,
}

impl Draft {
    /// Puts another draft in the place of a leaf; its members start at `start`.
    pub(crate) fn graft(&mut self, at: usize, branch: Self, start: usize) {
        // The branch's root takes the leaf's place, its other nodes follow at the end.
        let (offset, start) = (narrow(self.nodes.len() - 1), narrow(start));
        let moved = branch.nodes.into_iter().map(|mut node| {
            node.members = node.members.start + start..node.members.end + start;
            if let Some(split) = &mut node.split {
                split.left += offset;
            }
            node
        });
        for (number, node) in moved.enumerate() {
            if number == 0 {
                self.nodes[at] = node;
            } else {
                self.nodes.push(node);
            }
        }
    }

    /// Turns branches into leaves that are not worth `alpha` a leaf.
    pub(crate) fn prune(&mut self, alpha: f64) {
        if alpha <= 0.0 {
            return;
        }
        let whole = self.nodes[0].weight;
        // Cost of the best branch below each node; children come after their parents.
        let mut costs = vec![0.0; self.nodes.len()];
        for at in (0..self.nodes.len()).rev() {
            let node = &mut self.nodes[at];
            let alone = node.weight * node.impurity / whole + alpha;
            let below = node
                .split
                .map(|split| split.children().map(|child| costs[child]).iter().sum());
            costs[at] = match below {
                Some(below) if below < alone => below,
                _ => {
                    node.split = None;
                    alone
                }
            };
        }
    }

    /// The tree in preorder; `fill` appends the values of the leaf whose members stand at a span.
    pub(crate) fn write(
        &self,
        outputs: usize,
        mut fill: impl FnMut(Range<usize>, &mut Vec<f64>),
    ) -> Tree {
        let leaves = self.nodes.len().div_ceil(2);
        let mut writer = TreeWriter::with_capacity(outputs, leaves);
        let mut waiting: Vec<(usize, Option<usize>)> = vec![(0, None)];
        while let Some((at, right_of)) = waiting.pop() {
            if let Some(parent) = right_of {
                writer.next_is_right_of(parent);
            }
            let node = &self.nodes[at];
            match node.split {
                None => writer.push_leaf(node.weight, |values| fill(node.span(), values)),
                Some(split) => {
                    let column = split.column as usize;
                    let place = writer.push_split(column, split.threshold, split.missing_left);
                    let [left, right] = split.children();
                    waiting.push((right, Some(place)));
                    waiting.push((left, None));
                }
            }
        }
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(span: Range<usize>, impurity: f64, left: Option<u32>) -> DraftNode {
        let weight = span.len() as f64;
        DraftNode {
            split: left.map(|left| DraftSplit {
                column: 0,
                threshold: 0.0,
                missing_left: false,
                left,
            }),
            ..DraftNode::new(span, weight, impurity)
        }
    }

    #[test]
    fn branches_fall_at_their_alpha() {
        // Root 0.5 with leaves 0 and a branch of impurity 0.4 (weight 4 of 8) with two pure leaves.
        let full = Draft {
            nodes: vec![
                node(0..8, 0.5, Some(1)),
                node(0..4, 0.0, None),
                node(4..8, 0.4, Some(3)),
                node(4..6, 0.0, None),
                node(6..8, 0.0, None),
            ],
        };
        // The branch falls at 0.4 · 4/8 = 0.2, the rest at 0.5 − 0.2 = 0.3.
        for (alpha, leaves) in [(0.0, 3), (0.19, 3), (0.21, 2), (0.29, 2), (0.31, 1)] {
            let mut draft = full.clone();
            draft.prune(alpha);
            let tree = draft.write(1, |span, values| values.push(span.len() as f64));
            assert_eq!(tree.leaves().count(), leaves, "{alpha}");
            assert!((tree.leaves().flatten().sum::<f64>() - 8.0).abs() < 1e-15);
        }
    }

    #[test]
    fn a_grafted_branch_keeps_its_members() {
        let branch = Draft {
            nodes: vec![
                node(0..4, 0.4, Some(1)),
                node(0..1, 0.0, None),
                node(1..4, 0.0, None),
            ],
        };
        let mut draft = Draft {
            nodes: vec![
                node(0..8, 0.5, Some(1)),
                node(0..4, 0.0, None),
                node(4..8, 0.4, None),
            ],
        };
        draft.graft(2, branch, 4);
        let mut spans = Vec::new();
        let _ = draft.write(1, |span, values| {
            spans.push(span);
            values.push(0.0);
        });
        assert_eq!(spans, [0..4, 4..5, 5..8]);
    }
}
