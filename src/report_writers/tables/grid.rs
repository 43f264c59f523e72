//! A table as printed cells: the same digits and the same best figures for every writer of pages.

use raduet_study::uncertainty::Interval;

use super::table::{Best, Cell, Column, Mark, Row, RowKind, Shown, Table, Unit};
use crate::report_writers::numbers::{UNDEFINED, p_cell, points};

/// Which form of a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The paper's shape.
    Plain,
    /// Its twin with intervals.
    WithIntervals,
}

/// Printed cells, plain text that is not escaped for any page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    /// Heads with units and arrows.
    pub(super) head: Vec<String>,
    /// Whether a column is set flush left.
    pub(super) is_text: Vec<bool>,
    /// Groups of rows.
    pub(super) groups: Vec<Vec<Printed>>,
}

/// A printed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Printed {
    /// Texts, and whether they are the best of their group.
    pub(super) cells: Vec<(String, bool)>,
    /// Whether the row is what others are measured against.
    pub(super) is_reference: bool,
}

impl Form {
    /// Whether a column stands in this form.
    pub(super) fn has(self, column: &Column) -> bool {
        self == Self::WithIntervals || column.shown == Shown::Always
    }
}

impl Grid {
    /// Prints a table.
    pub(super) fn of(table: &Table, form: Form) -> Self {
        let at: Vec<usize> = (0..table.columns.len())
            .filter(|&at| form.has(&table.columns[at]))
            .collect();
        let columns: Vec<&Column> = at.iter().map(|&at| &table.columns[at]).collect();
        let groups = table.groups.iter().map(|group| {
            let best: Vec<Option<String>> = at
                .iter()
                .map(|&at| best(&table.columns[at], group.rows.iter(), at))
                .collect();
            let rows = group.rows.iter().map(|row| {
                let cells = at.iter().zip(&best).map(|(&at, best)| {
                    let (column, cell) = (&table.columns[at], &row.cells[at]);
                    let is_best = row.kind == RowKind::Contender
                        && best.is_some()
                        && *best == printed_value(column.unit, cell);
                    (text(column.unit, cell, form), is_best)
                });
                Printed {
                    cells: cells.collect(),
                    is_reference: row.kind == RowKind::Reference,
                }
            });
            rows.collect()
        });
        Self {
            head: columns.iter().map(|column| head(column)).collect(),
            is_text: columns
                .iter()
                .map(|column| column.unit == Unit::Text)
                .collect(),
            groups: groups.collect(),
        }
    }
}

/// The best figure of a group as printed; none where fewer than two models compete.
fn best<'a>(column: &Column, rows: impl Iterator<Item = &'a Row>, at: usize) -> Option<String> {
    if column.best == Best::No {
        return None;
    }
    let contenders = rows.filter(|row| row.kind == RowKind::Contender);
    let figures: Vec<(f64, String)> = contenders
        .filter_map(|row| match &row.cells[at] {
            cell @ Cell::Value { value, .. } => Some((*value, printed_value(column.unit, cell)?)),
            _ => None,
        })
        .collect();
    let highest = figures.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (figures.len() > 1).then(|| highest.1.clone())
}

/// A figure with the digits of the paper's shape, whatever the form: that decides ties.
fn printed_value(unit: Unit, cell: &Cell) -> Option<String> {
    match cell {
        Cell::Value { value, .. } => Some(number(unit, *value, Form::Plain)),
        _ => None,
    }
}

fn head(column: &Column) -> String {
    let unit = match column.unit {
        Unit::Percent => " (%)",
        Unit::Points => " (points)",
        Unit::Millions => " (M)",
        _ => "",
    };
    let arrow = match column.best {
        Best::Highest => " ↑",
        Best::No => "",
    };
    format!("{}{unit}{arrow}", column.title)
}

fn text(unit: Unit, cell: &Cell, form: Form) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Undefined => UNDEFINED.to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Mark(Mark::Yes) => "✓".to_owned(),
        Cell::Mark(Mark::No) => "✗".to_owned(),
        Cell::Count { count, of } => match of {
            Some(of) if *of > 0 => {
                let share = 100.0 * *count as f64 / *of as f64;
                format!("{count} ({share:.1} %)")
            }
            _ => count.to_string(),
        },
        Cell::Value { value, interval } => {
            let text = number(unit, *value, form);
            match interval {
                Some(interval) if form == Form::WithIntervals => {
                    format!("{text} {}", brackets(unit, *interval, form))
                }
                _ => text,
            }
        }
    }
}

