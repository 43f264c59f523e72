//! One random threshold a column: extremely randomised trees. Geurts, Ernst, Wehenkel 2006,
//! doi 10.1007/s10994-006-6226-1.
//!
//! Columns are kept in single precision, half the memory and twice as many values an instruction. That loses nothing:
//! rounding never swaps two values, and where it makes them equal the values themselves are compared.

use std::ops::Range;

use raduet_study::random::Stream;
use rayon::prelude::*;

use crate::samples::Samples;
use crate::tree::columns::GATHERED;
use crate::tree::criterion::Criterion;
use crate::tree::draws::Draws;
use crate::tree::grow::{Found, NodeSums, Search};
use crate::tree::limits::LeafLimits;
use crate::tree::presorted::stable_partition;
use crate::tree::rank::Rank;

/// The members of a tree's nodes.
pub(crate) struct RandomCuts<'a, R, C> {
    columns: &'a RoundedColumns<'a>,
    criterion: C,
    draws: Draws,
    thresholds: Stream,
    limits: LeafLimits,
    members: Vec<R>,
    /// Members of one kind stand together in every node: kind and end of each run of the entered one.
    runs: Vec<(usize, usize)>,
    /// The members' values in the column at hand, rounded.
    values: Vec<f32>,
    goes_left: Vec<bool>,
    aside: Vec<R>,
}

impl<'a, R: Rank, C: Criterion> RandomCuts<'a, R, C> {
    /// Over the given rows, ascending.
    pub(crate) fn new(
        columns: &'a RoundedColumns<'a>,
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
            goes_left: vec![false; columns.samples.rows()],
            aside: vec![R::default(); members.len()],
            members,
        }
    }
}

/// Values compared side by side: independent of each other, so that the processor does them at once.
const LANES: usize = 8;

/// n rows × p columns, column-major, rounded.
pub(crate) struct RoundedColumns<'a> {
    samples: &'a Samples,
    rounded: Vec<f32>,
}

impl<'a> RoundedColumns<'a> {
    /// Rounds every column.
    pub(crate) fn new(samples: &'a Samples) -> Self {
        let (rows, width) = (samples.rows(), samples.width());
        let mut rounded = vec![0.0; rows * width];
        let groups = rounded.par_chunks_mut(rows * GATHERED).enumerate();
        groups.for_each(|(group, out)| {
            let start = group * GATHERED;
            let end = (start + GATHERED).min(width);
            for row in 0..rows {
                for (i, value) in samples.row(row)[start..end].iter().enumerate() {
                    out[i * rows + row] = round(*value);
                }
            }
        });
        Self { samples, rounded }
    }

    /// Number of columns.
    pub(crate) fn width(&self) -> usize {
        self.samples.width()
    }

    /// A column's values, rounded.
    fn column(&self, column: usize) -> &[f32] {
        let rows = self.samples.rows();
        &self.rounded[column * rows..(column + 1) * rows]
    }

    /// A value itself.
    fn value<R: Rank>(&self, row: R, column: usize) -> f64 {
        self.samples.row(row.at())[column]
    }

    /// Least and greatest defined value of rows with the given rounded ones, infinities where there is none: as
    /// rounded where they differ then and are finite.
    fn range<R: Rank>(&self, column: usize, rows: &[R], rounded: &[f32]) -> (f64, f64) {
        let (low, high) = range(rounded);
        if low < high && low.is_finite() && high.is_finite() {
            return (low.into(), high.into());
        }
        let values = rows.iter().map(|&row| self.value(row, column));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    }

