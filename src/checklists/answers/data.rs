//! Design and data: who took part, and what became of them.

use raduet_study::{Arm, Part};

use super::{
    Answer, METHODS, Place, Rule, SETTINGS, answered, author, count, partly, untold, without, word,
};
use crate::checklists::Facts;

const DATA: Place = Place::Section("data");
const QUALITY: Place = Place::Section("quality");

pub(super) const RULES: &[(&str, Rule)] = &[
    ("title", |_| {
        author("the title is the author's; the methods stand in methods.md")
    }),
    ("abstract", |_| {
        author("its numbers stand in the summary of the report")
    }),
    ("guidelines", |_| {
        partly(
            "these lists are filled in as far as the run knows: complete them, submit them, say so in the paper",
            &[Place::Section("checklists")],
        )
    }),
    ("objectives", objectives),
    ("sample_size", sample_size),
    ("eligibility", eligibility),
    ("pipeline", |_| {
        partly(
            "the steps stand in their order in methods.md; the flow chart is the author's",
            &[METHODS],
        )
    }),
    ("source", source),
    ("split", split),
    ("protocol", |_| {
        author("scanner and acquisition are not read from images")
    }),
    ("sequence", sequence),
    ("centres", centres),
    ("other_predictors", other_predictors),
    ("outcome", outcome),
    ("reference_standard", |_| {
        author("whether the classes rest on a good reference standard")
    }),
    ("segmentation", segmentation),
    ("preparation", preparation),
    ("missing", missing),
    ("imbalance", imbalance),
    ("confounders", confounders),
    ("baseline", baseline),
    ("flow", flow),
    ("uniparametric", uniparametric),
    ("development_differences", development_differences),
    ("analysed", analysed),
    ("clusters", clusters),
    ("share_features", share_features),
    ("share_settings", share_settings),
    ("share_code", |facts| {
        partly(
            format!(
                "{} is open source and run.json names version, command and settings; say so in the paper",
                facts.program
            ),
            &[SETTINGS],
        )
    }),
];

fn objectives(facts: &Facts<'_>) -> Answer {
    let arms = match (facts.has(Arm::Radiomics), facts.has(Arm::Deep)) {
        _ if facts.study.is_none() => "models of whatever origin were judged on a test part",
        (true, true) => "both arms were developed and compared on one test part",
        (true, false) => "learners were developed and judged on a test part",
        (false, true) => "networks were developed and judged on a test part",
        (false, false) => return untold(),
    };
    partly(
        format!("{arms}; the purpose is the author's"),
        &[Place::Section("summary")],
    )
}

fn sample_size(facts: &Facts<'_>) -> Answer {
    let report = facts.report;
    let needed = report.comparison.as_ref().and_then(|c| c.needed);
    let needed = needed.map(|plan| {
        format!(
            "the seen difference of the arms would need {} for {:.0} % power; ",
            plan.exact.unwrap_or(plan.asymptotic),
            100.0 * plan.power
        )
    });
    partly(
        format!(
            "{} test patients; {}how the number came about is the author's",
            report.test_patients,
            needed.unwrap_or_default()
        ),
        &[Place::Section("comparison")],
    )
}

fn eligibility(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    if facts.from_a_table() {
        return author("the run took what the table of features lists");
    }
    author("the run took what the manifest lists; what was left out of it stands under quality")
}

fn source(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    partly(
        format!(
            "cohort '{}' with the SHA-256 of its list; where it comes from is the author's",
            facts.report.cohort
        ),
        &[DATA, SETTINGS],
    )
}

/// Every split of the tool is by patient; predictions of other origin are checked for it.
fn split(facts: &Facts<'_>) -> Answer {
    let split = &facts.report.split;
    let says = format!(
        "by patient, {}, seed {}, {}; {} patients in two parts of a fold",
        split.rule,
        split.seed,
        match split.folds {
            1 => "one fold".to_owned(),
            n => format!("{n} folds"),
        },
        split.shared_patients
    );
    if facts.kept.split.is_none() {
        return partly(says, &[DATA]);
    }
    answered(says, &[DATA]).and(facts.file("split.json"))
}

fn sequence(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    let sequences: Vec<&str> = facts.sequences().into_iter().collect();
    if sequences.is_empty() {
        return author("no sequence is named");
    }
    partly(
        format!("named {} in the data", sequences.join(", ")),
        &[DATA],
    )
}

fn centres(facts: &Facts<'_>) -> Answer {
    match facts.sites().len() {
        0 if facts.study.is_none() => untold(),
        0 => author("no sites are named"),
        n => author(format!(
            "the data name {}; whether institutions or scanners only the author knows",
            count(n, "site")
        )),
    }
}

fn other_predictors(facts: &Facts<'_>) -> Answer {
    if facts.from_a_table() {
        return author("whether columns of the table are other than radiomics");
    }
    match facts.study {
        Some(_) => {
            let says = match (facts.has(Arm::Radiomics), facts.has(Arm::Deep)) {
                (true, true) => "none: learners saw features of the images, networks the images",
                (true, false) => "none: learners saw features of the images",
                _ => "none: networks saw the images",
            };
            answered(says, &[Place::Section("features")])
        }
        None => untold(),
    }
}

fn outcome(facts: &Facts<'_>) -> Answer {
    partly(
        format!(
            "classes {} with their counts; definition and origin are the author's",
            facts.report.classes.names().join(", ")
        ),
        &[DATA],
    )
}

