//! Who stood where: patients per part and class.

use raduet_study::Report;

use super::markup::{self, Column, text};

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
        .map(|part| {
            let mut row = vec![part.part.name().to_owned()];
            if split.folds > 1 {
                row.push(part.fold.to_string());
            }
            row.extend([part.patients.to_string(), slices(part.slices)]);
            row.extend(part.classes.iter().map(|class| {
                format!(
                    "{}<small>{}</small>",
                    class.patients,
                    if class.slices > 0 {
                        format!("{} slices", class.slices)
                    } else {
                        String::new()
                    }
                )
            }));
            row
        })
        .collect();
    let excluded = match split.excluded.len() {
        0 => String::new(),
        n => format!(" {n} patients of the cohort stand in no part."),
    };
    let body = format!(
        "<p><strong>{} patients shared between parts.</strong> {}, seed {}, id <code>{}</code>.{excluded}</p>\n{}<p class=\"note\">Slices are those that a model answered; training slices are not counted where no model wrote them.</p>\n",
        split.shared_patients,
        text(&split.rule),
        split.seed,
        text(&split.id),
        markup::table("Patients by part and class", &head, &rows)
    );
    markup::section("split", "Split", &body)
}

/// Samples of a part, where any were written.
fn slices(count: usize) -> String {
    if count == 0 {
        crate::report_writers::numbers::UNDEFINED.to_owned()
    } else {
        count.to_string()
    }
}
