//! What a learner is fitted on: rows of named numbers with a class each.

use std::collections::{BTreeMap, BTreeSet};

use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};

use crate::error::{LearnError, Result};

/// Training rows: row-major `f64` of shape n × p, column names, one label a row, optional weights.
///
/// Values may be NaN until the pipeline has dealt with them; a learner refuses them.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    values: Vec<f64>,
    columns: Vec<String>,
    labels: Vec<Label>,
    classes: ClassNames,
    weights: Option<Vec<f64>>,
    names: Option<Vec<String>>,
    groups: Option<Vec<usize>>,
    sites: Option<Vec<String>>,
}

/// The classes that occur among the labels, since a class may be absent from a training fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PresentClasses {
    /// Class numbers that occur, ascending.
    pub(crate) labels: Vec<usize>,
    /// For each row the position of its class in `labels`.
    pub(crate) of_row: Vec<usize>,
}

impl PresentClasses {
    /// Rows of the two largest classes.
    pub(crate) fn largest_pair(&self) -> usize {
        let mut sizes = vec![0; self.labels.len()];
        for &class in &self.of_row {
            sizes[class] += 1;
        }
        sizes.sort_unstable_by_key(|&size| std::cmp::Reverse(size));
        sizes.iter().take(2).sum()
    }

    /// For each row of samples whose classes all occur here the position of its class.
    pub(crate) fn of(&self, samples: &Samples) -> Vec<usize> {
        let position = |label: &Label| self.labels.partition_point(|&known| known < label.0);
        samples.labels.iter().map(position).collect()
    }
}

impl Samples {
    /// Rows of `columns.len()` values, one label each.
    ///
    /// # Errors
    /// [`LearnError::Samples`] when the sizes do not agree, a column occurs twice or a label lies
    /// outside `classes`.
    pub fn new(
        values: Vec<f64>,
        columns: Vec<String>,
        labels: Vec<Label>,
        classes: ClassNames,
    ) -> Result<Self> {
        let wanted = labels.len().checked_mul(columns.len());
        if Some(values.len()) != wanted {
            return Err(LearnError::samples(
                format!("{} values", values.len()),
                format!("{} rows x {} columns", labels.len(), columns.len()),
            ));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(LearnError::samples(
                format!("column '{twice}' twice"),
                "distinct column names",
            ));
        }
        if let Some(label) = labels.iter().find(|label| label.0 >= classes.len()) {
            return Err(LearnError::samples(
                format!("label {label}"),
                format!("a label below {}", classes.len()),
            ));
        }
        Ok(Self {
            values,
            columns,
            labels,
            classes,
            weights: None,
            names: None,
            groups: None,
            sites: None,
        })
    }

    /// The chosen rows of a table; `labels[i]` is the class of row `rows[i]`.
    ///
    /// # Errors
    /// [`LearnError::Row`] for a row outside the table, [`LearnError::Samples`] as in [`Samples::new`].
    pub fn from_table(
        table: &FeatureTable,
        rows: &[usize],
        labels: &[Label],
        classes: &ClassNames,
    ) -> Result<Self> {
        if labels.len() != rows.len() {
            return Err(LearnError::samples(
                format!("{} labels", labels.len()),
                format!("one for each of {} rows", rows.len()),
            ));
        }
        let mut values = Vec::with_capacity(rows.len() * table.columns().len());
        let mut names = Vec::with_capacity(rows.len());
        for &row in rows {
            let Some(sample) = table.samples().get(row) else {
                return Err(LearnError::Row {
                    found: row,
                    rows: table.samples().len(),
                });
            };
            values.extend_from_slice(table.row(row));
            names.push(sample.to_string());
        }
        let mut samples = Self::new(
            values,
            table.columns().to_vec(),
            labels.to_vec(),
            classes.clone(),
        )?;
        samples.names = Some(names);
        if let Some(patients) = table.patients() {
            let distinct: BTreeSet<_> = rows.iter().map(|&row| &patients[row]).collect();
            let number: BTreeMap<_, usize> = distinct.into_iter().zip(0..).collect();
            let groups = rows.iter().map(|&row| number[&patients[row]]);
            samples.groups = Some(groups.collect());
        }
        if let Some(sites) = table.sites() {
            samples.sites = Some(rows.iter().map(|&row| sites[row].clone()).collect());
        }
        Ok(samples)
    }

    /// The same rows, each belonging to the patient with its number: rows of a patient are never
    /// divided between learning and judging.
    ///
    /// # Errors
    /// [`LearnError::Samples`] unless there is one number a row.
    pub fn with_groups(mut self, groups: Vec<usize>) -> Result<Self> {
        self.one_a_row("groups", groups.len())?;
        self.groups = Some(groups);
        Ok(self)
    }