fn brackets(unit: Unit, interval: Interval, form: Form) -> String {
    let [lower, upper] = [interval.lower, interval.upper].map(|end| number(unit, end, form));
    format!("[{lower}, {upper}]")
}

/// A number as it is printed. Beside an interval percentages have one decimal: the interval is wider than the second.
fn number(unit: Unit, value: f64, form: Form) -> String {
    match (unit, form) {
        (Unit::Percent, Form::Plain) => format!("{:.2}", 100.0 * value),
        (Unit::Percent, Form::WithIntervals) => format!("{:.1}", 100.0 * value),
        (Unit::Points, _) => points(value),
        (Unit::Millions, _) => format!("{:.2}", value / 1e6),
        (Unit::P, _) => p_cell(value),
        (Unit::Fraction, _) => format!("{value:.3}"),
        _ => format!("{value:.1}"),
    }
}

/// A number in the unit of its column, not rounded.
pub(super) fn in_unit(unit: Unit, value: f64) -> f64 {
    match unit {
        Unit::Percent | Unit::Points => 100.0 * value,
        Unit::Millions => value / 1e6,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report_writers::tables::table::Group;

    fn row(name: &str, value: Option<f64>, kind: RowKind) -> Row {
        let cells = vec![Cell::text(name), Cell::value(value, None)];
        Row { cells, kind }
    }

    #[test]
    fn the_best_as_printed_is_bold_with_its_ties_and_a_reference_never_is() {
        let table = Table {
            stem: "t".into(),
            number: "I".into(),
            title: "t".into(),
            columns: vec![
                Column::text("model", "Model"),
                Column::figure("f1", "F1", Unit::Percent),
            ],
            groups: vec![
                Group {
                    rows: vec![
                        row("a", Some(0.500_01), RowKind::Contender),
                        row("b", Some(0.499_99), RowKind::Contender),
                        row("c", Some(0.3), RowKind::Contender),
                        row("d", None, RowKind::Contender),
                        row("majority", Some(0.9), RowKind::Reference),
                    ],
                },
                Group {
                    rows: vec![row("alone", Some(0.2), RowKind::Contender)],
                },
            ],
            notes: Vec::new(),
            intervals: None,
        };
        let grid = Grid::of(&table, Form::Plain);
        assert_eq!(grid.head, ["Model", "F1 (%) ↑"]);
        let column: Vec<(String, bool)> = grid
            .groups
            .iter()
            .flatten()
            .map(|row| row.cells[1].clone())
            .collect();
        let expected = [
            ("50.00", true),
            ("50.00", true),
            ("30.00", false),
            ("–", false),
            ("90.00", false),
            ("20.00", false),
        ];
        assert_eq!(column, expected.map(|(text, best)| (text.to_owned(), best)));
    }

    #[test]
    fn units_are_printed() {
        let plain = |unit, value| number(unit, value, Form::Plain);
        assert_eq!(plain(Unit::Fraction, 0.7281), "0.728");
        assert_eq!(plain(Unit::Percent, 0.702_34), "70.23");
        assert_eq!(number(Unit::Percent, 0.702_34, Form::WithIntervals), "70.2");
        assert_eq!(plain(Unit::Points, -0.0004), "0.0");
        assert_eq!(plain(Unit::Points, 0.042), "+4.2");
        assert_eq!(plain(Unit::Millions, 139_582_531.0), "139.58");
        assert_eq!(plain(Unit::P, 0.000_2), "<0.001");
        let interval = Some(Interval {
            lower: 0.5,
            upper: 0.75,
        });
        let cell = Cell::Value {
            value: 0.625,
            interval,
        };
        assert_eq!(text(Unit::Percent, &cell, Form::Plain), "62.50");
        assert_eq!(
            text(Unit::Percent, &cell, Form::WithIntervals),
            "62.5 [50.0, 75.0]"
        );
        let count = Cell::Count {
            count: 3,
            of: Some(12),
        };
        assert_eq!(text(Unit::Count, &count, Form::Plain), "3 (25.0 %)");
    }
}
