//! Who took part, and who stood where.

use raduet_study::Report;
use raduet_study::report::PartSummary;

use super::Page;
use super::markup::{self, Column, text};
use crate::figures::Section;
use crate::report_writers::numbers::UNDEFINED;
use crate::report_writers::tables;

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let mut body = split(page.material.report);
    body.push_str(&cohort(page));
    body.push_str(&page.figures(Section::Data));
    body
}

fn split(report: &Report) -> String {
    let split = &report.split;
    let names: Vec<String> = report
        .classes
        .names()
        .iter()
        .map(|name| markup::name(name))
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
    format!(
        "<p><strong>{} patients shared between parts.</strong> Made by: {}; seed {}; id <code>{}</code>.{excluded}</p>\n{}{}",
        split.shared_patients,
        text(&split.rule),
        split.seed,
        text(&split.id),
        markup::table("Patients by part and class", &head, &rows),
        markup::note(
            "Slices are those that a model answered; – where no model wrote rows of a part."
        )
    )
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

/// Table 0, where the run kept who took part.
fn cohort(page: &Page<'_>) -> String {
    let material = page.material;
    let people = material.kept.people();
    let table = people.and_then(|people| tables::cohort(people, &material.report.classes));
    let Some((table, head, rows)) = table else {
        return String::new();
    };
    let heads: Vec<(String, Column)> = head[2..]
        .iter()
        .map(|head| (text(head), Column::Number))
        .collect();
    let head: Vec<(&str, Column)> = [("", Column::Words)]
        .into_iter()
        .chain(heads.iter().map(|(head, column)| (head.as_str(), *column)))
        .collect();
    // What a group is of stands in its first row only; here every row has its whole name.
    let mut of = String::new();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|cells| {
            if !cells[0].is_empty() {
                of.clone_from(&cells[0]);
            }
            let name = match &*cells[1] {
                "" => of.clone(),
                value => format!("{of}: {}", markup::name(value)),
            };
            let cells = cells[2..].iter().map(|cell| text(cell));
            [name].into_iter().chain(cells).collect()
        })
        .collect();
    let notes = table.notes.iter().map(|note| markup::note(&text(note)));
    let body = markup::of_class("cohort", &text(&table.title), &head, &rows);
    markup::part("Cohort", &(body + &notes.collect::<String>()))
}
