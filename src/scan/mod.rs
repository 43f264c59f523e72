//! `raduet scan`: a folder recognised, as a manifest.
//!
//! | layout | looks like | file |
//! |---|---|---|
//! | `csv` | a CSV at the root with columns Image and Mask | `csv` |
//! | `cirrmri600` | the folders of CirrMRI600+ | `cirrmri` |
//! | `nnunet` | `imagesTr/CASE_0000.nii.gz`, `labelsTr/CASE.nii.gz`, `dataset.json`, `splits_final.json` | `nnunet` |
//! | `bids` | `sub-*/[ses-*/]anat/`, masks in `derivatives/`, `participants.tsv` | `bids` |
//! | `classes` | a folder a class, below it a folder or a pair of files a patient | `folders` |
//! | `patients` | a folder a patient with images and masks, by sequence where there are several | `folders` |
//! | `pairs` | `images/` and `masks/` with the same names, or pairs of files | `folders` |
//!
//! Folders `train`, `valid`, `test` above the last three are parts of a split. Layouts are recognised by names; of files
//! without an ending the first bytes are looked at, for DICOM's mark. Where several layouts fit, nothing is guessed: the candidates are listed.

mod bids;
mod cirrmri;
mod csv;
mod folders;
pub mod manifest;
mod names;
mod nnunet;
mod pairs;
pub mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use raduet_study::Part;

use crate::error::{Code, Faults, ToolError};
use tree::Tree;

/// One case of a recognised folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScannedCase {
    /// Identity.
    pub id: String,
    /// Whose image it is.
    pub patient: String,
    /// Imaging sequence.
    pub sequence: Option<String>,
    /// Class.
    pub target: Option<String>,
    /// Part of a published split.
    pub part: Option<Part>,
    /// Fold in which the case is held out.
    pub fold: Option<usize>,
    /// Value of the region in the mask.
    pub label: Option<i64>,
    /// Further columns.
    pub extra: BTreeMap<String, String>,
    /// The image, relative to the folder.
    pub image: PathBuf,
    /// Its mask, likewise.
    pub mask: PathBuf,
}

/// A recognised folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scanned {
    /// The cases in order.
    pub cases: Vec<ScannedCase>,
    /// What was taken for what, and what was passed over.
    pub notes: Vec<String>,
}

/// Whether and how a layout fits: none where its marks are absent.
type Recognise = fn(&Tree) -> Option<Result<Scanned, Faults>>;

/// A layout by its name.
struct Layout {
    name: &'static str,
    /// Known by marks of its own; the others by the shape of the folders.
    is_marked: bool,
    recognise: Recognise,
}

const fn marked(name: &'static str, recognise: Recognise) -> Layout {
    Layout {
        name,
        is_marked: true,
        recognise,
    }
}

const fn shaped(name: &'static str, recognise: Recognise) -> Layout {
    Layout {
        name,
        is_marked: false,
        recognise,
    }
}

const LAYOUTS: [Layout; 7] = [
    marked("csv", csv::recognise),
    marked("cirrmri600", cirrmri::recognise),
    marked("nnunet", nnunet::recognise),
    marked("bids", bids::recognise),
    shaped("classes", folders::classes),
    shaped("patients", folders::patients),
    shaped("pairs", folders::pairs),
];

/// Names of all layouts.
pub fn layouts() -> Vec<&'static str> {
    LAYOUTS.iter().map(|layout| layout.name).collect()
}

/// Recognises a folder: its layout's name and its cases. `wanted` names the layout; none leaves it to the folder.
///
/// # Errors
/// [`Code::Manifest`] for a folder of no layout, of several, or with faults in the files of its layout; the faults of
/// listing it.
pub fn scan(root: &Path, wanted: Option<&str>) -> Result<(&'static str, Scanned), Faults> {
    let tree = Tree::of(root)?;
    let mut fitting = Vec::new();
    for layout in &LAYOUTS {
        let is_asked = wanted.is_none_or(|wanted| wanted == layout.name);
        // Marks say more than shapes.
        let is_open = wanted.is_some() || layout.is_marked || fitting.is_empty();
        let shaped_only = fitting.iter().all(|(of, _): &(&Layout, _)| !of.is_marked);
        if is_asked && (is_open || (shaped_only && !layout.is_marked)) {
            let found = (layout.recognise)(&tree);
            fitting.extend(found.map(|found| (layout, found)));
        }
    }
    let candidates: Vec<&str> = fitting.iter().map(|(layout, _)| layout.name).collect();
    if candidates.len() > 1 {
        let found = format!("layouts {} fit", candidates.join(" and "));
        return Err(ToolError::new(Code::Manifest, found)
            .file(root)
            .expected("one layout")
            .remedy(format!(
                "say which with --layout {}",
                candidates.join(" or ")
            ))
            .into());
    }
    let Some((layout, scanned)) = fitting.pop() else {
        let found = match wanted {
            Some(wanted) => format!("not of the layout {wanted}"),
            None => "a folder of no known layout".to_owned(),
        };
        let images = tree.images().count();
        return Err(
            ToolError::new(Code::Manifest, format!("{found}, {images} image file(s)"))
                .file(root)
                .expected(format!("one of the layouts {}", layouts().join(", ")))
                .remedy(
                    "write a manifest by hand with the columns ID, PatientID, Image, Mask, Target",
                )
                .into(),
        );
    };
    let mut scanned = scanned?;
    scanned.notes.extend(tree.notes);
    Ok((layout.name, scanned))
}

/// Files that were passed over, the first by name.
fn passed_over(what: &str, files: &[PathBuf]) -> Option<String> {
    let first = files.first()?;
    Some(format!(
        "{} {what} passed over, the first: {}",
        files.len(),
        first.display()
    ))
}
