//! Precision, sensitivity, specificity and F1 of every class.

use raduet_study::report::{Level, LevelReport, ModelReport};

use super::Page;
use super::markup::{self, Column, name};
use crate::report_writers::chosen::by_arm;
use crate::report_writers::judged;
use crate::report_writers::numbers::percent;

/// The part of the page: the best of each arm at both levels, all models on slices on demand.
pub(super) fn part(page: &Page<'_>) -> String {
    let (report, chosen) = (page.material.report, &page.chosen);
    let samples = page.judged.noun(Level::Slice);
    let mut body = String::new();
    if !chosen.models.is_empty() {
        // Samples first, as in the tables of papers.
        for level in page.judged.levels(report).into_iter().rev() {
            let unit = page.judged.noun(level);
            let models = chosen.models.iter();
            let models = models.map(|&model| (model, judged::at(model, level)));
            body.push_str(&table(&format!("By class, test {unit}"), unit, models));
        }
    }
    let all = table(
        &format!("By class, test {samples}, every model"),
        samples,
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
