//! A table as CSV: a line a row, numbers in the unit that the head names and with every digit they have.

use super::grid::{Form, in_unit};
use super::table::{Cell, Column, Mark, Table, Unit};
use crate::error::Result;
use crate::io::cell;
use crate::report_writers::lines::Lines;

/// The file.
///
/// # Errors
/// [`crate::error::Code::Internal`] when the writer fails, which it does not in memory.
pub(super) fn file(table: &Table, form: Form) -> Result<Vec<u8>> {
    let columns: Vec<(usize, &Column)> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| form.has(column))
        .collect();
    let mut head = Vec::new();
    for (_, column) in &columns {
        let key = format!("{}{}", column.key, suffix(column.unit));
        if has_interval(column, form) {
            head.extend(["", "_lower", "_upper"].map(|end| format!("{key}{end}")));
        } else {
            head.push(key);
        }
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut lines = Lines::new(&head)?;
    for row in table.groups.iter().flat_map(|group| &group.rows) {
        let mut cells = Vec::new();
        for &(at, column) in &columns {
            let [value, lower, upper] = texts(column.unit, &row.cells[at]);
            cells.push(value);
            if has_interval(column, form) {
                cells.extend([lower, upper]);
            }
        }
        lines.put(cells)?;
    }
    lines.bytes()
}

/// The unit as part of a head.
fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "_percent",
        Unit::Points => "_points",
        Unit::Millions => "_millions",
        _ => "",
    }
}

/// Whether a column is followed by its interval's ends.
fn has_interval(column: &Column, form: Form) -> bool {
    let is_figure = matches!(column.unit, Unit::Fraction | Unit::Percent | Unit::Points);
    form == Form::WithIntervals && is_figure
}

/// A value and the ends of its interval.
fn texts(unit: Unit, found: &Cell) -> [String; 3] {
    let alone = |text: String| [text, String::new(), String::new()];
    match found {
        Cell::Empty | Cell::Undefined => alone(String::new()),
        Cell::Text(text) => alone(cell::text(text)),
        Cell::Mark(Mark::Yes) => alone("yes".into()),
        Cell::Mark(Mark::No) => alone("no".into()),
        Cell::Count { count, .. } => alone(count.to_string()),
        Cell::Value { value, interval } => {
            let number = |value: f64| cell::number(in_unit(unit, value));
            let end = |end: Option<f64>| end.map(number).unwrap_or_default();
            [
                number(*value),
                end(interval.map(|interval| interval.lower)),
                end(interval.map(|interval| interval.upper)),
            ]
        }
    }
}
