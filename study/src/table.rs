//! Feature values keyed by sample and addressed by column name.

use std::collections::BTreeSet;

use crate::error::{Result, StudyError};
use crate::ids::SampleId;

/// Samples × named features, row-major `f64`. An undefined value is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    samples: Vec<SampleId>,
    columns: Vec<String>,
    values: Vec<f64>,
}

impl FeatureTable {
    /// A table of `samples.len()` rows and `columns.len()` columns.
    ///
    /// # Errors
    /// [`StudyError::Table`] when the number of values does not fit, or a sample or column occurs twice.
    pub fn new(samples: Vec<SampleId>, columns: Vec<String>, values: Vec<f64>) -> Result<Self> {
        if values.len() != samples.len() * columns.len() {
            return Err(StudyError::Table {
                found: format!("{} values", values.len()),
                expected: format!("{} rows x {} columns", samples.len(), columns.len()),
            });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(StudyError::Table {
                found: format!("column '{twice}' twice"),
                expected: "distinct column names".into(),
            });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = samples.iter().find(|id| !seen.insert(*id)) {
            return Err(StudyError::Table {
                found: format!("sample {twice} twice"),
                expected: "one row per sample".into(),
            });
        }
        Ok(Self {
            samples,
            columns,
            values,
        })
    }

    /// Row keys in order.
    pub fn samples(&self) -> &[SampleId] {
        &self.samples
    }

    /// Column names in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One row's values, in column order.
    ///
    /// # Panics
    /// When `row` is out of range.
    pub fn row(&self, row: usize) -> &[f64] {
        let width = self.columns.len();
        &self.values[row * width..(row + 1) * width]
    }

    /// Position of a column by name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}
