//! The fast bootstrap against a slow twin that copies the rows of every drawn patient.

use raduet_study::metrics::{Judged, METRICS};
use raduet_study::random::Stream;
use raduet_study::uncertainty::{Bootstrap, Interval};
use raduet_study::{CaseId, Label, Part, PatientId, PredictionRow, SampleId};

const PATIENTS: usize = 17;
const CLASSES: usize = 3;

/// Patients with 1 to 5 slices each, answers in eighths so that ties are common.
fn rows(seed: u64) -> Vec<PredictionRow> {
    let mut stream = Stream::new(seed, "twin", 0);
    let mut rows = Vec::new();
    for patient in 0..PATIENTS {
        for slice in 0..=patient % 5 {
            let mut probabilities = vec![0.0; CLASSES];
            for _ in 0..8 {
                let drawn = stream.below(CLASSES + 1);
                probabilities[if drawn == CLASSES {
                    patient % CLASSES
                } else {
                    drawn
                }] += 0.125;
            }
            let id = format!("{patient:02}");
            rows.push(PredictionRow {
                sample: SampleId::slice(CaseId::new(&id), u32::try_from(slice).expect("a few")),
                patient: PatientId::new(id),
                part: Part::Test,
                fold: 0,
                truth: Label(patient % CLASSES),
                probabilities,
            });
        }
    }
    rows
}

/// The rows of the patients drawn, each draw a patient of its own.
fn resampled(rows: &[PredictionRow], drawn: &[usize]) -> Vec<PredictionRow> {
    let mut copies = Vec::new();
    for (copy, &patient) in drawn.iter().enumerate() {
        let id = PatientId::new(format!("{patient:02}"));
        for row in rows.iter().filter(|row| row.patient == id) {
            copies.push(PredictionRow {
                patient: PatientId::new(format!("copy {copy}")),
                ..row.clone()
            });
        }
    }
    copies
}

/// Which patients resample b of a seed holds: the rule that makes draws repeatable.
fn drawn(seed: u64, resample: u64) -> Vec<usize> {
    let mut stream = Stream::new(seed, "bootstrap over patients", resample);
    (0..PATIENTS).map(|_| stream.below(PATIENTS)).collect()
}

/// Percentile interval out of unsorted values, written out.
fn interval(mut values: Vec<f64>, confidence: f64) -> Interval {
    values.sort_by(f64::total_cmp);
    let at = |q: f64| {
        let position = q * (values.len() - 1) as f64;
        let below = (0..values.len())
            .rev()
            .find(|&i| i as f64 <= position)
            .unwrap_or(0);
        let above = (below + 1).min(values.len() - 1);
        values[below] + (position - below as f64) * (values[above] - values[below])
    };
    let tail = (1.0 - confidence) / 2.0;
    Interval {
        lower: at(tail),
        upper: at(1.0 - tail),
    }
}

const SETTINGS: Bootstrap = Bootstrap {
    resamples: 200,
    confidence: 0.9,
    seed: 11,
};

fn same(found: Option<Interval>, expected: Interval) -> bool {
    found.is_some_and(|found| {
        (found.lower - expected.lower).abs() < 1e-12 && (found.upper - expected.upper).abs() < 1e-12
    })
}

#[test]
fn figures_twin() {
    let rows = rows(1);
    let estimates = SETTINGS
        .figures(&Judged::new(CLASSES, &rows), METRICS)
        .unwrap();
    for (metric, estimate) in METRICS.iter().zip(estimates) {
        let twin: Vec<f64> = (0..200)
            .filter_map(|b| {
                let copies = resampled(&rows, &drawn(SETTINGS.seed, b));
                Judged::new(CLASSES, &copies).once().figure(metric).ok()
            })
            .collect();
        assert_eq!(
            estimate.undefined_resamples,
            200 - twin.len(),
            "{}",
            metric.id
        );
        let expected = interval(twin, SETTINGS.confidence);
        assert!(
            same(estimate.percentile, expected),
            "{}: {:?} {expected:?}",
            metric.id,
            estimate.percentile
        );
        assert!(estimate.bca.is_some(), "{}", metric.id);
    }
}

#[test]
fn differences_twin() {
    let (first, second) = (rows(1), rows(2));
    let judged = |rows: &[PredictionRow]| Judged::new(CLASSES, rows);
    let estimates = SETTINGS
        .differences(&judged(&first), &judged(&second), METRICS)
        .unwrap();
    for (metric, estimate) in METRICS.iter().zip(estimates) {
        let twin: Vec<f64> = (0..200)
            .filter_map(|b| {
                let drawn = drawn(SETTINGS.seed, b);
                let figure = |rows: &[PredictionRow]| {
                    judged(&resampled(rows, &drawn)).once().figure(metric).ok()
                };
                Some(figure(&first)? - figure(&second)?)
            })
            .collect();
        let expected = interval(twin, SETTINGS.confidence);
        assert!(same(estimate.percentile, expected), "{}", metric.id);
    }
}

#[test]
fn a_model_does_not_differ_from_itself() {
    let judged = Judged::new(CLASSES, &rows(3));
    for estimate in SETTINGS.differences(&judged, &judged, METRICS).unwrap() {
        let zero = Interval {
            lower: 0.0,
            upper: 0.0,
        };
        assert_eq!(
            (estimate.percentile, estimate.bca),
            (Some(zero), Some(zero))
        );
    }
}

#[test]
fn one_patient_has_figures_but_no_interval() {
    let rows: Vec<PredictionRow> = rows(1)
        .into_iter()
        .filter(|r| r.patient.as_str() == "04")
        .collect();
    let estimates = SETTINGS
        .figures(&Judged::new(CLASSES, &rows), METRICS)
        .unwrap();
    assert!(estimates[0].value.is_ok());
    assert!(
        estimates
            .iter()
            .all(|e| e.percentile.is_none() && e.bca.is_none())
    );
}

#[test]
fn settings_and_patients_that_do_not_fit_are_refused() {
    let all = rows(1);
    let judged = Judged::new(CLASSES, &all);
    let fewer = Judged::new(CLASSES, &all[1..]);
    assert!(SETTINGS.differences(&judged, &fewer, METRICS).is_err());
    for (resamples, confidence) in [(0, 0.95), (10, 0.0), (10, 1.0), (10, f64::NAN)] {
        let settings = Bootstrap {
            resamples,
            confidence,
            ..SETTINGS
        };
        assert!(settings.figures(&judged, METRICS).is_err());
    }
}
