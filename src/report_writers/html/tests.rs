//! The page as a whole: well formed, harmless, complete, the same every time.

use raduet_study::report::ReportSettings;
use raduet_study::uncertainty::Bootstrap;
use raduet_study::{
    Arm, CaseId, ClassNames, Label, Part, PatientId, PredictionRow, Predictions, Report, SampleId,
};
use serde_json::json;

use super::{SECTIONS, sheet};
use crate::checklists::{self, Place};
use crate::error::{Code, ToolError, Warning, WarningCode};
use crate::figures;
use crate::provenance::Provenance;
use crate::report_writers::methods::Methods;
use crate::report_writers::{Kept, Material};

/// A name that would break out of text, of an attribute and of a line.
const EVIL: &str = "<script>alert(\"1\")</script>'\n\u{202e}&x";

/// Predictions of one model on patients 0..n of every part, two slices each; `skill` is the probability
/// of the true class.
fn predictions(model: &str, arm: Arm, classes: &[&str], skill: f64, parts: &[Part]) -> Predictions {
    let names = ClassNames::new(classes.iter().copied()).expect("distinct names");
    let k = classes.len();
    let mut rows = Vec::new();
    for &part in parts {
        for patient in 0..2 * k {
            for slice in 0..2_u32 {
                let truth = patient % k;
                // Every third answer goes to the next class.
                let answer =
                    (truth + usize::from((patient + slice as usize).is_multiple_of(3))) % k;
                let mut probabilities = vec![(1.0 - skill) / (k - 1) as f64; k];
                probabilities[answer] = skill;
                let id = format!("{}{patient}", part.name());
                rows.push(PredictionRow {
                    sample: SampleId::slice(CaseId::new(&id), slice),
                    patient: PatientId::new(&id),
                    part,
                    fold: 0,
                    truth: Label(truth),
                    probabilities,
                });
            }
        }
    }
    Predictions::new(model, arm, names, rows).expect("rows are distributions")
}

fn report(cohort: &str, models: &[Predictions]) -> Report {
    let settings = ReportSettings {
        bootstrap: Bootstrap {
            resamples: 50,
            ..Bootstrap::default()
        },
        ..ReportSettings::default()
    };
    Report::from_predictions(cohort, models, &settings).expect("models agree")
}

fn page(report: &Report, predictions: &[Predictions], failures: &[ToolError]) -> String {
    let provenance = Provenance::new("compare", json!({ "seed": 1 }), "ab".repeat(32));
    let warnings = [Warning::new(WarningCode::Levels, EVIL, "measured as set")];
    rendered(&Material {
        report,
        predictions,
        failures,
        warnings: &warnings,
        provenance: &provenance,
        kept: Kept::default(),
    })
}

fn rendered(material: &Material<'_>) -> String {
    super::page(
        material,
        &figures::draw(material),
        &checklists::fill(material),
        &Methods::of(material),
    )
}

const CLASSES: [&str; 3] = ["mild", "moderate", "severe"];

/// Both arms, two learners, and a majority row from the training rows.
fn usual() -> Vec<Predictions> {
    [
        ("forest", Arm::Radiomics, 0.6),
        ("bayes", Arm::Radiomics, 0.5),
        ("resnet", Arm::Deep, 0.8),
    ]
    .map(|(name, arm, skill)| predictions(name, arm, &CLASSES, skill, &Part::ALL))
    .to_vec()
}

/// Fails unless every element that was opened is closed in its turn, attributes are quoted, and no
/// bare `<` or `&` stands in the text.
fn assert_well_formed(page: &str) {
    const VOID: [&str; 1] = ["meta"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!doctype html>").expect("a doctype");
    while let Some(start) = rest.find('<') {
        assert_entities(&rest[..start], open.last() == Some(&"style"));
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "a tag within a tag: {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of {tag}");
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed after {:?}", open.last());
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap_or_default();
        assert!(
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            "{tag}"
        );
        if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        // What stands in these two is not markup up to their own end.
        if ["style", "script"].contains(&name) {
            let end = rest.find(&format!("</{name}>")).expect("it ends");
            assert!(!rest[..end].contains("</"), "an end within {name}");
            rest = &rest[end..];
        }
    }
    assert_eq!(open, [""; 0]);
}

