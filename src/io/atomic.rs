//! Files that appear whole or not at all.
//!
//! Bytes go to a temporary file in the same folder; [`AtomicFile::finish`] brings them to disk, renames
//! the file to its name and brings the folder to disk. A kill or a full disk at any moment leaves the
//! old file or none, never a cut one under the final name.
//!
//! Every call that reaches the disk passes `fault::strike` first: a no-op, except in the tests of this crate,
//! which make each call fail in turn.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::fault;
use crate::error::{Code, Result, ToolError};

/// How names of temporary files begin and end.
const BEGINNING: &str = ".raduet-";
const ENDING: &str = ".part";

/// Removes temporary files that a killed process has left in a folder. Only for folders that nobody else writes to.
///
/// # Errors
/// `E_OUTPUT` when one cannot be removed; a folder that is not there has none.
pub fn sweep(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(BEGINNING) && name.ends_with(ENDING) && path.is_file() {
            fs::remove_file(&path).map_err(|error| output_error(&path, &error))?;
        }
    }
    Ok(())
}

/// A file being written. Dropped without [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile {
    writer: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl AtomicFile {
    /// Begins a file in a folder that exists.
    ///
    /// # Errors
    /// `E_OUTPUT` when nothing can be created there.
    pub fn create(path: &Path) -> Result<Self> {
        let temporary = fault::strike(path)
            .and_then(|()| {
                tempfile::Builder::new()
                    .prefix(BEGINNING)
                    .suffix(ENDING)
                    .permissions_if_unix()
                    .tempfile_in(folder_of(path))
            })
            .map_err(|error| output_error(path, &error))?;
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 16, temporary),
            path: path.to_owned(),
        })
    }

    /// Puts the file under its name.
    ///
    /// # Errors
    /// `E_OUTPUT`; an older file of that name is then still whole.
    pub fn finish(self) -> Result<()> {
        let path = self.path.clone();
        let placed = || -> io::Result<()> {
            let temporary = self.on_disk()?;
            fault::strike(&path)?;
            temporary.persist(&path)?;
            // A rename is safe from power loss only once its folder is on disk.
            sync_folder(folder_of(&path))
        };
        placed().map_err(|error| output_error(&path, &error))
    }

    /// The file with all its bytes on disk, not under its name yet.
    fn on_disk(self) -> io::Result<NamedTempFile> {
        let temporary = self
            .writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        fault::strike(&self.path)?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    }

    /// An error of one of the writes, as the tool's.
    pub fn error(&self, error: &io::Error) -> ToolError {
        output_error(&self.path, error)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault::strike(&self.path)?;
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes a whole file at once.
///
/// # Errors
/// `E_OUTPUT`.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|error| file.error(&error))?;
    file.finish()
}

/// Writes several whole files, which get their names in their order once all of them are on disk. Waits for the
/// disk about as long as one file does.
///
/// # Errors
/// `E_OUTPUT`; each of the names then has its new file, or its old one, whole.
pub fn write_files<P: AsRef<Path> + Sync>(files: &[(P, Vec<u8>)]) -> Result<()> {
    let paths = files.iter().map(|(path, _)| path.as_ref());
    let write = |(path, bytes): &(P, Vec<u8>)| {
        let path = path.as_ref();
        let mut file = AtomicFile::create(path)?;
        file.write_all(bytes).map_err(|error| file.error(&error))?;
        file.on_disk().map_err(|error| output_error(path, &error))
    };
    // Threads that wait for the disk, not for a processor: one for each file, however many compute.
    let written = std::thread::scope(|scope| -> Result<Vec<NamedTempFile>> {
        let start = |file| {
            let thread = std::thread::Builder::new();
            // Where there is no thread to be had, the file is written here.
            let started = thread.spawn_scoped(scope, move || write(file));
            started.map_err(|_| write(file))
        };
        let writers: Vec<_> = files.iter().map(start).collect();
        let written = writers.into_iter().map(|writer| match writer {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(written) => written,
        });
        written.collect()
    })?;
    let mut folders: Vec<&Path> = paths.clone().map(folder_of).collect();
    folders.sort_unstable();
    folders.dedup();
    for (path, file) in paths.zip(written) {
        fault::strike(path)
            .and_then(|()| Ok(file.persist(path)?))
            .map_err(|error| output_error(path, &error))?;
    }
    for folder in folders {
        sync_folder(folder).map_err(|error| output_error(folder, &error))?;
    }
    Ok(())
}

/// Brings a folder's list of names to disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::strike(folder)?;
    File::open(folder)?.sync_all()
}

/// Makes a folder for results and tries whether files can be written there, before work begins.
///
/// # Errors
/// `E_OUTPUT`.
pub fn prepare_folder(path: &Path) -> Result<()> {
    let tried = || -> io::Result<()> {
        fault::strike(path)?;
        fs::create_dir_all(path)?;
        fault::strike(path)?;
        let mut probe = tempfile::Builder::new()
            .prefix(BEGINNING)
            .suffix(ENDING)
            .tempfile_in(path)?;
        probe.write_all(b"probe")?;
        probe.as_file().sync_all()?;
        probe.close()
    };
    tried().map_err(|error| output_error(path, &error))
}

/// An operating system's error while writing `path`.
pub fn output_error(path: &Path, error: &io::Error) -> ToolError {
    let remedy = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: make room and start again, or choose another folder"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder you may write to"
        }
        io::ErrorKind::NotFound => "make the folder first, or choose another one",
        _ => "choose another folder or check the disk",
    };
    ToolError::new(Code::Output, format!("cannot be written: {error}"))
        .file(path)
        .remedy(remedy)
}

/// The folder a path lies in; the current one for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Results are for sharing: temporary files would be readable by their owner only.
trait UsualPermissions {
    fn permissions_if_unix(&mut self) -> &mut Self;
}

impl UsualPermissions for tempfile::Builder<'_, '_> {
    #[cfg(unix)]
    fn permissions_if_unix(&mut self) -> &mut Self {
        use std::os::unix::fs::PermissionsExt;
        // The process's umask takes its bits away, as for any new file.
        self.permissions(fs::Permissions::from_mode(0o666))
    }

    #[cfg(not(unix))]
    fn permissions_if_unix(&mut self) -> &mut Self {
        self
    }
}
