//! One writer at a time: a file that one process holds and that names it.
//!
//! The lock is the operating system's and ends with the process, however that ends; the file's content, the
//! number of the process, only tells others whom to wait for.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Code, Result, ToolError};
use crate::io::atomic::output_error;
use crate::io::fault;

/// Longer content than this names no process.
const LONGEST_NUMBER: u64 = 32;

/// What becomes of the lock's file when the lock is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// It goes.
    Remove,
    /// It stays: its folder is known by it.
    Keep,
}

/// A lock that this process holds until it is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    afterwards: Afterwards,
    /// Held for its lock only.
    _file: File,
}

impl Lock {
    /// Takes the lock without waiting.
    ///
    /// # Errors
    /// [`Code::OutputTaken`] naming the process that holds it; [`Code::Output`] when the file cannot be made, or is
    /// somebody else's.
    pub fn take(path: &Path, afterwards: Afterwards) -> Result<Self> {
        /// A file that was removed between opening and locking is opened again; that happens once a holder ends.
        const TRIES: usize = 100;
        let refused = |fault: std::io::Error| output_error(path, &fault);
        for _ in 0..TRIES {
            let mut file = fault::strike(path)
                .and_then(|()| {
                    File::options()
                        .create(true)
                        .truncate(false)
                        .read(true)
                        .write(true)
                        .open(path)
                })
                .map_err(refused)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held(path, &mut file)),
                Err(TryLockError::Error(fault)) => return Err(refused(fault)),
            }
            if !is_still(&file, path) {
                continue;
            }
            if !is_lock(&mut file) {
                let found = "a file of this name is there, and it is no lock";
                return Err(ToolError::new(Code::Output, found)
                    .file(path)
                    .remedy("rename that file, or choose another output"));
            }
            let named = fault::strike(path).and_then(|()| name(&mut file));
            if let Err(fault) = named {
                // A lock without a number is taken by the next process all the same.
                if afterwards == Afterwards::Remove {
                    let _ = fs::remove_file(path);
                }
                return Err(refused(fault));
            }
            return Ok(Self {
                path: path.to_owned(),
                afterwards,
                _file: file,
            });
        }
        Err(ToolError::new(
            Code::OutputTaken,
            "other processes take and leave this output",
        )
        .file(path)
        .remedy("wait for them, or choose another output"))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.afterwards == Afterwards::Remove {
            // Still locked: whoever opened it meanwhile sees that it is gone. If it cannot go, it is only litter.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes this process's number into its lock.
fn name(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())
}

fn held(path: &Path, file: &mut File) -> ToolError {
    let text = content(file).unwrap_or_default();
    let who = text.trim().parse::<u32>().map_or_else(
        |_| "another process".to_owned(),
        |pid| format!("another process (pid {pid})"),
    );
    ToolError::new(Code::OutputTaken, format!("{who} is writing this output"))
        .file(path)
        .expected("one process for one output")
        .remedy("wait for it, or choose another output")
}

/// Whether a file can be a lock by its content: the number of a process, or nothing yet.
fn is_lock(file: &mut File) -> bool {
    content(file).is_some_and(|text| text.trim().chars().all(|c| c.is_ascii_digit()))
}

/// What stands in a lock; none where it cannot be text.
fn content(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(LONGEST_NUMBER).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Whether the open file is the one under its name.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => open.ino() == named.ino() && open.dev() == named.dev(),
        _ => false,
    }
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_still(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn somebody_elses_file_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.lock");
        fs::write(&path, "version = 4\n").unwrap();
        let refused = Lock::take(&path, Afterwards::Remove).unwrap_err();
        assert_eq!(refused.code, Code::Output);
        assert_eq!(fs::read_to_string(&path).unwrap(), "version = 4\n");
    }

    #[test]
    fn the_second_is_told_whom_to_wait_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.lock");
        let first = Lock::take(&path, Afterwards::Remove).unwrap();
        let refused = Lock::take(&path, Afterwards::Remove).unwrap_err();
        assert_eq!(refused.code, Code::OutputTaken);
        assert_eq!(refused.code.exit(), Exit::Usage);
        let pid = format!("pid {}", std::process::id());
        assert!(refused.found.contains(&pid), "{refused}");
        drop(first);
        assert!(!path.exists());
        Lock::take(&path, Afterwards::Keep).unwrap();
        assert!(path.exists());
        Lock::take(&path, Afterwards::Keep).unwrap();
    }
}
