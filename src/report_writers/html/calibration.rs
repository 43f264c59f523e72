//! Whether probabilities keep their word, and what follows from acting on them.

use raduet_study::report::Level;

use super::Page;
use super::markup::{self, Column, name};
use crate::figures::Section;
use crate::report_writers::numbers::figure_plain;

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let report = page.material.report;
    let rows: Vec<Vec<String>> = report
        .models
        .iter()
        .map(|model| {
            let mut row = vec![name(&model.model), model.arm.name().to_owned()];
            for level in [&model.slice, &model.patient] {
                for metric in ["ece", "brier", "log_loss"] {
                    row.push(figure_plain(level.figure(metric)));
                }
            }
            row
        })
        .collect();
    let heads =
        [Level::Slice, Level::Patient].map(|level| format!("{}: ECE", page.judged.noun(level)));
    let mut body = markup::table(
        "How far probabilities are from what happens: calibration error, Brier score (0 to 2), log loss; less is better",
        &[
            ("model", Column::Words),
            ("arm", Column::Words),
            (&heads[0], Column::Number),
            ("Brier", Column::Number),
            ("log loss", Column::Number),
            (&heads[1], Column::Number),
            ("Brier", Column::Number),
            ("log loss", Column::Number),
        ],
        &rows,
    );
    body.push_str(&page.figures(Section::Calibration));
    body
}
