//! How models were made.

use raduet_study::Arm;

use super::{Answer, METHODS, Place, Rule, SETTINGS, answered, author, partly, untold, without};
use crate::checklists::Facts;
use crate::settings::TuneName;

const LEARNERS: Place = Place::Section("learners");
const NETWORKS: Place = Place::Section("networks");

pub(super) const RULES: &[(&str, Rule)] = &[
    ("scaling", |facts| learners(facts, scaling)),
    ("reduction", |facts| learners(facts, reduction)),
    ("redundant_features", |facts| {
        learners(facts, redundant_features)
    }),
    ("collinearity", |facts| {
        learners(facts, |facts| match facts.step("redundancy") {
            Some(_) => answered(
                "columns that say nearly the same were thinned out",
                &[SETTINGS],
            ),
            None => author("was not assessed by this run"),
        })
    }),
    ("dimensionality", |facts| {
        learners(facts, |facts| {
            author(format!(
                "{} columns, {} training patients: whether that is too many is a judgement",
                facts.columns().len(),
                facts.patients(raduet_study::Part::Train)
            ))
        })
    }),
    ("network_robustness", |facts| {
        if facts.has(Arm::Deep) {
            author("this run assessed none")
        } else {
            without("no networks")
        }
    }),
    ("algorithms", algorithms),
    ("training", training),
    ("choice", choice),
    ("simple_models", simple_models),
    ("predictions", |facts| {
        answered(
            "answers of every model on every held-out slice, pooled to patients as stated",
            &[Place::File("predictions.csv"), Place::Section("reproduce")],
        )
        .and(facts.file("split.json"))
    }),
    ("output", |_| {
        answered(
            "a probability for each class; the answer is the most probable one, no threshold was tuned",
            &[Place::File("predictions.csv"), METHODS],
        )
    }),
    ("no_updating", |_| {
        without("no model was updated on the test part")
    }),
    ("share_models", |facts| {
        if facts.wrote_any("models/") {
            partly(
                "every fitted model lies in models/; sharing is the author's",
                &[Place::Section("reproduce")],
            )
        } else {
            author("the run holds no models")
        }
    }),
    ("share_system", |facts| {
        if facts.wrote_any("models/") {
            partly(
                "`raduet predict` runs the learners on new tables; offering it is the author's",
                &[Place::Section("reproduce")],
            )
        } else {
            author("the run holds no models")
        }
    }),
    ("poor_input", |facts| match facts.study {
        Some(_) => partly(
            "images, masks and tables that cannot be used are refused by name; what a user does then is the author's",
            &[Place::Section("quality")],
        ),
        None => untold(),
    }),
];

/// A question about learners that were trained by this run.
fn learners(facts: &Facts<'_>, rule: Rule) -> Answer {
    match &facts.study {
        None => untold(),
        Some(_) if facts.has(Arm::Radiomics) => rule(facts),
        Some(_) => without("no learners"),
    }
}

fn scaling(facts: &Facts<'_>) -> Answer {
    let says = match facts.step("scaling") {
        Some(rule) => format!("{rule}, fitted on training rows"),
        None => "to mean 0 and standard deviation 1, fitted on training rows".to_owned(),
    };
    answered(says, &[SETTINGS, METHODS])
}

/// Steps that take columns away, by name.
fn reducing(facts: &Facts<'_>) -> Vec<&'static str> {
    ["redundancy", "selection", "pca"]
        .into_iter()
        .filter(|step| facts.step(step).is_some())
        .collect()
}

fn reduction(facts: &Facts<'_>) -> Answer {
    let steps = reducing(facts);
    let constant = "constant columns were dropped";
    let says = if steps.is_empty() {
        format!("{constant}; nothing else was asked for")
    } else {
        format!(
            "{constant}; {}, all fitted on training rows",
            steps.join(", ")
        )
    };
    answered(says, &[SETTINGS, METHODS])
}

fn redundant_features(facts: &Facts<'_>) -> Answer {
    let steps = reducing(facts);
    if steps.is_empty() {
        return author("only constant columns were dropped").unmet();
    }
    answered(steps.join(", "), &[SETTINGS])
}

fn algorithms(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    let mut places = vec![SETTINGS];
    let mut parts = Vec::new();
    for (arm, what, place) in [
        (Arm::Radiomics, "learner", LEARNERS),
        (Arm::Deep, "network", NETWORKS),
    ] {
        let names = facts.names(arm);
        if !names.is_empty() {
            let count = super::count(names.len(), what);
            parts.push(format!("{count} ({})", names.join(", ")));
            places.push(place);
        }
    }
    answered(format!("{}, settings of each", parts.join("; ")), &places)
}

fn training(facts: &Facts<'_>) -> Answer {
    let Some(study) = &facts.study else {
        return untold();
    };
    let mut parts = Vec::new();
    if facts.has(Arm::Radiomics) {
        parts.push(match study.learners.tune {
            TuneName::None => "learners were not tuned".to_owned(),
            _ => "learners were tuned in folds by patient inside the training rows".to_owned(),
        });
    }
    if facts.has(Arm::Deep) {
        parts.push(format!(
            "networks: at most {} epochs, stopped after {} below the best on validation",
            study.networks.epochs, study.networks.patience
        ));
    }
    answered(parts.join("; "), &[SETTINGS, METHODS])
}

fn choice(facts: &Facts<'_>) -> Answer {
    match &facts.report.comparison {
        Some(comparison) => answered(&*comparison.rule, &[Place::Section("comparison")]),
        None if facts.report.leaderboard.is_some() => answered(
            "best on validation patients, before the test part was looked at",
            &[Place::Section("comparison")],
        ),
        None => author("nobody was left to choose by"),
    }
}

/// A classifier of the most frequent class is the simplest model there is.
fn simple_models(facts: &Facts<'_>) -> Answer {
    match &facts.report.majority {
        Some(_) => answered(
            "every model against always answering the majority class, exact McNemar, Holm",
            &[Place::Section("comparison")],
        ),
        None => author("no row of the majority class"),
    }
}
