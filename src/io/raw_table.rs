//! A feature table as it was read: rows by what they are, classes as their texts where there are any.
//!
//! Training needs every class ([`RawTable::labelled`]); prediction does not.

use csv::StringRecord;
use raduet_study::{CaseId, ClassNames, FeatureTable, Part, PatientId, SampleId};

use super::cell;
use super::feature_csv::{FeatureFile, FeatureRow, RegionKey};
use super::key_columns::{Chosen, Layout, Role, manifest, without_target};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::settings::nearest::suggestion;

/// A feature table whose rows may lack a class.
#[derive(Debug, Clone, PartialEq)]
pub struct RawTable {
    /// One description per row of the table; the class as its text.
    pub rows: Vec<FeatureRow<Option<String>>>,
    /// Number of the fold in which a row is tested, where the table has a column of folds.
    pub folds: Option<Vec<Option<usize>>>,
    /// Scanner or hospital of each row, where the table names one for every row.
    pub sites: Option<Vec<String>>,
    /// The values.
    pub table: FeatureTable,
    /// The classes in the order that the file gives.
    pub classes: Option<ClassNames>,
    /// What was taken for what, in one line.
    pub taken: String,
    /// What was taken for what, what was passed over.
    pub warnings: Vec<Warning>,
    /// Why there is no class, where there is none.
    untargeted: Option<ToolError>,
}

impl RawTable {
    /// Recognises the columns of a table whose cells are texts: the header, then the rows.
    ///
    /// # Errors
    /// [`Code::Manifest`] for a table that names neither patient nor case, has no row or no feature, or
    /// repeats a column or a sample.
    pub(super) fn from_records(records: &[StringRecord], chosen: &Chosen) -> Result<Self> {
        let Some((head, records)) = records.split_first() else {
            return Err(manifest(
                "an empty file",
                "give a table with a header and rows",
            ));
        };
        if records.is_empty() {
            return Err(manifest(
                "a header without rows",
                "give a table with at least one row",
            ));
        }
        let mut warnings = Vec::new();
        let layout = Layout::of(head, records, chosen, &mut warnings)?;
        let mut rows = Vec::with_capacity(records.len());
        let mut values = Vec::with_capacity(records.len() * layout.features.len());
        for (index, record) in records.iter().enumerate() {
            rows.push(describe(record, index, &layout)?);
            values.extend(layout.features.iter().map(|&column| {
                // Columns were chosen so that every cell is a number or missing.
                parse_number(&record[column]).flatten().unwrap_or(f64::NAN)
            }));
        }
        let columns = layout
            .features
            .iter()
            .map(|&column| head[column].to_owned());
        let samples = rows.iter().map(|row| row.sample.clone()).collect();
        let table = FeatureTable::new(samples, columns.collect(), values).map_err(|fault| {
            manifest(
                fault.to_string(),
                "give every row its own case and slice, every column its own name",
            )
        })?;
        Ok(Self {
            folds: folds(records, &layout)?,
            sites: sites(records, &layout, &mut warnings),
            table,
            classes: None,
            taken: layout.describe(head),
            untargeted: layout
                .at(Role::Target)
                .is_none()
                .then(|| without_target(head)),
            rows,
            warnings,
        })
    }

    /// The table with a class for every row. Classes are in the order that the file gives, else in
    /// alphabetical order, or in numerical order where all are numbers.
    ///
    /// # Errors
    /// [`Code::Manifest`] for a row without a class; [`Code::Corrupt`] for a class that the file's own list
    /// does not have.
    pub fn labelled(self) -> Result<(FeatureFile, Vec<Warning>)> {
        if let Some(fault) = self.untargeted {
            return Err(fault);
        }
        let classes = match self.classes {
            Some(classes) => classes,
            None => class_names(&self.rows)?,
        };
        let label = |(index, row): (usize, FeatureRow<Option<String>>)| {
            let name = row.label.clone().unwrap_or_default();
            if name.is_empty() {
                let found = format!("row {} without a class", index + 2);
                return Err(manifest(found, "give every row a class"));
            }
            let label = classes.label(&name).ok_or_else(|| {
                let found = format!(
                    "row {}: class '{name}' that the file does not list",
                    index + 2
                );
                ToolError::new(Code::Corrupt, found)
                    .remedy("the file is damaged: write or copy it again")
            })?;
            Ok(row.with_label(label))
        };
        let rows = self.rows.into_iter().enumerate().map(label);
        let file = FeatureFile {
            rows: rows.collect::<Result<_>>()?,
            table: self.table,
            classes,
        };
        Ok((file, self.warnings))
    }

