//! nnU-Net's raw data: channels of a case in files of their own, one segmentation a case, folds in `splits_final.json`.
//!
//! ```text
//! imagesTr/CASE_0000.nii.gz  CASE_0001.nii.gz ...      labelsTr/CASE.nii.gz
//! imagesTs/                                            labelsTs/               (the test part, where it has labels)
//! dataset.json     channel_names, labels, file_ending
//! splits_final.json    [{"train": [CASE, ...], "val": [...]}, ...]
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use raduet_study::Part;
use serde_json::Value;

use super::tree::Tree;
use super::{Scanned, ScannedCase, names, passed_over};
use crate::error::{Code, Faults, ToolError};
use crate::io::read_small;

/// Folders of images and labels with the part they are.
const PARTS: [(&str, &str, Option<Part>); 2] = [
    ("imagesTr", "labelsTr", None),
    ("imagesTs", "labelsTs", Some(Part::Test)),
];
const DATASET: &str = "dataset.json";
const SPLITS: &str = "splits_final.json";
/// Both files are lists of names.
const LARGEST: u64 = 64 << 20;
/// Digits of a channel behind a case's name.
const DIGITS: usize = 4;

/// A folder with `imagesTr` and `labelsTr`.
pub(super) fn recognise(tree: &Tree) -> Option<Result<Scanned, Faults>> {
    let is_in = |folder: &str| tree.files.iter().any(|path| path.starts_with(folder));
    (is_in("imagesTr") && is_in("labelsTr")).then(|| read(tree).map_err(Faults::from))
}

fn read(tree: &Tree) -> Result<Scanned, ToolError> {
    let dataset = json(tree, DATASET)?.unwrap_or(Value::Null);
    let mut scanned = Scanned::default();
    let mut alone = Vec::new();
    for (images, labels, part) in PARTS {
        let masks: BTreeMap<String, &PathBuf> = tree
            .images()
            .filter(|path| path.starts_with(labels))
            .map(|path| (names::stem(path), path))
            .collect();
        for image in tree.images().filter(|path| path.starts_with(images)) {
            let stem = names::stem(image);
            let (case, channel) = channel(&stem);
            match masks.get(case) {
                Some(mask) => scanned.cases.push(ScannedCase {
                    id: stem.clone(),
                    patient: case.to_owned(),
                    sequence: channel.map(|at| channel_name(&dataset, at)),
                    part,
                    label: only_label(&dataset),
                    image: image.clone(),
                    mask: (*mask).clone(),
                    ..ScannedCase::default()
                }),
                None => alone.push(image.clone()),
            }
        }
    }
    let labels = foreground(&dataset);
    if labels.len() > 1 {
        let labels: Vec<String> = labels.iter().map(|(n, v)| format!("{n} {v}")).collect();
        scanned.notes.push(format!(
            "several labels ({}): choose one with --label, or measure all with extract --label all",
            labels.join(", ")
        ));
    }
    scanned
        .notes
        .push("no class: add a column Target to train on one".into());
    scanned
        .notes
        .extend(passed_over("image(s) without labels", &alone));
    divide(tree, &mut scanned)?;
    Ok(scanned)
}

/// A case's name and its channel: `CASE_0001`.
fn channel(stem: &str) -> (&str, Option<usize>) {
    let found = stem.rsplit_once('_').filter(|(_, digits)| {
        digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    match found {
        Some((case, digits)) => (case, digits.parse().ok()),
        None => (stem, None),
    }
}

/// The name of a channel, in both editions of the file.
fn channel_name(dataset: &Value, channel: usize) -> String {
    let named = ["channel_names", "modality"]
        .iter()
        .find_map(|key| dataset.get(key)?.get(channel.to_string())?.as_str());
    named.map_or_else(|| format!("channel {channel}"), str::to_owned)
}

/// Labels but the background: name and value, in both editions of the file.
fn foreground(dataset: &Value) -> Vec<(String, i64)> {
    let labels = dataset.get("labels").and_then(Value::as_object);
    let labels = labels.into_iter().flatten().filter_map(|(name, value)| {
        // {"liver": 1}, formerly {"1": "liver"}
        let pair = match (value.as_i64(), name.parse::<i64>()) {
            (Some(value), _) => (name.clone(), value),
            (None, Ok(value)) => (value_text(value_of(dataset, name)), value),
            _ => return None,
        };
        Some(pair)
    });
    labels.filter(|(_, value)| *value != 0).collect()
}

fn value_of<'v>(dataset: &'v Value, name: &str) -> &'v Value {
    &dataset["labels"][name]
}

fn value_text(value: &Value) -> String {
    value.as_str().unwrap_or("label").to_owned()
}

fn only_label(dataset: &Value) -> Option<i64> {
    match foreground(dataset)[..] {
        [(_, value)] => Some(value),
        _ => None,
    }
}

/// One fold becomes parts, several become the fold in which a case is held out.
fn divide(tree: &Tree, scanned: &mut Scanned) -> Result<(), ToolError> {
    let Some(splits) = json(tree, SPLITS)? else {
        return Ok(());
    };
    let wrong = || {
        ToolError::new(Code::Manifest, "no list of folds")
            .file(tree.root.join(SPLITS))
            .expected("[{\"train\": [case, ...], \"val\": [case, ...]}, ...]")
            .remedy("take the file that nnU-Net wrote, or take it away")
    };
    let folds = splits.as_array().ok_or_else(wrong)?;
    let names = |fold: &Value, key: &str| -> Option<Vec<String>> {
        let names = fold.get(key)?.as_array()?.iter();
        names.map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let mut unheard = 0;
    for (number, fold) in folds.iter().enumerate() {
        let (train, valid) = (
            names(fold, "train").ok_or_else(wrong)?,
            names(fold, "val").ok_or_else(wrong)?,
        );
        for case in scanned
            .cases
            .iter_mut()
            .filter(|case| case.part != Some(Part::Test))
        {
            if valid.contains(&case.patient) {
                if folds.len() == 1 {
                    case.part = Some(Part::Valid);
                } else {
                    case.fold = Some(number);
                }
            } else if folds.len() == 1 && train.contains(&case.patient) {
                case.part = Some(Part::Train);
            } else if folds.len() == 1 {
                unheard += 1;
            }
        }
    }
    scanned.notes.push(format!(
        "{SPLITS}: {} fold(s) to column {}",
        folds.len(),
        if folds.len() == 1 { "Split" } else { "Fold" }
    ));
    if unheard > 0 {
        scanned
            .notes
            .push(format!("{unheard} image(s) stand in no fold"));
    }
    Ok(())
}

fn json(tree: &Tree, name: &str) -> Result<Option<Value>, ToolError> {
    if !tree.has(Path::new(name)) {
        return Ok(None);
    }
    let path = tree.root.join(name);
    let bytes = read_small(&path, LARGEST)?;
    let value = serde_json::from_slice(&bytes).map_err(|fault| {
        ToolError::new(Code::Manifest, fault.to_string())
            .file(&path)
            .expected("JSON")
            .remedy("mend the file, or take it away")
    })?;
    Ok(Some(value))
}
