//! What happens to a table before a learner sees it, estimated from training rows only.
//!
//! In this order: columns without any defined value are dropped; undefined values (NaN) are refused
//! or replaced by the column's training median; columns that do not vary are dropped; the rest are
//! centred and divided by their population standard deviation. Infinite values are always refused.
//! Every drop is recorded. Sums run over sorted values, so the order of rows leaves no trace.

use std::collections::BTreeMap;
use std::fmt;

use raduet_study::FeatureTable;
use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::samples::{Samples, check_finite};

/// Whether columns are brought to a common scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Mean 0 and population standard deviation 1 over the training rows.
    #[default]
    Standard,
    /// Values as they are.
    Unscaled,
}

/// What becomes of undefined values (NaN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// An error that names column and sample.
    #[default]
    Refuse,
    /// The median of the column's defined training values.
    Median,
}

/// The settings of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocess {
    /// Common scale or none.
    pub scaling: Scaling,
    /// Undefined values.
    pub undefined: Undefined,
}

/// Why a column was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// It has the same value in every training row, up to rounding.
    Constant,
    /// It has no defined value in the training rows.
    Undefined,
}

/// A column that the learner does not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroppedColumn {
    /// Its name.
    pub column: String,
    /// Why.
    pub reason: Dropped,
}

impl fmt::Display for DroppedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Dropped::Constant => "it does not vary over the training rows",
            Dropped::Undefined => "it is undefined in every training row",
        };
        write!(f, "column '{}' left out: {reason}", self.column)
    }
}

/// One column that the learner sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptColumn {
    name: String,
    /// Stands in for an undefined value, where that is chosen.
    median: f64,
    /// Subtracted; 0 where unscaled.
    mean: f64,
    /// Divided by; 1 where unscaled.
    scale: f64,
}

/// The step with everything it estimated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedPreprocess {
    settings: Preprocess,
    kept: Vec<KeptColumn>,
    dropped: Vec<DroppedColumn>,
}

impl Preprocess {
    /// Estimates medians, means and scales, and gives the learner's view of the training rows.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for values that this step may not replace,
    /// [`LearnError::NoColumns`] when none is left.
    pub fn fit(self, samples: &Samples) -> Result<(FittedPreprocess, Samples)> {
        let mut kept = Vec::new();
        let mut dropped = Vec::new();
        let mut drop = |column: &String, reason| {
            dropped.push(DroppedColumn {
                column: column.clone(),
                reason,
            });
        };
        let mut defined_columns = Vec::new();
        for (index, name) in samples.columns().iter().enumerate() {
            if samples.rows() > 0 && samples.column(index).all(f64::is_nan) {
                drop(name, Dropped::Undefined);
            } else {
                defined_columns.push(index);
            }
        }
        self.refuse(samples, &defined_columns)?;
        for index in defined_columns {
            let name = &samples.columns()[index];
            let mut sorted: Vec<f64> = samples.column(index).filter(|v| !v.is_nan()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let Some(median) = median(&sorted) else {
                continue;
            };
            // Replaced values count, as they do for the learner.
            let replaced = samples.rows() - sorted.len();
            let at = sorted.partition_point(|v| *v < median);
            sorted.splice(at..at, std::iter::repeat_n(median, replaced));
            let (mean, variance) = moments(&sorted);
            if !(mean.is_finite() && variance.is_finite()) {
                return Err(LearnError::samples(
                    format!("column '{name}' whose spread overflows"),
                    "values of moderate size",
                ));
            }
            if is_constant(&sorted, mean, variance) {
                drop(name, Dropped::Constant);
                continue;
            }
            let (mean, scale) = match self.scaling {
                Scaling::Standard => (mean, variance.sqrt()),
                Scaling::Unscaled => (0.0, 1.0),
            };
            kept.push(KeptColumn {
                name: name.clone(),
                median,
                mean,
                scale,
            });
        }
        if kept.is_empty() {
            return Err(LearnError::NoColumns {
                learner: "preprocess",
                found: format!("{} of {} left out", dropped.len(), samples.width()),
            });
        }
        let fitted = FittedPreprocess {
            settings: self,
            kept,
            dropped,
        };
        let positions = fitted.positions(samples.columns())?;
        let values = (0..samples.rows())
            .flat_map(|row| fitted.transformed(samples.row(row), &positions))
            .collect();
        let columns = fitted.kept.iter().map(|column| column.name.clone());
        let samples = samples.with_columns(columns.collect(), values);
        Ok((fitted, samples))
    }

    /// Refuses what may not be replaced in the given columns.
    fn refuse(self, samples: &Samples, columns: &[usize]) -> Result<()> {
        let names: Vec<String> = columns
            .iter()
            .map(|&index| samples.columns()[index].clone())
            .collect();
        let values: Vec<f64> = (0..samples.rows())
            .flat_map(|row| columns.iter().map(move |&index| samples.row(row)[index]))
            .map(|v| self.excused(v))
            .collect();
        check_finite(&values, &names, |row| samples.row_name(row))
    }

    /// An undefined value counts as harmless where it will be replaced.
    fn excused(self, value: f64) -> f64 {
        match self.undefined {
            Undefined::Median if value.is_nan() => 0.0,
            _ => value,
        }
    }
}

impl FittedPreprocess {
    /// Settings of the step.
    pub fn settings(&self) -> Preprocess {
        self.settings
    }

