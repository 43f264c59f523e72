//! One learner on one seeded table: seconds to fit and to predict, quality, memory, as a JSON line.
//!
//! `cargo bench --no-default-features --features learners --bench learners_peer -- LEARNER TABLE [SETTINGS]`
//! with a table of `large` (16 000 of 20 000 rows × 107 train) and `wide` (4 800 of 6 000 × 1000), standardised
//! outside the clock, and settings as JSON. `benches/peers/learners.py` runs it in turn with other programs.

use std::time::Instant;

use raduet_learners::{Parameters, Samples, registry};
use raduet_study::{ClassNames, Label};
use raduet_testkit::tables::{LARGE, TableShape, WIDE};

/// The allocator of the tool, so that memory is what its users meet.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Seed of the tables, the same for every program.
const SEED: u64 = 1;

/// Bytes of a megabyte.
const MEGABYTE: f64 = 1e6;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // cargo adds it.
    arguments.retain(|argument| argument != "--bench");
    let [learner, table, rest @ ..] = &arguments[..] else {
        eprintln_usage();
        return;
    };
    let shape = match table.as_str() {
        "large" => LARGE,
        "wide" => WIDE,
        other => panic!("table '{other}': large or wide"),
    };
    let settings: Parameters = rest.first().map_or_else(Parameters::new, |text| {
        serde_json::from_str(text).expect("settings as a JSON map")
    });
    rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build_global()
        .expect("a pool of two threads");
    let (train, test, truth) = parts(shape);
    let learner = registry::find(learner)
        .and_then(|entry| entry.with(&settings))
        .expect("a known learner");
    // Starts the peak anew; without it only a higher one would be seen.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = resident("VmRSS");
    let start = Instant::now();
    let model = learner.fit(&train, SEED).expect("a fit");
    let fit = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let answers = model.predict_proba(&test, truth.len());
    let predict = start.elapsed().as_secs_f64();
    let (accuracy, log_loss) = quality(&answers, &truth, shape.classes);
    print(&serde_json::json!({
        "learner": learner.name(),
        "table": table,
        "fit_s": fit,
        "predict_s": predict,
        "accuracy": accuracy,
        "log_loss": log_loss,
        "table_mb": std::mem::size_of_val(train.values()) as f64 / MEGABYTE,
        "extra_mb": (resident("VmHWM") - before).max(0.0),
    }));
}

/// Training samples, test values row after row, and their classes; scaled by the training rows.
fn parts(shape: TableShape) -> (Samples, Vec<f64>, Vec<usize>) {
    let mut table = shape.make(SEED);
    let (p, train) = (shape.columns, shape.rows * 4 / 5);
    let mut moments = vec![(0.0, 0.0); p];
    for row in table.values.chunks_exact(p).take(train) {
        for (moment, x) in moments.iter_mut().zip(row) {
            moment.0 += x / train as f64;
        }
    }
    for row in table.values.chunks_exact(p).take(train) {
        for (moment, x) in moments.iter_mut().zip(row) {
            moment.1 += (x - moment.0) * (x - moment.0) / train as f64;
        }
    }
    for row in table.values.chunks_exact_mut(p) {
        for (x, (mean, variance)) in row.iter_mut().zip(&moments) {
            *x = (*x - mean) / variance.sqrt();
        }
    }
    let test = table.values.split_off(train * p);
    let truth = table.classes.split_off(train);
    let samples = Samples::new(
        table.values,
        (0..p).map(|column| format!("c{column}")).collect(),
        table.classes.into_iter().map(Label).collect(),
        ClassNames::new((0..shape.classes).map(|class| format!("class {class}")))
            .expect("distinct names"),
    );
    (samples.expect("a whole table"), test, truth)
}

/// Accuracy and mean log loss of row-major probabilities.
fn quality(answers: &[f64], truth: &[usize], classes: usize) -> (f64, f64) {
    let n = truth.len() as f64;
    let rows = || answers.chunks_exact(classes).zip(truth);
    // Of equal probabilities the first counts, as in scikit-learn.
    let first_largest = |row: &[f64]| {
        (0..classes)
            .rev()
            .max_by(|&a, &b| row[a].total_cmp(&row[b]))
    };
    let hits = rows().filter(|(row, class)| first_largest(row) == Some(**class));
    // scikit-learn clips likewise.
    let loss = rows().map(|(row, class)| -row[*class].max(f64::EPSILON).ln());
    (hits.count() as f64 / n, loss.sum::<f64>() / n)
}

/// A line of `/proc/self/status` in megabytes; 0 where there is no such file.
fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) * 1024.0 / MEGABYTE
}

#[expect(clippy::print_stdout, reason = "the result")]
fn print(result: &serde_json::Value) {
    println!("{result}");
}

#[expect(clippy::print_stderr, reason = "how it is called")]
fn eprintln_usage() {
    eprintln!("usage: learners_peer LEARNER large|wide [SETTINGS as JSON]");
}
