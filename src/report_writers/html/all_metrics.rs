//! Every figure of the best models with its interval.

use raduet_study::metrics::METRICS;
use raduet_study::report::{Figure, Level, LevelReport};

use super::Page;
use super::markup::{self, Column, text};
use crate::report_writers::numbers::UNDEFINED;

/// The part of the page, or nothing where no model is shown in full.
pub(super) fn part(page: &Page<'_>) -> String {
    let tables: String = page
        .chosen
        .models
        .iter()
        .map(|model| {
            let rows: Vec<Vec<String>> = METRICS
                .iter()
                .map(|metric| {
                    let cell = |level: &LevelReport| {
                        level
                            .figure(metric.id)
                            .map_or_else(|| UNDEFINED.to_owned(), cell)
                    };
                    vec![
                        metric.title.to_owned(),
                        cell(&model.slice),
                        cell(&model.patient),
                    ]
                })
                .collect();
            markup::table(
                &format!("{}, fractions with their intervals", text(&model.model)),
                &[
                    ("figure", Column::Words),
                    (page.judged.noun(Level::Slice), Column::Number),
                    (page.judged.noun(Level::Patient), Column::Number),
                ],
                &rows,
            )
        })
        .collect();
    if tables.is_empty() {
        return tables;
    }
    let body = markup::details("Every figure of the models shown in full", &tables);
    markup::part("All figures", &body)
}

fn cell(figure: &Figure) -> String {
    let Some(value) = figure.value else {
        let reason = figure.undefined.as_deref().unwrap_or_default();
        return format!("<span title=\"{}\">{UNDEFINED}</span>", text(reason));
    };
    match figure.interval() {
        Some(interval) => format!("{value:.3} [{:.3}, {:.3}]", interval.lower, interval.upper),
        None => format!("{value:.3}"),
    }
}
