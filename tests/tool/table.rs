//! A CSV table as the tests read it: cells by row and column name.

use std::path::Path;

/// A header and its rows.
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        Self {
            head: texts(reader.headers().unwrap()),
            rows: reader
                .records()
                .map(|record| texts(&record.unwrap()))
                .collect(),
        }
    }

    /// A cell; the column must exist.
    pub(crate) fn cell(&self, row: usize, column: &str) -> &str {
        let at = self.head.iter().position(|name| name == column);
        &self.rows[row][at.unwrap_or_else(|| panic!("no column {column}: {:?}", self.head))]
    }

    /// A number; NaN for an empty cell.
    pub(crate) fn number(&self, row: usize, column: &str) -> f64 {
        match self.cell(row, column) {
            "" => f64::NAN,
            text => text.parse().unwrap(),
        }
    }

    /// All cells of a column.
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        (0..self.rows.len())
            .map(|row| self.cell(row, name))
            .collect()
    }

    /// Columns behind the first one that begins so, it included.
    pub(crate) fn from(&self, beginning: &str) -> &[String] {
        let at = self
            .head
            .iter()
            .position(|name| name.starts_with(beginning));
        &self.head[at.unwrap()..]
    }
}
