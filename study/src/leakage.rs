//! Columns that give the target away: warned of, since real features hardly ever do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::labels::{ClassNames, Label};
use crate::metrics::auc;
use crate::table::FeatureTable;

/// Fewer rows than this on either side separate perfectly by chance too often to be worth a warning:
/// of 20 columns, 2·20/C(12, 6) = 4 %.
const FEWEST_ROWS: usize = 6;

/// A column that separates a class perfectly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Name of the column.
    pub column: String,
    /// The class that it separates from all others.
    pub class: String,
    /// Rows of that class.
    pub rows: usize,
}

/// Every column that by itself gives a class an area under the curve of exactly 1 or 0.
///
/// `labels` holds the class of every row of the table. Columns with an undefined value, classes with
/// fewer than six rows and classes that leave fewer than six others are passed over. Give it one row
/// per patient or training rows; rows of one patient count as if they were independent.
///
/// # Errors
/// [`StudyError::Table`] when there is not one label per row.
pub fn separating_columns(
    table: &FeatureTable,
    labels: &[Label],
    classes: &ClassNames,
) -> Result<Vec<Leak>> {
    let rows = table.samples().len();
    if labels.len() != rows {
        return Err(StudyError::Table {
            found: format!("{} labels", labels.len()),
            expected: format!("one for each of {rows} rows"),
        });
    }
    let mut leaks = Vec::new();
    for (index, column) in table.columns().iter().enumerate() {
        let values: Vec<f64> = (0..rows).map(|row| table.row(row)[index]).collect();
        for class in classes.labels() {
            let positive: Vec<bool> = labels.iter().map(|&label| label == class).collect();
            let inside = positive.iter().filter(|&&p| p).count();
            if inside.min(rows - inside) < FEWEST_ROWS {
                continue;
            }
            // A column with NaN has no area and is reported elsewhere.
            let separates = auc(&values, &positive).is_ok_and(|area| area.min(1.0 - area) <= 0.0);
            if separates {
                leaks.push(Leak {
                    column: column.clone(),
                    class: classes.name(class).to_owned(),
                    rows: inside,
                });
            }
        }
    }
    Ok(leaks)
}

/// Fewer rows than this may copy something by chance: a column of two values copies two classes of 12 rows
/// once in 2048 columns.
const FEWEST_COPIED: usize = 12;

/// What a column says again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copied {
    /// The class: one value for each, another for every other.
    Target,
    /// The number in the patient's name.
    Patient,
    /// The number of the row.
    RowNumber,
}

impl Copied {
    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Target => "the class",
            Self::Patient => "the number in the patient's name",
            Self::RowNumber => "the number of the row",
        }
    }
}

/// Every column that is no measurement but says the class, the patient or the row again, in table order.
///
/// `labels` and `patients` hold those of every row. Tables of fewer than 12 rows are passed over.
///
/// # Errors
/// [`StudyError::Table`] when there is not one label and one patient per row.
pub fn copies(
    table: &FeatureTable,
    labels: &[Label],
    patients: &[PatientId],
) -> Result<Vec<(String, Copied)>> {
    let rows = table.samples().len();
    if (labels.len(), patients.len()) != (rows, rows) {
        return Err(StudyError::Table {
            found: format!("{} labels, {} patients", labels.len(), patients.len()),
            expected: format!("one of each for each of {rows} rows"),
        });
    }
    if rows < FEWEST_COPIED {
        return Ok(Vec::new());
    }
    let numbers: Option<Vec<f64>> = patients.iter().map(number_of).collect();
    let copied = |column: usize| {
        let value = |row: usize| table.row(row)[column];
        let all = |says: &dyn Fn(usize) -> bool| (0..rows).all(says);
        if (0..rows).any(|row| value(row).is_nan()) {
            return None;
        }
        if copies_labels(labels, value) {
            return Some(Copied::Target);
        }
        // Counting: exact in f64 far beyond the rows of any table.
        #[expect(clippy::float_cmp, reason = "a copy is equal to the bit")]
        if all(&|row| value(row) == value(0) + row as f64) {
            return Some(Copied::RowNumber);
        }
        let numbers = numbers.as_ref()?;
        #[expect(clippy::float_cmp, reason = "a copy is equal to the bit")]
        let same = all(&|row| value(row) == numbers[row]);
        (same && numbers.iter().any(|n| n.to_bits() != numbers[0].to_bits()))
            .then_some(Copied::Patient)
    };
    let columns = table.columns().iter().enumerate();
    Ok(columns
        .filter_map(|(column, name)| Some((name.clone(), copied(column)?)))
        .collect())
}