    /// The same rows, each from its site.
    ///
    /// # Errors
    /// [`LearnError::Samples`] unless there is one site a row.
    pub fn with_sites(mut self, sites: Vec<String>) -> Result<Self> {
        self.one_a_row("sites", sites.len())?;
        self.sites = Some(sites);
        Ok(self)
    }

    fn one_a_row(&self, what: &str, found: usize) -> Result<()> {
        if found == self.rows() {
            return Ok(());
        }
        Err(LearnError::samples(
            format!("{found} {what}"),
            format!("one for each of {} rows", self.rows()),
        ))
    }

    /// The same rows, each counting as often as its weight says.
    ///
    /// # Errors
    /// [`LearnError::Samples`] unless there is one finite weight above zero a row.
    pub fn with_weights(mut self, weights: Vec<f64>) -> Result<Self> {
        self.one_a_row("weights", weights.len())?;
        if let Some(bad) = weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
            return Err(LearnError::samples(
                format!("weight {bad}"),
                "finite weights above 0",
            ));
        }
        self.weights = Some(weights);
        Ok(self)
    }

    /// Number of rows (n).
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Number of columns (p).
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One row's values.
    ///
    /// # Panics
    /// When `row` is out of range.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width()..(row + 1) * self.width()]
    }

    /// Column names in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The class of each row.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The classes; their order is that of every probability row.
    pub fn classes(&self) -> &ClassNames {
        &self.classes
    }

    /// The weights, if any were given.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The patient's number of each row, if known.
    pub fn groups(&self) -> Option<&[usize]> {
        self.groups.as_deref()
    }

    /// The site of each row, if known.
    pub fn sites(&self) -> Option<&[String]> {
        self.sites.as_deref()
    }

    /// What a row is called in messages.
    pub fn row_name(&self, row: usize) -> String {
        match &self.names {
            Some(names) => format!("'{}'", names[row]),
            None => row.to_string(),
        }
    }

    /// The weight of one row, 1 where none were given.
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// Sum of the weights, the number of rows where none were given.
    pub(crate) fn total_weight(&self) -> f64 {
        match &self.weights {
            Some(weights) => weights.iter().sum(),
            None => self.rows() as f64,
        }
    }

    /// One column's values in row order.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = f64> + '_ {
        self.values
            .iter()
            .skip(column)
            .step_by(self.width().max(1))
            .copied()
    }

    /// What every learner asks before it starts: enough rows, a column, finite values.
    pub(crate) fn ready(&self, learner: &'static str, needed: usize) -> Result<()> {
        self.has_rows_and_columns(learner, needed)?;
        check_finite(&self.values, &self.columns, |row| self.row_name(row))
    }

    /// The same for learners that read undefined values: only infinite ones are refused.
    pub(crate) fn ready_but_undefined(&self, learner: &'static str, needed: usize) -> Result<()> {
        self.has_rows_and_columns(learner, needed)?;
        check_values(&self.values, &self.columns, f64::is_infinite, |row| {
            self.row_name(row)
        })
    }

    fn has_rows_and_columns(&self, learner: &'static str, needed: usize) -> Result<()> {
        let needed = needed.max(1);
        if self.rows() < needed {
            return Err(LearnError::TooFewRows {
                learner,
                found: self.rows(),
                needed,
            });
        }
        if self.width() == 0 {
            return Err(LearnError::NoColumns {
                learner,
                found: "the table has none".into(),
            });
        }
        Ok(())
    }

    /// Refuses weights on behalf of a learner that has no use for them.
    pub(crate) fn without_weights(&self, learner: &'static str) -> Result<()> {
        if self.weights.is_some() {
            return Err(LearnError::WeightsUnsupported { learner });
        }
        Ok(())
    }

    /// The classes that occur.
    pub(crate) fn present(&self) -> PresentClasses {
        let labels: Vec<usize> = self
            .labels
            .iter()
            .map(|label| label.0)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut position = vec![0; self.classes.len()];
        for (at, &label) in labels.iter().enumerate() {
            position[label] = at;
        }
        let of_row = self.labels.iter().map(|label| position[label.0]).collect();
        PresentClasses { labels, of_row }
    }

    /// The classes that occur, at least two of them.
    pub(crate) fn two_classes(&self, learner: &'static str) -> Result<PresentClasses> {
        let present = self.present();
        if let [only] = present.labels[..] {
            return Err(LearnError::OneClass {
                learner,
                class: self.classes.name(Label(only)).to_owned(),
            });
        }
        Ok(present)
    }

    /// The rows as a table: named as they are where the names differ, else by number.
    pub(crate) fn to_table(&self) -> Result<FeatureTable> {
        let distinct =
            |names: &&Vec<String>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
        let id = |name: String| SampleId::whole(CaseId::new(name));
        let ids = match self.names.as_ref().filter(distinct) {
            Some(names) => names.iter().cloned().map(id).collect(),
            None => (0..self.rows()).map(|row| id(row.to_string())).collect(),
        };
        let table = FeatureTable::new(ids, self.columns.clone(), self.values.clone())?;
        Ok(match &self.sites {
            Some(sites) => table.with_sites(sites.clone())?,
            None => table,
        })
    }

    /// The chosen rows, in the given order; a row may be chosen twice.
    ///
    /// # Panics
    /// When a row is out of range.
    #[must_use]
    pub fn subset(&self, rows: &[usize]) -> Self {
        fn picked<T: Clone>(all: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| all[row].clone()).collect()
        }
        let mut values = Vec::with_capacity(rows.len() * self.width());
        for &row in rows {
            values.extend_from_slice(self.row(row));
        }
        Self {
            values,
            columns: self.columns.clone(),
            labels: picked(&self.labels, rows),
            classes: self.classes.clone(),
            weights: self.weights.as_ref().map(|all| picked(all, rows)),
            names: self.names.as_ref().map(|all| picked(all, rows)),
            groups: self.groups.as_ref().map(|all| picked(all, rows)),
            sites: self.sites.as_ref().map(|all| picked(all, rows)),
        }
    }

    /// The same rows ordered by their values, then label, then weight: sums and draws then depend
    /// on which rows there are, not on the order in which they came.
    pub(crate) fn in_canonical_order(&self) -> Self {
        let mut order: Vec<usize> = (0..self.rows()).collect();
        order.sort_by(|&a, &b| {
            let rows = self.row(a).iter().zip(self.row(b));
            rows.map(|(x, y)| x.total_cmp(y))
                .find(|ordering| ordering.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
                .then(self.labels[a].cmp(&self.labels[b]))
                .then(self.weight(a).total_cmp(&self.weight(b)))
        });
        self.subset(&order)
    }

    /// The same rows with other columns.
    pub(crate) fn with_columns(&self, columns: Vec<String>, values: Vec<f64>) -> Self {
        debug_assert_eq!(values.len(), columns.len() * self.rows());
        Self {
            values,
            columns,
            labels: self.labels.clone(),
            classes: self.classes.clone(),
            weights: self.weights.clone(),
            names: self.names.clone(),
            groups: self.groups.clone(),
            sites: self.sites.clone(),
        }
    }
}

