//! What holds for trees and neighbours on any table.

use proptest::prelude::*;
use raduet_learners::decision_tree::DecisionTree;
use raduet_learners::knn::KNeighbors;
use raduet_learners::{Learner, Samples};
use raduet_study::{ClassNames, Label};

const WIDTH: usize = 3;
const CLASSES: usize = 3;

/// Rows of few distinct values, so that ties are common, with a class each.
fn tables() -> impl Strategy<Value = (Vec<f64>, Vec<usize>)> {
    (5_usize..25).prop_flat_map(|rows| {
        let value = (-4_i32..5).prop_map(f64::from);
        (
            prop::collection::vec(value, rows * WIDTH),
            prop::collection::vec(0..CLASSES, rows),
        )
    })
}

fn samples(values: &[f64], labels: &[usize]) -> Samples {
    Samples::new(
        values.to_vec(),
        (0..WIDTH).map(|i| format!("x{i}")).collect(),
        labels.iter().map(|&label| Label(label)).collect(),
        ClassNames::new(["a", "b", "c"]).expect("three names"),
    )
    .expect("a whole table")
}

fn answers(learner: &dyn Learner, values: &[f64], labels: &[usize]) -> Vec<f64> {
    let model = learner.fit(&samples(values, labels), 0).expect("a fit");
    model.predict_proba(values, labels.len())
}

/// Summed Gini impurity, weighted by rows, of the groups that `side` makes of the rows.
fn impurity(labels: &[usize], side: impl Fn(usize) -> bool) -> f64 {
    [true, false]
        .iter()
        .map(|wanted| {
            let mut counts = [0.0_f64; CLASSES];
            for (row, &label) in labels.iter().enumerate() {
                if side(row) == *wanted {
                    counts[label] += 1.0;
                }
            }
            let total: f64 = counts.iter().sum();
            let squares: f64 = counts.iter().map(|c| c * c).sum();
            if total > 0.0 {
                total - squares / total
            } else {
                0.0
            }
        })
        .sum()
}

/// Least impurity that any single split leaves, by trying all.
fn least_impurity(values: &[f64], labels: &[usize]) -> f64 {
    let whole = impurity(labels, |_| true);
    let mut best = None;
    for column in 0..WIDTH {
        let of = |row: usize| values[row * WIDTH + column];
        let highest = (0..labels.len()).map(of).fold(f64::NEG_INFINITY, f64::max);
        for at in (0..labels.len()).map(of).filter(|v| *v < highest) {
            let left = impurity(labels, |row| of(row) <= at);
            best = Some(best.map_or(left, |b: f64| b.min(left)));
        }
    }
    best.unwrap_or(whole)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// A row ends among the rows that equal it, so its answer is their class shares.
    #[test]
    fn a_full_tree_answers_the_shares_of_equal_rows((values, labels) in tables()) {
        let answers = answers(&DecisionTree::default(), &values, &labels);
        let rows: Vec<&[f64]> = values.chunks_exact(WIDTH).collect();
        for (row, answer) in rows.iter().zip(answers.chunks_exact(CLASSES)) {
            let equal: Vec<usize> =
                (0..labels.len()).filter(|&other| rows[other] == *row).map(|o| labels[o]).collect();
            for (k, p) in answer.iter().enumerate() {
                let count = equal.iter().filter(|&&label| label == k).count();
                let share = count as f64 / equal.len() as f64;
                prop_assert!((p - share).abs() < 1e-12, "{answer:?} {equal:?}");
            }
        }
    }

    /// One split is the best of all splits.
    #[test]
    fn a_single_split_leaves_the_least_impurity((values, labels) in tables()) {
        let stump = DecisionTree { max_depth: Some(1), ..DecisionTree::default() };
        let answers = answers(&stump, &values, &labels);
        // Rows with the same answer are in the same leaf, or in leaves of the same shares, which
        // together are as impure as apart.
        let left = &answers[..CLASSES];
        let side = |row: usize| answers[row * CLASSES..(row + 1) * CLASSES] == *left;
        let found = impurity(&labels, side);
        let pure = labels.iter().all(|label| *label == labels[0]);
        let expected = if pure { 0.0 } else { least_impurity(&values, &labels) };
        prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    /// Only the order of values counts: cubing a column keeps every answer on the training rows.
    #[test]
    fn a_tree_sees_the_order_of_values_only((values, labels) in tables()) {
        let cubed: Vec<f64> = values.iter().map(|v| v * v * v * 1e-3).collect();
        let tree = DecisionTree::default();
        prop_assert_eq!(answers(&tree, &values, &labels), answers(&tree, &cubed, &labels));
    }

    /// Neighbours by a full sort, earlier rows first among equals.
    #[test]
    fn neighbours_equal_a_full_sort((values, labels) in tables(), k in 1_usize..6) {
        let found = answers(&KNeighbors { n_neighbors: k, ..KNeighbors::default() }, &values, &labels);
        let rows: Vec<&[f64]> = values.chunks_exact(WIDTH).collect();
        for (row, answer) in rows.iter().zip(found.chunks_exact(CLASSES)) {
            let distance = |&other: &usize| -> f64 {
                row.iter().zip(rows[other]).map(|(a, b)| (a - b) * (a - b)).sum()
            };
            let mut order: Vec<usize> = (0..labels.len()).collect();
            order.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
            let mut shares = [0.0; CLASSES];
            for &other in &order[..k] {
                shares[labels[other]] += 1.0 / k as f64;
            }
            for (p, share) in answer.iter().zip(shares) {
                prop_assert!((p - share).abs() < 1e-12);
            }
        }
    }
}
