//! Every file below a folder, and nothing outside it: links are passed over, depth and number are limited.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::names;
use crate::error::{Code, Result, ToolError};

/// Deepest folder that is looked into: BIDS derivatives with sessions are five deep.
const DEEPEST: usize = 10;

/// Entries beyond this are more than a cohort: a whole disk was named.
const MOST: usize = 1_000_000;

/// What lies below a folder.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The folder.
    pub root: PathBuf,
    /// Files below it, relative to it, sorted. A folder of a DICOM series stands for its files.
    pub files: Vec<PathBuf>,
    /// What was passed over.
    pub notes: Vec<String>,
}

/// Whether the files of a folder are a DICOM series: several by their names, or several without an ending of which the
/// first has DICOM's mark.
fn is_series(root: &Path, files: &[PathBuf]) -> bool {
    let named = files.iter().filter(|path| names::is_dicom(path)).count();
    let bare = files
        .iter()
        .all(|path| path.extension().is_none() || names::has_number(path));
    named > 1 || (bare && files.len() > 1 && has_mark(&root.join(&files[0])))
}

/// DICOM's mark, four bytes behind a preamble.
fn has_mark(path: &Path) -> bool {
    const PREAMBLE: usize = 128;
    const MARK: &[u8] = b"DICM";
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| {
        let least = (PREAMBLE + MARK.len()) as u64;
        file.take(least).read_to_end(&mut head)
    });
    read.is_ok() && head.get(PREAMBLE..) == Some(MARK)
}

/// What was passed over, counted.
#[derive(Default)]
struct PassedOver {
    links: usize,
    unreadable_names: usize,
    deeper: usize,
}

impl Tree {
    /// Lists a folder.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotRegular`] for anything but a folder, [`Code::Read`] for one that cannot be listed,
    /// [`Code::TooLarge`] for more than a cohort.
    pub fn of(root: &Path) -> Result<Self> {
        let about = fs::metadata(root).map_err(|fault| {
            let code = match fault.kind() {
                std::io::ErrorKind::NotFound => Code::NotFound,
                _ => Code::Read,
            };
            ToolError::new(code, fault.to_string())
                .file(root)
                .remedy("name a folder")
        })?;
        if !about.is_dir() {
            return Err(ToolError::new(Code::NotRegular, "not a folder")
                .file(root)
                .expected("the folder of a data set")
                .remedy("name a folder; a manifest is taken by check and extract as it is"));
        }
        let mut passed = PassedOver::default();
        let mut files = BTreeSet::new();
        let mut count = 0;
        // Folders to be looked into, relative to the root.
        let mut waiting = vec![PathBuf::new()];
        while let Some(folder) = waiting.pop() {
            let at = root.join(&folder);
            let unlisted = |fault: std::io::Error| {
                ToolError::new(Code::Read, format!("the folder cannot be listed: {fault}"))
                    .file(&at)
                    .remedy("check its permissions")
            };
            let mut of_folder = Vec::new();
            for entry in fs::read_dir(&at).map_err(unlisted)? {
                let entry = entry.map_err(unlisted)?;
                count += 1;
                if count > MOST {
                    return Err(ToolError::new(
                        Code::TooLarge,
                        format!("more than {MOST} entries"),
                    )
                    .file(root)
                    .expected("the folder of one data set")
                    .remedy("name the folder of the data set itself"));
                }
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    passed.unreadable_names += 1;
                    continue;
                };
                if name.starts_with('.') || name.starts_with("__MACOSX") {
                    continue;
                }
                // Of the entry itself, never of what a link points to.
                let kind = entry.file_type().map_err(unlisted)?;
                let path = folder.join(name);
                if kind.is_symlink() {
                    passed.links += 1;
                } else if kind.is_dir() {
                    if path.components().count() > DEEPEST {
                        passed.deeper += 1;
                    } else {
                        waiting.push(path);
                    }
                } else if kind.is_file() {
                    of_folder.push(path);
                }
            }
            of_folder.sort();
            if folder.components().next().is_some() && is_series(root, &of_folder) {
                files.insert(folder);
            } else {
                files.extend(of_folder);
            }
        }
        Ok(Self {
            root: root.to_owned(),
            files: files.into_iter().collect(),
            notes: passed.notes(),
        })
    }

    /// Whether a file is there, by its path below the root.
    pub fn has(&self, path: impl AsRef<Path>) -> bool {
        self.files
            .binary_search_by(|file| file.as_path().cmp(path.as_ref()))
            .is_ok()
    }

    /// Images and masks of any format.
    pub fn images(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().filter(|path| names::is_image(path))
    }

    /// Files at the root itself.
    pub fn at_root(&self) -> impl Iterator<Item = &PathBuf> {
        self.files
            .iter()
            .filter(|path| path.components().count() == 1)
    }
}

impl PassedOver {
    fn notes(&self) -> Vec<String> {
        let counted = [
            (
                self.links,
                "link(s) passed over: they may lead out of the folder",
            ),
            (
                self.unreadable_names,
                "name(s) that are no Unicode passed over",
            ),
            (self.deeper, "folder(s) too deep to be looked into"),
        ];
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        counted
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }
}
