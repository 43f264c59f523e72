//! The folders of CirrMRI600+ (Jha et al., Scientific Data 12:896, 2025, doi 10.1038/s41597-025-05201-7).
//!
//! ```text
//! Cirrhosis_T1_3D/{train,valid,test}_{images,masks}/<id>.nii.gz     T2 likewise
//! Healthy_subjects/T1_W_Healthy/{T1_images,T1_masks}/<id>.nii.gz    T2 likewise
//! Metadata/*_age_gender_evaluation.csv                              or the CSV files beside the folders
//! ```
//!
//! An unpacked archive may hold its folder twice (`Cirrhosis_T1_3D/Cirrhosis_T1_3D`). The folders are the
//! published split; a few patients stand in different parts in T1W and T2W, which is kept as published:
//! whoever makes a split of both sequences must refuse or resolve it. Healthy ids repeat patient ids, so
//! they become `healthy-<id>`.

mod evaluations;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use raduet_study::{CaseId, CaseRecord, ClassNames, Cohort, Part, PatientId};
use sha2::{Digest, Sha256};

use self::evaluations::Evaluations;
use super::{CaseFiles, LoadOptions, LoadedCohort, of_sequence, without_missing};
use crate::error::{Code, Faults, ToolError, Warning, WarningCode, shown_path};
use crate::io::manifest_csv::{file_stem, hexadecimal};

/// Stages in their order; the evaluation's codes are 1, 2, 3.
pub const STAGES: [&str; 3] = ["mild", "moderate", "severe"];
/// The class of healthy subjects, before the stages.
pub const HEALTHY: &str = "healthy";

/// Sequence, its folder, its folder of healthy subjects, the prefix in there.
const SEQUENCES: [(&str, &str, &str, &str); 2] = [
    ("T1W", "Cirrhosis_T1_3D", "T1_W_Healthy", "T1"),
    ("T2W", "Cirrhosis_T2_3D", "T2_W_Healthy", "T2"),
];
const HEALTHY_FOLDER: &str = "Healthy_subjects";

/// Which cases of the data set are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    /// Which patients.
    pub patients: Patients,
    /// Whether the healthy subjects take part.
    pub healthy: Healthy,
}

/// Which patients take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patients {
    /// Everyone in the folders.
    #[default]
    All,
    /// Those of the paired CSV, who have both sequences: with sequence `T2W` the protocol of the paper
    /// on staging (234 train, 29 valid, 28 test).
    Paired,
}

/// Whether the healthy subjects take part, as a class of their own before the stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Healthy {
    /// They stay out.
    #[default]
    Leave,
    /// They are in, in no published part.
    Take,
}

