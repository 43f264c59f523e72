//! From a path to the files of one series.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::attributes::{self, Class};
use super::file::DicomFile;
use super::{recognise, series};
use crate::error::{Code, Result, ToolError};
use crate::io::open::{read_error, read_whole};
use crate::io::{ByteBudget, ReadOptions, ReadVolume, formats};

/// Files of a folder at most.
const MOST_FILES: usize = 1 << 16;
/// The share of the budget that files may take before it is looked at again.
const BATCHES: u64 = 8;
/// Series that a message lists.
const LISTED: usize = 12;

/// Reads the series that a folder, or any one file of it, names.
///
/// # Errors
/// `E_SERIES` and those of reading.
pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    let whole = fs::metadata(path).is_ok_and(|about| about.is_dir());
    let mut wanted = options.series.clone();
    // Kept, not to read it twice.
    let mut named = None;
    if !whole {
        let file = DicomFile::parse(read_whole(path, options.budget)?, options.budget)?;
        match attributes::class(file.set()) {
            Class::Image => {}
            class => return Err(no_image(class)),
        }
        let image = attributes::image(&file)?;
        if stands_alone(&image) {
            return series::volume(&[file], options);
        }
        let own = attributes::series_of(&image)?.to_owned();
        if let Some(asked) = &wanted
            && *asked != own
        {
            return Err(
                ToolError::new(Code::Series, format!("the file is of series {own}"))
                    .expected(format!("series {asked}"))
                    .remedy("give the folder, or a file of the series asked for"),
            );
        }
        wanted = Some(own);
        named = Some(file);
    }
    let mut files = candidates(path)?;
    if named.is_some() {
        files.retain(|file| file.file_name() != path.file_name());
    }
    let mut kept = Kept {
        by_series: BTreeMap::new(),
        left: options.budget.0,
    };
    if let Some(file) = named {
        kept.add(file, options)?;
    }
    // A few at a time, so that the budget is asked before more memory is taken.
    for batch in batches(&files, options.budget.0 / BATCHES) {
        // What they unpack to fits, too.
        let each = kept.left.checked_div(batch.len().try_into().unwrap_or(1));
        let each = ByteBudget(each.unwrap_or(0));
        let parsed: Vec<Result<Option<DicomFile>>> = batch
            .par_iter()
            .map(|path| one(path, wanted.as_deref(), options, each).map_err(|e| e.file(path)))
            .collect();
        for file in parsed {
            if let Some(file) = file? {
                kept.add(file, options)?;
            }
        }
    }
    let by_series = kept.by_series;
    if by_series.len() > 1 {
        return Err(several(&by_series));
    }
    match by_series.into_values().next() {
        Some(files) => series::volume(&files, options),
        None => Err(match &wanted {
            Some(uid) => ToolError::new(Code::Series, format!("no image of series {uid}")),
            None => ToolError::new(Code::NotRegular, "a folder without a DICOM image"),
        }
        .expected("the images of one series")
        .remedy("give the folder that holds them")),
    }
}

/// A file of its own, or one that holds all frames, needs no folder.
fn stands_alone(image: &attributes::Image) -> bool {
    image.series.is_empty() || image.slices.len() > 1
}

/// The files that are looked at for what a path names, by name.
///
/// # Errors
/// Those of reading it.
pub(super) fn files_of(path: &Path, options: &ReadOptions) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        let file = DicomFile::parse(read_whole(path, options.budget)?, options.budget)?;
        let alone = attributes::class(file.set()) != Class::Image
            || stands_alone(&attributes::image(&file)?);
        if alone {
            return Ok(vec![path.to_owned()]);
        }
    }
    candidates(path)
}

/// Files that were read, and how many bytes more may be.
struct Kept {
    by_series: BTreeMap<String, Vec<DicomFile>>,
    left: u64,
}

