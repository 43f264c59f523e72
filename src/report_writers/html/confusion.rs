//! Confusion matrices as shaded tables: the counts stay readable without colour.

use std::fmt::Write;

use raduet_study::report::LevelReport;

use super::markup::{self, text};
use crate::report_writers::chosen::Chosen;
use crate::report_writers::numbers::percent;

/// Steps of shade, from none to that of a share of one.
const SHADES: f64 = 10.0;

/// The part of the page: both levels of every model shown in full.
pub(super) fn part(chosen: &Chosen<'_>) -> String {
    if chosen.models.is_empty() {
        let why = format!("<p class=\"note\">Not shown: {}.</p>\n", Chosen::NOBODY);
        return markup::part("Confusion matrices", &why);
    }
    let mut panels = String::new();
    for model in &chosen.models {
        for (unit, level) in [("slices", &model.slice), ("patients", &model.patient)] {
            let caption = format!("{}, test {unit}", text(&model.model));
            panels.push_str(&matrix(&caption, level));
        }
    }
    let body = format!(
        "<p>Rows are true classes, columns are answers; counts, and below them the share of the row. The diagonal is right.</p>\n<div class=\"panels\">\n{panels}</div>\n"
    );
    markup::part("Confusion matrices", &body)
}

fn matrix(caption: &str, level: &LevelReport) -> String {
    let mut out = format!(
        "<table class=\"confusion\">\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\" class=\"words\">true ↓ answer →</th>"
    );
    for row in &level.per_class {
        let _ = write!(out, "<th scope=\"col\">{}</th>", markup::name(&row.class));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (truth, (row, counts)) in level.per_class.iter().zip(&level.confusion).enumerate() {
        let _ = write!(
            out,
            "<tr><th scope=\"row\" class=\"words\">{}</th>",
            markup::name(&row.class)
        );
        for (answer, &count) in counts.iter().enumerate() {
            let support = row.figures.support;
            // A class without samples has a row of zeros and no share.
            let share = (support > 0).then(|| count as f64 / support as f64);
            let right = if truth == answer { "right " } else { "" };
            let _ = write!(
                out,
                "<td class=\"{right}shade{:.0}\">{count}<small>{}</small></td>",
                SHADES * share.unwrap_or(0.0),
                share.map_or_else(
                    || crate::report_writers::numbers::UNDEFINED.to_owned(),
                    |share| format!("{} %", percent(share))
                ),
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
    markup::scrolling(caption, &out)
}
