//! Every model in one table, as on the final screen, and what the choice of the best rests on.

use std::fmt::Write;

use raduet_study::Report;
use raduet_study::report::{Leader, Level, MajorityVerdict, ModelReport};

use super::Page;
use super::markup::{self, Column, name, text};
use crate::report_writers::chosen::{Chosen, by_arm};
use crate::report_writers::judged::Judged;
use crate::report_writers::numbers::{
    UNDEFINED, confidence, figure_percent, figure_plain, figure_with_interval, p_cell, percent,
    points_with_interval, standing,
};
use crate::report_writers::screen::{AUC, SLICE_COLUMNS};

/// Columns of the patient level.
const PATIENT_COLUMNS: usize = 5;

/// The part of the page.
pub(super) fn body(page: &Page<'_>) -> String {
    let (report, chosen, judged) = (page.material.report, &page.chosen, page.judged);
    let mut body = table(report, chosen, judged);
    body.push_str(&grounds(report, chosen, judged));
    if let Some(verdict) = &report.majority {
        body.push_str(&against_majority(verdict, judged));
    }
    if let Some(leader) = &report.leaderboard {
        body.push_str(&against_leader(leader));
    }
    markup::part("Every model", &body)
}

fn table(report: &Report, chosen: &Chosen<'_>, judged: Judged) -> String {
    let (samples, noun) = (judged.noun(Level::Slice), judged.noun(Level::Patient));
    let pooled = if judged.patients {
        " Slices are judged one by one; patients by their pooled slices."
    } else {
        ""
    };
    let caption = format!(
        "Every model on the test part.{pooled} Percentages, macro averages over the classes; AUC one versus rest."
    );
    let mut out = format!(
        "<table class=\"board sortable\">\n<caption>{caption}</caption>\n<thead>\n<tr><td></td>\
         <th scope=\"colgroup\" colspan=\"{}\">{samples}</th>\
         <th scope=\"colgroup\" colspan=\"{PATIENT_COLUMNS}\" class=\"next\">{noun}</th></tr>\n\
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
        "p over maj.: exact binomial test of the accuracy of patients against their largest class, Holm's correction over all models.",
    );
    if !judged.patients {
        let _ = write!(
            out,
            " All {noun} of a patient together count as one trial of it."
        );
    }
    out.push_str("</p>\n");
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
        .map_or_else(|| UNDEFINED.to_owned(), |p| text(&p_cell(p)));
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
fn grounds(report: &Report, chosen: &Chosen<'_>, judged: Judged) -> String {
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
        &format!(
            "What the models showed on the validation part, which alone decides the choice: balanced accuracy of {}, log loss of {}",
            judged.noun(Level::Patient),
            judged.noun(Level::Slice)
        ),
        &[
            ("model", Column::Words),
            ("arm", Column::Words),
            ("bal. acc", Column::Number),
            ("log loss", Column::Number),
            (judged.noun(Level::Patient), Column::Number),
            (judged.noun(Level::Slice), Column::Number),
        ],
        &rows,
    );
    markup::details("How the best were chosen", &format!("{rule}{table}"))
}

fn against_majority(verdict: &MajorityVerdict, judged: Judged) -> String {
    let rows: Vec<Vec<String>> = verdict
        .models
        .iter()
        .map(|model| {
            vec![
                name(&model.model),
                points_with_interval(model.difference, model.interval),
                model.mcnemar.only_first.to_string(),
                model.mcnemar.only_second.to_string(),
                text(&p_cell(model.mcnemar.p)),
                text(&p_cell(model.p_holm)),
                standing(model.standing).to_owned(),
            ]
        })
        .collect();
    let table = markup::table(
        &format!(
            "{} accuracy minus that of always answering the majority class of the training part, on the same test patients",
            judged.capital()
        ),
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
                text(&p_cell(other.mcnemar.p)),
                text(&p_cell(other.p_holm)),
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
