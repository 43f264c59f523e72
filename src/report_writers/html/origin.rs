//! How the figures were made, and what they mean.

use std::fmt::Write;

use raduet_study::metrics::{Better, METRICS};
use raduet_study::pooling::PoolingName;

use super::leaderboard::confidence;
use super::markup::{self, Column, text};
use crate::report_writers::Material;

/// The section.
pub(super) fn section(material: &Material<'_>) -> String {
    let (report, provenance) = (material.report, material.provenance);
    let bootstrap = report.settings.bootstrap;
    let mut facts = vec![
        ("program", text(&provenance.program)),
        (
            "command",
            format!("<code>{}</code>", text(&provenance.command)),
        ),
        ("settings, SHA-256", hash(&provenance.settings_sha256)),
        ("cohort, SHA-256", hash(&provenance.cohort_sha256)),
        (
            "split",
            format!(
                "<code>{}</code>, seed {}",
                text(&report.split.id),
                report.split.seed
            ),
        ),
        (
            "slices to patients",
            pooling(report.settings.pooling).to_owned(),
        ),
        (
            "intervals",
            format!(
                "bootstrap over patients, {} resamples, {} %, seed {}; BCa, or percentile where its correction has no value",
                bootstrap.resamples,
                confidence(report),
                bootstrap.seed
            ),
        ),
        (
            "tests",
            "exact McNemar and exact binomial on patients, Holm's correction over models"
                .to_owned(),
        ),
    ];
    if let Some(comparison) = &report.comparison {
        facts.push(("best of each arm", text(&comparison.rule)));
    }
    let mut body = String::from("<dl>\n");
    for (name, value) in facts {
        let _ = writeln!(body, "<dt>{name}</dt><dd>{value}</dd>");
    }
    body.push_str("</dl>\n");
    // `evaluate` knows predictions only and writes no record of a run.
    if provenance.command != "evaluate" {
        body.push_str("<p>Every setting stands in <code>run.json</code>, every answer in <code>predictions.csv</code>.</p>\n");
    }
    body.push_str(
        "<p>Every figure of this page can be computed again from the predictions alone: <code>raduet evaluate predictions.csv</code>.</p>\n",
    );
    body.push_str(&markup::details(
        "Definitions of the figures",
        &definitions(),
    ));
    markup::section("origin", "How it was made", &body)
}

fn hash(digits: &str) -> String {
    format!("<code>{}</code>", text(digits))
}

fn pooling(name: PoolingName) -> &'static str {
    match name {
        PoolingName::MeanProbability => "mean probability of the patient's slices",
        PoolingName::MajorityVote => "majority of the patient's slices",
        PoolingName::Weighted => "weighted mean probability of the patient's slices",
    }
}

fn definitions() -> String {
    let rows: Vec<Vec<String>> = METRICS
        .iter()
        .map(|metric| {
            vec![
                metric.title.to_owned(),
                format!("<code>{}</code>", metric.id),
                text(metric.definition),
                match metric.better {
                    Better::Higher => "higher".to_owned(),
                    Better::Lower => "lower".to_owned(),
                },
            ]
        })
        .collect();
    markup::table(
        "T true, F false, P positive, N negative for a class against all others; p_k the probability of class k",
        &[
            ("figure", Column::Words),
            ("id", Column::Words),
            ("definition", Column::Words),
            ("better", Column::Words),
        ],
        &rows,
    )
}
