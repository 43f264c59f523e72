//! The reporting checklists, with what the run says to each item.

use std::fmt::Write;

use super::Page;
use super::markup::{self, Column, text};
use crate::checklists::{Filled, Place, Status};

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let rows: Vec<Vec<String>> = page
        .checklists
        .iter()
        .map(|filled| {
            let mut row = vec![filled.list.name.to_owned(), filled.rows.len().to_string()];
            row.extend(Status::ALL.map(|status| filled.count(status).to_string()));
            row
        })
        .collect();
    let head: Vec<(&str, Column)> = [("list", Column::Words), ("items", Column::Number)]
        .into_iter()
        .chain(Status::ALL.map(|status| (status.name(), Column::Number)))
        .collect();
    let mut body = String::from(
        "<p>Filled in as far as the run knows; the rest is the author's. Items are numbered as published and named in short, the published wording decides. Each list is a file in <code>checklists/</code>, as Markdown and CSV.</p>\n",
    );
    body.push_str(&markup::table(
        "Items by how far the run answers them",
        &head,
        &rows,
    ));
    for filled in page.checklists {
        if let Some(score) = filled.score {
            let _ = writeln!(
                body,
                "<p><strong>{} score: {}.</strong></p>",
                filled.list.name,
                text(&score.text())
            );
        }
    }
    for filled in page.checklists {
        let summary = format!("{}: {} items", filled.list.name, filled.rows.len());
        body.push_str(&markup::details(&summary, &list(filled)));
    }
    body
}

fn list(filled: &Filled) -> String {
    let scored = filled.score.is_some();
    let mut head = vec![("no.", Column::Words), ("item", Column::Words)];
    if scored {
        head.extend([("weight", Column::Number), ("met", Column::Words)]);
    }
    head.extend([
        ("status", Column::Words),
        ("in this run", Column::Words),
        ("where", Column::Words),
    ]);
    let rows: Vec<Vec<String>> = filled
        .rows
        .iter()
        .map(|(item, answer)| {
            let mut row = vec![
                item.number.to_owned(),
                format!("{}<small>{}</small>", text(item.text), text(item.category)),
            ];
            if let Some(weight) = item.weight {
                row.extend([format!("{weight:.4}"), answer.mark().to_owned()]);
            }
            let places: Vec<String> = answer.places.iter().map(|place| link(*place)).collect();
            row.extend([status(answer.status), text(&answer.says), places.join(", ")]);
            row
        })
        .collect();
    markup::of_class("list sortable", &text(filled.list.source), &head, &rows)
}

fn status(status: Status) -> String {
    let class = match status {
        Status::Answered => "answered",
        Status::Partly => "partly",
        Status::Author => "author",
        Status::NotApplicable => "none",
    };
    format!("<span class=\"state {class}\">{}</span>", status.name())
}

/// A section of this page, or a file beside it.
fn link(place: Place) -> String {
    match place {
        Place::Section(id) => format!("<a href=\"#{id}\">{id}</a>"),
        Place::File(name) => format!("<code>{name}</code>"),
    }
}