    /// How many rows with the given rounded values have values up to and including the threshold.
    fn up_to<R: Rank>(&self, column: usize, threshold: f64, rows: &[R], rounded: &[f32]) -> usize {
        let near = round(threshold);
        let below = rounded.iter().filter(|&&value| value < near).count();
        let up_to = rounded.iter().filter(|&&value| value <= near).count();
        if below == up_to {
            return below;
        }
        let tied = rows.iter().zip(rounded).filter(|(row, rounded)| {
            (near..=near).contains(rounded) && self.value(**row, column) <= threshold
        });
        below + tied.count()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
fn round(value: f64) -> f32 {
    value as f32
}

/// Least and greatest defined value; infinities where there is none.
fn range(values: &[f32]) -> (f32, f32) {
    // An undefined value compares false and leaves both as they are.
    let lesser = |a: f32, b: f32| if b < a { b } else { a };
    let greater = |a: f32, b: f32| if b > a { b } else { a };
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = lesser(low[lane], chunk[lane]);
            high[lane] = greater(high[lane], chunk[lane]);
        }
    }
    let ends = |part: &[f32], start, better: fn(f32, f32) -> f32| {
        part.iter().fold(start, |a, &b| better(a, b))
    };
    let low = ends(rest, ends(&low, f32::INFINITY, lesser), lesser);
    let high = ends(rest, ends(&high, f32::NEG_INFINITY, greater), greater);
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
            let of_row = columns.column(column);
            values.clear();
            values.extend(members.iter().map(|row| of_row[row.at()]));
            let undefined = values.iter().filter(|value| value.is_nan()).count();
            if undefined == members.len() {
                return false;
            }
            let (low, high) = columns.range(column, members, values);
            if low >= high && undefined == 0 {
                return false;
            }
            let drawn = low + (high - low) * thresholds.unit();
            // Rounding may reach the greatest value, which would leave nothing on the right.
            let threshold = if drawn < high { drawn } else { low };
            let missing_left = undefined > 0 && thresholds.below(2) == 1;
            criterion.restart();
            let (mut left, mut start) = (0, 0);
            for &(kind, end) in runs.iter() {
                let run = start..end;
                let mut count = columns.up_to(
                    column,
                    threshold,
                    &members[run.clone()],
                    &values[run.clone()],
                );
                if missing_left {
                    count += values[run].iter().filter(|value| value.is_nan()).count();
                }
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
        let of_row = self.columns.column(found.column);
        let rounded = round(found.threshold);
        for &row in &self.members[span.clone()] {
            let value = of_row[row.at()];
            let tied = (rounded..=rounded).contains(&value);
            self.goes_left[row.at()] = if tied {
                self.columns.value(row, found.column) <= found.threshold
            } else {
                value < rounded || (value.is_nan() && missing_left)
            };
        }
        stable_partition(&mut self.members[span], &self.goes_left, &mut self.aside)
    }

    fn into_members(self) -> Vec<R> {
        self.members
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    #[test]
    fn rounded_values_part_rows_as_the_values_do() {
        let mut stream = Stream::new(1, "near ties", 0);
        let rows = 500;
        // Many round to the same number, some to an infinity or to zero; the last column to one number only.
        let value = |at: usize, stream: &mut Stream| match (at % 3, stream.below(8)) {
            (2, _) => 1.0 + 1e-12 * stream.below(50) as f64,
            (_, 0) => f64::NAN,
            (_, 1) => stream.normal() * 1e300,
            (_, 2) => stream.normal() * 1e-60,
            (_, 3) => 3.0 + 1e-9 * stream.below(9) as f64,
            _ => stream.normal(),
        };
        let values: Vec<f64> = (0..rows * 3).map(|at| value(at, &mut stream)).collect();
        let samples = Samples::new(
            values,
            ["a", "b", "c"].map(String::from).to_vec(),
            vec![Label(0); rows],
            ClassNames::new(["a"]).unwrap(),
        )
        .unwrap();
        let columns = RoundedColumns::new(&samples);
        for round in 0..300 {
            let column = round % 3;
            let members: Vec<u32> = (0..rows)
                .filter(|_| stream.below(5) == 0)
                .map(u32::of)
                .collect();
            let of_row = columns.column(column);
            let rounded: Vec<f32> = members.iter().map(|row| of_row[row.at()]).collect();
            let plain: Vec<f64> = members
                .iter()
                .map(|row| samples.row(row.at())[column])
                .filter(|value| !value.is_nan())
                .collect();
            let ends = plain
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
                    (low.min(value), high.max(value))
                });
            let found = columns.range(column, &members, &rounded);
            for (found, plain) in [(found.0, ends.0), (found.1, ends.1)] {
                assert_eq!(super::round(found).to_bits(), super::round(plain).to_bits());
            }
            assert!(column < 2 || found == ends);
            let threshold = plain[stream.below(plain.len())];
            for threshold in [threshold, threshold.next_up(), threshold.next_down()] {
                assert_eq!(
                    columns.up_to(column, threshold, &members, &rounded),
                    plain.iter().filter(|value| **value <= threshold).count()
                );
            }
        }
    }
}
