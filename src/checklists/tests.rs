//! The lists are complete, and what they point at is there.

use std::collections::BTreeSet;

use super::*;

/// Numbers without their letters, in order.
fn whole_numbers(list: &Checklist) -> BTreeSet<u32> {
    list.items()
        .map(|item| {
            let digits = item
                .number
                .trim_end_matches(|c: char| c.is_ascii_lowercase());
            digits.parse().expect("a number and perhaps a letter")
        })
        .collect()
}

/// Published counts: items, and items with their parts.
#[test]
fn every_list_has_the_published_items_once_and_in_order() {
    for (list, (items, parts)) in LISTS.iter().zip([(58, 58), (30, 30), (76, 104), (27, 52)]) {
        let numbers: Vec<&str> = list.items().map(|item| item.number).collect();
        assert_eq!(numbers.len(), parts, "{}", list.name);
        let distinct: BTreeSet<&str> = numbers.iter().copied().collect();
        assert_eq!(distinct.len(), parts, "{} repeats a number", list.name);
        assert_eq!(whole_numbers(list), (1..=items).collect(), "{}", list.name);
        for item in list.items() {
            assert!(
                !item.category.is_empty() && !item.text.is_empty(),
                "{item:?}"
            );
            assert_eq!(item.weight.is_some(), list.id == "metrics");
        }
    }
}

/// Weights as printed in Table 1 of the paper, which are rounded: together one, by category as in its figure.
#[test]
fn metrics_weights_are_the_published_ones() {
    let items: Vec<Item> = LISTS[1].items().collect();
    let sum = |of: &dyn Fn(&&Item) -> bool| -> f64 {
        items.iter().filter(of).filter_map(|item| item.weight).sum()
    };
    assert!((sum(&|_| true) - 1.0).abs() < 5e-4, "{}", sum(&|_| true));
    let categories: Vec<&str> = {
        let mut seen = Vec::new();
        for item in &items {
            if seen.last() != Some(&item.category) {
                seen.push(item.category);
            }
        }
        seen
    };
    assert_eq!(categories.len(), 9);
    // The order of importance that the abstract gives.
    let weight = |name: &str| sum(&|item| item.category == name);
    let ranked = [
        "Study design",
        "Imaging data",
        "Image processing and feature extraction",
        "Metrics and comparison",
        "Testing",
        "Feature processing",
        "Preparation for modelling",
        "Segmentation",
        "Open science",
    ];
    for pair in ranked.windows(2) {
        assert!(weight(pair[0]) >= weight(pair[1]) - 5e-4, "{pair:?}");
    }
    assert_eq!(items[2].weight, Some(0.0919));
    assert_eq!(items[26].weight, Some(0.0749));
}

#[test]
fn every_question_is_asked_and_every_item_asks_one_that_exists() {
    let asked: BTreeSet<&str> = LISTS
        .iter()
        .flat_map(Checklist::items)
        .map(|item| item.question)
        .filter(|question| *question != "author")
        .collect();
    let known: BTreeSet<&str> = answers::rules().map(|(name, _)| name).collect();
    assert_eq!(known.len(), answers::rules().count(), "a question twice");
    assert_eq!(asked, known);
}

#[test]
fn a_score_is_a_range_over_what_is_open() {
    let item = |weight| Item {
        number: "1",
        category: "c",
        text: "t",
        question: "author",
        weight: Some(weight),
    };
    let answer = |status, met| Answer {
        status,
        says: String::new(),
        places: Vec::new(),
        met,
    };
    let rows = [
        (item(0.4), answer(Status::Answered, Some(true))),
        (item(0.3), answer(Status::Author, None)),
        (item(0.1), answer(Status::Author, Some(false))),
        (item(0.2), answer(Status::NotApplicable, None)),
    ];
    let score = Score::of(&rows).unwrap();
    assert!((score.lowest - 50.0).abs() < 1e-9 && (score.highest - 87.5).abs() < 1e-9);
    assert_eq!(
        (score.open, grade(score.lowest), grade(score.highest)),
        (1, "moderate", "excellent")
    );
    for (value, word) in [
        (0.0, "very low"),
        (19.9, "very low"),
        (20.0, "low"),
        (79.9, "good"),
        (80.0, "excellent"),
    ] {
        assert_eq!(grade(value), word);
    }
}

