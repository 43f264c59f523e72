//! The verdict first, then the numbers it rests on.

use std::fmt::Write;

use raduet_study::report::{Level, ModelReport};
use raduet_study::{Arm, Report};

use super::Page;
use super::markup::{name, short, text};
use crate::error::shown;
use crate::report_writers::numbers::{interval_percent, percent};
use crate::report_writers::screen;

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let report = page.material.report;
    format!("{}{}", verdict(report), numbers(page))
}

/// The sentences of the final screen, the arms' conclusion set off.
fn verdict(report: &Report) -> String {
    let conclusion = report
        .comparison
        .as_ref()
        .map(|comparison| comparison.verdict.as_str());
    let paragraph = |(place, mut sentence): (usize, String)| {
        for model in &report.models {
            let whole = shown(&model.model);
            let short = short(&whole);
            if short != whole {
                sentence = sentence.replace(&whole, &short);
            }
        }
        // The first sentence is that of the arms, where there are both.
        let conclusion = conclusion.filter(|_| place == 0);
        let body = match conclusion.and_then(|end| Some((sentence.strip_suffix(end)?, end))) {
            Some((grounds, end)) => {
                let grounds = grounds.trim_end().trim_end_matches('→');
                format!("<strong>{}</strong> {}", capital(&text(end)), text(grounds))
            }
            None => capital(&text(&sentence)),
        };
        format!("<p>{body}</p>\n")
    };
    let sentences: String = screen::sentences(report)
        .into_iter()
        .enumerate()
        .map(paragraph)
        .collect();
    format!("<div class=\"verdict\">\n{sentences}</div>\n")
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What the study is, in a few numbers.
fn numbers(page: &Page<'_>) -> String {
    let report = page.material.report;
    let mut out = String::from("<dl class=\"numbers\">\n");
    let mut put = |name: &str, value: &str| {
        // In the source name before value; the style sheet sets the value above.
        let _ = writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    let folds = match report.split.folds {
        1 => "test patients".to_owned(),
        n => format!("test patients, {n} folds"),
    };
    put(&folds, &report.test_patients.to_string());
    let samples = format!("test {}", page.judged.noun(Level::Slice));
    put(&samples, &report.test_slices.to_string());
    for arm in [Arm::Deep, Arm::Radiomics] {
        let best = page.chosen.models.iter().find(|model| model.arm == arm);
        let Some(best) = best.filter(|_| page.chosen.are_best) else {
            continue;
        };
        let what = match arm {
            Arm::Deep => "best network",
            _ => "best learner",
        };
        let whose = page.judged.single();
        let what = format!("{whose} accuracy of the {what}, {}", name(&best.model));
        put(&what, &accuracy(best));
    }
    put(
        &format!(
            "largest class of the test {}",
            page.judged.noun(Level::Patient)
        ),
        &format!("{} %", percent(report.majority_share_patients)),
    );
    let comparison = report.comparison.as_ref();
    if let Some(needed) = comparison.and_then(|comparison| comparison.needed) {
        let name = format!(
            "patients that the seen difference would need, {:.0} % power",
            100.0 * needed.power
        );
        put(
            &name,
            &needed.exact.unwrap_or(needed.asymptotic).to_string(),
        );
    }
    out.push_str("</dl>\n");
    out
}

fn accuracy(model: &ModelReport) -> String {
    let Some(figure) = model.patient.figure("accuracy") else {
        return String::new();
    };
    let value = figure.value.map(percent).unwrap_or_default();
    let interval = figure.interval().map(interval_percent).unwrap_or_default();
    format!("{value} % <small>{interval}</small>")
}
