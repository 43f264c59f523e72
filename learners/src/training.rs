//! What a model was fitted on, without the rows themselves.
//!
//! The hash tells whether two models saw the same rows, and whether a table to be predicted is the
//! very one that was learned from. It is SHA-256 over the columns by name, the classes in order,
//! and the rows in an order of their own: neither the order of rows nor that of columns enters.

use std::cmp::Ordering;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{LearnError, Result};
use crate::samples::Samples;

/// What is hashed first, so that another layout gives another hash.
const LAYOUT: &[u8] = b"raduet training rows 1\n";

/// Digits of a SHA-256 in hexadecimal.
pub(crate) const DIGITS: usize = 64;

/// Counts and hash of training rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Rows (n).
    pub rows: usize,
    /// Their patients, where they were known.
    pub patients: Option<usize>,
    /// SHA-256 of values, labels, weights, classes and columns, where it was asked for.
    pub sha256: Option<String>,
}

impl Training {
    /// Counts rows and patients and hashes the rows: n · p numbers, sorted once.
    pub fn of(samples: &Samples) -> Self {
        Self {
            sha256: Some(hash(samples)),
            ..Self::counted(samples)
        }
    }

    /// Counts only.
    pub(crate) fn counted(samples: &Samples) -> Self {
        let patients = samples.groups().map(|groups| {
            let mut distinct = groups.to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            distinct.len()
        });
        Self {
            rows: samples.rows(),
            patients,
            sha256: None,
        }
    }

    /// What a record from a file must fulfil.
    pub(crate) fn check(&self) -> Result<()> {
        let fault = |found: String, expected: &str| {
            Err(LearnError::saved("header, training", found, expected))
        };
        match (&self.sha256, self.patients) {
            (Some(digits), _) if !is_digest(digits) => {
                fault(format!("hash '{digits}'"), "64 hexadecimal digits")
            }
            (_, Some(patients)) if patients > self.rows => fault(
                format!("{patients} patients of {} rows", self.rows),
                "no more patients than rows",
            ),
            _ if self.rows == 0 => fault("no row".into(), "at least one"),
            _ => Ok(()),
        }
    }
}

/// Whether a text is a digest as [`hexadecimal`] writes it.
fn is_digest(text: &str) -> bool {
    text.len() == DIGITS
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Bytes in hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn hash(samples: &Samples) -> String {
    let mut columns: Vec<usize> = (0..samples.width()).collect();
    columns.sort_unstable_by(|&a, &b| samples.columns()[a].cmp(&samples.columns()[b]));
    let mut rows: Vec<usize> = (0..samples.rows()).collect();
    rows.sort_unstable_by(|&a, &b| compare(samples, &columns, a, b));
    let mut state = Sha256::new();
    state.update(LAYOUT);
    let mut names = |names: &mut dyn Iterator<Item = &String>, count: usize| {
        state.update((count as u64).to_le_bytes());
        for name in names {
            // The length first: no two lists of names give the same bytes.
            state.update((name.len() as u64).to_le_bytes());
            state.update(name);
        }
    };
    let mut sorted = columns.iter().map(|&column| &samples.columns()[column]);
    names(&mut sorted, columns.len());
    let classes = samples.classes().names();
    names(&mut classes.iter(), classes.len());
    let mut bytes = Vec::with_capacity(8 * (columns.len() + 2));
    for row in rows {
        let values = samples.row(row);
        bytes.clear();
        bytes.extend((samples.labels()[row].0 as u64).to_le_bytes());
        bytes.extend(samples.weight(row).to_bits().to_le_bytes());
        for &column in &columns {
            bytes.extend(bits(values[column]).to_le_bytes());
        }
        state.update(&bytes);
    }
    hexadecimal(&state.finalize())
}

/// All undefined values count as one.
fn bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

fn compare(samples: &Samples, columns: &[usize], a: usize, b: usize) -> Ordering {
    let (first, second) = (samples.row(a), samples.row(b));
    columns
        .iter()
        .map(|&column| bits(first[column]).cmp(&bits(second[column])))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
        .then(samples.labels()[a].cmp(&samples.labels()[b]))
        .then(samples.weight(a).total_cmp(&samples.weight(b)))
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    fn samples(values: &[f64], columns: [&str; 2], labels: &[usize]) -> Samples {
        Samples::new(
            values.to_vec(),
            columns.map(str::to_owned).to_vec(),
            labels.iter().map(|&label| Label(label)).collect(),
            ClassNames::new(["a", "b"]).unwrap(),
        )
        .unwrap()
    }

    /// The layout written out by hand, so that a change of it cannot pass unseen.
    #[test]
    fn the_hash_is_that_of_the_documented_bytes() {
        let mut bytes = LAYOUT.to_vec();
        let number = |bytes: &mut Vec<u8>, n: u64| bytes.extend(n.to_le_bytes());
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        };
        number(&mut bytes, 2);
        text(&mut bytes, "x");
        text(&mut bytes, "yy");
        number(&mut bytes, 2);
        text(&mut bytes, "a");
        text(&mut bytes, "b");
        for (label, x, y) in [(1, 1.0_f64, 4.0_f64), (0, 2.0, 3.0)] {
            number(&mut bytes, label);
            number(&mut bytes, 1.0_f64.to_bits());
            number(&mut bytes, x.to_bits());
            number(&mut bytes, y.to_bits());
        }
        let expected = hexadecimal(&Sha256::digest(&bytes));
        let training = Training::of(&samples(&[3.0, 2.0, 4.0, 1.0], ["yy", "x"], &[0, 1]));
        assert_eq!(training.sha256, Some(expected));
        assert!(training.check().is_ok());
    }

    #[test]
    fn order_leaves_no_trace_and_every_value_does() {
        let nan = f64::NAN;
        let hash = |values: &[f64], columns, labels: &[usize]| {
            Training::of(&samples(values, columns, labels)).sha256
        };
        let whole = hash(&[1.0, nan, 2.0, 3.0], ["x", "y"], &[0, 1]);
        assert_eq!(whole, hash(&[2.0, 3.0, 1.0, nan], ["x", "y"], &[1, 0]));
        assert_eq!(whole, hash(&[nan, 1.0, 3.0, 2.0], ["y", "x"], &[0, 1]));
        assert_eq!(whole, hash(&[1.0, -nan, 2.0, 3.0], ["x", "y"], &[0, 1]));
        for other in [
            hash(&[1.0, nan, 2.0, 3.0], ["x", "y"], &[1, 1]),
            hash(&[1.0, nan, 2.0, 3.5], ["x", "y"], &[0, 1]),
            hash(&[1.0, nan, 2.0, 3.0], ["x", "z"], &[0, 1]),
            hash(&[1.0, nan], ["x", "y"], &[0]),
        ] {
            assert_ne!(whole, other);
        }
        let weighted = samples(&[1.0, nan, 2.0, 3.0], ["x", "y"], &[0, 1])
            .with_weights(vec![1.0, 2.0])
            .unwrap();
        assert_ne!(whole, Training::of(&weighted).sha256);
    }

    #[test]
    fn patients_are_counted_where_they_are_known() {
        let rows = samples(&[1.0, 2.0, 3.0, 4.0], ["x", "y"], &[0, 1]);
        assert_eq!(Training::counted(&rows).patients, None);
        let grouped = rows.with_groups(vec![7, 7]).unwrap();
        assert_eq!(Training::counted(&grouped).patients, Some(1));
    }
}
