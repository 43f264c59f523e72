//! Layouts known by the shape of their folders: a folder a class, a folder a patient, or pairs of files.
//!
//! ```text
//! CLASS/PATIENT/files      CLASS/PATIENT.nii.gz + PATIENT_mask.nii.gz      CLASS/images/P.nii.gz + CLASS/masks/P.nii.gz
//! PATIENT/files            PATIENT/SEQUENCE/files                          PATIENT/images/1.png + PATIENT/masks/1.png
//! images/P.nii.gz + masks/P.nii.gz                                         P.nii.gz + P_mask.nii.gz
//! ```
//!
//! The same two levels of folders may be classes with patients or patients with visits. What tells them apart: visits and
//! sequences have the same names for every patient, patients have names of their own, and classes are few.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use raduet_study::Part;

use super::pairs::{Pair, pair};
use super::tree::Tree;
use super::{Scanned, ScannedCase, names, passed_over};
use crate::error::Faults;

/// More folders than this are no classes.
const MOST_CLASSES: usize = 20;

/// The pairs of one folder.
struct Group {
    part: Option<Part>,
    /// Its folders, without those of parts, images and masks.
    folders: Vec<String>,
    pairs: Vec<Pair>,
}

/// All folders with their pairs.
struct Shape {
    groups: Vec<Group>,
    alone: Vec<PathBuf>,
    /// Folders of every group; none where they differ.
    depth: Option<usize>,
}

/// A part, and folders without those of parts, images and masks.
type Place = (Option<Part>, Vec<String>);

impl Shape {
    fn of(tree: &Tree) -> Self {
        let folders = |path: &PathBuf| names::components(&names::folder(path));
        // A DICOM series is a folder: its own name is the image's.
        let files: Vec<PathBuf> = tree
            .files
            .iter()
            .filter(|path| names::is_image(path) || tree.root.join(path).is_dir())
            .cloned()
            .collect();
        let has_parts = !files.is_empty()
            && files.iter().all(|path| {
                folders(path)
                    .first()
                    .is_some_and(|name| names::part(name).is_some())
            });
        let mut by_place: BTreeMap<Place, Vec<PathBuf>> = BTreeMap::new();
        for path in files {
            let mut folders = folders(&path);
            let part = if has_parts {
                names::part(&folders.remove(0))
            } else {
                None
            };
            folders.retain(|name| !names::is_image_folder(name) && !names::is_mask_folder(name));
            by_place.entry((part, folders)).or_default().push(path);
        }
        let mut alone = Vec::new();
        let groups: Vec<Group> = by_place
            .into_iter()
            .filter_map(|((part, folders), files)| {
                let paired = pair(&files);
                alone.extend(paired.alone);
                (!paired.pairs.is_empty()).then_some(Group {
                    part,
                    folders,
                    pairs: paired.pairs,
                })
            })
            .collect();
        let depths: BTreeSet<usize> = groups.iter().map(|group| group.folders.len()).collect();
        let depth = depths.first().copied().filter(|_| depths.len() == 1);
        Self {
            groups,
            alone,
            depth,
        }
    }

    /// The folders above, each with the names that stand in it.
    fn outer(&self) -> BTreeMap<&str, Vec<String>> {
        let mut outer: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for group in &self.groups {
            let Some(first) = group.folders.first() else {
                continue;
            };
            let inner = outer.entry(first).or_default();
            match group.folders.get(1) {
                Some(second) => inner.push(second.clone()),
                None => inner.extend(group.pairs.iter().map(|pair| within(&pair.name, first))),
            }
        }
        outer
    }

    /// Whether any name stands in several of the folders above.
    fn names_recur(&self) -> bool {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let outer = self.outer();
        outer.iter().any(|(folder, names)| {
            let names: BTreeSet<&String> = names.iter().collect();
            names
                .into_iter()
                .any(|name| *seen.entry(name.clone()).or_insert(folder) != *folder)
        })
    }

    /// Whether folders above are patients by what stands in them.
    fn are_patients(&self) -> bool {
        let outer = self.outer();
        let all = |holds: &dyn Fn(&str, &String) -> bool| {
            outer
                .iter()
                .all(|(folder, names)| names.iter().all(|name| holds(folder, name)))
        };
        let one_each = outer.values().all(|names| names.len() == 1);
        let of_this_patient = self.depth == Some(1)
            && self.groups.iter().all(|group| {
                let own = &group.folders[0];
                group
                    .pairs
                    .iter()
                    .all(|pair| pair.name.starts_with(own.as_str()))
            });
        self.names_recur()
            || one_each
            || of_this_patient
            || outer.len() > MOST_CLASSES
            || all(&|_, name| names::is_sequence(name) || is_visit(name))
    }

    /// Whether folders above are classes by what stands in them.
    fn are_classes(&self) -> bool {
        let outer = self.outer();
        let all_sequences = outer
            .values()
            .flatten()
            .all(|name| names::is_sequence(name) || is_visit(name));
        (2..=MOST_CLASSES).contains(&outer.len())
            && !self.names_recur()
            && !all_sequences
            && outer.values().any(|names| names.len() > 1)
    }
}

