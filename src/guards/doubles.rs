//! One image under two ids, within a patient or across patients, by its voxels; and the same measurements under two ids.

use std::collections::BTreeSet;

use raduet_features::Volume;
use raduet_study::contamination::{Double, same_content};
use raduet_study::{CaseId, Cohort, PatientId, Split};
use xxhash_rust::xxh3::Xxh3;

use super::Findings;
use crate::error::{Result, ToolError};
use crate::io::feature_csv::FeatureFile;

/// Fewer broken values than this are equal in two rows by chance: counts and shares of small regions repeat.
const FEWEST_VALUES: usize = 5;

/// An image's shape and values in 32 hexadecimal digits (XXH3 with 128 bits), whatever file, number type and compression
/// they came in; the grid's place and spacing do not count.
///
/// # Errors
/// [`crate::error::Code::Internal`], which does not happen.
pub fn digest_of_voxels(volume: &Volume) -> Result<String> {
    let mut hasher = Xxh3::new();
    let shape = volume.grid().shape;
    for side in shape {
        hasher.update(&(side as u64).to_le_bytes());
    }
    for z in 0..shape[0] {
        let slice = volume
            .slice_f64(z)
            .map_err(|fault| ToolError::internal(fault.to_string()))?;
        let values: Vec<[u8; 8]> = slice.iter().map(|&value| bytes_of(value)).collect();
        hasher.update(values.as_flattened());
    }
    Ok(format!("{:032x}", hasher.digest128()))
}

/// A value's bytes; both zeros are one value, and so are all NaN.
fn bytes_of(value: f64) -> [u8; 8] {
    let value = if value.is_nan() {
        f64::NAN
    } else {
        value + 0.0
    };
    value.to_le_bytes()
}

/// Images of a cohort that hold the same voxels; `contents` gives each case's digest, empty where it was not read.
pub fn of_images(cohort: &Cohort, contents: &[String], split: &Split) -> Findings {
    let cases = cohort.cases().iter().zip(contents);
    let cases = cases.map(|(case, content)| (&case.id, &case.patient, content.as_str()));
    told(&same_content(cases, split), "the same image")
}

/// Rows of a table that hold the same measurements under other cases.
pub fn of_rows(file: &FeatureFile, split: &Split) -> Findings {
    let contents: Vec<String> = (0..file.rows.len())
        .map(|row| digest_of_row(file.table.row(row)))
        .collect();
    let rows = file.rows.iter().zip(&contents);
    let rows = rows.map(|(row, content)| (&row.sample.case, &row.patient, content.as_str()));
    let doubles = same_content(rows, split);
    // Of two copied cases with many slices one pair is told.
    let mut seen: BTreeSet<(CaseId, CaseId)> = BTreeSet::new();
    let first = |double: &Double| seen.insert((double.first.0.clone(), double.second.0.clone()));
    let doubles: Vec<Double> = doubles.into_iter().filter(first).collect();
    told(&doubles, "the same measurements")
}

/// A row's values; empty where too few of them are broken numbers for a coincidence to be ruled out.
fn digest_of_row(values: &[f64]) -> String {
    let is_telling = |value: &&f64| value.is_finite() && value.fract().abs() > 0.0;
    let telling: BTreeSet<u64> = values
        .iter()
        .filter(is_telling)
        .map(|v| v.to_bits())
        .collect();
    if telling.len() < FEWEST_VALUES {
        return String::new();
    }
    let bytes: Vec<u8> = values.iter().flat_map(|&value| bytes_of(value)).collect();
    let mut hasher = Xxh3::new();
    hasher.update(&bytes);
    format!("{:032x}", hasher.digest128())
}

fn told(doubles: &[Double], what: &str) -> Findings {
    let mut findings = Findings::default();
    for double in doubles {
        let ((first, of_first), (second, of_second)) = (&double.first, &double.second);
        let whose = |case: &CaseId, patient: &PatientId| format!("'{case}' of patient '{patient}'");
        let place = match double.apart {
            Some([first, second]) => format!(", in {} and {}", first.name(), second.name()),
            None => String::new(),
        };
        let found = format!(
            "{what} under two ids: {} and {}{place}",
            whose(first, of_first),
            whose(second, of_second)
        );
        let remedy = "take one of them out, give both one patient, or learn from them all the same (--allow-leaks)";
        findings.add(found, remedy, double.apart.is_some());
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_few_or_whole_numbers_say_nothing() {
        assert!(digest_of_row(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).is_empty());
        assert!(digest_of_row(&[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]).is_empty());
        let row = [0.1, 0.2, 0.3, 0.4, 0.6, f64::NAN];
        assert_eq!(digest_of_row(&row), digest_of_row(&row));
        assert_ne!(
            digest_of_row(&row),
            digest_of_row(&[0.1, 0.2, 0.3, 0.4, 0.7, f64::NAN])
        );
    }
}
