//! Scores, rankings, clusters and components against scikit-learn, scipy, `mrmr_selection` and `BorutaPy`, on
//! a table that `selection_make.py` makes again.

use std::collections::BTreeMap;

use raduet_learners::preprocess::{
    ComponentCount, FittedPreprocess, Pca, Redundancy, SpearmanClusters,
};
use raduet_learners::selection::{
    Boruta, Lasso, Mrmr, MutualInformation, Rfe, Selection, Stability, Univariate,
};
use raduet_learners::{Preprocess, Samples, Scaling};
use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};
use raduet_testkit::tables::TableShape;
use serde_json::Value;

use crate::reference::{assert_close, file};

/// The file has ten digits.
const TOLERANCE: f64 = 1e-9;

const ROWS: usize = 150;
const WIDTH: usize = 16;

/// The table of `selection_make.py`, or its first rows.
fn samples(rows: usize) -> Samples {
    let shape = TableShape {
        rows: ROWS,
        columns: WIDTH,
        informative: 5,
        redundant: 3,
        classes: 3,
        separation: 1.0,
    };
    let mut made = shape.make(11);
    for x in made.values.chunks_exact_mut(WIDTH) {
        x[3] = (x[3] + 0.5).floor();
        x[12] = x[1] * x[1].abs();
        x[11] = x[0] + x[12] / 20.0;
    }
    made.values.truncate(rows * WIDTH);
    let labels = made.classes[..rows].iter().map(|&class| Label(class));
    Samples::new(
        made.values,
        (0..WIDTH).map(|j| format!("x{j:02}")).collect(),
        labels.collect(),
        ClassNames::new(["a", "b", "c"]).expect("three names"),
    )
    .expect("a whole table")
}

fn answers() -> Value {
    serde_json::from_str(&file("selection_answers.json")).expect("answers in JSON")
}

fn list<T: serde::de::DeserializeOwned>(value: &Value) -> Vec<T> {
    serde_json::from_value(value.clone()).expect("a list")
}

fn fitted(settings: &Preprocess) -> (FittedPreprocess, Samples) {
    settings.fit(&samples(ROWS)).expect("a fit")
}

fn selected(method: Selection) -> FittedPreprocess {
    let settings = Preprocess {
        selection: Some(method),
        ..Preprocess::default()
    };
    fitted(&settings).0
}

/// Scores by column number, and the numbers of the columns kept.
fn verdict(fitted: &FittedPreprocess) -> (Vec<f64>, Vec<usize>) {
    let record = fitted.record().last().expect("a record");
    let scores = record.columns.iter().map(|c| c.score.unwrap_or(f64::NAN));
    let kept = record.columns.iter().enumerate().filter(|(_, c)| c.kept);
    (scores.collect(), kept.map(|(at, _)| at).collect())
}

fn marked(flags: &[bool]) -> Vec<usize> {
    (0..flags.len()).filter(|&at| flags[at]).collect()
}

#[test]
fn univariate_scores_equal_scikit_learn_and_scipy() {
    let answers = answers();
    let quota = Univariate::default();
    for (name, method) in [
        ("f", Selection::AnovaF(quota)),
        ("h", Selection::KruskalWallis(quota)),
        (
            "mutual_information",
            Selection::MutualInformation(MutualInformation::default()),
        ),
    ] {
        let fitted = selected(method);
        let (scores, kept) = verdict(&fitted);
        let expected: Vec<f64> = list(&answers[name]);
        assert_close(name, &scores, &expected, TOLERANCE);
        assert_eq!((kept.len(), fitted.width()), (10, 10), "{name}");
        let left_out = fitted.dropped().len();
        assert_eq!(left_out, WIDTH - 10, "{name}");
    }
    let fifth = Univariate {
        percentile: Some(20.0),
        ..Univariate::default()
    };
    let (_, kept) = verdict(&selected(Selection::AnovaF(fifth)));
    assert_eq!(kept, marked(&list(&answers["percentile_20"])));
}

#[test]
fn mrmr_equals_mrmr_selection() {
    let expected: Vec<usize> = list(&answers()["mrmr"]);
    for k in 1..=expected.len() {
        let method = Mrmr {
            k,
            ..Mrmr::default()
        };
        let (_, kept) = verdict(&selected(Selection::Mrmr(method)));
        let mut first = expected[..k].to_vec();
        first.sort_unstable();
        assert_eq!(kept, first, "first {k}");
    }
}

#[test]
fn rfe_ranking_equals_scikit_learn() {
    let ranking: Vec<f64> = list(&answers()["rfe_ranking"]);
    let method = Rfe {
        k: 4,
        step: 1.0,
        ..Rfe::default()
    };
    let (scores, kept) = verdict(&selected(Selection::Rfe(method)));
    // scikit-learn counts from the last round back, from 1 for what is kept.
    let last = scores.iter().copied().fold(0.0, f64::max);
    let found: Vec<f64> = scores.iter().map(|score| last - score + 1.0).collect();
    assert_eq!(found, ranking);
    assert_eq!(kept.len(), 4);
}

