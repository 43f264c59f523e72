//! The final screen.

use std::fmt::Write;

use raduet_study::report::{Level, ModelReport, Unit};
use raduet_study::uncertainty::Interval;
use raduet_study::{Arm, Report};

use super::numbers::{
    confidence, figure_percent, figure_plain, figure_with_interval, p_value, percent, points,
};
use crate::error::shown;
use crate::provenance::ModelTime;

/// Columns of the slice level: heading and metric.
pub(super) const SLICE_COLUMNS: [(&str, &str); 5] = [
    ("acc", "accuracy"),
    ("prec", "precision_macro"),
    ("sens", "sensitivity_macro"),
    ("spec", "specificity_macro"),
    ("F1", "f1_macro"),
];

/// What the screen, and the head of every report, says first.
pub fn head(report: &Report) -> String {
    let folds = if report.split.folds > 1 {
        format!("{} folds", report.split.folds)
    } else {
        "one split".to_owned()
    };
    let has = |arm| report.models.iter().any(|model| model.arm == arm);
    let arms = match (has(Arm::Deep), has(Arm::Radiomics)) {
        (true, false) => "Deep",
        (false, true) => "Radiomics",
        _ => "Deep vs radiomics",
    };
    format!(
        "{arms} · {} · {folds}: {} test patients / {} slices · majority class {} %",
        shown(&report.cohort),
        report.test_patients,
        report.test_slices,
        percent(report.majority_share_slices)
    )
}

/// The screen: one line per model with what it took, where that is known, and what the comparison says.
pub fn text(report: &Report, times: &[ModelTime]) -> String {
    let width = report
        .models
        .iter()
        .map(|model| shown(&model.model).chars().count())
        .max();
    let width = width.unwrap_or(0).max("model".len());
    let mut text = head(report);
    let judged = match report.settings.unit {
        Unit::Patient => "patients",
        Unit::Slice => "slices, intervals over patients",
    };
    let _ = write!(
        text,
        "\n{:width$}  {:9}  {:<34}  {judged}\n{:width$}  {:9}",
        "", "", "slices", "model", "arm"
    );
    for (heading, _) in SLICE_COLUMNS {
        let _ = write!(text, "  {heading:>5}");
    }
    let heading = format!("acc [{} % CI]", confidence(report));
    let _ = write!(
        text,
        "  {heading:<20}  {:>7}  {:>6}  {:>6}",
        "bal.acc", "AUC", "QWK"
    );
    if !times.is_empty() {
        let _ = write!(text, "  {:>7}  {:>9}", "fit s", "predict s");
    }
    for model in &report.models {
        let _ = write!(text, "\n{}{}", line(model, width), seconds(model, times));
    }
    text.push('\n');
    for sentence in sentences(report) {
        let _ = write!(text, "\n{sentence}");
    }
    text
}

/// Seconds of a model over all folds.
fn seconds(model: &ModelReport, times: &[ModelTime]) -> String {
    let of_model = || times.iter().filter(|time| time.name == model.model);
    if of_model().next().is_none() {
        return String::new();
    }
    let fit: f64 = of_model().map(|time| time.seconds.fit).sum();
    let predict: f64 = of_model().map(|time| time.seconds.predict).sum();
    format!("  {fit:>7.3}  {predict:>9.3}")
}

/// What the comparisons say: of the two arms where both are there, and of all models and the majority.
pub(super) fn sentences(report: &Report) -> Vec<String> {
    let has = |arm| report.models.iter().any(|model| model.arm == arm);
    let both = has(Arm::Deep) && has(Arm::Radiomics);
    let majority = report.majority.as_ref();
    let majority = majority.map(|verdict| shown(&verdict.sentence));
    let said = match majority {
        Some(majority) if both => vec![verdict(report), majority],
        Some(majority) => vec![majority],
        None => vec![verdict(report)],
    };
    // Of a control the models' figures are no result: what it is comes first.
    let control = report
        .control
        .iter()
        .map(|control| shown(&control.sentence));
    control.chain(said).collect()
}

fn line(model: &ModelReport, width: usize) -> String {
    let name = shown(&model.model);
    let padding = " ".repeat(width.saturating_sub(name.chars().count()));
    let mut line = format!("{name}{padding}  {:9}", model.arm.name());
    for (_, metric) in SLICE_COLUMNS {
        let _ = write!(line, "  {:>5}", figure_percent(model.slice.figure(metric)));
    }
    let patient = &model.patient;
    let _ = write!(
        line,
        "  {:<20}  {:>7}  {:>6}  {:>6}",
        figure_with_interval(patient.figure("accuracy")),
        figure_percent(patient.figure("balanced_accuracy")),
        figure_plain(patient.figure(AUC)),
        figure_plain(patient.figure("qwk")),
    );
    line
}

/// `+4.2 points [−3.0, +11.5]`.
pub(super) fn in_points(value: f64, interval: Option<Interval>) -> String {
    let ends = interval.map(|i| format!(" [{}, {}]", points(i.lower), points(i.upper)));
    format!("{} points{}", points(value), ends.unwrap_or_default())
}

/// The metric id of the area under the curve that the screen shows.
pub(super) const AUC: &str = "auc_ovr";

/// What the comparison of the two arms says, in a sentence.
pub fn verdict(report: &Report) -> String {
    let Some(comparison) = &report.comparison else {
        let arm = |arm| report.models.iter().any(|model| model.arm == arm);
        return match (arm(Arm::Deep), arm(Arm::Radiomics)) {
            (true, true) => {
                "the arms cannot be compared: nobody was left to choose the best of each".to_owned()
            }
            _ => "one arm only: nothing to compare".to_owned(),
        };
    };
    let mut text = format!(
        "best deep ({}) − best radiomics ({}):",
        shown(&comparison.deep),
        shown(&comparison.radiomics)
    );
    if let Some(difference) = comparison.difference(Level::Patient, "accuracy")
        && let Some(value) = difference.value
    {
        text.push(' ');
        text.push_str(&in_points(value, difference.interval()));
    }
    let _ = write!(
        text,
        ", exact McNemar p {}  → {}",
        p_value(comparison.mcnemar.p),
        comparison.verdict
    );
    text
}
