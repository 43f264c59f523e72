//! `report.md`.

use std::fmt::Write;

use raduet_study::Report;
use raduet_study::pooling::PoolingName;
use raduet_study::report::ModelReport;

use super::Material;
use super::escape::markdown as escaped;
use super::judged::Judged;
use super::numbers::{
    confidence, figure_percent, figure_plain, figure_with_interval, p_cell, p_value, percent,
    points_with_interval, standing,
};
use super::screen::{self, AUC, SLICE_COLUMNS};

/// The whole report.
pub fn page(material: &Material<'_>) -> String {
    let report = material.report;
    let mut text = format!(
        "# {}\n\n{}\n",
        escaped(&screen::head(report)),
        escaped(&screen::sentences(report).join("\n\n"))
    );
    text.push_str(&models(material));
    text.push_str(&classes(report));
    text.push_str(&against_majority(report));
    text.push_str(&comparisons(report));
    text.push_str(&division(report));
    text.push_str(&doubts(material));
    let provenance = material.provenance;
    let _ = write!(
        text,
        "\n## How it was made\n\n{}, settings `{:.12}`, cohort `{:.12}`, split `{}`; every setting is in `run.json`, every answer in `predictions.csv`.\n",
        provenance.program, provenance.settings_sha256, provenance.cohort_sha256, report.split.id
    );
    text
}

fn models(material: &Material<'_>) -> String {
    let report = material.report;
    let judged = Judged::of(material);
    let how = judged.note(report).unwrap_or_else(|| {
        let pooled = match report.settings.pooling {
            PoolingName::MeanProbability => "the mean probability",
            PoolingName::MajorityVote => "the answer of most",
            PoolingName::Weighted => "the weighted mean probability",
        };
        format!("Slices are judged one by one; patients by {pooled} of their slices.")
    });
    let mut text = format!("\n## Models\n\n{how} Macro averages; percentages.\n\n| model | arm |");
    for (heading, _) in SLICE_COLUMNS {
        let _ = write!(text, " {heading} |");
    }
    let _ = write!(
        text,
        " {} acc [{} % CI] | bal. acc | AUC | QWK | p (over majority, Holm) |\n|---|---|",
        judged.single(),
        confidence(report)
    );
    text.push_str(&"---:|".repeat(SLICE_COLUMNS.len() + 5));
    for model in &report.models {
        text.push('\n');
        text.push_str(&row(model));
    }
    text.push('\n');
    text
}

fn row(model: &ModelReport) -> String {
    let mut row = format!("| {} | {} |", escaped(&model.model), model.arm.name());
    for (_, metric) in SLICE_COLUMNS {
        let _ = write!(row, " {} |", figure_percent(model.slice.figure(metric)));
    }
    let patient = &model.patient;
    let holm = model
        .no_information_holm
        .map_or_else(|| "–".to_owned(), |p| escaped(&p_cell(p)));
    let _ = write!(
        row,
        " {} | {} | {} | {} | {holm} |",
        figure_with_interval(patient.figure("accuracy")),
        figure_percent(patient.figure("balanced_accuracy")),
        figure_plain(patient.figure(AUC)),
        figure_plain(patient.figure("qwk")),
    );
    row
}

fn classes(report: &Report) -> String {
    let mut text = String::from(
        "\n## By class\n\n| model | class | test rows | precision | sensitivity | specificity | F1 |\n|---|---|---:|---:|---:|---:|---:|",
    );
    for model in &report.models {
        for row in &model.slice.per_class {
            let figures = &row.figures;
            let _ = write!(
                text,
                "\n| {} | {} | {} | {} | {} | {} | {} |",
                escaped(&model.model),
                escaped(&row.class),
                figures.support,
                percent(figures.precision),
                percent(figures.sensitivity),
                percent(figures.specificity),
                percent(figures.f1)
            );
        }
    }
    text.push('\n');
    text
}

fn against_majority(report: &Report) -> String {
    let Some(verdict) = &report.majority else {
        return String::new();
    };
    let mut text = String::from(
        "\n## Against the majority class\n\nAccuracy minus that of always answering the majority class of the training part, on the same test patients. Exact McNemar test, Holm's correction.\n\n| model | points [CI] | only this one right | only the majority right | p | p (Holm) | above the majority |\n|---|---:|---:|---:|---:|---:|---|",
    );
    for model in &verdict.models {
        let _ = write!(
            text,
            "\n| {} | {} | {} | {} | {} | {} | {} |",
            escaped(&model.model),
            points_with_interval(model.difference, model.interval),
            model.mcnemar.only_first,
            model.mcnemar.only_second,
            escaped(&p_cell(model.mcnemar.p)),
            escaped(&p_cell(model.p_holm)),
            standing(model.standing)
        );
    }
    text.push('\n');
    text
}

fn comparisons(report: &Report) -> String {
    let Some(leader) = &report.leaderboard else {
        return String::new();
    };
    let mut text = format!(
        "\n## Against the model chosen on validation ({})\n\nExact McNemar test on patients, Holm's correction.\n\n| model | only the leader right | only this one right | p | p (Holm) |\n|---|---:|---:|---:|---:|",
        escaped(&leader.model)
    );
    for other in &leader.others {
        let test = &other.mcnemar;
        let _ = write!(
            text,
            "\n| {} | {} | {} | {} | {} |",
            escaped(&other.model),
            test.only_first,
            test.only_second,
            escaped(&p_cell(test.p)),
            escaped(&p_cell(other.p_holm))
        );
    }
    text.push('\n');
    if let Some(comparison) = &report.comparison {
        let _ = write!(
            text,
            "\nBest of each arm: {}. McNemar p {}.\n",
            comparison.rule,
            p_value(comparison.mcnemar.p)
        );
    }
    text
}

fn division(report: &Report) -> String {
    let split = &report.split;
    let mut text = format!(
        "\n## Split\n\n{}, seed {}, id `{}`; {} patients shared between parts.\n\n| fold | part | patients | classes |\n|---:|---|---:|---|",
        escaped(&split.rule),
        split.seed,
        split.id,
        split.shared_patients
    );
    for part in &split.parts {
        let classes: Vec<String> = part
            .classes
            .iter()
            .map(|count| format!("{} {}", escaped(&count.class), count.patients))
            .collect();
        let _ = write!(
            text,
            "\n| {} | {} | {} | {} |",
            part.fold,
            part.part.name(),
            part.patients,
            classes.join(", ")
        );
    }
    text.push('\n');
    text
}

fn doubts(material: &Material<'_>) -> String {
    let shown = super::doubts::all(material.report, material.warnings);
    let shown = shown
        .iter()
        .filter(|warning| warning.level == crate::error::Level::Warning);
    let lines: Vec<String> = shown
        .map(ToString::to_string)
        .chain(material.failures.iter().map(ToString::to_string))
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n## Doubts and failures\n");
    for line in lines {
        let _ = write!(text, "\n- {}", escaped(&line));
    }
    text.push('\n');
    text
}