/// Two models of an arm, or one of each, with patients that all are answered rightly but one.
fn answers(arms: &[raduet_study::Arm]) -> Vec<raduet_study::Predictions> {
    use raduet_study::{
        CaseId, ClassNames, Label, Part, PatientId, PredictionRow, Predictions, SampleId,
    };
    let model = |(at, arm): (usize, &raduet_study::Arm)| {
        let rows = [Part::Train, Part::Valid, Part::Test].into_iter();
        let rows = rows.flat_map(|part| (0..6).map(move |index| (part, index)));
        let rows = rows.map(|(part, index): (Part, usize)| {
            let id = format!("{}{index}", part.name());
            let p = if index == 5 { 0.4 } else { (index % 2) as f64 };
            PredictionRow {
                sample: SampleId::whole(CaseId::new(&*id)),
                patient: PatientId::new(&*id),
                part,
                fold: 0,
                truth: Label(index % 2),
                probabilities: vec![1.0 - p, p],
            }
        });
        let classes = ClassNames::new(["a", "b"]).unwrap();
        Predictions::new(format!("m{at}"), *arm, classes, rows.collect()).unwrap()
    };
    arms.iter().enumerate().map(model).collect()
}

/// What every list says of a run of a command on answers of these arms.
fn said(command: &str, arms: &[raduet_study::Arm]) -> Vec<(String, Answer)> {
    use crate::report_writers::Kept;
    use raduet_study::report::ReportSettings;
    let models = answers(arms);
    let settings = ReportSettings::default();
    let report = raduet_study::Report::from_predictions("c", &models, &settings).unwrap();
    let study = crate::settings::preset::settings(crate::cli::PresetName::Quick);
    let described = match command {
        "evaluate" => serde_json::json!({}),
        _ => serde_json::json!({ "study": study }),
    };
    let provenance = crate::provenance::Provenance::new(command, described, "h".into());
    let filled = fill(&Material {
        report: &report,
        predictions: &models,
        failures: &[],
        warnings: &[],
        provenance: &provenance,
        kept: Kept::default(),
    });
    let rows = filled.into_iter().flat_map(|list| {
        let name = list.list.id;
        let rows = list.rows.into_iter();
        rows.map(move |(item, answer)| (format!("{name} {}", item.number), answer))
    });
    rows.collect()
}

/// Nothing is claimed that a run of a kind has not done.
#[test]
fn every_kind_of_run_claims_only_its_own() {
    use raduet_study::Arm::{Deep, Radiomics};
    let claims = |rows: &[(String, Answer)], words: &[&str]| {
        for (item, answer) in rows {
            let claimed = matches!(answer.status, Status::Answered | Status::Partly);
            let word = words.iter().find(|word| answer.says.contains(**word));
            assert!(!claimed || word.is_none(), "{item}: {}", answer.says);
        }
    };
    let predictions = said("evaluate", &[Radiomics, Deep]);
    claims(
        &predictions,
        &[
            "developed",
            "train rows",
            "training rows",
            "epochs",
            "tuned",
            "stratified",
            "measured",
            "weighted classes",
            "every setting",
            "masks",
            "ComBat",
            "held out",
            "internal",
        ],
    );
    let table = said("train", &[Radiomics, Radiomics]);
    claims(
        &table,
        &[
            "images",
            "masks",
            "geometry",
            "both arms",
            "network",
            "slice of",
            "manifest",
        ],
    );
    let networks = said("deep", &[Deep, Deep]);
    claims(
        &networks,
        &["learners", "features of", "both arms", "columns"],
    );
    let by_number = |rows: &[(String, Answer)], number: &str| {
        let row = rows.iter().find(|(item, _)| item == number);
        row.map(|(_, answer)| answer.clone()).unwrap()
    };
    // No setting is quoted as JSON quotes it, and the split says what it is.
    for (item, answer) in said("compare", &[Radiomics, Deep]) {
        assert!(
            !answer.says.contains("\"\"") && !answer.says.starts_with('"'),
            "{item}"
        );
    }
    assert!(!by_number(&networks, "clear 30").says.contains("stratified"));
    assert_eq!(by_number(&predictions, "metrics 26").status, Status::Author);
    assert_eq!(
        by_number(&predictions, "tripod_ai 12f").status,
        Status::Author
    );
    assert_eq!(by_number(&table, "metrics 25").met, None);
}

#[test]
fn a_score_counts_what_is_open() {
    let filled = said("evaluate", &[raduet_study::Arm::Deep]);
    let metrics = filled
        .iter()
        .filter(|(item, _)| item.starts_with("metrics"));
    let rows = metrics.map(|(_, answer)| answer);
    let open = rows.filter(|answer| answer.mark() == "open").count();
    let material = LISTS[1].items().zip(
        filled
            .iter()
            .filter(|(item, _)| item.starts_with("metrics")),
    );
    let score = Score::of(
        &material
            .map(|(item, (_, answer))| (item, answer.clone()))
            .collect::<Vec<_>>(),
    )
    .unwrap();
    assert_eq!(score.open, open);
    assert!(
        score
            .text()
            .contains(&format!("all of the {open} open items"))
    );
}
