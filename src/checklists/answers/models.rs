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
                "{} columns, training patients: {}; whether that is too many is a judgement",
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
            "answers of every model on every test row, and how they were judged",
            &[Place::File("predictions.csv"), Place::Section("reproduce")],
        )
        .and(facts.file("split.json"))
    }),
    ("output", |facts| {
        let places = [Place::File("predictions.csv"), METHODS];
        if !facts.gave_probabilities() {
            return partly(
                "a class, without probabilities; thresholds are not told",
                &places,
            );
        }
        let says = "a probability for each class; the answer is the most probable one";
        match facts.study {
            Some(_) => answered(format!("{says}, no threshold was tuned"), &places),
            None => partly(format!("{says}; predictions do not tell more"), &places),
        }
    }),
    ("no_updating", |facts| match facts.study {
        Some(_) => without("no model was updated"),
        None => untold(),
    }),
    ("share_models", |facts| {
        if shares_models(facts) {
            partly(
                "fitted models lie in models/: learners as JSON, networks as safetensors; sharing is the author's",
                &[Place::Section("reproduce")],
            )
        } else {
            author("the run holds no models")
        }
    }),
    ("share_system", |facts| {
        if facts.has(Arm::Radiomics) && facts.wrote_like("models/", ".json") {
            partly(
                "`raduet predict` runs the learners on new tables; offering it is the author's",
                &[Place::Section("reproduce")],
            )
        } else {
            author("the run holds no learner to run on new tables")
        }
    }),
    ("poor_input", |facts| match facts.study {
        Some(_) if facts.from_a_table() => partly(
            "tables that cannot be used are refused by name; what a user does then is the author's",
            &[Place::Section("quality")],
        ),
        Some(_) => partly(
            "images, masks and tables that cannot be used are refused by name; what a user does then is the author's",
            &[Place::Section("quality")],
        ),
        None => untold(),
    }),
];

fn shares_models(facts: &Facts<'_>) -> bool {
    [".json", ".safetensors"]
        .iter()
        .any(|end| facts.wrote_like("models/", end))
}

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
        Some(rule) if rule == "none" => "columns were not scaled".to_owned(),
        Some(rule) => format!("{}, fitted on training rows", super::word(rule)),
        None => "to mean 0 and standard deviation 1, fitted on training rows".to_owned(),
    };
    answered(says, &[SETTINGS, METHODS])
}

/// Steps that take columns away, by name.
fn reducing(facts: &Facts<'_>) -> Vec<&'static str> {
    ["duplicates", "redundancy", "selection", "pca"]
        .into_iter()
        .filter(|step| facts.step(step).is_some_and(|rule| rule != "keep"))
        .collect()
}

fn reduction(facts: &Facts<'_>) -> Answer {
    let steps = reducing(facts);
    let constant = "constant columns were dropped";
    if steps.is_empty() {
        let says = format!("{constant}; no other reduction was asked for");
        return answered(says, &[SETTINGS, METHODS]);
    }
    let says = format!(
        "{constant}; {}, all fitted on training rows",
        steps.join(", ")
    );
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
            "best on the validation part; the test part took no part in the choice",
            &[Place::Section("comparison")],
        ),
        None => author("nobody was left to choose by"),
    }
}

/// Learners that are called classical: one rule, one distance, one line between classes.
const CLASSICAL: [&str; 6] = [
    "decision_tree",
    "gaussian_nb",
    "k_neighbors",
    "linear_discriminant",
    "logistic_regression",
    "quadratic_discriminant",
];

/// Simple models beside others, all against the majority class. That class alone is a baseline but no model of the
/// data: whether it is enough is the author's to say.
fn simple_models(facts: &Facts<'_>) -> Answer {
    let places = [Place::Section("comparison")];
    let models: Vec<&str> = [facts.names(Arm::Radiomics), facts.names(Arm::Deep)].concat();
    let simple: Vec<&str> = models
        .iter()
        .filter(|name| CLASSICAL.contains(&name.split(':').next().unwrap_or_default()))
        .copied()
        .collect();
    let majority = match &facts.report.majority {
        Some(_) => "every model against always answering the majority class",
        None => "no row of the majority class",
    };
    if !simple.is_empty() && simple.len() < models.len() {
        let says = format!("{} beside the others; {majority}", simple.join(", "));
        return answered(says, &places);
    }
    match &facts.report.majority {
        Some(_) => partly(
            format!("{majority}; no simple model beside the others"),
            &places,
        ),
        None => author(majority),
    }
}
