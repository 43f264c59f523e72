//! Fit and predict of every registered learner on a seeded table of 600 rows, 83 columns and three
//! classes: the size of a radiomics study's training fold.
//!
//! `cargo bench --bench learners`; the same table for scikit-learn is made by
//! `tests/reference/sklearn/learners_timing.py`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use raduet_learners::{LEARNERS, Pipeline, Preprocess, Samples};
use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};

const ROWS: usize = 600;
const COLUMNS: usize = 83;
const CLASSES: usize = 3;

/// Columns whose mean depends on the class; the rest are noise.
const INFORMATIVE: usize = 20;

/// Step of the mean from class to class, in units of half the noise's range.
const SHIFT: f64 = 0.3;

/// A linear congruential generator that is one line in any language.
fn noise(state: &mut u64) -> f64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

/// Values, row after row; row i belongs to class i mod 3.
fn values() -> Vec<f64> {
    let mut state = 2026;
    (0..ROWS * COLUMNS)
        .map(|at| {
            let (row, column) = (at / COLUMNS, at % COLUMNS);
            let class = (row % CLASSES) as f64;
            let mean = if column < INFORMATIVE {
                SHIFT * class
            } else {
                0.0
            };
            mean + noise(&mut state) + noise(&mut state) - 1.0
        })
        .collect()
}

fn learners(criterion: &mut Criterion) {
    let columns: Vec<String> = (0..COLUMNS).map(|c| format!("c{c}")).collect();
    let labels: Vec<Label> = (0..ROWS).map(|row| Label(row % CLASSES)).collect();
    let classes = ClassNames::new(["mild", "moderate", "severe"]).expect("three names");
    let rows: Vec<usize> = (0..ROWS).collect();
    let ids = rows
        .iter()
        .map(|row| SampleId::whole(CaseId::new(row.to_string())));
    let table = FeatureTable::new(ids.collect(), columns, values()).expect("a whole table");
    let samples = Samples::from_table(&table, &rows, &labels, &classes).expect("whole samples");
    for entry in LEARNERS {
        let mut group = criterion.benchmark_group(entry.id());
        group.sample_size(10);
        let pipeline = Pipeline::new(entry, Preprocess::default());
        group.bench_function("fit 600x83", |bencher| {
            bencher.iter(|| pipeline.fit(black_box(&samples), 1).expect("a fit"));
        });
        let fitted = pipeline.fit(&samples, 1).expect("a fit");
        group.bench_function("predict 600x83", |bencher| {
            bencher.iter(|| {
                fitted
                    .predict_proba(black_box(&table), &rows)
                    .expect("answers")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, learners);
criterion_main!(benches);
