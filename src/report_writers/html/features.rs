//! What was measured, and with which settings.

use super::Page;
use super::markup::{self, Column, text};
use crate::checklists::{bins, spacing};
use crate::figures::Section;

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let facts = &page.facts;
    let mut body = if facts.measured() {
        measured(page)
    } else if facts.from_a_table() {
        "<p>The features were measured elsewhere and read from a table.</p>\n".to_owned()
    } else if facts.study.is_some() {
        "<p>No features were measured: the networks saw the slices themselves.</p>\n".to_owned()
    } else {
        "<p>Predictions alone do not tell what was measured.</p>\n".to_owned()
    };
    body.push_str(&page.figures(Section::Features));
    body
}

fn measured(page: &Page<'_>) -> String {
    let facts = &page.facts;
    let unit = if facts.by_slice() { "slice" } else { "case" };
    let rows = page.material.kept.features.map_or(0, |f| f.rows.len());
    let undefined = page.material.kept.features.map_or(0, |features| {
        let rows = 0..features.rows.len();
        let values = rows.flat_map(|row| features.table.row(row));
        values.filter(|value| value.is_nan()).count()
    });
    let list = markup::facts(&[
        ("rows", format!("{rows}, one a {unit}")),
        ("features", facts.columns().len().to_string()),
        ("definitions", text(facts.profile().unwrap_or_default())),
        ("image types", text(&facts.image_types().join(", "))),
        (
            "voxels",
            spacing(facts).map_or_else(
                || "as stored".to_owned(),
                |spacing| format!("resampled to {} mm", text(&spacing)),
            ),
        ),
        ("grey levels", text(&bins(facts))),
        (
            "undefined values",
            match undefined {
                0 => "none".to_owned(),
                n => format!("{n}, left empty in the table"),
            },
        ),
    ]);
    let families: Vec<Vec<String>> = facts
        .families()
        .into_iter()
        .map(|family| vec![family.to_owned(), facts.columns_of(family).to_string()])
        .collect();
    format!(
        "{list}{}{}",
        markup::table(
            "Features by family",
            &[("family", Column::Words), ("features", Column::Number)],
            &families,
        ),
        markup::note(
            "Every column is defined in <code>features.dictionary.csv</code>; the values stand in <code>features.csv</code>."
        )
    )
}