/// Whether each class has one value that no other class has.
fn copies_labels(labels: &[Label], value: impl Fn(usize) -> f64) -> bool {
    let mut of_class: BTreeMap<Label, u64> = BTreeMap::new();
    for (row, &label) in labels.iter().enumerate() {
        // Plus zero: both zeros are one value.
        let bits = (value(row) + 0.0).to_bits();
        if *of_class.entry(label).or_insert(bits) != bits {
            return false;
        }
    }
    let distinct: BTreeSet<u64> = of_class.values().copied().collect();
    of_class.len() > 1 && distinct.len() == of_class.len()
}

/// The last run of digits in a patient's name.
fn number_of(patient: &PatientId) -> Option<f64> {
    let name = patient.as_str();
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| {
            at + name[at..].chars().next().map_or(1, char::len_utf8)
        });
    name[start..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CaseId, SampleId};

    #[test]
    fn a_copy_of_the_target_is_found_and_noise_is_not() {
        let classes = ClassNames::new(["mild", "severe"]).unwrap();
        let labels: Vec<Label> = (0..14).map(|i| Label(i % 2)).collect();
        let samples = (0..14)
            .map(|i| SampleId::whole(CaseId::new(format!("{i:02}"))))
            .collect();
        let columns = vec!["target".into(), "noise".into(), "gaps".into()];
        let values = (0..14_u32)
            .flat_map(|i| {
                let target = f64::from(i % 2);
                [
                    target * 3.0,
                    f64::from(i),
                    if i == 0 { f64::NAN } else { target },
                ]
            })
            .collect();
        let table = FeatureTable::new(samples, columns, values).unwrap();
        let leaks = separating_columns(&table, &labels, &classes).unwrap();
        let found: Vec<(&str, &str)> = leaks
            .iter()
            .map(|leak| (leak.column.as_str(), leak.class.as_str()))
            .collect();
        assert_eq!(found, [("target", "mild"), ("target", "severe")]);
        assert!(separating_columns(&table, &labels[1..], &classes).is_err());
    }

    #[test]
    fn columns_that_say_something_again_are_named() {
        let rows = 14_u32;
        let labels: Vec<Label> = (0..rows as usize).map(|i| Label(i % 3)).collect();
        let patients: Vec<PatientId> = (0..rows)
            .map(|i| PatientId::new(format!("HCC_{:03}", 7 * i % 50)))
            .collect();
        let samples = (0..rows).map(|i| SampleId::whole(CaseId::new(format!("{i}"))));
        let columns = ["class", "nearly", "patient", "count", "noise", "halves"];
        let values = (0..rows).flat_map(|i| {
            let class = [5.0, -1.0, 0.0][(i % 3) as usize];
            let nearly = if i == 9 { 1.0 } else { class };
            let halves = f64::from(i % 3 / 2);
            let patient = f64::from(7 * i % 50);
            [
                class,
                nearly,
                patient,
                f64::from(i + 3),
                f64::from(i * i),
                halves,
            ]
        });
        let table = FeatureTable::new(
            samples.collect(),
            columns.map(str::to_owned).to_vec(),
            values.collect(),
        )
        .unwrap();
        let found = copies(&table, &labels, &patients).unwrap();
        let expected = [
            ("class".to_owned(), Copied::Target),
            ("patient".to_owned(), Copied::Patient),
            ("count".to_owned(), Copied::RowNumber),
        ];
        assert_eq!(found, expected);
        assert!(copies(&table, &labels[1..], &patients).is_err());
        assert_eq!(number_of(&PatientId::new("Ä-12b")), Some(12.0));
        assert_eq!(number_of(&PatientId::new("é7")), Some(7.0));
        assert_eq!(number_of(&PatientId::new("none")), None);
    }
}
