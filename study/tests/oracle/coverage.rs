//! What 95 % intervals hold: patients are drawn anew thousands of times from a population whose figures are known in closed
//! form, and it is counted how often an interval contains them.
//!
//! The population: of a slice of a patient of class ±1 a network sees s = ±μ + b + e, with b ~ N(0, 1) the same for all
//! slices of a patient and e ~ N(0, 1) a slice's own; it answers by the sign of s. So P(right) = Φ(μ / √2) for both classes,
//! and the area under the curve is Φ(2μ / √(2 · 2)). Half of a slice's variance is its patient's.

use raduet_study::metrics::{Judged, METRICS, Metric};
use raduet_study::random::Stream;
use raduet_study::uncertainty::{Bootstrap, Estimate};
use raduet_study::{CaseId, Label, Part, PatientId, PredictionRow, SampleId};

const MU: f64 = 0.8;
const PATIENTS: usize = 100;
/// Of a patient 3 to 12 slices.
const SLICES: (usize, usize) = (3, 10);
const FIGURES: [&str; 3] = ["accuracy", "balanced_accuracy", "auc_ovr"];
/// Φ(0.8 / √2) twice, and Φ(0.8).
const TRUE: [f64; 3] = [0.714_196_177_5, 0.714_196_177_5, 0.788_144_601_4];

/// A draw of patients.
fn population(draw: u64) -> Vec<PredictionRow> {
    let mut stream = Stream::new(2024, "coverage", draw);
    let mut rows = Vec::new();
    for patient in 0..PATIENTS {
        let class = patient % 2;
        let centre = if class == 1 { MU } else { -MU };
        let own = stream.normal();
        let slices = SLICES.0 + stream.below(SLICES.1);
        for slice in 0..slices {
            let seen = centre + own + stream.normal();
            let p = 1.0 / (1.0 + (-seen).exp());
            rows.push(PredictionRow {
                sample: SampleId::slice(
                    CaseId::new("c"),
                    u32::try_from(slice).expect("a small number"),
                ),
                patient: PatientId::new(format!("{patient:03}")),
                part: Part::Test,
                fold: 0,
                truth: Label(class),
                probabilities: vec![1.0 - p, p],
            });
        }
    }
    rows
}

/// The same rows as if each slice were a patient of its own.
fn torn_apart(rows: &[PredictionRow]) -> Vec<PredictionRow> {
    let apart = rows.iter().enumerate().map(|(index, row)| PredictionRow {
        patient: PatientId::new(format!("{index:05}")),
        ..row.clone()
    });
    apart.collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test may be asked for its full form; the room itself reads no environment"
)]
fn is_full() -> bool {
    std::env::var_os("RADUET_FULL_TESTS").is_some()
}

#[test]
#[expect(
    clippy::disallowed_macros,
    reason = "the shares are what the test is for"
)]
fn patient_intervals_cover_and_slice_intervals_do_not() {
    let (draws, resamples) = if is_full() { (4000, 2000) } else { (1000, 400) };
    let metrics: Vec<Metric> = FIGURES
        .iter()
        .map(|id| *METRICS.iter().find(|metric| metric.id == *id).unwrap())
        .collect();
    let mut held = [[0_u32; 3]; 3];
    for draw in 0..draws {
        let rows = population(draw);
        let settings = Bootstrap {
            resamples,
            seed: draw,
            ..Bootstrap::default()
        };
        let of = |rows: &[PredictionRow]| -> Vec<Estimate> {
            settings.figures(&Judged::new(2, rows), &metrics).unwrap()
        };
        let (patients, slices) = (of(&rows), of(&torn_apart(&rows)));
        for (at, truth) in TRUE.into_iter().enumerate() {
            let intervals = [
                patients[at].percentile,
                patients[at].bca,
                slices[at].percentile,
            ];
            for (kind, interval) in intervals.into_iter().enumerate() {
                held[kind][at] += u32::from(interval.is_some_and(|i| i.contains(truth)));
            }
        }
    }
    let share = |count: u32| f64::from(count) / draws as f64;
    let kinds = [
        "patients, percentile",
        "patients, BCa",
        "slices as if independent",
    ];
    for (kind, counts) in kinds.iter().zip(held) {
        let shares = FIGURES.iter().zip(counts);
        let shares = shares.map(|(id, count)| format!("{id} {:.1} %", 100.0 * share(count)));
        let shares: Vec<String> = shares.collect();
        eprintln!(
            "95 % intervals over {kind} hold the truth: {}",
            shares.join(", ")
        );
    }
    for counts in &held[..2] {
        for &count in counts {
            assert!((0.93..=0.97).contains(&share(count)), "{held:?} of {draws}");
        }
    }
    for &count in &held[2] {
        assert!(share(count) < 0.85, "{held:?} of {draws}");
    }
}

/// The constants are what the head says.
#[test]
fn the_population_has_its_figures() {
    let mut right = 0.0;
    let mut all = 0.0;
    for draw in 0..300 {
        for row in population(draw) {
            right += f64::from(u8::from(row.answer() == row.truth));
            all += 1.0;
        }
    }
    // 30 000 patients: a standard error of 0.002.
    assert!((right / all - TRUE[0]).abs() < 0.008, "{}", right / all);
}
