//! Decisions are scikit-learn's; probabilities rest on folds that both draw, so they agree as well as
//! two of scikit-learn's own seeds do.

use serde_json::Value;

use crate::reference::{ACCURACY_TOLERANCE, DATA_SETS, Reference, mean, other_answers};

#[test]
fn accuracy_equals_scikit_learn() {
    for name in DATA_SETS {
        let reference = Reference::load(name);
        let theirs = reference.accuracies("svc");
        let ours: Vec<f64> = (0..8)
            .map(|seed| reference.accuracy(&reference.probabilities("svc", seed)))
            .collect();
        println!("{name}: {ours:?}, scikit-learn {theirs:?}");
        let difference = (mean(&ours) - mean(&theirs)).abs();
        assert!(difference <= ACCURACY_TOLERANCE, "{name}: {difference}");
        // The most probable class is nearly always the one that wins most pairs.
        let voted = reference.classes_of("svc");
        let hits = voted.iter().zip(&reference.test);
        let hits = hits
            .filter(|(k, row)| reference.labels[**row].0 == **k)
            .count();
        let voted = hits as f64 / reference.test.len() as f64;
        assert!(
            (mean(&ours) - voted).abs() <= ACCURACY_TOLERANCE,
            "{name}: {voted}"
        );
    }
}

#[test]
fn probabilities_lie_among_scikit_learns_seeds() {
    for name in ["wine", "breast_cancer"] {
        let reference = Reference::load(name);
        let theirs = reference.rows("svc", "mean_probabilities");
        let ours = reference.probabilities("svc", 1);
        let differences: Vec<f64> = ours
            .iter()
            .flatten()
            .zip(theirs.iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .collect();
        println!("{name}: mean difference {:.5}", mean(&differences));
        assert!(mean(&differences) < 0.01, "{name}: {}", mean(&differences));
        let others = other_answers(&ours, &theirs, 0.1);
        assert!(others.is_empty(), "{name}: test rows {others:?}");
    }
}

/// Decisions recomputed from the saved machines, one list a test row.
fn decisions(reference: &Reference) -> Vec<Vec<f64>> {
    let fitted = reference.fit("svc", 0);
    let file: Value =
        serde_json::from_str(&fitted.to_json().expect("a saved model")).expect("a saved model");
    let saved = &file["body"];
    let model = &saved["model"]["svc"]["machines"];
    let list =
        |v: &Value| -> Vec<f64> { serde_json::from_value(v.clone()).expect("a saved model") };
    let (vectors, gamma) = (
        list(&model["vectors"]),
        model["kernel"]["rbf"]["gamma"]
            .as_f64()
            .expect("a saved model"),
    );
    let kept = saved["preprocess"]["kept"]
        .as_array()
        .expect("a saved model");
    let row_of = |row: usize| -> Vec<f64> {
        let scaled = kept.iter().map(|column| {
            let at = reference
                .table
                .column_index(column["name"].as_str().expect("a saved model"));
            let value = reference.table.row(row)[at.expect("a saved model")];
            (value
                - column["scale"]["linear"]["centre"]
                    .as_f64()
                    .expect("a saved model"))
                / column["scale"]["linear"]["width"]
                    .as_f64()
                    .expect("a saved model")
        });
        scaled.collect()
    };
    let machines = model["pairs"].as_array().expect("a saved model");
    let decide = |x: &[f64], machine: &Value| -> f64 {
        let support: Vec<usize> =
            serde_json::from_value(machine["support"].clone()).expect("a saved model");
        let terms = support.iter().zip(list(&machine["coefficients"]));
        let sum: f64 = terms
            .map(|(&at, c)| {
                let vector = &vectors[at * x.len()..(at + 1) * x.len()];
                let d: f64 = vector.iter().zip(x).map(|(a, b)| (a - b) * (a - b)).sum();
                c * (-gamma * d).exp()
            })
            .sum();
        sum - machine["rho"].as_f64().expect("a saved model")
    };
    reference
        .test
        .iter()
        .map(|&row| {
            let x = row_of(row);
            machines.iter().map(|m| decide(&x, m)).collect()
        })
        .collect()
}

#[test]
fn decisions_equal_scikit_learn() {
    for name in ["wine", "breast_cancer"] {
        let reference = Reference::load(name);
        let theirs = reference.rows("svc", "decisions");
        // For two classes scikit-learn's sign is that of the second, ours that of the first.
        let sign = if reference.classes.len() == 2 {
            -1.0
        } else {
            1.0
        };
        let mut largest = 0.0_f64;
        for (ours, theirs) in decisions(&reference).iter().zip(&theirs) {
            for (a, b) in ours.iter().zip(theirs) {
                largest = largest.max((a - sign * b).abs());
            }
        }
        println!("{name}: {largest:e}");
        // Both solvers stop at a violation of 1e-3 of the optimality conditions, after the same steps.
        assert!(largest < 1e-3, "{name}: {largest:e}");
    }
}
