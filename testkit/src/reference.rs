//! Tables of reference values, and a comparison that collects every miss before it fails.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A table of text cells with a head of column names.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
}

/// The folder of the reference values, `tests/reference` of the workspace.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference")
}

impl Table {
    /// Reads a comma-separated file below [`folder`]: `#` begins a comment line, no cell is quoted.
    ///
    /// # Panics
    /// When the file is missing or a row has too few or too many cells.
    pub fn read(inside: &str) -> Self {
        Self::read_path(&folder().join(inside))
    }

    /// Reads such a file from anywhere, for instance from the bulky test data.
    ///
    /// # Panics
    /// When the file is missing or a row has too few or too many cells.
    pub fn read_path(path: &Path) -> Self {
        let shown = path.display();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let mut lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let columns = lines.next().unwrap_or_else(|| panic!("{shown} is empty"));
        let rows: Vec<_> = lines.collect();
        for row in &rows {
            assert_eq!(row.len(), columns.len(), "{shown}: {row:?}");
        }
        assert!(!rows.is_empty(), "{shown} has no rows");
        Self { columns, rows }
    }

    /// Column names in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }
}

impl<'a> Row<'a> {
    /// The cell of a column.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn text(&self, column: &str) -> &'a str {
        let at = self.table.columns.iter().position(|name| name == column);
        &self.cells[at.unwrap_or_else(|| panic!("no column '{column}'"))]
    }

    /// The cell of a column as a number, or `None` when the table has no such column.
    ///
    /// # Panics
    /// When the cell is no number.
    pub fn optional_number(&self, column: &str) -> Option<f64> {
        let known = self.table.columns.iter().any(|name| name == column);
        known.then(|| self.number(column))
    }

    /// The cell of a column as a number.
    ///
    /// # Panics
    /// When it is none.
    pub fn number(&self, column: &str) -> f64 {
        let text = self.text(column);
        text.parse()
            .unwrap_or_else(|_| panic!("{column}: '{text}' is no number"))
    }
}

/// Compares numbers with their references and remembers all misses.
#[derive(Debug, Default)]
pub struct Comparison {
    compared: usize,
    largest: f64,
    by_absolute: usize,
    misses: String,
}

impl Comparison {
    /// Accepts `found` when it differs from `expected` by at most `relative · |expected| + absolute`,
    /// or both are NaN.
    pub fn check(&mut self, what: &str, found: f64, expected: f64, relative: f64, absolute: f64) {
        self.compared += 1;
        if found.is_nan() && expected.is_nan() {
            return;
        }
        let off = (found - expected).abs();
        // Written so that a NaN on one side fails.
        if off <= relative * expected.abs() + absolute {
            if off <= relative * expected.abs() {
                self.largest = self
                    .largest
                    .max(if off > 0.0 { off / expected.abs() } else { 0.0 });
            } else {
                self.by_absolute += 1;
            }
        } else {
            let share = off / expected.abs();
            writeln!(
                self.misses,
                "{what}: found {found:e}, expected {expected:e} ({share:.1e})"
            )
            .expect("writing to a string");
        }
    }

    /// Says how many numbers were compared, the largest relative difference that was accepted, and how
    /// many needed the absolute tolerance.
    ///
    /// # Panics
    /// With the list of all misses, or when nothing was compared.
    #[expect(clippy::print_stdout, reason = "shown by the test runner on demand")]
    pub fn finish(self, name: &str) {
        let misses = self.misses.lines().count();
        assert!(
            misses == 0,
            "{name}: {misses} of {} values missed\n{}",
            self.compared,
            self.misses
        );
        assert!(self.compared > 0, "{name}: nothing was compared");
        println!(
            "{name}: {} values agree, largest relative difference {:.1e}, {} by the absolute tolerance",
            self.compared, self.largest, self.by_absolute
        );
    }
}
