//! What is finished, written down as it is finished, so that a stopped run loses at most a second.
//!
//! One record a line: 16 hexadecimal digits of the SHA-256 of the rest, a blank, the record as JSON.
//! The first record is the run's key. A line that is cut or does not fit its digits ends the journal:
//! it and whatever follows are dropped. Appends reach the disk in batches: a thread of the journal's own brings
//! there what was appended within the last second, also while a long case is being measured.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Code, Result, ToolError};
use crate::io::atomic::{folder_of, output_error, sync_folder};
use crate::io::fault;
use crate::provenance::digest;

/// Records reach the disk at least this often.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Digits of the digest in front of each record.
const DIGITS: usize = 16;

/// An append-only file of records under one key.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// Bytes of whole records.
    whole: u64,
    flusher: Flusher,
}

/// Brings a file to disk once a second where something was appended.
#[derive(Debug)]
struct Flusher {
    /// Appended since the disk was last waited for.
    behind: Arc<AtomicBool>,
    /// The disk refused; the next append says so.
    failed: Arc<AtomicBool>,
    /// Closed to end the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    fn start(file: File) -> std::io::Result<Self> {
        let (end, ended) = channel();
        let [behind, failed] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let (is_behind, has_failed) = (Arc::clone(&behind), Arc::clone(&failed));
        let work = move || {
            while matches!(
                ended.recv_timeout(SYNC_EVERY),
                Err(RecvTimeoutError::Timeout)
            ) {
                if is_behind.swap(false, Ordering::AcqRel) && file.sync_data().is_err() {
                    has_failed.store(true, Ordering::Release);
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(work)?;
        Ok(Self {
            behind,
            failed,
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It does nothing that panics.
            let _ = thread.join();
        }
    }
}

impl Journal {
    /// Opens the journal of a run, and gives back the records of an earlier run with the same key.
    /// A journal of another key is begun anew.
    ///
    /// # Errors
    /// [`Code::Output`] when the file cannot be read or written, or is no journal; [`Code::OutputTaken`] when another
    /// process holds it.
    pub fn open<T: DeserializeOwned>(path: &Path, key: &str) -> Result<(Self, Vec<T>)> {
        let refused = |fault: std::io::Error| output_error(path, &fault);
        fault::strike(path).map_err(refused)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(
                    ToolError::new(Code::OutputTaken, "another process is writing here")
                        .file(path)
                        .remedy("wait for it, or choose another output"),
                );
            }
            Err(TryLockError::Error(fault)) => return Err(refused(fault)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(refused)?;
        if !is_journal(&text) {
            let found = "a file of this name is there, and it is no journal";
            return Err(ToolError::new(Code::Output, found)
                .file(path)
                .remedy("rename that file, or choose another output"));
        }
        let (records, whole) = replay(&text, key);
        fault::strike(path)
            .and_then(|()| file.set_len(whole as u64))
            .map_err(refused)?;
        file.seek(SeekFrom::End(0)).map_err(refused)?;
        // The name of a new file is safe from power loss only once its folder is on disk.
        sync_folder(folder_of(path)).map_err(refused)?;
        let flusher = file.try_clone().and_then(Flusher::start).map_err(refused)?;
        let mut journal = Self {
            file,
            path: path.to_owned(),
            whole: whole as u64,
            flusher,
        };
        if whole == 0 {
            journal.append(&key)?;
        }
        Ok((journal, records))
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Code::Output`] when it cannot be written.
    pub fn append<T: Serialize>(&mut self, record: &T) -> Result<()> {
        let json = serde_json::to_string(record)
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
        let line = format!("{} {json}\n", &digest(json.as_bytes())[..DIGITS]);
        let written = fault::strike(&self.path).and_then(|()| self.file.write_all(line.as_bytes()));
        if let Err(fault) = written {
            // Half a record would hide those that follow it. Where even this fails, the next start does it.
            let _ = self.file.set_len(self.whole);
            let _ = self.file.seek(SeekFrom::Start(self.whole));
            return Err(output_error(&self.path, &fault));
        }
        self.whole += line.len() as u64;
        self.flusher.behind.store(true, Ordering::Release);
        // What the disk refused a second ago is tried again, and its reason told.
        if self.flusher.failed.swap(false, Ordering::AcqRel) {
            self.sync()?;
        }
        Ok(())
    }

    /// Brings everything appended so far to the disk.
    ///
    /// # Errors
    /// [`Code::Output`] when the disk refuses.
    pub fn sync(&mut self) -> Result<()> {
        fault::strike(&self.path)
            .and_then(|()| self.file.sync_data())
            .map_err(|fault| output_error(&self.path, &fault))
    }
}

/// The records under `key`, and how many bytes of the text are whole.
fn replay<T: DeserializeOwned>(text: &[u8], key: &str) -> (Vec<T>, usize) {
    let mut whole = 0;
    let mut records = Vec::new();
    let mut keyed = false;
    while let Some(length) = text[whole..].iter().position(|&byte| byte == b'\n') {
        let line = &text[whole..whole + length];
        let Some(json) = verified(line) else { break };
        if keyed {
            let Ok(record) = serde_json::from_slice(json) else {
                break;
            };
            records.push(record);
        } else {
            if serde_json::from_slice::<String>(json).ok().as_deref() != Some(key) {
                return (Vec::new(), 0);
            }
            keyed = true;
        }
        whole += length + 1;
    }
    (records, whole)
}

/// Whether a file begins as a journal does, cut short or never brought to disk as it may be.
fn is_journal(text: &[u8]) -> bool {
    let front = text.iter().take(DIGITS);
    let lost = text.iter().take(DIGITS).all(|&byte| byte == 0);
    lost || front
        .copied()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The JSON of a line whose digits are right.
fn verified(line: &[u8]) -> Option<&[u8]> {
    let (digits, rest) = line.split_at_checked(DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    (digest(json).as_bytes().get(..DIGITS)? == digits).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path, records: &[(u32, f64)]) {
        let (mut journal, before) = Journal::open::<(u32, f64)>(path, "key").unwrap();
        assert!(before.is_empty());
        for record in records {
            journal.append(record).unwrap();
        }
    }

    #[test]
    fn records_come_back_to_the_bit_under_the_same_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let records = [(1, 0.1 + 0.2), (2, -1e-300)];
        written(&path, &records);
        let (_, again) = Journal::open::<(u32, f64)>(&path, "key").unwrap();
        assert_eq!(again, records);
        let (_, other) = Journal::open::<(u32, f64)>(&path, "other").unwrap();
        assert!(other.is_empty());
    }

    /// Cut at every byte, the journal gives back a beginning of its records and can be continued.
    #[test]
    fn a_cut_journal_keeps_its_whole_records() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let records = [(1, 1.5), (2, 2.5), (3, 3.5)];
        written(&path, &records);
        let text = std::fs::read(&path).unwrap();
        for cut in 0..text.len() {
            std::fs::write(&path, &text[..cut]).unwrap();
            let (mut journal, kept) = Journal::open::<(u32, f64)>(&path, "key").unwrap();
            assert_eq!(kept, records[..kept.len()], "cut at {cut}");
            journal.append(&(9, 9.5)).unwrap();
            drop(journal);
            let (_, again) = Journal::open::<(u32, f64)>(&path, "key").unwrap();
            assert_eq!(again.len(), kept.len() + 1, "cut at {cut}");
        }
    }

    #[test]
    fn a_journal_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (_first, _) = Journal::open::<(u32, f64)>(&path, "key").unwrap();
        let second = Journal::open::<(u32, f64)>(&path, "key").unwrap_err();
        assert_eq!(second.code, Code::OutputTaken);
    }

    #[test]
    fn somebody_elses_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        for text in ["Dear diary,\n", "ID,PatientID\n"] {
            std::fs::write(&path, text).unwrap();
            let refused = Journal::open::<(u32, f64)>(&path, "key").unwrap_err();
            assert_eq!(refused.code, Code::Output);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_changed_record_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        written(&path, &[(1, 1.5), (2, 2.5)]);
        let mut text = std::fs::read(&path).unwrap();
        let last = text.len() - 3;
        text[last] = if text[last] == b'5' { b'6' } else { b'5' };
        std::fs::write(&path, &text).unwrap();
        let (_, kept) = Journal::open::<(u32, f64)>(&path, "key").unwrap();
        assert_eq!(kept, [(1, 1.5)]);
    }
}