#[test]
fn lasso_coefficients_equal_scikit_learn() {
    let answers = answers();
    for c in [0.05, 0.2] {
        let expected: Vec<f64> = list(&answers["lasso"][c.to_string()]);
        let (scores, kept) = verdict(&selected(Selection::Lasso(Lasso { c, k: None })));
        // Both stop at a gradient of 1e-4 of its first size or less.
        assert_close("lasso", &scores, &expected, 1e-3);
        let there: Vec<bool> = expected.iter().map(|w| *w > 0.0).collect();
        assert_eq!(kept, marked(&there), "C = {c}");
    }
    // Along the path the strongest enter first.
    let (_, kept) = verdict(&selected(Selection::Lasso(Lasso { c: 1.0, k: Some(3) })));
    assert_eq!(kept, [0, 1, 4]);
    let strong = Preprocess {
        selection: Some(Selection::Lasso(Lasso { c: 0.02, k: None })),
        ..Preprocess::default()
    };
    assert!(
        strong.fit(&samples(ROWS)).is_err(),
        "nothing enters at 0.02"
    );
}

#[test]
fn boruta_confirms_what_borutapy_confirms() {
    let answers = answers();
    let (scores, kept) = verdict(&selected(Selection::Boruta(Boruta::default())));
    let confirmed = marked(&list(&answers["boruta"]["confirmed"]));
    assert_eq!(kept, confirmed, "{scores:?}");
}

#[test]
fn stability_finds_the_columns_that_tell_classes_apart() {
    let method = Stability {
        base: Box::new(Selection::AnovaF(Univariate {
            k: Some(7),
            ..Univariate::default()
        })),
        ..Stability::default()
    };
    let (scores, kept) = verdict(&selected(Selection::Stability(method)));
    // By F of all rows: 1, 12, 0, 4, 11, 5 lead by a wide margin, the seventh has F < 1.
    assert_eq!(kept, [0, 1, 4, 5, 11, 12], "{scores:?}");
}

#[test]
fn clusters_equal_scipy() {
    let answers = answers();
    for threshold in [0.3, 0.6, 0.9] {
        let expected: Vec<usize> = list(&answers["clusters"][threshold.to_string()]);
        let settings = Preprocess {
            redundancy: Some(Redundancy::SpearmanClusters(SpearmanClusters {
                threshold,
                ..SpearmanClusters::default()
            })),
            ..Preprocess::default()
        };
        let (fitted, _) = fitted(&settings);
        let kept: Vec<&str> = fitted.kept().collect();
        // Exactly one column of each cluster stays, and every other names that one.
        let mut stays: BTreeMap<usize, usize> = BTreeMap::new();
        for name in &kept {
            let at: usize = name[1..].parse().expect("a number");
            assert!(
                stays.insert(expected[at], at).is_none(),
                "{threshold}: {name}"
            );
        }
        let clusters: std::collections::BTreeSet<usize> = expected.iter().copied().collect();
        assert_eq!(stays.len(), clusters.len(), "{threshold}");
        for dropped in fitted.dropped() {
            let at: usize = dropped.column[1..].parse().expect("a number");
            let of = format!("'x{:02}'", stays[&expected[at]]);
            assert!(dropped.to_string().contains(&of), "{dropped}");
        }
    }
}

#[test]
fn components_equal_scikit_learn() {
    let answers = answers();
    let pca = |n_components| Preprocess {
        pca: Some(Pca { n_components }),
        ..Preprocess::default()
    };
    let expected = &answers["pca"];
    // Three columns are sums of others: thirteen directions vary.
    let (all, seen) = fitted(&pca(None));
    assert_eq!(all.width(), 13);
    let share: Vec<f64> = list(&expected["share"]);
    let (found, _) = verdict(&all);
    assert_close("shares", &found, &share, TOLERANCE);
    let transformed: Vec<f64> = list(&expected["transformed"]);
    for (row, theirs) in transformed.chunks_exact(WIDTH).enumerate() {
        assert_close("row", seen.row(row), &theirs[..13], 1e-8);
    }
    let count = expected["count_of_90_percent"].as_u64().expect("a count");
    let (most, _) = fitted(&pca(Some(ComponentCount::Share(0.9))));
    assert_eq!(most.width() as u64, count);
    let (two, _) = fitted(&pca(Some(ComponentCount::Count(2))));
    assert_eq!(two.names(), ["pca_1", "pca_2"]);
}

#[test]
fn components_of_fewer_rows_than_columns_equal_scikit_learn() {
    let expected = &answers()["pca_wide"];
    let (_, scaled) = fitted(&Preprocess::default());
    let first = scaled.subset(&(0..10).collect::<Vec<_>>());
    let chain = Preprocess {
        scaling: Scaling::Unscaled,
        pca: Some(Pca::default()),
        ..Preprocess::default()
    };
    let (components, _) = chain.fit(&first).expect("a fit");
    // Ten rows less their mean span nine directions.
    assert_eq!(components.width(), 9);
    let (found, _) = verdict(&components);
    let share: Vec<f64> = list(&expected["share"]);
    assert_close("shares", &found[..9], &share, TOLERANCE);
    // Rows that were not learned from as well.
    let shown = 0..20;
    let ids = shown
        .clone()
        .map(|i| SampleId::whole(CaseId::new(i.to_string())));
    let values = shown.clone().flat_map(|row| scaled.row(row).to_vec());
    let table = FeatureTable::new(ids.collect(), scaled.columns().to_vec(), values.collect())
        .expect("a whole table");
    let rows: Vec<usize> = shown.collect();
    let found = components.transform(&table, &rows).expect("components");
    let theirs: Vec<f64> = list(&expected["transformed"]);
    assert_close("rows", &found, &theirs, 1e-8);
}
