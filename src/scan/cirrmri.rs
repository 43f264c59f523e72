//! The folders of CirrMRI600+, which the cohort's reader knows.

use super::tree::Tree;
use super::{Scanned, ScannedCase};
use crate::cohort::LoadOptions;
use crate::cohort::cirrmri::Layout;
use crate::error::Faults;

/// The data set's folder, or that of one of its sequences.
pub(super) fn recognise(tree: &Tree) -> Option<Result<Scanned, Faults>> {
    let layout = Layout::find(&tree.root)?;
    Some(layout.load(&LoadOptions::default()).map(|loaded| {
        let inside =
            |path: &std::path::Path| path.strip_prefix(&tree.root).unwrap_or(path).to_owned();
        let cases = loaded.cohort.cases().iter().zip(&loaded.files);
        let cases = cases.map(|(case, files)| ScannedCase {
            id: case.id.to_string(),
            patient: case.patient.to_string(),
            sequence: case.sequence.clone(),
            target: Some(loaded.cohort.classes().name(case.label).to_owned()),
            part: case.published_part,
            fold: None,
            label: files.label_value,
            extra: files.extra.clone(),
            image: inside(&files.image),
            mask: inside(&files.mask),
        });
        let mut notes = loaded.notes.clone();
        notes.extend(
            loaded
                .failed
                .iter()
                .map(|fault| format!("left out: {fault}")),
        );
        notes.extend(loaded.warnings.iter().map(ToString::to_string));
        Scanned {
            cases: cases.collect(),
            notes,
        }
    }))
}
