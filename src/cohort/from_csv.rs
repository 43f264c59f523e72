//! A CSV manifest as a cohort.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use raduet_study::{CaseId, CaseRecord, ClassNames, Cohort, Label, PatientId};

use super::{
    CaseFiles, CaseReading, LoadOptions, LoadedCohort, UNLABELLED, classes, of_sequence,
    without_missing,
};
use crate::error::{Code, Faults, ToolError, Warning};
use crate::io::manifest_csv::{ManifestRow, ManifestTable, read_manifest};

pub(super) fn load(path: &Path, options: &LoadOptions) -> Result<LoadedCohort, Faults> {
    let ManifestTable {
        rows,
        mut notes,
        warnings,
        sha256,
        folder,
    } = read_manifest(path)?;
    let place = |error: ToolError| error.file(path);
    let rows = of_sequence(rows, options.sequence.as_deref(), |row| {
        row.sequence.as_deref()
    })
    .map_err(place)?;

    let found: BTreeSet<String> = rows.iter().filter_map(|row| row.target.clone()).collect();
    let labelled = !found.is_empty();
    let names = if labelled {
        let (names, note) = classes::order(&found, options.classes.as_deref())
            .map_err(|error| Faults::from(place(error)))?;
        notes.push(note);
        names
    } else {
        notes.push("no class column: name it 'Target' to train on it".into());
        ClassNames::new([UNLABELLED]).map_err(|error| Faults::from(internal(&error)))?
    };
    Faults::check(two_classes(&rows).into_iter().map(place).collect())?;

    let cases = rows.into_iter().map(|row| case(row, &names)).collect();
    let (cases, files, failed) = without_missing(cases, &folder);
    Ok(LoadedCohort {
        name: name(path),
        cohort: Cohort::new(names, cases).map_err(|error| {
            place(ToolError::new(Code::Manifest, error.to_string()).remedy("correct the manifest"))
        })?,
        files,
        labelled,
        failed,
        notes,
        warnings: warnings
            .into_iter()
            .map(|w: Warning| w.file(path))
            .collect(),
        manifest_hash: sha256,
        stack: None,
        folder,
    })
}

fn case(row: ManifestRow, names: &ClassNames) -> (CaseRecord, CaseFiles) {
    let label = row.target.as_deref().and_then(|name| names.label(name));
    (
        CaseRecord {
            id: CaseId::new(row.id),
            patient: PatientId::new(row.patient),
            sequence: row.sequence,
            site: row.site,
            label: label.unwrap_or(Label(0)),
            published_part: row.part,
        },
        CaseFiles {
            image: row.image,
            mask: row.mask,
            label_value: row.mask_label,
            label_name: row.mask_name,
            reading: CaseReading {
                series: row.series,
                volume: row.volume,
                spacing: row.spacing,
            },
            fold: row.fold,
            extra: row.extra,
        },
    )
}

/// Patients whose rows disagree about the class, each with two of the lines.
fn two_classes(rows: &[ManifestRow]) -> Vec<ToolError> {
    let mut first: BTreeMap<&str, &ManifestRow> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in rows {
        let earlier = first.entry(&row.patient).or_insert(row);
        if earlier.target != row.target {
            let class = |row: &ManifestRow| row.target.clone().unwrap_or_default();
            faults.push(
                ToolError::new(
                    Code::Manifest,
                    format!(
                        "lines {} and {}: patient '{}' is both '{}' and '{}'",
                        earlier.line,
                        row.line,
                        row.patient,
                        class(earlier),
                        class(row)
                    ),
                )
                .expected("one class a patient")
                .remedy("correct the class or the patient"),
            );
        }
    }
    faults
}

/// The folder's name for `manifest.csv`, else the file's own.
fn name(path: &Path) -> String {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let folder = std::fs::canonicalize(path)
        .ok()
        .and_then(|full| Some(full.parent()?.file_name()?.to_string_lossy().into_owned()));
    match (stem, folder) {
        (Some(stem), Some(folder)) if stem == "manifest" => folder,
        (Some(stem), _) => stem,
        (None, _) => "cohort".into(),
    }
}

fn internal(error: &raduet_study::StudyError) -> ToolError {
    ToolError::internal(error.to_string())
}
