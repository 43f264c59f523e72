//! How the figures were made, and what they mean.

use std::path::Path;

use raduet_study::metrics::{Better, METRICS};
use raduet_study::pooling::PoolingName;
use raduet_study::report::Level;
use serde_json::Value;

use super::Page;
use super::markup::{self, Column, text};
use crate::error::shown;
use crate::report_writers::escape;
use crate::report_writers::methods::Methods;
use crate::report_writers::numbers::confidence;

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let material = page.material;
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
            if page.judged.patients {
                pooling(report.settings.pooling).to_owned()
            } else {
                format!(
                    "not pooled: {} are judged as they are",
                    page.judged.noun(Level::Patient)
                )
            },
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
    let mut body = markup::facts(&facts);
    body.push_str(&commands(page));
    body.push_str(&methods(page.methods));
    if page.facts.study.is_some() {
        let settings = without_folders(&provenance.settings);
        let settings = serde_json::to_string_pretty(&settings).unwrap_or_default();
        body.push_str(&markup::details(
            "Every setting",
            &markup::scrolling(
                "settings",
                &format!("<pre>{}</pre>\n", escape::html_lines(&settings)),
            ),
        ));
    }
    if let Some(files) = material.kept.files {
        let rows: Vec<Vec<String>> = files
            .iter()
            .map(|(name, hash)| vec![format!("<code>{}</code>", text(name)), self::hash(hash)])
            .collect();
        let table = markup::table(
            "Files of the run that nothing else in it is made into",
            &[("file", Column::Words), ("SHA-256", Column::Words)],
            &rows,
        );
        body.push_str(&markup::details("Files and their checksums", &table));
    }
    if !page.drawn.left_out.is_empty() {
        let sentences = page.drawn.left_out.iter();
        let items: Vec<String> = sentences
            .map(|sentence| format!("<li>{}</li>\n", text(sentence)))
            .collect();
        let list = format!("<ul>\n{}</ul>\n", items.concat());
        body.push_str(&markup::details(
            "Figures that were not drawn, and why",
            &list,
        ));
    }
    body.push_str(&markup::details(
        "Definitions of the figures",
        &definitions(),
    ));
    body
}

/// The settings with only the names of paths that begin at the root: folders of a machine speak of its people.
fn without_folders(settings: &Value) -> Value {
    match settings {
        Value::String(text) if Path::new(text).is_absolute() => {
            let name = Path::new(text).file_name().unwrap_or_default();
            Value::from(name.to_string_lossy())
        }
        Value::Array(items) => items.iter().map(without_folders).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), without_folders(value)))
            .collect(),
        other => other.clone(),
    }
}

/// How to come by the same figures again.
fn commands(page: &Page<'_>) -> String {
    let mut list = vec![(
        "raduet evaluate predictions.csv",
        "every figure from the predictions alone",
    )];
    // `evaluate` writes a record too, but of predictions only.
    if page.facts.study.is_some() {
        list.push((
            "raduet report RUN",
            "this page, tables and figures from the run's folder",
        ));
    }
    let items: Vec<String> = list
        .iter()
        .map(|(command, what)| format!("<li><code>{command}</code> {what}</li>\n"))
        .collect();
    markup::part("Again", &format!("<ul>\n{}</ul>\n", items.concat()))
}

/// The methods as `methods.md` has them, citations as keys of `citations.bib`.
fn methods(methods: &Methods) -> String {
    let paragraphs: Vec<String> = methods
        .paragraphs
        .iter()
        .map(|paragraph| {
            let plain = escape::from_markdown(&paragraph.text);
            format!(
                "<h4>{}</h4>\n<p>{}</p>\n",
                paragraph.heading,
                escape::html(&shown(&plain))
            )
        })
        .collect();
    let intro = markup::note(
        "What this run did, from its own settings, for the paper to take over; the same as <code>methods.md</code>. Keys in brackets stand in <code>citations.bib</code>.",
    );
    markup::part("Methods", &format!("{intro}{}", paragraphs.concat()))
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
