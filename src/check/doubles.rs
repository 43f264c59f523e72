//! Names that look alike, and patients on two sides of a split.

use std::collections::{BTreeMap, BTreeSet};

use super::Member;
use crate::error::{Warning, WarningCode};

/// Patients who differ only in how they are written: upper and lower case, blanks, leading zeros of numbers.
pub(super) fn names(members: &[Member<'_>]) -> Vec<Warning> {
    let mut alike: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for member in members {
        let patient = member.record.patient.as_str();
        alike.entry(plain(patient)).or_default().insert(patient);
    }
    let several = alike.into_values().filter(|names| names.len() > 1);
    several
        .map(|names| {
            let list: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            Warning::new(
                WarningCode::Leak,
                format!("patients {} are written almost alike", list.join(" and ")),
                "taken for different people; if they are one, a split can put them on two sides",
            )
        })
        .collect()
}

fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut digits = String::new();
    let flush = |digits: &mut String, plain: &mut String| {
        if !digits.is_empty() {
            let short = digits.trim_start_matches('0');
            plain.push_str(if short.is_empty() { "0" } else { short });
            digits.clear();
        }
    };
    for c in name.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        flush(&mut digits, &mut plain);
        if c.is_alphanumeric() {
            plain.extend(c.to_lowercase());
        } else {
            // What stands between two numbers keeps them apart.
            plain.push(' ');
        }
    }
    flush(&mut digits, &mut plain);
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Patients who stand in several parts of the split that the manifest gives.
pub(super) fn parts(members: &[Member<'_>]) -> Vec<Warning> {
    /// Patients named in a message.
    const LISTED: usize = 8;
    let mut parts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut folds: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for member in members {
        let patient = member.record.patient.as_str();
        if let Some(part) = member.record.published_part {
            parts
                .entry(patient)
                .or_default()
                .insert(format!("{part:?}"));
        }
        if let Some(fold) = member.files.as_ref().and_then(|(files, _)| files.fold) {
            folds.entry(patient).or_default().insert(fold);
        }
    }
    let on_two_sides = parts.iter().filter(|(_, parts)| parts.len() > 1);
    let in_two_folds = folds.iter().filter(|(_, folds)| folds.len() > 1);
    let lists: [(&str, Vec<&str>); 2] = [
        ("parts", on_two_sides.map(|(patient, _)| *patient).collect()),
        ("folds", in_two_folds.map(|(patient, _)| *patient).collect()),
    ];
    let shared = lists
        .into_iter()
        .filter(|(_, patients)| !patients.is_empty());
    shared
        .map(|(what, patients)| {
            let mut names: Vec<String> = patients
                .iter()
                .take(LISTED)
                .map(|name| (*name).to_owned())
                .collect();
            if patients.len() > LISTED {
                names.push(format!("{} more", patients.len() - LISTED));
            }
            let found = format!(
                "{} patients stand in several {what} of the manifest: {}",
                patients.len(),
                names.join(", ")
            );
            let done = "such a split is refused; draw one, or see --shared-patients";
            Warning::new(WarningCode::Leak, found, done)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_writing_only_are_alike() {
        for (a, b) in [("P01", "p1"), ("A  7", "a_7"), ("X-001-2", "x-1-02")] {
            assert_eq!(plain(a), plain(b));
        }
        for (a, b) in [("P01", "P10"), ("A1-1", "A11"), ("P1", "Q1"), ("P0", "P")] {
            assert_ne!(plain(a), plain(b));
        }
    }
}
