//! Exact tests and bootstrap intervals against scipy.

use std::collections::BTreeMap;

use raduet_study::metrics::{Judged, METRICS};
use raduet_study::uncertainty::{
    Bootstrap, McNemar, NoInformation, at_least, clopper_pearson, clopper_pearson_of_patients, holm,
};
use raduet_study::{CaseId, Label, Part, PatientId, PredictionRow, SampleId};

use crate::reference::{self, number, numbers};

/// Probabilities go through a sum of up to thousands of logarithms on either side.
const RELATIVE: f64 = 1e-10;

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= RELATIVE * expected.abs()
}

#[test]
fn binomial_scipy() {
    let mut misses = Vec::new();
    let rows = reference::rows("stats/binomial.csv");
    assert_eq!(rows.len(), 15);
    for row in rows {
        let (successes, trials) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        let interval = clopper_pearson(successes, trials, 0.95);
        let found = [
            at_least(successes, trials, number(&row[2])),
            interval.lower,
            interval.upper,
        ];
        for (found, expected) in found.into_iter().zip(&row[3..]) {
            if !close(found, number(expected)) {
                misses.push(format!(
                    "{successes} of {trials}: {found}, expected {expected}"
                ));
            }
        }
    }
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

/// Rows that count as fewer patients, against scipy's beta distribution.
#[test]
fn rows_of_patients_scipy() {
    let rows = reference::rows("stats/rows.csv");
    assert_eq!(rows.len(), 6);
    for row in rows {
        let [right, all, patients, percent] = [0, 1, 2, 3].map(|at| row[at].parse().unwrap());
        let interval = clopper_pearson_of_patients(right, all, patients, 0.95);
        // A hundred times as many rows, so that the rate is a share of them.
        let test = NoInformation::test(right * 100, percent * all, all * 100, patients);
        let found = [test.p, interval.lower, interval.upper];
        for (found, expected) in found.into_iter().zip(&row[4..]) {
            assert!(close(found, number(expected)), "{found} {row:?}");
        }
    }
}

#[test]
fn mcnemar_scipy() {
    let rows = reference::rows("stats/mcnemar.csv");
    assert_eq!(rows.len(), 11);
    for row in rows {
        let (first, second) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        let test = McNemar::from_counts(3, first, second, 1);
        assert!(
            close(test.p, number(&row[2])),
            "{first} {second}: {}",
            test.p
        );
    }
    let agreeing = McNemar::from_counts(10, 0, 0, 4);
    assert!((agreeing.p - 1.0).abs() < 1e-15);
}

#[test]
fn holm_by_hand() {
    // Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, then the running maximum.
    let adjusted = holm(&[0.03, 0.01, 0.04, 0.02]);
    for (found, expected) in adjusted.iter().zip([0.06, 0.04, 0.06, 0.06]) {
        assert!((found - expected).abs() < 1e-15, "{adjusted:?}");
    }
    assert_eq!(holm(&[0.75, 0.5]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
}

/// One patient per value; the probability of the truth is e^−value, so the log loss is their mean.
fn patients(values: &[f64]) -> Vec<PredictionRow> {
    values
        .iter()
        .enumerate()
        .map(|(index, value)| PredictionRow {
            sample: SampleId::whole(CaseId::new(format!("{index:03}"))),
            patient: PatientId::new(format!("{index:03}")),
            part: Part::Test,
            fold: 0,
            truth: Label(1),
            probabilities: vec![-(-value).exp_m1(), (-value).exp()],
        })
        .collect()
}

#[test]
fn bootstrap_scipy_converged() {
    let cells: BTreeMap<String, Vec<f64>> = reference::rows("stats/bootstrap.csv")
        .into_iter()
        .filter(|row| row[0] == "converged")
        .map(|row| (row[1].clone(), numbers(&row[2])))
        .collect();
    let judged = Judged::new(2, &patients(&cells["data"]));
    let log_loss: Vec<_> = METRICS
        .iter()
        .copied()
        .filter(|m| m.id == "log_loss")
        .collect();
    let settings = Bootstrap {
        resamples: 400_000,
        ..Bootstrap::default()
    };
    let estimate = &settings.figures(&judged, &log_loss).unwrap()[0];
    let mean = cells["data"].iter().sum::<f64>() / cells["data"].len() as f64;
    assert!((estimate.value.as_ref().unwrap() - mean).abs() < 1e-12);
    // Both sides draw 400 000 resamples. Over eight seeds scipy's own ends spread (in standard errors
    // of the figure) by up to 0.008 for the percentile interval and by up to 0.016 for BCa, whose upper end
    // lies near the 99.9th percentile; two such results part by four times √2 of that once in 16 000.
    let error = cells["percentile_error"][0];
    for (interval, name, tolerance) in [
        (estimate.percentile.unwrap(), "percentile", 0.046 * error),
        (estimate.bca.unwrap(), "bca", 0.091 * error),
    ] {
        let expected = &cells[name];
        for (found, expected) in [interval.lower, interval.upper].into_iter().zip(expected) {
            assert!(
                (found - expected).abs() < tolerance,
                "{name}: {found}, {expected}"
            );
        }
    }
}
