//! The cases of a recognised folder as a CSV manifest, which `check`, `extract` and `compare` read.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use raduet_study::Part;

use super::ScannedCase;
use crate::error::{Code, Result, ToolError};
use crate::io::cell;

/// A column: its head and its cell, none where it says nothing of any case.
type Column = (&'static str, fn(&ScannedCase) -> Option<String>);

const COLUMNS: [Column; 7] = [
    ("ID", |case| Some(case.id.clone())),
    ("PatientID", |case| Some(case.patient.clone())),
    ("Sequence", |case| case.sequence.clone()),
    ("Target", |case| case.target.clone()),
    ("Split", |case| case.part.map(Part::name).map(str::to_owned)),
    ("Fold", |case| case.fold.map(|fold| fold.to_string())),
    ("Label", |case| case.label.map(|label| label.to_string())),
];

/// The manifest's text; columns without any value are left out. Paths are those from the folder `of` to the images.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn text(cases: &[ScannedCase], of: &Path) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let used = |column: &&Column| cases.iter().any(|case| column.1(case).is_some());
    let columns: Vec<&Column> = COLUMNS.iter().filter(used).collect();
    let further: BTreeSet<&String> = cases.iter().flat_map(|case| case.extra.keys()).collect();
    let mut out = ::csv::Writer::from_writer(Vec::new());
    let head = columns.iter().map(|column| column.0.to_owned());
    let head = head.chain(further.iter().map(|name| cell::text(name)));
    let head = head.chain(["Image", "Mask"].map(str::to_owned));
    out.write_record(head)
        .map_err(|fault| internal(fault.to_string()))?;
    for case in cases {
        let known = columns
            .iter()
            .map(|column| column.1(case).unwrap_or_default());
        let known = known.map(|text| cell::text(&text));
        let extra = further.iter().map(|name| {
            let value = case.extra.get(*name).map_or("", String::as_str);
            cell::text(value)
        });
        let paths = [&case.image, &case.mask].map(|path| path_text(&of.join(path)));
        out.write_record(known.chain(extra).chain(paths))
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}

/// A path that no spreadsheet runs and that still opens.
fn path_text(path: &Path) -> String {
    let text = path.to_string_lossy().into_owned();
    if cell::is_formula(&text) {
        format!("./{text}")
    } else {
        text
    }
}

/// The way from a manifest's folder to the scanned one: relative where the latter lies in the former, else absolute.
///
/// # Errors
/// [`Code::Output`] when the manifest's folder is not there.
pub fn way(manifest: &Path, root: &Path) -> Result<PathBuf> {
    let parent = match manifest.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let real = |path: &Path| {
        path.canonicalize().map_err(|fault| {
            ToolError::new(Code::Output, fault.to_string())
                .file(path)
                .remedy("name a folder that is there")
        })
    };
    let (from, to) = (real(parent)?, real(root)?);
    Ok(match to.strip_prefix(&from) {
        Ok(inner) => inner.to_owned(),
        Err(_) => to,
    })
}

/// The way as it is given, for a manifest that is written to the screen: from where the user stands.
pub fn from_here(root: &Path) -> PathBuf {
    let parts = root.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}
