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
/// # Panics
/// When the data folder is there but the file is not, or `RADUET_TEST_STRICT` is set and there is no
/// data folder: a missing file must not look like a passed test.
pub fn path(test: &str, inside: &str) -> Option<PathBuf> {
    let Some(root) = root() else {
        assert!(
            std::env::var_os(STRICT).is_none(),
            "{test}: no test data ({VARIABLE} is not set)"
        );
        // Written past the test harness, which shows what it captured of failed tests only.
        let mut screen = std::io::stderr().lock();
        let _ = writeln!(
            screen,
            "SKIPPED {test}: needs {inside} of the test data; set {VARIABLE}"
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