fn assert_entities(text: &str, is_style: bool) {
    if is_style {
        return;
    }
    for (at, _) in text.match_indices('&') {
        let name: String = text[at + 1..].chars().take_while(|&c| c != ';').collect();
        assert!(
            ["amp", "lt", "gt", "quot", "#39"].contains(&&*name),
            "&{name}"
        );
    }
}

fn assert_harmless(page: &str) {
    let (before, rest) = page.split_once("<script>").expect("one script");
    let (script, after) = rest.split_once("</script>").expect("it ends");
    assert_eq!(script, sheet::SCRIPT);
    let outside = [before, after].concat();
    // Names of languages inside drawings are no addresses.
    let outside = outside
        .replace("xmlns=\"http://www.w3.org/2000/svg\"", "")
        .replace("xmlns:xlink=\"http://www.w3.org/1999/xlink\"", "");
    for forbidden in [
        "http:",
        "https:",
        "src=",
        "url(",
        "@import",
        "<script",
        "<img",
        "<iframe",
        "javascript:",
        " style=",
        " onload",
        " onerror",
        " onclick",
        "\u{202e}",
    ] {
        assert!(!outside.contains(forbidden), "{forbidden} in the page");
    }
    for address in outside.split("href=\"").skip(1) {
        let address = &address[..address.find('"').expect("it ends")];
        let id = address.strip_prefix('#');
        let inside = id.is_some_and(|id| outside.contains(&format!(" id=\"{id}\"")));
        let data = [
            "data:text/csv;charset=utf-8;base64,",
            "data:image/png;base64,",
        ];
        assert!(
            inside || data.iter().any(|kind| address.starts_with(kind)),
            "{address:.60}"
        );
    }
    let style = page
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"));
    let policy = sheet::policy(style.expect("one style").0);
    assert!(!policy.contains("unsafe"));
    assert!(page.contains(&format!("Content-Security-Policy\" content=\"{policy}\"")));
}

#[test]
fn the_page_is_well_formed_and_fetches_nothing() {
    let models = usual();
    let page = page(&report("cohort", &models), &models, &[]);
    assert_well_formed(&page);
    assert_harmless(&page);
}

#[test]
fn the_checker_sees_what_is_not_well_formed() {
    for wrong in [
        "<p><b></p></b>",
        "<p>",
        "<p a=\"></p>",
        "<p>a & b</p>",
        "</p>",
    ] {
        let page = format!("<!doctype html>{wrong}");
        let caught = std::panic::catch_unwind(|| assert_well_formed(&page));
        assert!(caught.is_err(), "{wrong} passed");
    }
}

#[test]
fn names_from_outside_are_shown_not_run() {
    let other = "a\"b";
    let models: Vec<Predictions> = [(EVIL, Arm::Deep, 0.8), ("svc", Arm::Radiomics, 0.5)]
        .map(|(name, arm, skill)| predictions(name, arm, &[EVIL, other, "c"], skill, &Part::ALL))
        .to_vec();
    let failures = [ToolError::new(Code::Truncated, EVIL)
        .case(CaseId::new(EVIL))
        .file(EVIL)
        .remedy(EVIL)];
    let page = page(&report(EVIL, &models), &models, &failures);
    assert_well_formed(&page);
    assert_harmless(&page);
    assert!(!page.contains(other));
    let shown = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;\\n\\u{202e}&amp;x";
    // Cohort, model, class, failure, warning.
    assert!(page.matches(shown).count() > 20);
}

