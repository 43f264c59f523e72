//! One image under two ids, within a patient or across patients, by its voxels; and the same measurements under two ids.

use std::collections::{BTreeMap, BTreeSet};

use raduet_features::Volume;
use raduet_study::contamination::{Double, same_content};
use raduet_study::{CaseId, Cohort, PatientId, Split};
use xxhash_rust::xxh3::Xxh3;

use super::Findings;
use crate::error::{Result, ToolError};
use crate::io::feature_csv::FeatureFile;

/// Fewer broken values than this are equal in two rows by chance: counts and shares of small regions repeat.
const FEWEST_VALUES: usize = 5;

/// What names of columns of form hold, in PyRadiomics' (`original_shape_Sphericity`) and IBSI's words.
const FORM: [&str; 2] = ["shape", "morph"];

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
    let doubles = same_content(cases, split).into_iter();
    told(doubles.map(|double| (double, 1)), "the same image")
}

/// The rows of a table by what they hold.
pub struct MeasuredRows<'a> {
    /// Image, patient and digest of every row.
    rows: Vec<(CaseId, &'a PatientId, String)>,
}

impl<'a> MeasuredRows<'a> {
    /// Reads all rows.
    pub fn of(file: &'a FeatureFile) -> Self {
        let is_form: Vec<bool> = file.table.columns().iter().map(|c| is_form(c)).collect();
        let rows = file.rows.iter().enumerate();
        let rows = rows.map(|(at, row)| {
            let digest = digest_of_row(file.table.row(at), &is_form);
            (row.imaged_case(), &row.patient, digest)
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// Rows that hold the same measurements under other cases.
    pub fn check(&self, split: &Split) -> Findings {
        let rows = self.rows.iter();
        let rows = rows.map(|(case, patient, content)| (case, *patient, content.as_str()));
        // Of two copied cases with many slices or lesions one pair is told, one on two sides of the split before others.
        let mut pairs: Vec<(Double, usize)> = Vec::new();
        let mut places: BTreeMap<(CaseId, CaseId), usize> = BTreeMap::new();
        for double in same_content(rows, split) {
            let pair = (double.first.0.clone(), double.second.0.clone());
            let place = *places.entry(pair).or_insert(pairs.len());
            match pairs.get_mut(place) {
                Some((_, count)) => *count += 1,
                None => pairs.push((double, 1)),
            }
        }
        told(pairs, "the same measurements")
    }
}

/// Whether a column measures the form of a region: two regions of one form, such as the same square, need be no copies.
fn is_form(column: &str) -> bool {
    let name = column.to_ascii_lowercase();
    FORM.iter().any(|word| name.contains(word))
}

/// A row's values; empty where too few of them are broken numbers from grey values for a coincidence to be ruled out.
fn digest_of_row(values: &[f64], is_form: &[bool]) -> String {
    let is_telling = |value: f64| value.is_finite() && value.fract().abs() > 0.0;
    let telling: BTreeSet<u64> = values
        .iter()
        .zip(is_form)
        .filter(|(value, is_form)| !**is_form && is_telling(**value))
        .map(|(value, _)| value.to_bits())
        .collect();
    if telling.len() < FEWEST_VALUES {
        return String::new();
    }
    let bytes: Vec<u8> = values.iter().flat_map(|&value| bytes_of(value)).collect();
    let mut hasher = Xxh3::new();
    hasher.update(&bytes);
    format!("{:032x}", hasher.digest128())
}

/// Doubles, each with how many rows of it there are.
fn told(doubles: impl IntoIterator<Item = (Double, usize)>, what: &str) -> Findings {
    let mut findings = Findings::default();
    for (double, count) in doubles {
        let ((first, of_first), (second, of_second)) = (&double.first, &double.second);
        let whose = |case: &CaseId, patient: &PatientId| format!("'{case}' of patient '{patient}'");
        let place = match double.apart {
            Some([first, second]) => format!(", in {} and {}", first.name(), second.name()),
            None => String::new(),
        };
        let rows = match count {
            1 => String::new(),
            count => format!(" ({count} rows)"),
        };
        let found = format!(
            "{what} under two ids: {} and {}{place}{rows}",
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
    fn rows_of_few_or_whole_numbers_or_of_form_say_nothing() {
        let digest = |row: &[f64]| digest_of_row(row, &vec![false; row.len()]);
        assert!(digest(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).is_empty());
        assert!(digest(&[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]).is_empty());
        let row = [0.1, 0.2, 0.3, 0.4, 0.6, f64::NAN];
        assert_eq!(digest(&row), digest(&row));
        assert_ne!(digest(&row), digest(&[0.1, 0.2, 0.3, 0.4, 0.7, f64::NAN]));
        let columns = [
            "original_shape2D_Sphericity",
            "morph_volume",
            "glcm_contrast",
        ];
        let is_form: Vec<bool> = columns.iter().map(|column| is_form(column)).collect();
        assert_eq!(is_form, [true, true, false]);
        // Five values, one of them of form: four are too few.
        assert!(digest_of_row(&row, &[true, false, false, false, false, false]).is_empty());
    }
}
