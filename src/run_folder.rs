//! The folder of a run: its results, and while it runs, its state.
//!
//! `state/` holds what a stopped run needs to go on: the run's key, the journal of measured cases, the
//! journal of finished models, the checkpoint of the network in training. It is removed when the run
//! is complete. A lock on `state/lock` keeps two processes out of one folder; it is the operating
//! system's and ends with the process, however that ends.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{Code, Result, ToolError};
use crate::io::atomic::{output_error, prepare_folder, write_file};

const STATE: &str = "state";
const KEY: &str = "key";
const LOCK: &str = "lock";

/// Whether an earlier, unfinished run is continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From nothing; the state of an earlier run is removed.
    Anew,
    /// Where an earlier run of the same study stopped.
    Resume,
}

/// An output folder that this process owns.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    key: String,
    _lock: File,
}

impl RunFolder {
    /// Takes the folder, and tries whether it can be written before work begins.
    ///
    /// # Errors
    /// [`Code::Output`] when it cannot be written or another process works in it;
    /// [`Code::Settings`] when an unfinished run of another study is to be resumed.
    pub fn open(path: &Path, key: &str, start: Start) -> Result<Self> {
        prepare_folder(path)?;
        let state = path.join(STATE);
        prepare_folder(&state)?;
        let lock = lock(&state)?;
        let key_file = state.join(KEY);
        let before = fs::read_to_string(&key_file).ok();
        match (start, before.as_deref()) {
            (Start::Resume, Some(before)) if before != key => {
                return Err(ToolError::new(
                    Code::Settings,
                    "the unfinished run here has other settings",
                )
                .file(path)
                .expected("the settings, cohort and version it was begun with")
                .remedy("use those, or leave out --resume to begin anew"));
            }
            (Start::Resume, Some(_)) => {}
            (Start::Anew, _) | (Start::Resume, None) => clear(&state)?,
        }
        write_file(&key_file, key.as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
            key: key.to_owned(),
            _lock: lock,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What makes two runs the same.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A file of the state.
    pub fn state(&self, name: &str) -> PathBuf {
        self.path.join(STATE).join(name)
    }

    /// Writes a result, whole or not at all. `name` may lie in a folder of the run.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|fault| output_error(folder, &fault))?;
        }
        write_file(&path, bytes)
    }

    /// Removes a result that this run does not have, such as the failures of an earlier one.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn remove(&self, name: &str) -> Result<()> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                Err(output_error(&path, &fault))
            }
            _ => Ok(()),
        }
    }

    /// The run is complete: its state goes.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn finish(self) -> Result<()> {
        let state = self.path.join(STATE);
        fs::remove_dir_all(&state).map_err(|fault| output_error(&state, &fault))
    }
}

fn lock(state: &Path) -> Result<File> {
    let path = state.join(LOCK);
    let refused = |fault: std::io::Error| output_error(&path, &fault);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ToolError::new(
            Code::Usage,
            "another process is working in this folder",
        )
        .file(state)
        .remedy("wait for it, or choose another output folder")),
        Err(TryLockError::Error(fault)) => Err(refused(fault)),
    }
}

/// Removes everything but the lock.
fn clear(state: &Path) -> Result<()> {
    let refused = |fault: std::io::Error| output_error(state, &fault);
    for entry in fs::read_dir(state).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if entry.file_name() != LOCK {
            fs::remove_file(entry.path()).map_err(refused)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_owners_are_refused_and_state_goes_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = RunFolder::open(&path, "key", Start::Anew).unwrap();
        let second = RunFolder::open(&path, "key", Start::Anew).unwrap_err();
        assert_eq!(second.code, Code::Usage);
        run.write("models/x.json", b"{}").unwrap();
        run.finish().unwrap();
        assert!(path.join("models/x.json").exists() && !path.join(STATE).exists());
    }

    #[test]
    fn only_the_same_study_is_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let open = |key: &str, start| RunFolder::open(folder.path(), key, start);
        let run = open("one", Start::Anew).unwrap();
        std::fs::write(run.state("journal"), "x").unwrap();
        drop(run);
        assert_eq!(open("two", Start::Resume).unwrap_err().code, Code::Settings);
        assert!(
            open("one", Start::Resume)
                .unwrap()
                .state("journal")
                .exists()
        );
        assert!(!open("two", Start::Anew).unwrap().state("journal").exists());
    }
}
