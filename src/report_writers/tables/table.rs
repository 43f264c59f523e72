//! What a table is, whoever writes it: columns with units, groups of rows, cells with their intervals.

use raduet_study::report::Figure;
use raduet_study::uncertainty::Interval;

/// A table as it is told to the writers.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its files' stem and the end of its label: `table_1`, only `[a-z0-9_]`.
    pub stem: String,
    /// The paper's number (`I`); empty where the paper has no such table.
    pub number: String,
    /// What it shows, plain text without a full stop.
    pub title: String,
    /// Columns, those of names first.
    pub columns: Vec<Column>,
    /// Rows that belong together and compete for the best figure.
    pub groups: Vec<Group>,
    /// Sentences below it.
    pub notes: Vec<String>,
    /// How the intervals of its twin were made; `None` for a table without one.
    pub intervals: Option<String>,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its head in the CSV file, without its unit.
    pub key: &'static str,
    /// Its head elsewhere.
    pub title: &'static str,
    /// What its cells hold.
    pub unit: Unit,
    /// Which cell of a group is set in bold.
    pub best: Best,
    /// In which form it stands.
    pub shown: Shown,
}

/// What the cells of a column hold, and how they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Words.
    Text,
    /// Yes or no, ticked or crossed.
    Mark,
    /// A whole number, with its share of a whole where there is one.
    Count,
    /// A share as a fraction with three decimals, as the paper prints accuracies.
    Fraction,
    /// A share in percent with two decimals, as the paper prints the rest.
    Percent,
    /// A difference of shares in percentage points, with its sign.
    Points,
    /// A number in millions with two decimals.
    Millions,
    /// A plain number with one decimal.
    Plain,
    /// A probability under a null hypothesis.
    P,
}

/// Which cell of a group is set in bold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Best {
    /// None.
    No,
    /// The highest as printed, with its ties.
    Highest,
}

/// In which form of the table a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// In the paper's shape and in its twin.
    Always,
    /// In the twin with intervals only.
    WithIntervals,
}

/// Rows that belong together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The rows in order.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// One cell for each column.
    pub cells: Vec<Cell>,
    /// Whether it competes for the best figure.
    pub kind: RowKind,
}

/// Whether a row competes for the best figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// A model.
    Contender,
    /// What models are measured against, behind a line of its own.
    Reference,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing belongs here.
    Empty,
    /// A figure that has no value.
    Undefined,
    /// Words.
    Text(String),
    /// Ticked or crossed.
    Mark(Mark),
    /// A number, with its share of a whole.
    Count {
        /// How many.
        count: usize,
        /// Of how many, where that is of interest.
        of: Option<usize>,
    },
    /// A number in the base unit (fractions, single parameters) with its interval.
    Value {
        /// The number.
        value: f64,
        /// Its interval.
        interval: Option<Interval>,
    },
}

/// A yes or a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// ✓
    Yes,
    /// ✗
    No,
}

impl Column {
    /// A column of words.
    pub const fn text(key: &'static str, title: &'static str) -> Self {
        Self::of(key, title, Unit::Text)
    }

    /// A column that nothing is best in.
    pub const fn of(key: &'static str, title: &'static str, unit: Unit) -> Self {
        Self {
            key,
            title,
            unit,
            best: Best::No,
            shown: Shown::Always,
        }
    }

    /// A figure of which more is better.
    pub const fn figure(key: &'static str, title: &'static str, unit: Unit) -> Self {
        Self {
            best: Best::Highest,
            ..Self::of(key, title, unit)
        }
    }

    /// The same in the twin only.
    #[must_use]
    pub const fn in_twin(self) -> Self {
        Self {
            shown: Shown::WithIntervals,
            ..self
        }
    }
}

impl Cell {
    /// A figure of a report.
    pub fn figure(figure: Option<&Figure>) -> Self {
        let value = figure.and_then(|figure| figure.value);
        Self::value(value, figure.and_then(Figure::interval))
    }

    /// A number that may not be there.
    pub fn value(value: Option<f64>, interval: Option<Interval>) -> Self {
        match value.filter(|value| value.is_finite()) {
            Some(value) => Self::Value { value, interval },
            None => Self::Undefined,
        }
    }

    /// Words, or nothing.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Mark {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}
