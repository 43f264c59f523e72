//! What holds for the figures of every set of answers.

use proptest::prelude::*;
use raduet_study::metrics::{Better, Judged, METRICS, auc};
use raduet_study::{CaseId, Label, Part, PatientId, PredictionRow, SampleId};

/// Rows of `classes` classes with probabilities in multiples of 1/12, so that ties are common.
fn rows(classes: usize, cells: &[(usize, Vec<u8>)]) -> Vec<PredictionRow> {
    cells
        .iter()
        .enumerate()
        .map(|(index, (truth, raw))| {
            let raw: Vec<f64> = raw[..classes].iter().map(|&v| f64::from(v) + 1.0).collect();
            let sum: f64 = raw.iter().sum();
            PredictionRow {
                sample: SampleId::whole(CaseId::new(format!("{index:03}"))),
                patient: PatientId::new(format!("{:03}", index / 2)),
                part: Part::Test,
                fold: 0,
                truth: Label(truth % classes),
                probabilities: raw.iter().map(|v| v / sum).collect(),
            }
        })
        .collect()
}

fn answers() -> impl Strategy<Value = (usize, Vec<PredictionRow>)> {
    let cell = (0_usize..12, prop::collection::vec(0_u8..4, 4));
    (2_usize..=4, prop::collection::vec(cell, 1..60))
        .prop_map(|(classes, cells)| (classes, rows(classes, &cells)))
}

proptest! {
    #[test]
    fn figures_stay_in_their_range((classes, rows) in answers()) {
        let judged = Judged::new(classes, &rows);
        for metric in METRICS {
            let Ok(value) = judged.once().figure(metric) else { continue };
            let (lowest, highest) = match metric.id {
                "mcc" | "kappa" | "qwk" => (-1.0, 1.0),
                "log_loss" => (0.0, 36.1),
                "brier" => (0.0, 2.0),
                "stage_error" | "stage_error_macro" => (0.0, (classes - 1) as f64),
                _ => (0.0, 1.0),
            };
            let slack = 1e-12;
            prop_assert!((lowest - slack..=highest + slack).contains(&value), "{} {value}", metric.id);
        }
    }

    #[test]
    fn knowing_the_truth_is_never_worse((classes, rows) in answers()) {
        let certain: Vec<PredictionRow> = rows
            .iter()
            .map(|row| PredictionRow {
                probabilities: (0..classes).map(|k| f64::from(u8::from(k == row.truth.0))).collect(),
                ..row.clone()
            })
            .collect();
        let (guess, truth) = (Judged::new(classes, &rows), Judged::new(classes, &certain));
        for metric in METRICS {
            let (guess, truth) = (guess.once().figure(metric), truth.once().figure(metric));
            let (Ok(guess), Ok(truth)) = (guess, truth) else { continue };
            let ahead = match metric.better {
                Better::Higher => truth - guess,
                Better::Lower => guess - truth,
            };
            prop_assert!(ahead > -1e-12, "{} {guess} {truth}", metric.id);
        }
    }

    #[test]
    fn the_area_turns_with_the_score_and_ignores_its_scale(
        cells in prop::collection::vec((0_u8..6, any::<bool>()), 2..50),
    ) {
        let positive: Vec<bool> = cells.iter().map(|cell| cell.1).collect();
        let scores: Vec<f64> = cells.iter().map(|cell| f64::from(cell.0)).collect();
        let mapped = |f: fn(f64) -> f64| scores.iter().map(|&s| f(s)).collect::<Vec<_>>();
        if let Ok(area) = auc(&scores, &positive) {
            let turned = auc(&mapped(|s| -s), &positive).unwrap();
            prop_assert!((area + turned - 1.0).abs() < 1e-12);
            prop_assert_eq!(auc(&mapped(|s| s.exp() - 7.0), &positive), Ok(area));
        } else {
            prop_assert!(positive.iter().all(|&p| p) || positive.iter().all(|&p| !p));
        }
    }
}
