//! Reads the small reference files under `tests/reference` of the workspace.

use std::path::{Path, PathBuf};

/// A file of the reference folder.
fn path(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/reference")
        .join(inside)
}

/// The text of a file; a missing one is a failure.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads its reference values; the room itself reads nothing"
)]
fn text(inside: &str) -> String {
    let path = path(inside);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The rows of a comma-separated file, without comments and header.
pub(crate) fn rows(inside: &str) -> Vec<Vec<String>> {
    text(inside)
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

/// One number of a cell.
pub(crate) fn number(cell: &str) -> f64 {
    cell.parse()
        .unwrap_or_else(|e| panic!("'{cell}' is no number: {e}"))
}

/// The numbers of a cell, separated by spaces.
pub(crate) fn numbers(cell: &str) -> Vec<f64> {
    cell.split(' ').map(number).collect()
}

/// A JSON file.
pub(crate) fn json(inside: &str) -> serde_json::Value {
    serde_json::from_str(&text(inside)).unwrap_or_else(|e| panic!("{inside}: {e}"))
}
