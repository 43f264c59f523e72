//! Data in files of their own: which names a header may give, and how they are opened.
//!
//! A header comes from anywhere; a path in it could make the tool read any file of the machine. So a name must be
//! a plain one, and the file must lie in the header's own folder once links are followed. Who trusts a header
//! says so with `--allow-external-data`.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use std::borrow::Cow;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::open::{read_small, read_whole};
use super::{ReadOptions, ReadVolume, of_file};
use crate::error::{Code, Result, ToolError};

/// A header without data is smaller than this, in bytes.
const LONGEST_HEADER: u64 = 1 << 22;

/// Data files of one volume are at most so many.
pub(crate) const MOST_FILES: usize = 1 << 16;

/// Where the files beside a header come from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Beside<'a> {
    /// The folder of this header.
    Header(&'a Path),
    /// Nowhere: the header was handed over as bytes.
    Nothing,
}

impl Beside<'_> {
    /// The bytes of a data file by the name that the header gives.
    ///
    /// # Errors
    /// `E_PATH`, the codes of opening, `E_TOO_LARGE`.
    pub(crate) fn bytes(self, name: &str, options: &ReadOptions) -> Result<Vec<u8>> {
        let Self::Header(header) = self else {
            return Err(ToolError::new(
                Code::NotFound,
                "the header names a data file, but was not read from a file itself",
            )
            .remedy("give the header as a file"));
        };
        let path = place(header, name, options)?;
        read_whole(&path, options.budget)
    }

    /// The numbers of several data files, one after the other; `piece` takes them out of a file's bytes.
    ///
    /// # Errors
    /// Those of [`Self::bytes`] and of `piece`; `E_TOO_LARGE`.
    pub(crate) fn joined(
        self,
        names: &[String],
        options: &ReadOptions,
        mut piece: impl FnMut(&[u8]) -> Result<Cow<'_, [u8]>>,
    ) -> Result<Vec<u8>> {
        // Filled as the files deliver.
        let mut joined: Vec<u8> = Vec::new();
        for name in names {
            let data = self.bytes(name, options)?;
            let part = piece(&data)?;
            joined
                .try_reserve(part.len())
                .map_err(|_| ToolError::new(Code::TooLarge, "no memory for the voxels"))?;
            joined.extend_from_slice(&part);
        }
        Ok(joined)
    }
}

/// Reads a file whose header may leave the data in other ones, its faults and doubts with its name.
///
/// # Errors
/// Those of opening it, and those of `from`.
pub(crate) fn read_headed(
    path: &Path,
    options: &ReadOptions,
    from: fn(&[u8], Beside<'_>, &ReadOptions) -> Result<ReadVolume>,
) -> Result<ReadVolume> {
    of_file(path, || {
        let bytes = read_whole(path, options.budget)?;
        from(&bytes, Beside::Header(path), options)
    })
}

/// A header and the data files it names, as far as it can be read.
pub(crate) fn files_with_header(
    header: &Path,
    names: impl FnOnce(&[u8]) -> Result<Vec<String>>,
) -> Vec<PathBuf> {
    let names = read_small(header, LONGEST_HEADER).and_then(|bytes| names(&bytes));
    let folder = header.parent().unwrap_or(Path::new(""));
    let data = names.unwrap_or_default();
    let data = data.iter().map(|name| folder.join(name));
    std::iter::once(header.to_owned()).chain(data).collect()
}

fn place(header: &Path, name: &str, options: &ReadOptions) -> Result<PathBuf> {
    let folder = header.parent().unwrap_or(Path::new(""));
    let path = folder.join(name);
    if options.external_data {
        return Ok(path);
    }
    let mut parts = Path::new(name).components();
    // `./x.raw` is as plain as `x.raw`.
    let first = parts
        .by_ref()
        .find(|part| !matches!(part, Component::CurDir));
    let plain = matches!(first, Some(Component::Normal(_)))
        && parts.next().is_none()
        && !name.contains(['\\', '\0']);
    if !plain {
        return Err(ToolError::new(
            Code::Path,
            format!("the header names the data file '{name}'"),
        )
        .file(header)
        .expected("a plain file name in the header's own folder")
        .remedy("put the data beside the header, or trust it with --allow-external-data"));
    }
    in_own_folder(header, &path)?;
    Ok(path)
}

/// Refuses a data file that is a link out of its header's folder.
///
/// # Errors
/// `E_PATH`. A file that is not there passes: opening it says so better.
pub(crate) fn in_own_folder(header: &Path, data: &Path) -> Result<()> {
    let own = match header.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::canonicalize(parent).ok(),
        _ => fs::canonicalize(".").ok(),
    };
    let Ok(real) = fs::canonicalize(data) else {
        return Ok(());
    };
    if own.as_deref() == real.parent() {
        return Ok(());
    }
    Err(ToolError::new(
        Code::Path,
        "the file with the voxels is a link to another folder",
    )
    .file(data)
    .expected("a file in the folder of its header")
    .remedy("put the file itself beside its header"))
}

/// A pattern such as `slice%03d.raw` with the numbers it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    front: String,
    width: usize,
    zeros: bool,
    back: String,
    first: i64,
    step: i64,
    count: usize,
}

impl Pattern {
    /// Understands one `%d` (with a width and a leading 0) and the numbers `first`, `last`, `step`; everything
    /// else of printf is refused. `expected` is how many files the header's sizes need: it bounds the list.
    ///
    /// # Errors
    /// `E_HEADER`.
    pub(crate) fn new(
        pattern: &str,
        [first, last, step]: [i64; 3],
        expected: usize,
    ) -> Result<Self> {
        let refuse = |found: String| {
            ToolError::new(Code::Header, found)
                .expected("one %d, as in slice%03d.raw, with first, last and step")
                .remedy("name the data files in a LIST, or put them into one file")
        };
        let unknown = || refuse(format!("file pattern '{pattern}'"));
        let (front, rest) = pattern.split_once('%').ok_or_else(unknown)?;
        let (digits, back) = rest.split_once('d').ok_or_else(unknown)?;
        let zeros = digits.starts_with('0');
        let width = match digits {
            "" => 0,
            digits => digits.parse::<u8>().map_err(|_| unknown())?.into(),
        };
        if back.contains('%') || digits.starts_with('+') || width > 20 {
            return Err(unknown());
        }
        let span = last.checked_sub(first).ok_or_else(unknown)?;
        let steps = span
            .checked_div(step)
            .filter(|steps| *steps >= 0)
            .and_then(|steps| steps.checked_add(1));
        let count = steps.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| {
            refuse(format!(
                "file numbers from {first} to {last} in steps of {step}"
            ))
        })?;
        if count != expected || count > MOST_FILES {
            return Err(
                ToolError::new(Code::Header, format!("a pattern of {count} data files"))
                    .expected(format!("{expected} by the sizes, at most {MOST_FILES}"))
                    .remedy("the header is damaged: export the image again"),
            );
        }
        Ok(Self {
            front: front.to_owned(),
            width,
            zeros,
            back: back.to_owned(),
            first,
            step,
            count,
        })
    }

    /// The names in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut number = self.first;
        let mut names = Vec::new();
        for _ in 0..self.count {
            let (front, back, width) = (&self.front, &self.back, self.width);
            names.push(if self.zeros {
                format!("{front}{number:0width$}{back}")
            } else {
                format!("{front}{number:width$}{back}")
            });
            number = number.saturating_add(self.step);
        }
        names
    }
}
