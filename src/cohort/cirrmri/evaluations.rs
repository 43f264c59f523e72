//! The CSV files with age, gender and radiological evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{STAGES, in_folder};
use crate::error::{Code, Faults, ToolError};
use crate::io::manifest_csv::text::{self, Sheet, manifest_error};
use crate::io::read_small;

const COMPLETE: &str = "CirrMRI600+_CompleteData_age_gender_evaluation.csv";
/// Taken together where the complete list is missing.
const BY_SEQUENCE: [&str; 2] = [
    "T1_age_gender_evaluation.csv",
    "T2_age_gender_evaluation.csv",
];
const PAIRED: &str = "T1&T2_Paired_age_gender_evaluation.csv";
const FOLDER: &str = "Metadata";

const PATIENT: &str = "Patient ID";
const EVALUATION: &str = "Radiological Evaluation";
/// The lists hold a few hundred rows.
const LIMIT: u64 = 16 << 20;

/// What is known of the patients.
pub(super) struct Evaluations {
    /// By patient id.
    pub(super) of: BTreeMap<String, Evaluation>,
    /// The file's name, for messages.
    pub(super) source: String,
}

pub(super) struct Evaluation {
    pub(super) stage: &'static str,
    /// Age in years, gender as F or M.
    pub(super) extra: BTreeMap<String, String>,
}

impl Evaluations {
    pub(super) fn read(root: &Path) -> Result<Self, Faults> {
        let files: Vec<PathBuf> = match locate(root, COMPLETE) {
            Some(file) => vec![file],
            None => BY_SEQUENCE
                .iter()
                .filter_map(|name| locate(root, name))
                .collect(),
        };
        if files.is_empty() {
            return Err(Faults::from(missing(root, COMPLETE)));
        }
        let mut of = BTreeMap::new();
        let mut faults = Vec::new();
        for file in &files {
            let sheet = sheet(file)?;
            let result = collect(&sheet, &mut of);
            faults.extend(result.into_iter().map(|fault| fault.file(file)));
        }
        Faults::check(faults)?;
        let names: Vec<String> = files.iter().map(|file| in_folder(file)).collect();
        Ok(Self {
            of,
            source: names.join(" and "),
        })
    }
}

/// The patients who have both sequences.
pub(super) fn paired(root: &Path) -> Result<BTreeSet<String>, Faults> {
    let file = locate(root, PAIRED).ok_or_else(|| Faults::from(missing(root, PAIRED)))?;
    let sheet = sheet(&file)?;
    let column = column(&sheet, PATIENT).map_err(|fault| Faults::from(fault.file(&file)))?;
    Ok(sheet
        .lines
        .into_iter()
        .filter_map(|line| line.cells.get(column).cloned())
        .collect())
}

/// In `Metadata`, in the archive's folder within it, or beside the images.
fn locate(root: &Path, name: &str) -> Option<PathBuf> {
    let folder = root.join(FOLDER);
    [folder.join(FOLDER), folder, root.to_owned()]
        .into_iter()
        .map(|place| place.join(name))
        .find(|file| file.is_file())
}

fn missing(root: &Path, name: &str) -> ToolError {
    ToolError::new(Code::Manifest, format!("{name} is missing"))
        .file(root)
        .expected(format!("it in {FOLDER}"))
        .remedy("unpack Metadata.zip of the data set here")
}

fn sheet(file: &Path) -> Result<Sheet, Faults> {
    let bytes = read_small(file, LIMIT)?;
    match text::read(&bytes) {
        Ok(sheet) => Ok(sheet),
        Err(faults) => {
            Faults::check(faults.into_iter().map(|fault| fault.file(file)).collect())?;
            Err(Faults::from(manifest_error("unreadable").file(file)))
        }
    }
}

fn column(sheet: &Sheet, name: &str) -> Result<usize, ToolError> {
    let same = |header: &String| header.eq_ignore_ascii_case(name);
    sheet.headers.iter().position(same).ok_or_else(|| {
        manifest_error(format!("line 1: no column '{name}'"))
            .remedy("take the file of the published data set")
    })
}

/// Adds a list's rows; all faults at once.
fn collect(sheet: &Sheet, of: &mut BTreeMap<String, Evaluation>) -> Vec<ToolError> {
    let mut faults = Vec::new();
    let columns = [PATIENT, EVALUATION].map(|name| column(sheet, name));
    let [Ok(patient), Ok(evaluation)] = columns else {
        faults.extend(columns.into_iter().filter_map(Result::err));
        return faults;
    };
    for line in &sheet.lines {
        let cell = |at: usize| line.cells.get(at).map(String::as_str).unwrap_or_default();
        let (id, code) = (cell(patient), cell(evaluation));
        let stage = code
            .parse::<usize>()
            .ok()
            .and_then(|code| STAGES.get(code.checked_sub(1)?));
        let Some(&stage) = stage else {
            faults.push(
                manifest_error(format!(
                    "line {}: patient {id} has evaluation '{code}'",
                    line.number
                ))
                .expected("1 (mild), 2 (moderate) or 3 (severe)")
                .remedy("correct the cell"),
            );
            continue;
        };
        let mut extra = BTreeMap::new();
        if let Ok(age) = column(sheet, "Age") {
            extra.insert("Age".to_owned(), cell(age).to_owned());
        }
        if let Ok(gender) = column(sheet, "Gender") {
            let letter = match cell(gender) {
                "1" => "F",
                "2" => "M",
                other => other,
            };
            extra.insert("Gender".to_owned(), letter.to_owned());
        }
        let earlier = of.insert(id.to_owned(), Evaluation { stage, extra });
        if earlier.is_some_and(|e| e.stage != stage) {
            faults.push(
                manifest_error(format!(
                    "line {}: patient {id} has two evaluations",
                    line.number
                ))
                .remedy("correct the lists"),
            );
        }
    }
    faults
}
