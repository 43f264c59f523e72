//! Undefined values (NaN): refused, replaced by the middle of the column's defined training values,
//! or left to a learner that reads them.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::preprocess::column::FittedColumn;
use crate::preprocess::record::Dropped;
use crate::preprocess::statistics::{mean, median, sorted};
use crate::preprocess::working::{Candidate, Working};

/// What becomes of undefined values (NaN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// An error that names column and sample.
    #[default]
    Refuse,
    /// The median of the column's defined training values.
    Median,
    /// The mean of the column's defined training values.
    Mean,
    /// They stay; only for learners that read them.
    Keep,
}

impl Undefined {
    /// Whether values are replaced.
    pub(crate) fn replaces(self) -> bool {
        matches!(self, Self::Median | Self::Mean)
    }

    /// Whether a value of this kind may pass.
    pub(crate) fn accepts(self, value: f64) -> bool {
        value.is_finite() || (value.is_nan() && self != Self::Refuse)
    }
}

/// Drops columns that are undefined throughout, refuses what may not be replaced, and estimates the
/// stand-ins.
///
/// # Errors
/// [`LearnError::NotFinite`]; [`LearnError::Samples`] where an indicator's name is taken.
pub(crate) fn fit(work: &mut Working, rule: Undefined, indicators: bool) -> Result<()> {
    let nowhere = undefined_counts(work)
        .into_iter()
        .map(|count| count == work.samples.rows())
        .collect::<Vec<_>>();
    work.retain(|place| nowhere[place].then_some(Dropped::Undefined));
    let mut positions: Vec<usize> = work.columns.iter().map(|c| c.at).collect();
    positions.sort_unstable();
    refuse(
        rule,
        work.samples.columns(),
        &positions,
        || (0..work.samples.rows()).map(|row| work.samples.row(row)),
        |row| work.samples.row_name(row),
    )?;
    if rule.replaces() {
        let fills = work.map(|_, values| {
            let defined: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            match rule {
                Undefined::Mean => Some(mean(&defined)),
                _ => median(&sorted(&defined)),
            }
        });
        if indicators {
            add_indicators(work)?;
        }
        let plain = work.columns.iter_mut();
        let plain = plain.filter(|c| c.fitted.indicates.is_none());
        for (candidate, fill) in plain.zip(fills) {
            candidate.fitted.fill = fill;
        }
    } else if indicators {
        add_indicators(work)?;
    }
    Ok(())
}

/// How many values of each column are undefined.
fn undefined_counts(work: &Working) -> Vec<usize> {
    work.map(|_, values| values.iter().filter(|v| v.is_nan()).count())
}

/// A column of 0 and 1 for each column that is undefined in some training row.
fn add_indicators(work: &mut Working) -> Result<()> {
    let counts = undefined_counts(work);
    let mut columns = Vec::with_capacity(work.columns.len());
    for (candidate, count) in std::mem::take(&mut work.columns).into_iter().zip(counts) {
        if count > 0 {
            let fitted = FittedColumn::indicator(&candidate.fitted.name);
            if work.samples.columns().contains(&fitted.name) {
                return Err(LearnError::samples(
                    format!("a column called '{}'", fitted.name),
                    "that name to be free for the indicator of undefined values",
                ));
            }
            columns.push(Candidate {
                at: candidate.at,
                fitted,
            });
        }
        columns.push(candidate);
    }
    columns.sort_by(|a, b| a.fitted.name.cmp(&b.fitted.name));
    work.columns = columns;
    Ok(())
}

/// Refuses the first value, row after row, that may not pass, among the columns at `positions`.
///
/// # Errors
/// [`LearnError::NotFinite`] naming column and sample.
pub(crate) fn refuse<'a, R: Iterator<Item = &'a [f64]>>(
    rule: Undefined,
    names: &[String],
    positions: &[usize],
    rows: impl Fn() -> R,
    row_name: impl Fn(usize) -> String,
) -> Result<()> {
    let bad_of = |row: &'a [f64]| {
        let values = positions.iter().map(move |&at| (at, row[at]));
        values.filter(move |(_, value)| !rule.accepts(*value))
    };
    let first = rows().enumerate().find_map(|(number, row)| {
        let (at, value) = bad_of(row).next()?;
        Some((number, at, value))
    });
    let Some((number, at, value)) = first else {
        return Ok(());
    };
    Err(LearnError::NotFinite {
        column: names[at].clone(),
        sample: row_name(number),
        found: value.to_string(),
        count: rows().map(|row| bad_of(row).count()).sum(),
    })
}

/// What a pipeline says when its learner does not read undefined values.
pub(crate) fn refuse_keep(learner: &'static str) -> LearnError {
    LearnError::settings(
        learner,
        "it does not read undefined values: choose undefined = \"median\" or \"mean\" in place of \"keep\"",
    )
}
