//! The few pieces of markup that every section uses. What they take as HTML is safe already: text from
//! outside goes through [`text`] or [`name`] first.

use std::fmt::Write;

use super::sheet::data_address;
use crate::error::shown;
use crate::figures::Figure;
use crate::report_writers::escape;

/// Longest text from outside that is shown whole, in characters: more would hide the page behind a name.
const LONGEST: usize = 400;

/// Longest name that is shown whole.
const LONGEST_NAME: usize = 80;

/// Text from outside, fit for text and for quoted attributes: control characters and those that turn the reading
/// direction are shown as escapes, markup as what it is, what is longer than a paragraph by its beginning.
pub(super) fn text(outside: &str) -> String {
    let shown = shown(outside);
    let letters = shown.chars().count();
    if letters <= LONGEST {
        return escape::html(&shown);
    }
    let beginning: String = shown.chars().take(LONGEST).collect();
    format!("{}… ({letters} characters)", escape::html(&beginning))
}

/// A name from outside in a cell: its direction of writing does not reach its neighbours.
pub(super) fn name(outside: &str) -> String {
    format!("<bdi>{}</bdi>", text(&short(outside)))
}

/// A name by its beginning where it would fill the page; the files have it whole.
pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    let mut beginning: String = name.chars().take(LONGEST_NAME - 1).collect();
    beginning.push('…');
    beginning
}

/// A part of the page under a heading of the third rank.
pub(super) fn part(heading: &str, body: &str) -> String {
    format!("<h3>{heading}</h3>\n{body}")
}

/// What is read on demand.
pub(super) fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n{body}</details>\n")
}

/// A sentence that stands back.
pub(super) fn note(sentence: &str) -> String {
    format!("<p class=\"note\">{sentence}</p>\n")
}

/// Names and values in two columns. Both are HTML.
pub(super) fn facts(rows: &[(&str, String)]) -> String {
    let mut out = String::from("<dl class=\"facts\">\n");
    for (name, value) in rows {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{value}</dd>");
    }
    out.push_str("</dl>\n");
    out
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
    of_class("sortable", caption, head, rows)
}

/// The same with other classes than that of sorting.
pub(super) fn of_class(
    class: &str,
    caption: &str,
    head: &[(&str, Column)],
    rows: &[Vec<String>],
) -> String {
    let mut out = format!("<table class=\"{class}\">\n<caption>{caption}</caption>\n<thead><tr>");
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

/// A wide thing that scrolls by itself on a narrow screen, by keyboard too. The label loses its markup.
pub(super) fn scrolling(label: &str, body: &str) -> String {
    let label: String = label
        .split('<')
        .enumerate()
        .map(|(at, piece)| match at {
            0 => piece,
            _ => piece.split_once('>').map_or("", |(_, rest)| rest),
        })
        .collect();
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">\n{body}</div>\n"
    )
}

/// A figure with its caption and its numbers to take away.
pub(super) fn figure(figure: &Figure) -> String {
    let title = text(&figure.title);
    format!(
        "<figure id=\"figure-{id}\" class=\"{extent}\">\n<b>{title}</b>\n<div class=\"drawing scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{title}\">\n{svg}</div>\n\
         <figcaption>{caption}</figcaption>\n<div class=\"tools\"><a download=\"{id}.csv\" href=\"{address}\">data (CSV)</a></div>\n</figure>\n",
        id = figure.id,
        extent = extent(&figure.svg),
        svg = figure.svg,
        caption = text_whole(&figure.caption),
        address = data_address("text/csv;charset=utf-8", &figure.data)
    )
}

/// Drawings for one column of a journal stand side by side, those for both do not.
fn extent(svg: &str) -> &'static str {
    const ONE_COLUMN_POINTS: f64 = 300.0;
    const TWO_PANELS_POINTS: f64 = 400.0;
    let width = svg
        .split_once(" width=\"")
        .and_then(|(_, rest)| rest.split_once("pt\""));
    match width.and_then(|(number, _)| number.parse::<f64>().ok()) {
        Some(points) if points < ONE_COLUMN_POINTS => "narrow",
        Some(points) if points < TWO_PANELS_POINTS => "middle",
        _ => "broad",
    }
}

/// Text of ours with names from outside in it, however long.
fn text_whole(sentence: &str) -> String {
    escape::html(&shown(sentence))
}

fn side(column: Column) -> &'static str {
    match column {
        Column::Words => " class=\"words\"",
        Column::Number => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_by_its_beginning_where_it_is_endless() {
        assert_eq!(text("<a>"), "&lt;a&gt;");
        let long = text(&"x".repeat(5000));
        assert!(long.ends_with("… (5000 characters)") && long.len() < 450);
        assert_eq!(short(&"é".repeat(80)).chars().count(), 80);
        assert!(name(&"é".repeat(81)).ends_with("é…</bdi>"));
        assert!(scrolling("<bdi>a</bdi> b", "").contains("aria-label=\"a b\""));
    }
}
