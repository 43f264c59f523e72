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
    /// Members of one kind stand together in every node: kind and end of each run of the entered one.
    runs: Vec<(usize, usize)>,
    /// The members' values in the column at hand.
    values: Vec<f64>,
    goes_left: Vec<bool>,
    aside: Vec<R>,
}

impl<'a, R: Rank, C: Criterion> RandomCuts<'a, R, C> {
    /// Over the given rows, ascending.
    pub(crate) fn new(
        columns: &'a [Vec<f64>],
        mut members: Vec<R>,
        criterion: C,
        draws: Draws,
        thresholds: Stream,
        limits: LeafLimits,
    ) -> Self {
        // Nodes are parted stably, so kinds stay together.
        members.sort_by_key(|row| criterion.kind(row.at()));
        Self {
            columns,
            criterion,
            draws,
            thresholds,
            limits,
            runs: Vec::new(),
            values: Vec::with_capacity(members.len()),
            goes_left: vec![false; columns.first().map_or(0, Vec::len)],
            aside: vec![R::default(); members.len()],
            members,
        }
    }
}

/// Values compared side by side: independent of each other, so that the processor does them at once.
const LANES: usize = 8;

/// Least and greatest defined value; infinities where there is none.
fn range(values: &[f64]) -> (f64, f64) {
    // An undefined value compares false and leaves both as they are.
    let lesser = |a: f64, b: f64| if b < a { b } else { a };
    let greater = |a: f64, b: f64| if b > a { b } else { a };
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = lesser(low[lane], chunk[lane]);
            high[lane] = greater(high[lane], chunk[lane]);
        }
    }
    let ends = |part: &[f64], start, better: fn(f64, f64) -> f64| {
        part.iter().fold(start, |a, &b| better(a, b))
    };
    let low = ends(rest, ends(&low, f64::INFINITY, lesser), lesser);
    let high = ends(rest, ends(&high, f64::NEG_INFINITY, greater), greater);
    (low, high)
}

impl<R: Rank, C: Criterion> Search for RandomCuts<'_, R, C> {
    type Row = R;

    fn members(&self) -> usize {
        self.members.len()
    }

    fn enter(&mut self, span: Range<usize>) -> NodeSums {
        let members = &self.members[span];
        self.runs.clear();
        for (at, row) in members.iter().enumerate() {
            let kind = self.criterion.kind(row.at());
            match self.runs.last_mut() {
                Some((of_run, end)) if *of_run == kind => *end = at + 1,
                _ => self.runs.push((kind, at + 1)),
            }
        }
        self.criterion.enter_runs(&self.runs);
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
            runs,
            values,
            ..
        } = self;
        let members = &members[span];
        let mut best: Option<(f64, Found)> = None;
        self.draws.visit(|column| {
            let of_row = &columns[column][..];
            values.clear();
            values.extend(members.iter().map(|row| of_row[row.at()]));
            let (low, high) = range(values);
            let undefined = values.iter().filter(|value| value.is_nan()).count();
            if undefined == members.len() || (low >= high && undefined == 0) {
                return false;
            }
            let drawn = low + (high - low) * thresholds.unit();
            // Rounding may reach the greatest value, which would leave nothing on the right.
            let threshold = if drawn < high { drawn } else { low };
            let missing_left = undefined > 0 && thresholds.below(2) == 1;
            criterion.restart();
            let (mut left, mut start) = (0, 0);
            for &(kind, end) in runs.iter() {
                let run = values[start..end].iter();
                let count = if missing_left {
                    let goes_left = |value: &&f64| **value <= threshold || value.is_nan();
                    run.filter(goes_left).count()
                } else {
                    run.filter(|value| **value <= threshold).count()
                };
                criterion.add_many(kind, count);
                left += count;
                start = end;
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