/// Where the parts of the data set are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    /// Sequence and the folder that holds `train_images`.
    sequences: Vec<(&'static str, PathBuf)>,
    /// Sequence, folder of images, folder of masks.
    healthy: Vec<(&'static str, PathBuf, PathBuf)>,
}

/// A case before it is known whether its files are there.
struct Found {
    sequence: &'static str,
    patient: String,
    healthy: bool,
    part: Option<Part>,
    image: PathBuf,
    mask: PathBuf,
}

impl Layout {
    /// Recognises the data set's folder, or the folder of one of its sequences.
    pub fn find(path: &Path) -> Option<Self> {
        let mut layout = Self {
            root: path.to_owned(),
            sequences: Vec::new(),
            healthy: Vec::new(),
        };
        for (sequence, folder, healthy, prefix) in SEQUENCES {
            if let Some(found) = nested(&path.join(folder), &holds_parts) {
                layout.sequences.push((sequence, found));
            } else if path.file_name().is_some_and(|name| name == folder)
                && let Some(found) = nested(path, &holds_parts)
            {
                layout.sequences.push((sequence, found));
                path.parent().unwrap_or(path).clone_into(&mut layout.root);
            }
            let images = format!("{prefix}_images");
            let subjects = nested(&path.join(HEALTHY_FOLDER), &|p| p.join(healthy).is_dir())
                .and_then(|p| nested(&p.join(healthy), &|p| p.join(&images).is_dir()));
            if let Some(found) = subjects {
                let masks = found.join(format!("{prefix}_masks"));
                layout.healthy.push((sequence, found.join(images), masks));
            }
        }
        (!layout.sequences.is_empty()).then_some(layout)
    }

    /// Loads the cases, ordered by sequence, part and patient.
    ///
    /// # Errors
    /// `E_MANIFEST` when the evaluations are missing or faulty, or no case is left.
    pub fn load(&self, options: &LoadOptions) -> Result<LoadedCohort, Faults> {
        let place = |error: ToolError| Faults::from(error.file(&self.root));
        let evaluations = Evaluations::read(&self.root)?;
        let mut notes = vec![format!(
            "layout: CirrMRI600+ (labels from {})",
            evaluations.source
        )];
        let mut warnings = Vec::new();

        let mut found = self.list(options.cirrmri.healthy, &mut warnings)?;
        if options.cirrmri.patients == Patients::Paired {
            let paired = evaluations::paired(&self.root)?;
            found.retain(|case| case.healthy || paired.contains(&case.patient));
            notes.push(format!(
                "only the {} patients of the paired list",
                paired.len()
            ));
        }
        if options.cirrmri.healthy == Healthy::Leave && !self.healthy.is_empty() {
            notes.push("the healthy subjects stay out".into());
        }
        let found = of_sequence(found, options.sequence.as_deref(), |case| {
            Some(case.sequence)
        })
        .map_err(place)?;
        for (sequence, ..) in SEQUENCES {
            if let Some(note) = counts(sequence, &found) {
                notes.push(note);
            }
        }

        let names = class_names(&found).map_err(place)?;
        let mut unlabelled = Vec::new();
        let mut cases = Vec::new();
        for case in found {
            match self.case(case, &names, &evaluations) {
                Ok(case) => cases.push(case),
                Err(error) => unlabelled.push(error),
            }
        }
        let manifest_hash = self.hash(&cases);
        let (cases, files, missing) = without_missing(cases, &self.root);
        let failed = unlabelled.into_iter().chain(missing).collect();
        let cohort = Cohort::new(names, cases)
            .map_err(|error| place(ToolError::new(Code::Manifest, error.to_string())))?;
        Ok(LoadedCohort {
            name: "CirrMRI600+".into(),
            folder: self.root.clone(),
            cohort,
            files,
            labelled: true,
            failed,
            notes,
            warnings,
            manifest_hash,
            stack: None,
        })
    }

    /// Every image of the folders with the mask it should have.
    fn list(&self, healthy: Healthy, warnings: &mut Vec<Warning>) -> Result<Vec<Found>, ToolError> {
        let mut found = Vec::new();
        for (sequence, folder) in &self.sequences {
            for part in Part::ALL {
                let images = folder.join(format!("{}_images", part.name()));
                let masks = folder.join(format!("{}_masks", part.name()));
                for (id, image, mask) in pairs(&images, &masks, warnings)? {
                    found.push(Found {
                        sequence,
                        patient: id,
                        healthy: false,
                        part: Some(part),
                        image,
                        mask,
                    });
                }
            }
        }
        if healthy == Healthy::Take {
            for (sequence, images, masks) in &self.healthy {
                for (id, image, mask) in pairs(images, masks, warnings)? {
                    found.push(Found {
                        sequence,
                        patient: format!("{HEALTHY}-{id}"),
                        healthy: true,
                        part: None,
                        image,
                        mask,
                    });
                }
            }
        }
        Ok(found)
    }

    fn case(
        &self,
        found: Found,
        names: &ClassNames,
        evaluations: &Evaluations,
    ) -> Result<(CaseRecord, CaseFiles), ToolError> {
        let id = CaseId::new(format!("{}-{}", found.sequence, found.patient));
        let mut extra = BTreeMap::new();
        let class = if found.healthy {
            HEALTHY
        } else {
            let Some(evaluation) = evaluations.of.get(&found.patient) else {
                return Err(ToolError::new(
                    Code::Manifest,
                    format!("no evaluation of patient {}", found.patient),
                )
                .file(found.image)
                .case(id)
                .expected(format!("a row in {}", evaluations.source))
                .remedy("add the row, or take the image out")
                .relative_to(&self.root));
            };
            extra.clone_from(&evaluation.extra);
            evaluation.stage
        };
        let label = names
            .label(class)
            .ok_or_else(|| ToolError::internal(format!("class {class} was not listed")))?;
        Ok((
            CaseRecord {
                id,
                patient: PatientId::new(found.patient),
                sequence: Some(found.sequence.to_owned()),
                site: None,
                label,
                published_part: found.part,
            },
            CaseFiles {
                image: found.image,
                mask: found.mask,
                label_value: Some(1),
                label_name: None,
                reading: super::CaseReading::default(),
                fold: None,
                extra,
            },
        ))
    }

    /// Hash of what a manifest of these cases would say.
    fn hash(&self, cases: &[(CaseRecord, CaseFiles)]) -> String {
        let mut hash = Sha256::new();
        for (case, files) in cases {
            let relative = |path: &Path| {
                let inside = path.strip_prefix(&self.root).unwrap_or(path);
                inside.to_string_lossy().into_owned()
            };
            let part = case.published_part.map_or("", Part::name);
            let (image, mask) = (relative(&files.image), relative(&files.mask));
            hash.update(format!(
                "{}\t{part}\t{}\t{image}\t{mask}\n",
                case.id, case.label
            ));
        }
        hexadecimal(&hash.finalize())
    }
}

/// `path` if it holds what is looked for, else the folder of the same name in it.
fn nested(path: &Path, holds: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    if holds(path) {
        return Some(path.to_owned());
    }
    let inner = path.join(path.file_name()?);
    holds(&inner).then_some(inner)
}

fn holds_parts(path: &Path) -> bool {
    Part::ALL
        .iter()
        .any(|part| path.join(format!("{}_images", part.name())).is_dir())
}

/// Id, image and mask of every image of a folder, by number where ids are numbers.
fn pairs(
    images: &Path,
    masks: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<(String, PathBuf, PathBuf)>, ToolError> {
    let ids = nifti_ids(images)?;
    let known: BTreeSet<&String> = ids.iter().map(|(id, _)| id).collect();
    for (id, file) in nifti_ids(masks)? {
        if !known.contains(&id) {
            warnings.push(
                Warning::new(
                    WarningCode::Manifest,
                    "a mask without an image",
                    "it is passed over",
                )
                .file(masks.join(file)),
            );
        }
    }
    Ok(ids
        .into_iter()
        .map(|(id, file)| (id, images.join(&file), masks.join(&file)))
        .collect())
}

/// Ids and names of the NIfTI files of a folder that may be absent.
fn nifti_ids(folder: &Path) -> Result<Vec<(String, String)>, ToolError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error: std::io::Error| {
        ToolError::new(Code::Read, format!("the folder cannot be listed: {error}"))
            .file(folder)
            .remedy("check its permissions")
    };
    let mut ids = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let file = entry.map_err(failed)?.file_name();
        let Some(name) = file.to_str() else { continue };
        let lower = name.to_ascii_lowercase();
        let unpacked = lower.strip_suffix(".gz").unwrap_or(&lower);
        let is_nifti = Path::new(unpacked).extension().is_some_and(|e| e == "nii");
        if is_nifti && !name.starts_with('.') {
            ids.push((file_stem(name), name.to_owned()));
        }
    }
    ids.sort_by_cached_key(|(id, file)| (id.parse::<u64>().unwrap_or(u64::MAX), file.clone()));
    Ok(ids)
}

