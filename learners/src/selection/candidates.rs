//! What a method of selection sees: columns, the class of each row, and whose rows they are.

use raduet_study::{ClassNames, Label};
use rayon::prelude::*;

use crate::error::Result;
use crate::preprocess::working::Working;
use crate::samples::Samples;
use crate::selection::NAME;

/// Columns to choose from, in the order of their names, rows in the order of the steps.
#[derive(Debug, Clone)]
pub(crate) struct Candidates {
    /// One list of n values a column.
    pub(crate) columns: Vec<Vec<f64>>,
    /// Class of each row, numbered among those that occur.
    pub(crate) classes: Vec<usize>,
    /// Rows of each class, none of them 0.
    pub(crate) counts: Vec<usize>,
    /// The patient of each row; each row its own where that is not known.
    pub(crate) groups: Vec<usize>,
}

impl Candidates {
    /// The columns of now.
    ///
    /// # Errors
    /// [`LearnError::OneClass`](crate::LearnError::OneClass).
    pub(crate) fn new(work: &Working) -> Result<Self> {
        let samples = work.samples;
        let of_row = samples.two_classes(NAME)?.of_row;
        let order = work.order();
        let groups = match samples.groups() {
            Some(groups) => order.iter().map(|&row| groups[row]).collect(),
            None => (0..order.len()).collect(),
        };
        let classes = order.iter().map(|&row| of_row[row]).collect();
        Ok(Self::counted(work.values(), classes, groups))
    }

    fn counted(columns: Vec<Vec<f64>>, classes: Vec<usize>, groups: Vec<usize>) -> Self {
        let classes_there = classes.iter().max().map_or(0, |last| last + 1);
        let mut counts = vec![0; classes_there];
        for &class in &classes {
            counts[class] += 1;
        }
        Self {
            columns,
            classes,
            counts,
            groups,
        }
    }

    /// Number of columns.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.classes.len()
    }

    /// A score for each column.
    pub(crate) fn scored(&self, score: impl Fn(&[f64]) -> f64 + Sync) -> Vec<f64> {
        self.columns
            .par_iter()
            .map(|column| score(column))
            .collect()
    }

    /// Some of the rows, or nothing where a class is lost.
    pub(crate) fn with_rows(&self, rows: &[usize]) -> Option<Self> {
        let picked = |all: &[usize]| rows.iter().map(|&row| all[row]).collect::<Vec<_>>();
        let classes = picked(&self.classes);
        if (0..self.counts.len()).any(|class| !classes.contains(&class)) {
            return None;
        }
        let columns = self.columns.iter();
        let columns = columns.map(|column| rows.iter().map(|&row| column[row]).collect());
        let groups = picked(&self.groups);
        Some(Self::counted(columns.collect(), classes, groups))
    }

    /// The chosen columns as samples for a learner.
    pub(crate) fn samples(&self, columns: &[&[f64]]) -> Result<Samples> {
        let width = columns.len();
        let mut values = vec![0.0; width * self.rows()];
        for (at, column) in columns.iter().enumerate() {
            let places = values.iter_mut().skip(at).step_by(width);
            places.zip(*column).for_each(|(to, value)| *to = *value);
        }
        let names = (0..width).map(|at| at.to_string()).collect();
        let labels = self.classes.iter().map(|&class| Label(class)).collect();
        let classes = ClassNames::new((0..self.counts.len()).map(|class| class.to_string()))?;
        Samples::new(values, names, labels, classes)
    }
}
