//! A tree as its leaves, each with the conditions on the way to it, one a column.

use std::ops::Range;

use crate::tree::node::{Tree, View};

/// What the way to a leaf asks of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition {
    pub(super) column: usize,
    /// Share of the training rows that take these branches without regard to the column: the product of
    /// the covers' ratios.
    pub(super) share: f64,
    above: f64,
    up_to: f64,
    missing: bool,
}

impl Condition {
    /// Whether a value takes all branches of this column.
    pub(super) fn holds(&self, value: f64) -> bool {
        if value.is_nan() {
            self.missing
        } else {
            value > self.above && value <= self.up_to
        }
    }

    /// Both on the same column.
    fn and(&mut self, other: Self) {
        self.share *= other.share;
        self.above = self.above.max(other.above);
        self.up_to = self.up_to.min(other.up_to);
        self.missing &= other.missing;
    }
}

/// All leaves of a tree.
pub(super) struct Paths<'a> {
    conditions: Vec<Condition>,
    leaves: Vec<(Range<usize>, &'a [f64])>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        let mut paths = Self {
            conditions: Vec::new(),
            leaves: Vec::new(),
        };
        let covers = tree.covers();
        let mut branches: Vec<Condition> = Vec::new();
        // Node, and the branch that leads to it with its depth.
        let mut waiting: Vec<(usize, Option<(usize, Condition)>)> = vec![(0, None)];
        while let Some((at, branch)) = waiting.pop() {
            let depth = match branch {
                Some((depth, condition)) => {
                    branches.truncate(depth);
                    branches.push(condition);
                    depth + 1
                }
                None => 0,
            };
            match tree.view(at) {
                View::Leaf(values) => paths.push_leaf(&branches, values),
                View::Split {
                    column,
                    threshold,
                    missing_left,
                    left,
                    right,
                } => {
                    let share = |child: usize| covers[child] / covers[at];
                    let to_left = Condition {
                        column,
                        share: share(left),
                        above: f64::NEG_INFINITY,
                        up_to: threshold,
                        missing: missing_left,
                    };
                    let to_right = Condition {
                        column,
                        share: share(right),
                        above: threshold,
                        up_to: f64::INFINITY,
                        missing: !missing_left,
                    };
                    waiting.push((right, Some((depth, to_right))));
                    waiting.push((left, Some((depth, to_left))));
                }
            }
        }
        paths
    }

    fn push_leaf(&mut self, branches: &[Condition], values: &'a [f64]) {
        let start = self.conditions.len();
        for branch in branches {
            let known = self.conditions[start..]
                .iter_mut()
                .find(|condition| condition.column == branch.column);
            match known {
                Some(condition) => condition.and(*branch),
                None => self.conditions.push(*branch),
            }
        }
        self.leaves.push((start..self.conditions.len(), values));
    }

    /// Each leaf's conditions and values, from left to right.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (&[Condition], &'a [f64])> {
        let of =
            |(span, values): &(Range<usize>, &'a [f64])| (&self.conditions[span.clone()], *values);
        self.leaves.iter().map(of)
    }

    /// Most columns on the way to one leaf.
    pub(super) fn longest(&self) -> usize {
        self.leaves
            .iter()
            .map(|(span, _)| span.len())
            .max()
            .unwrap_or(0)
    }
}