    /// The table without some columns.
    ///
    /// # Errors
    /// [`Code::Usage`] for a column that is no feature of the table, [`Code::Manifest`] when none is left.
    pub fn without(mut self, columns: &[String]) -> Result<Self> {
        for name in columns {
            if self.table.column_index(name).is_none() {
                let known: Vec<&str> = self.table.columns().iter().map(String::as_str).collect();
                return Err(ToolError::new(
                    Code::Usage,
                    format!("no feature '{name}' to leave out"),
                )
                .remedy(suggestion(name, &known[..known.len().min(20)])));
            }
        }
        let kept: Vec<usize> = (0..self.table.columns().len())
            .filter(|&at| !columns.contains(&self.table.columns()[at]))
            .collect();
        if kept.is_empty() {
            return Err(manifest("no feature left", "leave out fewer columns"));
        }
        self.table = chosen_columns(&self.table, &kept)?;
        Ok(self)
    }
}

/// The table with the columns at these places, in this order.
///
/// # Errors
/// [`Code::Internal`] for a place that occurs twice.
pub fn chosen_columns(table: &FeatureTable, places: &[usize]) -> Result<FeatureTable> {
    let rows = 0..table.samples().len();
    let values = rows.flat_map(|row| places.iter().map(move |&at| table.row(row)[at]));
    let names = places.iter().map(|&at| table.columns()[at].clone());
    FeatureTable::new(table.samples().to_vec(), names.collect(), values.collect())
        .map_err(|fault| ToolError::internal(fault.to_string()))
}

fn class_names(rows: &[FeatureRow<Option<String>>]) -> Result<ClassNames> {
    let names = rows.iter().map(|row| row.label.clone().unwrap_or_default());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.dedup();
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        let number = |name: &String| name.parse::<f64>().unwrap_or_default();
        names.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    ClassNames::new(names).map_err(|fault| manifest(fault.to_string(), "give every row a class"))
}

fn describe(
    record: &StringRecord,
    index: usize,
    layout: &Layout,
) -> Result<FeatureRow<Option<String>>> {
    let cell = |role| {
        let text = layout
            .at(role)
            .map(|column| cell::original(record[column].trim()).into_owned());
        text.filter(|text| !text.is_empty())
    };
    let slice = match cell(Role::Slice) {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            manifest(
                format!("row {}: slice '{text}'", index + 2),
                "slices are whole numbers from 0",
            )
        })?),
    };
    let patient = match layout.at(Role::Patient) {
        Some(_) => cell(Role::Patient),
        None => cell(Role::Id),
    };
    let patient = patient.ok_or_else(|| {
        manifest(
            format!("row {} without a patient", index + 2),
            "name its patient",
        )
    })?;
    // A table without case ids holds one row per patient, or several lesions: the row tells them apart.
    let case = match layout.at(Role::Id) {
        Some(_) => cell(Role::Id).unwrap_or_default(),
        None => format!("{patient}#{}", index + 1),
    };
    Ok(FeatureRow {
        sample: SampleId {
            case: CaseId::new(case),
            slice,
        },
        region: RegionKey::default(),
        patient: PatientId::new(patient),
        label: cell(Role::Target),
        sequence: cell(Role::Sequence),
        part: cell(Role::Split).as_deref().and_then(Part::from_name),
        position_mm: None,
        pixels: None,
        size: None,
    })
}

fn folds(records: &[StringRecord], layout: &Layout) -> Result<Option<Vec<Option<usize>>>> {
    let Some(column) = layout.at(Role::Fold) else {
        return Ok(None);
    };
    let number = |(index, record): (usize, &StringRecord)| match record[column].trim() {
        "" => Ok(None),
        // Programs that met a missing value write whole numbers as `3.0`.
        text => match text.strip_suffix(".0").unwrap_or(text).parse() {
            Ok(fold) => Ok(Some(fold)),
            Err(_) => Err(manifest(
                format!("row {}: fold '{text}'", index + 2),
                "folds are whole numbers from 0",
            )),
        },
    };
    let numbers = records.iter().enumerate().map(number);
    numbers.collect::<Result<_>>().map(Some)
}

fn sites(
    records: &[StringRecord],
    layout: &Layout,
    warnings: &mut Vec<Warning>,
) -> Option<Vec<String>> {
    let column = layout.at(Role::Site)?;
    let sites: Vec<String> = records
        .iter()
        .map(|record| cell::original(record[column].trim()).into_owned())
        .collect();
    let missing = sites.iter().filter(|site| site.is_empty()).count();
    if missing == 0 {
        return Some(sites);
    }
    let found = format!("{missing} row(s) without a site");
    let done = "sites are not used: name one for every row to harmonise them";
    warnings.push(Warning::new(WarningCode::Manifest, found, done));
    None
}

/// `Some(None)` for a missing value, `None` for text.
#[expect(
    clippy::option_option,
    reason = "text, missing and number are three things"
)]
pub(super) fn parse_number(cell: &str) -> Option<Option<f64>> {
    match cell.trim() {
        "" | "NA" | "NaN" | "nan" | "null" | "None" => Some(None),
        text => text.parse().ok().map(Some),
    }
}
