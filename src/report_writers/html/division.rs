//! Who stood where: patients per part and class.

use raduet_study::Report;
use raduet_study::report::PartSummary;

use super::markup::{self, Column, text};
use crate::report_writers::numbers::UNDEFINED;

/// The section.
pub(super) fn section(report: &Report) -> String {
    let split = &report.split;
    let names: Vec<String> = report
        .classes
        .names()
        .iter()
        .map(|name| text(name))
        .collect();
    let mut head = vec![("part", Column::Words)];
    if split.folds > 1 {
        head.push(("fold", Column::Number));
    }
    head.extend([("patients", Column::Number), ("slices", Column::Number)]);
    head.extend(names.iter().map(|name| (name.as_str(), Column::Number)));
    let rows: Vec<Vec<String>> = split
        .parts
        .iter()
        .map(|part| row(part, split.folds))
        .collect();
    let excluded = match split.excluded.len() {
        0 => String::new(),
        n => format!(" {n} patients of the cohort stand in no part."),
    };
    let body = format!(
        "<p><strong>{} patients shared between parts.</strong> Made by: {}; seed {}; id <code>{}</code>.{excluded}</p>\n{}<p class=\"note\">Slices are those that a model answered; – where no model wrote rows of a part.</p>\n",
        split.shared_patients,
        text(&split.rule),
        split.seed,
        text(&split.id),
        markup::table("Patients by part and class", &head, &rows)
    );
    markup::section("split", "Split", &body)
}

fn row(part: &PartSummary, folds: usize) -> Vec<String> {
    let mut row = vec![part.part.name().to_owned()];
    if folds > 1 {
        row.push(part.fold.to_string());
    }
    row.extend([counted(part.patients), counted(part.slices)]);
    row.extend(part.classes.iter().map(|class| {
        let slices = match class.slices {
            0 => String::new(),
            n => format!("<small>{n} slices</small>"),
        };
        // Of a part with patients, a class without any is told as it is.
        if part.patients == 0 {
            UNDEFINED.to_owned()
        } else {
            format!("{}{slices}", class.patients)
        }
    }));
    row
}

/// A count of what the predictions tell; none means that they do not speak of it.
fn counted(count: usize) -> String {
    match count {
        0 => UNDEFINED.to_owned(),
        n => n.to_string(),
    }
}
