//! The feature table a patient at a time: what figures of features are made of.
//!
//! Slices of one patient are no independent rows, so each patient counts once, with the mean of the defined values of
//! all rows. A patient with lesions of several classes counts once for each.

use std::collections::{BTreeMap, BTreeSet};

use raduet_study::{CaseId, FeatureTable, Label, Part, PatientId, SampleId};

use crate::report_writers::Material;

/// One row a patient.
#[derive(Debug, Clone)]
pub(super) struct Patients {
    /// Column names.
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Patient>,
    /// Whether the sites of all rows are known.
    pub(super) sites: bool,
}

/// Means of a patient's rows.
#[derive(Debug, Clone)]
pub(super) struct Patient {
    pub(super) id: PatientId,
    pub(super) label: Label,
    /// In the first fold.
    pub(super) part: Part,
    pub(super) site: String,
    /// NaN where no row has a value.
    pub(super) values: Vec<f64>,
}

impl Patients {
    /// The patients of a run's first fold, sorted by id.
    pub(super) fn of(material: &Material<'_>) -> Option<Self> {
        let (features, split) = (material.kept.features?, material.kept.split?);
        let fold = split.folds.first()?;
        let width = features.table.columns().len();
        let sites = features.table.sites();
        // The table's own word comes first; a table without sites may be of patients whose sites the cohort knows.
        let known: BTreeMap<&PatientId, &str> = material
            .kept
            .cohort
            .iter()
            .filter_map(|row| Some((&row.patient, row.site.as_deref()?)))
            .collect();
        let site = |id: &PatientId, row: usize| match sites {
            Some(sites) => sites[row].clone(),
            None => known.get(id).copied().unwrap_or_default().to_owned(),
        };
        let mut rows: BTreeMap<(&PatientId, Label), Vec<usize>> = BTreeMap::new();
        for (at, row) in features.rows.iter().enumerate() {
            if fold.part(&row.patient).is_some() {
                rows.entry((&row.patient, row.label)).or_default().push(at);
            }
        }
        let patient = |((id, label), of): (&(&PatientId, Label), &Vec<usize>)| {
            let mean = |column: usize| {
                let values = of.iter().map(|&row| features.table.row(row)[column]);
                let defined: Vec<f64> = values.filter(|v| v.is_finite()).collect();
                // NaN of nothing.
                defined.iter().sum::<f64>() / defined.len() as f64
            };
            Some(Patient {
                id: (*id).clone(),
                label: *label,
                part: fold.part(id)?,
                site: site(id, of[0]),
                values: (0..width).map(mean).collect(),
            })
        };
        let rows: Option<Vec<Patient>> = rows.iter().map(patient).collect();
        let rows = rows?;
        (width > 0 && !rows.is_empty()).then(|| Self {
            columns: features.table.columns().to_vec(),
            sites: rows.iter().all(|row| !row.site.is_empty()),
            rows,
        })
    }

    /// The rows that are learned from.
    pub(super) fn training(&self) -> Vec<&Patient> {
        self.rows
            .iter()
            .filter(|row| row.part == Part::Train)
            .collect()
    }

    /// One column of some rows.
    /// `78 patients`; where patients have rows of several classes, `80 rows of 78 patients, one a class`.
    pub(super) fn counted(rows: &[&Patient]) -> String {
        let ids: BTreeSet<&PatientId> = rows.iter().map(|row| &row.id).collect();
        if ids.len() == rows.len() {
            format!("{} patients", rows.len())
        } else {
            format!("{} rows of {} patients, one a class", rows.len(), ids.len())
        }
    }

    pub(super) fn column(rows: &[&Patient], column: usize) -> Vec<f64> {
        rows.iter().map(|row| row.values[column]).collect()
    }

    /// All rows as a table.
    pub(super) fn table(&self) -> Option<FeatureTable> {
        let sample =
            |(at, row): (usize, &Patient)| SampleId::whole(CaseId::new(format!("{}:{at}", row.id)));
        let samples = self.rows.iter().enumerate().map(sample).collect();
        let values = self
            .rows
            .iter()
            .flat_map(|row| row.values.clone())
            .collect();
        FeatureTable::new(samples, self.columns.clone(), values).ok()
    }
}
