//! Settings, weights, undefined values and stopping.

use raduet_study::random::Stream;
use raduet_study::{ClassNames, Label};
use serde_json::json;

use super::HistGradientBoosting;
use crate::learner::{Learner, Model};
use crate::samples::Samples;
use crate::saved::SavedModel;
use crate::tree::node::{Tree, View};
use crate::{LearnError, registry};

fn samples(values: Vec<f64>, labels: &[usize], classes: usize) -> Samples {
    let width = values.len() / labels.len();
    Samples::new(
        values,
        (0..width).map(|i| format!("x{i}")).collect(),
        labels.iter().map(|&l| Label(l)).collect(),
        ClassNames::new((0..classes).map(|k| format!("class {k}"))).unwrap(),
    )
    .unwrap()
}

/// Rows whose class is told by three of four columns, with noise.
fn noisy(rows: usize, seed: u64) -> (Vec<f64>, Vec<usize>) {
    let mut stream = Stream::new(seed, "noisy table", 0);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let x: Vec<f64> = (0..4).map(|_| stream.normal()).collect();
        let score = x[0] + x[1] * x[2] + stream.normal();
        labels.push(usize::from(score > 0.0) + usize::from(score > 1.5));
        values.extend(x);
    }
    (values, labels)
}

fn fit(
    learner: &HistGradientBoosting,
    samples: &Samples,
    seed: u64,
) -> (Box<dyn Model>, Vec<Tree>) {
    learner.check().unwrap();
    let model = learner.fit(samples, seed).unwrap();
    match model.to_saved() {
        SavedModel::HistGradientBoosting(saved) => {
            saved.check().unwrap();
            (model, saved.trees)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let entry = registry::find("hist_gradient_boosting").unwrap();
    for (name, value) in [
        ("learning_rate", json!(0.0)),
        ("max_iter", json!(0)),
        ("max_leaf_nodes", json!(1)),
        ("max_depth", json!(0)),
        ("min_samples_leaf", json!(0)),
        ("l2_regularization", json!(-1.0)),
        ("max_bins", json!(256)),
        ("max_bins", json!(1)),
        ("min_sum_hessian", json!(-1e-3)),
        ("subsample", json!(1.5)),
        ("colsample_bytree", json!(0.0)),
        ("validation_fraction", json!(1.0)),
        ("n_iter_no_change", json!(0)),
        ("tol", json!(-1.0)),
    ] {
        let one = serde_json::Map::from_iter([(name.to_owned(), value)]);
        let fault = entry.with(&one).err();
        let named =
            matches!(&fault, Some(LearnError::Settings { reason, .. }) if reason.contains(name));
        assert!(named, "{name}: {fault:?}");
    }
    assert_eq!(entry.make().settings()["max_leaf_nodes"], 31);
}

#[test]
fn weights_count_as_repetitions() {
    let (values, labels) = noisy(60, 1);
    let repeats = |row: usize| 1 + row % 3;
    let learner = HistGradientBoosting {
        min_samples_leaf: 1,
        max_iter: 5,
        max_leaf_nodes: Some(6),
        ..HistGradientBoosting::default()
    };
    let weights = (0..60).map(|row| repeats(row) as f64).collect();
    let weighted = samples(values.clone(), &labels, 3)
        .with_weights(weights)
        .unwrap();
    let rows: Vec<usize> = (0..60)
        .flat_map(|row| std::iter::repeat_n(row, repeats(row)))
        .collect();
    let repeated = samples(values.clone(), &labels, 3).subset(&rows);
    let (a, trees) = fit(&learner, &weighted, 0);
    let (b, _) = fit(&learner, &repeated, 0);
    let pairs = a
        .predict_proba(&values, 60)
        .into_iter()
        .zip(b.predict_proba(&values, 60));
    for (a, b) in pairs {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    assert!((trees[0].covers()[0] - 120.0).abs() < 1e-9);
}

#[test]
fn undefined_values_go_where_they_belong() {
    // Undefined exactly where the class is 1: a split of its own, for defined values of any size.
    let value = |row: usize| {
        if row.is_multiple_of(4) {
            f64::NAN
        } else {
            row as f64
        }
    };
    let labels: Vec<usize> = (0..80_usize)
        .map(|row| usize::from(row.is_multiple_of(4)))
        .collect();
    let of_missing = samples((0..80).map(value).collect(), &labels, 2);
    let (model, trees) = fit(&HistGradientBoosting::default(), &of_missing, 0);
    let answer = model.predict_proba(&[f64::NAN, 1e300, -1e300], 3);
    assert!(
        answer[1] > 0.9 && answer[3] < 0.1 && answer[5] < 0.1,
        "{answer:?}"
    );
    assert!(
        matches!(trees[0].view(0), View::Split { threshold, missing_left: false, .. }
        if threshold.total_cmp(&f64::MAX).is_eq())
    );
    // None in training: the heavier side.
    for (ones, left) in [(30, true), (50, false)] {
        let labels: Vec<usize> = (0..80).map(|row| usize::from(row >= 80 - ones)).collect();
        let defined = samples((0..80).map(f64::from).collect(), &labels, 2);
        let (_, trees) = fit(&HistGradientBoosting::default(), &defined, 0);
        assert!(
            matches!(trees[0].view(0), View::Split { missing_left, .. } if missing_left == left)
        );
    }
}

#[test]
fn it_stops_when_held_out_rows_say_so() {
    let (values, labels) = noisy(400, 2);
    let all = samples(values, &labels, 3);
    let plain = HistGradientBoosting {
        max_iter: 60,
        ..HistGradientBoosting::default()
    };
    let stopping = HistGradientBoosting {
        early_stopping: true,
        n_iter_no_change: 3,
        ..plain
    };
    assert_eq!(fit(&plain, &all, 1).1.len(), 180);
    let (_, trees) = fit(&stopping, &all, 1);
    assert!(trees.len() < 180 && trees.len().is_multiple_of(3) && trees.len() >= 9);
    let learning = trees[0].covers()[0];
    assert!((learning - 360.0).abs() <= 1.0, "{learning}");
    // By patient: eight rows each.
    let grouped = all
        .with_groups((0..400).map(|row| row / 8).collect())
        .unwrap();
    let (_, trees) = fit(&stopping, &grouped, 1);
    assert!((trees[0].covers()[0] - 360.0).abs() < 1e-9);
}

#[test]
fn rows_and_columns_are_drawn_anew() {
    let (values, labels) = noisy(300, 3);
    let all = samples(values, &labels, 3);
    let drawing = HistGradientBoosting {
        subsample: 0.5,
        colsample_bytree: 0.25,
        max_iter: 20,
        ..HistGradientBoosting::default()
    };
    let (_, trees) = fit(&drawing, &all, 1);
    let mut columns = std::collections::BTreeSet::new();
    for tree in &trees {
        assert!((tree.covers()[0] - 150.0).abs() < 1e-9);
        let of_tree: std::collections::BTreeSet<usize> =
            tree.splits().map(|(column, _)| column).collect();
        assert!(of_tree.len() <= 1, "one of four columns a tree");
        columns.extend(of_tree);
    }
    assert_eq!(columns.len(), 4);
    assert_ne!(trees, fit(&drawing, &all, 2).1, "another seed");
}

#[test]
fn a_saved_model_of_one_class_or_with_other_scores_is_refused() {
    let (values, labels) = noisy(100, 4);
    let two: Vec<usize> = labels.iter().map(|&label| label.min(1)).collect();
    let learner = HistGradientBoosting {
        max_iter: 2,
        ..HistGradientBoosting::default()
    };
    let model = learner.fit(&samples(values, &two, 2), 0).unwrap();
    let whole = serde_json::to_value(model.to_saved()).unwrap();
    let read = |saved: serde_json::Value| {
        let saved: SavedModel = serde_json::from_value(saved).unwrap();
        saved.into_model(4, 2)
    };
    assert!(read(whole.clone()).is_ok());
    for (field, value) in [
        ("present", json!([0])),
        ("present", json!([1, 0])),
        ("start", json!([0.0, 0.0])),
        (
            "trees",
            json!([{"outputs": 1, "column": [4, -1, -1], "threshold": [0.0, 0.0, 0.0],
            "next": [2, 0, 1], "cover": [2.0, 1.0, 1.0], "leaves": [0.0, 0.0]}]),
        ),
    ] {
        let mut damaged = whole.clone();
        damaged["hist_gradient_boosting"][field] = value;
        assert!(
            matches!(read(damaged), Err(LearnError::Saved { .. })),
            "{field}"
        );
    }
}
