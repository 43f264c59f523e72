//! Foreign back ends against our own learners and scikit-learn.

use raduet_learners::{LearnError, Pipeline, Preprocess, registry};
use raduet_study::Label;

use crate::reference::{Reference, largest_difference, mean};

#[test]
fn linfa_naive_bayes_equals_scikit_learn() {
    for name in ["wine", "breast_cancer", "digits"] {
        let reference = Reference::load(name);
        let ours = reference.probabilities("gaussian_nb:linfa", 0);
        let theirs = reference.rows("gaussian_nb", "probabilities");
        let difference = largest_difference(&ours, &theirs);
        println!("{name}: {difference:e}");
        assert!(difference < 1e-7, "{name}: {difference:e}");
    }
}

#[test]
fn linfa_logistic_regression_comes_near_the_minimum() {
    for name in ["wine", "breast_cancer"] {
        let reference = Reference::load(name);
        let ours = reference.probabilities("logistic_regression:linfa", 0);
        let theirs = reference.rows("logistic_regression", "probabilities");
        let difference = largest_difference(&ours, &theirs);
        println!("{name}: {difference:e}");
        assert!(difference < 1e-4, "{name}: {difference:e}");
    }
}

#[test]
fn linfa_logistic_regression_is_refused_where_it_misses_the_minimum() {
    // Scores of the digits spread so far that its softmax underflows (linfa-logistic 0.8.1).
    let entry = registry::find("logistic_regression:linfa").unwrap();
    let reference = Reference::load("digits");
    let labels: Vec<Label> = reference
        .train
        .iter()
        .map(|&row| reference.labels[row])
        .collect();
    let fitted = Pipeline::new(entry, Preprocess::default()).fit_table(
        &reference.table,
        &reference.train,
        &labels,
        &reference.classes,
        0,
    );
    let error = fitted.expect_err("a refusal");
    assert!(matches!(error, LearnError::Backend { .. }), "{error}");
}

#[test]
fn support_vectors_of_other_solvers_decide_as_ours() {
    for name in ["wine", "breast_cancer"] {
        let reference = Reference::load(name);
        let ours = reference.probabilities("svc", 0);
        for id in ["svc:libsvm", "svc:linfa"] {
            let theirs = reference.probabilities(id, 0);
            let difference = largest_difference(&theirs, &ours);
            println!("{name}, {id}: {difference:e}");
            // Same folds; both solvers stop at a violation of 1e-3.
            assert!(difference < 5e-3, "{name}, {id}: {difference:e}");
        }
    }
}

#[test]
fn smartcore_forest_is_nearly_as_accurate() {
    // One vote a tree instead of shares: a little behind scikit-learn where leaves are mixed.
    for name in ["wine", "breast_cancer", "digits"] {
        let reference = Reference::load(name);
        let accuracies: Vec<f64> = (0..2)
            .map(|seed| {
                reference.accuracy(&reference.probabilities("random_forest:smartcore", seed))
            })
            .collect();
        let theirs = mean(&reference.accuracies("random_forest"));
        println!("{name}: {accuracies:?}, scikit-learn {theirs:.4}");
        assert!(
            (mean(&accuracies) - theirs).abs() <= 0.02,
            "{name}: {accuracies:?}"
        );
    }
}
