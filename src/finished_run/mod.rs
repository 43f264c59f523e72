//! A finished run, read back from its folder: all that its report, figures, tables and checklists are made of.
//!
//! Every report is made from what this reads, by the run itself as by `raduet report` later, so that both give
//! the same bytes.
//!
//! | file | what is read |
//! |---|---|
//! | `run.json` | settings, versions, hashes, the models' settings, and which files the run wrote |
//! | `metrics.json`, `predictions.csv` | figures; answers |
//! | `split.json`, `cohort.csv`, `features.csv` | who stood where, who they are, what was measured; each where there is one |
//! | `failures.csv`, `warnings.csv` | what failed, and doubts |
//! | the rest | what figures show ([`Exhibits`]) |

mod exhibits;
mod record;

use std::path::Path;

use raduet_study::{ClassNames, Label, Predictions, Report, Split};
use serde::de::DeserializeOwned;

use crate::error::{Code, Faults, Result, ToolError, Warning};
use crate::io::cohort_csv::{self, CohortRow};
use crate::io::feature_csv::{self, FeatureFile};
use crate::io::{LARGEST_TABLE, predictions_csv, read_small};
use crate::provenance::digest;
use crate::report_writers::{Kept, Material, doubts};
use crate::run_folder::is_unfinished;

pub use exhibits::{Epoch, Exhibits, History, Learned, Looked, ShapRows, Tile, Worth};
pub use record::RunRecord;

/// What a run left in its folder.
#[derive(Debug, Clone)]
pub struct FinishedRun {
    record: RunRecord,
    report: Report,
    predictions: Vec<Predictions>,
    split: Option<Split>,
    cohort: Vec<CohortRow>,
    features: Option<FeatureFile>,
    failures: Vec<ToolError>,
    warnings: Vec<Warning>,
    exhibits: Exhibits,
}

impl FinishedRun {
    /// Reads a run that is complete and whose files are still what it wrote.
    ///
    /// # Errors
    /// [`Code::Usage`] for a folder that holds no complete run, [`Code::Changed`] for every file that was
    /// changed or is missing, and those of reading.
    pub fn open(folder: &Path) -> Result<Self, Faults> {
        if is_unfinished(folder) {
            return Err(
                ToolError::new(Code::Usage, "a run that was stopped before its end")
                    .file(folder)
                    .remedy("finish it: the command that began it, with --resume")
                    .into(),
            );
        }
        let record = RunRecord::read(folder)?;
        Self::gather(folder, record)
    }

    /// Reads what a run has written beside its record.
    ///
    /// # Errors
    /// [`Code::Changed`] for every file that is not the one the record names, and those of reading.
    pub fn gather(folder: &Path, record: RunRecord) -> Result<Self, Faults> {
        let files = Files {
            folder,
            record: &record,
        };
        // All of them before any is used: faults are told together.
        let mut faults = Vec::new();
        let mut content = |name: &str| {
            files.content(name).unwrap_or_else(|fault| {
                faults.push(fault);
                None
            })
        };
        let [
            metrics,
            predictions,
            split,
            cohort,
            features,
            failures,
            warnings,
        ] = [
            "metrics.json",
            "predictions.csv",
            "split.json",
            "cohort.csv",
            "features.csv",
            "failures.csv",
            "warnings.csv",
        ]
        .map(&mut content);
        Faults::check(faults)?;
        let (Some(metrics), Some(predictions)) = (metrics, predictions) else {
            return Err(no_run(folder, "a record without results").into());
        };
        let names = record.outputs.keys().map(String::as_str);
        let exhibits = Exhibits::read(names, |name| files.content(name))?;
        let named = |name: &'static str| move |fault: ToolError| fault.file(folder.join(name));
        let report: Report = json(&metrics).map_err(named("metrics.json"))?;
        let features = features
            .map(|bytes| features_of(&bytes, &report.classes).map_err(named("features.csv")))
            .transpose()?;
        Ok(Self {
            predictions: predictions_csv::parse(&predictions).map_err(named("predictions.csv"))?,
            split: split
                .map(|bytes| json(&bytes).map_err(named("split.json")))
                .transpose()?,
            cohort: cohort
                .map(|bytes| cohort_csv::parse(&bytes).map_err(named("cohort.csv")))
                .transpose()?
                .unwrap_or_default(),
            failures: failures
                .map(|bytes| doubts::parse_failures(&bytes).map_err(named("failures.csv")))
                .transpose()?
                .unwrap_or_default(),
            warnings: warnings
                .map(|bytes| doubts::parse_warnings(&bytes).map_err(named("warnings.csv")))
                .transpose()?
                .unwrap_or_default(),
            features,
            report,
            exhibits,
            record,
        })
    }

    /// What its report is made of.
    pub fn material(&self) -> Material<'_> {
        Material {
            report: &self.report,
            predictions: &self.predictions,
            failures: &self.failures,
            warnings: &self.warnings,
            provenance: &self.record.provenance,
            kept: Kept {
                models: &self.record.models,
                files: Some(&self.record.outputs),
                split: self.split.as_ref(),
                cohort: &self.cohort,
                features: self.features.as_ref(),
                exhibits: Some(&self.exhibits),
            },
        }
    }

    /// The figures.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// The files of a run by its record.
struct Files<'a> {
    folder: &'a Path,
    record: &'a RunRecord,
}

impl Files<'_> {
    /// A file that the run wrote, as it wrote it; none where it wrote no such file.
    fn content(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(expected) = self.record.outputs.get(name) else {
            return Ok(None);
        };
        let path = self.folder.join(name);
        let changed = |found: &str| {
            ToolError::new(Code::Changed, found)
                .file(&path)
                .expected("the file that the run wrote (its SHA-256 stands in run.json)")
                .remedy("restore it; for other predictions use `raduet evaluate`")
        };
        match read_small(&path, LARGEST_TABLE) {
            Ok(bytes) if digest(&bytes) == *expected => Ok(Some(bytes)),
            Ok(_) => Err(changed("changed since the run")),
            Err(fault) if fault.code == Code::NotFound => Err(changed("missing")),
            Err(fault) => Err(fault),
        }
    }
}

fn no_run(folder: &Path, found: &str) -> ToolError {
    ToolError::new(Code::Usage, found)
        .file(folder)
        .expected("the folder of a finished run, as `raduet compare` leaves it")
        .remedy("give the folder that holds run.json and metrics.json")
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|fault| {
        ToolError::new(Code::Manifest, fault.to_string())
            .remedy("it was written by another version: run the study again")
    })
}

/// The feature table with the run's order of the classes, which a table does not tell.
fn features_of(bytes: &[u8], classes: &ClassNames) -> Result<FeatureFile> {
    let read = feature_csv::of_bytes(bytes)?;
    let place = |label: Label| {
        let name = read.classes.name(label);
        classes.label(name).ok_or_else(|| {
            ToolError::new(
                Code::Manifest,
                format!("class '{name}' is none of the run's"),
            )
            .remedy("restore the file that the run wrote")
        })
    };
    let rows = read.rows.iter().map(|row| {
        let label = place(row.label)?;
        Ok(row.clone().with_label(label))
    });
    Ok(FeatureFile {
        classes: classes.clone(),
        rows: rows.collect::<Result<_>>()?,
        table: read.table,
    })
}