    /// Number of columns the learner sees.
    pub fn width(&self) -> usize {
        self.kept.len()
    }

    /// Names of the columns the learner sees, in its order.
    pub fn kept(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(|column| column.name.as_str())
    }

    /// Columns that it does not see.
    pub fn dropped(&self) -> &[DroppedColumn] {
        &self.dropped
    }

    /// The learner's view of rows of a table, row-major rows × [`FittedPreprocess::width`].
    /// Columns are found by name, so their order does not matter.
    ///
    /// # Errors
    /// [`LearnError::Columns`] unless the table has exactly the training columns,
    /// [`LearnError::Row`], and [`LearnError::NotFinite`] in a column the learner sees.
    pub fn transform(&self, table: &FeatureTable, rows: &[usize]) -> Result<Vec<f64>> {
        let positions = self.positions(table.columns())?;
        let mut raw = Vec::with_capacity(rows.len() * positions.len());
        for &row in rows {
            if row >= table.samples().len() {
                return Err(LearnError::Row {
                    found: row,
                    rows: table.samples().len(),
                });
            }
            let values = table.row(row);
            raw.extend(
                positions
                    .iter()
                    .map(|&at| self.settings.excused(values[at])),
            );
        }
        let names: Vec<String> = self.kept().map(str::to_owned).collect();
        check_finite(&raw, &names, |row| {
            format!("'{}'", table.samples()[rows[row]])
        })?;
        Ok(rows
            .iter()
            .flat_map(|&row| self.transformed(table.row(row), &positions))
            .collect())
    }

    /// Where each kept column stands among `columns`.
    fn positions(&self, columns: &[String]) -> Result<Vec<usize>> {
        let mut at: BTreeMap<&str, usize> = columns
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), index))
            .collect();
        let mut missing = Vec::new();
        let mut positions = Vec::with_capacity(self.kept.len());
        for column in &self.kept {
            match at.remove(column.name.as_str()) {
                Some(index) => positions.push(index),
                None => missing.push(column.name.clone()),
            }
        }
        for column in &self.dropped {
            if at.remove(column.column.as_str()).is_none() {
                missing.push(column.column.clone());
            }
        }
        if missing.is_empty() && at.is_empty() {
            return Ok(positions);
        }
        let unknown = columns.iter().filter(|name| at.contains_key(name.as_str()));
        Err(LearnError::Columns {
            unknown: unknown.cloned().collect(),
            missing,
        })
    }

    fn transformed(&self, row: &[f64], positions: &[usize]) -> impl Iterator<Item = f64> {
        self.kept.iter().zip(positions).map(|(column, &at)| {
            let value = if row[at].is_nan() {
                column.median
            } else {
                row[at]
            };
            (value - column.mean) / column.scale
        })
    }

    /// What a step from a file must fulfil.
    pub(crate) fn check(&self) -> Result<()> {
        for column in &self.kept {
            let finite = [column.median, column.mean, column.scale];
            if !finite.iter().all(|v| v.is_finite()) || column.scale <= 0.0 {
                return Err(LearnError::saved(
                    format!("preprocess, column '{}'", column.name),
                    format!("median, mean, scale {finite:?}"),
                    "finite values and a scale above 0",
                ));
            }
        }
        let names = self
            .kept()
            .chain(self.dropped.iter().map(|column| column.column.as_str()));
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(LearnError::saved(
                "preprocess",
                format!("column '{}' twice", pair[0]),
                "distinct names",
            )),
            None => Ok(()),
        }
    }
}

/// Middle of sorted values, the mean of the two middle ones of an even number.
fn median(sorted: &[f64]) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some(f64::midpoint(sorted[last / 2], sorted[sorted.len() / 2]))
}

