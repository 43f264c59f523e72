//! What was measured, and what learned from it.

use std::fmt::Write;

use raduet_study::Arm;
use serde_json::Value;

use super::super::escape::markdown as escaped;
use super::{listed, plural};
use crate::checklists::{Facts, bins, number, spacing};
use crate::settings::TuneName;

/// Learners by what their names begin with, and their works.
const LEARNERS: [(&str, &str); 9] = [
    ("decision_tree", "@breiman1984cart"),
    ("random_forest", "@breiman2001forests"),
    ("extra_trees", "@geurts2006extra"),
    ("gradient_boosting", "@friedman2001boosting"),
    ("hist_gradient_boosting", "@ke2017lightgbm"),
    ("svc", "@cortes1995svm"),
    ("k_neighbors", "@cover1967nearest"),
    ("linear_discriminant", "@fisher1936discriminant"),
    ("logistic_regression", "@cox1958regression"),
];

/// Ways of selection, and their works.
const SELECTIONS: [(&str, &str, &str); 8] = [
    ("anova_f", "the F test", ""),
    ("kruskal_wallis", "the Kruskal-Wallis test", ""),
    ("mutual_information", "mutual information", ""),
    (
        "mrmr",
        "minimum redundancy and maximum relevance",
        " [@peng2005mrmr]",
    ),
    ("lasso", "the lasso", " [@tibshirani1996lasso]"),
    ("rfe", "recursive elimination", " [@guyon2002rfe]"),
    ("boruta", "Boruta", " [@kursa2010boruta]"),
    (
        "stability",
        "stability selection",
        " [@meinshausen2010stability]",
    ),
];

pub(super) fn features(facts: &Facts<'_>) -> String {
    if !facts.measured() {
        return String::new();
    }
    let ibsi = facts.profile() == Some("ibsi");
    let unit = if facts.by_slice() { "slice" } else { "case" };
    let mut text = format!(
        "{} features were measured of every {unit} with {}, ",
        facts.columns().len(),
        escaped(facts.program)
    );
    text.push_str(if ibsi {
        "by the definitions of the Image Biomarker Standardisation Initiative [@zwanenburg2020ibsi]. "
    } else {
        "by the definitions of PyRadiomics [@vangriethuysen2017pyradiomics], which follow the Image Biomarker Standardisation Initiative [@zwanenburg2020ibsi] in most points. "
    });
    let _ = write!(text, "The families were {}. ", listed(&facts.families()));
    if facts.parameter("normalize").as_bool() == Some(true) {
        let scale = number(facts.parameter("normalizeScale")).unwrap_or_else(|| "1".to_owned());
        let _ = write!(
            text,
            "Images were normalised to mean 0 and standard deviation {scale}. "
        );
    }
    match spacing(facts) {
        Some(spacing) => {
            let _ = write!(
                text,
                "Images were resampled to {spacing} mm ({}). ",
                facts.parameter("interpolator").as_str().unwrap_or_default()
            );
        }
        None => text.push_str("Voxels were kept as stored. "),
    }
    let _ = write!(text, "Grey levels were discretised by {}. ", bins(facts));
    let images = facts.image_types();
    if images.iter().any(|image| *image != "Original") {
        let _ = write!(
            text,
            "Image types were {} [@whybra2024filters]. ",
            listed(&images)
        );
    }
    if facts.by_slice()
        && let Some(study) = &facts.study
    {
        let _ = write!(
            text,
            "Slices with fewer than {} of the region were left out of both arms. ",
            plural(study.features.min_pixels, "pixel", "pixels")
        );
    }
    text.trim_end().to_owned()
}

pub(super) fn learners(facts: &Facts<'_>) -> String {
    let Some(study) = &facts.study else {
        return String::new();
    };
    let names = facts.names(Arm::Radiomics);
    if names.is_empty() {
        return String::new();
    }
    let named: Vec<String> = names
        .iter()
        .map(|name| {
            let plain = name.split(':').next().unwrap_or_default();
            let work = LEARNERS.iter().find(|(learner, _)| *learner == plain);
            match work {
                Some((_, work)) => format!("{} [{work}]", escaped(name)),
                None => escaped(name),
            }
        })
        .collect();
    let mut text = format!(
        "{} learned from the features of the training rows: {}. ",
        plural(names.len(), "learner", "learners"),
        listed(&named)
    );
    text.push_str(&steps(facts));
    text.push_str(match study.learners.tune {
        TuneName::None => "Their settings were not tuned. ",
        TuneName::Light | TuneName::Full => {
            "Their settings were tuned in folds by patient inside the training rows. "
        }
    });
    if study.learners.class_weight.is_some() {
        text.push_str("Classes were weighted. ");
    }
    match study.learners.calibrate.as_ref().and_then(Value::as_str) {
        Some("sigmoid") => {
            text.push_str("Probabilities were calibrated by Platt's sigmoid [@platt1999scaling]. ");
        }
        Some("isotonic") => text.push_str(
            "Probabilities were calibrated by isotonic regression [@zadrozny2002isotonic]. ",
        ),
        Some("temperature") => {
            text.push_str("Probabilities were calibrated by a temperature [@guo2017calibration]. ");
        }
        _ => {}
    }
    text.trim_end().to_owned()
}

/// Steps before the learners, all of them fitted on training rows.
fn steps(facts: &Facts<'_>) -> String {
    let mut steps = vec!["constant columns were dropped".to_owned()];
    if facts.step("duplicates").is_some_and(|rule| rule == "drop") {
        steps.push("so were columns equal to another but for offset and scale".to_owned());
    }
    if let Some(rule) = facts.step("undefined").and_then(Value::as_str) {
        steps.push(format!("undefined values were treated by: {rule}"));
    }
    if facts.step("combat").is_some() {
        steps.push("sites were harmonised by ComBat [@johnson2007combat]".to_owned());
    }
    steps.push(match facts.step("scaling").and_then(Value::as_str) {
        Some("none") => "columns were not scaled".to_owned(),
        Some(rule) => format!("columns were scaled ({rule})"),
        None => "columns were scaled to mean 0 and standard deviation 1".to_owned(),
    });
    if facts.step("redundancy").is_some() {
        steps.push("columns that say nearly the same were thinned out".to_owned());
    }
    if let Some(selection) = facts.step("selection") {
        let said = selection.to_string();
        let way = SELECTIONS.iter().find(|(id, ..)| said.contains(id));
        steps.push(match way {
            Some((_, name, work)) => format!("columns were selected by {name}{work}"),
            None => "columns were selected".to_owned(),
        });
    }
    if facts.step("pca").is_some() {
        steps.push("columns were turned into principal components".to_owned());
    }
    format!("Fitted on training rows only, {}. ", listed(&steps))
}