/// Refuses the first value that is not finite, naming its column and sample.
pub(crate) fn check_finite(
    values: &[f64],
    columns: &[String],
    name: impl Fn(usize) -> String,
) -> Result<()> {
    check_values(values, columns, |v| !v.is_finite(), name)
}

/// Refuses the first value that is `bad`, naming its column and sample.
fn check_values(
    values: &[f64],
    columns: &[String],
    bad: impl Fn(f64) -> bool,
    name: impl Fn(usize) -> String,
) -> Result<()> {
    let Some(first) = values.iter().position(|&v| bad(v)) else {
        return Ok(());
    };
    Err(LearnError::NotFinite {
        column: columns[first % columns.len()].clone(),
        sample: name(first / columns.len()),
        found: values[first].to_string(),
        count: values.iter().filter(|&&v| bad(v)).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Samples {
        let classes = ClassNames::new(["a", "b", "c"]).unwrap();
        let labels = vec![Label(2), Label(0), Label(2)];
        let columns = vec!["x".into(), "y".into()];
        Samples::new(vec![1.0, 2.0, 0.0, 5.0, 1.0, 1.0], columns, labels, classes).unwrap()
    }

    #[test]
    fn present_classes_leave_out_the_absent_one() {
        let present = samples().present();
        assert_eq!(present.labels, [0, 2]);
        assert_eq!(present.of_row, [1, 0, 1]);
    }

    #[test]
    fn canonical_order_sorts_rows_with_their_labels() {
        let ordered = samples().in_canonical_order();
        assert_eq!(ordered.values(), [0.0, 5.0, 1.0, 1.0, 1.0, 2.0]);
        assert_eq!(ordered.labels(), [Label(0), Label(2), Label(2)]);
    }

    #[test]
    fn sizes_labels_and_weights_are_checked() {
        let classes = ClassNames::new(["a"]).unwrap();
        let columns = vec!["x".to_owned()];
        let new = |values: &[f64], label| {
            Samples::new(
                values.to_vec(),
                columns.clone(),
                vec![Label(label)],
                classes.clone(),
            )
        };
        assert!(new(&[1.0], 0).is_ok());
        assert!(new(&[1.0, 2.0], 0).is_err());
        assert!(new(&[1.0], 1).is_err());
        assert!(samples().with_weights(vec![1.0, 0.0, 1.0]).is_err());
        assert!(samples().with_weights(vec![1.0, 1.0]).is_err());
    }
}
