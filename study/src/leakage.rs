//! Columns that give the target away: warned of, since real features hardly ever do.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
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
}