impl Kept {
    fn add(&mut self, file: DicomFile, options: &ReadOptions) -> Result<()> {
        let bytes = u64::try_from(file.bytes().len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            ToolError::new(Code::TooLarge, "a series larger than the memory allowed")
                .expected(format!("at most {} bytes", options.budget.0))
                .remedy("allow more memory (--max-memory), or choose one series (--series)")
        })?;
        let uid = file.set().text((0x0020, 0x000e)).unwrap_or_default();
        self.by_series.entry(uid).or_default().push(file);
        Ok(())
    }
}

/// Files in runs of a few, of at most so many bytes together, or of a single larger file.
fn batches(files: &[PathBuf], most: u64) -> impl Iterator<Item = &[PathBuf]> {
    /// As many as there are threads on large machines.
    const FILES: u32 = 64;
    let (mut held, mut count) = (0_u64, 1_u32);
    files.chunk_by(move |file, next| {
        let bytes = |path: &PathBuf| fs::metadata(path).map_or(0, |about| about.len());
        held = held.saturating_add(bytes(file));
        count = count.saturating_add(1);
        let fits = held.saturating_add(bytes(next)) <= most && count <= FILES;
        if !fits {
            (held, count) = (0, 1);
        }
        fits
    })
}

/// A file, if it is an image of the wanted series; packed as a whole it becomes at most `unpacked` bytes.
fn one(
    path: &Path,
    wanted: Option<&str>,
    options: &ReadOptions,
    unpacked: ByteBudget,
) -> Result<Option<DicomFile>> {
    if !recognise(&formats::head(path)?) {
        return Ok(None);
    }
    let file = DicomFile::parse(read_whole(path, options.budget)?, unpacked)?;
    let set = file.set();
    let of_series = wanted.is_none_or(|uid| set.text((0x0020, 0x000e)).as_deref() == Some(uid));
    let taken = of_series && attributes::class(set) == Class::Image;
    Ok(taken.then_some(file))
}

/// The files that may belong to what a path names, by name.
///
/// # Errors
/// Those of reading a folder; `E_SERIES` when it holds too many.
fn candidates(path: &Path) -> Result<Vec<PathBuf>> {
    let whole = fs::metadata(path).is_ok_and(|about| about.is_dir());
    let folder = match (whole, path.parent()) {
        (true, _) => path,
        (false, Some(parent)) if !parent.as_os_str().is_empty() => parent,
        (false, _) => Path::new("."),
    };
    let entries = fs::read_dir(folder).map_err(|error| read_error(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| read_error(folder, &error))?;
        if fs::metadata(entry.path()).is_ok_and(|about| about.is_file()) {
            files.push(entry.path());
        }
        if files.len() > MOST_FILES {
            return Err(ToolError::new(
                Code::Series,
                format!("more than {MOST_FILES} files in the folder"),
            )
            .remedy("put every series into a folder of its own"));
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn several(by_series: &BTreeMap<String, Vec<DicomFile>>) -> ToolError {
    let mut list: Vec<String> = by_series
        .iter()
        .take(LISTED)
        .map(|(uid, files)| format!("{uid} ({} files)", files.len()))
        .collect();
    if by_series.len() > LISTED {
        list.push("…".to_owned());
    }
    ToolError::new(
        Code::Series,
        format!("{} series: {}", by_series.len(), list.join(", ")),
    )
    .expected("one series, or a choice")
    .remedy("choose one with --series UID, or give one file of it")
}

fn no_image(class: Class) -> ToolError {
    let what = match class {
        Class::StructureSet => "a DICOM structure set (RTSTRUCT)",
        Class::Segmentation => "a DICOM segmentation (SEG)",
        Class::Dose => "a DICOM dose distribution",
        Class::Image | Class::Other => "a DICOM object without an image",
    };
    ToolError::new(Code::Format, format!("this is {what}"))
        .expected("an image")
        .remedy("give it as the mask if it holds contours or segments")
}
