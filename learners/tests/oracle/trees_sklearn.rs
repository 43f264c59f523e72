//! scikit-learn breaks ties between columns at random, we by column order. Where no tie is met the
//! trees are equal; elsewhere means over seeds (ours: over seeds or orders of columns) are compared.

use raduet_learners::Learner;
use raduet_learners::decision_tree::DecisionTree;
use raduet_learners::gradient_boosting::GradientBoosting;

use crate::reference::{ACCURACY_TOLERANCE, DATA_SETS, Reference, largest_difference, mean};

/// Ours over as many seeds as scikit-learn's.
const SEEDS: u64 = 8;

/// Compares mean accuracies; `run` answers for a data set and the number of a run.
#[expect(clippy::print_stdout, reason = "figures of a test")]
fn compare(learner: &str, runs: u64, run: impl Fn(&Reference, u64) -> Vec<Vec<f64>>) {
    let mut misses = Vec::new();
    for name in DATA_SETS {
        let reference = Reference::load(name);
        let accuracies: Vec<f64> = (0..runs)
            .map(|number| reference.accuracy(&run(&reference, number)))
            .collect();
        let (ours, theirs) = (mean(&accuracies), mean(&reference.accuracies(learner)));
        println!("{learner} {name}: {ours:.4}, scikit-learn {theirs:.4}");
        if (ours - theirs).abs() > ACCURACY_TOLERANCE {
            misses.push(format!("{name}: {ours} against {theirs}"));
        }
    }
    assert!(misses.is_empty(), "{learner}: {misses:#?}");
}

/// Probabilities where all of scikit-learn's seeds gave the same, so that no tie was met.
#[expect(clippy::print_stdout, reason = "figures of a test")]
fn equal(id: &str, key: &str, learner: impl Fn() -> Box<dyn Learner>) {
    let mut compared = 0;
    for name in DATA_SETS {
        let reference = Reference::load(name);
        if !reference.has(key) {
            println!("{key} {name}: scikit-learn's seeds differ");
            continue;
        }
        let ours = reference.probabilities_of(id, learner());
        let difference = largest_difference(&ours, &reference.rows(key, "probabilities"));
        println!("{key} {name}: {difference:e}");
        assert!(difference < 1e-7, "{key} {name}: {difference:e}");
        compared += 1;
    }
    assert!(compared > 0, "{key}: nothing to compare with");
}

#[test]
fn trees_without_ties_equal_scikit_learn() {
    for depth in [2, 3] {
        equal(
            "decision_tree",
            &format!("decision_tree_depth_{depth}"),
            || {
                Box::new(DecisionTree {
                    max_depth: Some(depth),
                    ..DecisionTree::default()
                })
            },
        );
    }
}

#[test]
fn boosting_without_ties_equals_scikit_learn() {
    for (depth, rounds) in [(1, 20), (2, 5)] {
        equal(
            "gradient_boosting",
            &format!("gradient_boosting_depth_{depth}"),
            || {
                Box::new(GradientBoosting {
                    n_estimators: rounds,
                    max_depth: Some(depth),
                    ..GradientBoosting::default()
                })
            },
        );
    }
}

#[test]
fn decision_tree_is_as_accurate_as_scikit_learn() {
    compare("decision_tree", 16, |reference, number| {
        let number = usize::try_from(number).unwrap();
        let turned = reference.with_columns_turned(number);
        turned.probabilities("decision_tree", 0)
    });
}

#[test]
fn gradient_boosting_is_as_accurate_as_scikit_learn() {
    compare("gradient_boosting", 1, |reference, seed| {
        reference.probabilities("gradient_boosting", seed)
    });
}

#[test]
fn random_forest_is_as_accurate_as_scikit_learn() {
    compare("random_forest", SEEDS, |reference, seed| {
        reference.probabilities("random_forest", seed)
    });
}

#[test]
fn forest_and_boosting_probabilities_are_near_scikit_learn() {
    // Standard error of the mean probability over 8 forests of 100 trees is below 0.02 a row;
    // boosting differs by its ties only.
    for (learner, seeds, tolerance) in [
        ("random_forest", SEEDS, 0.01),
        ("gradient_boosting", 1, 0.01),
    ] {
        for name in ["wine", "breast_cancer"] {
            let reference = Reference::load(name);
            let theirs = reference.rows(learner, "mean_probabilities");
            let runs: Vec<_> = (0..seeds)
                .map(|seed| reference.probabilities(learner, seed))
                .collect();
            let mut differences = Vec::new();
            for (row, expected) in theirs.iter().enumerate() {
                for (k, p) in expected.iter().enumerate() {
                    let ours = mean(&runs.iter().map(|run| run[row][k]).collect::<Vec<_>>());
                    differences.push((ours - p).abs());
                }
            }
            let difference = mean(&differences);
            println!("{learner} {name}: mean difference {difference:.5}");
            assert!(difference < tolerance, "{learner} {name}: {difference}");
        }
    }
}
