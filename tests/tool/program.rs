//! Starts the program and keeps what it said.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A finished run.
pub(crate) struct Finished {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program with these arguments, in this folder.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raduet"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Finished {
    finished(
        command(folder, arguments)
            .output()
            .expect("the program starts"),
    )
}

/// Runs the program and insists on its success.
pub(crate) fn succeed(folder: &Path, arguments: &[&str]) -> Finished {
    let finished = run(folder, arguments);
    assert_eq!(finished.status, 0, "{arguments:?}: {}", finished.stderr);
    finished
}

pub(crate) fn finished(output: Output) -> Finished {
    Finished {
        status: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}
