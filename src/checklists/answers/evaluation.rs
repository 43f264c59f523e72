//! How models were judged, and what came out.

use raduet_study::metrics::METRICS;

use super::{Answer, METHODS, Place, Rule, answered, author, partly};
use crate::checklists::Facts;

const COMPARISON: Place = Place::Section("comparison");

pub(super) const RULES: &[(&str, Rule)] = &[
    ("testing", |facts| {
        if facts.study.is_none() {
            return author("predictions alone do not tell where the test patients come from");
        }
        let says = match facts.report.split.folds {
            1 => "internal: patients of the same cohort, held out",
            _ => "internal: every patient of the folds was tested by models that had not seen them",
        };
        answered(says, &[Place::Section("data"), METHODS])
    }),
    ("external_testing", |_| {
        author("whether the test patients come from elsewhere")
    }),
    ("metrics", |_| {
        answered(
            format!(
                "{} figures with their definitions; balanced accuracy since classes may differ in size, weighted kappa since they may be ordered",
                METRICS.len()
            ),
            &[COMPARISON, Place::Section("reproduce")],
        )
    }),
    ("uncertainty", |facts| {
        if !facts.has_intervals() {
            return author("no interval has a value").unmet();
        }
        answered(
            format!(
                "intervals by bootstrap, {}, whatever is judged",
                facts.bootstrap()
            ),
            &[COMPARISON, METHODS],
        )
    }),
    ("calibration", |facts| {
        if !facts.gave_probabilities() {
            return author("models answered without probabilities").unmet();
        }
        let decision = if facts.draws_decision_curves() {
            ", decision curves"
        } else {
            ""
        };
        answered(
            format!("expected calibration error, Brier score, reliability diagrams{decision}"),
            &[Place::Section("calibration")],
        )
    }),
    ("comparison", comparison),
    ("other_methods", |facts| {
        let says = "no clinical or radiological method took part";
        match facts.report.majority {
            Some(_) => partly(
                format!("every model against the majority class; {says}"),
                &[COMPARISON],
            ),
            None => author(says),
        }
    }),
    ("clinical_value", |facts| {
        if facts.draws_decision_curves() {
            return partly(
                "decision curves of patients; no clinical method took part",
                &[Place::Section("calibration")],
            );
        }
        author("no clinical method took part, and no decision curve was drawn")
    }),
    ("explanation", explanation),
    ("performance", |facts| {
        let models = facts.report.models.iter();
        let chosen = if models.clone().any(|model| model.validation.is_some()) {
            "; validation part without"
        } else {
            ""
        };
        let intervals = if facts.has_intervals() {
            "test part with intervals"
        } else {
            "test part, without intervals"
        };
        partly(
            format!("{intervals}{chosen}; subgroups are the author's"),
            &[
                COMPARISON,
                Place::File("leaderboard.csv"),
                Place::File("metrics.json"),
            ],
        )
    }),
    ("limitations", |_| {
        author("doubts that the run recorded stand under quality")
    }),
    ("tripod", |_| {
        answered(
            "the list TRIPOD+AI is filled in beside this one",
            &[Place::File("checklists/tripod_ai.md")],
        )
    }),
];

fn comparison(facts: &Facts<'_>) -> Answer {
    let report = facts.report;
    let delong = if facts.compares_areas() {
        "DeLong's test of areas, "
    } else {
        ""
    };
    let tests = format!(
        "{delong}exact McNemar on patients, paired bootstrap of differences, Holm's correction"
    );
    if report.comparison.is_some() || report.leaderboard.is_some() || report.majority.is_some() {
        return answered(
            format!("{tests}; {}", facts.program),
            &[COMPARISON, METHODS],
        );
    }
    author("models were not compared")
}

fn explanation(facts: &Facts<'_>) -> Answer {
    let found: Vec<&str> = [
        ("figures/importance.csv", "permutation importance"),
        ("figures/shap.csv", "SHAP values"),
        ("figures/grad_cam/", "Grad-CAM"),
    ]
    .into_iter()
    .filter(|(file, _)| facts.wrote_any(file))
    .map(|(_, name)| name)
    .collect();
    if found.is_empty() {
        return author("none was asked for (--importance, --shap, --grad-cam)");
    }
    answered(found.join(", "), &[Place::Section("explanation")])
}
