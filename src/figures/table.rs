//! The numbers behind a figure as CSV.

use crate::io::cell;

/// A table that grows line by line.
pub(super) struct Table(csv::Writer<Vec<u8>>);

/// What stands in a cell.
#[derive(Debug, Clone)]
pub(super) enum Cell<'a> {
    /// Text from anywhere.
    Text(&'a str),
    /// A number; empty where undefined.
    Number(f64),
    /// A number there may not be.
    Perhaps(Option<f64>),
    Count(u64),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<f64>> for Cell<'_> {
    fn from(number: Option<f64>) -> Self {
        Self::Perhaps(number)
    }
}

impl From<u64> for Cell<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Cell<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        let mut table = Self(csv::Writer::from_writer(Vec::new()));
        table.put(
            &head
                .iter()
                .map(|&name| Cell::Text(name))
                .collect::<Vec<_>>(),
        );
        table
    }

    pub(super) fn put(&mut self, cells: &[Cell<'_>]) {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| match cell {
                Cell::Text(text) => cell::text(text),
                Cell::Number(number) => cell::number(*number),
                Cell::Perhaps(number) => number.map(cell::number).unwrap_or_default(),
                Cell::Count(count) => count.to_string(),
            })
            .collect();
        self.record(&cells);
    }

    /// Every line has as many cells as the head and memory takes them all, so nothing can go wrong.
    fn record<S: AsRef<[u8]>>(&mut self, cells: &[S]) {
        let written = self.0.write_record(cells);
        debug_assert!(written.is_ok(), "{written:?}");
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_default()
    }
}

/// A line of a table: `row![a, b, c]`.
macro_rules! row {
    ($($cell:expr),+ $(,)?) => {
        &[$($crate::figures::table::Cell::from($cell)),+]
    };
}
pub(super) use row;
