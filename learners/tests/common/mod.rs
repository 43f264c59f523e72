//! Seeded tables for the common checks.

pub(crate) mod saved;

use raduet_learners::{
    FittedPipeline, LEARNERS, LearnerEntry, Pipeline, Preprocess, Samples, registry,
};
use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};

/// A table with a class a row.
#[derive(Clone)]
pub(crate) struct Data {
    pub(crate) values: Vec<f64>,
    pub(crate) columns: Vec<String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) classes: ClassNames,
}

/// Runs a check for every registered learner and back end, by id.
pub(crate) fn every_entry(mut check: impl FnMut(&str)) {
    for id in LEARNERS.iter().map(LearnerEntry::id) {
        check(&id);
    }
}

/// Rows whose class moves every column by `shift`, otherwise noise.
pub(crate) fn seeded(rows: usize, width: usize, classes: usize, seed: u64, shift: f64) -> Data {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9_7f4a_7c15;
    // xorshift: any generator does, as long as it is the same everywhere.
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..8 {
        uniform();
    }
    let labels: Vec<Label> = (0..rows).map(|row| Label(row % classes)).collect();
    let values = labels
        .iter()
        .flat_map(|label| (0..width).map(|_| label.0 as f64))
        .map(|class| shift * class + uniform() + uniform() + uniform() - 1.5)
        .collect();
    Data {
        values,
        columns: (0..width).map(|i| format!("f{i}")).collect(),
        labels,
        classes: ClassNames::new((0..classes).map(|k| format!("stage {k}")))
            .expect("whole test data"),
    }
}

/// Classes that every learner can tell apart.
pub(crate) fn separable(rows: usize, width: usize, classes: usize, seed: u64) -> Data {
    seeded(rows, width, classes, seed, 2.0)
}

/// Classes that nobody can tell apart.
pub(crate) fn noise(rows: usize, width: usize, classes: usize, seed: u64) -> Data {
    seeded(rows, width, classes, seed, 0.0)
}

/// A pipeline with default settings, fitted.
pub(crate) fn fit(id: &str, data: &Data, seed: u64) -> FittedPipeline {
    data.try_fit(id, seed)
        .unwrap_or_else(|e| panic!("{id}: {e}"))
}

impl Data {
    pub(crate) fn table(&self) -> FeatureTable {
        let ids = (0..self.labels.len()).map(|i| SampleId::whole(CaseId::new(format!("P{i}"))));
        FeatureTable::new(ids.collect(), self.columns.clone(), self.values.clone())
            .expect("whole test data")
    }

    pub(crate) fn samples(&self) -> Samples {
        let rows: Vec<usize> = (0..self.labels.len()).collect();
        Samples::from_table(&self.table(), &rows, &self.labels, &self.classes)
            .expect("whole test data")
    }

    pub(crate) fn try_fit(&self, id: &str, seed: u64) -> raduet_learners::Result<FittedPipeline> {
        let entry = registry::find(id).expect("whole test data");
        Pipeline::new(entry, Preprocess::default()).fit(&self.samples(), seed)
    }

    pub(crate) fn predict(&self, fitted: &FittedPipeline) -> Vec<Vec<f64>> {
        let rows: Vec<usize> = (0..self.labels.len()).collect();
        fitted
            .predict_proba(&self.table(), &rows)
            .expect("whole test data")
    }

    pub(crate) fn with_rows(&self, rows: &[usize]) -> Self {
        let width = self.columns.len();
        let row = |&at: &usize| self.values[at * width..(at + 1) * width].to_vec();
        Self {
            values: rows.iter().flat_map(row).collect(),
            columns: self.columns.clone(),
            labels: rows.iter().map(|&at| self.labels[at]).collect(),
            classes: self.classes.clone(),
        }
    }

    pub(crate) fn with_columns(&self, columns: &[usize]) -> Self {
        let rows = self.values.chunks_exact(self.columns.len());
        Self {
            values: rows
                .flat_map(|row| columns.iter().map(|&c| row[c]))
                .collect(),
            columns: columns.iter().map(|&c| self.columns[c].clone()).collect(),
            ..self.clone()
        }
    }
}
