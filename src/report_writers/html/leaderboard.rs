//! Every model in one table, as on the final screen, and what the choice of the best rests on.

use std::fmt::Write;

use raduet_study::Report;
use raduet_study::report::{Leader, MajorityVerdict, ModelReport};

use super::markup::{self, Column, name, text};
use crate::report_writers::chosen::{Chosen, by_arm};
use crate::report_writers::numbers::{
    UNDEFINED, figure_percent, figure_plain, figure_with_interval, interval_percent, percent,
    standing,
};
use crate::report_writers::screen::{AUC, SLICE_COLUMNS};

/// Columns of the patient level.
const PATIENT_COLUMNS: usize = 5;

/// The part of the page.
pub(super) fn body(report: &Report, chosen: &Chosen<'_>) -> String {
    let mut body = table(report, chosen);
    body.push_str(&grounds(report, chosen));
    if let Some(verdict) = &report.majority {
        body.push_str(&against_majority(verdict));
    }
    if let Some(leader) = &report.leaderboard {
        body.push_str(&against_leader(leader));
    }
    markup::part("Every model", &body)
}

/// Confidence as printed: `95`.
pub(super) fn confidence(report: &Report) -> String {
    let text = percent(report.settings.bootstrap.confidence);
    text.trim_end_matches(".0").to_owned()
}

fn table(report: &Report, chosen: &Chosen<'_>) -> String {
    let caption = "Every model on the test part. Slices are judged one by one; patients by their pooled slices. Percentages, macro averages over the classes; AUC one versus rest.";
    let mut out = format!(
        "<table class=\"board sortable\">\n<caption>{caption}</caption>\n<thead>\n<tr><td></td>\
         <th scope=\"colgroup\" colspan=\"{}\">slices</th>\
         <th scope=\"colgroup\" colspan=\"{PATIENT_COLUMNS}\" class=\"next\">patients</th></tr>\n\
         <tr><th scope=\"col\" class=\"words\">model</th>",
        SLICE_COLUMNS.len()
    );
    for (heading, _) in SLICE_COLUMNS {
        let _ = write!(out, "<th scope=\"col\">{heading}</th>");
    }
    let _ = write!(
        out,
        "<th scope=\"col\" class=\"next\">acc [{} % CI]</th><th scope=\"col\">bal. acc</th>\
         <th scope=\"col\">AUC</th><th scope=\"col\">QWK</th>\
         <th scope=\"col\">p over maj.</th></tr>\n</thead>\n",
        confidence(report)
    );
    for (arm, models) in by_arm(report) {
        let _ = write!(
            out,
            "<tbody class=\"{arm}\">\n<tr class=\"arm\"><th scope=\"rowgroup\" colspan=\"{}\">{arm}</th></tr>\n",
            1 + SLICE_COLUMNS.len() + PATIENT_COLUMNS,
            arm = arm.name(),
        );
        for model in models {
            out.push_str(&row(model, chosen));
        }
        out.push_str("</tbody>\n");
    }
    out.push_str("</table>\n");
    let mut out = markup::scrolling("leaderboard", &out);
    if chosen.are_best {
        out.push_str("<p class=\"note\">★ best of its arm, chosen on the validation part. ");
    } else {
        out.push_str("<p class=\"note\">");
    }
    out.push_str(
        "p over maj.: exact binomial test of the patient accuracy against the largest class of the test patients, Holm's correction over all models.</p>\n",
    );
    out
}

fn row(model: &ModelReport, chosen: &Chosen<'_>) -> String {
    let (class, star) = if chosen.is_best(model) {
        (
            " class=\"best\"",
            " <span title=\"best of its arm\">★</span>",
        )
    } else {
        ("", "")
    };
    let mut out = format!(
        "<tr{class}><th scope=\"row\" class=\"words\">{}{star}</th>",
        name(&model.model)
    );
    for (_, metric) in SLICE_COLUMNS {
        let _ = write!(
            out,
            "<td>{}</td>",
            figure_percent(model.slice.figure(metric))
        );
    }
    let patient = &model.patient;
    let holm = model
        .no_information_holm
        .map_or_else(|| UNDEFINED.to_owned(), |p| format!("{p:.3}"));
    let _ = writeln!(
        out,
        "<td class=\"next\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{holm}</td></tr>",
        figure_with_interval(patient.figure("accuracy")),
        figure_percent(patient.figure("balanced_accuracy")),
        figure_plain(patient.figure(AUC)),
        figure_plain(patient.figure("qwk")),
    );
    out
}

/// What every model showed on validation; nothing where no model has such rows.
fn grounds(report: &Report, chosen: &Chosen<'_>) -> String {
    let rows: Vec<Vec<String>> = by_arm(report)
        .flat_map(|(_, models)| models)
        .filter_map(|model| {
            let seen = model.validation?;
            let star = if chosen.is_best(model) { " ★" } else { "" };
            Some(vec![
                format!("{}{star}", name(&model.model)),
                model.arm.name().to_owned(),
                percent(seen.balanced_accuracy),
                format!("{:.3}", seen.log_loss),
                seen.patients.to_string(),
                seen.slices.to_string(),
            ])
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let rule = report
        .comparison
        .as_ref()
        .map_or_else(String::new, |comparison| {
            format!("<p>Rule: {}.</p>\n", text(&comparison.rule))
        });
    let table = markup::table(
        "What the models showed on the validation part, which alone decides the choice",
        &[
            ("model", Column::Words),
            ("arm", Column::Words),
            ("patient bal. acc", Column::Number),
            ("slice log loss", Column::Number),
            ("patients", Column::Number),
            ("slices", Column::Number),
        ],
        &rows,
    );
    markup::details("How the best were chosen", &format!("{rule}{table}"))
}

fn against_majority(verdict: &MajorityVerdict) -> String {
    let rows: Vec<Vec<String>> = verdict
        .models
        .iter()
        .map(|model| {
            let interval = model.interval.map(interval_percent).unwrap_or_default();
            vec![
                name(&model.model),
                format!("{:+.1} {interval}", 100.0 * model.difference),
                model.mcnemar.only_first.to_string(),
                model.mcnemar.only_second.to_string(),
                format!("{:.3}", model.mcnemar.p),
                format!("{:.3}", model.p_holm),
                standing(model.standing).to_owned(),
            ]
        })
        .collect();
    let table = markup::table(
        "Patient accuracy minus that of always answering the majority class of the training part, on the same test patients",
        &[
            ("model", Column::Words),
            ("points [CI]", Column::Number),
            ("only this model", Column::Number),
            ("only the majority", Column::Number),
            ("p, exact McNemar", Column::Number),
            ("p, Holm", Column::Number),
            ("above the majority", Column::Words),
        ],
        &rows,
    );
    markup::details("Every model against the majority class", &table)
}

fn against_leader(leader: &Leader) -> String {
    if leader.others.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = leader
        .others
        .iter()
        .map(|other| {
            vec![
                name(&other.model),
                other.mcnemar.only_first.to_string(),
                other.mcnemar.only_second.to_string(),
                format!("{:.3}", other.mcnemar.p),
                format!("{:.3}", other.p_holm),
            ]
        })
        .collect();
    let leader_name = text(&leader.model);
    let table = markup::table(
        &format!("Test patients that only one of the two answered rightly, against {leader_name}"),
        &[
            ("model", Column::Words),
            ("only the leader", Column::Number),
            ("only this model", Column::Number),
            ("p, exact McNemar", Column::Number),
            ("p, Holm", Column::Number),
        ],
        &rows,
    );
    markup::details(
        &format!("Every model against the one chosen on validation ({leader_name})"),
        &table,
    )
}
