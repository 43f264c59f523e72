//! Statistics and report of a large comparison: 16 models, 10 000 test slices of 500 patients, three classes, 2000 resamples;
//! and the same slices as if each were a patient. Prints seconds; run with `-- -j N` for another number of threads.
//!
//! ```sh
//! cargo bench --no-default-features --bench statistics
//! ```

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::unwrap_used,
    reason = "a bench ends where its preparations fail"
)]

use std::time::Instant;

use raduet::figures::Pictures;
use raduet::provenance::Provenance;
use raduet::report_writers::{self, Kept, Material};
use raduet_study::random::Stream;
use raduet_study::report::ReportSettings;
use raduet_study::{
    Arm, CaseId, ClassNames, Label, Part, PatientId, PredictionRow, Predictions, Report, SampleId,
};

const MODELS: usize = 16;
const SLICES: usize = 10_000;
const CLASSES: usize = 3;

fn model(number: usize, patients: usize) -> Predictions {
    let classes = ClassNames::new(["mild", "moderate", "severe"]).unwrap();
    let mut own = Stream::new(7, "bench model", number as u64);
    let rows = (0..SLICES).map(|slice| {
        let patient = slice % patients;
        let truth = patient % CLASSES;
        let raw: Vec<f64> = (0..CLASSES)
            .map(|k| {
                own.unit()
                    + if k == truth {
                        0.1 + 0.02 * number as f64
                    } else {
                        0.0
                    }
            })
            .collect();
        let sum: f64 = raw.iter().sum();
        // Every tenth slice chooses among models.
        let part = if patient % 10 == 9 {
            Part::Valid
        } else {
            Part::Test
        };
        PredictionRow {
            sample: SampleId::slice(
                CaseId::new(format!("c{patient:05}")),
                u32::try_from(slice / patients).unwrap(),
            ),
            patient: PatientId::new(format!("p{patient:05}")),
            part,
            fold: 0,
            truth: Label(truth),
            probabilities: raw.iter().map(|v| v / sum).collect(),
        }
    });
    let arm = if number % 4 == 3 {
        Arm::Deep
    } else {
        Arm::Radiomics
    };
    Predictions::new(format!("model {number:02}"), arm, classes, rows.collect()).unwrap()
}

fn main() {
    let threads = std::env::args().skip_while(|word| word != "-j").nth(1);
    if let Some(threads) = threads.and_then(|n| n.parse().ok()) {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .unwrap();
    }
    println!(
        "{MODELS} models, {SLICES} slices, {} threads",
        rayon::current_num_threads()
    );
    for patients in [500, SLICES] {
        let models: Vec<Predictions> = (0..MODELS).map(|number| model(number, patients)).collect();
        let begun = Instant::now();
        let report =
            Report::from_predictions("bench", &models, &ReportSettings::default()).unwrap();
        let statistics = begun.elapsed().as_secs_f64();
        let provenance = Provenance::new("bench", serde_json::json!({}), String::new());
        let begun = Instant::now();
        let json = report_writers::metrics_json(&report).unwrap();
        let material = Material {
            report: &report,
            predictions: &models,
            failures: &[],
            warnings: &[],
            provenance: &provenance,
            kept: Kept::default(),
        };
        let files = report_writers::files(&material, Pictures::Drawn).unwrap();
        let writing = begun.elapsed().as_secs_f64();
        let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
        println!(
            "{patients} patients: statistics {statistics:.2} s; metrics.json of {} kB and {} files of {} kB {writing:.2} s",
            json.len() / 1000,
            files.len(),
            bytes / 1000
        );
    }
}
