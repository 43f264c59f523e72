//! The best cut of one column within a node.

use crate::tree::criterion::Criterion;
use crate::tree::limits::LeafLimits;

/// The best cut of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// Score of the children; larger is better.
    pub(crate) score: f64,
    /// How many members with a defined value, in the column's order, go left.
    pub(crate) left: usize,
    /// Whether members with an undefined value go left.
    pub(crate) missing_left: bool,
}

/// A node's members in ascending order of a column, undefined values last.
pub(crate) trait Sorted {
    /// Number of members.
    fn len(&self) -> usize;

    /// Kind of the member at a place.
    fn kind(&self, at: usize) -> usize;

    /// Whether the member at a place and the next one have the same value.
    fn tied(&self, at: usize) -> bool;
}

/// The best cut between members of unequal value, the first of equals; `None` where none is allowed.
///
/// With undefined values every cut is tried with them on the right, then (for as long as it is better)
/// with them on the left; a cut that parts them from all others sends them right. `defined` of the
/// members, at least one, have a value. The criterion has entered the node.
pub(crate) fn best_cut<C: Criterion>(
    sorted: &impl Sorted,
    defined: usize,
    criterion: &mut C,
    limits: LeafLimits,
) -> Option<Cut> {
    let members = sorted.len();
    let undefined = members - defined;
    let mut best: Option<Cut> = None;
    let mut best_score = f64::NEG_INFINITY;
    for missing_left in [false, true] {
        criterion.restart();
        if missing_left {
            if undefined == 0 {
                break;
            }
            (defined..members).for_each(|at| criterion.add(sorted.kind(at)));
        }
        let before = if missing_left { undefined } else { 0 };
        // Behind the last defined value there is a cut only if undefined ones stay on the right.
        let parts_undefined = undefined > 0 && !missing_left;
        let end = if parts_undefined {
            defined
        } else {
            defined - 1
        };
        for at in 0..end {
            criterion.add(sorted.kind(at));
            let left = before + at + 1;
            if (at + 1 < defined && sorted.tied(at))
                || left < limits.rows
                || members - left < limits.rows
            {
                continue;
            }
            let (left_weight, right_weight) = criterion.sides();
            if left_weight < limits.weight || right_weight < limits.weight {
                continue;
            }
            let score = criterion.score();
            if score > best_score {
                best_score = score;
                best = Some(Cut {
                    score,
                    left: at + 1,
                    missing_left,
                });
            }
        }
    }
    best
}