fn segmentation(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    if facts.from_a_table() {
        return author("a table of features does not tell");
    }
    author("masks were taken as given; how they were made is the author's")
}

fn preparation(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    let checked = if facts.from_a_table() {
        "columns that give the class away, doubles of rows and names of patients were checked"
    } else {
        "geometry, masks, grey levels, duplicates and leaks were checked"
    };
    partly(
        format!("{checked} and doubts are listed; differences between groups are the author's"),
        &[QUALITY],
    )
}

fn missing(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    let mut parts = Vec::new();
    if facts.read_images() {
        let whom = if facts.has(Arm::Radiomics) && facts.has(Arm::Deep) {
            " of both arms"
        } else {
            ""
        };
        parts.push(format!(
            "cases without images or regions are listed and left out{whom}"
        ));
    }
    if facts.has(Arm::Radiomics) {
        parts.push(match facts.step("undefined") {
            Some(rule) => format!("undefined features: {}", word(rule)),
            None => "undefined features were refused".to_owned(),
        });
    }
    let says = parts.join("; ");
    if facts.from_a_table() {
        return partly(
            format!("{says}; what was missing before the table was made is the author's"),
            &[SETTINGS],
        );
    }
    answered(says, &[QUALITY, SETTINGS])
}

fn imbalance(facts: &Facts<'_>) -> Answer {
    let Some(study) = &facts.study else {
        return partly("counts of every class in every part", &[DATA]);
    };
    let mut parts = vec!["counts of every class in every part".to_owned()];
    if facts.report.split.rule.contains("stratified") {
        parts.push("the split was stratified by class".to_owned());
    }
    if facts.has(Arm::Radiomics) {
        parts.push(match &study.learners.class_weight {
            Some(rule) => format!("learners weighted classes: {}", word(rule)),
            None => "learners did not weight classes".to_owned(),
        });
    }
    if facts.has(Arm::Deep) {
        parts.push(match &facts.network()["loss"]["class_weight"] {
            serde_json::Value::Null => "networks did not weight classes".to_owned(),
            rule => format!("networks' weights of classes: {}", word(rule)),
        });
    }
    parts.push("balanced accuracy is reported beside accuracy".to_owned());
    answered(parts.join("; "), &[DATA, SETTINGS])
}

fn confounders(facts: &Facts<'_>) -> Answer {
    if facts.step("combat").is_some() {
        return answered(
            "sites were harmonised by ComBat, fitted on training rows",
            &[SETTINGS, METHODS],
        );
    }
    match facts.sites().len() {
        0 => author("no site is known and nothing was adjusted for"),
        n => author(format!(
            "{} known; nothing was adjusted for",
            count(n, "site")
        )),
    }
}

fn baseline(facts: &Facts<'_>) -> Answer {
    let rows = facts.kept.cohort;
    if rows.is_empty() {
        return partly("patients of every class in every part", &[DATA]);
    }
    let mut known = vec!["patients", "slices", "classes"];
    if rows.iter().any(|row| row.age.is_some()) {
        known.push("age");
    }
    if rows.iter().any(|row| row.sex.is_some()) {
        known.push("sex");
    }
    if !facts.sites().is_empty() {
        known.push("site");
    }
    partly(
        format!(
            "{} by part; clinical data are the author's",
            known.join(", ")
        ),
        &[DATA],
    )
    .and(facts.file("cohort.csv"))
}

fn flow(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    if facts.from_a_table() {
        return partly(
            "patients of the table by part; those excluded before it are the author's",
            &[DATA],
        );
    }
    partly(
        "cases that failed or were left out are listed with their cause; those excluded before the manifest are the author's",
        &[QUALITY],
    )
}

fn uniparametric(facts: &Facts<'_>) -> Answer {
    match facts.sequences().len() {
        1 => answered("one sequence", &[DATA]),
        0 if facts.study.is_none() => untold(),
        0 => author("no sequence is named"),
        n => author(format!("{n} sequences; whether one alone is inferior")),
    }
}

fn development_differences(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        return untold();
    }
    let measured = if facts.read_images() {
        " and were measured alike"
    } else {
        ""
    };
    partly(
        format!(
            "both parts come from one {}{measured}; classes and what else is known are shown by part",
            if facts.from_a_table() {
                "table"
            } else {
                "cohort"
            }
        ),
        &[DATA],
    )
}

fn analysed(facts: &Facts<'_>) -> Answer {
    if facts.study.is_none() {
        let says = format!(
            "{} test patients by class; predictions do not tell who trained",
            facts.report.test_patients
        );
        return partly(says, &[DATA]);
    }
    let says = format!(
        "patients by class; for training {}, for choosing {}, for testing {}",
        facts.patients(Part::Train),
        facts.patients(Part::Valid),
        facts.patients(Part::Test)
    );
    answered(says, &[DATA])
}

fn clusters(facts: &Facts<'_>) -> Answer {
    match facts.sites().len() {
        0 | 1 => without("no clusters but patients are known; intervals are over patients"),
        n => author(format!(
            "{n} sites are known; figures were not taken by site"
        )),
    }
}

fn share_features(facts: &Facts<'_>) -> Answer {
    if facts.wrote("features.csv") {
        partly(
            "ready to be shared; doing so is the author's",
            &[Place::File("features.csv")],
        )
    } else {
        author("the run holds no feature table")
    }
}

fn share_settings(facts: &Facts<'_>) -> Answer {
    match facts.study {
        Some(_) => partly(
            "every setting, expanded; sharing it is the author's",
            &[SETTINGS],
        ),
        None => untold(),
    }
}
