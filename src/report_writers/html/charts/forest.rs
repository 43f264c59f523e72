//! Patient accuracy of every model with its intervals, by arm, against the largest class.

use raduet_study::Report;

use super::super::chosen::{Chosen, by_arm};
use super::super::leaderboard::confidence;
use super::super::markup;
use super::intervals::{Axis, Row, chart};
use crate::report_writers::numbers::{figure_with_interval, percent};

/// The section.
pub(in super::super) fn section(report: &Report, chosen: &Chosen<'_>) -> String {
    let mut rows = Vec::new();
    for (arm, models) in by_arm(report) {
        rows.push(Row::Heading(arm.name().to_owned()));
        rows.extend(models.into_iter().map(|model| {
            let figure = model.patient.figure("accuracy");
            let star = if chosen.is_best(model) { "★ " } else { "" };
            Row::Value {
                arm,
                strong: chosen.is_best(model),
                name: format!("{star}{}", model.model),
                value: figure.and_then(|figure| figure.value),
                interval: figure.and_then(raduet_study::report::Figure::interval),
                outer: Some(model.patient_accuracy_exact),
                figures: figure_with_interval(figure),
            }
        }));
    }
    let axis = Axis {
        range: (0.0, 1.0),
        ticks: (0..=5)
            .map(|fifth| f64::from(fifth) / 5.0)
            .map(|share| (share, format!("{:.0}", 100.0 * share)))
            .collect(),
        name: "patient accuracy, %".to_owned(),
        guide: (
            report.majority_share_patients,
            format!(
                "largest class of the test patients {} %",
                percent(report.majority_share_patients)
            ),
        ),
    };
    let title = format!(
        "Patient accuracy of every model with {} % intervals; the figures stand in the table above",
        confidence(report)
    );
    let body = format!(
        "<figure>\n{}<figcaption>Thick: bootstrap over patients. Thin: exact interval (Clopper–Pearson), which is right where every patient, or none, is answered rightly.</figcaption>\n</figure>\n",
        markup::scrolling("patient accuracy", &chart(&title, &axis, &rows))
    );
    markup::section("forest", "Patient accuracy", &body)
}
