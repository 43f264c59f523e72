//! Every model against every other on the same test patients. The paper has no such table.

use raduet_study::Report;
use raduet_study::report::{Level, PairDifference};

use super::table::{Cell, Column, Group, Row, RowKind, Table, Unit};
use super::{entries, how};

/// Differences that are shown: level, metric, column.
const SHOWN: [(Level, &str, Column); 4] = [
    (
        Level::Patient,
        "accuracy",
        Column::of("patients_accuracy", "Acc", Unit::Points),
    ),
    (
        Level::Patient,
        "balanced_accuracy",
        Column::of("patients_balanced_accuracy", "Bal. acc", Unit::Points),
    ),
    (
        Level::Patient,
        "auc_ovr",
        Column::of("patients_auc", "AUC", Unit::Points),
    ),
    (
        Level::Slice,
        "accuracy",
        Column::of("slices_accuracy", "Slices' acc", Unit::Points),
    ),
];

/// The table; none where fewer than two models answered.
pub(super) fn table(report: &Report) -> Option<Table> {
    if report.pairwise.is_empty() {
        return None;
    }
    let titles = entries::titles(report);
    let title = |name: &str| {
        let known = titles.iter().find(|(model, _)| *model == name);
        Cell::text(known.map_or(name, |(_, title)| title))
    };
    let rows = report.pairwise.iter().map(|pair| {
        let mut cells = vec![title(&pair.first), title(&pair.second)];
        cells.extend(SHOWN.map(|(level, metric, _)| difference(pair, level, metric)));
        cells.push(Cell::value(Some(pair.mcnemar.p), None));
        cells.push(Cell::value(Some(pair.p_holm), None));
        let kind = RowKind::Contender;
        Row { cells, kind }
    });
    let mut columns = vec![
        Column::text("first", "First"),
        Column::text("second", "Second"),
    ];
    columns.extend(SHOWN.map(|(_, _, column)| column));
    columns.push(Column::of("mcnemar_p", "p", Unit::P));
    columns.push(Column::of("holm_p", "p, Holm", Unit::P));
    Some(Table {
        stem: "table_differences".into(),
        number: String::new(),
        title: format!(
            "Differences of all models on patients, first minus second: {} slices of {} test patients of {}",
            report.test_slices, report.test_patients, report.cohort
        ),
        columns,
        groups: vec![Group {
            rows: rows.collect(),
        }],
        notes: vec![format!(
            "Exact McNemar test on test patients; Holm's correction over the {} pairs.",
            report.pairwise.len()
        )],
        intervals: Some(format!(
            "{}, the same resamples for both models",
            how::of_slices(report)
        )),
    })
}

fn difference(pair: &PairDifference, level: Level, metric: &str) -> Cell {
    match pair.difference(level, metric) {
        Some(found) => Cell::value(found.value, found.interval),
        None => Cell::Undefined,
    }
}
