//! Learners and networks: which, with which settings, and what was noted about them.

use raduet_study::Arm;
use serde_json::Value;

use super::Page;
use super::markup::{self, Column, name, text};
use crate::figures::Section;
use crate::report_writers::numbers::{UNDEFINED, percent};

/// The section of the radiomics arm.
pub(super) fn learners(page: &Page<'_>) -> String {
    let mut body = arm(page, Arm::Radiomics, "No learner took part.");
    body.push_str(&page.figures(Section::Learners));
    body
}

/// The section of the deep arm.
pub(super) fn networks(page: &Page<'_>) -> String {
    let mut body = arm(page, Arm::Deep, "No network took part.");
    body.push_str(&page.figures(Section::Networks));
    body
}

fn arm(page: &Page<'_>, arm: Arm, nobody: &str) -> String {
    let models = page.material.report.models.iter();
    let models: Vec<_> = models.filter(|model| model.arm == arm).collect();
    if models.is_empty() {
        return format!("<p>{nobody}</p>\n");
    }
    let rows: Vec<Vec<String>> = models
        .iter()
        .map(|model| {
            let seen = model.validation;
            vec![
                name(&model.model),
                seen.map_or_else(|| UNDEFINED.to_owned(), |v| percent(v.balanced_accuracy)),
                seen.map_or_else(|| UNDEFINED.to_owned(), |v| format!("{:.3}", v.log_loss)),
                text(&settings_of(page.material.kept.models, &model.model)),
            ]
        })
        .collect();
    let mut body = markup::of_class(
        "models sortable",
        "Every model of the arm with what it showed on the validation part; the test part comes later",
        &[
            ("model", Column::Words),
            ("valid. bal. acc", Column::Number),
            ("valid. log loss", Column::Number),
            ("settings", Column::Words),
        ],
        &rows,
    );
    body.push_str(&notes(page.material.kept.models, arm));
    if page.facts.study.is_some() {
        body.push_str(&markup::note(
            "Every setting of every model stands in <code>run.json</code>.",
        ));
    }
    body
}

/// The record of a model on its first fold.
fn record<'a>(models: &'a Value, model: &str) -> Option<&'a Value> {
    models
        .as_array()?
        .iter()
        .find(|record| record["name"] == model)
}

/// Settings that tell one model from the other, in a line: a learner's own, the recipe of a network.
fn settings_of(models: &Value, model: &str) -> String {
    let Some(settings) = record(models, model).map(|record| &record["settings"]) else {
        return UNDEFINED.to_owned();
    };
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    if let Some(own) = settings["settings"].as_object() {
        let pairs: Vec<String> = own
            .iter()
            .map(|(name, value)| format!("{name} {}", shown(value)))
            .collect();
        return pairs.join(", ");
    }
    let recipe = [
        ("input", &settings["input"]),
        ("size", &settings["image_size"]),
        ("batch", &settings["batch_size"]),
        ("optimiser", &settings["optimiser"]["kind"]),
        ("rate", &settings["learning_rate"]),
        ("schedule", &settings["schedule"]["kind"]),
        ("epochs", &settings["epochs"]),
    ];
    let pairs: Vec<String> = recipe
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name} {}", shown(value)))
        .collect();
    pairs.join(", ")
}

/// Most notes that are shown unfolded.
const FEW: usize = 3;

fn notes(models: &Value, arm: Arm) -> String {
    let records = models.as_array().into_iter().flatten();
    let of_arm = records.filter(|record| record["arm"] == arm.name());
    let lines: Vec<String> = of_arm
        .flat_map(|record| {
            let model = record["name"].as_str().unwrap_or_default();
            let notes = record["notes"].as_array().into_iter().flatten();
            notes.filter_map(move |note| {
                let note = note.as_str()?;
                Some(format!("<li>{}: {}</li>\n", text(model), text(note)))
            })
        })
        .collect();
    let list = format!("<ul>\n{}</ul>\n", lines.concat());
    match lines.len() {
        0 => String::new(),
        n if n <= FEW => list,
        n => markup::details(&format!("{n} notes"), &list),
    }
}
