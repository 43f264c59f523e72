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
