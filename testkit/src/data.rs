//! Where the bulky test data lie, and what to do when they are not there.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Environment variable that names the folder of the test data.
pub const VARIABLE: &str = "RADUET_TEST_DATA";

/// Environment variable that turns a skipped test into a failure.
pub const STRICT: &str = "RADUET_TEST_STRICT";

/// The folder of the bulky test data: `RADUET_TEST_DATA`, else `shared` beside the workspace.
pub fn root() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return Some(PathBuf::from(path));
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    beside.is_dir().then_some(beside)
}

/// A path inside the test data, or `None` after saying loudly that `test` skips.
///
/// The sets of test data (`ibsi`, `pyradiomics`, `data/lgg_mri` …) have licences of their own and may be there
/// one by one: a set that is absent is a skip.
///
/// # Panics
/// When the set is there but the file is not, or `RADUET_TEST_STRICT` is set and the set is absent: a
/// missing file must not look like a passed test.
pub fn path(test: &str, inside: &str) -> Option<PathBuf> {
    let root = root().filter(|root| root.join(set(inside)).is_dir());
    let Some(root) = root else {
        assert!(
            std::env::var_os(STRICT).is_none(),
            "{test}: no test data {inside} ({VARIABLE} names their folder)"
        );
        // Written past the test harness, which shows what it captured of failed tests only.
        let mut screen = std::io::stderr().lock();
        let _ = writeln!(
            screen,
            "SKIPPED {test}: needs {inside} of the test data; {VARIABLE} names their folder"
        );
        return None;
    };
    let file = root.join(inside);
    assert!(
        file.exists(),
        "{test}: {} is missing from the test data",
        file.display()
    );
    Some(file)
}

/// The set that a file belongs to: its top folder, below `data` the one after it.
fn set(inside: &str) -> String {
    let depth = if inside.starts_with("data/") { 2 } else { 1 };
    let parts: Vec<&str> = inside.split('/').take(depth).collect();
    parts.join("/")
}