#[test]
fn every_model_class_and_section_is_there() {
    let models = usual();
    let report = report("cohort", &models);
    let page = page(&report, &models, &[]);
    for model in &report.models {
        let heading = format!(
            "<th scope=\"row\" class=\"words\"><bdi>{}</bdi>",
            model.model
        );
        assert!(page.contains(&heading), "{}", model.model);
    }
    for (id, entry, heading) in SECTIONS {
        assert!(
            page.contains(&format!("<h2 id=\"{id}-heading\">{heading}</h2>")),
            "{id}"
        );
        assert!(
            page.contains(&format!("<a href=\"#{id}\">{entry}</a>")),
            "{id}"
        );
    }
    assert!(page.contains("majority class"));
    assert!(page.contains("0 patients shared between parts."));
    assert!(page.contains("<figure id=\"figure-forest\" class=\"broad\">"));
    assert!(page.contains("<a download=\"forest.csv\" href=\"data:text/csv;charset=utf-8;base64,"));
    assert_eq!(
        page.matches("<svg ").count(),
        page.matches("role=\"img\"").count()
    );
    assert_eq!(page.matches("<tr class=\"best\">").count(), 2);
    assert_headings_in_order(&page);
}

/// No heading skips a rank, and no id stands twice.
fn assert_headings_in_order(page: &str) {
    let mut rank = 0;
    for part in page.split("<h").skip(1) {
        let Some(next) = part.chars().next().and_then(|c| c.to_digit(10)) else {
            continue;
        };
        assert!(next <= rank + 1, "h{next} after h{rank}: {part:.80}");
        rank = next;
    }
    let mut ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|part| part.split('"').next())
        .collect();
    ids.sort_unstable();
    let twice = ids.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None);
}

/// Every place that a checklist names is a section of the page or a file that the run has.
#[test]
fn what_checklists_point_at_is_there() {
    let models = usual();
    let report = report("cohort", &models);
    let provenance = Provenance::new("compare", json!({ "seed": 1 }), "ab".repeat(32));
    let material = Material {
        report: &report,
        predictions: &models,
        failures: &[],
        warnings: &[],
        provenance: &provenance,
        kept: Kept::default(),
    };
    let written = crate::report_writers::files(&material, figures::Pictures::Drawn)
        .expect("they are written");
    let page = rendered(&material);
    let mut places = 0;
    for filled in checklists::fill(&material) {
        for place in filled.rows.iter().flat_map(|(_, answer)| &answer.places) {
            places += 1;
            match place {
                Place::Section(id) => {
                    assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
                }
                // These three every run has beside what is made from them.
                Place::File("run.json" | "predictions.csv" | "metrics.json") => {}
                Place::File(name) => {
                    assert!(written.iter().any(|(file, _)| file == name), "{name}");
                }
            }
        }
    }
    assert!(places > 30, "{places}");
}

#[test]
fn figures_are_those_of_the_report() {
    let models = usual();
    let report = report("cohort", &models);
    let page = page(&report, &models, &[]);
    let resnet = report.model("resnet").expect("it was given");
    let accuracy = resnet.patient.figure("accuracy").expect("a metric");
    let printed = crate::report_writers::numbers::figure_with_interval(Some(accuracy));
    assert!(page.contains(&format!("<td class=\"next\">{printed}</td>")));
    let comparison = report.comparison.as_ref().expect("both arms");
    let verdict = comparison
        .verdict
        .replacen("not established", "Not established", 1);
    let verdict = verdict.replacen(
        "established",
        "Established",
        usize::from(comparison.established),
    );
    assert!(
        page.contains(&format!("<strong>{verdict}</strong>")),
        "{verdict}"
    );
    for (row, counts) in resnet.slice.confusion.iter().enumerate() {
        for &count in counts {
            let printed = format!(">{count}</text>");
            assert!(page.contains(&printed), "row {row}");
        }
    }
}

