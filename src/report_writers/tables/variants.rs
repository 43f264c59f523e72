//! Tables IV and V: variants of one design of networks, from scratch and from pretrained weights.

use raduet_study::Report;

use super::entries::Entry;
use super::how;
use super::models::title;
use super::table::{Cell, Column, Group, Mark, Row, RowKind, Table, Unit};

/// The table of these networks.
pub(super) fn table(
    stem: &str,
    number: &str,
    design: &str,
    report: &Report,
    rows: &[Entry],
) -> Table {
    let rows = rows.iter().enumerate().map(|(at, entry)| {
        let model = super::found(report, entry);
        let cells = vec![
            super::first_of_group(at, &report.cohort),
            title(entry),
            Cell::Mark(Mark::from(entry.is_pretrained)),
            Cell::figure(model.and_then(|model| model.slice.figure("accuracy"))),
            Cell::figure(model.and_then(|model| model.patient.figure("accuracy"))),
        ];
        let kind = RowKind::Contender;
        Row { cells, kind }
    });
    Table {
        stem: stem.to_owned(),
        number: number.to_owned(),
        title: format!(
            "Variants of {design}: {} slices of {} test patients of {}",
            report.test_slices, report.test_patients, report.cohort
        ),
        columns: vec![
            Column::text("dataset", "Dataset"),
            Column::text("model", "Model"),
            Column::of("pretrained", "Pretrained", Unit::Mark),
            Column::figure("accuracy", "Acc", Unit::Fraction),
            Column::figure("patients_accuracy", "Patients' acc", Unit::Fraction).in_twin(),
        ],
        groups: vec![Group {
            rows: rows.collect(),
        }],
        notes: Vec::new(),
        intervals: Some(how::of_slices(report)),
    }
}
