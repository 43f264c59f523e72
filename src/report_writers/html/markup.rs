//! The few pieces of markup that every section uses. What they take as HTML is safe already: text from
//! outside goes through [`text`] first.

use std::fmt::Write;

use crate::error::shown;
use crate::report_writers::escape;

/// Text from outside: control characters and those that turn the reading direction are shown as
/// escapes, markup as what it is.
pub(super) fn text(outside: &str) -> String {
    escape::html(&shown(outside))
}

/// A part of the page under a heading of the second rank.
pub(super) fn section(id: &str, heading: &str, body: &str) -> String {
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n{body}</section>\n"
    )
}

/// What is read on demand.
pub(super) fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n{body}</details>\n")
}

/// What a column holds, which decides its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Words, on the left.
    Words,
    /// Numbers, on the right.
    Number,
}

/// A table whose first cell of every row is the row's heading. Headings and cells are HTML.
pub(super) fn table(caption: &str, head: &[(&str, Column)], rows: &[Vec<String>]) -> String {
    let mut out = format!("<table>\n<caption>{caption}</caption>\n<thead><tr>");
    for (heading, column) in head {
        let _ = write!(out, "<th scope=\"col\"{}>{heading}</th>", side(*column));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (place, (cell, (_, column))) in row.iter().zip(head).enumerate() {
            let side = side(*column);
            let _ = if place == 0 {
                write!(out, "<th scope=\"row\"{side}>{cell}</th>")
            } else {
                write!(out, "<td{side}>{cell}</td>")
            };
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
    scrolling(caption, &out)
}

/// A wide thing that scrolls by itself on a narrow screen, by keyboard too.
pub(super) fn scrolling(label: &str, body: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">\n{body}</div>\n"
    )
}

fn side(column: Column) -> &'static str {
    match column {
        Column::Words => " class=\"words\"",
        Column::Number => "",
    }
}
