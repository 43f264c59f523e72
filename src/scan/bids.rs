//! BIDS: `sub-01/[ses-1/]anat/sub-01_ses-1_T1w.nii.gz`, masks below `derivatives/` by the same subject and session,
//! `participants.tsv` with what is known of subjects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::tree::Tree;
use super::{Scanned, ScannedCase, names, passed_over};
use crate::error::{Code, Faults, ToolError};
use crate::io::read_small;

const PARTICIPANTS: &str = "participants.tsv";
/// A line a subject.
const LARGEST: u64 = 64 << 20;
/// Columns of participants that mean the class, best first.
const CLASSES: [&str; 6] = ["target", "class", "diagnosis", "stage", "outcome", "group"];
/// Suffixes of masks.
const MASKS: [&str; 3] = ["mask", "dseg", "roi"];

/// Whose file it is and what it shows, from its name.
struct Entities {
    subject: String,
    session: Option<String>,
    suffix: String,
    stem: String,
}

/// Subjects with `anat` folders.
pub(super) fn recognise(tree: &Tree) -> Option<Result<Scanned, Faults>> {
    let is_raw = |path: &&PathBuf| {
        let names = names::components(path);
        names[0].starts_with("sub-") && names.iter().any(|name| name == "anat")
    };
    let images: Vec<&PathBuf> = tree.images().filter(is_raw).collect();
    (!images.is_empty()).then(|| read(tree, &images))
}

fn read(tree: &Tree, images: &[&PathBuf]) -> Result<Scanned, Faults> {
    let subjects = participants(tree)?;
    let derived = tree.images().filter(|path| path.starts_with("derivatives"));
    let all = derived.chain(images.iter().copied());
    let masks: Vec<(&PathBuf, Entities)> = all
        .filter_map(|path| Some((path, entities(path)?)))
        .filter(|(_, of)| MASKS.contains(&&*of.suffix))
        .collect();
    let mut scanned = Scanned::default();
    let (mut alone, mut several) = (Vec::new(), Vec::new());
    for image in images {
        let Some(of) = entities(image).filter(|of| !MASKS.contains(&&*of.suffix)) else {
            continue;
        };
        let of_image: Vec<&(&PathBuf, Entities)> = masks
            .iter()
            .filter(|(_, mask)| mask.subject == of.subject && mask.session == of.session)
            .collect();
        let naming: Vec<&&(&PathBuf, Entities)> = of_image
            .iter()
            .filter(|(_, mask)| mask.stem.contains(&*of.suffix))
            .collect();
        let mask = match (&naming[..], &of_image[..]) {
            ([(mask, _)], _) | ([], [(mask, _)]) => (*mask).clone(),
            ([], []) => {
                alone.push((*image).clone());
                continue;
            }
            _ => {
                several.push((*image).clone());
                continue;
            }
        };
        let known = subjects.get(&of.subject);
        let (target, extra) = known.cloned().unwrap_or_default();
        scanned.cases.push(ScannedCase {
            id: of.stem,
            patient: of.subject,
            sequence: Some(of.suffix),
            target,
            extra,
            image: (*image).clone(),
            mask,
            ..ScannedCase::default()
        });
    }
    if let Some(first) = several.first() {
        let found = format!("{} image(s) with several masks", several.len());
        return Err(ToolError::new(Code::Manifest, found)
            .file(tree.root.join(first))
            .expected("one mask for each subject, session and suffix")
            .remedy("take the other masks away, or write the manifest by hand")
            .into());
    }
    if scanned.cases.iter().all(|case| case.target.is_none()) {
        let note = "no class in participants.tsv: add a column Target to train on one";
        scanned.notes.push(note.into());
    }
    scanned
        .notes
        .extend(passed_over("image(s) without a mask", &alone));
    Ok(scanned)
}

/// `sub-01_ses-1_space-T1w_mask`: entities by their keys, the last word the suffix.
fn entities(path: &Path) -> Option<Entities> {
    let stem = names::stem(path);
    let mut words = stem.split('_');
    let subject = words.next().filter(|word| word.starts_with("sub-"))?;
    let session = words.clone().find(|word| word.starts_with("ses-"));
    let suffix = words.next_back()?;
    Some(Entities {
        subject: subject.to_owned(),
        session: session.map(str::to_owned),
        suffix: suffix.to_owned(),
        stem: stem.clone(),
    })
}

/// Class and further columns of every subject.
type Subjects = BTreeMap<String, (Option<String>, BTreeMap<String, String>)>;

fn participants(tree: &Tree) -> Result<Subjects, Faults> {
    if !tree.has(PARTICIPANTS) {
        return Ok(Subjects::new());
    }
    let path = tree.root.join(PARTICIPANTS);
    let wrong = |found: String| {
        ToolError::new(Code::Manifest, found)
            .file(&path)
            .expected("tabs between columns, participant_id the first")
            .remedy("mend the file, or take it away")
    };
    let bytes = read_small(&path, LARGEST)?;
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .flexible(true)
        .from_reader(&bytes[..]);
    let head: Vec<String> = reader
        .headers()
        .map_err(|fault| wrong(fault.to_string()))?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    let Some(id) = head.iter().position(|name| name == "participant_id") else {
        return Err(wrong(format!("columns {}", head.join(", "))).into());
    };
    let class = CLASSES.iter().find_map(|class| {
        head.iter()
            .position(|name| name.eq_ignore_ascii_case(class))
    });
    let mut subjects = Subjects::new();
    for record in reader.records() {
        let record = record.map_err(|fault| wrong(fault.to_string()))?;
        let known = |at: usize| {
            let value = record.get(at).map(str::trim);
            value
                .filter(|value| !value.is_empty() && *value != "n/a")
                .map(str::to_owned)
        };
        let Some(subject) = known(id) else { continue };
        let further = (0..head.len()).filter(|at| *at != id && Some(*at) != class);
        let further = further.filter_map(|at| Some((head[at].clone(), known(at)?)));
        subjects.insert(subject, (class.and_then(known), further.collect()));
    }
    Ok(subjects)
}
