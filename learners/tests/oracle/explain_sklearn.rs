//! Importances, dependences and cuts against scikit-learn's, linear SHAP values against shap's.

use raduet_learners::explain::{
    Dependence, Rule, choose, linear_shap, partial_dependence, permutation_importance,
};
use raduet_learners::tuning::Score;
use raduet_learners::{FittedPipeline, Samples};
use raduet_study::Label;
use serde_json::Value;

use crate::reference::{Reference, at_the_minimum, file, largest, numbers};

/// Logistic regression stops at a gradient of 1e-6: what that leaves in answers and scores.
const CONVERGED: f64 = 1e-5;

fn answers() -> Value {
    serde_json::from_str(&file("explain.json")).expect("JSON")
}

fn samples(reference: &Reference, rows: &[usize]) -> Samples {
    let labels: Vec<Label> = rows.iter().map(|&row| reference.labels[row]).collect();
    Samples::from_table(&reference.table, rows, &labels, &reference.classes)
        .expect("whole test data")
}

fn logistic(name: &str) -> (Reference, FittedPipeline) {
    let reference = Reference::load(name);
    let fitted = reference.fit_with("logistic_regression", &at_the_minimum(), 0);
    (reference, fitted)
}

#[test]
fn permutation_importances_sklearn() {
    let (reference, fitted) = logistic("wine");
    let test = samples(&reference, &reference.test);
    let all = answers();
    let seed = all["seed"].as_u64().expect("a seed");
    for (score, name, sign) in [
        (Score::LogLoss, "log_loss", -1.0),
        (Score::BalancedAccuracy, "balanced_accuracy", 1.0),
    ] {
        let expected = &all["importances"][name];
        let found = permutation_importance(&fitted, &test, score, 4, seed).expect("importances");
        let baseline = sign * expected["baseline"].as_f64().expect("a number");
        assert!(
            (found.baseline - baseline).abs() < CONVERGED,
            "{name}: {}",
            found.baseline
        );
        let of = |figure: fn(&raduet_learners::explain::ColumnImportance) -> Vec<f64>| -> Vec<f64> {
            found.columns.iter().flat_map(figure).collect()
        };
        for (key, ours) in [
            ("mean", of(|column| vec![column.mean])),
            ("sd", of(|column| vec![column.sd])),
            ("repeats", of(|column| column.repeats.clone())),
        ] {
            let difference = largest(&ours, &numbers(&expected[key]));
            println!("{name} {key}: {difference:e}");
            assert!(difference < CONVERGED, "{name} {key}: {difference:e}");
        }
    }
}

#[test]
fn partial_dependences_sklearn() {
    let (reference, fitted) = logistic("wine");
    let train = samples(&reference, &reference.train);
    for expected in answers()["dependences"].as_array().expect("a list") {
        let settings = Dependence {
            grid_resolution: serde_json::from_value(expected["resolution"].clone())
                .expect("a count"),
            individual: true,
            ..Dependence::default()
        };
        let column = format!("x{}", expected["column"]);
        let found = partial_dependence(&fitted, &train, &column, &settings).expect("a curve");
        // Nine digits of values up to 1700.
        let grid = largest(&found.grid, &numbers(&expected["grid"]));
        assert!(grid < 1e-5, "{column}: grid {grid:e}");
        let average = largest(&found.average.concat(), &numbers(&expected["average"]));
        let rows = found.individual.expect("asked for");
        let third = largest(&rows[2].concat(), &numbers(&expected["third_row"]));
        println!("{column}: average {average:e}, third row {third:e}");
        assert!(
            average < CONVERGED && third < CONVERGED,
            "{column}: {average:e} {third:e}"
        );
    }
}

#[test]
fn linear_values_shap() {
    for name in ["wine", "breast_cancer"] {
        let (reference, fitted) = logistic(name);
        let train = samples(&reference, &reference.train);
        let few = samples(&reference, &reference.test[..4]);
        let found = linear_shap(&fitted, &train, &few).expect("values");
        let expected = &answers()["shap_values"][name];
        let values = largest(&found.values, &numbers(&expected["values"]));
        let base = largest(&found.base, &numbers(&expected["base"]));
        println!("{name}: values {values:e}, base {base:e}");
        assert!(
            values < CONVERGED && base < CONVERGED,
            "{name}: {values:e} {base:e}"
        );
        // Base and values of a row make its score.
        let p = found.columns.len();
        let sums: Vec<f64> = found
            .values
            .chunks_exact(p)
            .enumerate()
            .map(|(at, row)| found.base[at % found.base.len()] + row.iter().sum::<f64>())
            .collect();
        let difference = largest(&sums, &numbers(&expected["scores"]));
        assert!(difference < CONVERGED, "{name}: scores {difference:e}");
    }
}

#[test]
fn cuts_sklearn() {
    let expected = &answers()["cuts"];
    let scores = numbers(&expected["scores"]);
    let positive: Vec<bool> = numbers(&expected["positive"])
        .iter()
        .map(|p| *p > 0.5)
        .collect();
    let number = |key: &str| expected[key].as_f64().expect("a number");
    let called = |at: f64| scores.iter().filter(|score| **score >= at).count();
    let youden = choose(Rule::Youden, &scores, &positive)
        .expect("a cut")
        .chosen;
    let f1 = choose(Rule::F1, &scores, &positive).expect("a cut").chosen;
    let fixed = choose(Rule::Sensitivity(0.9), &scores, &positive)
        .expect("a cut")
        .chosen;
    let index = youden.sensitivity + youden.specificity - 1.0;
    assert!((index - number("youden")).abs() < 1e-12, "{youden:?}");
    assert_eq!(
        called(youden.threshold),
        called(number("youden_at")),
        "{youden:?}"
    );
    assert!((f1.f1 - number("f1")).abs() < 1e-12, "{f1:?}");
    assert_eq!(called(f1.threshold), called(number("f1_at")), "{f1:?}");
    assert!(fixed.sensitivity >= 0.9, "{fixed:?}");
    assert!(
        (fixed.specificity - number("specificity_at_sensitivity")).abs() < 1e-12,
        "{fixed:?}"
    );
}
