//! A folder that holds its manifest already.

use std::path::{Path, PathBuf};

use super::tree::Tree;
use super::{Scanned, ScannedCase};
use crate::cohort::MANIFEST_NAME;
use crate::error::{Code, Faults, ToolError};
use crate::io::manifest_csv::{ManifestTable, read_manifest};

/// `manifest.csv`, else the one CSV at the root that reads as a manifest.
pub(super) fn recognise(tree: &Tree) -> Option<Result<Scanned, Faults>> {
    if tree.has(MANIFEST_NAME) {
        let path = tree.root.join(MANIFEST_NAME);
        return Some(
            read_manifest(&path).map(|table| taken(tree, table, Path::new(MANIFEST_NAME))),
        );
    }
    let is_csv = |path: &&PathBuf| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
    };
    let mut manifests: Vec<(&PathBuf, ManifestTable)> = tree
        .at_root()
        .filter(is_csv)
        .filter_map(|path| Some((path, read_manifest(&tree.root.join(path)).ok()?)))
        .collect();
    if manifests.len() > 1 {
        let names: Vec<String> = manifests
            .iter()
            .map(|(path, _)| path.display().to_string())
            .collect();
        let fault = ToolError::new(
            Code::Manifest,
            format!("{} manifests: {}", names.len(), names.join(", ")),
        )
        .file(&tree.root)
        .expected("one, or one called manifest.csv")
        .remedy("name the manifest itself to check, extract and compare");
        return Some(Err(fault.into()));
    }
    let (path, table) = manifests.pop()?;
    Some(Ok(taken(tree, table, path)))
}

fn taken(tree: &Tree, table: ManifestTable, name: &Path) -> Scanned {
    // A manifest may name files elsewhere; their paths then stay whole.
    let inside = |path: &Path| match path.strip_prefix(&tree.root) {
        Ok(inner) => inner.to_owned(),
        Err(_) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    };
    let mut notes = vec![format!("manifest: {}", name.display())];
    notes.extend(table.notes);
    let cases = table.rows.into_iter().map(|row| {
        let mut extra = row.extra;
        if let Some(site) = row.site {
            extra.insert("Site".into(), site);
        }
        ScannedCase {
            image: inside(&row.image),
            mask: inside(&row.mask),
            id: row.id,
            patient: row.patient,
            sequence: row.sequence,
            target: row.target,
            part: row.part,
            fold: row.fold.and_then(|fold| usize::try_from(fold).ok()),
            label: row.mask_label,
            extra,
        }
    });
    Scanned {
        cases: cases.collect(),
        notes,
    }
}
