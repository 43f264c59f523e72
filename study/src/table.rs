//! Feature values keyed by sample and addressed by column name.

use std::collections::BTreeSet;

use crate::error::{Result, StudyError};
use crate::ids::{PatientId, SampleId};

/// Samples × named features, row-major `f64`. An undefined value is NaN.
///
/// Whose rows they are and where they were made may stand beside the values: folds within a training
/// part keep patients together, and harmonisation needs the site. Neither is ever a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    samples: Vec<SampleId>,
    columns: Vec<String>,
    values: Vec<f64>,
    patients: Option<Vec<PatientId>>,
    sites: Option<Vec<String>>,
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
            patients: None,
            sites: None,
        })
    }

    /// The same table, with the patient of each row.
    ///
    /// # Errors
    /// [`StudyError::Table`] unless there is one a row.
    pub fn with_patients(mut self, patients: Vec<PatientId>) -> Result<Self> {
        self.one_a_row("patients", patients.len())?;
        self.patients = Some(patients);
        Ok(self)
    }

    /// The same table, with the site (scanner, hospital) of each row.
    ///
    /// # Errors
    /// [`StudyError::Table`] unless there is one a row.
    pub fn with_sites(mut self, sites: Vec<String>) -> Result<Self> {
        self.one_a_row("sites", sites.len())?;
        self.sites = Some(sites);
        Ok(self)
    }

    fn one_a_row(&self, what: &str, found: usize) -> Result<()> {
        if found == self.samples.len() {
            return Ok(());
        }
        Err(StudyError::Table {
            found: format!("{found} {what}"),
            expected: format!("one for each of {} rows", self.samples.len()),
        })
    }

    /// The patient of each row, where known.
    pub fn patients(&self) -> Option<&[PatientId]> {
        self.patients.as_deref()
    }

    /// The site of each row, where known.
    pub fn sites(&self) -> Option<&[String]> {
        self.sites.as_deref()
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
