//! Members sorted by a column when it is asked for: right where few columns are drawn, as in a forest.

use std::ops::Range;

use crate::tree::columns::RankedColumns;
use crate::tree::criterion::Criterion;
use crate::tree::cut::{Cut, Sorted, best_cut};
use crate::tree::draws::Draws;
use crate::tree::grow::{Found, NodeSums, Search};
use crate::tree::limits::LeafLimits;
use crate::tree::presorted::stable_partition;
use crate::tree::rank::{Rank, sort_keys};

/// The members of a tree's nodes.
pub(crate) struct SortedOnDemand<'a, R: Rank, C> {
    columns: &'a RankedColumns<'a, R>,
    criterion: C,
    draws: Draws,
    limits: LeafLimits,
    members: Vec<R>,
    /// Kinds of the entered node's members.
    kinds: Vec<R>,
    keys: Vec<R::Key>,
    spare: Vec<R::Key>,
    goes_left: Vec<bool>,
    aside: Vec<R>,
}

impl<'a, R: Rank, C: Criterion> SortedOnDemand<'a, R, C> {
    /// Over the given rows, ascending.
    pub(crate) fn new(
        columns: &'a RankedColumns<'a, R>,
        members: Vec<R>,
        criterion: C,
        draws: Draws,
        limits: LeafLimits,
    ) -> Self {
        Self {
            columns,
            criterion,
            draws,
            limits,
            kinds: Vec::with_capacity(members.len()),
            keys: Vec::with_capacity(members.len()),
            spare: Vec::with_capacity(members.len()),
            goes_left: vec![false; columns.rows()],
            aside: vec![R::default(); members.len()],
            members,
        }
    }
}

/// Sorted keys of a node's members.
struct Keys<'a, R: Rank>(&'a [R::Key]);

impl<R: Rank> Sorted for Keys<'_, R> {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn kind(&self, at: usize) -> usize {
        R::kind(self.0[at]).at()
    }

    #[inline]
    fn tied(&self, at: usize) -> bool {
        R::rank(self.0[at]) == R::rank(self.0[at + 1])
    }
}

/// The best cut so far.
struct Best<R> {
    column: usize,
    cut: Cut,
    /// Ranks on both sides of the cut.
    below: R,
    above: R,
    has_undefined: bool,
}

impl<R: Rank, C: Criterion> Search for SortedOnDemand<'_, R, C> {
    type Row = R;

    fn members(&self) -> usize {
        self.members.len()
    }

    fn enter(&mut self, span: Range<usize>) -> NodeSums {
        self.kinds.clear();
        let rows = self.members[span].iter();
        let criterion = &self.criterion;
        self.kinds
            .extend(rows.map(|row| R::of(criterion.kind(row.at()))));
        self.criterion
            .enter(self.kinds.iter().map(|kind| kind.at()));
        NodeSums {
            weight: self.criterion.weight(),
            impurity: self.criterion.impurity(),
            is_pure: self.criterion.is_pure(),
        }
    }

    fn best(&mut self, span: Range<usize>) -> Option<Found> {
        let Self {
            columns,
            criterion,
            limits,
            members,
            kinds,
            keys,
            spare,
            ..
        } = self;
        let members = &members[span];
        let mut best: Option<Best<R>> = None;
        self.draws.visit(|column| {
            let ranked = columns.column(column);
            let ranks = &ranked.ranks[..];
            let first = ranks[members[0].at()];
            // Columns that do not vary within the node cost one look.
            if members.iter().all(|row| ranks[row.at()] == first) {
                return false;
            }
            keys.clear();
            let pairs = members.iter().zip(kinds.iter());
            keys.extend(pairs.map(|(row, kind)| ranks[row.at()].key(*kind)));
            sort_keys::<R>(keys, spare, ranked.distinct);
            let defined = if ranked.has_undefined {
                keys.partition_point(|&key| R::rank(key) != R::UNDEFINED)
            } else {
                keys.len()
            };
            if let Some(cut) = best_cut(&Keys::<R>(keys), defined, criterion, *limits)
                && best.as_ref().is_none_or(|b| cut.score > b.cut.score)
            {
                best = Some(Best {
                    column,
                    cut,
                    below: R::rank(keys[cut.left - 1]),
                    above: keys.get(cut.left).map_or(R::UNDEFINED, |&key| R::rank(key)),
                    has_undefined: defined < keys.len(),
                });
            }
            true
        });
        let best = best?;
        let ranks = &self.columns.column(best.column).ranks[..];
        let row_of = |rank: R| members.iter().find(|row| ranks[row.at()] == rank);
        let threshold = match (row_of(best.below), row_of(best.above)) {
            (Some(below), Some(above)) if best.above != R::UNDEFINED => {
                self.columns.threshold(best.column, below.at(), above.at())
            }
            _ => f64::MAX,
        };
        Some(Found {
            column: best.column,
            threshold,
            below: best.below.at(),
            missing_left: best.has_undefined.then_some(best.cut.missing_left),
            summed_impurity: self.criterion.summed_impurity(best.cut.score),
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

    fn into_members(self) -> Vec<R> {
        self.members
    }
}
