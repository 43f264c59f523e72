//! One image under several cases: by its voxels where they were read, else by the bytes of its file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::Member;
use crate::error::{Result, Warning, WarningCode};
use crate::interrupt;
use crate::provenance::fingerprint_of_file;

/// Files of one length are first told apart by this many bytes at either end.
const END: u64 = 1 << 12;
/// Copies listed in a message.
const LISTED: usize = 6;

/// A doubt for each image that stands under several cases.
pub(super) fn of_images(
    members: &[Member<'_>],
    contents: &[Option<u128>],
    folder: &Path,
) -> Result<Vec<Warning>> {
    let by_voxels: Vec<(String, usize)> = contents
        .iter()
        .enumerate()
        .filter_map(|(at, content)| content.map(|content| (format!("{content:032x}"), at)))
        .collect();
    let read: Vec<bool> = contents.iter().map(Option::is_some).collect();
    let mut keys = by_voxels;
    keys.extend(by_bytes(members, |at| !read[at])?);
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

/// Files told apart by length, then by their ends, and only then by all their bytes.
fn by_bytes(
    members: &[Member<'_>],
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<(String, usize)>> {
    let lengths = members.iter().enumerate().filter(|(at, _)| wanted(*at));
    let lengths = lengths
        .filter_map(|(at, member)| {
            let about = std::fs::metadata(&member.files.image).ok()?;
            about.is_file().then_some((about.len(), at))
        })
        .collect();
    let alike: Vec<usize> = of_several(groups(lengths));
    let ends: Vec<((u64, u128), usize)> = alike
        .into_par_iter()
        .filter_map(|at| ends(&members[at].files.image).ok().map(|ends| (ends, at)))
        .collect();
    let alike = of_several(groups(ends));
    alike
        .into_par_iter()
        .map(|at| {
            interrupt::check()?;
            // A file that cannot be read is told of by its case.
            let print = fingerprint_of_file(&members[at].files.image).ok();
            Ok(print.map(|print| (print, at)))
        })
        .filter_map(Result::transpose)
        .collect()
}

fn of_several<K>(groups: BTreeMap<K, Vec<usize>>) -> Vec<usize> {
    let several = groups.into_values().filter(|group| group.len() > 1);
    several.flatten().collect()
}

/// Length of a file, and its first and last bytes.
fn ends(path: &Path) -> std::io::Result<(u64, u128)> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&file).take(END).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(len.saturating_sub(END)))?;
    (&file).take(END).read_to_end(&mut bytes)?;
    Ok((len, xxh3_128(&bytes)))
}

fn doubt(members: &[Member<'_>], group: &[usize]) -> Warning {
    let first = &members[group[0]];
    let differ = |of: fn(&Member<'_>) -> Option<String>| {
        group.iter().any(|&at| of(&members[at]) != of(first))
    };
    let mut names: Vec<String> = group
        .iter()
        .take(LISTED)
        .map(|&at| members[at].id.as_str().to_owned())
        .collect();
    if group.len() > LISTED {
        names.push(format!("{} more", group.len() - LISTED));
    }
    let mut found = format!(
        "one image under {} cases: {}",
        group.len(),
        names.join(", ")
    );
    let patients = differ(|member| Some(member.patient.as_str().to_owned()));
    if patients {
        found.push_str("; of different patients");
    }
    if differ(|member| member.class.map(str::to_owned)) {
        found.push_str("; of different classes");
    }
    if differ(|member| member.part.map(|part| format!("{part:?}"))) {
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
    let same_file = group
        .iter()
        .all(|&at| members[at].files.image == first.files.image);
    let warning = Warning::new(code, found, done)
        .file(first.files.image.clone())
        .case(first.id.clone());
    if same_file && !patients {
        warning.note()
    } else {
        warning
    }
}