#[test]
fn the_same_material_gives_the_same_bytes() {
    let models = usual();
    let once = page(&report("cohort", &models), &models, &[]);
    let again = page(&report("cohort", &models), &models, &[]);
    assert!(once == again);
}

/// The test part knows two of three classes only: no area has a value, nor the third class's curve.
#[test]
fn what_is_undefined_is_a_dash() {
    let models: Vec<Predictions> = usual()
        .iter()
        .map(|model| {
            let rows = model
                .rows()
                .iter()
                .filter(|row| row.truth != Label(2))
                .cloned();
            Predictions::new(
                model.model(),
                model.arm(),
                model.classes().clone(),
                rows.collect(),
            )
            .expect("rows were checked")
        })
        .collect();
    let report = report("cohort", &models);
    let page = page(&report, &models, &[]);
    assert_well_formed(&page);
    assert!(page.contains(
        "<th scope=\"row\" class=\"words\">patients: AUC</th><td>–</td><td>–</td><td>–</td>"
    ));
    let before_script = page.split("<script>").next().expect("a page");
    assert!(!before_script.contains("NaN"));
}

#[test]
fn without_validation_nobody_is_called_best() {
    let models: Vec<Predictions> = usual().iter().map(|model| model.on(Part::Test)).collect();
    let report = report("cohort", &models);
    let page = page(&report, &models, &[]);
    assert_well_formed(&page);
    assert!(!page.contains("class=\"best\""));
    assert!(page.contains("nobody was left to choose"));
}

#[test]
fn one_arm_and_two_classes_have_a_page_too() {
    let classes = ["no", "yes"];
    let models = [
        predictions("a", Arm::Radiomics, &classes, 0.7, &Part::ALL),
        predictions("b", Arm::Radiomics, &classes, 0.9, &Part::ALL),
    ];
    let report = report("cohort", &models);
    let page = page(&report, &models, &[]);
    assert_well_formed(&page);
    // With one arm the sentence about the majority stands alone.
    let verdict = report.majority.as_ref().expect("a verdict");
    let (said, _) = verdict.sentence.split_once(':').expect("figures");
    assert!(page.contains(&said[1..]), "{said}");
    assert_eq!(page.matches("<tr class=\"best\">").count(), 1);
}

#[test]
fn every_fold_has_its_parts() {
    let models: Vec<Predictions> = usual()
        .iter()
        .map(|model| {
            let folds = model.rows().iter().flat_map(|row| {
                [0, 1].map(|fold| PredictionRow {
                    sample: SampleId {
                        case: CaseId::new(format!("{fold}{}", row.sample.case)),
                        ..row.sample.clone()
                    },
                    patient: PatientId::new(format!("{fold}{}", row.patient)),
                    fold,
                    ..row.clone()
                })
            });
            Predictions::new(
                model.model(),
                model.arm(),
                model.classes().clone(),
                folds.collect(),
            )
            .expect("rows were checked")
        })
        .collect();
    let report = report("cohort", &models);
    let page = page(&report, &models, &[]);
    assert_well_formed(&page);
    assert!(page.contains("2 folds: 12 test patients / 24 slices"));
    for part in ["train", "valid", "test"] {
        for fold in [0, 1] {
            let row = format!(
                "<th scope=\"row\" class=\"words\">{part}</th><td>{fold}</td><td>6</td><td>12</td><td>2<small>4 slices</small></td>"
            );
            assert!(page.contains(&row), "{part} of fold {fold}");
        }
    }
}

#[test]
fn a_failure_is_told_without_the_folders_of_the_machine() {
    let models = usual();
    let failures = [ToolError::new(Code::Truncated, "1 of 2 bytes")
        .case(CaseId::new("P17"))
        .file("/data/people/P17.nii.gz")];
    let page = page(&report("cohort", &models), &models, &failures);
    assert!(page.contains("case P17: P17.nii.gz: 1 of 2 bytes"));
    assert!(!page.contains("/data/people"));
}
