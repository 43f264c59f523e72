//! What models are called, and which answers are of one model.

use std::collections::BTreeSet;
use std::path::Path;

use raduet_study::{Arm, PredictionRow, Predictions, SampleId};

use super::File;
use crate::error::{Result, ToolError, Warning, WarningCode};

/// What models without a name of their own are called: files by their names, with their folders where several have one.
pub(super) fn file_names(files: &[File<'_>]) -> Vec<String> {
    let stem = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let names = files.iter().map(|(path, _)| {
        let own = stem(path);
        let folder = path.parent().and_then(Path::file_name);
        match folder {
            Some(folder) if files.iter().filter(|(p, _)| stem(p) == own).count() > 1 => {
                format!("{}/{own}", folder.to_string_lossy())
            }
            _ => own,
        }
    });
    names.collect()
}

/// Models of one name in several files: answers to other samples are joined (a file a fold), which is said; answers to the same
/// are told apart by a number; references are kept once.
pub(super) fn with_distinct_names(
    models: Vec<Predictions>,
) -> Result<(Vec<Predictions>, Vec<Warning>)> {
    let mut kept: Vec<Predictions> = Vec::new();
    let mut files = Vec::new();
    for model in models {
        let place = kept.iter().position(|other| other.model() == model.model());
        let Some(place) = place else {
            kept.push(model);
            files.push(1);
            continue;
        };
        if are_disjoint(&kept[place], &model) {
            let rows = [kept[place].rows(), model.rows()].concat();
            kept[place] = renamed(&model, model.model().to_owned(), rows)?;
            files[place] += 1;
        } else if model.arm() != Arm::Reference {
            let taken = |name: &str| kept.iter().any(|other| other.model() == name);
            let mut number = 2;
            while taken(&format!("{} ({number})", model.model())) {
                number += 1;
            }
            let name = format!("{} ({number})", model.model());
            let rows = model.rows().to_vec();
            kept.push(renamed(&model, name, rows)?);
            files.push(1);
        }
    }
    let joined = kept.iter().zip(files).filter(|(_, files)| *files > 1);
    let joined = joined.map(|(model, files)| {
        let found = format!(
            "model '{}' answers other samples in each of {files} files",
            model.model()
        );
        Warning::new(WarningCode::Manifest, found, "joined as one model").note()
    });
    let joined = joined.collect();
    Ok((kept, joined))
}

fn renamed(like: &Predictions, name: String, rows: Vec<PredictionRow>) -> Result<Predictions> {
    let renamed = Predictions::new(name, like.arm(), like.classes().clone(), rows)
        .map_err(|fault| ToolError::internal(fault.to_string()))?;
    Ok(renamed.graded(like.grading()))
}

/// Whether two files' answers can be those of one model: other samples, the same arm, the same kind of numbers.
fn are_disjoint(first: &Predictions, second: &Predictions) -> bool {
    let seen: BTreeSet<(usize, &SampleId)> = first
        .rows()
        .iter()
        .map(|row| (row.fold, &row.sample))
        .collect();
    let mut rows = second.rows().iter();
    (first.arm(), first.grading()) == (second.arm(), second.grading())
        && rows.all(|row| !seen.contains(&(row.fold, &row.sample)))
}
