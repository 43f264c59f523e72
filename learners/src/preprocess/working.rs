//! The training rows while steps are fitted: a list of columns, each seen through what the steps before
//! have estimated for it. Nothing is copied: values are made when a step reads them.
//!
//! Columns stand in the order of their names and rows in an order that depends on their contents
//! only, so neither order in the table leaves a trace in any sum, tie or draw.

use std::cmp::Ordering;

use rayon::prelude::*;

use crate::preprocess::column::FittedColumn;
use crate::preprocess::record::{ColumnRecord, Dropped, DroppedColumn, StepRecord};
use crate::samples::Samples;

/// Columns gathered together from the row-major table: few enough for the cache, enough that a
/// visit to a row pays.
const GATHERED: usize = 8;

/// A column still in the race.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Its position in the table.
    pub(crate) at: usize,
    /// What was estimated so far.
    pub(crate) fitted: FittedColumn,
}

/// The training rows seen through the steps fitted so far.
pub(crate) struct Working<'a> {
    /// The rows as given.
    pub(crate) samples: &'a Samples,
    /// Row numbers in the order in which steps see them.
    order: Vec<usize>,
    /// The number of each given row's site, once sites are harmonised.
    pub(crate) sites: Option<Vec<usize>>,
    /// Columns in the order of their names.
    pub(crate) columns: Vec<Candidate>,
    /// Columns left out.
    pub(crate) dropped: Vec<DroppedColumn>,
    /// What the steps did.
    pub(crate) record: Vec<StepRecord>,
}

impl<'a> Working<'a> {
    /// All columns of the table.
    pub(crate) fn new(samples: &'a Samples) -> Self {
        let names = samples.columns();
        let mut by_name: Vec<usize> = (0..names.len()).collect();
        by_name.sort_by(|&a, &b| names[a].cmp(&names[b]));
        let order = canonical_order(samples, &by_name);
        let candidate = |&at: &usize| Candidate {
            at,
            fitted: FittedColumn::raw(&names[at]),
        };
        Self {
            samples,
            order,
            sites: None,
            columns: by_name.iter().map(candidate).collect(),
            dropped: Vec::new(),
            record: Vec::new(),
        }
    }

    /// Row numbers in the order in which steps see them.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    /// The answer of `f` for every column, given its position here and its values.
    pub(crate) fn map<R: Send>(&self, f: impl Fn(usize, &[f64]) -> R + Sync) -> Vec<R> {
        let rows = self.order.len();
        let blocks = self.columns.par_chunks(GATHERED).enumerate();
        let answers: Vec<Vec<R>> = blocks
            .map(|(block, columns)| {
                let mut values = vec![0.0; columns.len() * rows];
                for (to, &row) in self.order.iter().enumerate() {
                    let from = self.samples.row(row);
                    let site = self.site(row);
                    for (place, column) in columns.iter().enumerate() {
                        values[place * rows + to] = column.fitted.apply(from[column.at], site);
                    }
                }
                let listed = values.chunks_exact(rows.max(1)).enumerate();
                listed
                    .map(|(place, values)| f(block * GATHERED + place, values))
                    .collect()
            })
            .collect();
        answers.into_iter().flatten().collect()
    }

    /// The values of one column.
    pub(crate) fn column(&self, place: usize) -> Vec<f64> {
        let Candidate { at, fitted } = &self.columns[place];
        let value = |&row: &usize| fitted.apply(self.samples.row(row)[*at], self.site(row));
        self.order.iter().map(value).collect()
    }

    /// All values, one list a column.
    pub(crate) fn values(&self) -> Vec<Vec<f64>> {
        self.map(|_, values| values.to_vec())
    }

    /// Goes on without the columns for which `judge` gives a reason.
    pub(crate) fn retain(&mut self, judge: impl Fn(usize) -> Option<Dropped>) {
        let columns = std::mem::take(&mut self.columns);
        for (place, candidate) in columns.into_iter().enumerate() {
            match judge(place) {
                None => self.columns.push(candidate),
                Some(reason) => self.dropped.push(DroppedColumn {
                    column: candidate.fitted.name,
                    reason,
                }),
            }
        }
    }

    /// Notes what a step did with the columns of now.
    pub(crate) fn note(
        &mut self,
        step: String,
        score: &str,
        of: impl Fn(usize) -> (Option<f64>, bool),
    ) {
        let columns = self.columns.iter().enumerate().map(|(place, candidate)| {
            let (score, kept) = of(place);
            ColumnRecord::new(&candidate.fitted.name, score, kept)
        });
        let columns = columns.collect();
        self.record.push(StepRecord {
            step,
            score: score.to_owned(),
            columns,
        });
    }

    /// The site's number of a given row, 0 without sites.
    pub(crate) fn site(&self, row: usize) -> usize {
        self.sites.as_ref().map_or(0, |sites| sites[row])
    }

    /// Puts columns into the order of the table; an indicator follows its column.
    pub(crate) fn in_table_order(&mut self) {
        self.columns
            .sort_by_key(|c| (c.at, c.fitted.indicates.is_some()));
    }
}

/// Rows by their values in columns of ascending name, then label, weight, site and patient.
fn canonical_order(samples: &Samples, by_name: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples.rows()).collect();
    let beside = |row: usize| {
        (
            samples.labels()[row],
            samples.sites().map(|sites| &sites[row]),
            samples.groups().map(|groups| groups[row]),
        )
    };
    order.sort_by(|&a, &b| {
        let (x, y) = (samples.row(a), samples.row(b));
        let different = by_name.iter().map(|&c| x[c].total_cmp(&y[c]));
        different
            .into_iter()
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
            .then_with(|| samples.weight(a).total_cmp(&samples.weight(b)))
            .then_with(|| beside(a).cmp(&beside(b)))
    });
    order
}