/// A name without the folder's name before it.
fn within(name: &str, folder: &str) -> String {
    let rest = name.strip_prefix(folder).unwrap_or(name);
    rest.trim_start_matches('_').to_owned()
}

/// Whether a folder's name is that of a visit: a date, a number, or a word for one.
fn is_visit(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let digits = lower.bytes().filter(u8::is_ascii_digit).count();
    ["ses", "visit", "time", "baseline", "follow", "scan"]
        .iter()
        .any(|word| lower.starts_with(word))
        || (digits >= 6 && digits + 2 >= lower.len())
}

/// A folder a class.
pub(super) fn classes(tree: &Tree) -> Option<Result<Scanned, Faults>> {
    let shape = Shape::of(tree);
    if !matches!(shape.depth, Some(1 | 2)) || !shape.are_classes() {
        return None;
    }
    let mut cases = Vec::new();
    for group in &shape.groups {
        let of_patient = group.folders.get(1);
        for pair in &group.pairs {
            let sequence = names::sequence(&pair.name);
            let patient = of_patient.cloned().unwrap_or_else(|| {
                let plain = pair.name.split('_');
                let plain = plain.filter(|word| Some(*word) != sequence.as_deref());
                plain.collect::<Vec<_>>().join("_")
            });
            let id = match of_patient {
                Some(patient) => id_of(patient, &within(&pair.name, patient)),
                None => pair.name.clone(),
            };
            cases.push(ScannedCase {
                id,
                patient,
                sequence,
                target: group.folders.first().cloned(),
                part: group.part,
                image: pair.image.clone(),
                mask: pair.mask.clone(),
                ..ScannedCase::default()
            });
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for case in &cases {
        *counts
            .entry(case.target.clone().unwrap_or_default())
            .or_default() += 1;
    }
    let counts = counts
        .iter()
        .map(|(class, count)| format!("{class} {count}"));
    let note = format!(
        "classes by folder: {}",
        counts.collect::<Vec<_>>().join(", ")
    );
    let mut scanned = finished(cases, note, &shape);
    if shape.depth == Some(1) {
        let own = "patients by file, without a word for a sequence: correct PatientID where a patient has several files";
        scanned.notes.insert(1, own.to_owned());
    }
    Some(Ok(scanned))
}

/// A folder a patient.
pub(super) fn patients(tree: &Tree) -> Option<Result<Scanned, Faults>> {
    let shape = Shape::of(tree);
    if !matches!(shape.depth, Some(1 | 2)) || !shape.are_patients() {
        return None;
    }
    let mut cases = Vec::new();
    for group in &shape.groups {
        let patient = &group.folders[0];
        let inner = group.folders.get(1);
        for pair in &group.pairs {
            let name = within(&pair.name, patient);
            let named = inner.and_then(|folder| names::sequence(folder));
            let mut words: Vec<&str> = inner.map(String::as_str).into_iter().collect();
            if !name.is_empty() && inner.is_none_or(|inner| *inner != name) {
                words.push(&name);
            }
            cases.push(ScannedCase {
                id: id_of(patient, &words.join("_")),
                patient: patient.clone(),
                sequence: named.or_else(|| names::sequence(&name)),
                part: group.part,
                image: pair.image.clone(),
                mask: pair.mask.clone(),
                ..ScannedCase::default()
            });
        }
    }
    let patients: BTreeSet<&str> = cases.iter().map(|case| case.patient.as_str()).collect();
    let note = format!(
        "{} patients by folder; no class: add a column Target to train on one",
        patients.len()
    );
    Some(Ok(finished(cases, note, &shape)))
}

/// Pairs of files without folders for patients or classes.
pub(super) fn pairs(tree: &Tree) -> Option<Result<Scanned, Faults>> {
    let shape = Shape::of(tree);
    if shape.depth != Some(0) {
        return None;
    }
    let of_group = |group: &Group| -> Vec<ScannedCase> {
        let cases = group.pairs.iter().map(|pair| ScannedCase {
            id: pair.name.clone(),
            patient: pair.name.clone(),
            part: group.part,
            image: pair.image.clone(),
            mask: pair.mask.clone(),
            ..ScannedCase::default()
        });
        cases.collect()
    };
    let cases: Vec<ScannedCase> = shape.groups.iter().flat_map(of_group).collect();
    let note = "every pair counts as a patient of its own: correct PatientID where a patient has several; no class: add a \
                column Target to train on one";
    Some(Ok(finished(cases, note.to_owned(), &shape)))
}

fn id_of(patient: &str, rest: &str) -> String {
    if rest.is_empty() {
        patient.to_owned()
    } else {
        format!("{patient}_{rest}")
    }
}

/// The cases with ids that occur once.
fn finished(mut cases: Vec<ScannedCase>, note: String, shape: &Shape) -> Scanned {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for case in &mut cases {
        let count = seen.entry(case.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            case.id = format!("{}_{count}", case.id);
        }
    }
    let mut notes = vec![note];
    if cases.iter().any(|case| case.part.is_some()) {
        notes.push("parts of the split by folder".into());
    }
    notes.extend(passed_over("file(s) without a partner", &shape.alone));
    Scanned { cases, notes }
}
