//! Every column's order, sorted once and split along with the nodes: right where most columns are
//! looked at, as in a single tree and in boosting.
//!
//! Columns are searched in parallel where a node is large; the best cuts are compared in the order of
//! columns. Branches with few members are grown side by side on copies of their own.

use std::ops::Range;

use rayon::prelude::*;

use crate::tree::columns::{Ranked, RankedColumns};
use crate::tree::criterion::Criterion;
use crate::tree::cut::{Cut, Sorted, best_cut};
use crate::tree::draws::Draws;
use crate::tree::grow::{Found, NodeSums, Search};
use crate::tree::limits::LeafLimits;
use crate::tree::rank::Rank;

/// Members × columns from which a node's columns are shared out: below it, handing out costs more than
/// it saves.
const SHARED_CELLS: usize = 1 << 15;

/// A branch is grown on its own once it has at most this part of the rows.
const BRANCH_PART: usize = 8;

/// Whether branches may be grown on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Branches {
    /// Side by side.
    Apart,
    /// Within the tree.
    Within,
}

/// All columns of the members in ascending order.
pub(crate) struct Presorted<'a, R, C> {
    columns: &'a RankedColumns<'a, R>,
    criterion: C,
    draws: Draws,
    limits: LeafLimits,
    branches: Branches,
    members: Vec<R>,
    /// Members in the order of each column.
    orders: Vec<Vec<R>>,
    /// By row; of the latest split.
    goes_left: Vec<bool>,
    aside: Vec<R>,
}

impl<'a, R: Rank, C: Criterion> Presorted<'a, R, C> {
    /// Over some rows, ascending, and the same rows in the order of each column.
    pub(crate) fn new(
        columns: &'a RankedColumns<'a, R>,
        members: Vec<R>,
        orders: Vec<Vec<R>>,
        criterion: C,
        draws: Draws,
        limits: LeafLimits,
        branches: Branches,
    ) -> Self {
        Self {
            columns,
            criterion,
            draws,
            limits,
            branches,
            orders,
            goes_left: vec![false; columns.rows()],
            aside: vec![R::default(); members.len()],
            members,
        }
    }

    /// Members, ascending within each node, and the orders, to be used again.
    pub(crate) fn into_parts(self) -> (Vec<R>, Vec<Vec<R>>) {
        (self.members, self.orders)
    }

    /// Members in the order of a column.
    fn in_order(&self, column: usize, span: Range<usize>) -> InOrder<'_, R, C> {
        let order = &self.orders[column][span];
        let ranked = self.columns.column(column);
        let defined = if ranked.has_undefined {
            order.partition_point(|row| ranked.ranks[row.at()] != R::UNDEFINED)
        } else {
            order.len()
        };
        InOrder {
            order,
            ranked,
            defined,
            criterion: &self.criterion,
        }
    }
}

/// A node's members in the order of a column.
struct InOrder<'a, R, C> {
    order: &'a [R],
    ranked: &'a Ranked<R>,
    defined: usize,
    criterion: &'a C,
}

impl<R: Rank, C: Criterion> InOrder<'_, R, C> {
    fn rank(&self, at: usize) -> R {
        self.ranked.ranks[self.order[at].at()]
    }

    fn varies(&self) -> bool {
        let undefined = self.order.len() - self.defined;
        self.defined > 0 && (undefined > 0 || self.rank(0) != self.rank(self.defined - 1))
    }

    fn best(&self, criterion: &mut C, limits: LeafLimits) -> Option<Cut> {
        if self.ranked.all_differ {
            best_cut(&Untied(self), self.defined, criterion, limits)
        } else {
            best_cut(self, self.defined, criterion, limits)
        }
    }
}

impl<R: Rank, C: Criterion> Sorted for InOrder<'_, R, C> {
    fn len(&self) -> usize {
        self.order.len()
    }

    #[inline]
    fn kind(&self, at: usize) -> usize {
        self.criterion.kind(self.order[at].at())
    }

    #[inline]
    fn tied(&self, at: usize) -> bool {
        self.rank(at) == self.rank(at + 1)
    }
}

/// The same where all values of the column differ.
struct Untied<'a, T>(&'a T);

impl<T: Sorted> Sorted for Untied<'_, T> {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn kind(&self, at: usize) -> usize {
        self.0.kind(at)
    }

    #[inline]
    fn tied(&self, _at: usize) -> bool {
        false
    }
}

