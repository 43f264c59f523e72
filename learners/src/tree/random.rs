//! One random threshold a column: extremely randomised trees. Geurts, Ernst, Wehenkel 2006,
//! doi 10.1007/s10994-006-6226-1.

use std::ops::Range;

use raduet_study::random::Stream;

use crate::tree::criterion::Criterion;
use crate::tree::draws::Draws;
use crate::tree::grow::{Found, NodeSums, Search};
use crate::tree::limits::LeafLimits;
use crate::tree::presorted::stable_partition;
use crate::tree::rank::Rank;

/// The members of a tree's nodes.
pub(crate) struct RandomCuts<'a, R, C> {
    /// Values, one list a column.
    columns: &'a [Vec<f64>],
    criterion: C,
    draws: Draws,
    thresholds: Stream,
    limits: LeafLimits,
    members: Vec<R>,
    /// Kinds of the entered node's members.
    kinds: Vec<R>,
    /// Their values in the column at hand.
    values: Vec<f64>,
    goes_left: Vec<bool>,
    aside: Vec<R>,
}

impl<'a, R: Rank, C: Criterion> RandomCuts<'a, R, C> {
    /// Over the given rows, ascending.
    pub(crate) fn new(
        columns: &'a [Vec<f64>],
        members: Vec<R>,
        criterion: C,
        draws: Draws,
        thresholds: Stream,
        limits: LeafLimits,
    ) -> Self {
        Self {
            columns,
            criterion,
            draws,
            thresholds,
            limits,
            kinds: Vec::with_capacity(members.len()),
            values: Vec::with_capacity(members.len()),
            goes_left: vec![false; columns.first().map_or(0, Vec::len)],
            aside: vec![R::default(); members.len()],
            members,
        }
    }
}

/// Least and greatest defined value, and how many are undefined.
fn range(values: &[f64]) -> (f64, f64, usize) {
    let (mut low, mut high, mut undefined) = (f64::INFINITY, f64::NEG_INFINITY, 0);
    for &value in values {
        // An undefined value compares false and leaves both as they are.
        low = if value < low { value } else { low };
        high = if value > high { value } else { high };
        undefined += usize::from(value.is_nan());
    }
    (low, high, undefined)
}

impl<R: Rank, C: Criterion> Search for RandomCuts<'_, R, C> {
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
            thresholds,
            limits,
            members,
            kinds,
            values,
            ..
        } = self;
        let members = &members[span];
        let mut best: Option<(f64, Found)> = None;
        self.draws.visit(|column| {
            let of_row = &columns[column][..];
            values.clear();
            values.extend(members.iter().map(|row| of_row[row.at()]));
            let (low, high, undefined) = range(values);
            if undefined == members.len() || (low >= high && undefined == 0) {
                return false;
            }
            let drawn = low + (high - low) * thresholds.unit();
            // Rounding may reach the greatest value, which would leave nothing on the right.
            let threshold = if drawn < high { drawn } else { low };
            let missing_left = undefined > 0 && thresholds.below(2) == 1;
            criterion.restart();
            let mut left = 0;
            for (value, kind) in values.iter().zip(kinds.iter()) {
                if *value <= threshold || (missing_left && value.is_nan()) {
                    criterion.add(kind.at());
                    left += 1;
                }
            }
            let (left_weight, right_weight) = criterion.sides();
            let allowed = left >= limits.rows
                && members.len() - left >= limits.rows
                && left_weight >= limits.weight
                && right_weight >= limits.weight;
            if allowed {
                let score = criterion.score();
                if best.is_none_or(|(b, _)| score > b) {
                    let found = Found {
                        column,
                        threshold,
                        below: 0,
                        missing_left: (undefined > 0).then_some(missing_left),
                        summed_impurity: criterion.summed_impurity(score),
                    };
                    best = Some((score, found));
                }
            }
            true
        });
        best.map(|(_, found)| found)
    }

    fn part(&mut self, span: Range<usize>, found: &Found) -> usize {
        let missing_left = found.missing_left == Some(true);
        let of_row = &self.columns[found.column][..];
        for &row in &self.members[span.clone()] {
            let value = of_row[row.at()];
            let goes_left = value <= found.threshold || (value.is_nan() && missing_left);
            self.goes_left[row.at()] = goes_left;
        }
        stable_partition(&mut self.members[span], &self.goes_left, &mut self.aside)
    }

    fn into_members(self) -> Vec<R> {
        self.members
    }
}