/// `T1W: 248 train, 31 valid, 31 test`.
fn counts(sequence: &str, found: &[Found]) -> Option<String> {
    let of = |part: Option<Part>| {
        found
            .iter()
            .filter(|case| case.sequence == sequence && case.part == part)
            .count()
    };
    let mut parts: Vec<String> = Part::ALL
        .iter()
        .map(|&part| format!("{} {}", of(Some(part)), part.name()))
        .collect();
    if of(None) > 0 {
        parts.push(format!("{} {HEALTHY}", of(None)));
    }
    let any = found.iter().any(|case| case.sequence == sequence);
    any.then(|| format!("{sequence}: {}", parts.join(", ")))
}

/// The three stages, after the healthy class where it takes part.
fn class_names(found: &[Found]) -> Result<ClassNames, ToolError> {
    if found.is_empty() {
        return Err(ToolError::new(Code::Manifest, "no image in the folders")
            .expected("<id>.nii.gz in train_images, valid_images or test_images")
            .remedy("unpack the archives here"));
    }
    let healthy = found.iter().any(|case| case.healthy);
    let names = healthy.then_some(HEALTHY).into_iter().chain(STAGES);
    ClassNames::new(names).map_err(|error| ToolError::internal(error.to_string()))
}

/// For messages.
fn in_folder(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| shown_path(path), |name| shown_path(Path::new(name)))
}