impl<R: Rank, C: Criterion> Search for Presorted<'_, R, C> {
    type Row = R;

    fn members(&self) -> usize {
        self.members.len()
    }

    fn enter(&mut self, span: Range<usize>) -> NodeSums {
        let rows = self.members[span].iter();
        let reader = self.criterion.clone();
        self.criterion.enter(rows.map(|row| reader.kind(row.at())));
        NodeSums {
            weight: self.criterion.weight(),
            impurity: self.criterion.impurity(),
            is_pure: self.criterion.is_pure(),
        }
    }

    fn best(&mut self, span: Range<usize>) -> Option<Found> {
        let mut draws = std::mem::replace(&mut self.draws, Draws::all(0));
        let mut chosen = Vec::new();
        draws.visit(|column| {
            let varies = self.in_order(column, span.clone()).varies();
            if varies {
                chosen.push(column);
            }
            varies
        });
        self.draws = draws;
        let this = &*self;
        let cut_of = |criterion: &mut C, column: usize| {
            let sorted = this.in_order(column, span.clone());
            sorted.best(criterion, this.limits)
        };
        let cuts: Vec<Option<Cut>> = if chosen.len() * span.len() < SHARED_CELLS {
            let mut criterion = self.criterion.clone();
            let columns = chosen.iter();
            columns
                .map(|&column| cut_of(&mut criterion, column))
                .collect()
        } else {
            let columns = chosen.par_iter();
            columns
                .map_init(
                    || this.criterion.clone(),
                    |criterion, &column| cut_of(criterion, column),
                )
                .collect()
        };
        let mut best: Option<(usize, Cut)> = None;
        for (&column, cut) in chosen.iter().zip(&cuts) {
            if let Some(cut) = cut
                && best.is_none_or(|(_, b)| cut.score > b.score)
            {
                best = Some((column, *cut));
            }
        }
        let (column, cut) = best?;
        let sorted = self.in_order(column, span);
        let threshold = if cut.left == sorted.defined {
            f64::MAX
        } else {
            let [below, above] = [cut.left - 1, cut.left].map(|at| sorted.order[at].at());
            self.columns.threshold(column, below, above)
        };
        Some(Found {
            column,
            threshold,
            below: sorted.rank(cut.left - 1).at(),
            missing_left: (sorted.defined < sorted.order.len()).then_some(cut.missing_left),
            summed_impurity: self.criterion.summed_impurity(cut.score),
        })
    }

    fn part(&mut self, span: Range<usize>, found: &Found) -> usize {
        let missing_left = found.missing_left == Some(true);
        let ranks = &self.columns.column(found.column).ranks[..];
        for &row in &self.members[span.clone()] {
            let rank = ranks[row.at()];
            let goes_left = rank.at() <= found.below || (missing_left && rank == R::UNDEFINED);
            self.goes_left[row.at()] = goes_left;
        }
        stable_partition(&mut self.members[span], &self.goes_left, &mut self.aside)
    }

    fn keep_up(&mut self, span: Range<usize>) {
        let goes_left = &self.goes_left;
        if self.orders.len() * span.len() < SHARED_CELLS {
            for order in &mut self.orders {
                stable_partition(&mut order[span.clone()], goes_left, &mut self.aside);
            }
        } else {
            self.orders.par_iter_mut().for_each_init(
                || vec![R::default(); span.len()],
                |aside, order| {
                    stable_partition(&mut order[span.clone()], goes_left, aside);
                },
            );
        }
    }

    fn detachable(&mut self, span: Range<usize>) -> Option<u64> {
        let few = span.len() <= self.columns.rows() / BRANCH_PART;
        (self.branches == Branches::Apart && few).then(|| self.draws.branch_key())
    }

    fn detached(&self, span: Range<usize>, key: u64) -> Option<Self> {
        Some(Self {
            columns: self.columns,
            criterion: self.criterion.clone(),
            draws: self.draws.of_branch(key),
            limits: self.limits,
            branches: Branches::Within,
            members: self.members[span.clone()].to_vec(),
            orders: self
                .orders
                .iter()
                .map(|order| order[span.clone()].to_vec())
                .collect(),
            goes_left: vec![false; self.columns.rows()],
            aside: vec![R::default(); span.len()],
        })
    }

    fn into_members(self) -> Vec<R> {
        self.members
    }

    fn attach(&mut self, span: Range<usize>, members: &[R]) {
        self.members[span].copy_from_slice(members);
    }
}

/// Moves the rows that go left to the front, both sides in their order; returns how many they are.
pub(crate) fn stable_partition<R: Rank>(
    rows: &mut [R],
    goes_left: &[bool],
    aside: &mut [R],
) -> usize {
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        let row = rows[at];
        // Both are written, one is kept: no branch to mispredict.
        rows[left] = row;
        aside[right] = row;
        let goes = usize::from(goes_left[row.at()]);
        left += goes;
        right += 1 - goes;
    }
    rows[left..].copy_from_slice(&aside[..right]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_keep_their_order() {
        let goes_left = [true, false, false, true, true];
        let mut rows = [4_u16, 0, 3, 1, 2];
        let left = stable_partition(&mut rows, &goes_left, &mut [0; 5]);
        assert_eq!((left, rows), (3, [4, 0, 3, 1, 2]));
        let mut rows = [1_u16, 4, 2, 0, 3];
        let left = stable_partition(&mut rows, &goes_left, &mut [0; 5]);
        assert_eq!((left, rows), (3, [4, 0, 3, 1, 2]));
    }
}
