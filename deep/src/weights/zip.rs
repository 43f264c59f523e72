//! The part of ZIP (PKWARE's APPNOTE 6.3) that PyTorch writes: stored entries, sizes of 32 or 64 bits.

use std::collections::BTreeMap;

use super::refused;
use crate::error::{DeepError, Result};

/// Entries of an archive by name.
pub(super) type Entries<'a> = BTreeMap<&'a str, &'a [u8]>;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const LONGEST_COMMENT: usize = 0xFFFF;
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_LENGTH: usize = 20;
const END_64: &[u8] = b"PK\x06\x06";
const CENTRAL: &[u8] = b"PK\x01\x02";
const CENTRAL_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
/// The extra field with 64-bit sizes.
const EXTRA_64: u64 = 1;
/// Says that the number stands in the extra field.
const ELSEWHERE: u64 = 0xFFFF_FFFF;

/// The entries of an archive.
pub(super) fn entries(bytes: &[u8]) -> Result<Entries<'_>> {
    let end = end(bytes).ok_or_else(|| broken("no end of its directory"))?;
    let [length, begin] = directory(bytes, end).ok_or_else(|| broken("no directory"))?;
    let mut directory = part(bytes, begin, length).ok_or_else(|| broken("a cut directory"))?;
    let mut entries = BTreeMap::new();
    while !directory.is_empty() {
        let (name, content, rest) =
            entry(bytes, directory).ok_or_else(|| broken("a broken entry"))??;
        if entries.insert(name, content).is_some() {
            return Err(broken(&format!("the entry '{name}' twice")));
        }
        directory = rest;
    }
    Ok(entries)
}

fn broken(found: &str) -> DeepError {
    refused(format!("a ZIP archive with {found}"), "a whole .pth file")
}

/// Where the end of the directory begins: the last place that looks like it.
fn end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_LENGTH)?;
    let first = last.saturating_sub(LONGEST_COMMENT);
    (first..=last)
        .rev()
        .find(|at| bytes[*at..].starts_with(END))
}

/// Length and place of the directory.
fn directory(bytes: &[u8], end: usize) -> Option<[u64; 2]> {
    let locator = end
        .checked_sub(LOCATOR_LENGTH)
        .map(|at| &bytes[at..end])
        .filter(|locator| locator.starts_with(LOCATOR_64));
    if let Some(locator) = locator {
        let at = usize::try_from(number(locator, 8, 8)?).ok()?;
        let end = bytes.get(at..)?;
        return end
            .starts_with(END_64)
            .then(|| Some([number(end, 40, 8)?, number(end, 48, 8)?]))?;
    }
    let end = &bytes[end..];
    Some([number(end, 12, 4)?, number(end, 16, 4)?])
}

/// Name and content of the first entry of a directory, and the rest of it. The inner error is for entries that are
/// well formed, but not stored plainly.
type Entry<'a> = Result<(&'a str, &'a [u8], &'a [u8])>;

fn entry<'a>(bytes: &'a [u8], directory: &'a [u8]) -> Option<Entry<'a>> {
    if !directory.starts_with(CENTRAL) {
        return None;
    }
    let [method, name, extra, comment] =
        [10, 28, 30, 32].map(|at| number(directory, at, 2).unwrap_or(ELSEWHERE));
    let [packed, size] = [20, 24].map(|at| number(directory, at, 4));
    let place = number(directory, 42, 4)?;
    let (packed, size) = (packed?, size?);
    let name_end = CENTRAL_LENGTH.checked_add(usize::try_from(name).ok()?)?;
    let extra_end = name_end.checked_add(usize::try_from(extra).ok()?)?;
    let rest = extra_end.checked_add(usize::try_from(comment).ok()?)?;
    let name = std::str::from_utf8(directory.get(CENTRAL_LENGTH..name_end)?).ok()?;
    let extra = directory.get(name_end..extra_end)?;
    let rest = directory.get(rest..)?;
    let [size, packed, place] = wide(extra, [size, packed, place])?;
    if method != 0 || packed != size {
        return Some(Err(refused(
            format!("the compressed entry '{}'", name.escape_debug()),
            "a .pth file as torch.save writes it, without compression",
        )));
    }
    let local = bytes.get(usize::try_from(place).ok()?..)?;
    if !local.starts_with(LOCAL) {
        return None;
    }
    let skipped = number(local, 26, 2)? + number(local, 28, 2)? + LOCAL_LENGTH as u64;
    let content = part(local, skipped, size)?;
    Some(Ok((name, content, rest)))
}

/// Size, packed size and place, the ones that did not fit taken from the extra field in this order.
fn wide(mut extra: &[u8], mut numbers: [u64; 3]) -> Option<[u64; 3]> {
    if !numbers.contains(&ELSEWHERE) {
        return Some(numbers);
    }
    loop {
        let length = number(extra, 2, 2)?;
        let content = part(extra, 4, length)?;
        if number(extra, 0, 2)? == EXTRA_64 {
            let missing = numbers.iter_mut().filter(|n| **n == ELSEWHERE);
            for (k, missing) in missing.enumerate() {
                *missing = number(content, 8 * k, 8)?;
            }
            return Some(numbers);
        }
        extra = &extra[4 + content.len()..];
    }
}

fn part(bytes: &[u8], begin: u64, length: u64) -> Option<&[u8]> {
    let begin = usize::try_from(begin).ok()?;
    let end = begin.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(begin..end)
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}
