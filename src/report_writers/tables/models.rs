//! Tables I, II, VI and VII: all models of an arm on one sequence, overall.

use raduet_study::reference::MAJORITY;
use raduet_study::report::ModelReport;
use raduet_study::{Arm, Report};

use super::entries::{self, Entry};
use super::how;
use super::table::{Cell, Column, Group, Row, RowKind, Table, Unit};

/// Figures of slices: metric, column.
const SLICES: [(&str, Column); 5] = [
    (
        "accuracy",
        Column::figure("accuracy", "Acc", Unit::Fraction),
    ),
    (
        "precision_macro",
        Column::figure("precision", "Prec", Unit::Percent),
    ),
    (
        "sensitivity_macro",
        Column::figure("sensitivity", "Sens", Unit::Percent),
    ),
    (
        "specificity_macro",
        Column::figure("specificity", "Spec", Unit::Percent),
    ),
    ("f1_macro", Column::figure("f1", "F1", Unit::Percent)),
];

/// Figures of patients, which the paper does not have.
const PATIENTS: [(&str, Column); 2] = [
    (
        "accuracy",
        Column::figure("patients_accuracy", "Patients' acc", Unit::Fraction).in_twin(),
    ),
    (
        "balanced_accuracy",
        Column::figure(
            "patients_balanced_accuracy",
            "Patients' balanced acc",
            Unit::Fraction,
        )
        .in_twin(),
    ),
];

/// The table of these models, in the paper's shape: networks with their parameters, learners without.
pub(super) fn table(stem: &str, number: &str, arm: Arm, report: &Report, rows: &[Entry]) -> Table {
    let of_networks = arm == Arm::Deep;
    let mut columns = vec![
        Column::text("dataset", "Dataset"),
        Column::text("model", "Model"),
    ];
    if of_networks {
        columns.push(Column::of("parameters", "Param", Unit::Millions));
    }
    columns.extend(SLICES.map(|(_, column)| column));
    columns.extend(PATIENTS.map(|(_, column)| column));

    let reference = report
        .model(MAJORITY)
        .map(|_| entries::reference(MAJORITY))
        .into_iter();
    let contenders = rows.iter().cloned().map(|e| (e, RowKind::Contender));
    let all = contenders.chain(reference.map(|e| (e, RowKind::Reference)));
    let rows: Vec<Row> = all
        .enumerate()
        .map(|(at, (entry, kind))| {
            let mut cells = vec![super::first_of_group(at, &report.cohort), title(&entry)];
            if of_networks {
                cells.push(match entry.parameters {
                    Some(parameters) => Cell::value(Some(parameters as f64), None),
                    None => Cell::Empty,
                });
            }
            cells.extend(figures(super::found(report, &entry)));
            Row { cells, kind }
        })
        .collect();
    let what = super::of_whom(arm);
    Table {
        stem: stem.to_owned(),
        number: number.to_owned(),
        title: format!(
            "Performance of {what}: {} slices of {} test patients of {}, macro averages",
            report.test_slices, report.test_patients, report.cohort
        ),
        columns,
        groups: vec![Group { rows }],
        notes: Vec::new(),
        intervals: Some(how::of_slices(report)),
    }
}

fn figures(model: Option<&ModelReport>) -> Vec<Cell> {
    let slices = SLICES
        .iter()
        .map(|(metric, _)| Cell::figure(model.and_then(|model| model.slice.figure(metric))));
    let patients = PATIENTS
        .iter()
        .map(|(metric, _)| Cell::figure(model.and_then(|model| model.patient.figure(metric))));
    slices.chain(patients).collect()
}

/// A model's name, marked where it did not begin as it should have.
pub(super) fn title(entry: &Entry) -> Cell {
    let mark = if entry.is_substitute { " *" } else { "" };
    Cell::text(format!("{}{mark}", entry.title))
}
