//! Grows one tree, depth first.

use std::ops::Range;

use crate::tree::columns::RankedColumns;
use crate::tree::criterion::{Criterion, Cut};
use crate::tree::node::Tree;
use crate::tree::order::{NodeOrder, stable_partition};
use raduet_study::random::Stream;

/// Which columns a node looks at.
pub(crate) enum Candidates {
    /// All, in order.
    All,
    /// `count` of them drawn anew for every node, and more until one varies within the node.
    Drawn {
        /// How many.
        count: usize,
        /// From where.
        stream: Stream,
    },
}

/// A node waiting to be grown.
struct Waiting {
    span: Range<usize>,
    depth: usize,
    /// The split whose right child it is.
    right_of: Option<usize>,
}

/// The best cut of a node.
struct Best {
    column: usize,
    cut: Cut,
    /// Ranks on both sides of the cut.
    sides: (u32, u32),
}

/// Grows a tree over the rows `members` (ascending), down to pure leaves or `max_depth`.
pub(crate) fn grow(
    columns: &RankedColumns,
    mut members: Vec<u32>,
    outputs: usize,
    max_depth: Option<usize>,
    criterion: &mut impl Criterion,
    order: &mut impl NodeOrder,
    candidates: &mut Candidates,
) -> Tree {
    let max_depth = max_depth.unwrap_or(usize::MAX);
    let mut tree = Tree::empty(outputs);
    let mut goes_left = vec![false; columns.rows()];
    let mut aside = vec![0; members.len()];
    let mut pool: Vec<usize> = (0..columns.width()).collect();
    let mut waiting = vec![Waiting {
        span: 0..members.len(),
        depth: 0,
        right_of: None,
    }];
    while let Some(node) = waiting.pop() {
        if let Some(parent) = node.right_of {
            tree.next_is_right_of(parent);
        }
        let inside = &members[node.span.clone()];
        criterion.enter(inside);
        let best = if node.depth >= max_depth || inside.len() < 2 || criterion.is_pure() {
            None
        } else {
            let mut try_column = |column: usize, best: &mut Option<Best>| {
                let ranks = columns.ranks(column);
                let sorted = order.sorted(column, node.span.clone(), inside);
                let varies = ranks[sorted[0] as usize] != ranks[sorted[sorted.len() - 1] as usize];
                if varies {
                    consider(
                        best,
                        column,
                        criterion.best_cut(sorted, ranks),
                        sorted,
                        ranks,
                    );
                }
                varies
            };
            search(candidates, &mut pool, &mut try_column)
        };
        let Some(best) = best else {
            tree.push_leaf(criterion.weight(), |values| criterion.leaf(inside, values));
            continue;
        };
        let (below, above) = best.sides;
        tree.push_split(
            criterion.weight(),
            best.column,
            columns.threshold(best.column, below, above),
            false,
        );
        let ranks = columns.ranks(best.column);
        for &row in inside {
            goes_left[row as usize] = ranks[row as usize] <= below;
        }
        let left = stable_partition(&mut members[node.span.clone()], &goes_left, &mut aside);
        debug_assert_eq!(left, best.cut.left);
        // Leaves at the depth limit are never asked for an order.
        if node.depth + 1 < max_depth {
            order.partition(node.span.clone(), &goes_left);
        }
        let middle = node.span.start + left;
        waiting.push(Waiting {
            span: middle..node.span.end,
            depth: node.depth + 1,
            right_of: Some(tree.len() - 1),
        });
        waiting.push(Waiting {
            span: node.span.start..middle,
            depth: node.depth + 1,
            right_of: None,
        });
    }
    tree
}

/// Looks at the candidate columns; `try_column` says whether a column varies within the node.
fn search(
    candidates: &mut Candidates,
    pool: &mut [usize],
    try_column: &mut impl FnMut(usize, &mut Option<Best>) -> bool,
) -> Option<Best> {
    let mut best = None;
    match candidates {
        Candidates::All => {
            for column in 0..pool.len() {
                try_column(column, &mut best);
            }
        }
        Candidates::Drawn { count, stream } => {
            let mut any_varies = false;
            for drawn in 0..pool.len() {
                if drawn >= *count && any_varies {
                    break;
                }
                let pick = drawn + stream.below(pool.len() - drawn);
                pool.swap(drawn, pick);
                any_varies |= try_column(pool[drawn], &mut best);
            }
        }
    }
    best
}

/// Keeps the better cut; of equals the one found first.
fn consider(
    best: &mut Option<Best>,
    column: usize,
    cut: Option<Cut>,
    sorted: &[u32],
    ranks: &[u32],
) {
    let Some(cut) = cut else { return };
    if best.as_ref().is_none_or(|b| cut.score > b.cut.score) {
        *best = Some(Best {
            column,
            cut,
            sides: (
                ranks[sorted[cut.left - 1] as usize],
                ranks[sorted[cut.left] as usize],
            ),
        });
    }
}