/// Mean and population variance, in two passes.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (squares, rest) = values.iter().fold((0.0, 0.0), |(squares, rest), x| {
        let d = x - mean;
        (squares + d * d, rest + d)
    });
    // The deviations' own sum corrects for the rounding of the mean.
    (mean, (squares - rest * rest / n) / n)
}

/// Whether the spread is no more than what rounding makes of a single value; scikit-learn's rule.
fn is_constant(sorted: &[f64], mean: f64, variance: f64) -> bool {
    let n = sorted.len() as f64;
    let rounding = n * mean * f64::EPSILON;
    sorted.first() == sorted.last() || variance <= n * f64::EPSILON * variance + rounding * rounding
}

#[cfg(test)]
mod tests {
    use raduet_study::{CaseId, ClassNames, Label, SampleId};

    use super::*;

    fn samples(values: &[f64], columns: &[&str]) -> Samples {
        Samples::new(
            values.to_vec(),
            columns.iter().map(|&c| c.into()).collect(),
            vec![Label(0); values.len() / columns.len()],
            ClassNames::new(["a"]).unwrap(),
        )
        .unwrap()
    }

    fn table(values: &[f64], columns: &[&str]) -> FeatureTable {
        let rows = values.len() / columns.len();
        let ids = (0..rows).map(|i| SampleId::whole(CaseId::new(format!("P{i}"))));
        FeatureTable::new(
            ids.collect(),
            columns.iter().map(|&c| c.into()).collect(),
            values.to_vec(),
        )
        .unwrap()
    }

    #[test]
    fn columns_are_scaled_dropped_and_found_by_name() {
        let nan = f64::NAN;
        let training = samples(
            &[1.0, 7.0, nan, 10.0, 3.0, 7.0, nan, 30.0],
            &["x", "same", "none", "y"],
        );
        let (fitted, seen) = Preprocess::default().fit(&training).unwrap();
        assert_eq!(seen.columns(), ["x", "y"]);
        assert_eq!(seen.values(), [-1.0, -1.0, 1.0, 1.0]);
        let reasons: Vec<_> = fitted.dropped().iter().map(|d| d.reason).collect();
        assert_eq!(reasons, [Dropped::Undefined, Dropped::Constant]);
        let other = table(&[40.0, 5.0, 0.0, nan], &["y", "x", "none", "same"]);
        assert_eq!(fitted.transform(&other, &[0]).unwrap(), [3.0, 2.0]);
    }

    #[test]
    fn missing_and_unknown_columns_are_named() {
        let training = samples(&[1.0, 2.0, 3.0, 5.0], &["x", "y"]);
        let (fitted, _) = Preprocess::default().fit(&training).unwrap();
        let error = fitted.transform(&table(&[1.0, 1.0], &["x", "z"]), &[0]);
        let expected = LearnError::Columns {
            missing: vec!["y".into()],
            unknown: vec!["z".into()],
        };
        assert_eq!(error.unwrap_err(), expected);
    }

    #[test]
    fn undefined_values_are_refused_or_replaced_by_the_training_median() {
        let training = samples(&[1.0, f64::NAN, 2.0, 6.0], &["x"]);
        let error = Preprocess::default().fit(&training).unwrap_err();
        assert!(
            matches!(&error, LearnError::NotFinite { column, sample, count: 1, .. }
                if column == "x" && sample == "1"),
            "{error}"
        );
        let imputing = Preprocess {
            scaling: Scaling::Unscaled,
            undefined: Undefined::Median,
        };
        let (fitted, seen) = imputing.fit(&training).unwrap();
        assert_eq!(seen.values(), [1.0, 2.0, 2.0, 6.0]);
        let test = table(&[f64::NAN, 9.0], &["x"]);
        assert_eq!(fitted.transform(&test, &[1, 0]).unwrap(), [9.0, 2.0]);
        let infinite = table(&[f64::INFINITY], &["x"]);
        assert!(fitted.transform(&infinite, &[0]).is_err());
    }

    #[test]
    fn small_and_large_scales_are_kept() {
        for scale in [1e-9, 1e9] {
            let training = samples(&[scale, 2.0 * scale, 4.0 * scale], &["x"]);
            let (fitted, _) = Preprocess::default().fit(&training).unwrap();
            assert_eq!(fitted.width(), 1);
        }
        // One value up to rounding.
        let noise = samples(&[1e9, 1e9 + 1e-7, 1e9, 1e9], &["x"]);
        assert!(Preprocess::default().fit(&noise).is_err());
    }
}
