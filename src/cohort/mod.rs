//! A manifest or a folder as a [`study::Cohort`](raduet_study::Cohort) and the files of its cases.
//!
//! | source | read by |
//! |---|---|
//! | a CSV manifest, or a folder with `manifest.csv` | [`crate::io::manifest_csv`] |
//! | the folders of CirrMRI600+ | [`cirrmri`] |
//! | an archive of `MedMNIST` (`.npz`) | [`arrays`] |
//!
//! A case whose files are not there is no part of the cohort: it stands in [`LoadedCohort::failed`], so
//! that every case of the source is in the cohort or among the failures, once.

pub mod arrays;
pub mod cirrmri;

mod classes;
mod from_csv;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use raduet_study::{CaseRecord, Cohort};

use crate::error::{Code, Faults, ToolError, Warning};
use crate::io::{ByteBudget, LabelChoice, ReadOptions};
use crate::settings::ImageSettings;

/// Name of the manifest that a folder is asked for.
pub const MANIFEST_NAME: &str = "manifest.csv";

/// What part of a source is wanted, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadOptions {
    /// Only cases of this sequence (`T1post`); case does not matter.
    pub sequence: Option<String>,
    /// The classes in their order; found by rule where not stated.
    pub classes: Option<Vec<String>>,
    /// Which cases of CirrMRI600+.
    pub cirrmri: cirrmri::Choice,
    /// Limit on the bytes of an archive of images.
    pub budget: ByteBudget,
}

/// Where the images of a case are.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFiles {
    /// The image.
    pub image: PathBuf,
    /// Its mask.
    pub mask: PathBuf,
    /// The label value of the region, where the source states it.
    pub label_value: Option<i64>,
    /// The name of the region, where the source states it.
    pub label_name: Option<String>,
    /// What the source says about reading the image.
    pub reading: CaseReading,
    /// The fold published with the data.
    pub fold: Option<u32>,
    /// Columns that are passed through.
    pub extra: BTreeMap<String, String>,
}

/// What a source says about reading an image, where the file does not say it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaseReading {
    /// The DICOM series, by UID.
    pub series: Option<String>,
    /// The volume of a file that holds several.
    pub volume: Option<u64>,
    /// Voxel sizes along x, y, z in mm.
    pub spacing: Option<[f64; 3]>,
}

impl CaseFiles {
    /// Which label of the mask is the region: the stated one, else the only one.
    pub fn label_choice(&self) -> LabelChoice {
        match (&self.label_name, self.label_value) {
            (Some(name), _) => LabelChoice::Name(name.clone()),
            (None, Some(value)) => LabelChoice::Value(value),
            (None, None) => LabelChoice::Only,
        }
    }

    /// What readers are told: the source's word, else the settings'.
    pub fn options(&self, images: &ImageSettings, budget: ByteBudget) -> ReadOptions {
        let options = images.options(budget);
        ReadOptions {
            volume: self.reading.volume.or(options.volume),
            series: self.reading.series.clone().or(options.series),
            spacing: self.reading.spacing.or(options.spacing),
            ..options
        }
    }
}

/// A cohort with its files.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedCohort {
    /// Name for reports.
    pub name: String,
    /// The folder that shown paths are relative to.
    pub folder: PathBuf,
    /// Who takes part, in the order of the source.
    pub cohort: Cohort,
    /// Files of every case, parallel to the cohort's cases.
    pub files: Vec<CaseFiles>,
    /// Whether the source gave classes; without them there is one class, [`UNLABELLED`].
    pub labelled: bool,
    /// Cases that have no files, one error each.
    pub failed: Vec<ToolError>,
    /// What was taken for what.
    pub notes: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
    /// SHA-256 of the manifest, or of the list of files and labels.
    pub manifest_hash: String,
    /// The images themselves, where the source is an archive of them.
    pub stack: Option<arrays::ImageStack>,
}

/// The class of cases that have none: enough for extraction, refused by the study.
pub const UNLABELLED: &str = "unlabelled";

/// Loads a manifest, or a folder of a known layout.
///
/// # Errors
/// All faults at once: `E_MANIFEST`, or the codes of opening a file.
pub fn load(path: &Path, options: &LoadOptions) -> Result<LoadedCohort, Faults> {
    let is_folder = fs::metadata(path).is_ok_and(|about| about.is_dir());
    if !is_folder && arrays::is_archive(path) {
        return arrays::load(path, options);
    }
    if !is_folder {
        return from_csv::load(path, options);
    }
    let manifest = path.join(MANIFEST_NAME);
    if manifest.exists() {
        return from_csv::load(&manifest, options);
    }
    if let Some(layout) = cirrmri::Layout::find(path) {
        return layout.load(options);
    }
    Err(Faults::from(
        ToolError::new(Code::Manifest, "a folder of no known layout")
            .file(path)
            .expected(format!(
                "{MANIFEST_NAME} in it, or the folders of CirrMRI600+"
            ))
            .remedy(format!(
                "let `raduet scan` write a manifest, or write a {MANIFEST_NAME} with the columns ID, PatientID, Image, Mask, \
                 Target"
            )),
    ))
}

/// Takes the cases out whose image or mask is missing, an error for each.
fn without_missing(
    cases: Vec<(CaseRecord, CaseFiles)>,
    folder: &Path,
) -> (Vec<CaseRecord>, Vec<CaseFiles>, Vec<ToolError>) {
    let mut failed = Vec::new();
    let mut kept = (Vec::new(), Vec::new());
    for (case, files) in cases {
        let missing = [("image", &files.image), ("mask", &files.mask)]
            .into_iter()
            .find(|(_, path)| fs::metadata(path).is_err());
        if let Some((what, path)) = missing {
            failed.push(
                ToolError::new(Code::NotFound, format!("the {what} is missing"))
                    .file(path)
                    .case(case.id)
                    .remedy("add the file, or take the case out")
                    .relative_to(folder),
            );
        } else {
            kept.0.push(case);
            kept.1.push(files);
        }
    }
    (kept.0, kept.1, failed)
}

/// Cases of one sequence, or the fault that there are none.
fn of_sequence<T>(
    cases: Vec<T>,
    wanted: Option<&str>,
    sequence: impl Fn(&T) -> Option<&str>,
) -> Result<Vec<T>, ToolError> {
    let Some(wanted) = wanted else {
        return Ok(cases);
    };
    let mut present: Vec<String> = cases
        .iter()
        .filter_map(|case| sequence(case).map(str::to_owned))
        .collect();
    let kept: Vec<T> = cases
        .into_iter()
        .filter(|case| sequence(case).is_some_and(|s| s.eq_ignore_ascii_case(wanted)))
        .collect();
    if kept.is_empty() {
        present.sort();
        present.dedup();
        let list = if present.is_empty() {
            "none".to_owned()
        } else {
            present.join(", ")
        };
        return Err(
            ToolError::new(Code::Manifest, format!("no case of sequence '{wanted}'"))
                .expected(format!("one of the sequences there are: {list}"))
                .remedy("correct --sequence"),
        );
    }
    Ok(kept)
}
