//! One image under several cases: by its voxels where they were read, else by the bytes of its files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::Member;
use crate::error::{Result, Warning, WarningCode};
use crate::interrupt;
use crate::io::fingerprint;
use crate::io::formats::files_of;

/// Files of one length are first told apart by this many bytes at either end.
const END: u64 = 1 << 12;
/// Copies listed in a message.
const LISTED: usize = 6;

/// A doubt for each image that stands under several cases.
pub(super) fn of_images(
    members: &[Member<'_>],
    contents: &[Option<String>],
    folder: &Path,
) -> Result<Vec<Warning>> {
    let read = contents.iter().enumerate();
    let mut keys: Vec<(String, usize)> = read
        .filter_map(|(at, content)| content.clone().map(|content| (content, at)))
        .collect();
    keys.extend(by_bytes(members, |at| contents[at].is_none())?);
    let mut doubts = Vec::new();
    let mut groups: Vec<Vec<usize>> = groups(keys).into_values().collect();
    groups.sort();
    for group in groups.into_iter().filter(|group| group.len() > 1) {
        doubts.push(doubt(members, &group).relative_to(folder));
    }
    Ok(doubts)
}

fn groups<K: Ord>(keys: Vec<(K, usize)>) -> BTreeMap<K, Vec<usize>> {
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (key, at) in keys {
        groups.entry(key).or_default().push(at);
    }
    groups
}

/// Images told apart by the lengths of their files, then by the files' ends, and only then by all their bytes. A file
/// that cannot be read is told of by its case.
fn by_bytes(
    members: &[Member<'_>],
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<(String, usize)>> {
    let files: BTreeMap<usize, Vec<PathBuf>> = members
        .iter()
        .enumerate()
        .filter(|(at, _)| wanted(*at))
        .filter_map(|(at, member)| {
            let (files, options) = member.files.as_ref()?;
            Some((at, files_of(&files.image, options)))
        })
        .collect();
    // Volumes of one file, and series of one folder, are different images.
    let chosen = |at: usize| {
        let options = members[at].files.as_ref().map(|(_, options)| options);
        options.map(|options| (options.volume, options.series.clone()))
    };
    let lengths = files
        .iter()
        .filter_map(|(&at, files)| Some(((chosen(at), of_each(files, length)?), at)));
    let alike = of_several(groups(lengths.collect()));
    let ends = alike
        .into_par_iter()
        .filter_map(|at| Some(((chosen(at), of_each(&files[&at], ends)?), at)));
    let alike = of_several(groups(ends.collect()));
    alike
        .into_par_iter()
        .map(|at| {
            interrupt::check()?;
            let prints = of_each(&files[&at], fingerprint::of_file);
            Ok(prints.map(|prints| (format!("{:?} {}", chosen(at), prints.concat()), at)))
        })
        .filter_map(Result::transpose)
        .collect()
}

/// What is known of each file of an image; none where one cannot be read.
fn of_each<T>(files: &[PathBuf], what: fn(&Path) -> std::io::Result<T>) -> Option<Vec<T>> {
    files.iter().map(|file| what(file).ok()).collect()
}

fn length(path: &Path) -> std::io::Result<u64> {
    Ok(std::fs::metadata(path)?.len())
}

fn of_several<K>(groups: BTreeMap<K, Vec<usize>>) -> Vec<usize> {
    let several = groups.into_values().filter(|group| group.len() > 1);
    several.flatten().collect()
}

/// A fingerprint of a file's first and last bytes.
fn ends(path: &Path) -> std::io::Result<u128> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&file).take(END).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(len.saturating_sub(END)))?;
    (&file).take(END).read_to_end(&mut bytes)?;
    Ok(xxh3_128(&bytes))
}

fn doubt(members: &[Member<'_>], group: &[usize]) -> Warning {
    let first = &members[group[0]];
    let differ = |same: &dyn Fn(&Member<'_>) -> bool| !group.iter().all(|&at| same(&members[at]));
    let mut names: Vec<String> = group
        .iter()
        .take(LISTED)
        .map(|&at| members[at].record.id.as_str().to_owned())
        .collect();
    if group.len() > LISTED {
        names.push(format!("{} more", group.len() - LISTED));
    }
    let mut found = format!(
        "one image under {} cases: {}",
        group.len(),
        names.join(", ")
    );
    let patients = differ(&|member| member.record.patient == first.record.patient);
    if patients {
        found.push_str("; of different patients");
    }
    if differ(&|member| member.class == first.class) {
        found.push_str("; of different classes");
    }
    if differ(&|member| member.record.published_part == first.record.published_part) {
        found.push_str("; in different parts of the split");
    }
    // Regions of one image are usual, as long as they stay with one patient.
    let code = if patients {
        WarningCode::Leak
    } else {
        WarningCode::Manifest
    };
    let done = if patients {
        "a model may be tested on an image it was trained on"
    } else {
        "fine where the cases are regions of one image"
    };
    let image = |member: &Member<'_>| member.files.as_ref().map(|(files, _)| files.image.clone());
    let own = image(first);
    let several_files = differ(&|member| image(member) == own);
    let mut warning = Warning::new(code, found, done).case(first.record.id.clone());
    if let Some(own) = own {
        warning = warning.file(own);
    }
    if !several_files && !patients {
        warning.note()
    } else {
        warning
    }
}
