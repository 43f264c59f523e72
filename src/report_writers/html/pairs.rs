//! Every pair of models on the same test patients, and DeLong's test of the two that were chosen.

use raduet_study::report::{Comparison, Level};

use super::Page;
use super::markup::{self, Column, name, text};
use crate::report_writers::numbers::{UNDEFINED, p_cell, points_with_interval};
use crate::report_writers::pairwise::delong_difference;

/// The part of the page; nothing where there is one model.
pub(super) fn part(page: &Page<'_>) -> String {
    let report = page.material.report;
    if report.pairwise.is_empty() {
        return String::new();
    }
    let with_delong = report.pairwise.iter().any(|pair| pair.delong.is_some());
    let mut head = vec![
        ("first", Column::Words),
        ("second", Column::Words),
        ("points [CI]", Column::Number),
        ("only first right", Column::Number),
        ("only second right", Column::Number),
        ("p, exact McNemar", Column::Number),
        ("p, Holm", Column::Number),
    ];
    if with_delong {
        head.push(("p, DeLong", Column::Number));
    }
    head.push(("patients needed", Column::Number));
    let rows: Vec<Vec<String>> = report
        .pairwise
        .iter()
        .map(|pair| {
            let accuracy = pair.difference(Level::Patient, "accuracy");
            let points = accuracy
                .and_then(|d| Some((d.value?, d.interval)))
                .map_or_else(
                    || UNDEFINED.to_owned(),
                    |(value, interval)| points_with_interval(value, interval),
                );
            let mut row = vec![
                name(&pair.first),
                name(&pair.second),
                points,
                pair.mcnemar.only_first.to_string(),
                pair.mcnemar.only_second.to_string(),
                text(&p_cell(pair.mcnemar.p)),
                text(&p_cell(pair.p_holm)),
            ];
            if with_delong {
                let p = pair.delong.as_ref().map(|delong| delong.test.p);
                row.push(p.map_or_else(|| UNDEFINED.to_owned(), |p| text(&p_cell(p))));
            }
            let needed = pair.patients_needed.map(|patients| patients.to_string());
            row.push(needed.unwrap_or_else(|| UNDEFINED.to_owned()));
            row
        })
        .collect();
    let table = markup::table(
        &format!(
            "{} accuracy of the first model minus that of the second; Holm's correction over all pairs; patients that the seen difference would need to be established with 80 % power",
            page.judged.capital()
        ),
        &head,
        &rows,
    );
    markup::details(&format!("Every pair of models ({})", rows.len()), &table)
}

/// DeLong's test of the network and the learner, class by class.
pub(super) fn delong(comparison: &Comparison) -> String {
    if comparison.delong.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = comparison
        .delong
        .iter()
        .map(|class| {
            let test = &class.test;
            vec![
                name(&class.class),
                format!("{:.3}", test.first),
                format!("{:.3}", test.second),
                delong_difference(test),
                text(&p_cell(test.p)),
                text(&p_cell(class.p_holm)),
            ]
        })
        .collect();
    markup::table(
        "Areas under the ROC curve of test patients, a class against the others; DeLong's test, Holm's correction over the classes",
        &[
            ("class", Column::Words),
            (&text(&comparison.deep), Column::Number),
            (&text(&comparison.radiomics), Column::Number),
            ("difference [CI]", Column::Number),
            ("p, DeLong", Column::Number),
            ("p, Holm", Column::Number),
        ],
        &rows,
    )
}
