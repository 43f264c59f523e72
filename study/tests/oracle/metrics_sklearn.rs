//! Every registered metric against scikit-learn on random, tied and degenerate answers.

use std::collections::BTreeMap;

use raduet_study::metrics::{Judged, METRICS, auc};
use raduet_study::{CaseId, Label, Part, PatientId, PredictionRow, SampleId};

use crate::reference::{self, number, numbers};

/// Both sides sum a hundred terms of order one in `f64`.
const TOLERANCE: f64 = 1e-12;

/// The rows of every case, in file order.
fn cases() -> BTreeMap<String, Vec<PredictionRow>> {
    let mut cases: BTreeMap<String, Vec<PredictionRow>> = BTreeMap::new();
    for cells in reference::rows("sklearn/metrics_cases.csv") {
        let rows = cases.entry(cells[0].clone()).or_default();
        let index = u32::try_from(rows.len()).expect("a small case");
        rows.push(PredictionRow {
            sample: SampleId::slice(CaseId::new("case"), index),
            // Several samples a patient: grouping must not change the figures of everyone.
            patient: PatientId::new(format!("patient {}", index % 7)),
            part: Part::Test,
            fold: 0,
            truth: Label(cells[1].parse().expect("a label")),
            probabilities: numbers(&cells[2]),
        });
    }
    cases
}

#[test]
fn metrics_match_sklearn() {
    let cases = cases();
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    let mut misses = Vec::new();
    for cells in reference::rows("sklearn/metrics_expected.csv") {
        let rows = &cases[&cells[0]];
        let judged = Judged::new(rows[0].probabilities.len(), rows);
        let metric = METRICS
            .iter()
            .find(|metric| metric.id == cells[1])
            .unwrap_or_else(|| panic!("no metric '{}'", cells[1]));
        let found = judged.once().figure(metric);
        let expected = number(&cells[2]);
        let agrees = found
            .as_ref()
            .is_ok_and(|value| (value - expected).abs() <= TOLERANCE * expected.abs().max(1.0));
        if !agrees {
            misses.push(format!(
                "{} {}: expected {expected}, found {found:?}",
                cells[0], cells[1]
            ));
        }
        *compared.entry(cells[1].clone()).or_default() += 1;
    }
    assert!(misses.is_empty(), "{}", misses.join("\n"));
    // Every metric has its oracle, in every case.
    for metric in METRICS {
        assert_eq!(compared.get(metric.id), Some(&cases.len()), "{}", metric.id);
    }
}

#[test]
fn auc_of_one_score_matches_sklearn() {
    let expected: BTreeMap<(String, String), f64> = reference::rows("sklearn/metrics_expected.csv")
        .into_iter()
        .map(|cells| ((cells[0].clone(), cells[1].clone()), number(&cells[2])))
        .collect();
    for case in ["random2", "ties2"] {
        let rows = &cases()[case];
        let scores: Vec<f64> = rows.iter().map(|row| row.probabilities[1]).collect();
        let positive: Vec<bool> = rows.iter().map(|row| row.truth == Label(1)).collect();
        let area = auc(&scores, &positive).unwrap();
        let expected = expected[&(case.to_owned(), "auc_ovr".to_owned())];
        assert!((area - expected).abs() < TOLERANCE, "{case}: {area}");
    }
}

/// What scikit-learn answers with 0 or NaN and a warning, this room answers with a reason.
#[test]
fn one_true_class_has_no_figure_that_compares_classes() {
    let rows: Vec<PredictionRow> = cases()["random3"]
        .iter()
        .filter(|row| row.truth == Label(0))
        .cloned()
        .collect();
    let judged = Judged::new(3, &rows);
    let tally = judged.once();
    let undefined: Vec<&str> = METRICS
        .iter()
        .filter(|metric| tally.figure(metric).is_err())
        .map(|metric| metric.id)
        .collect();
    assert_eq!(
        undefined,
        [
            "specificity_macro",
            "specificity_weighted",
            "mcc",
            "kappa",
            "qwk",
            "auc_ovr",
            "auc_ovr_weighted",
            "auc_hand_till",
            "average_precision"
        ]
    );
    let nobody = Judged::new(3, []);
    assert!(
        METRICS
            .iter()
            .all(|metric| nobody.once().figure(metric).is_err())
    );
}

#[test]
fn order_of_rows_leaves_no_trace() {
    for (case, rows) in cases() {
        let classes = rows[0].probabilities.len();
        let reversed: Vec<PredictionRow> = rows.iter().rev().cloned().collect();
        let (ours, theirs) = (Judged::new(classes, &rows), Judged::new(classes, &reversed));
        for metric in METRICS {
            let (a, b) = (ours.once().figure(metric), theirs.once().figure(metric));
            let (a, b) = (a.unwrap(), b.unwrap());
            assert!((a - b).abs() <= TOLERANCE, "{case} {}: {a} {b}", metric.id);
        }
    }
}
