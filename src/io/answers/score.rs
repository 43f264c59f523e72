//! Whose probability a single column gives.

use raduet_study::{ClassNames, Label};

use super::columns::unusable;
use super::label;
use super::table::{Score, Table};
use crate::error::Result;

/// The class of a table's score, and what is said about it.
pub(super) fn score_of(table: &Table, classes: &ClassNames) -> Result<(Label, Option<String>)> {
    match &table.score {
        Some(Score {
            column,
            of: Some(class),
        }) => {
            let found = label(classes, class).ok_or_else(|| {
                let found = format!("column '{column}' with the probability of '{class}'");
                unusable(found, "name the column p_<class> by one of the classes")
                    .expected(classes.names().join(", "))
            })?;
            Ok((found, None))
        }
        Some(Score { column, of: None }) if classes.len() == 2 => {
            let [first, second] = [Label(0), Label(1)].map(|class| classes.name(class));
            let note = format!(
                "column '{column}' taken for the probability of '{second}', the second of {first} and {second}: name it p_{first} \
                 if it is that of the other"
            );
            Ok((Label(1), Some(note)))
        }
        _ => Ok((Label(1), None)),
    }
}

/// A score that was taken for the second class's, and goes against most answers that stand beside it.
pub(super) fn against_answers(table: &Table, classes: &ClassNames, contrary: usize) -> Result<()> {
    let beside = table.lines.iter().filter(|line| line.answer.is_some());
    match &table.score {
        Some(Score { column, of: None }) if 2 * contrary > beside.count() => {
            let [first, second] = [Label(0), Label(1)].map(|class| classes.name(class));
            let found = format!(
                "column '{column}', taken for the probability of '{second}', goes against the answer in {contrary} lines"
            );
            let remedy = format!("name it by its class: p_{first} or p_{second}");
            Err(unusable(found, &remedy))
        }
        _ => Ok(()),
    }
}
