//! Precision, sensitivity, specificity and F1 of every class.

use raduet_study::Report;
use raduet_study::report::{LevelReport, ModelReport};

use super::markup::{self, Column, name};
use crate::report_writers::chosen::{Chosen, by_arm};
use crate::report_writers::numbers::percent;

/// The part of the page: the best of each arm at both levels, all models on slices on demand.
pub(super) fn part(report: &Report, chosen: &Chosen<'_>) -> String {
    let mut body = String::new();
    if !chosen.models.is_empty() {
        body.push_str(&table(
            "By class, test slices",
            "slices",
            chosen.models.iter().map(|&model| (model, &model.slice)),
        ));
        body.push_str(&table(
            "By class, test patients",
            "patients",
            chosen.models.iter().map(|&model| (model, &model.patient)),
        ));
    }
    let all = table(
        "By class, test slices, every model",
        "slices",
        by_arm(report)
            .flat_map(|(_, models)| models)
            .map(|model| (model, &model.slice)),
    );
    body.push_str(&markup::details("Every model by class", &all));
    markup::part("By class", &body)
}

fn table<'a>(
    caption: &str,
    unit: &str,
    levels: impl Iterator<Item = (&'a ModelReport, &'a LevelReport)>,
) -> String {
    let rows: Vec<Vec<String>> = levels
        .flat_map(|(model, level)| {
            level.per_class.iter().map(|row| {
                let figures = &row.figures;
                vec![
                    name(&model.model),
                    name(&row.class),
                    figures.support.to_string(),
                    percent(figures.precision),
                    percent(figures.sensitivity),
                    percent(figures.specificity),
                    percent(figures.f1),
                ]
            })
        })
        .collect();
    markup::table(
        caption,
        &[
            ("model", Column::Words),
            ("class", Column::Words),
            (unit, Column::Number),
            ("precision", Column::Number),
            ("sensitivity", Column::Number),
            ("specificity", Column::Number),
            ("F1", Column::Number),
        ],
        &rows,
    )
}
