//! Tables as one Markdown page, or each as a piece of one.

use std::fmt::Write;

use super::grid::{Form, Grid, Printed};
use super::table::Table;
use crate::report_writers::escape::markdown as escaped;

/// A table under its title.
pub(super) fn piece(table: &Table, form: Form) -> String {
    let grid = Grid::of(table, form);
    // Writing to a String cannot fail.
    let mut text = format!("**{}{}**\n\n", numbered(table), escaped(&table.title));
    if let (Form::WithIntervals, Some(how)) = (form, &table.intervals) {
        let _ = write!(text, "{}.\n\n", escaped(how));
    }
    let head: Vec<String> = grid.head.iter().map(|head| escaped(head)).collect();
    let rules = grid
        .is_text
        .iter()
        .map(|&is_text| if is_text { "---" } else { "--:" });
    let rules: Vec<&str> = rules.collect();
    let _ = writeln!(text, "| {} |\n|{}|", head.join(" | "), rules.join("|"));
    for row in grid.groups.iter().flatten() {
        let _ = writeln!(text, "| {} |", cells(row).join(" | "));
    }
    for note in &table.notes {
        let _ = write!(text, "\n{}\n", escaped(note));
    }
    text
}

/// All tables in the paper's shape, then their twins.
pub(super) fn page(tables: &[Table]) -> String {
    let plain = tables.iter().map(|table| piece(table, Form::Plain));
    let twins = tables
        .iter()
        .filter(|table| table.intervals.is_some())
        .map(|table| piece(table, Form::WithIntervals));
    let mut text = String::from("# Tables\n");
    for piece in plain {
        let _ = write!(text, "\n{piece}");
    }
    text.push_str("\n# The same with intervals\n");
    for piece in twins {
        let _ = write!(text, "\n{piece}");
    }
    text
}

fn numbered(table: &Table) -> String {
    if table.number.is_empty() {
        String::new()
    } else {
        format!("Table {}. ", escaped(&table.number))
    }
}

fn cells(row: &Printed) -> Vec<String> {
    let cells = row.cells.iter().map(|(text, is_best)| {
        let text = escaped(text);
        if *is_best {
            format!("**{text}**")
        } else {
            text
        }
    });
    cells.collect()
}
